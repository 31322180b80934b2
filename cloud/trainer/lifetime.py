"""How a process of the training ends, so that it never waits for ever and an engine knows why.

Exit statuses:
    0  trained, tested and exported
    1  something the user can put right, said in one sentence (2: a wrong flag)
  138  another process is gone; the chief has saved its state
  143  SIGTERM, 130  Ctrl-C: the chief has saved its state, if the training had begun
  142  SIGALRM: nothing has moved on for as long as --patience says
  137  SIGKILL, which leaves no time for anything

Those above 127 may go better the next time: TFJob's restart policy ExitCode starts such a process
again, and not one that ended with 1 or 2.

While TensorFlow waits for other processes, in C++, Python does not get a turn, neither its signal
handlers nor its threads. So what has to work then too is left to the operating system: an alarm
that is put off whenever something has moved on, and signals that end the process by themselves.
(Once TensorFlow waits for its cluster, it catches SIGTERM until the training begins; then the
alarm or the engine's SIGKILL ends the process.)
"""

import os
import signal
import sys

EXIT_RETRY = 138  # 128 + SIGUSR1, which TFJob sets apart for errors that the program calls passing
GRACE = 20        # seconds from a signal to the end; Kubernetes kills after 30
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Lifetime:
    """Watches over this process.

    Attributes:
      signal: the number (int) of the signal that asks it to end, or None.
    """

    def __init__(self, patience):
        """Start to watch.

        Args:
          patience: float, seconds. Where `moved_on` is not called for so long, the process ends.
        """
        self.signal = None
        self._patience = patience
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self.will_save(False)
        self.moved_on()

    def moved_on(self):
        """Say that something was finished: the time until the process is given up starts anew."""
        if self.signal is None:
            signal.setitimer(signal.ITIMER_REAL, self._patience)

    def will_save(self, saves):
        """Say whether the main thread looks at `signal` from now on, saves the state and leaves.

        Args:
          saves: bool. As long as it does not, at first, a signal ends the process at once.
        """
        for number in SIGNALS:
            signal.signal(number, self._remember if saves else signal.SIG_DFL)

    def _remember(self, number, frame):
        self.signal = number
        signal.setitimer(signal.ITIMER_REAL, GRACE)


def leave(status, reason=None):
    """End this process at once: TensorFlow would wait for the other processes first.

    Args:
      status: int, the exit status.
      reason: str, a line for the standard error stream, or None.
    """
    if reason:
        print(f"cloud.trainer: {reason}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            pass
    os._exit(status)
