"""A window or page that a test feeds with a run, and what must be seen of it."""

import os
import pathlib
import re
import subprocess
import time

import matplotlib
import numpy as np
import pytest
from conftest import wait_until
from drawn_dashboard import dashboard_of, draw, messages_of_a_run, pixels

from common.dashboard.drawing.style import DPI, use_style
from common.dashboard.link.pipe import ViewerProcess
from common.dashboard.link.run import Run
from common.dashboard.viewer.keys import KEYS

PATIENCE = 20   # seconds for what takes a fraction of one on a machine that is not busy
STATUS = 80     # pixels at the bottom: buttons, and the line that follows up to a second later
SAME = 0.05     # mean difference of two pictures, of 255, at most; where they differ: at least
DIFFERENT = 0.3
BEGINNING, REST = np.split(np.array(list(messages_of_a_run(600))[:-1], object), [50])


class FedViewer:
    """A `ViewerProcess` that a test feeds. It keeps a `Run` of its own, to know what must be seen.
    """

    def __init__(self, messages, web=None, title="a test"):
        self.process, self.run, self._has_buttons = ViewerProcess(title, web), Run(), web is None
        for message in messages:  # it opens with the first one
            self.send(message)
        self.process.wait(lambda: self.process.state != "starting", 60)
        assert (self.process.state, self.process.reason) == ("open", "")

    def send(self, message):
        self.run.apply(message)
        self.process.send(message)

    def expected(self, width, height, ratio=1, view="all", arrange=None):
        """The picture of a viewer of so many pixels, int [ratio * height, ratio * width, 3]."""
        with matplotlib.rc_context():
            use_style()
            dashboard = dashboard_of(self.run, ratio * width, ratio * height, ratio * DPI, view,
                                     KEYS, self._has_buttons)
            draw(dashboard)
            if arrange is not None:
                arrange(dashboard)
                draw(dashboard)
            return pixels(dashboard)[::-1].astype(int)

    def is_asked_about_a_flat_stroke(self):
        """Whether the digit that somebody writes on it is, so far, a line from left to right."""
        for question in dict(self.process.questions).values():
            ink = np.frombuffer(question.image, np.uint8).reshape(28, 28) > 0
            return ink.any(axis=0).sum() >= 19 and ink.any(axis=1).sum() < 10

    def memory(self):
        """The resident memory of the process, in megabytes."""
        status = pathlib.Path(f"/proc/{self.process_id}/status")
        if not status.exists():
            pytest.skip("this system has no /proc to read the memory from")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text())[1]) / 1000

    @property
    def process_id(self):
        return self.process._process.pid


def is_gone(number):
    """Whether a process is no more, or only waits to be counted by its parent."""
    try:
        return " Z" in pathlib.Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return True


class Window:
    """A window on a virtual screen, moved to its top left, that gets the keys."""

    def __init__(self, screen, title):
        self._screen = screen
        self.id = wait_until(lambda: self.xdotool(
            "search", "--onlyvisible", "--name", f"^{re.escape(title)}$"), 60)
        assert self.id, f"there is no window {title}"
        self.xdotool("windowmove", self.id, 0, 0)
        assert wait_until(self._has_the_keys)
        time.sleep(0.5)  # until the toolkit knows it, too

    def _has_the_keys(self):
        self.xdotool("windowfocus", self.id)
        return self.xdotool("getwindowfocus", "-f") == self.id

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *map(str, arguments)], capture_output=True, text=True,
                              env=os.environ | {"DISPLAY": self._screen}).stdout.strip()

    def press(self, key):
        self.xdotool("key", key)


def shows(seen, view="all", arrange=None):
    """Whether a window or a tab comes to show a view: what is `seen` of its `viewer`."""
    size, expected = None, None

    def is_shown():
        nonlocal size, expected
        if size != seen.size:
            size = seen.size
            expected = seen.viewer.expected(*size, seen.ratio, view, arrange)
        picture = seen.picture()
        return difference(picture, expected[:len(picture)]) < SAME  # a tab may end above the fold

    return wait_until(is_shown, PATIENCE)


def difference(picture, expected):
    """The mean difference of two pictures, but for the status line; infinite if sizes differ.

    On a high-density screen a canvas may be larger than its picture by a pixel.
    """
    (rows, columns, _), (height, width, _) = picture.shape, expected.shape
    if not (0 <= rows - height < 2 and 0 <= columns - width < 2):
        return np.inf
    end = height - STATUS * max(1, height // 720)
    return np.abs(picture[:end, :width] - expected[:end]).mean()
