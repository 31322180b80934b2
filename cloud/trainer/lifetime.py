"""How a process of a training is doing, for its launcher, and when it has to end."""

import contextlib
import os
import signal
import sys

from cloud.trainer.launcher import MOVED_ON, SIGNALS, WILL_NOT_SAVE, WILL_SAVE
from common.terminal import say


class Lifetime:
    """Tells the launcher how this process is doing, and this process what the launcher wants."""

    def __init__(self, line):
        """Begin; `line` (int) is the file number of the launcher's line."""
        self._line = line
        self.moved_on()

    def moved_on(self):
        """Say that something was finished: the launcher's patience starts anew."""
        os.write(self._line, MOVED_ON)

    def will_save(self, saves):
        """Say whether (bool) this process looks at `signal` from now on, saves and leaves.

        As long as it does not, at first, the launcher kills it where it has to end.
        """
        os.write(self._line, WILL_SAVE if saves else WILL_NOT_SAVE)

    @property
    def signal(self):
        """The number (int) of the signal that asks this process to end, or None.

        The launcher starts it with such signals blocked: they wait to be looked at, and interrupt
        no thread of TensorFlow while it computes (see `handle_signals_apart` in common/graph).
        """
        return next(iter(signal.sigpending().intersection(SIGNALS)), None)


def leave(status, why=None):
    """End this process at once: TensorFlow would wait for the other processes first.

    Args:
      status: int, the exit status.
      why: str, a line for the standard error stream, or None.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    if why:
        say(f"cloud.trainer: {why}")
    os._exit(status)
