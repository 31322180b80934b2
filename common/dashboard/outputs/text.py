"""The terminal: a row for each test, a line in place at the bottom, the results at the end."""

import math

from common.dashboard.link.messages import Finished, Paused, Progress, Tested, Trained
from common.dashboard.link.run import hours
from common.dashboard.outputs.output import Output

HEADER = """\
                            training digits       test digits
iteration  epoch      rate  accuracy      loss  accuracy      loss"""

# of a row: width and decimals
COLUMNS = {"epoch": (5, 0), "learning_rate": (8, 6), "accuracy": (8, 4), "loss": (8, 3)}

ROW_EVERY = 100        # iterations between two rows without a test, at least
BAR_WIDTH = 20         # characters


class Text(Output):
    """Prints a run: a row for each test, a progress bar on a terminal, the results at the end."""

    has_pictures = False

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        self._waiting = None       # the latest `Trained`, whose test may still come
        self._last_printed = None  # iteration

    def send(self, message):
        match message:
            case Trained():
                self._print_waiting_if_due()
                self._waiting = message
            case Tested():
                self._print_test(message)
            case Progress():
                self._terminal.show(progress(message, self._run.last))
            case Paused(is_paused=True):
                self._terminal.show("paused: press the space bar in the window to go on")
            case Finished():
                if self._waiting is not None:
                    self._print_row(self._waiting)
                self._print_results(message)

    def _print_test(self, tested):
        trained = self._waiting
        if trained is not None and trained.iteration != tested.iteration:
            self._print_waiting_if_due()
            trained = None
        self._print_row(trained, tested)

    def _print_waiting_if_due(self):
        waiting = self._waiting
        if waiting is not None and (self._last_printed is None
                                    or waiting.iteration - self._last_printed >= ROW_EVERY):
            self._print_row(waiting)

    def _print_row(self, trained, tested=None):
        if self._last_printed is None:
            self._terminal.say(HEADER)
        self._terminal.say(row(trained, tested))
        self._last_printed, self._waiting = (trained or tested).iteration, None

    def _print_results(self, finished):
        accuracy, loss = self._run.curves["test_accuracy"], self._run.curves["test_loss"]
        tests = [(a, c, int(i)) for a, c, i in zip(accuracy.values, loss.values, loss.iterations)
                 if math.isfinite(c)]
        self._terminal.clear()
        if tests:
            which = "latest" if finished.is_early else "final"
            a, c, i = tests[-1]
            self._terminal.say(f"\n{which + ' test accuracy':<22} {a:.4f}, loss {c:.3f}, "
                               f"after {i:,} iterations in {finished.seconds:.1f} s")
            a, _, i = max(tests, key=lambda test: test[0])
            self._terminal.say(f"{'maximum of the run':<22} {a:.4f}, after {i:,} iterations")


def row(trained, tested=None):
    """Format one row of the results, under `HEADER`.

    Args:
      trained: a `messages.Trained`, or None.
      tested: a `messages.Tested` of the same iteration, or None.

    Returns:
      A str of at most 66 columns, without a line end.
    """
    numbers = [((trained or tested).iteration, 9, 0)]
    for message, names in ((trained, ("epoch", "learning_rate", "accuracy", "loss")),
                           (tested, ("accuracy", "loss"))):
        numbers += [(getattr(message, name, None), *COLUMNS[name]) for name in names]
    return "  ".join(" " * width if value is None else f"{value:{width}.{decimals}f}"
                     for value, width, decimals in numbers).rstrip()


def progress(message, total):
    """Format a progress bar with the time left.

    Args:
      message: a `messages.Progress`.
      total: int, all iterations; None if not known.

    Returns:
      A str of less than 80 columns, without a line end.
    """
    done, left = message.iteration, message.seconds_left
    if total is None:
        return f"iteration {done:,}"
    filled, per_cent = (n * done // total if total else n for n in (BAR_WIDTH, 100))
    bar = (f"{per_cent:3d} % [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] "
           f"iteration {done:,} of {total:,}")
    return bar if left is None else f"{bar}, {hours(left)} left"
