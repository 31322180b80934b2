"""Digits that the user writes: from the mouse to the script, and the answers."""

import time

import numpy as np
import pytest
from drawn_dashboard import digits_of, drag, draw, mouse, press, run_of, viewer_of

from common.dashboard.link.messages import Answer, Question, Started, Trained
from common.dashboard.link.questions import AskDigit
from common.dashboard.viewer import viewer
from common.digits import preparation


@pytest.fixture
def writer(monkeypatch):
    """A viewer with the sheet open; `ask()` gives what it has asked since the last time."""
    monkeypatch.setattr(viewer, "ASK_EVERY", 0.01)
    writer = viewer_of(run_of(Started("a model", 100, reads_digits=True)))

    def ask():
        told = []
        for _ in range(3):
            time.sleep(viewer.ASK_EVERY)
            writer.tick()
            told += writer.told
            writer.told.clear()
        assert all(isinstance(message, Question) for message in told)
        return [message.question for message in told]

    writer.ask = ask
    press(writer, "d")
    return writer


def as_seen(viewer):
    """The question about what is on the sheet."""
    return AskDigit(preparation.prepare(viewer.figure.sheet.writing.ink).tobytes())


def probabilities_of(digit, share):
    probabilities = np.full(10, (1 - share) / 9, np.float32)
    probabilities[digit] = share
    return probabilities


def test_what_is_written_is_asked_as_the_network_will_see_it(writer):
    assert writer.ask() == [] and writer.figure.scene.sample is None
    drag(writer, "sheet", (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    first = as_seen(writer)
    assert writer.ask() == [first]  # once, until there is something new
    assert writer.figure.scene.sample.image.tobytes() == first.image
    drag(writer, "sheet", (0.3, 0.5), (0.7, 0.5))
    assert writer.ask() == [as_seen(writer)] != [first]
    press(writer, "c")
    assert writer.ask() == [None] and writer.figure.scene.sample is None


def test_answers_are_shown_again_and_again_with_each_state_of_the_network(writer):
    drag(writer, "sheet", (0.5, 0.2), (0.5, 0.8))
    (question,) = writer.ask()
    assert writer.asker.is_waiting
    for share in (0.5, 0.9):
        writer.asker.take(Answer(0, question, probabilities_of(1, share)))
        assert not writer.asker.is_waiting and writer.ask() == []
        draw(writer.figure)
        axes = writer.figure.panels["probabilities"].axes
        bars = [patch.get_width() for patch in axes.patches if patch.get_height() == 0.7]
        assert bars == pytest.approx(probabilities_of(1, share))
        assert axes.texts[1].get_text() == f"{100 * share:.1f} %"


def test_an_answer_that_comes_late_is_no_harm(writer):
    drag(writer, "sheet", (0.5, 0.2), (0.5, 0.8))
    (question,) = writer.ask()
    press(writer, "0")
    writer.ask()
    writer.asker.take(Answer(0, question, probabilities_of(1, 0.9)))
    press(writer, "d", "c")
    writer.ask()
    writer.asker.take(Answer(0, question, probabilities_of(1, 0.9)))
    draw(writer.figure)
    assert writer.figure.scene.sample is None


def test_leaving_the_sheet_ends_the_questions_and_coming_back_takes_them_up(writer):
    drag(writer, "sheet", (0.5, 0.2), (0.5, 0.8))
    (question,) = writer.ask()
    press(writer, "0")
    assert writer.ask() == [None]
    writer.run.apply(Trained(0, 0.5, 5.0, digits=digits_of(98, 5)))
    press(writer, "3")
    axes = writer.figure.panels["train digits"].axes
    mouse(writer, "press", axes.transData.transform((0.5, 0.5)))  # another digit meanwhile
    assert writer.ask() == [AskDigit(digits_of(98, 5).images[0].tobytes())]
    press(writer, "d")
    assert writer.ask()[-1] == question


def test_the_pen_writes_only_with_its_button_held_and_on_the_sheet(writer):
    axes, writing = writer.figure.sheet.axes, writer.figure.sheet.writing
    mouse(writer, "move", axes.transData.transform((0.5, 0.5)))
    drag(writer, "sheet", (0.5, 0.5), (0.6, 0.5), button=3)
    drag(writer, "probabilities", (0.5, 5), (0.6, 5))
    assert len(writing) == 0
    drag(writer, "sheet", (0.5, 0.5), (0.5, 1.2), (0.9, 0.5))  # beyond the border and back
    mouse(writer, "move", axes.transData.transform((0.1, 0.1)))
    assert len(writing.strokes) == 2
    assert not writing.ink[len(writing.ink) // 2, int(0.7 * len(writing.ink))]


def test_the_pens_line_is_seen_where_it_was_moved(writer):
    drag(writer, "sheet", (0.2, 0.5), (0.8, 0.5))
    picture = np.asarray(writer.figure.figure.canvas.buffer_rgba())[::-1, :, :3]
    axes = writer.figure.sheet.axes
    dark = [picture[int(y), int(x)].max() < 80 for x, y in axes.transData.transform(
        [(0.2, 0.5), (0.5, 0.5), (0.8, 0.5), (0.5, 0.4), (0.5, 0.6), (0.1, 0.5)])]
    assert dark == [True, True, True, False, False, False]
