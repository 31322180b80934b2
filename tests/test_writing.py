"""Digits that the user writes or looks at: from the mouse to the script, and the answers."""

import base64

import numpy as np
import pytest
from matplotlib.backend_bases import MouseEvent
from test_window import press

from common import dashboard_figure, handwriting, preparation
from common.digit_panels import CORRECT_COLOUR, OTHER_COLOUR, WRONG_COLOUR
from common.handwriting import SIDE, Handwriting
from common.panels import TRAIN_COLOUR
from common.run_state import Digits

LOOK, WRITE, ALL = dashboard_figure.LOOK, dashboard_figure.WRITE, dashboard_figure.ALL


# Handwriting.

def test_a_stroke_is_as_wide_as_the_pen_and_as_long_as_its_way():
    writing = Handwriting()
    writing.write(0.2, 0.5)
    writing.write(0.8, 0.5)
    width = handwriting.PEN * SIDE
    assert writing.ink[:, SIDE // 2].sum() / 255 == pytest.approx(width, abs=0.5)
    row = np.flatnonzero(writing.ink[SIDE // 2])
    assert row[0] == pytest.approx(0.2 * SIDE - width / 2, abs=1)
    assert row[-1] == pytest.approx(0.8 * SIDE + width / 2, abs=1)
    borders = np.unique(writing.ink)
    assert len(borders) > 2 and {0, 255} <= set(borders)  # anti-aliased


def test_a_dot_is_round_and_the_border_cuts_it():
    writing = Handwriting()
    writing.write(0.5, 0.5)
    area = np.pi * (handwriting.PEN * SIDE / 2) ** 2
    assert writing.ink.sum() / 255 == pytest.approx(area, rel=0.02)
    corner = Handwriting()
    corner.write(0, 0)
    assert corner.ink.sum() / 255 == pytest.approx(area / 4, rel=0.05)


def test_lifting_the_pen_leaves_a_gap():
    writing = Handwriting()
    for x in (0.1, 0.3):
        writing.write(x, 0.5)
    writing.lift()
    for x in (0.7, 0.9):
        writing.write(x, 0.5)
    assert (writing.ink[:, SIDE // 2] == 0).all()
    assert len(writing.strokes) == 2 and len(writing) == 6
    writing.clear()
    assert writing.strokes == [] and writing.ink.max() == 0


# The viewer.

def mouse(viewer, kind, axes, x, y, button=1):
    """A mouse event at a point given in the coordinates of some axes."""
    canvas = viewer.dashboard.figure.canvas
    place = axes.transData.transform((x, y))
    event = MouseEvent(f"{kind}_event", canvas, *place,
                       button=None if kind == "motion_notify" else button)
    canvas.callbacks.process(f"{kind}_event", event)


def write(viewer, *points):
    """Write a stroke through these points of the sheet."""
    axes = viewer.dashboard.sheet.axes
    mouse(viewer, "button_press", axes, *points[0])
    for point in points[1:]:
        mouse(viewer, "motion_notify", axes, *point)
    mouse(viewer, "button_release", axes, *points[-1])


def tick(viewer):
    """Let the time between two questions pass."""
    viewer._writer._last_question = 0
    viewer.tick()


def drawings(viewer):
    """The digits that the script was asked about."""
    return [base64.b64decode(word.partition(" ")[2]) for word in viewer.told
            if word.startswith("drawing")]


@pytest.fixture
def writer(viewer):
    viewer.run.apply({"title": "a model", "reads_digits": True})
    viewer.repaint()
    viewer.dashboard.figure.canvas.draw()
    press(viewer, "d")
    viewer.dashboard.figure.canvas.draw()
    return viewer


def test_d_opens_and_closes_the_sheet_where_the_script_can_read(viewer):
    press(viewer, "d")
    assert viewer.dashboard.view == ALL
    viewer.run.apply({"reads_digits": True})
    for view in (WRITE, ALL, WRITE):
        press(viewer, "d")
        assert viewer.dashboard.view == view
    press(viewer, "escape")
    assert viewer.dashboard.view == ALL


def test_what_is_written_goes_to_the_script_as_the_network_will_see_it(writer):
    tick(writer)
    assert drawings(writer) == [] and writer.run.sample is None
    write(writer, (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    tick(writer)
    expected = preparation.prepare(writer.dashboard.sheet.writing.ink)
    assert drawings(writer) == [expected.tobytes()]
    np.testing.assert_array_equal(writer.run.sample.image, expected)
    for _ in range(3):
        tick(writer)
    assert len(drawings(writer)) == 1  # nothing new, nothing asked
    press(writer, "c")
    tick(writer)
    assert drawings(writer)[1:] == [b""] and writer.run.sample is None


def test_answers_are_shown_again_and_again(writer):
    write(writer, (0.5, 0.2), (0.5, 0.8))
    tick(writer)
    (digit,) = drawings(writer)
    for share in (0.5, 0.9):
        probabilities = np.full(10, (1 - share) / 9, np.float32)
        probabilities[1] = share
        writer.run.apply({"answer": (digit, probabilities)})
        tick(writer)
        writer.dashboard.update()
        bars = writer.dashboard.panels[dashboard_figure.PROBABILITIES - 1].axes.patches
        assert [bar.get_width() for bar in bars] == pytest.approx(probabilities)
        texts = [text.get_text() for text in bars[0].axes.texts]
        assert texts[1] == f"{share:.1%}".replace("%", " %")
    assert len(drawings(writer)) == 1


def test_leaving_the_sheet_ends_the_questions_and_coming_back_takes_them_up(writer):
    write(writer, (0.5, 0.2), (0.5, 0.8))
    tick(writer)
    press(writer, "0")
    tick(writer)
    assert [bool(digit) for digit in drawings(writer)] == [True, False]
    press(writer, "d")
    tick(writer)
    first, _, again = drawings(writer)
    assert again == first


def test_the_pen_writes_only_with_its_button_held_and_on_the_sheet(writer):
    axes, writing = writer.dashboard.sheet.axes, writer.dashboard.sheet.writing
    mouse(writer, "motion_notify", axes, 0.5, 0.5)
    mouse(writer, "button_press", axes, 0.5, 0.5, button=3)
    mouse(writer, "motion_notify", axes, 0.6, 0.5)
    assert len(writing) == 0
    mouse(writer, "button_press", axes, 0.5, 0.5)
    mouse(writer, "motion_notify", axes, 0.5, 1.2)  # beyond the border and back
    mouse(writer, "motion_notify", axes, 0.9, 0.5)
    mouse(writer, "button_release", axes, 0.9, 0.5)
    mouse(writer, "motion_notify", axes, 0.1, 0.1)
    assert len(writing.strokes) == 2 and writing.ink[SIDE // 2, int(0.7 * SIDE)] == 0


# A closer look.

def some_digits(count, total):
    images = np.random.default_rng(1).integers(0, 256, (count, 28, 28), np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    probabilities = np.full((count, 10), 0.01, np.float32)
    probabilities[np.arange(count), (labels + (np.arange(count) < 5)) % 10] = 0.6  # five misread
    return Digits(images, labels, probabilities, total)


@pytest.mark.parametrize("name, number, panel", [("train_digits", 98, 2), ("test_digits", 3, 5),
                                                 ("test_digits", 997, 5)])
def test_a_click_on_a_digit_shows_it_and_the_next_goes_back(viewer, name, number, panel):
    digits = some_digits(1000 if panel == 5 else 100, 10_000 if panel == 5 else 100)
    viewer.run.apply({"iteration": 0, name: digits})
    press(viewer, "9")
    viewer.dashboard.figure.canvas.draw()
    axes = viewer.dashboard.panels[panel].axes
    columns = round(axes.get_xlim()[1])
    mouse(viewer, "button_press", axes, number % columns + 0.9, number // columns + 0.1)
    assert viewer.dashboard.view == LOOK
    sample = viewer.run.sample
    np.testing.assert_array_equal(sample.image, digits.images[number])
    np.testing.assert_array_equal(sample.probabilities, digits.probabilities[number])
    label = number % 10
    assert sample.label == label
    assert sample.title.endswith(f": {label}, " + (
        f"read as {label + 1}" if number < 5 else "read correctly"))
    viewer.dashboard.figure.canvas.draw()
    mouse(viewer, "button_press", axes, 0.5, 0.5)
    assert viewer.dashboard.view == (3, 6)


def test_a_click_beside_the_digits_does_nothing(viewer):
    viewer.run.apply({"iteration": 0, "train_digits": some_digits(98, 98)})
    viewer.repaint()
    viewer.dashboard.figure.canvas.draw()
    axes = viewer.dashboard.panels[2].axes
    columns, rows = round(axes.get_xlim()[1]), round(axes.get_ylim()[0])
    if columns * rows > 98:
        mouse(viewer, "button_press", axes, columns - 0.5, rows - 0.5)
    mouse(viewer, "button_press", viewer.dashboard.panels[0].axes, 0.5, 0.5)
    mouse(viewer, "button_press", axes, 0.5, 0.5, button=3)
    mouse(viewer, "button_press", viewer.dashboard.panels[5].axes, 0.5, 0.5)  # nothing there yet
    assert viewer.dashboard.view == ALL and viewer.run.sample is None


@pytest.mark.parametrize("number, colours", [
    (7, {7: TRAIN_COLOUR, 8: OTHER_COLOUR}), (2, {3: WRONG_COLOUR, 2: CORRECT_COLOUR})])
def test_the_bars_tell_right_from_wrong(viewer, number, colours):
    from matplotlib.colors import same_color
    viewer.run.apply({"iteration": 0, "train_digits": some_digits(100, 100)})
    press(viewer, "3")
    viewer.dashboard.figure.canvas.draw()
    axes = viewer.dashboard.panels[2].axes
    columns = round(axes.get_xlim()[1])
    mouse(viewer, "button_press", axes, number % columns + 0.5, number // columns + 0.5)
    viewer.dashboard.figure.canvas.draw()
    bars = viewer.dashboard.panels[dashboard_figure.PROBABILITIES - 1].axes.patches
    assert len(bars) == 10
    for digit, colour in colours.items():
        assert same_color(bars[digit].get_facecolor(), colour)


@pytest.mark.parametrize("width, height", [(1280, 720), (1920, 1080), (700, 1000), (600, 400)])
@pytest.mark.parametrize("view", [LOOK, WRITE])
def test_there_is_room_for_everything(width, height, view):
    from test_dashboard_figure import assert_texts_have_room, dashboard_of, draw, finished_run

    from common.run_state import Sample
    run = finished_run()
    run.sample = Sample(np.full((28, 28), 200, np.uint8), "Training digit: 7, read as 9", 7,
                        np.array([0, 0, 0, 0, 0.3, 0, 0, 0.2, 0, 0.5], np.float32))
    dashboard = dashboard_of(run, width, height, view=view)
    draw(dashboard)
    texts = assert_texts_have_room(dashboard, view)
    assert {"Training digit: 7, read as 9", "Probability of each digit", "20.0 %"} <= set(texts)
    image = dashboard.panels[dashboard_figure.SAMPLE - 1].axes.bbox
    assert image.width == pytest.approx(image.height, abs=1) and image.width > 60
