"""Messages that wait for somebody slower than the training."""

import dataclasses

from common.dashboard.link.messages import Progress, Tested, Trained


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
