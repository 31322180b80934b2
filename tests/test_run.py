"""What is known about a run, the messages by which it grows, and those that wait for a viewer."""

import pickle

import numpy as np
import pytest
from drawn_dashboard import digits_of, messages_of_a_run, run_of

from common.dashboard.link import messages
from common.dashboard.link.measurements import digits_to_show, percentile_bands
from common.dashboard.link.messages import Paused, Progress, Restored, Started, Trained
from common.dashboard.link.run import Outbox

# Snapshots.

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("arrays", [
    [np.array(-2.0)], [np.full((3, 4), 0.1)], [np.zeros((0, 3)), np.arange(20)[::-1]],
    [RANDOM.normal(size=(5, 5, 1, 4)).astype(np.float32), np.array(0.5), RANDOM.normal(size=7)],
    [RANDOM.normal(size=(1176, 200)).astype(np.float32)]],
    ids=["a scalar", "equal values", "an empty array", "several shapes", "very many values"])
def test_bands_are_percentiles_of_all_values(arrays):
    before = [array.copy() for array in arrays]
    values = np.concatenate([np.ravel(array) for array in arrays]).astype(float)
    edges = percentile_bands(arrays)
    expected = np.percentile(values, np.linspace(0, 100, 8))
    assert edges.dtype == np.float64 and (edges[0], edges[-1]) == (expected[0], expected[-1])
    # About a tenth of the narrowest band, where they are too many to be sorted in time.
    np.testing.assert_allclose(edges, expected, rtol=1e-12, atol=0.04 * (values.size > 20_000))
    assert all((array == copy).all() for array, copy in zip(arrays, before))
    np.testing.assert_array_equal(percentile_bands(arrays), edges)


def examples(count, misread, shape=(28, 28)):
    """So many digits, those numbered in `misread` read wrongly: images, predictions, labels.

    The first two pixels tell the number of the digit: number // 256, then number % 256.
    """
    images = RANDOM.random((count, *shape)).astype(np.float32)
    flat, numbers = images.reshape(count, -1), np.arange(count)
    flat[:, 0], flat[:, 1] = numbers // 256 / 255, numbers % 256 / 255
    correct = RANDOM.integers(0, 10, count)
    computed = correct.copy()
    computed[misread] = (correct[misread] + 3) % 10
    return images, 0.5 * np.eye(10)[computed] + RANDOM.random((count, 10)) / 20, np.eye(10)[correct]


@pytest.mark.parametrize("most, count, misread, expected", [
    (None, 300, [5, 70], [*range(300)]),
    (1000, 5, [1, 4], [1, 4, 0, 2, 3]),
    (1000, 2000, [3, 500, 1999], [3, 500, 1999, *range(3), *range(4, 500), *range(501, 999)]),
    (1000, 1500, [*range(200, 1500)], [*range(200, 1200)])])
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1)])
def test_misread_digits_come_first_each_group_in_order(most, count, misread, expected, shape):
    given = examples(count, misread, shape)
    copies = [array.copy() for array in given]
    digits = digits_to_show(*given, most)
    high, low = digits.images[:, 0, :2].astype(int).T
    assert (256 * high + low).tolist() == expected
    assert digits.images.shape == (len(expected), 28, 28) and digits.total == count
    images, predictions, labels = copies
    assert digits.labels.tolist() == labels[expected].argmax(axis=1).tolist()
    np.testing.assert_array_equal(digits.probabilities, predictions[expected].astype(np.float32))
    assert digits.confusions.sum() == count
    assert np.diag(digits.confusions).sum() == count - len(misread)
    for array, copy in zip(given, copies):
        assert (array == copy).all()
        array[:] = 0  # as a script may do that uses its arrays again
    assert digits.probabilities.any() and digits.images.any()


def test_ink_is_rounded_and_kept_between_0_and_255():
    values = [0, 1, 0.5, 127.4 / 255, 127.6 / 255, 254.6 / 255, -0.2, -50, 1.1, 70]
    digits = digits_to_show(np.array([[values]], np.float32), np.eye(10)[:1], np.eye(10)[:1])
    assert digits.images[0, 0].tolist() == [0, 255, 128, 127, 128, 255, 0, 0, 255, 255]


# The run.

def test_a_run_takes_in_messages():
    first, second, third = (digits_of(2, 0, start=n) for n in range(3))
    run = run_of(Started("a model", 1000, reads_digits=True),
                 Trained(0, 0.25, 230.0, 1, digits=first),
                 Trained(20, 0.5, 90.0, 3, digits=second, weights=np.arange(8)),
                 messages.Tested(20, 0.4, 95.0, third), Trained(40, 0.75, 70.0),
                 Progress(40, 1.5, 4.5), Paused(True))
    assert (run.title, run.last, run.reads_digits) == ("a model", 1000, True)
    assert (run.iteration, run.seconds_left, run.phase) == (40, 4.5, "paused")
    assert (run.train_digits, run.test_digits) == (second, third)
    for name, points in {"train_accuracy": [[0, 20, 40], [0.25, 0.5, 0.75]],
                         "test_loss": [[20], [95]], "weights": [[20], [[*range(8)]]],
                         "biases": [[], []]}.items():
        curve = run.curves[name]
        assert [curve.iterations.tolist(), curve.values.tolist()] == points, name


def test_a_restored_run_has_its_curves_from_the_beginning():
    curves = {"train_loss": ([0, 20], [230.0, 90.0]), "weights": ([0], [np.arange(8)])}
    run = run_of(Started("a model", 1000), Restored(40, 3.0, curves), Trained(40, 0.5, 70.0))
    assert run.curves["train_loss"].iterations.tolist() == [0, 20, 40]
    assert run.curves["weights"].values.tolist() == [[*range(8)]]
    run = run_of(Started("a model", 10), Restored(40, 3.0, curves))  # it was longer than asked now
    assert (run.iteration, run.last) == (40, 40)


# Messages that wait.

def test_what_waits_keeps_every_number_and_only_the_latest_digits():
    """However long a window is stuck, the script's memory does not fill."""
    outbox, sent = Outbox(), [*messages_of_a_run(2000)]
    before = pickle.dumps(sent)
    for message in sent:
        outbox.add(message)
    taken = outbox.take()
    assert len(outbox) == 0 and outbox.take() == []
    assert pickle.dumps(sent) == before  # the messages are shared with other outputs
    whole, late = run_of(*sent), run_of(*taken)
    assert (late.train_digits, late.test_digits) == (whole.train_digits, whole.test_digits)
    for name, curve in whole.curves.items():
        np.testing.assert_array_equal(late.curves[name].values, curve.values)
        np.testing.assert_array_equal(late.curves[name].iterations, curve.iterations)
    assert (late.iteration, late.phase, late.seconds_left) == (2000, "finished", 0)
    assert sum(getattr(message, "digits", None) is not None for message in taken) == 2
    assert sum(isinstance(message, Progress) for message in taken) == 1
    assert len(pickle.dumps(taken)) < 1.2e6 < len(before) / 20


def test_what_was_taken_does_not_lose_its_digits_to_what_comes_then():
    outbox = Outbox()
    for n in range(2):
        message = Trained(20 * n, 0.5, 5.0, digits=digits_of(3, n))
        outbox.add(message)
        assert outbox.take() == [message]
