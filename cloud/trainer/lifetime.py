"""How a process of a training is doing, for its launcher, and when it has to end."""

import contextlib
import os
import signal
import sys

from cloud.trainer.launcher import MOVED_ON, SIGNALS, WILL_NOT_SAVE, WILL_SAVE
from common.terminal import say


class Lifetime:
    """Tells the launcher how this process is doing, and this process what the launcher wants.

    Attributes:
      signal: the number (int) of the signal that asks it to end, or None.
    """

    def __init__(self, line):
        """Begin; `line` (int) is the file number of the launcher's line."""
        self.signal = None
        self._line = line
        self.moved_on()

    def moved_on(self):
        """Say that something was finished: the launcher's patience starts anew."""
        os.write(self._line, MOVED_ON)

    def will_save(self, saves):
        """Say whether the main thread looks at `signal` from now on, saves the state and leaves.

        Args:
          saves: bool. As long as it does not, at first, a signal ends the process at once.
        """
        for number in SIGNALS:
            signal.signal(number, self._remember if saves else signal.SIG_DFL)
        os.write(self._line, WILL_SAVE if saves else WILL_NOT_SAVE)

    def _remember(self, number, frame):
        self.signal = number


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
