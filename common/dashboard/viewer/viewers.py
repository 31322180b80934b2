"""All viewers of a run in one process: they share what comes, and the time to draw."""

import time

from common.dashboard.link.messages import Answer, Closed
from common.dashboard.link.run import Run

TICK = 0.04   # seconds between two looks at what has arrived
SHARE = 0.25  # of a processor that repainting by itself may take, of all viewers together

# From one repainting to the next: the longer a run takes, the less a new point moves its curves.
FASTEST, SLOWEST = 0.2, 1.0  # seconds
PACE = 0.05                  # of the time that it has been shown


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
        self._next_number = 0
        self._began, self._next_frame = time.monotonic(), 0.0

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
        now = time.monotonic()
        for message in messages:
            self.run.apply(message)
            if isinstance(message, Closed):
                self.is_closed = True
            elif isinstance(message, Answer) and message.viewer in self._viewers:
                viewer = self._viewers[message.viewer]
                if viewer.asker.is_waiting:
                    answered.append(viewer)
                viewer.asker.take(message)
        is_urgent = bool(answered)  # a user writes, or waits for an answer
        for viewer in list(self._viewers.values()):
            is_new = viewer.tick()
            is_urgent |= is_new or viewer.asker.is_waiting
            if (is_new or messages) and viewer not in self._waiting:
                self._waiting.append(viewer)
        if answered:  # its user has just asked
            self._waiting.remove(answered[0])
            self._waiting.insert(0, answered[0])
        if self._waiting and not self.is_closed and (now >= self._next_frame or is_urgent):
            viewer = self._waiting.pop(0)
            viewer.repaint()
            self._next_frame = now + max(self._pace(now) / len(self._viewers),
                                         viewer.seconds / SHARE)
        if now >= self._next_frame or is_urgent:
            self._link.ask()

    def _pace(self, now):
        """The seconds from one repainting to the next, of a single viewer."""
        if self.run.phase != "training":  # what comes now, its user has asked for
            return FASTEST
        return min(max(FASTEST, PACE * (now - self._began)), SLOWEST)
