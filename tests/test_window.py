"""The window's own side, without a window: what keys do, and what comes through the pipe."""

import pickle

import numpy as np
import pytest
from conftest import Told, wait_until
from matplotlib.backend_bases import KeyEvent
from test_live_window import messages

from common import dashboard_figure, window


def send(viewer, messages):
    pickle.dump(messages, viewer.write)
    viewer.write.flush()


def press(viewer, key):
    canvas = viewer.dashboard.figure.canvas
    canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", canvas, key))


@pytest.mark.parametrize("key, view", dashboard_figure.VIEWS.items())
def test_keys_choose_panels(viewer, key, view):
    press(viewer, "4")
    press(viewer, key)
    assert viewer.dashboard.view == view
    visible = [number for number, panel in enumerate(viewer.dashboard.panels, 1)
               if panel.axes.get_visible()]
    assert visible == list(view)


def test_space_pauses_and_goes_on_until_the_run_is_finished(viewer):
    for phase in ("paused", "training"):
        press(viewer, " ")
        assert viewer.run.phase == phase and viewer.told[-1] == phase
    viewer.run.apply({"phase": "finished"})
    press(viewer, " ")
    assert viewer.run.phase == "finished" and viewer.told == ["paused", "training"]


def test_a_key_that_is_none_of_ours_changes_nothing(viewer):
    for key in ("x", "q", "enter", "shift+a", "ctrl+1", None):
        press(viewer, key)
    assert viewer.dashboard.view == dashboard_figure.ALL and viewer.told == []


def test_question_mark_also_when_the_toolkit_tells_of_the_shift_key(viewer):
    def picture():
        return np.asarray(viewer.dashboard.figure.canvas.buffer_rgba()).copy()

    viewer.repaint()
    without = picture()
    press(viewer, "?")
    assert (picture() != without).any()
    press(viewer, "shift+?")
    assert (picture() == without).all()


def test_h_shows_all_again(viewer):
    for message in messages(0, 300):
        viewer.run.apply(message)
    viewer.repaint()
    panel = viewer.dashboard.panels[0]
    panel.axes.set(xlim=(13, 57), ylim=(0.3, 0.4))
    press(viewer, "h")
    assert panel.axes.get_xlim() == (0, 500) and panel.axes.get_ylim() == (0, 1)


def test_asks_for_more_only_when_it_has_shown_the_last(viewer):
    viewer.tick()
    viewer.tick()
    assert viewer.told == ["more"]
    send(viewer, list(messages(0, 20)))
    assert wait_until(lambda: viewer.tick() or len(viewer.run.curves["train_loss"]) == 2)
    assert viewer.told == ["more"]  # it is too early for the next frame
    assert wait_until(lambda: viewer.tick() or viewer.told == ["more", "more"])


def test_script_that_dies_in_the_middle_of_a_message(pipe):
    read, write = pipe
    inbox = window.Inbox(read, Told())
    write.write(pickle.dumps([{"iteration": 1}]) + pickle.dumps([{"iteration": 2}])[:-5])
    write.close()
    assert wait_until(lambda: inbox.ended)
    assert inbox.take() == [{"iteration": 1}] and inbox.take() == []


def test_script_that_ends_before_it_has_anything_to_show(pipe):
    read, write = pipe
    write.close()
    assert window.Inbox(read, Told()).wait_for_run() is False
