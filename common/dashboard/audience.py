"""All who follow a run: its outputs, and the people before the window or the pages."""

import argparse
import collections
import os
import time

from common.dashboard.link import notes
from common.dashboard.link.messages import Compared, Paused, Started
from common.dashboard.link.pipe import ViewerProcess
from common.dashboard.link.run import Run
from common.dashboard.outputs import afterwards, files, keeping, notebook
from common.dashboard.outputs.output import Outputs
from common.dashboard.outputs.screen import Screen, has_screen
from common.dashboard.outputs.text import Text
from common.options import Option, folder, whole_number
from common.terminal import StatusLine, UserError

WEB_PORT = 8988  # matplotlib's own for its pages

# Whatever an option asks for: a new one is a file, and a row here.
OUTPUTS = (keeping.Keeper, files.Picture, files.Movie, afterwards.OwnDigits,
           afterwards.LearnedPictures)

RESTORE = Option("--restore", "go on from what was saved in the folder DIR", "DIR", folder)
OPTIONS = (
    Option("--iterations", "train for N iterations, instead of the script's own number", "N",
           whole_number(0, 10**9)),
    Option("--text", "print numbers only, open no window (without a screen, that goes by itself)"),
    Option("--web", "show the dashboard in a browser instead of a window, at "
           f"http://127.0.0.1:PORT/ (default: {WEB_PORT})", "PORT", whole_number(1, 65535),
           more={"nargs": "?", "const": WEB_PORT}),
    Option("--close", "close the window when the training is done, instead of leaving it open"),
    *(output.option for output in OUTPUTS),
    RESTORE,
    Option("--compare", "show the curves of earlier runs, kept with --save in the folders DIR, "
           "faintly behind those of this one", "DIR", folder, default=(), more={"nargs": "+"}),
)


class Audience:
    """Who follows a run, as the options have it.

    Attributes:
      run: a `Run`, all that has been sent so far.
      is_stepping: bool, whether the user takes a single step, to see what it does.
    """

    def __init__(self, options, model, title, outputs):
        """Prepare; nothing is opened before `start`.

        Args:
          options: an object with some of the attributes that `OPTIONS` declares, or None.
          model: an `output.Model`.
          title: str, the name of the run.
          outputs: further ones, a list of `output.Output`.
        """
        defaults = {option.name: option.default for option in OPTIONS} | {"viewer": None}
        given = vars(options) if options is not None else {}
        self.options = argparse.Namespace(**defaults | given)
        self._model, self._title, self._more_outputs = model, title, outputs
        self.run = Run()
        self._terminal = StatusLine()
        self._outputs = Outputs(self._terminal)
        self._screen, self._notebook, self.is_stepping = None, None, False
        self._begin(Text())  # it follows a run that nobody starts, too

    def start(self, last):
        """Begin a run of so many training steps, or None where that is not known.

        Returns:
          The iteration at which it begins, and the seconds that the part before has taken.

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
            self._open_screen()
        self.send(Started(self._title, last, self._model.classify is not None,
                          self._model.inside is not None))
        for message in compared:
            self.send(message)
        start = self._restore(self.options.restore) if self.options.restore else (0, 0.0)
        if self._screen is not None:
            self._screen.wait_until_open()
        return start

    def send(self, message):
        """Hand one of the `messages` to all."""
        self.run.apply(message)
        self._outputs.send(message)

    @property
    def want_pictures(self):
        """bool, whether anybody looks at digits, weights and biases"""
        return self._outputs.have_pictures

    @property
    def is_closed(self):
        """bool, whether the window was closed by its user, who wants the run to end"""
        return any(shown is not None and shown.is_closed
                   for shown in (self._screen, self._notebook))

    def attend(self, is_between=False):
        """Answer the users of the window; pause if they want to; say so if it is gone.

        Args:
          is_between: bool, whether an iteration has ended and the next not begun: then a single
            step, asked for in a pause, has ended, too.

        Returns:
          The seconds of the pause, a float.
        """
        if self._screen is None:
            return 0.0
        self.is_stepping &= not is_between
        self._screen.answer()
        began = time.monotonic()
        if self._screen.is_paused and not self.is_stepping:
            self.send(Paused(True))
            self._screen.wait_while_paused()
            self.is_stepping = self._screen.take_step()
            if not self.is_stepping:
                self.send(Paused(False))
        if (failure := self._screen.failure) is not None:
            self._outputs.drop(self._screen)
            self._screen = None
            self._go_on_without_screen(failure)
        return time.monotonic() - began

    def finish(self):
        """Have all finish what they do. What could not be done is returned, a list of str."""
        self._outputs.finish()
        return [*self._outputs.failures, *filter(None, [self._terminal.failure])]

    def _begin(self, output):
        self._outputs.start(output, self.run, self._model)

    def _open_screen(self):
        """Start the process of the window or page, unless the script has done so early on."""
        web = self.options.web
        if web is None and notebook.is_here():
            self._notebook = notebook.Notebook()
            self._begin(self._notebook)
        elif web is None and not has_screen():
            self._go_on_without_screen("There is no screen")
        else:
            viewer = self.options.viewer or ViewerProcess(self._title, web)
            self._screen = Screen(viewer, is_page=web is not None,
                                  stays_open=not self.options.close)
            self._begin(self._screen)

    def _go_on_without_screen(self, why):
        if self.options.save_figure is None:
            self.options.save_figure = f"{self._title}.png"
            self._begin(files.Picture(self.options))
        self._terminal.say(f"{why}: text only; the finished dashboard will be saved as "
                           f"{self.options.save_figure}.")

    def _refuse_without(self, ability, option):
        """Raise UserError if the script hands its dashboard nothing with such an ability."""
        if ability and getattr(self._model, ability) is None:
            raise UserError(f"{option.flag}: this script hands its dashboard no network with "
                            f"which it could do that")

    def _restore(self, folder):
        self._refuse_without("checkpoints", RESTORE)
        restored = self._model.checkpoints.restore(folder, self._title)
        self.send(restored)
        self._terminal.say(f"restored {folder}: all before iteration {restored.iteration:,} is "
                           f"done")
        return restored.iteration, restored.seconds


def compared_with(folders, title):
    """The runs that were kept in some folders, to be compared with a run of this title.

    Of several runs of one script, the folders' names tell which is which.

    Returns:
      A list of `Compared`.

    Raises:
      UserError: in one of the folders no run was kept.
    """
    runs = [notes.read(path, "--compare")[1] for path in folders]
    counts = collections.Counter([title, *(run.title for run in runs)])
    return [Compared(run.title if counts[run.title] == 1 else os.path.basename(path), run.curves)
            for path, run in zip(folders, runs)]
