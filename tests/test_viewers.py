"""When a viewer's process draws: as often as it helps its users, and no oftener."""

import pytest

from common.dashboard.link.messages import Finished, Paused, Progress
from common.dashboard.viewer import viewers
from common.dashboard.viewer.viewers import TICK, Viewers

SECONDS = 60


class Link:
    """A `ScriptLink` over which something new comes with each tick."""

    def take(self):
        return [Progress(1, 1.0, 1.0)]

    def ask(self):
        pass

    def tell(self, message):
        pass


class Painted:
    """A `Viewer`, and its `Asker`, that notes when it is painted."""

    seconds = 0.0
    is_waiting = False

    def __init__(self, number, figure, run, tell):
        self.times, self.asker, self.is_written_on = [], self, False

    def tick(self):
        return self.is_written_on

    def repaint(self):
        self.times.append(viewers.time.monotonic())


@pytest.fixture
def show(monkeypatch):
    """A function that shows a run of `SECONDS` to so many viewers, and gives them."""
    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(viewers, "time", clock)

    def show(count, message=None, is_written_on=False):
        together = Viewers(Link())
        shown = [together.add(Painted, None) for _ in range(count)]
        shown[0].is_written_on = is_written_on
        if message is not None:
            together.run.apply(message)
        while clock.now < SECONDS:
            together.tick()
            clock.now += TICK
        return shown

    return show


def intervals(viewer):
    return [later - earlier for earlier, later in zip(viewer.times, viewer.times[1:])]


def test_a_long_run_is_drawn_less_often(show):
    """Its curves hardly move any more, while the drawing holds up the training."""
    (viewer,) = show(1)
    waits = intervals(viewer)
    assert waits[0] == pytest.approx(viewers.FASTEST, abs=2 * TICK)
    assert waits[-1] == pytest.approx(viewers.SLOWEST, abs=2 * TICK)
    assert all(later > earlier - 2 * TICK for earlier, later in zip(waits, waits[1:]))


@pytest.mark.parametrize("message", [Paused(True), Finished(False, 1.0, None)])
def test_without_training_all_is_drawn_soon(show, message):
    """A single step in a pause would be seen late."""
    (viewer,) = show(1, message)
    assert max(intervals(viewer)) == pytest.approx(viewers.FASTEST, abs=2 * TICK)


def test_who_writes_sees_the_ink_at_once(show):
    """The pen would be ahead of its line by up to a second."""
    (viewer,) = show(1, is_written_on=True)
    assert max(intervals(viewer)) == pytest.approx(TICK)


def test_ten_pages_share_a_part_of_one_processor(show, monkeypatch):
    """They would hold up the training the more, the more of them there are."""
    monkeypatch.setattr(Painted, "seconds", 0.05)
    shown = show(10)
    assert len(shown[0].times) == pytest.approx(len(shown[-1].times), abs=1)
    drawing = 0.05 * sum(len(viewer.times) for viewer in shown)
    assert drawing == pytest.approx(viewers.SHARE * SECONDS, rel=0.2)
