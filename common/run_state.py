"""What is known about a run so far, and the messages by which it grows. numpy only.

A message is a small dictionary. The script sends each one to whoever draws: the window's process,
a recording. All of them keep a `RunState` and hand it what arrives, so that all show the same.
"""

import dataclasses

import numpy as np

BANDS = 7  # each holds a seventh of all values
MOST_TEST_DIGITS = 1000


@dataclasses.dataclass(eq=False)
class Digits:
    """Some digits and what the network makes of them.

    images: uint8 [n, height, width], ink from 0 to 255.
    labels: int [n], the correct digits.
    probabilities: float32 [n, 10], the network's probability for each digit.
    total: int, the number of digits that these were chosen from.
    """

    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    total: int

    @property
    def computed(self):
        """int [n], the most probable digits."""
        return self.probabilities.argmax(axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """One digit to be looked at closely.

    image: uint8 [28, 28], ink from 0 to 255.
    title: str, where it comes from.
    label: int, the correct digit; None if that is not known.
    probabilities: float32 [10], the network's; None if not known yet.
    """

    image: np.ndarray
    title: str
    label: int | None = None
    probabilities: np.ndarray | None = None


def first_digits(images, predictions, labels):
    """The digits as they come, in a form small enough to send.

    Args:
      images: float [n, height, width] or [n, height, width, 1], values 0 to 1.
      predictions: float [n, 10].
      labels: [n, 10], one-hot.

    Returns:
      `Digits`.
    """
    return _digits(images, predictions, np.argmax(labels, axis=1), slice(None))


def misread_first(images, predictions, labels, most=MOST_TEST_DIGITS):
    """At most `most` of the digits, all misread ones before those read correctly.

    Arguments and result as for `first_digits`.
    """
    labels = np.argmax(labels, axis=1)
    wrong = labels != np.argmax(predictions, axis=1)
    return _digits(images, predictions, labels, np.argsort(~wrong, kind="stable")[:most])


def _digits(images, predictions, labels, chosen):
    height, width = images.shape[1:3]
    shown = images[chosen].reshape(-1, height, width) * np.float32(255)
    shown += 0.5  # in place: with new arrays for each step it would take ten times as long
    np.clip(shown, 0, 255, out=shown)
    return Digits(images=shown.astype(np.uint8),
                  labels=labels[chosen].astype(np.uint8),
                  probabilities=np.array(predictions[chosen], np.float32),
                  total=len(images))


def percentile_bands(arrays):
    """The edges of the seven bands, from the least value to the largest, that hold equal shares.

    The same numbers as `numpy.percentile(values, numpy.linspace(0, 100, 8))` gives, in a quarter
    of the time, as a whole sort is fast and is all it takes.

    Args:
      arrays: a list of arrays of any shapes, not all of them empty.

    Returns:
      float64 [8].
    """
    values = np.sort(np.concatenate([np.ravel(array) for array in arrays]))
    position = np.linspace(0, len(values) - 1, BANDS + 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    low, high = values[below].astype(np.float64), values[above].astype(np.float64)
    with np.errstate(invalid="ignore"):  # between infinities: NaN, which is not drawn
        return low + (high - low) * (position - below)


class Curve:
    """Measurements along the iterations."""

    def __init__(self):
        self._iterations, self._values = [], []

    def add(self, iteration, value):
        """Add one measurement: an int, and a float or an array [k]."""
        self._iterations.append(iteration)
        self._values.append(value)

    def __len__(self):
        return len(self._values)

    @property
    def last_iteration(self):
        """int, 0 if there is no measurement yet"""
        return self._iterations[-1] if self._iterations else 0

    @property
    def iterations(self):
        """float [n]"""
        return np.array(self._iterations, float)

    @property
    def values(self):
        """float [n] or [n, k]"""
        return np.array(self._values, float)


class RunState:
    """Everything that the dashboard shows.

    title: str, the name of the script or model.
    iteration: int, the number of training steps taken.
    last: int, the number of training steps that the run will have; None if not known.
    epoch: int, counted from 1; None if not known.
    seconds_left: float, estimated; None if not known.
    phase: "training", "paused", "finished".
    curves: `Curve` by name; "weights" and "biases" have the edges of their bands as values.
    digits: the latest `Digits` by name, or None.
    reads_digits: bool, whether the run can be asked about digits that the user writes.
    answer: the latest one, a pair of bytes (uint8 [28, 28]) and float32 [10]; or None.
    sample: the `Sample` that the user looks at, or None.
    """

    def __init__(self):
        self.title, self.phase = "", "training"
        self.iteration, self.last, self.epoch, self.seconds_left = 0, None, None, None
        self.curves = {name: Curve() for name in
                       ("train_accuracy", "train_loss", "test_accuracy", "test_loss",
                        "weights", "biases")}
        self.digits = {"train_digits": None, "test_digits": None}
        self.reads_digits, self.answer, self.sample = False, None, None

    def apply(self, message):
        """Take in one message: new values by their names, as the attributes above have them.

        A value for a curve is added at the message's own `iteration`.
        """
        for name, value in message.items():
            if name in self.curves:
                self.curves[name].add(message["iteration"], value)
            elif name in self.digits:
                self.digits[name] = value
            elif hasattr(self, name):
                setattr(self, name, value)
            else:
                raise KeyError(f"a message has no {name!r}")


class Queue:
    """Messages that wait for a viewer. Of digits that are overtaken by later ones, it keeps none.

    So it stays small, however long the viewer is away: numbers are few.
    """

    def __init__(self):
        self._messages = []
        self._latest = {}  # the position of the message with the latest digits, by their name

    def __len__(self):
        return len(self._messages)

    def add(self, message):
        """Add one message."""
        for name, value in message.items():
            if isinstance(value, Digits):
                if name in self._latest:
                    position = self._latest[name]
                    overtaken = self._messages[position]
                    self._messages[position] = {n: v for n, v in overtaken.items() if n != name}
                self._latest[name] = len(self._messages)
        self._messages.append(message)

    def take(self):
        """Remove all messages and return them, a list."""
        messages, self._messages, self._latest = self._messages, [], {}
        return messages
