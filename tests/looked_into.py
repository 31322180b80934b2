"""Networks to look into: of every script, after an iteration on a few real digits."""

import functools
import pathlib
import tempfile

import pytest
from conftest import PROJECT, run_stage, script_of, write_idx
from test_codelab_edits import EDITS, edited, metrics_by_hand, starter_code

from common.dashboard import audience
from common.data_files import dimensions_of, read_idx

EDITED = {"starter code": (starter_code, metrics_by_hand), "two layers": EDITS[:1],
          "logits": EDITS[:5], "dropout": EDITS[:7], "convolutions": EDITS}


@functools.cache
def few_digits():
    """A folder with 6,000 of MNIST's training digits and 50 test digits."""
    folder = tempfile.TemporaryDirectory()  # which goes when this process ends
    for file in (PROJECT / "data").glob("*.gz"):
        count = 6000 if file.name.startswith("train") else 50
        values = read_idx(file, dimensions_of(file.stem))[:count]
        write_idx(pathlib.Path(folder.name, file.stem), values)
    return folder


@functools.cache
def network_of(label):
    """All names of a script after an iteration, and its `Network`. It runs once for all tests.

    `label` is a stage's version, a variation's name, or one of `EDITED`.
    """
    path = PROJECT / "variations" / f"{label}.py"
    if label in EDITED:
        path = pathlib.Path(few_digits().name, "mine.py")
        path.write_text(edited(*EDITED[label]), encoding="utf-8")
    elif label[0].isdigit():
        path = PROJECT / script_of(label)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audience, "OUTPUTS", ())  # some would leave pictures behind
        names = run_stage(path, "--iterations", 1, "--data-dir", few_digits().name)
    names["feed"] = {names["pkeep"]: 1} if "pkeep" in names else {}
    return names, eval("Network(sess, X, Y, mnist.train, feed)", names)
