"""What the scripts print: a line in place at the bottom of a terminal, a row for each test."""

import shutil
import sys

HEADER = """\
                            training digits       test digits
iteration  epoch      rate  accuracy      loss  accuracy      loss"""

BAR_WIDTH = 20  # characters


class StatusLine:
    """One line that is rewritten in place at the bottom of a terminal; silent anywhere else."""

    def __init__(self, stream=None):
        """Write to `stream`, an open text file; by default sys.stdout."""
        self.stream = sys.stdout if stream is None else stream
        self.active = self.stream is not None and self.stream.isatty()
        self._length = 0

    def show(self, text):
        """Put `text` (str) in place of what the line said, cut to the terminal's width."""
        if self.active:
            text = text[:shutil.get_terminal_size().columns - 1]
            self.stream.write("\r" + text + " " * (self._length - len(text)))
            self.stream.flush()
            self._length = len(text)

    def clear(self):
        """Blank the line, so that what is printed next starts on a clean one."""
        if self._length:
            self.show("")
            self.stream.write("\r")
            self._length = 0


def row(iteration, epoch, train=None, test=None):
    """Format one row of the results, under `HEADER`.

    Args:
      iteration: int, the number of training steps taken so far.
      epoch: int, counted from 1, or None where not known.
      train: (learning rate, accuracy 0 to 1, loss), three floats, or None where not measured.
      test: (accuracy 0 to 1, loss), two floats, or None where not measured.

    Returns:
      A str of at most 66 columns, without a line end.
    """
    learning_rate, train_accuracy, train_loss = train or (None, None, None)
    test_accuracy, test_loss = test or (None, None)
    return (f"{iteration:9d}  {_number(epoch, 5, 0)}  {_number(learning_rate, 8, 6)}"
            f"  {_number(train_accuracy, 8, 4)}  {_number(train_loss, 8, 3)}"
            f"  {_number(test_accuracy, 8, 4)}  {_number(test_loss, 8, 3)}").rstrip()


def progress(done, total, seconds):
    """Format a progress bar with the time left.

    Args:
      done, total: int, iterations.
      seconds: float, the time that the iterations done have taken.

    Returns:
      A str of less than 80 columns, without a line end.
    """
    filled = BAR_WIDTH * done // total
    bar = (f"{100 * done // total:3d} % [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] "
           f"iteration {done:,} of {total:,}")
    if done == 0:
        return bar
    left = round(seconds / done * (total - done))
    return f"{bar}, {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left"


def _number(value, width, decimals):
    return " " * width if value is None else f"{value:{width}.{decimals}f}"
