"""A run as those who follow it know it: all so far, at their own pace, in small arrays.

numpy only.
"""

import dataclasses
import time

import numpy as np

from common.dashboard.link.messages import (
    CURVES,
    Compared,
    Finished,
    Paused,
    Progress,
    Restored,
    Started,
    Tested,
    Trained,
)


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


class Run:
    """The history of a run, and where it is.

    title: str, the name of the script or model.
    iteration: int, the number of training steps taken.
    last: int, the number of training steps that the run will have; None if not known.
    epoch: int, counted from 1; None if not known.
    seconds_left: float, estimated; None if not known.
    phase: "training", "paused", "finished" or "ended early".
    reads_digits, has_inside: bools, whether it can be asked about digits that the user writes, and
      about its layers.
    curves: `Curve` by the names of `messages.CURVES`; "weights" and "biases" have the edges of
      their bands as values.
    compared: dictionaries like `curves`, of earlier runs, by their names.
    train_digits, test_digits: the latest `Digits`, or None.
    """

    def __init__(self):
        self.title, self.phase = "", "training"
        self.reads_digits, self.has_inside = False, False
        self.iteration, self.last, self.epoch, self.seconds_left = 0, None, None, None
        self.curves, self.compared = {name: Curve() for name in CURVES}, {}
        self.train_digits, self.test_digits = None, None

    def apply(self, message):
        """Take in one of the `messages`; those that are not about the run change nothing."""
        match message:
            case Started():
                self.title, self.last = message.title, message.last
                self.reads_digits, self.has_inside = message.reads_digits, message.has_inside
            case Restored():
                for name, measured in message.curves.items():
                    for iteration, value in zip(*measured):
                        self.curves[name].add(iteration, value)
                self.iteration = message.iteration
                if self.last is not None:
                    self.last = max(self.last, message.iteration)
            case Compared():
                earlier = Run()
                earlier.apply(Restored(0, 0.0, message.curves))
                self.compared[message.name] = earlier.curves
            case Trained():
                self.iteration, self.epoch = message.iteration, message.epoch
                self._add(message.iteration, train_accuracy=message.accuracy,
                          train_loss=message.loss, weights=message.weights, biases=message.biases,
                          learning_rate=message.learning_rate)
                self.train_digits = message.digits or self.train_digits
            case Tested():
                self.iteration = message.iteration
                self._add(message.iteration, test_accuracy=message.accuracy,
                          test_loss=message.loss)
                self.test_digits = message.digits or self.test_digits
            case Progress():
                self.iteration, self.seconds_left = message.iteration, message.seconds_left
            case Paused():
                self.phase = "paused" if message.is_paused else "training"
                if message.iteration is not None:
                    self.iteration = message.iteration
            case Finished():
                self.phase = "ended early" if message.is_early else "finished"

    def _add(self, iteration, **values):
        for name, value in values.items():
            if value is not None:
                self.curves[name].add(iteration, value)


def hours(seconds):
    """Format a time: "0:01:30"."""
    seconds = round(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class NotOftener:
    """Says when it is time again for something that helps no more if it is done oftener.

    Attributes:
      seconds: float, from one beginning to the next, at least.
    """

    def __init__(self, seconds, share=1.0):
        """Let something take no more than a share of all time, a float. It may begin at once."""
        self.seconds, self._share = seconds, share
        self._next = 0.0

    @property
    def is_due(self):
        """bool, whether it may be done"""
        return time.monotonic() >= self._next

    def restart(self, took=0.0):
        """Note that it is done, and has taken so many seconds: the longer, the later the next."""
        self._next = time.monotonic() - took + max(self.seconds, took / self._share)

    def hurry(self):
        """Let it be done now."""
        self._next = 0.0


class Outbox:
    """Messages that wait. Of pictures that later ones overtake, it keeps none.

    So it stays small, however long it is not emptied: numbers are few.
    """

    def __init__(self):
        self._messages = []
        self._latest = {}  # the position of the latest message of a kind

    def __len__(self):
        return len(self._messages)

    def add(self, message):
        """Add one of the `messages`."""
        kind = type(message)
        if kind in (Trained, Tested) and kind in self._latest:
            position = self._latest[kind]
            self._messages[position] = dataclasses.replace(self._messages[position], digits=None)
        if kind is Progress and kind in self._latest:
            self._messages[self._latest[kind]] = message
        else:
            self._latest[kind] = len(self._messages)
            self._messages.append(message)

    def take(self):
        """Remove all messages and return them, a list."""
        messages, self._messages, self._latest = self._messages, [], {}
        return messages
