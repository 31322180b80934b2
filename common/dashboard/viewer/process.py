"""A viewer's process: python -m common.dashboard.viewer.process --title TITLE [--web PORT] …

It shows a window, or pages for browsers: the viewers. It reads messages from its standard input
and draws at its own pace; what its users want goes to its standard output (see `link`).
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import sys
import time
from importlib.util import find_spec

import matplotlib

from common.dashboard.drawing.style import DPI, use_style
from common.dashboard.link.messages import Answer, Closed, Failed, Opened
from common.dashboard.link.pipe import ScriptLink
from common.dashboard.link.run import NotOftener, Run
from common.dashboard.viewer.viewer import TICK, Viewer
from common.terminal import UserError

SHARE = 0.25  # of a processor that repainting by itself may take, of all viewers together

# From one repainting to the next: the longer a run takes, the less a new point moves its curves.
FASTEST, SLOWEST = 0.2, 1.0  # seconds
SLOWING = 0.05               # of the time that it has been shown

TOOLKITS = "tk", "qt", "gtk", "wx", "macosx"  # the beginnings of matplotlib's names for them
SHARE_OF_SCREEN = 0.9
WIDEST = 16 / 9              # of a window, as its user finds it
SMALLEST = 640, 400          # pixels, to which its user can make it


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the script, which tells us then
    parser = argparse.ArgumentParser(prog="python -m common.dashboard.viewer.process")
    parser.add_argument("--title", required=True)
    parser.add_argument("--folder", help="where to save pictures, unless the user says otherwise")
    parser.add_argument("--web", type=int, metavar="PORT", help="serve a page instead of a window")
    parser.add_argument("--backend", help="how to open a window, as MPLBACKEND has it")
    arguments = parser.parse_args()

    # The streams are for messages alone, whatever libraries print.
    link = ScriptLink(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    use_style()
    if arguments.folder:
        matplotlib.rcParams["savefig.directory"] = arguments.folder
    try:
        show = (prepare_window(arguments.backend) if arguments.web is None
                else prepare_page(arguments.web))
        if link.wait_for_run():
            show(arguments.title, link, Viewers(link))
            link.tell(Closed())
    except UserError as error:
        reason = str(error).replace("\n", " ")
        link.tell(Failed(reason if arguments.web is not None
                         else f"The window cannot be opened ({reason})"))
    if link.has_ended and link.has_begun:
        print(f"{arguments.title} has ended without a word; its dashboard closes.",
              file=sys.stderr)


def prepare_window(backend):
    """Load what a window needs, which takes a while; return the function that opens it.

    A `backend` of matplotlib (str) that opens no window, or is not there, is left aside.
    """
    import matplotlib.pyplot as plt
    if backend.lower().startswith(TOOLKITS):
        with contextlib.suppress(Exception):  # each toolkit has errors of its own
            plt.switch_backend(backend)
            return show_window
    try:
        # Left to itself, matplotlib prefers Qt, which ends the process where it lacks a library.
        has_tk = sys.platform != "darwin" and find_spec("tkinter")
        plt.switch_backend("TkAgg" if has_tk else matplotlib.get_backend())
    except Exception as error:
        raise UserError(str(error)) from error
    return show_window


def prepare_page(port):
    """Load what pages need; return the function that serves them."""
    try:
        from common.dashboard.viewer import browser
    except ImportError as error:
        raise UserError(f"{error}: it needs the package tornado (python -m pip install tornado)"
                         ) from error
    return lambda *run: asyncio.run(browser.serve(port, *run))


def show_window(title, link, viewers):
    """Open the window and keep it until it is closed, by its user or by the script."""
    import matplotlib.pyplot as plt

    try:
        figure = plt.figure(num=title, dpi=DPI)
    except Exception as error:
        raise UserError(str(error)) from error
    if figure.canvas.required_interactive_framework is None:
        raise UserError("Python has no toolkit for windows here; Debian and Ubuntu: sudo apt "
                         "install python3-tk; anywhere: python -m pip install PySide6")
    # Tk's dialogue would take what follows a dot in the title for the kind of file.
    figure.canvas.get_default_filename = lambda: f"{title.replace('.', '-')}.png"
    fit_to_screen(figure.canvas.manager)
    viewers.add(Viewer, figure.canvas)
    errors = []

    def tick():
        try:
            viewers.tick()
        except Exception as error:  # the toolkits print it and go on, again and again
            errors.append(error)
        if viewers.is_closed or link.has_ended or errors:
            timer.stop()
            plt.close(figure)

    timer = figure.canvas.new_timer(interval=int(TICK * 1000))
    timer.add_callback(tick)
    timer.start()
    link.tell(Opened())
    plt.show()
    for error in errors:
        raise error


class Viewers:
    """All viewers of a run in this process.

    Attributes:
      run: the `Run`.
      is_closed: bool, whether the script wants them closed.
    """

    def __init__(self, link):
        """Show what comes over a `ScriptLink`."""
        self._link, self.run, self.is_closed = link, Run(), False
        self._viewers, self._numbers = {}, itertools.count()  # by number
        self._has_news = False  # that are not shown yet
        self._began, self._pace = time.monotonic(), NotOftener(FASTEST, SHARE)

    def add(self, make, canvas):
        """Add a viewer on a canvas of matplotlib: `make` is its class. Returns it."""
        number = next(self._numbers)
        viewer = self._viewers[number] = make(number, canvas, self.run, self._link.tell)
        return viewer

    def remove(self, viewer):
        """Forget a viewer, and what it has asked."""
        viewer.asker.ask(None)
        self._viewers = {number: other for number, other in self._viewers.items()
                         if other is not viewer}

    def repaint(self):
        """Bring all up to date."""
        for viewer in self._viewers.values():
            viewer.repaint()

    def tick(self):
        """Take what has come, and show it if it is time to: to be called every `TICK`."""
        hasty = set()  # viewers whose users wait for what they have written or asked
        for message in self._link.take():
            self.run.apply(message)
            self._has_news = True
            if isinstance(message, Closed):
                self.is_closed = True
            elif isinstance(message, Answer) and message.viewer in self._viewers:
                viewer = self._viewers[message.viewer]
                if viewer.asker.take(message):
                    hasty.add(viewer)
        viewers = list(self._viewers.values())
        hasty |= {viewer for viewer in viewers if viewer.tick()}
        if self._has_news and self._pace.is_due and not self.is_closed:
            self._has_news = False
            self.repaint()
            self._pace.seconds = self._between()
            self._pace.restart(sum(viewer.seconds for viewer in viewers))
        else:
            for viewer in hasty:
                viewer.repaint()
        if self._pace.is_due or any(viewer.asker.is_waiting for viewer in viewers):
            self._link.ask()

    def _between(self):
        """The seconds from one repainting of all to the next."""
        if self.run.phase != "training":  # what comes now, its user has asked for
            return FASTEST
        return min(max(FASTEST, SLOWING * (time.monotonic() - self._began)), SLOWEST)


def fit_to_screen(manager):
    """Give a window the size that suits the screen, and leave only what is ours in it.

    matplotlib's toolbar goes: the dashboard has buttons of its own.
    """
    window, toolbar = manager.window, manager.toolbar
    if hasattr(window, "winfo_screenwidth"):  # Tk
        toolbar.pack_forget()
        width, height = size_on(window.winfo_screenwidth(), window.winfo_screenheight())
        window.minsize(*SMALLEST)
        window.geometry(f"{width}x{height}")  # `manager.resize` doubles it on a dense screen
    elif hasattr(window, "setMinimumSize"):  # Qt
        toolbar.hide()
        free = window.screen().availableGeometry()
        window.setMinimumSize(*SMALLEST)
        window.resize(*size_on(free.width(), free.height()))  # `manager.resize` adds a toolbar


def size_on(screen_width, screen_height):
    """The size of a window on a screen: width and height, like the arguments in pixels."""
    height = SHARE_OF_SCREEN * screen_height
    return int(min(SHARE_OF_SCREEN * screen_width, WIDEST * height)), int(height)


if __name__ == "__main__":
    main()
