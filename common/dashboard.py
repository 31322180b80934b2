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
import sys
import time

from common import clean_exit, keeping, recording, run_state, text_output
from common.answering import Answerer, read_digit
from common.window_process import WindowProcess, has_screen

TRAIN_EVERY = 20        # iterations between two measurements on a training batch
TEST_EVERY = 100        # iterations: 10,000 test digits take a while
TEST_EVERY_EARLY = 20   # in the first hundred iterations, where most is learned
BANDS = 200             # of weights and biases in a whole run: more would not be seen
OPENING = 3.0           # seconds that the training waits for the window, at most
STATUS_EVERY = 0.1      # seconds between two looks at the clock
NO_OPTIONS = {"iterations": None, "text": False, "web": None, "close": False, "window": None,
              "save_figure": None, "save_movie": None, "pictures": None,
              "save": None, "restore": None, "classify": ()}

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
    What is asked for, and so what is computed, never depends on who is watching: with a seed, the
    numbers are the same in the window and in text.
    """

    def __init__(self, options=None, num_examples=None, title=None, network=None):
        """Prepare to show a run; nothing is opened before it starts.

        Args:
          options: the script's options (`command_line.start`), or any object with some of the
            attributes that `NO_OPTIONS` lists; None for a window and nothing else.
          num_examples: int, how many training examples make an epoch; by default the `network`'s
            attribute of that name, if it has one.
          title: str, the name of the window; by default the script's file name without ".py".
          network: a function from images, float32 [n, 28, 28, 1], to probabilities, float [n, 10]:
            it reads the digits that the user draws (key d). Or an object whose method `classify`
            is such a function; if it has methods `save`, `restore` and `convolutions` like a
            `network.Network`, it can be kept and looked into.
        """
        self._options = NO_OPTIONS | (vars(options) if options is not None else {})
        self._num_examples = num_examples or getattr(network, "num_examples", None)
        self._network = network
        self._classify = getattr(network, "classify", network)
        self._title = title or os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self._last = self._options["iterations"]
        self._first = 0       # iteration
        self._next = 0        # iteration: those before it are done
        self._next_bands = 0
        self._last_test = None  # images, predictions, labels
        self._finished = False
        self._text = text_output.TextOutput(TEST_EVERY)
        self._window, self._answerer = None, None
        self._movie, self._keeper = None, None
        self._run = run_state.RunState()
        self._picture = self._options["save_figure"]
        self._start = self._next_status = time.monotonic()
        self._paused = 0.0  # seconds
        clean_exit.before_exit(self._end_early)

    def loop(self, iterations):
        """Count the iterations, 0 to `iterations` included, with a progress bar on a terminal.

        Iteration i measures the network after i training steps, so the last one measures it after
        all of them. `range(iterations + 1)` is the same as text only, without options.

        Args:
          iterations: int, how many training steps the script wants.

        Yields:
          The iteration's number, an int, until the last one or until the window is closed. Where
          a checkpoint is restored, the first one is that at which it goes on.
        """
        self.start(iterations)
        for i in range(self._first, self._last + 1):
            yield i
            self._next = i + 1
            if self._keeper is not None and self._keeper.is_due:
                self._keep()
            self._look_after_window()
            if self.closed:
                return
            if time.monotonic() >= self._next_status:
                self._show_progress(i)

    def start(self, iterations=None):
        """Open the window, and do what else the options ask for. `loop` calls this by itself.

        Args:
          iterations: int, how many training steps are planned; None if that is not known.

        Raises:
          UserError: a page for a browser was asked for and cannot be served, or a checkpoint and
            cannot be restored.
        """
        self._refuse_what_the_network_lacks()
        if self._options["iterations"] is None:
            self._last = iterations
        if self._options["save_movie"]:
            self._movie = recording.Movie(self._options["save_movie"])
        if not self._options["text"]:
            self._open_window()
        self._send({"title": self._title, "last": self._last,
                    "reads_digits": self._classify is not None})
        if self._options["restore"]:
            self._restore()
        if self._options["save"]:
            self._keeper = keeping.Keeper(self._network, self._options["save"], self._title)
        self._wait_for_window()
        self._start = self._next_status = time.monotonic()

    @property
    def closed(self):
        """Whether the window was closed by its user, who wants the run to end."""
        return self._window is not None and self._window.state == "closed"

    def wants_train(self, i):
        """Whether the metrics on the training batch of iteration `i` (int) will be shown."""
        return i % TRAIN_EVERY == 0 or i == self._last

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
          images: float [batch, height, width] or [batch, height, width, 1], values 0 to 1.
          predictions: float [batch, 10], the network's probability for each digit.
          labels: [batch, 10], the correct answers, one-hot.
          weights, biases: lists of arrays of any shapes, the network's present parameters.
          learning_rate: float, of the step that follows; None where there is none to tell.

        Raises:
          LossNotFinite: `loss` is NaN or infinite.
        """
        epoch = None
        if self._num_examples:
            epoch = i * len(images) // self._num_examples + 1
        self._text.show_train(i, epoch, learning_rate, accuracy, loss)
        if self._is_watched:
            message = {"iteration": i, "epoch": epoch, "train_accuracy": float(accuracy),
                       "train_loss": float(loss),
                       "train_digits": run_state.first_digits(images, predictions, labels)}
            if i >= self._next_bands:
                self._next_bands = i + (self._last or 0) / BANDS if i >= TEST_EVERY else i
                message.update({name: run_state.percentile_bands(arrays) for name, arrays
                                in (("weights", weights), ("biases", biases)) if len(arrays)})
            self._send(message)
        self._look_after_window()
        self._check(i, loss)

    def show_test(self, i, accuracy, loss, images, predictions, labels):
        """Show the metrics of the test set; arguments and errors as for `show_train`."""
        self._text.show_test(i, accuracy, loss)
        self._last_test = images, predictions, labels
        if self._is_watched:
            self._send({"iteration": i, "test_accuracy": float(accuracy), "test_loss": float(loss),
                        "test_digits": run_state.misread_first(images, predictions, labels)})
        self._look_after_window()
        self._check(i, loss)

    def finish(self):
        """End the run: print the final test accuracy first, then the maximum over the run.

        Saves what was asked for, classifies the user's pictures, and waits until the window is
        closed, unless --close was given.
        """
        self._finished = True
        self._text.print_results("latest" if self.closed else "final", self._seconds)
        self._send({"phase": "finished"})
        if self._keeper is not None and self._next > self._first:
            self._keep()
            self._text.say(f"saved a checkpoint in {self._options['save']}")
        self._save()
        self._look_back()
        if self._window is not None and not self._window.is_over:
            if not self._options["close"]:
                self._wait_for_user()
            self._window.close()

    @property
    def _seconds(self):
        """How long the run has taken, without pauses."""
        return time.monotonic() - self._start - self._paused

    @property
    def _is_watched(self):
        return (self._window is not None or self._movie is not None or self._picture is not None
                or self._options["pictures"] is not None or self._options["save"] is not None)

    def _send(self, message):
        """Hand a message to all who show the run."""
        if self._window is not None:
            self._window.send(message)
        if self._movie is not None:
            self._movie.send(message)
        self._run.apply(message)

    def _show_progress(self, i):
        self._next_status = time.monotonic() + STATUS_EVERY
        self._text.show_progress(i, self._last, self._seconds)
        if self._window is not None:
            left = text_output.seconds_left(i, self._last, self._seconds)
            self._window.send({"iteration": i, "seconds_left": left})

    def _open_window(self):
        """Start the process of the window or page, unless the script has done so early on."""
        web = self._options["web"]
        if web is None and not has_screen():
            self._go_on_without_window("There is no screen")
        else:
            self._window = self._options["window"] or WindowProcess(self._title, web)
            self._answerer = Answerer(self._window, self._classify)

    def _wait_for_window(self):
        """Give the window a moment to open, so that its user sees the network begin to learn."""
        if self._window is None:
            return
        web = self._options["web"]
        self._window.wait(lambda: self._window.state != "starting",
                          OPENING if web is None else None)
        if web is None:
            self._look_after_window()
        elif self._window.state == "open":
            self._text.say(f"The dashboard is at {self._window.address} "
                           "(Ctrl-C here ends the run).")
        else:
            raise clean_exit.UserError(f"--web: {self._window.reason}")

    def _go_on_without_window(self, why):
        self._picture = self._picture or f"{self._title}.png"
        self._text.say(f"{why}: text only; the finished dashboard will be saved as "
                       f"{self._picture}.")

    def _look_after_window(self):
        """Pause if its user wants to; say so if it is gone."""
        if self._window is None:
            return
        self._answerer.answer(is_training=True)
        if self._window.paused:
            self._pause()
        if self._window.state == "failed":
            why, self._window = self._window.reason, None
            self._go_on_without_window(f"The window cannot be opened ({why})")
        elif self._window.state == "crashed":
            why, self._window = self._window.reason, None
            self._text.say(f"The window's process has ended ({why}); training goes on.")

    def _pause(self):
        began = time.monotonic()
        self._text.show_status("paused: press the space bar in the window to go on")
        self._answerer.wait(lambda: not self._window.paused)
        self._paused += time.monotonic() - began

    def _wait_for_user(self):
        """Leave the finished dashboard to its user, until it is closed."""
        try:
            if self._window.address is None:
                self._text.say("\nThe window stays open: look around in it, then close it.")
            else:
                self._text.say("\nThe dashboard stays at its address until you press Ctrl-C.")
            self._answerer.wait(lambda: False)
        except KeyboardInterrupt:
            pass  # the other way to close it

    def _save(self):
        """Save the picture and the movie that were asked for, if there is anything in them."""
        if not any(len(curve) for curve in self._run.curves.values()):
            return
        if self._picture is not None:
            self._text.show_status("drawing the picture")
            try:
                recording.save_picture(self._run, self._picture)
                self._text.say(f"saved {self._picture}")
            except clean_exit.UserError as error:
                if self._options["save_figure"]:
                    raise
                self._text.say(str(error))  # not asked for, so no reason to fail
        if self._movie is not None:
            self._movie.save(lambda done, total: self._text.show_status(
                f"drawing the movie: frame {done} of {total}"))
            self._text.say(f"saved {self._options['save_movie']}")

    def _look_back(self):
        """Read the user's own pictures, and save pictures of what was learned."""
        figures = {}
        for number, (name, image) in enumerate(self._options["classify"], 1):
            probabilities = read_digit(self._classify, image)
            self._text.show_digit(name, image, probabilities)
            stem = os.path.splitext(os.path.basename(name))[0]  # not unique: a/8.png, b/8.png
            figures[f"own_{number}_{stem}"] = (image, probabilities)
        if self._options["pictures"] is not None:
            from common import looking_back  # it needs matplotlib, which takes a while to import
            self._text.show_status("drawing pictures")
            paths = looking_back.save_pictures(self._options["pictures"], self._run, figures,
                                               self._last_test, self._network)
            self._text.say(f"saved {len(paths)} pictures in {self._options['pictures']}")

    def _refuse_what_the_network_lacks(self):
        can = {"save": hasattr(self._network, "save"),
               "restore": hasattr(self._network, "restore"),
               "classify": self._classify is not None}
        for option, is_possible in can.items():
            if self._options[option] and not is_possible:
                raise clean_exit.UserError(f"--{option}: this script hands its dashboard no "
                                           f"network with which it could do that")

    def _keep(self):
        self._keeper.save(self._next, self._seconds, self._run)

    def _restore(self):
        folder = self._options["restore"]
        self._first, seconds, messages = keeping.restore(self._network, folder, self._title)
        for message in messages:
            self._send(message)
        if self._last is not None:
            self._send({"last": max(self._last, self._first - 1)})
        accuracy, loss = (self._run.curves[name] for name in ("test_accuracy", "test_loss"))
        self._text.restore(zip(accuracy.values, loss.values, map(int, accuracy.iterations)))
        self._next, self._paused = self._first, -seconds  # the earlier part of the run counts, too
        self._text.say(f"restored {folder}: all before iteration {self._first:,} is done")

    def _end_early(self):
        """Called when the process ends early, so that what was reached is not lost."""
        if not self._finished:
            self._finished = True
            self._text.print_results("latest", self._seconds)
            if self._keeper is not None and self._keeper.saved is not None:
                folder = self._options["save"]
                self._text.say(f"{folder} has all before iteration {self._keeper.saved:,}; to go "
                               f"on from there: --restore {folder}")
            if self._window is not None:
                self._window.close()
            try:
                self._save()
            except clean_exit.UserError as error:  # the process is about to tell another one
                self._text.say(str(error))
            except KeyboardInterrupt:
                self._text.say("left out")

    def _check(self, i, loss):
        if not math.isfinite(loss):
            raise LossNotFinite(NOT_A_NUMBER.format(loss=loss, iteration=i))
