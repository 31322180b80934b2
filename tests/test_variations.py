"""The variations: other networks, in the form of the stages.

What the last one does is tested in test_last_half_percent.py.
"""

import difflib
import re

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of
from test_networks import (
    EPOCHS,
    FIVE,
    HIDDEN,
    LAST,
    POOLING,
    SOFTMAX,
    docstring_of,
    feed,
    folder,
    names_of,
    path_of,
    watch,
)

from common.data_files import read_idx
from docs.steps import code_lines

# The stage that is nearest, and how many code lines may differ from it: as many as do.
NEAREST = {FIVE: ("2.0", 20), SOFTMAX: ("1.0", 33), POOLING: ("3.1", 50), HIDDEN: ("2.1", 38),
           EPOCHS: ("3.0", 50), LAST: ("3.1", 75)}

PICTURES = {  # some of those that a variation leaves behind without being asked
    FIVE: {"accuracy", "accuracy_closer", "loss", "loss_closer"},
    HIDDEN: {"right_digit", "wrong_digit"}, POOLING: {"weights", "layers_of_right_digit"},
}


def text_of(name):
    return path_of(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NEAREST)
def test_pictures_are_left_behind(name):
    """Otherwise a variation leaves none of its source's pictures, or some that nobody wanted."""
    files = names_of(name)["files"]
    pictures = {file.stem for file in files}
    assert PICTURES.get(name, set()) <= pictures and bool(pictures) == (name in PICTURES)
    assert {(file.parent.name, file.suffix) for file in files} <= {("pictures", ".png")}


@pytest.mark.parametrize("name", [POOLING, EPOCHS])
def test_convolutions_keep_the_size_and_pooling_halves_it(name):
    """Otherwise the network is not that of its source."""
    for operation in names_of(name)["sess"].graph.get_operations():
        if operation.type == "Conv2D":
            assert list(operation.get_attr("strides")) == [1, 1, 1, 1]
        if operation.type == "MaxPool":
            assert operation.get_attr("ksize") == operation.get_attr("strides") == [1, 2, 2, 1]


def test_hidden_layer_begins_as_its_docstring_says():
    """Otherwise what it teaches about initial weights is not so."""
    names = names_of(HIDDEN)
    run, digits = names["sess"].run, names["mnist"].validation  # 5,000: of the test digits, few
    data = feed(names, digits.images, digits.labels)
    run(names["init"])
    neurons, loss = run([names["Y1"], names["cross_entropy"]], data)
    assert len(np.unique(run(names["B2"]))) == 10  # random, too
    assert neurons.min() > 0
    assert neurons.mean() == pytest.approx(52, abs=3)
    assert neurons.std(axis=1).mean() == pytest.approx(7, abs=1)
    correlation = np.corrcoef(neurons.T)[np.triu_indices(200, 1)].mean()
    assert correlation == pytest.approx(0.92, abs=0.02)
    assert 10_000 < loss < 300_000  # it depends on the seed more than all else


def test_batches_in_the_order_of_the_files():
    """After two iterations, of 0 to 2, the third batch is at hand."""
    names = names_of(EPOCHS)
    images = read_idx(PROJECT / "data" / "train-images-idx3-ubyte.gz", 3)[100:150]
    labels = read_idx(PROJECT / "data" / "train-labels-idx1-ubyte.gz", 1)[100:150]
    np.testing.assert_allclose(names["batch_X"][..., 0], images / 255, atol=1e-6)
    np.testing.assert_array_equal(names["batch_Y"].argmax(axis=1), labels)


def test_one_test_at_the_end_of_each_epoch(monkeypatch):
    """Otherwise its rows are not the epochs of its source."""
    watched = watch(monkeypatch, iterations=(0, 100, 1199, 1200, 1201, 12_000))
    run_stage(path_of(EPOCHS), "--data-dir", folder().name)["sess"].close()
    assert watched["tested"] == [0, 1200, 12_000]


@pytest.mark.slow
@pytest.mark.parametrize("name", NEAREST)
def test_from_another_folder(run_script, tmp_path, name):
    """It finds common/ by itself: in this process, it would be found anyway."""
    result = run_script(f"variations/{name}.py", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert docstring_of(name).partition("\n")[0] in result.stdout
    if name == SOFTMAX:
        result = run_script(f"variations/{name}.py", "--text", "--iterations", 20)
        assert (result.returncode, result.stderr) == (0, "")
        accuracy = re.search(r"^final test accuracy +(\d\.\d+), .* after 20 iterations in",
                             result.stdout, re.MULTILINE).group(1)
        assert float(accuracy) > 0.5
        assert list((tmp_path / "elsewhere").iterdir()) == []


def labels_of(text):
    """What the comments say that begin the sections of a script."""
    lines = text.splitlines()
    return [re.split("[:?,]", line)[0] for before, line in zip(lines, lines[1:])
            if line.lstrip().startswith("# ") and not before.strip() or "# load" in line]


@pytest.mark.parametrize("name", NEAREST)
def test_short_and_near_to_its_stage(name):
    """Otherwise `diff` against the stage does not show what is special about it."""
    version, most = NEAREST[name]
    stage = (PROJECT / script_of(version)).read_text(encoding="utf-8")
    code, stage_code = ([line for line in code_lines(text) if line]
                        for text in (text_of(name), stage))
    changes = list(difflib.unified_diff(stage_code, code, n=0))[2:]  # without the files' names
    assert sum(line[0] in "+-" for line in changes) <= most
    assert docstring_of(name).startswith(f"Variation on stage {version}: ")
    lines = text_of(name).splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 100
    expected = labels = labels_of(stage)
    if name == LAST:  # the things to try are on its page of the guide
        at = labels.index("# weights and biases")
        expected = [*labels[:at], "# distortion", labels[at], "# batch normalisation",
                    *labels[at + 1:-1]]
    assert labels_of(text_of(name)) == expected and len(labels) >= 13


@pytest.mark.parametrize("name", NEAREST)
def test_readme_tells_which_stage_is_nearest(name):
    """Otherwise a reader does not know which `diff` shows what is special about it."""
    readme = (PROJECT / "variations" / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}.py` | stage {NEAREST[name][0]} | " in readme
