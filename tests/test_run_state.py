"""What is known about a run, and the messages by which it grows."""

import pickle

import numpy as np
import pytest

from common.run_state import (
    MOST_TEST_DIGITS,
    Curve,
    Digits,
    Queue,
    RunState,
    first_digits,
    misread_first,
    percentile_bands,
)

# Bands.

RANDOM = np.random.default_rng(0)
ARRAYS = {
    "one value": [np.array([3.5])],
    "two values": [np.array([2.0, -1.0])],
    "one scalar": [np.array(-2.0)],
    "fewer values than bands": [RANDOM.normal(size=5)],
    "as many values as edges": [RANDOM.normal(size=8)],
    "many values": [RANDOM.normal(size=1234)],
    "equal values": [np.full((3, 4), 0.1)],
    "several shapes": [RANDOM.normal(size=(5, 5, 1, 4)), RANDOM.normal(size=7),
                       np.array(0.5), RANDOM.normal(size=(20, 10))],
    "an empty array among others": [np.zeros((0, 3)), RANDOM.normal(size=10)],
    "whole numbers": [np.arange(20)[::-1]],
    "far apart": [np.array([-1e30, 1e-30, 1e30])],
}


@pytest.mark.parametrize("arrays", ARRAYS.values(), ids=ARRAYS)
def test_bands_are_numpys_percentiles(arrays):
    values = np.concatenate([np.ravel(array) for array in arrays])
    edges = percentile_bands(arrays)
    assert edges.shape == (8,) and edges.dtype == np.float64
    expected = np.percentile(values, np.linspace(0, 100, 8))
    np.testing.assert_allclose(edges, expected, rtol=1e-12, atol=1e-15 * np.ptp(values))


