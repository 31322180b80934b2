"""All who follow a run: its outputs, and the people before the window or the pages."""

import argparse
import collections
import os
import traceback

from common.dashboard.link import notes
from common.dashboard.link.messages import Compared, Started
from common.dashboard.link.pipe import ViewerProcess
from common.dashboard.link.run import Run
from common.dashboard.outputs import afterwards, files
from common.dashboard.outputs.text import Text
from common.dashboard.outputs.viewer import ViewerOutput, has_screen
from common.options import Option, folder, whole_number
from common.terminal import StatusLine, UserError, is_notebook, readable, reason

WEB_PORT = 8988  # matplotlib's own for its pages

# Whatever an option asks for: a new one is a file, and a row here.
OUTPUTS = (afterwards.Keeper, files.Picture, files.Movie, afterwards.OwnDigits,
           afterwards.Pictures)

RESTORE = Option("--restore", "go on from what was saved in the folder DIR",
                 metavar="DIR", type=folder)
OPTIONS = (
    Option("--iterations", "train for N iterations, instead of the script's own number",
           metavar="N", type=whole_number(0)),
    Option("--text", "print numbers only, open no window (without a screen, this happens by "
           "itself)", action="store_true"),
    Option("--web", "show the dashboard in a browser instead of a window, at "
           f"http://127.0.0.1:PORT/ (default: {WEB_PORT})",
           metavar="PORT", type=whole_number(1, 65535), nargs="?", const=WEB_PORT),
    Option("--close", "close the window when the training is done, instead of leaving it open",
           action="store_true"),
    *(output.option for output in OUTPUTS),
    RESTORE,
    Option("--compare", "show the curves of earlier runs, kept with --save in the folders DIR, "
           "faintly behind those of this one",
           metavar="DIR", type=folder, nargs="+", default=()),
)


