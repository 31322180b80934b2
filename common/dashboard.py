"""Watching a network learn. The script trains; the dashboard only looks on and prints."""

import math
import time

from common import clean_exit, text_output

TEST_EVERY = 100        # iterations: 10,000 test digits take a while
TEST_EVERY_EARLY = 20   # in the first hundred iterations, where most is learned
STATUS_EVERY = 0.1      # seconds between two drawings of the progress bar

NOT_A_NUMBER = """\
the loss is {loss} at iteration {iteration}, so training cannot go on.

The cross-entropy takes the log of the softmax layer's output. In 32-bit floating point the
output of softmax can be exactly 0, and log(0) is not a number. Let TensorFlow compute both in
a single step, which is numerically stable:

    Ylogits = tf.matmul(Y4, W5) + B5      # the last layer before softmax; in stage 1.0:
                                          # tf.matmul(XX, W) + b
    Y = tf.nn.softmax(Ylogits)
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
    cross_entropy = tf.reduce_mean(cross_entropy)*100

If your script does that already, the learning rate is too high: divide it by ten."""


class LossNotFinite(clean_exit.UserError):
    """The loss became NaN or infinite: the text says why that happens and how to cure it."""


class Dashboard:
    """Shows the progress of one training run.

    The training loop stays in the script and asks, each iteration, whether anything is to be
    shown. Only what is shown needs to be computed:

        dashboard = Dashboard(options, num_examples=60_000)
        for i in dashboard.loop(1000):
            ...                                          # take a batch of images and labels
            if dashboard.wants_train(i):
                ...                                      # measure the model on that batch
                dashboard.show_train(i, accuracy, loss, images, predictions, labels)
            if dashboard.wants_test(i):
                ...                                      # measure it on the test digits
                dashboard.show_test(i, accuracy, loss, images, predictions, labels)
            ...                                          # train on the batch
        dashboard.finish()

    The model may be anything that gives these numbers: all arguments are numpy arrays or floats.
    """

    def __init__(self, options, num_examples):
        """Prepare to show a run.

        Args:
          options: the script's options (`command_line.start`); `iterations` is used, an int that
            takes precedence over the script's own number of iterations, or None.
          num_examples: int, how many training examples make an epoch.
        """
        self._iterations = options.iterations
        self._num_examples = num_examples
        self._last = self._iterations
        self._row = None          # the row of the current iteration, while it waits for its test
        self._header_printed = False
        self._tests = []          # (accuracy, loss, iteration) of every test so far
        self._finished = False
        self._status = text_output.StatusLine()
        self._start = time.monotonic()
        clean_exit.before_exit(self._print_what_was_reached)

    def loop(self, iterations):
        """Count the iterations, 0 to `iterations` included, with a progress bar on a terminal.

        Iteration i measures the network after i training steps, so the last one measures it after
        all of them. `range(iterations + 1)` is the same without the bar and without --iterations.

        Args:
          iterations: int, how many training steps the script wants.

        Yields:
          The iteration's number, an int.
        """
        self._last = iterations if self._iterations is None else self._iterations
        self._start = next_status = time.monotonic()
        for i in range(self._last + 1):
            yield i
            now = time.monotonic()
            if now >= next_status:
                self._status.show(text_output.progress(i, self._last, now - self._start))
                next_status = now + STATUS_EVERY

    def wants_train(self, i):
        """Whether the metrics on the training batch of iteration `i` (int) will be shown."""
        return self.wants_test(i)

    def wants_test(self, i):
        """Whether the metrics on the test set at iteration `i` (int) will be shown."""
        return i % (TEST_EVERY_EARLY if i < TEST_EVERY else TEST_EVERY) == 0 or i == self._last

    def show_train(self, i, accuracy, loss, images, predictions, labels,
                   weights=(), biases=(), learning_rate=None):
        """Show the metrics of one training batch, taken before the training step.

        Args:
          i: int, the iteration.
          accuracy: float, 0 to 1.
          loss: float, the cross-entropy of the batch.
          images: float32 [batch, 28, 28, 1], values 0 to 1.
          predictions: float32 [batch, 10], the network's probability for each digit.
          labels: [batch, 10], the correct answers, one-hot.
          weights, biases: lists of arrays of any shapes, the network's present parameters.
          learning_rate: float, of the step that follows; None where there is none to tell.

        Raises:
          LossNotFinite: `loss` is NaN or infinite.
        """
        self._print_row()
        epoch = i * len(images) // self._num_examples + 1
        self._row = {"iteration": i, "epoch": epoch, "train": (learning_rate, accuracy, loss)}
        self._check(i, loss)

    def show_test(self, i, accuracy, loss, images, predictions, labels):
        """Show the metrics of the test set; arguments and errors as for `show_train`."""
        if self._row is None or self._row["iteration"] != i:
            self._print_row()
            self._row = {"iteration": i, "epoch": None}
        self._row["test"] = (accuracy, loss)
        if math.isfinite(loss):
            self._tests.append((float(accuracy), float(loss), i))
        self._print_row()
        self._check(i, loss)

    def finish(self):
        """End the run: print the final test accuracy first, then the maximum over the run."""
        self._print_results("final")
        self._finished = True

    def _print_results(self, which):
        """Print the results; `which` is "final", or "latest" in a run that was cut short."""
        self._print_row()
        self._status.clear()
        if self._tests:
            seconds = time.monotonic() - self._start
            accuracy, loss, i = self._tests[-1]
            print(f"\n{which + ' test accuracy':<22} {accuracy:.4f}, loss {loss:.3f}, "
                  f"after {i:,} iterations in {seconds:.1f} s")
            accuracy, _, i = max(self._tests, key=lambda test: test[0])
            print(f"{'maximum of the run':<22} {accuracy:.4f}, after {i:,} iterations", flush=True)

    def _print_what_was_reached(self):
        """Called when the process ends early, so that what was measured is not lost."""
        if not self._finished:
            self._print_results("latest")

    def _check(self, i, loss):
        if not math.isfinite(loss):
            raise LossNotFinite(NOT_A_NUMBER.format(loss=loss, iteration=i))

    def _print_row(self):
        """Print the row that waits, if one does."""
        if self._row is not None:
            self._status.clear()
            if not self._header_printed:
                print(text_output.HEADER)
                self._header_printed = True
            print(text_output.row(**self._row), flush=True)
            self._row = None
