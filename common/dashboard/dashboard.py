"""Watching a network learn. The script trains; the dashboard only looks on.

It shows a run in a window of its own (or on a page for a browser), prints it as text, and saves it
as a picture or a movie. For a model of your own, whatever computes it, a few lines are enough.
This is stage 1.0 in nothing but numpy:

    import numpy as np
    from common.dashboard import Dashboard
    from common.mnist_data import read_data_sets

    mnist = read_data_sets("data", one_hot=True, reshape=False)
    W, b = np.zeros((784, 10)), np.zeros(10)
    dashboard = Dashboard(title="softmax in numpy", num_examples=mnist.train.num_examples)
    for i in dashboard.loop(1000):
        batch_X, batch_Y = mnist.train.next_batch(100)
        XX = batch_X.reshape(100, 784)
        exponentials = np.exp(XX @ W + b)
        Y = exponentials / exponentials.sum(axis=1, keepdims=True)
        if dashboard.wants_train(i):
            accuracy = np.mean(Y.argmax(axis=1) == batch_Y.argmax(axis=1))
            loss = -100 * np.mean(np.log((Y * batch_Y).sum(axis=1)))
            dashboard.show_train(i, accuracy, loss, batch_X, Y, batch_Y, [W], [b])
        W += 0.005 * XX.T @ (batch_Y - Y)
        b += 0.005 * (batch_Y - Y).sum(axis=0)
    dashboard.finish()

Who has no loop to put it into, as in a callback of Keras, calls `dashboard.start(iterations)`
instead, then `show_train` and `show_test` as often as there is something new, and stops the
training when `dashboard.closed`.
"""

import math
import os
import time
from numbers import Integral

from common import terminal
from common.dashboard.audience import Audience
from common.dashboard.link import measurements
from common.dashboard.link.messages import Finished, Progress, Tested, Trained
from common.dashboard.link.run import NotOftener
from common.dashboard.outputs.files import png_of
from common.dashboard.outputs.output import Model

TRAIN_EVERY = 20        # iterations between two measurements on a training batch
TEST_EVERY = 100        # iterations: 10,000 test digits take a while
TEST_EVERY_EARLY = 20   # in the first hundred iterations, where most is learned
TEST_DIGITS = 1000      # at most are shown
BANDS = 200             # of weights and biases in a whole run: more would not be seen
STATUS_EVERY = 0.1      # seconds between two messages about the progress

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


class LossNotFinite(terminal.UserError):
    """The loss became NaN or infinite: the text says why that happens and how to cure it."""


