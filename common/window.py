"""The live window, a process of its own: python -m common.window TITLE [--folder DIR] [--web PORT]

It reads messages for a `RunState` from its standard input, pickled, and draws at its own pace. On
its standard output it tells the script what its user does, a line each: `window_process` reads
them. So neither ever waits for the other.
"""

import argparse
import functools
import os
import pickle
import queue
import signal
import sys
import threading
from importlib.util import find_spec

import matplotlib

from common import dashboard_figure
from common.viewer import TICK, Viewer


class Inbox:
    """Takes in what the script sends, in a thread."""

    def __init__(self, stream, tell):
        """Read pickled lists of messages from `stream`, a binary file, until its end.

        `tell` is called with each word for the script.
        """
        self._stream, self._tell = stream, tell
        self._arrived = queue.SimpleQueue()
        self._something = threading.Event()
        self._asked = False
        self.has_begun = False  # something has come
        self.ended = False  # no more will come: the script's process is gone
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                self._arrived.put(pickle.load(self._stream))
                self.has_begun = True
                self._something.set()
        except (EOFError, OSError, pickle.UnpicklingError):  # also in the middle of a message
            self.ended = True
            self._something.set()

    def wait_for_run(self):
        """Wait until the script has something to show; return whether it has, before its end."""
        self.ask()
        self._something.wait()
        return self.has_begun

    def ask(self):
        """Ask the script for what is new. It answers once, when there is something."""
        if not self._asked:
            self._asked = True
            self._tell("more")

    def take(self):
        """The messages that have come, a list."""
        try:
            messages = self._arrived.get_nowait()
        except queue.Empty:
            return []
        self._asked = False
        return messages


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the script, which tells us then
    parser = argparse.ArgumentParser(prog="python -m common.window")
    parser.add_argument("title")
    parser.add_argument("--folder", help="where to save pictures, unless the user says otherwise")
    parser.add_argument("--web", type=int, metavar="PORT", help="serve a page instead of a window")
    arguments = parser.parse_args()

    # The stream is for words to the script alone, whatever libraries print.
    words = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(word):
        try:
            words.write(word + "\n")
        except BrokenPipeError:
            pass  # the script is gone, and the inbox will say so

    inbox = Inbox(os.fdopen(os.dup(0), "rb"), tell)  # Python may touch sys.stdin at its end
    dashboard_figure.use_style()
    if arguments.folder:
        matplotlib.rcParams["savefig.directory"] = arguments.folder
    try:
        show = prepare_window() if arguments.web is None else prepare_page(arguments.web)
        if inbox.wait_for_run():
            show(arguments.title, inbox, tell)
    except CannotShow as error:
        tell(f"failed {error}".replace("\n", " "))
    if inbox.ended and inbox.has_begun:
        print(f"{arguments.title} has ended without a word; its dashboard closes.",
              file=sys.stderr)


class CannotShow(Exception):
    """There is no way to show the dashboard here; the text says why."""


def prepare_window():
    """Load what a window needs, which takes a while; return the function that opens it."""
    try:
        # Left to itself, matplotlib prefers Qt, which ends the process where it lacks a library.
        if "MPLBACKEND" not in os.environ and sys.platform != "darwin" and find_spec("tkinter"):
            matplotlib.use("TkAgg")
        import matplotlib.pyplot as plt
        plt.switch_backend(matplotlib.get_backend())
    except Exception as error:  # each toolkit has errors of its own
        raise CannotShow(error) from error
    return show_window


def prepare_page(port):
    """The same for a page."""
    try:
        from common import browser
    except ImportError as error:
        raise CannotShow(f"{error}: it needs the package tornado (python -m pip install tornado)"
                         ) from error
    return functools.partial(browser.serve, port)


def show_window(title, inbox, tell):
    """Open the window and keep it until it is closed, by its user or by the script."""
    import matplotlib.pyplot as plt

    try:
        width, height = dashboard_figure.WIDTH, dashboard_figure.HEIGHT
        figure = plt.figure(num=title, dpi=dashboard_figure.DPI,
                            figsize=dashboard_figure.size_in_inches(width, height))
    except Exception as error:
        raise CannotShow(error) from error
    if figure.canvas.required_interactive_framework is None:
        raise CannotShow("Python has no toolkit for windows here; Debian and Ubuntu: sudo apt "
                         "install python3-tk; anywhere: python -m pip install PySide6")
    figure.canvas.get_default_filename = lambda: f"{title}.png"
    viewer = Viewer(figure, inbox, tell)
    errors = []

    def tick():
        try:
            viewer.tick()
        except Exception as error:  # the toolkits print it and go on, again and again
            errors.append(error)
        if viewer.run.phase == "closed" or inbox.ended or errors:
            timer.stop()
            plt.close(figure)

    timer = figure.canvas.new_timer(interval=int(TICK * 1000))
    timer.add_callback(tick)
    timer.start()
    tell("ready")
    plt.show()
    for error in errors:
        raise error
    tell("closed")


if __name__ == "__main__":
    main()
