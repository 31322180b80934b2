"""What the benchmarks share: the scripts, the machine, files of results, the command line."""

import argparse
import contextlib
import hashlib
import importlib.metadata
import io
import json
import os
import pathlib
import platform
import re
import shlex
import sys
import time
import tokenize
from dataclasses import dataclass

from common.dashboard.text import StatusLine, hours
from common.errors import UserError, whole_file
from common.options import file_to_write

FOLDER = pathlib.Path(__file__).resolve().parent
PROJECT = FOLDER.parent

# The test accuracy that the codelab's text names for each of its stages.
MARKS = {"1.0": 0.92, "2.0": 0.97, "2.1": 0.98, "2.2": 0.98, "3.0": 0.989, "3.1": 0.99}
NAMES = {"python": "Python", "numpy": "NumPy", "tensorflow": "TensorFlow", "torch": "PyTorch",
         "jax": "JAX", "keras": "Keras"}


# --- the scripts


@dataclass(frozen=True)
class Script:
    """A stage or a variation.

    name: str, short: "1.0" of a stage, "one_hidden_layer" of a variation.
    path: pathlib.Path.
    code: str, see `hash_of_code`.
    """

    name: str
    path: pathlib.Path
    code: str

    @property
    def file(self):
        """str, the path from the project's folder."""
        return self.path.relative_to(PROJECT).as_posix()


def stages():
    """The six stages, a list of `Script`."""
    return [read_script(path) for path in sorted(PROJECT.glob("mnist_*.py"))]


def variations():
    """The variations, a list of `Script`."""
    return [read_script(path) for path in sorted((PROJECT / "variations").glob("*.py"))]


def read_script(path):
    """The `Script` in a file, a pathlib.Path."""
    stage = re.match(r"mnist_(\d\.\d)_", path.name)
    return Script(stage.group(1) if stage else path.stem, path,
                  hash_of_code(path.read_text(encoding="utf-8")))


def hash_of_code(text):
    """A hash of what a script does: 16 hexadecimal digits.

    Its docstring and comments do not count, because measured figures are written there; nor do
    line breaks within a statement, and where in common/ its helpers are.
    """
    text = re.sub(r"^from common.*\n", "", text, flags=re.MULTILINE)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    _docstring, *code = [token.string for token in tokens
                         if token.type not in (tokenize.COMMENT, tokenize.NL)]
    return hashlib.sha256("".join(code).encode()).hexdigest()[:16]


def chosen(scripts, names):
    """Those of some `Script`s whose names begin with one of `names`; all where that is None.

    Raises:
      UserError: there is no script of such a name.
    """
    for name in names or []:
        if not any(script.name.startswith(name) for script in scripts):
            raise UserError(f"there is no script {name}; there are "
                            f"{', '.join(script.name for script in scripts)}")
    return [script for script in scripts if names is None or script.name.startswith(tuple(names))]


# --- the machine


def machine(packages=("tensorflow", "numpy")):
    """A dictionary of str and int: versions of some packages, processor, threads, system."""
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {"python": platform.python_version(), **versions, "processor": _processor(),
            "threads": threads(), "system": f"{platform.system()} {platform.machine()}"}


def threads():
    """How many threads this process may run at once, int."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor():
    with contextlib.suppress(OSError):
        information = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        if name := re.search(r"^model name\s*: (.+)$", information, re.MULTILINE):
            return name.group(1)
    return platform.processor() or platform.machine()


def in_words(description):
    """What `machine` gave, as a line of text."""
    versions = [f"{NAMES.get(key, key)} {value}" for key, value in description.items()
                if key not in ("processor", "threads", "system")]
    return (f"{description['processor']}, {description['threads']} threads, "
            f"{description['system']}; {', '.join(versions)}")


def load():
    """How many processes wanted to run in the last minute, float; None where nobody tells.

    What is measured on a busy machine says little: this is kept beside it.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def now():
    """The present date and time, str, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S")


# --- progress


class Progress:
    """Tells how far a program is: a line for each measurement, below it one that is rewritten."""

    def __init__(self, total):
        """Begin a program of `total` measurements."""
        self._total, self._done = total, 0
        self._began, self._status = time.monotonic(), StatusLine()

    def begin(self, words, left=None):
        """Tell what begins.

        Args:
          words: str.
          left: float, the seconds that are left; None to conclude that from those that have passed.
        """
        if left is None and self._done:
            passed = time.monotonic() - self._began
            left = passed / self._done * (self._total - self._done)
        self._done += 1
        self._status.show(f"{self._done} of {self._total}: {words}"
                          + ("" if left is None else f"; about {hours(left)} left"))

    def say(self, text):
        """Print what came out of it, str."""
        self._status.say(text)


# --- files of results


def read_results(path):
    """Read a file of results: a dictionary, empty if there is no such file yet.

    Raises:
      UserError: the file is there but cannot be read, or is no file of results.
    """
    try:
        results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        results = None
    if not isinstance(results, dict):
        raise UserError(f"{path} is no file of results: name another one, or remove it")
    return results


def write_results(path, results):
    """Write results, a dictionary; each entry of a list in it has a line of its own, for `diff`.

    Raises:
      UserError: the file cannot be written.
    """
    def text(value):
        return json.dumps(value, ensure_ascii=False)

    entries = []
    for key, value in results.items():
        lines = ",\n".join(f"  {text(entry)}" for entry in value) if isinstance(value, list) else ""
        entries.append(f" {text(key)}: " + (f"[\n{lines}\n ]" if lines else text(value)))
    with whole_file(path) as partial:
        pathlib.Path(partial).write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")


def rounded(value):
    """A value with all floats in it at six digits, so that a file tells no more than was measured.

    Args:
      value: what json can write.
    """
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


# --- the command line


def parser(name, description):
    """An `argparse` parser with the options of all benchmarks: --only and --results.

    Args:
      name: str, the program: "speed" has its results in speed.json.
      description: str, for --help.
    """
    made = argparse.ArgumentParser(
        usage=f"python benchmarks/{name}.py [options] [-- options of the scripts]",
        description=description.partition("\n")[0])
    made.add_argument("--only", metavar="NAME", nargs="+",
                      help="only these: 1.0, or 2 for all whose names begin so")
    made.add_argument("--results", metavar="FILE", type=file_to_write((".json",)),
                      default=str(FOLDER / f"{name}.json"),
                      help=f"keep the results there (default: benchmarks/{name}.json)")
    return made


def parse(made):
    """Read the command line: the options of a parser, and `script_options`, what follows "--"."""
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = made.parse_args(arguments[:end])
    options.script_options = arguments[end + 1:]
    return options


def options_of_scripts(options):
    """The options with which scripts are to run, a list of str: --iterations and what is after --.

    Args:
      options: what `parse` gave.
    """
    iterations = [] if options.iterations is None else ["--iterations", str(options.iterations)]
    return iterations + options.script_options


def command(name):
    """The command that started this program, str."""
    return shlex.join(["python", f"benchmarks/{name}.py", *sys.argv[1:]])
