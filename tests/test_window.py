"""Real windows on a virtual screen, with real keys and a real mouse: what is seen in them."""

import time

import numpy as np
import pytest
from conftest import wait_until
from drawn_dashboard import messages_of_a_run
from fed_viewer import BEGINNING, DIFFERENT, PATIENCE, REST, FedViewer, Window, shows

from common.dashboard.link.messages import Answer
from common.dashboard.viewer.keys import KEYS
from common.dashboard.viewer.process import size_on

TOOLKITS = {"TkAgg": "tkinter", "QtAgg": "PySide6.QtWidgets"}
WIDTH, HEIGHT = 1728, 1080  # nine tenths of the virtual screen
PLACES = list(dict.fromkeys(key.place for key in KEYS if key.button))


class LiveWindow(FedViewer, Window):
    """A window on a virtual screen, and what it shows."""

    ratio = 1

    def __init__(self, screen):
        self.viewer = self
        FedViewer.__init__(self, BEGINNING, title="stage 1.0")
        Window.__init__(self, screen, "stage 1.0")

    def drag(self, *points):
        """Move the mouse along points, its button held; in pixels from the window's top left."""
        moves = [word for point in points[1:] for word in ("mousemove", *point, "sleep", 0.2)]
        self.xdotool("mousemove", *points[0], "mousedown", 1, "sleep", 0.2, *moves, "mouseup", 1)

    def picture(self):
        """What the window shows, int [height, width, 3]."""
        from PIL import ImageGrab
        shot = np.asarray(ImageGrab.grab(xdisplay=self._screen).convert("RGB")).astype(int)
        width, height = self.size
        return shot[:height, :width]

    @property
    def size(self):
        lines = self.xdotool("getwindowgeometry", "--shell", self.id).splitlines()
        found = dict(line.split("=") for line in lines)
        return int(found["WIDTH"]), int(found["HEIGHT"])


@pytest.fixture(params=["TkAgg", pytest.param("QtAgg", marks=pytest.mark.slow)])
def window(request, screen, tmp_path, monkeypatch):
    pytest.importorskip(TOOLKITS[request.param], exc_type=ImportError)
    monkeypatch.setenv("MPLBACKEND", request.param)
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.chdir(tmp_path)
    window = LiveWindow(screen)
    yield window
    window.process.close()


def test_window_fits_the_screen_follows_the_run_and_answers(window, tmp_path):
    assert window.size == (WIDTH, HEIGHT)
    assert shows(window)
    for message in REST:
        window.send(message)
    assert shows(window)
    window.press("7")
    assert shows(window, "curves")
    window.drag((round(WIDTH * (PLACES.index("9") + 0.5) / len(PLACES)), HEIGHT - 20))
    assert shows(window, "digits")
    window.press("space")
    assert window.process.wait(lambda: window.process.is_paused, PATIENCE)
    window.press("space")
    assert window.process.wait(lambda: not window.process.is_paused, PATIENCE)

    window.press("d")
    assert shows(window, "write")
    window.drag((200, 200), (350, 200), (500, 205))
    assert wait_until(window.is_asked_about_a_flat_stroke, PATIENCE)
    question = next(iter(window.process.questions.values()))
    before = window.picture()
    window.process.send(Answer(0, question, np.eye(10, dtype=np.float32)[7]))
    assert wait_until(lambda: np.abs(window.picture() - before).mean() > DIFFERENT, PATIENCE)

    window.press("ctrl+s")
    time.sleep(1.5)  # until the dialogue has the keyboard
    window.press("Return")
    saved = tmp_path / "stage 1-0.png"
    assert wait_until(lambda: saved.exists() and saved.stat().st_size > 10_000, PATIENCE)


@pytest.mark.slow
def test_the_list_of_keys_and_a_new_size(window):
    window.press("question")
    assert shows(window, "all", lambda figure: figure.keys.toggle())
    window.press("question")
    window.xdotool("windowsize", window.id, 900, 560)
    assert wait_until(lambda: window.size == (900, 560), PATIENCE)
    assert shows(window)


@pytest.mark.slow
def test_a_long_run_needs_no_more_memory_than_a_short_one(window):
    def send(messages):
        for message in messages:
            window.process.send(message)
            time.sleep(0.005)
        time.sleep(2)
        return window.memory()

    *run, _ = messages_of_a_run(6000)
    early = send(run[1:400])
    assert send(run[400:]) < early + 20


@pytest.mark.parametrize("screen_size, size", [
    ((1280, 720), (1152, 648)), ((2560, 1440), (2304, 1296)), ((1080, 1920), (972, 1728)),
    ((5120, 1440), (2304, 1296))])  # the last one: two screens side by side
def test_size_of_a_window(screen_size, size):
    """A window that is larger than the screen hides its status line and its buttons."""
    assert size_on(*screen_size) == size