class Audience:
    """Who follows a run, as the options have it: a list of outputs.

    A broken output is dropped, with a sentence, while the others go on.

    Attributes:
      run: a `Run`, all that has been sent so far.
      failures: a list of str, the sentences.
    """

    def __init__(self, options, model, title, outputs, signals):
        """Prepare; nothing is opened before `start`.

        Args:
          options: an object with some of the attributes that `OPTIONS` declares, or None.
          model: an `output.Model`.
          title: str, the name of the run.
          outputs: further ones, a list of `output.Output`.
          signals: `terminal.HeldSignals`, of which one ends a pause.
        """
        self._signals = signals
        defaults = {option.name: option.default for option in OPTIONS}
        given = vars(options) if options is not None else {}
        self._early_viewer = given.pop("viewer", None)  # for one run: a script may have two
        self.options = argparse.Namespace(**defaults | given)
        self._model, self._title, self._more_outputs = model, title, outputs
        self.run = Run()
        self._terminal = StatusLine()
        self._outputs, self.failures = [], []
        self._viewer = None
        self._begin(Text())  # it follows a run that nobody starts, too

    def start(self, last):
        """Begin a run of so many training steps, or None where that is not known.

        Returns:
          The seconds that a part before has taken, which was restored, a float.

        Raises:
          UserError: a page for a browser was asked for and cannot be served, a checkpoint and
            cannot be restored or compared with, or something that the script's network cannot do.
        """
        compared = compared_with(self.options.compare, self._title)
        for kind in OUTPUTS:
            if getattr(self.options, kind.option.name):
                self._refuse_without(kind.needs, kind.option)
                self._begin(kind(self.options))
        for output in self._more_outputs:
            self._begin(output)
        if not self.options.text:
            self._open_viewer()
        self.send(Started(self._title, last, self._model.classify is not None,
                          self._model.inside is not None))
        for message in compared:
            self.send(message)
        seconds = self._restore(self.options.restore) if self.options.restore else 0.0
        if self._viewer is not None:
            self._viewer.wait_until_open()
        return seconds

    def send(self, message):
        """Hand one of the `messages` to all."""
        self.run.apply(message)
        for output in list(self._outputs):
            if not self._is_well(output.send, message):
                self._outputs.remove(output)

    @property
    def want_pictures(self):
        """bool, whether anybody looks at digits, weights and biases"""
        return any(output.has_pictures for output in self._outputs)

    @property
    def is_closed(self):
        """bool, whether the window was closed by its user, who wants the run to end"""
        return any(output.is_closed for output in self._outputs)

    def attend(self, iteration, is_measured=False):
        """Answer the users of the window; pause if they want to; say so if it is gone.

        Args:
          iteration: int, the number of training steps taken.
          is_measured: bool, whether all that is measured then has been: a single step ends here.

        Returns:
          The seconds of the pause, a float.
        """
        if self._viewer is None:
            return 0.0
        seconds = self._viewer.attend(iteration, is_measured, self.send)
        if (failure := self._viewer.failure) is not None:
            self._outputs.remove(self._viewer)
            self._viewer = None
            self._go_on_without_viewer(failure)
        return seconds

    @property
    def step_to(self):
        """int, the iteration at which a single step ends, to be measured there; None for none"""
        return self._viewer.step_to if self._viewer is not None else None

    def finish(self):
        """Have all finish what they do, the one that was started last at the end.

        Returns:
          What could not be done in the whole run, a list of str.
        """
        outputs, self._outputs = self._outputs, []
        for number, output in enumerate(outputs):
            try:
                self._is_well(output.finish)
            except KeyboardInterrupt:
                for left in outputs[number:]:
                    if left.option is not None:
                        self._terminal.say(f"{left.option.flag}: stopped before it was done")
                raise
        return [*self.failures, *filter(None, [self._terminal.failure])]

    def _is_well(self, action, *arguments):
        """Whether an output's action went well."""
        try:
            action(*arguments)
        except BrokenPipeError:  # nobody reads what the script prints: it ends
            raise
        except UserError as error:
            self._note(str(error))
        except OSError as error:  # the terminal is gone, for example
            self._note(f"{action.__self__.__class__.__name__}: {reason(error)}")
        except Exception as error:  # a bug: tell it whole
            traceback.print_exc()
            self._note(f"{action.__self__.__class__.__name__} is broken ({error!r})")
        else:
            return True
        return False

    def _note(self, failure):
        self.failures.append(failure)
        self._terminal.say(failure)

    def _begin(self, output):
        output.start(self.run, self._model, self._terminal)
        self._outputs.append(output)

    def _open_viewer(self):
        process = self._early_viewer or start_viewer(self.options, self._title)
        if process is not None:
            self._viewer = ViewerOutput(process, self.options.web is not None,
                                        not self.options.close, self._signals)
            self._begin(self._viewer)
        elif is_notebook():
            self._begin(files.Notebook())
        else:
            self._go_on_without_viewer("There is no screen")

    def _go_on_without_viewer(self, why):
        if self.options.save_figure is None:
            self.options.save_figure = f"{self._title.replace('/', '-')}.png"
            self._begin(files.Picture(self.options, is_asked_for=False))
        self._terminal.say(f"{why}: text only; the finished dashboard will be saved as "
                           f"{self.options.save_figure}.")

    def _refuse_without(self, ability, option):
        """Raise UserError if the script hands its dashboard nothing with such an ability."""
        if ability and getattr(self._model, ability) is None:
            raise UserError(f"{option.flag}: this script hands its dashboard no network with "
                            f"which it could do that")

    def undo_training(self):
        """Bring a restored network back to where it was."""
        self._model.checkpoints.restore(self.options.restore, self._title)

    def _restore(self, folder):
        self._refuse_without("checkpoints", RESTORE)
        restored = self._model.checkpoints.restore(folder, self._title)
        self.send(restored)
        self._terminal.say(f"restored {folder}: all before iteration {restored.iteration:,} is "
                           f"done")
        return restored.seconds


def start_viewer(options, title):
    """Start the process of a window or of pages: a `ViewerProcess`; None where none is to be."""
    if options.text or options.web is None and (is_notebook() or not has_screen()):
        return None
    return ViewerProcess(title, options.web)


def compared_with(folders, title):
    """The runs that were kept in some folders, to be compared with a run of this title.

    Of several runs of one script, the folders' names tell which is which.

    Returns:
      A list of `Compared`.

    Raises:
      UserError: in one of the folders no run was kept.
    """
    runs = [notes.read(path)[1] for path in folders]
    counts = collections.Counter([title, *(run.title for run in runs)])
    return [Compared(run.title if counts[run.title] == 1 else readable(os.path.basename(path)),
                     run.curves) for path, run in zip(folders, runs)]
