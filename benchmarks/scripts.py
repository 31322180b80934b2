"""The scripts that are measured: the six stages and the variations."""

import hashlib
import pathlib
import re
from dataclasses import dataclass

from common.clean_exit import UserError
from common.script_code import code_lines

PROJECT = pathlib.Path(__file__).resolve().parent.parent

# The test accuracy that the codelab names for each of its stages, and where it stands there.
MARKS = {
    "1.0": (0.92, "92 %: the one layer"),
    "2.0": (0.97, "97 %: several layers"),
    "2.1": (0.98, "98 %, sustained: the learning rate's decay"),
    "2.2": (0.98, "unchanged by dropout"),
    "3.0": (0.989, "98.9 %: where the bigger network comes from"),
    "3.1": (0.99, "99 %: the bigger network with dropout"),
}


@dataclass(frozen=True)
class Script:
    """A script of the project.

    Attributes:
      name: str, short: "1.0" of a stage, "one_hidden_layer" of a variation.
      file: str, the path from the project's folder, with "/".
      path: pathlib.Path.
      iterations: int, how many it trains if left alone.
      code: str, the hash of its code; see `hash_of_code`.
      mark: float, the codelab's test accuracy, or None where it has none.
    """

    name: str
    file: str
    path: pathlib.Path
    iterations: int
    code: str
    mark: float | None


def read_script(path, folder=PROJECT):
    """Read what there is to know about a script.

    Args:
      path: pathlib.Path.
      folder: pathlib.Path, that of the project.

    Returns:
      A `Script`.

    Raises:
      UserError: it has no loop of the dashboard, so it is none of the scripts to measure.
    """
    text = path.read_text(encoding="utf-8")
    loop = re.search(r"dashboard\.loop\(([\d_*+ ]+)\)", text)
    if loop is None:
        raise UserError(f"{path} has no line with dashboard.loop(…): it cannot be measured")
    stage = re.match(r"mnist_(\d\.\d)_", path.name)
    name = stage.group(1) if stage else path.stem
    return Script(name, path.relative_to(folder).as_posix(), path,
                  eval(loop.group(1)),  # digits and operators only
                  hash_of_code(text), MARKS.get(name, (None,))[0])


def stages():
    """The six stages, a list of `Script`."""
    return [read_script(path) for path in sorted(PROJECT.glob("mnist_*.py"))]


def variations():
    """The variations, a list of `Script`."""
    return [read_script(path) for path in sorted((PROJECT / "variations").glob("*.py"))]


def choose(scripts, names):
    """Those of `scripts` that are asked for.

    Args:
      scripts: a list of `Script`.
      names: a list of str, their short names or the beginnings of them; None for all.

    Raises:
      UserError: there is no script of such a name.
    """
    if names is None:
        return scripts
    for name in names:
        if not any(script.name.startswith(name) for script in scripts):
            raise UserError(f"there is no script {name}; there are "
                            f"{', '.join(script.name for script in scripts)}")
    return [script for script in scripts if script.name.startswith(tuple(names))]


def hash_of_code(text):
    """A hash of a script's code, 16 hexadecimal digits.

    Its docstring, its comments and blank lines do not count: measured figures are written there,
    and that must not make the measurement out of date.
    """
    code = "\n".join(line for line in code_lines(text) if line)
    return hashlib.sha256(code.encode()).hexdigest()[:16]
