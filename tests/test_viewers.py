"""When a viewer's process draws: as often as it helps its users, and no oftener."""

import time

import pytest
from conftest import wait_until
from drawn_dashboard import mouse, press
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from common.dashboard.link.messages import Finished, Paused, Progress, Started
from common.dashboard.viewer import process
from common.dashboard.viewer.process import TICK, Viewers
from common.dashboard.viewer.viewer import Viewer


class Link:
    """A `ScriptLink` over which something new comes with each tick."""

    def __init__(self):
        self.number = 0

    def take(self):
        self.number += 1
        return [Progress(self.number, 1.0, 1.0)]

    def ask(self):
        pass

    def tell(self, message):
        pass


class Counted(Viewer):
    """A viewer that notes when it was repainted, and how long that took."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.times, self.drawing = [], 0.0

    def repaint(self):
        self.times.append(time.monotonic())
        super().repaint()
        self._canvas.draw_idle()
        self.drawing += self.seconds


def show(count, message=None):
    """So many viewers, together."""
    together = Viewers(Link())
    together.run.apply(Started("a model", 100, reads_digits=True))
    if message is not None:
        together.run.apply(message)
    return together, [together.add(Counted, FigureCanvasAgg(Figure(figsize=(4, 3))))
                      for _ in range(count)]


def watch(together, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        together.tick()
        time.sleep(TICK)


def test_a_long_run_is_drawn_less_often(monkeypatch):
    """Its curves hardly move any more, while the drawing holds up the training."""
    monkeypatch.setattr(process, "SLOWING", 1000.0)  # as if it had been shown for hours
    together, (viewer,) = show(1)
    assert wait_until(lambda: together.tick() or len(viewer.times) > 2)
    assert viewer.times[2] - viewer.times[1] > 0.9 * process.SLOWEST


@pytest.mark.parametrize("message", [Paused(True), Finished(False, 1.0, None)])
def test_without_training_all_is_drawn_soon(monkeypatch, message):
    """A single step in a pause would be seen late."""
    monkeypatch.setattr(process, "SLOWING", 1000.0)
    monkeypatch.setattr(process, "SLOWEST", 1000.0)
    together, (viewer,) = show(1, message)
    assert wait_until(lambda: together.tick() or len(viewer.times) > 2)


def test_who_writes_sees_the_ink_at_once(monkeypatch):
    """The pen would be ahead of its line by up to a second."""
    monkeypatch.setattr(process, "SLOWING", 1000.0)
    together, (viewer,) = show(1)
    press(viewer, "d")
    watch(together, 0.1)
    axes = viewer.figure.sheet.axes
    mouse(viewer, "press", axes.transData.transform((0.5, 0.2)))
    for n in range(5):
        mouse(viewer, "move", axes.transData.transform((0.5, 0.3 + n / 10)))
        before = len(viewer.times)
        together.tick()
        assert len(viewer.times) > before


@pytest.mark.slow
def test_all_pages_share_a_part_of_one_processor():
    """They would hold up the training the more, the more of them there are."""
    together, viewers = show(4)
    began = time.monotonic()
    watch(together, 3)
    seconds = time.monotonic() - began
    counts = [len(viewer.times) for viewer in viewers]
    assert max(counts) - min(counts) <= 1
    last = sum(viewer.seconds for viewer in viewers)
    assert sum(viewer.drawing for viewer in viewers) - last < 1.2 * process.SHARE * seconds
