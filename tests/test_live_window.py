"""Real windows on a virtual screen, with real keys: what is seen in them, and how soon."""

import functools
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import wait_until
from synthetic_run import digits, predictions_of

from common import dashboard_figure
from common.run_state import RunState, first_digits, misread_first, percentile_bands
from common.window_process import WindowProcess

WIDTH, HEIGHT = dashboard_figure.WIDTH, dashboard_figure.HEIGHT
STATUS_LINE = 32  # pixels at the bottom that tell the time
TOOLKITS = {"TkAgg": "tkinter", "QtAgg": "PySide6.QtWidgets"}


class LiveWindow:
    """A window fed by a test, which keeps a `RunState` of its own to know what must be seen."""

    def __init__(self, screen, folder):
        self.screen, self.run = screen, RunState()
        self.process = WindowProcess("a test")
        # The window opens with the first message.
        self.send({"title": "a test", "last": 10_000, "reads_digits": True})
        self.process.wait(lambda: self.process.state != "starting", 60)
        assert (self.process.state, self.process.reason) == ("open", "")
        self.id = wait_until(lambda: self.xdotool("search", "--onlyvisible", "--name",
                                                  "^a test$"))
        self.xdotool("windowmove", self.id, 0, 0)
        assert wait_until(self.has_the_keys)
        # How far below the window's top the canvas begins: Qt has its toolbar above, Tk below.
        geometry = self.xdotool("getwindowgeometry", "--shell", self.id)
        height = int(geometry.split("HEIGHT=")[1].split()[0])
        self.top = height - HEIGHT if os.environ["MPLBACKEND"] == "QtAgg" else 0

    def has_the_keys(self):
        self.xdotool("windowfocus", self.id)
        return self.xdotool("getwindowfocus", "-f") == self.id

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *map(str, arguments)], capture_output=True, text=True,
                              env=os.environ | {"DISPLAY": self.screen}).stdout.strip()

    def send(self, message):
        self.run.apply(message)
        self.process.send(message)

    def press(self, key):
        self.xdotool("key", key)

    def drag(self, start, end):
        """Draw a box with the mouse; both corners in pixels of the canvas, from its top left."""
        (x0, y0), (x1, y1) = start, end
        self.xdotool("mousemove", x0, y0 + self.top, "mousedown", 1, "sleep", 0.2,
                     "mousemove", (x0 + x1) // 2, (y0 + y1) // 2 + self.top, "sleep", 0.2,
                     "mousemove", x1, y1 + self.top, "sleep", 0.2, "mouseup", 1)

    def picture(self):
        """What the canvas shows, int [HEIGHT, WIDTH, 3]."""
        from PIL import ImageGrab
        shot = np.asarray(ImageGrab.grab(xdisplay=self.screen).convert("RGB")).astype(int)
        return shot[self.top:self.top + HEIGHT, :WIDTH]

    def shows(self, view):
        """Whether the canvas shows these panels, as they should be for the messages sent."""
        difference = self.picture() - expected_picture(self.run, view)
        return np.abs(difference[:-STATUS_LINE]).mean() < 0.5


