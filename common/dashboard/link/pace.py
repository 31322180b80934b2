"""Keeping pace: what is not done oftener than it helps, and what waits for somebody slower."""

import dataclasses
import time

from common.dashboard.link.messages import Progress, Tested, Trained


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
