"""All viewers of a run in one process: they share what comes, and the time to draw."""

import time

from common.dashboard.messages import Answer, Closed
from common.dashboard.run import Run

TICK = 0.04   # seconds between two looks at what has arrived
FRAME = 0.33  # seconds from one repainting to the next, at least
SHARE = 0.25  # of a processor that repainting by itself may take, of all viewers together


class CannotShow(Exception):
    """There is no way to show the dashboard here; the text says why."""


class Viewers:
    """All viewers of a run in this process.

    Attributes:
      run: the `Run`.
      is_closed: bool, whether the script wants them closed.
    """

    def __init__(self, link):
        """Show what comes over a `ScriptLink`."""
        self._link, self.run, self.is_closed = link, Run(), False
        self._viewers, self._waiting = {}, []  # by number; those that have something to show
        self._next_number, self._next_frame = 0, 0.0

    def add(self, make, figure):
        """Add a viewer: `make` is its class. Returns it."""
        number, self._next_number = self._next_number, self._next_number + 1
        viewer = self._viewers[number] = make(number, figure, self.run, self._link.tell)
        return viewer

    def remove(self, viewer):
        """Forget a viewer, and what it has asked."""
        viewer.asker.ask(None)
        self._viewers = {number: other for number, other in self._viewers.items()
                         if other is not viewer}
        self._waiting = [other for other in self._waiting if other is not viewer]

    def repaint(self):
        """Bring all up to date."""
        for viewer in self._viewers.values():
            viewer.repaint()

    def tick(self):
        """Take what has come, and show it if it is time to: to be called every `TICK`."""
        messages, answered = self._link.take(), []
        for message in messages:
            self.run.apply(message)
            if isinstance(message, Closed):
                self.is_closed = True
            elif isinstance(message, Answer) and message.viewer in self._viewers:
                viewer = self._viewers[message.viewer]
                if viewer.asker.is_waiting:
                    answered.append(viewer)
                viewer.asker.take(message)
        for viewer in list(self._viewers.values()):
            if (viewer.tick() or messages) and viewer not in self._waiting:
                self._waiting.append(viewer)
        if answered:  # its user has just asked
            self._waiting.remove(answered[0])
            self._waiting.insert(0, answered[0])
        now = time.monotonic()
        is_answering = any(viewer.asker.is_waiting for viewer in self._viewers.values())
        if self._waiting and not self.is_closed and (
                now >= self._next_frame or is_answering or answered):
            viewer = self._waiting.pop(0)
            viewer.repaint()
            self._next_frame = now + max(FRAME / len(self._viewers), viewer.seconds / SHARE)
        if now >= self._next_frame or is_answering:
            self._link.ask()
