"""What the scripts have after two iterations on a few real digits. Each runs once for all tests."""

import ast
import functools
import pathlib
import tempfile

import pytest
from conftest import PROJECT, run_stage, script_of, write_idx

from common.dashboard import audience
from common.data_files import dimensions_of, read_idx

VARIATIONS = (
    "five_layers_gradient_descent", "softmax_interactive", "convolutional_max_pooling",
    "one_hidden_layer", "three_convolutions_by_epoch", "batch_norm_augmented")


def path_of(label):
    """The file of a stage, by its version, or of a variation."""
    return PROJECT / (script_of(label) if label[0].isdigit() else f"variations/{label}.py")


def text_of(label):
    return path_of(label).read_text(encoding="utf-8")


def docstring_of(label):
    return ast.get_docstring(ast.parse(text_of(label)))


@functools.cache
def few_digits():
    """A folder with 6,000 of MNIST's training digits and 300 test digits."""
    folder = tempfile.TemporaryDirectory()  # which goes when this process ends
    for file in (PROJECT / "data").glob("*.gz"):
        count = 6000 if file.name.startswith("train") else 300
        values = read_idx(file, dimensions_of(file.stem))[:count]
        write_idx(pathlib.Path(folder.name, file.stem), values)
    return folder


@functools.cache
def names_of(label, text=None):
    """All names of a script after two iterations; with `text`, of a reader's own script."""
    path = path_of(label)
    if text is not None:
        path = pathlib.Path(few_digits().name, f"{label}.py")
        path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audience, "OUTPUTS", ())  # some would leave pictures behind
        names = run_stage(path, "--iterations", 2, "--data-dir", few_digits().name)
    names["feed"] = {names["pkeep"]: 1} if "pkeep" in names else {}
    return names


def network_of(label, text=None):
    """The same names, and a `Network` to look into."""
    names = names_of(label, text)
    return names, eval("Network(sess, X, Y, mnist.train, feed)", names)


def feed_of(names, images):
    """The feed dictionary with which a script would look at some images, float [n, 28, 28, 1]."""
    return {names["X"]: images.reshape(-1, *names["X"].shape[1:]), **names["feed"]}