def expected_picture(run, view):
    """What a dashboard with these panels must look like, int [HEIGHT, WIDTH, 3]."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    with matplotlib.rc_context():
        dashboard_figure.use_style()
        figure = Figure(dpi=dashboard_figure.DPI,
                        figsize=dashboard_figure.size_in_inches(WIDTH, HEIGHT))
        canvas = FigureCanvasAgg(figure)
        dashboard = dashboard_figure.DashboardFigure(figure, run)
        dashboard.connect()
        dashboard.show_panels(view)
        dashboard.update()
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def messages(first, last, every=20):
    """The messages of a run that gets better by itself, from one iteration to another."""
    random = np.random.default_rng(1)
    test_images, test_labels = digits(random, 2000)
    weights = random.normal(size=1000)
    for i in range(first, last + 1, every):
        share = 1 - 0.9 * np.exp(-i / 200)
        images, labels = digits(random, 100)
        weights = weights + 0.05 * random.normal(size=1000)
        yield {"iteration": i, "epoch": 1, "train_accuracy": share, "train_loss": 100 - 95 * share,
               "weights": percentile_bands([weights]), "biases": percentile_bands([weights[:10]]),
               "train_digits": first_digits(images, predictions_of(random, labels, share), labels)}
        if i % 100 == 0:
            predictions = predictions_of(random, test_labels, share)
            yield {"iteration": i, "test_accuracy": share, "test_loss": 100 - 90 * share,
                   "test_digits": misread_first(test_images, predictions, test_labels)}


@pytest.fixture(params=TOOLKITS)
def toolkit(request, screen, monkeypatch):
    pytest.importorskip(TOOLKITS[request.param], exc_type=ImportError)
    monkeypatch.setenv("MPLBACKEND", request.param)
    monkeypatch.setenv("DISPLAY", screen)
    return request.param


@pytest.fixture
def window(toolkit, screen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    window = LiveWindow(screen, tmp_path)
    for message in messages(0, 400):
        window.send(message)
    assert wait_until(lambda: window.shows(dashboard_figure.ALL))
    yield window
    window.process.close()


def test_every_key(window, tmp_path):
    for key, view in dashboard_figure.VIEWS.items():
        window.press({"escape": "Escape"}.get(key, key))
        assert wait_until(functools.partial(window.shows, view), 5), key

    before = window.picture()
    window.press("question")
    assert wait_until(lambda: not window.shows(dashboard_figure.ALL), 5)
    middle = window.picture()[HEIGHT // 2 - 150:HEIGHT // 2 + 150]
    assert np.mean(middle[:, WIDTH // 2 - 200:WIDTH // 2 + 200] == 255) > 0.8  # a list of words
    window.press("question")
    assert wait_until(lambda: window.shows(dashboard_figure.ALL), 5)

    window.press("space")
    assert wait_until(lambda: window.process.paused, 5)
    window.press("space")
    assert wait_until(lambda: not window.process.paused, 5)

    window.press("o")
    window.drag((100, 60), (200, 200))  # in the panel of the accuracy
    assert wait_until(lambda: (  # this panel …
        np.abs(window.picture() - before)[:300, 50:400].mean() > 2), 5)
    assert np.abs(window.picture() - before)[:300, 500:].mean() < 0.5  # … and no other
    window.press("h")
    assert wait_until(lambda: window.shows(dashboard_figure.ALL), 5)
    window.press("o")

    window.press("ctrl+s")
    time.sleep(1.5)  # until the dialogue has the keyboard
    window.press("Return")
    saved = tmp_path / "a test.png"
    assert wait_until(lambda: saved.exists() and saved.stat().st_size > 10_000, 10)


def test_a_click_on_a_digit_and_back(window):
    window.press("3")
    assert wait_until(lambda: window.shows((3,)), 5)
    window.drag((WIDTH // 2, 200), (WIDTH // 2, 200))
    assert wait_until(lambda: not window.shows((3,)), 5)
    digit = window.picture()[60:600, 60:600]  # large pixels: neighbours are alike
    assert np.mean(digit[:-1] == digit[1:]) > 0.9 and digit.std() > 20
    window.drag((WIDTH // 2, 200), (WIDTH // 2, 200))
    assert wait_until(lambda: window.shows((3,)), 5)


def test_writing_a_digit_and_having_it_read(window):
    window.press("d")
    assert wait_until(lambda: not window.shows(dashboard_figure.ALL), 5)
    time.sleep(0.5)
    window.drag((150, 150), (350, 150))
    window.drag((350, 150), (200, 400))
    assert wait_until(lambda: window.process.drawing is not None, 5)
    drawing = np.frombuffer(window.process.drawing, np.uint8).reshape(28, 28)
    rows = np.flatnonzero(drawing.any(axis=1))
    assert (drawing[rows[1]] > 0).sum() > 10 and (drawing[rows[-2]] > 0).sum() < 6  # a 7

    ink = window.picture()[60:450, 60:450].mean(axis=2) < 100
    assert ink[80:100, 130:250].all()  # the upper stroke on the sheet
    probabilities = np.full(10, 0.02, np.float32)
    probabilities[7] = 0.82
    without = window.picture()
    window.process.send({"answer": (window.process.drawing, probabilities)})
    assert wait_until(lambda: np.abs(window.picture() - without)[:, 850:].mean() > 1, 5)
    window.press("c")
    assert wait_until(lambda: window.process.drawing is None, 5)
    assert wait_until(lambda: (window.picture()[60:450, 60:450] > 200).all(), 5)
    window.press("d")
    assert wait_until(lambda: window.shows(dashboard_figure.ALL), 5)


def test_points_are_soon_on_the_screen_and_keys_soon_answered(window):
    """The marks are 0.5 s and 0.2 s on a quiet machine; here there is room for a busy one."""
    start = time.monotonic()
    window.send({"iteration": 400, "test_accuracy": 0.2, "test_loss": 60})
    assert wait_until(lambda: window.shows(dashboard_figure.ALL), 5)
    window.press("4")
    assert wait_until(lambda: window.shows((4,)), 5)
    assert time.monotonic() - start < 4


def test_resizing(window):
    window.xdotool("windowsize", window.id, 900, 560)

    def reds():
        return (np.abs(window.picture() - [235, 87, 72]).sum(axis=2) < 30)[:, 500:].sum(axis=0)

    # Beyond the window is the empty screen; the misread digits have moved with the rest.
    assert wait_until(lambda: (window.picture()[:, 905:] == 0).all() and reds().sum() > 500)
    assert reds()[400:].sum() == 0


def test_stuck_window_costs_neither_time_nor_points(window):
    os.kill(window.process._process.pid, signal.SIGSTOP)
    start = time.monotonic()
    for message in messages(402, 3000, every=2):
        window.send(message)
    assert time.monotonic() - start < 20  # what preparing 1,300 messages takes, and no more
    waiting = window.process._outbox.take()  # a look at what waits
    for message in waiting:
        window.process._outbox.add(message)
    assert sum("train_digits" in message for message in waiting) == 1
    os.kill(window.process._process.pid, signal.SIGCONT)
    assert wait_until(lambda: window.shows(dashboard_figure.ALL))
    assert len(window.run.curves["train_accuracy"]) == 21 + 1300


def test_a_long_run_needs_no_more_memory_than_a_short_one(window):
    status = pathlib.Path(f"/proc/{window.process._process.pid}/status")
    if not status.exists():
        pytest.skip("this system has no /proc to read the memory from")

    def memory():
        return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1000  # megabytes

    for message in messages(420, 2000):
        window.send(message)
        time.sleep(0.003)
    assert wait_until(lambda: window.shows(dashboard_figure.ALL))
    early = memory()
    for message in messages(2020, 10_000):
        window.send(message)
        time.sleep(0.003)
    assert wait_until(lambda: window.shows(dashboard_figure.ALL))
    assert memory() < early + 20 and memory() < 250