class Dashboard:
    """Shows the progress of one training run.

    The training loop stays in the script and asks, each iteration, whether anything is to be
    shown (`wants_train`, `wants_test`), so only what is shown needs to be computed.
    The model may be anything that gives these numbers: all arguments are numpy arrays or floats.
    What is asked for, and so what is computed, does not depend on who is watching (but for single
    steps, in a pause): with a seed, the numbers are the same in the window and in text.

    Attributes:
      run: a `run.Run`, all that has been shown so far.
    """

    def __init__(self, options=None, network=None, classify=None, inside=None, checkpoints=None,
                 num_examples=None, title=None, outputs=()):
        """Prepare to show a run.

        Args:
          options: the script's options (`command_line.start`), or any object with some of the
            attributes that `OPTIONS` declares; None for a window and nothing else.
          network: a `network.Network`, which can do all of the following; or name what there is:
          classify, inside, checkpoints: what the model can do when asked, as `output.Model` has it.
          num_examples: int, how many training examples make an epoch.
          title: str, the name of the window; by default the script's file name without ".py".
          outputs: further ones, a list of `output.Output`.
        """
        if network is not None:
            classify, inside = network.classify, network.inside
            checkpoints, num_examples = network.checkpoints, network.num_examples
        self._num_examples = num_examples
        title = title or os.path.splitext(terminal.script_file())[0]
        self._signals = terminal.HeldSignals()
        self._began = time.monotonic()                # moved on by each pause
        self._model = Model(classify, inside, checkpoints)
        self._audience = Audience(options, self._model, title, outputs, self._signals)
        self.run = self._audience.run
        self._next_bands = 0                          # iteration
        self._done, self._is_inside = None, False     # all before this one is done; inside it?
        self._has_begun = self._is_finished = self._only_looks = False
        self._measured = {}                           # the latest iteration, by kind of message
        self._status = NotOftener(STATUS_EVERY)
        if not terminal.is_notebook():  # its process goes on
            terminal.before_exit(self._end_unfinished)

    def loop(self, iterations):
        """Count the iterations, 0 to `iterations` included, with a progress bar on a terminal.

        Iteration i measures the network after i training steps, so the last one measures it after
        all of them. `range(iterations + 1)` is the same as text only, without options.

        Args:
          iterations: int, how many training steps the script wants.

        Yields:
          The iteration's number, an int, until the last one or until the window is closed. Where
          a checkpoint is restored, the first one is that at which it goes on. If nothing is left
          to train then, it is the only one, to be measured and looked at; its training is undone.
        """
        self.start(iterations)
        for i in range(self.run.iteration, self.run.last + 1):
            self._done, self._is_inside, self._signals.are_held = i, True, True
            yield i
            self._done, self._is_inside = i + 1, False
            self._signals.release()
            if self._only_looks:
                self._done = i
                self._audience.undo_training()
                return
            self._began += self._audience.attend(i + 1)
            if self.closed:
                return
            if self._status.is_due:
                self._status.restart()
                left = self._seconds / i * (self.run.last - i) if i else None
                self._audience.send(Progress(i, self._seconds, left))

    def start(self, iterations=None):
        """Open the window, and do what else the options ask for. `loop` calls this by itself.

        Args:
          iterations: int, how many training steps are planned; None if that is not known.

        Raises:
          UserError: a page for a browser was asked for and cannot be served, or a checkpoint and
            cannot be restored; `iterations` is no such number; a run was shown here already.
        """
        if not (iterations is None or isinstance(iterations, Integral) and iterations >= 0):
            raise terminal.UserError(f"the dashboard was asked for {iterations!r} iterations; it "
                                     f"should be a whole number, 0 or more")
        if self._has_begun:
            raise terminal.UserError("this dashboard has shown a run already: make another one, "
                                     "dashboard = Dashboard(…), for the next run")
        self._has_begun = True
        chosen = self._audience.options.iterations
        last = iterations if chosen is None else chosen
        seconds = self._audience.start(last)
        # At a restored network, as it is: it has been trained for longer than that.
        self._only_looks = last is not None and self.run.iteration > last
        self._began = time.monotonic() - seconds  # the earlier part of the run counts, too
        self._began += self._audience.attend(self.run.iteration)

    @property
    def closed(self):
        """bool, whether the window was closed by its user, who wants the run to end."""
        return self._audience.is_closed

    def wants_train(self, i):
        """Whether the metrics on the training batch of iteration `i` (int) will be shown."""
        return i % TRAIN_EVERY == 0 or i in (self.run.last, self._audience.step_to)

    def wants_test(self, i):
        """Whether the metrics on the test set at iteration `i` (int) will be shown."""
        every = TEST_EVERY_EARLY if i < TEST_EVERY else TEST_EVERY
        return i % every == 0 or i in (self.run.last, self._audience.step_to)

    def show_train(self, i, accuracy, loss, images, predictions, labels,
                   weights=(), biases=(), learning_rate=None):
        """Show the metrics of one training batch, taken before the training step.

        Args:
          i: int, the iteration.
          accuracy: float, 0 to 1.
          loss: float, the cross-entropy of the batch.
          images: float [batch, 28, 28, 1], [batch, 28, 28] or [batch, 784], values 0 to 1.
          predictions: float [batch, 10], the network's probability for each digit.
          labels: the correct answers, [batch, 10], one-hot, or [batch], whole numbers.
          weights, biases: lists of arrays of any shapes, the network's present parameters.
          learning_rate: float, of the step that follows; None where there is none to tell.

        Raises:
          LossNotFinite: `loss` is NaN or infinite.
          UserError: one of these is something else. Lists in place of arrays will do.
        """
        accuracy, loss, images, predictions, labels = measurements.checked(
            "show_train", accuracy, loss, images, predictions, labels)
        weights = measurements.parameters(weights, "show_train: weights")
        biases = measurements.parameters(biases, "show_train: biases")
        if learning_rate is not None:
            learning_rate = measurements.number(learning_rate, "show_train: learning_rate")
        epoch = i * len(images) // self._num_examples + 1 if self._num_examples else None
        pictures = {}
        if self._audience.want_pictures:
            pictures["digits"] = measurements.digits_to_show(images, predictions, labels)
            if i >= self._next_bands:
                self._next_bands = i + (self.run.last or 0) / BANDS if i >= TEST_EVERY else i
                pictures |= {name: measurements.percentile_bands(arrays) for name, arrays in (
                    ("weights", weights), ("biases", biases)) if arrays}
        self._show(Trained(i, accuracy, loss, epoch, learning_rate, **pictures))

    def show_test(self, i, accuracy, loss, images, predictions, labels):
        """Show the metrics of the test set; arguments and errors as for `show_train`."""
        accuracy, loss, images, predictions, labels = measurements.checked(
            "show_test", accuracy, loss, images, predictions, labels)
        digits = (measurements.digits_to_show(images, predictions, labels, TEST_DIGITS)
                  if self._audience.want_pictures else None)
        self._show(Tested(i, accuracy, loss, digits))

    def finish(self):
        """End the run: print the results, save what was asked for, read the user's pictures.

        Then wait until the window is closed, unless --close was given.

        Raises:
          UserError: some of that failed.
        """
        failures = self._end(self.closed, self._reached)
        if failures:
            raise terminal.UserError("not everything could be done:\n  " + "\n  ".join(failures))

    def picture(self, view="all", image=None):
        """Draw one of the dashboard's views now; a notebook shows it as the result of a cell.

        Args:
          view: str, one of `panels.VIEWS`: "curves", "confusion", "misread", "neurons" (their
            weights), "look" (the probabilities of a digit), "inside" (layer by layer), "evidence" …
          image: float [28, 28], [28, 28, 1] or [784], values 0 to 1, the digit to look at; None for
            the first test digit at hand.

        Returns:
          A `files.Png`: bytes, a PNG file of 1280 × 720 pixels.
        """
        return png_of(self.run, self._model, view, image)

    def _show(self, measured):
        """Show a `Trained` or `Tested`."""
        if self._is_finished:
            raise terminal.UserError("the dashboard is finished: what it should show comes before "
                                     "dashboard.finish()")
        self._audience.send(measured)
        self._measured[type(measured)] = measured.iteration
        is_all = set(self._measured.values()) == {measured.iteration}
        self._began += self._audience.attend(measured.iteration, is_all)
        if not math.isfinite(measured.loss):
            raise LossNotFinite(NOT_A_NUMBER.format(loss=measured.loss,
                                                    iteration=measured.iteration))

    @property
    def _seconds(self):
        """How long the run has taken, without its pauses."""
        return time.monotonic() - self._began

    @property
    def _reached(self):
        """All iterations before it are done; one that the script has left by `break` is, too."""
        return self.run.iteration if self._done is None else self._done + self._is_inside

    def _end(self, is_early, done):
        self._is_finished = True
        self._signals.release()
        self._audience.send(Finished(is_early, self._seconds, done))
        return self._audience.finish()

    def _end_unfinished(self, error):
        """The process ends without `finish`: lose nothing. Return what failed, a list of str."""
        if self._is_finished:
            return []
        if error is None:  # the script's end, or sys.exit()
            end = (self.run.last or 0) + (not self._only_looks)
            is_complete = not self._is_inside and self._done == end
            return self._end(not is_complete, self._reached)
        is_cut = self._is_inside and isinstance(error, (KeyboardInterrupt, LossNotFinite))
        return self._end(is_early=True, done=None if is_cut else self._done)
