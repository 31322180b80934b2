"""The variations: other networks, in the form of the stages."""

import functools

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


# With batch normalisation and distorted digits: that it does what it teaches.

ITERATIONS = 2
names = functools.partial(names_of, "batch_norm_augmented")


def run(fetches, feed=()):
    return names()["sess"].run(fetches, dict(feed))


def digits(count=100):
    return names()["mnist"].train.first(count)


@functools.cache
def first_sums():
    """The output of the first convolution, before batch normalisation: a tensor."""
    tf = names()["tf"]
    with names()["sess"].graph.as_default():
        return tf.nn.conv2d(names()["X"], names()["W1"], strides=[1, 2, 2, 1], padding="VALID")


def test_a_batch_is_normalised_by_itself_a_test_by_what_it_has_seen():
    """Otherwise what the network says of a digit depends on the digits beside it."""
    images, _ = digits()
    X, training, Y1 = (names()[name] for name in ("X", "training", "Y1"))
    alone = run(Y1, {X: images[:1]})
    np.testing.assert_allclose(run(Y1, {X: images})[:1], alone, rtol=1e-4, atol=1e-5)
    in_batch = run(Y1, {X: images, training: True})
    assert not np.allclose(in_batch[:1], alone, rtol=0.01, atol=0.01)


def test_batch_normalisation_by_hand():
    """Its formula: mean 0 and variance 1 in a batch, times gamma, plus beta."""
    images, _ = digits()
    X, training = names()["X"], names()["training"]
    sums = run(first_sums(), {X: images})
    beta, gamma = run(names()["biases"][1:3])  # after B6
    deviation = np.sqrt(sums.var(axis=(0, 1, 2)) + 0.001)
    expected = np.maximum((sums - sums.mean(axis=(0, 1, 2))) / deviation * gamma + beta, 0)
    np.testing.assert_allclose(run(names()["Y1"], {X: images, training: True}), expected,
                               rtol=1e-2, atol=1e-3)


def test_running_means_follow_the_batches():
    """Otherwise tests are normalised by what nobody has seen."""
    images, labels = digits()
    with names()["sess"].graph.as_default():
        variables = names()["tf"].global_variables()
    running = next(v for v in variables if v.shape.as_list() == [2, 24] and not v.trainable)
    X = names()["X"]
    sums = run(first_sums(), {X: images})
    before = run(running)
    run(names()["train_step"], {X: images, names()["Y_"]: labels, names()["step"]: ITERATIONS,
                                names()["training"]: True})
    batch = np.stack([sums.mean(axis=(0, 1, 2)), sums.var(axis=(0, 1, 2))])
    np.testing.assert_allclose(run(running), 0.95 * before + 0.05 * batch, rtol=1e-3, atol=1e-4)


def test_distortion_moves_pixels_and_keeps_the_centre():
    """Otherwise digits leave the image, or are not those that the labels name."""
    images, _ = digits()
    X, matrix, shift, distorted = (
        names()[name] for name in ("X", "matrix", "shift", "X_distorted"))
    plain = {X: images, matrix: np.tile(np.eye(2), (100, 1, 1)), shift: np.zeros((100, 2, 1))}
    np.testing.assert_allclose(run(distorted, plain), images, atol=1e-6)
    moved = run(distorted, plain | {shift: np.tile([[1], [0]], (100, 1, 1))})
    np.testing.assert_allclose(moved[:, :, :-1], images[:, :, 1:], atol=1e-6)
    before, after = centres(images), centres(run(distorted, {X: images}))
    assert np.abs((after - before).mean(axis=0)).max() < 0.6  # pixels
    assert 1 < np.abs(after - before).max() < 6


def centres(images):
    """The centre of the ink of each image, float [n, 2]: its row and column."""
    ink = images[..., 0] / images.sum(axis=(1, 2, 3))[:, None, None]
    return np.einsum("nrc,drc->nd", ink, np.indices((28, 28)))


def test_each_look_at_a_digit_is_another():
    """Otherwise nothing is gained."""
    images, _ = digits(1)
    twice = [run(names()["X_distorted"], {names()["X"]: images}) for _ in range(2)]
    assert not np.allclose(*twice, atol=0.1)
    assert 0 <= min(np.min(image) for image in twice) and max(map(np.max, twice)) <= 1.0001


@pytest.mark.parametrize("share, rate", [(0, 0.004), (0.5, 0.002), (1, 0)])
def test_the_rate_falls_to_0_however_long_the_run_is(share, rate):
    lr = run(names()["lr"], {names()["step"]: share * ITERATIONS})
    assert lr == pytest.approx(rate, abs=1e-7)