@pytest.mark.parametrize("size", [1, 2, 6, 7, 8, 9, 15, 100, 1001])
def test_bands_of_32_bit_numbers(size):
    values = np.random.default_rng(size).normal(size=size).astype(np.float32)
    edges = percentile_bands([values[:size // 2], values[size // 2:].reshape(1, -1)])
    expected = np.percentile(values.astype(np.float64), np.linspace(0, 100, 8))
    assert edges.dtype == np.float64
    np.testing.assert_allclose(edges, expected, rtol=1e-12)


def test_bands_leave_the_arrays_alone():
    weights = np.array([[3.0, 1.0], [2.0, 0.0]])
    edges = percentile_bands([weights])
    assert weights.tolist() == [[3.0, 1.0], [2.0, 0.0]]
    assert edges[0] == 0 and edges[-1] == 3


# Digits.

def examples(count, misread, shape=(28, 28)):
    """So many digits, those numbered in `misread` read wrongly: images, predictions, labels.

    The first two pixels tell the number of the digit: number // 256, then number % 256.
    """
    random = np.random.default_rng(count)
    images = random.random((count, *shape)).astype(np.float32)
    numbers = np.arange(count)
    flat = images.reshape(count, -1)
    flat[:, 0], flat[:, 1] = numbers // 256 / 255, numbers % 256 / 255
    correct = random.integers(0, 10, count)
    computed = correct.copy()
    computed[misread] = (correct[misread] + 3) % 10
    labels = np.eye(10)[correct]
    predictions = 0.5 * np.eye(10)[computed] + random.random((count, 10)) / 20
    return images, predictions, labels


def numbers_of(digits):
    """Which digits of `examples` were chosen, in order."""
    high, low = digits.images[:, 0, :2].astype(int).T
    return (256 * high + low).tolist()


SHAPES = [(28, 28), (28, 28, 1)]
CHOOSERS = [first_digits, misread_first]


@pytest.mark.parametrize("shape", SHAPES)
def test_first_digits_keep_their_order(shape):
    images, predictions, labels = examples(300, [5, 70, 299], shape)
    digits = first_digits(images, predictions, labels)
    assert numbers_of(digits) == list(range(300))
    assert digits.images.shape == (300, 28, 28) and digits.total == 300
    assert digits.labels.tolist() == labels.argmax(axis=1).tolist()
    assert digits.computed.tolist() == predictions.argmax(axis=1).tolist()
    assert np.flatnonzero(digits.labels != digits.computed).tolist() == [5, 70, 299]


@pytest.mark.parametrize("shape", SHAPES)
def test_misread_digits_come_first_each_group_in_order(shape):
    misread = [3, 500, 501, 1999, 700]
    images, predictions, labels = examples(2000, misread, shape)
    digits = misread_first(images, predictions, labels)
    others = [number for number in range(2000) if number not in misread]
    assert numbers_of(digits) == (sorted(misread) + others)[:MOST_TEST_DIGITS]
    assert digits.images.shape == (1000, 28, 28) and digits.total == 2000
    shown = numbers_of(digits)
    assert digits.labels.tolist() == labels[shown].argmax(axis=1).tolist()
    np.testing.assert_array_equal(digits.probabilities, predictions[shown].astype(np.float32))


def test_no_more_than_1000_even_if_more_are_misread():
    digits = misread_first(*examples(1500, np.arange(200, 1500)))
    assert numbers_of(digits) == list(range(200, 1200)) and digits.total == 1500


def test_few_digits_are_all_shown_and_the_limit_can_be_chosen():
    assert numbers_of(misread_first(*examples(5, [1, 4]))) == [1, 4, 0, 2, 3]
    digits = misread_first(*examples(5, [1, 4]), most=3)
    assert numbers_of(digits) == [1, 4, 0] and digits.total == 5


@pytest.mark.parametrize("choose", CHOOSERS)
def test_ink_is_rounded_and_kept_between_0_and_255(choose):
    values = [0, 1, 0.5, 127.4 / 255, 127.6 / 255, 254.6 / 255, -0.2, -50, 1.1, 70]
    images = np.zeros((1, 1, 10), np.float32)
    images[0, 0] = values
    digits = choose(images, np.eye(10)[:1], np.eye(10)[:1])
    assert digits.images.dtype == np.uint8
    assert digits.images[0, 0].tolist() == [0, 255, 128, 127, 128, 255, 0, 0, 255, 255]


@pytest.mark.parametrize("choose", CHOOSERS)
def test_probabilities_are_kept_in_32_bits(choose):
    images, predictions, labels = examples(50, [])
    digits = choose(images, predictions, labels)
    assert digits.probabilities.dtype == np.float32
    np.testing.assert_array_equal(digits.probabilities, predictions.astype(np.float32))


@pytest.mark.parametrize("choose", CHOOSERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_was_given_is_neither_modified_nor_shared(choose, shape):
    given = examples(20, [2, 3], shape)
    given = [given[0], given[1].astype(np.float32), given[2]]
    copies = [array.copy() for array in given]
    digits = choose(*given)
    for array, copy in zip(given, copies):
        np.testing.assert_array_equal(array, copy)
    before = digits.images.copy(), digits.probabilities.copy(), digits.labels.copy()
    for array in given:
        array[:] = 0  # as a script may do that uses its arrays again
    for shown, was in zip((digits.images, digits.probabilities, digits.labels), before):
        np.testing.assert_array_equal(shown, was)


# The run.

def test_a_curve_grows():
    curve = Curve()
    assert len(curve) == 0 and curve.last_iteration == 0
    assert curve.iterations.shape == curve.values.shape == (0,)
    curve.add(20, 0.5)
    curve.add(40, 0.75)
    assert len(curve) == 2 and curve.last_iteration == 40
    assert curve.iterations.tolist() == [20, 40] and curve.values.tolist() == [0.5, 0.75]
    assert curve.iterations.dtype == curve.values.dtype == float


def test_a_curve_of_bands():
    curve = Curve()
    curve.add(0, np.arange(8))
    curve.add(20, np.arange(8) + 0.5)
    assert curve.values.shape == (2, 8)
    assert curve.values[1].tolist() == (np.arange(8) + 0.5).tolist()


def some_digits(number=0):
    return Digits(images=np.full((2, 28, 28), number % 256, np.uint8),
                  labels=np.zeros(2, np.uint8),
                  probabilities=np.full((2, 10), 0.1, np.float32), total=number)


def test_a_run_takes_in_messages():
    run, digits = RunState(), [some_digits(number) for number in range(3)]
    run.apply({"title": "a model", "last": 1000})
    run.apply({"train_accuracy": 0.25, "iteration": 0, "train_digits": digits[0]})
    run.apply({"iteration": 20, "epoch": 3, "seconds_left": 4.5, "train_accuracy": 0.5,
               "train_digits": digits[1], "weights": np.arange(8)})
    run.apply({"iteration": 20, "test_loss": 7, "test_digits": digits[2], "phase": "finished"})
    assert (run.title, run.last, run.iteration, run.epoch, run.seconds_left, run.phase) == (
        "a model", 1000, 20, 3, 4.5, "finished")
    accuracy = run.curves["train_accuracy"]
    assert accuracy.iterations.tolist() == [0, 20] and accuracy.values.tolist() == [0.25, 0.5]
    assert run.curves["test_loss"].iterations.tolist() == [20]
    assert run.curves["weights"].values.tolist() == [list(range(8))]
    assert run.digits == {"train_digits": digits[1], "test_digits": digits[2]}
    assert len(run.curves["biases"]) == len(run.curves["train_loss"]) == 0


def test_a_run_that_has_just_begun_knows_nothing():
    run = RunState()
    assert run.iteration == 0 and run.phase == "training" and run.title == ""
    assert run.last is run.epoch is run.seconds_left is None
    assert all(len(curve) == 0 for curve in run.curves.values())
    assert run.digits == {"train_digits": None, "test_digits": None}


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError, match="test_acuracy"):
        RunState().apply({"iteration": 0, "test_acuracy": 0.5})


# Messages that wait.

def test_a_queue_gives_what_it_was_given_once():
    queue = Queue()
    messages = [{"title": "a model"}, {"iteration": 0, "train_loss": 230.0},
                {"iteration": 0, "test_digits": some_digits()}]
    for number, message in enumerate(messages, 1):
        queue.add(message)
        assert len(queue) == number
    assert queue.take() == messages
    assert len(queue) == 0 and queue.take() == []
    queue.add(messages[0])
    assert queue.take() == messages[:1]


def messages_of_a_run(count):
    """Training digits in each message, test digits in every fifth, numbers in all."""
    for i in range(count):
        message = {"iteration": i, "train_accuracy": i / count, "train_digits": some_digits(i)}
        if i % 5 == 0:
            message |= {"test_loss": -i, "test_digits": some_digits(-i)}
        yield message


def test_a_queue_keeps_every_number_and_only_the_latest_digits():
    queue, run = Queue(), RunState()
    sent = list(messages_of_a_run(99))
    for message in sent:
        queue.add(message)
    taken = queue.take()
    assert sum(name in message for message in taken for name in run.digits) == 2
    for message in taken:
        run.apply(message)
    assert run.digits == {"train_digits": sent[98]["train_digits"],
                          "test_digits": sent[95]["test_digits"]}
    accuracy, loss = run.curves["train_accuracy"], run.curves["test_loss"]
    assert accuracy.iterations.tolist() == list(range(99))
    assert accuracy.values.tolist() == [i / 99 for i in range(99)]
    assert loss.iterations.tolist() == list(range(0, 99, 5))
    assert loss.values.tolist() == [-i for i in range(0, 99, 5)]


def test_a_queue_that_was_emptied_keeps_the_digits_that_come_then():
    queue = Queue()
    first, second, third = (some_digits(number) for number in range(3))
    queue.add({"train_digits": first})
    assert queue.take() == [{"train_digits": first}]
    sent = [{"train_digits": second}, {"iteration": 20}, {"test_digits": third}]
    for message in sent:
        queue.add(message)
    assert queue.take() == sent


def test_a_queue_stays_small():
    """However long the window is stuck: 10,000 messages of digits would take 16 megabytes here."""
    queue = Queue()
    for message in messages_of_a_run(10_000):
        queue.add(message)
    taken = queue.take()
    kept = [value for message in taken for value in message.values() if isinstance(value, Digits)]
    assert len(kept) == 2
    assert len(pickle.dumps(taken, pickle.HIGHEST_PROTOCOL)) < 1_000_000


def test_a_queue_leaves_the_messages_of_the_caller_alone():
    queue = Queue()
    sent = list(messages_of_a_run(20))
    copies = [dict(message) for message in sent]
    for message in sent:
        queue.add(message)
    queue.take()
    assert sent == copies


def test_messages_and_digits_can_be_sent_to_another_process():
    digits = first_digits(*examples(3, [1]))
    (message,) = pickle.loads(pickle.dumps([{"iteration": 0, "train_digits": digits}]))
    np.testing.assert_array_equal(message["train_digits"].images, digits.images)
    assert message["train_digits"].computed.tolist() == digits.computed.tolist()
