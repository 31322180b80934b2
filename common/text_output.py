"""What the scripts print: a row for each test, a line in place at the bottom of a terminal."""

import math
import shutil
import sys

import numpy as np

HEADER = """\
                            training digits       test digits
iteration  epoch      rate  accuracy      loss  accuracy      loss"""

BAR_WIDTH = 20  # characters
SHADES = " .:-=+*#%@"  # from white to black


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


class TextOutput:
    """Prints a run: a row for each test, a progress bar on a terminal, the results at the end."""

    def __init__(self, row_every):
        """Print to sys.stdout.

        Args:
          row_every: int, the least number of iterations between two rows without a test.
        """
        self._row_every = row_every
        self._waiting = None      # the row of the present iteration, whose test may still come
        self._last_printed = None
        self._tests = []          # (accuracy, loss, iteration) of every test so far
        self._status = StatusLine()

    def show_train(self, i, epoch, learning_rate, accuracy, loss):
        """Take in the metrics of a training batch: ints, floats, None where not known."""
        self._print_waiting_if_due()
        self._waiting = {"iteration": i, "epoch": epoch, "train": (learning_rate, accuracy, loss)}

    def show_test(self, i, accuracy, loss):
        """Print the metrics of the test set, an int and two floats, with those of training."""
        if self._waiting is None or self._waiting["iteration"] != i:
            self._print_waiting_if_due()
            self._waiting = {"iteration": i, "epoch": None}
        self._waiting["test"] = (accuracy, loss)
        if math.isfinite(loss):
            self._tests.append((float(accuracy), float(loss), i))
        self._print_waiting()

    def restore(self, tests):
        """Take in the tests of an earlier part of the run, (accuracy, loss, iteration) each."""
        self._tests = list(tests)

    def show_digit(self, name, image, probabilities):
        """Print a digit as the network sees it beside its probabilities, with a name (str) above.

        Args:
          image: uint8 [28, 28], ink from 0 to 255.
          probabilities: float [10].
        """
        self._status.clear()
        print(f"\n{name}: {np.argmax(probabilities)}, {100 * max(probabilities):.1f} %")
        for line in digit_lines(image, probabilities):
            print(line)

    def show_progress(self, i, last, seconds):
        """Show how far the run is, in place; arguments as for `progress`."""
        self._status.show(progress(i, last, seconds))

    def show_status(self, text):
        """Show a line of text in place."""
        self._status.show(text)

    def say(self, text):
        """Print a line of text."""
        self._status.clear()
        print(text, flush=True)

    def print_results(self, which, seconds):
        """Print the results of a run that took so many seconds (float).

        `which` is "final", or "latest" in a run that was cut short.
        """
        self._print_waiting()
        self._status.clear()
        if self._tests:
            accuracy, loss, i = self._tests[-1]
            print(f"\n{which + ' test accuracy':<22} {accuracy:.4f}, loss {loss:.3f}, "
                  f"after {i:,} iterations in {seconds:.1f} s")
            accuracy, _, i = max(self._tests, key=lambda test: test[0])
            print(f"{'maximum of the run':<22} {accuracy:.4f}, after {i:,} iterations", flush=True)

    def _print_waiting_if_due(self):
        if self._waiting is not None and (
                self._last_printed is None
                or self._waiting["iteration"] - self._last_printed >= self._row_every):
            self._print_waiting()

    def _print_waiting(self):
        """Print the row that waits, if one does."""
        if self._waiting is not None:
            self._status.clear()
            if self._last_printed is None:
                print(HEADER)
            print(row(**self._waiting), flush=True)
            self._last_printed, self._waiting = self._waiting["iteration"], None


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


def digit_lines(image, probabilities):
    """Format a digit and its probabilities side by side; arguments as for `show_digit`.

    Returns:
      A list of str of at most 72 columns.
    """
    # A character is about twice as high as it is wide, so it stands for two rows of pixels.
    rows = image.reshape(len(image) // 2, 2, -1).mean(axis=1)
    shades = (rows * len(SHADES) / 256).astype(int)
    picture = ["".join(SHADES[shade] for shade in row) for row in shades]
    bars = [f"{digit} {100 * probability:5.1f} % {'#' * round(BAR_WIDTH * probability)}"
            for digit, probability in enumerate(probabilities)]
    above = (len(picture) - len(bars)) // 2
    bars = [""] * above + bars + [""] * (len(picture) - len(bars) - above)
    return [f"  {row}    {bar}".rstrip() for row, bar in zip(picture, bars)]


def progress(done, total, seconds):
    """Format a progress bar with the time left.

    Args:
      done, total: int, iterations.
      seconds: float, the time that the iterations done have taken.

    Returns:
      A str of less than 80 columns, without a line end.
    """
    filled, per_cent = (n * done // total if total else n for n in (BAR_WIDTH, 100))
    bar = (f"{per_cent:3d} % [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] "
           f"iteration {done:,} of {total:,}")
    left = seconds_left(done, total, seconds)
    return bar if left is None else f"{bar}, {hours(left)} left"


def seconds_left(done, total, seconds):
    """Estimate how long the rest takes, float, None at the start; arguments as for `progress`."""
    return seconds / done * (total - done) if done else None


def hours(seconds):
    """Format a time: "0:01:30"."""
    seconds = round(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _number(value, width, decimals):
    return " " * width if value is None else f"{value:{width}.{decimals}f}"
