"""Every message between a script and those who show its run, in both directions.

The script sends what is new; all who show the run hand it to their `Run`, so that all show the
same. Viewers (a window, the pages) send what their users want. Nothing else comes back.
"""

from dataclasses import dataclass

import numpy as np

CURVES = ("train_accuracy", "train_loss", "test_accuracy", "test_loss", "weights", "biases",
          "learning_rate")


# from the script: about the run

@dataclass(frozen=True, eq=False)
class Digits:
    """Some digits and what the network makes of them.

    images: uint8 [n, height, width], ink from 0 to 255.
    labels: int [n], the correct digits.
    probabilities: float32 [n, 10], the network's probability for each digit.
    total: int, the number of digits that these were chosen from.
    confusions: int [10, 10], how often each correct digit (row) was taken for each (column), of
      all that these were chosen from.
    """

    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    total: int
    confusions: np.ndarray

    @property
    def computed(self):
        """int [n], the most probable digits."""
        return self.probabilities.argmax(axis=1)


@dataclass(frozen=True)
class Started:
    """A run begins.

    title: str, the name of the script or model.
    last: int, the number of training steps that it will have; None if not known.
    reads_digits: bool, whether it can be asked about digits that the user writes.
    has_inside: bool, whether it can be asked about its layers.
    """

    title: str
    last: int | None
    reads_digits: bool = False
    has_inside: bool = False


@dataclass(frozen=True, eq=False)
class Restored:
    """An earlier part of the run was restored from a checkpoint.

    iteration: int, that at which the run goes on.
    seconds: float, what it has taken so far.
    curves: a dictionary by the names of `CURVES`: iterations, a list of int [n], and values, float
      [n] or [n, 8].
    """

    iteration: int
    seconds: float
    curves: dict


@dataclass(frozen=True, eq=False)
class Compared:
    """An earlier run is shown behind this one: its name, a str, and its curves, as in `Restored`.
    """

    name: str
    curves: dict


@dataclass(frozen=True, eq=False)
class Trained:
    """A training batch was measured, before the training step of an iteration.

    epoch: int, counted from 1; None if not known.
    learning_rate: float, of the step that follows; None if there is none to tell.
    weights, biases: float [8], edges of their bands; None in most iterations.
    """

    iteration: int
    accuracy: float
    loss: float
    epoch: int | None = None
    learning_rate: float | None = None
    digits: Digits | None = None
    weights: np.ndarray | None = None
    biases: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Tested:
    """The test digits were measured."""

    iteration: int
    accuracy: float
    loss: float
    digits: Digits | None = None


@dataclass(frozen=True)
class Progress:
    """Some time has passed: all of this iteration is done, after so many seconds of training."""

    iteration: int
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True)
class Finished:
    """The training is over.

    is_early: bool, whether it was cut short.
    seconds: float, of training.
    done: int, all iterations before it are done; None where it ended in the middle of one.
    """

    is_early: bool
    seconds: float
    done: int | None


# between the script and its viewers

@dataclass(frozen=True)
class Paused:
    """The training pauses, or goes on. From a viewer: its user wants it to.

    iteration: int, the number of training steps taken; None from a viewer.
    """

    is_paused: bool
    iteration: int | None = None


@dataclass(frozen=True)
class Step:
    """From a viewer: its user wants one training step, with its measurements, then a pause."""


@dataclass(frozen=True)
class Question:
    """From a viewer: it wants to know something of the network, again and again.

    viewer: int, its number.
    question: one of the `questions`; None if it wants to know nothing any more.
    """

    viewer: int
    question: object


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found for a viewer's question: as `questions` has it."""

    viewer: int
    question: object
    found: object


@dataclass(frozen=True)
class More:
    """A viewer has time for what is new."""


@dataclass(frozen=True)
class Opened:
    """The window is open; or a page is served at an address."""

    address: str | None = None


@dataclass(frozen=True)
class Failed:
    """The window or page cannot be shown; the reason says why."""

    reason: str


@dataclass(frozen=True)
class Closed:
    """The window is closed, by its user. From the script: it should close."""
