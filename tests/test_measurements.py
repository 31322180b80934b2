"""What show_train and show_test take, and the sentence for what they do not."""

import argparse

import numpy as np
import pytest
from test_dashboard import Recorder

from common.dashboard.dashboard import Dashboard, LossNotFinite
from common.dashboard.link import messages
from common.terminal import UserError

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (100, 28, 28, 1)) / np.float32(255)
PREDICTIONS = RANDOM.dirichlet(np.ones(10), 100)
NUMBERS = RANDOM.integers(10, size=100)
LABELS = np.eye(10)[NUMBERS]


def shown(has_pictures=True, accuracy=0.5, loss=100.0, images=IMAGES, predictions=PREDICTIONS,
          labels=LABELS, **more):
    """The two messages that come of the same measurement, of a training batch and of a test."""
    recorder = Recorder(has_pictures=has_pictures)
    dashboard = Dashboard(argparse.Namespace(text=True), title="mine", outputs=[recorder])
    dashboard.start(100)
    dashboard.show_train(0, accuracy, loss, images, predictions, labels, **more)
    dashboard.show_test(0, accuracy, loss, images, predictions, labels)
    return [message for message in recorder.sent
            if isinstance(message, messages.Trained | messages.Tested)]


SAME = {
    "rows of pixels": {"images": IMAGES.reshape(100, 784)},
    "no channel": {"images": IMAGES[..., 0]},
    "whole numbers": {"labels": NUMBERS},
    "whole numbers as floats": {"labels": NUMBERS.astype(float)},
    "true and false": {"labels": LABELS.astype(bool)},
    "lists": {"images": IMAGES.tolist(), "predictions": PREDICTIONS.tolist(),
              "labels": LABELS.tolist()},
    "numbers in an array": {"accuracy": np.array([0.5]), "loss": np.array([[100.0]])},
}


@pytest.mark.parametrize("arguments", SAME.values(), ids=SAME)
def test_the_same_digits_in_other_arrays_are_shown_alike(arguments):
    """Otherwise what the loader gives by default shows wrong digits, or a traceback."""
    for expected, found in zip(shown(), shown(**arguments), strict=True):
        assert (found.accuracy, found.loss) == (expected.accuracy, expected.loss)
        np.testing.assert_array_equal(found.digits.images, expected.digits.images)
        np.testing.assert_array_equal(found.digits.labels, expected.digits.labels)
        np.testing.assert_allclose(found.digits.probabilities, expected.digits.probabilities)


REFUSED = {
    "channels first": ({"images": IMAGES.reshape(100, 1, 28, 28)},
                       r"images has the shape \[100, 1, 28, 28\]; it should be \[n, 28, 28, 1\]"),
    "no images": ({"images": IMAGES[:0], "predictions": PREDICTIONS[:0], "labels": LABELS[:0]},
                  r"images has the shape \[0, 28, 28, 1\]"),
    "pixels in bytes": ({"images": (255 * IMAGES).astype(np.uint8)}, "values up to 25[0-9]; .* 0 "
                        "to 1: divide by 255"),
    "a column": ({"labels": NUMBERS[:, None]}, r"labels has the shape \[100, 1\]; it should be "
                 r"\[n, 10\], one-hot, or \[n\], whole numbers from 0 to 9"),
    "letters": ({"labels": NUMBERS + 1 + (np.arange(100) == 0) * 16}, r"labels has the shape "
                r"\[100\] and values from [1-9] to [12][0-9]; it should be \[n, 10\]"),
    "26 classes": ({"predictions": np.full((100, 26), 1 / 26)},
                   r"predictions has the shape \[100, 26\]; it should be \[n, 10\]"),
    "logits": ({"predictions": np.log(PREDICTIONS)}, "predictions has values from -.*"
               r"tf.nn.softmax\(Ylogits\)"),
    "ragged lists": ({"labels": [[1], [2, 3]]}, r"labels is no array of numbers .*; it should be"),
    "words": ({"labels": ["seven"] * 100}, "labels is no array of numbers"),
    "fewer labels": ({"labels": LABELS[:7]}, r"the shapes \[100, 28, 28, 1\], \[100, 10\] and "
                     r"\[7, 10\]; n should be the same"),
    "a loss for each": ({"loss": np.ones(100)}, r"loss has the shape \[100\]; it should be one "
                        "number"),
    "per cent": ({"accuracy": 97.5}, "accuracy is 97.5; it should be a share, 0 to 1"),
    "no rate": ({"learning_rate": "0.003"}, "learning_rate is no array of numbers"),
    "weights by name": ({"weights": {"W": np.ones(3)}}, "weights is no array of numbers"),
    "one weight": ({"weights": 0.5}, "weights should be a list of arrays"),
}


@pytest.mark.parametrize("has_pictures", [True, False], ids=["seen", "text"])
@pytest.mark.parametrize("arguments, sentence", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_shown_gets_one_sentence(arguments, sentence, has_pictures):
    """Otherwise a script that runs as text crashes with a window, far from what is wrong."""
    with pytest.raises(UserError, match="^show_train: .*" + sentence) as refusal:
        shown(has_pictures, **arguments)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("arrays", [None, (), [], [np.zeros((0, 3))]])
def test_weights_may_be_missing(arrays):
    assert shown(weights=arrays, biases=arrays)[0].weights is None


def test_a_loss_that_is_no_number_is_explained_first():
    """Otherwise probabilities that are NaN hide the cure of their cause."""
    with pytest.raises(LossNotFinite):
        shown(loss=np.nan, predictions=PREDICTIONS * np.nan)


def test_one_dashboard_shows_one_run():
    """Otherwise the curves of two runs lie over each other."""
    dashboard = Dashboard(argparse.Namespace(text=True), title="mine")
    assert list(dashboard.loop(2)) == [0, 1, 2]
    with pytest.raises(UserError, match="make another one"):
        list(dashboard.loop(2))


def test_nothing_is_shown_after_the_end():
    """Otherwise a last test after finish() is lost without a word."""
    dashboard = Dashboard(argparse.Namespace(text=True), title="mine")
    dashboard.finish()
    with pytest.raises(UserError, match="before dashboard.finish"):
        dashboard.show_test(0, 0.5, 100.0, IMAGES, PREDICTIONS, LABELS)


@pytest.mark.parametrize("iterations", ["100", 100.0, -5])
def test_a_number_of_iterations(iterations):
    with pytest.raises(UserError, match=f"{iterations!r} iterations; it should be a whole number"):
        list(Dashboard(argparse.Namespace(text=True)).loop(iterations))
