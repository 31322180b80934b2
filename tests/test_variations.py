"""The variations: other networks, in the form of the stages.

What the last one does is tested in test_last_half_percent.py.
"""

import numpy as np
import pytest
from conftest import PROJECT, run_stage
from ran_scripts import VARIATIONS, docstring_of, few_digits, names_of, text_of
from test_networks import feed

from common.data_files import read_idx


@pytest.mark.parametrize("name", VARIATIONS)
def test_pictures_are_left_behind(name):
    """Otherwise a variation leaves none of its source's pictures, or some that nobody wanted."""
    folder = names_of(name)["options"].pictures
    assert folder == ("pictures" if name in ("five_layers_gradient_descent", "one_hidden_layer",
                                             "convolutional_max_pooling") else None)


def test_hidden_layer_begins_as_its_docstring_says():
    """Otherwise what it teaches about initial weights is not so."""
    names = names_of("one_hidden_layer")
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
    """Otherwise an epoch is not that of its source. After iterations 0 to 2, the third is at hand.
    """
    names = names_of("three_convolutions_by_epoch")
    images = read_idx(PROJECT / "data" / "train-images-idx3-ubyte.gz", 3)[100:150]
    labels = read_idx(PROJECT / "data" / "train-labels-idx1-ubyte.gz", 1)[100:150]
    np.testing.assert_allclose(names["batch_X"][..., 0], images / 255, atol=1e-6)
    np.testing.assert_array_equal(names["batch_Y"].argmax(axis=1), labels)


def test_one_test_at_the_end_of_each_epoch(tmp_path):
    """Otherwise its rows are not the epochs of its source, which here have two iterations."""
    (tmp_path / "mine.py").write_text(
        text_of("three_convolutions_by_epoch").replace("1200", "2"), encoding="utf-8")
    names = run_stage(tmp_path / "mine.py", "--iterations", 5, "--data-dir", few_digits().name)
    assert names["dashboard"].run.curves["test_loss"].iterations.tolist() == [0, 2, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIATIONS)
def test_from_another_folder(run_script, name):
    """It finds common/ by itself: in this process, it would be found anyway."""
    result = run_script(f"variations/{name}.py", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert docstring_of(name).partition("\n")[0] in result.stdout
