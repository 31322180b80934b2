"""The dashboard's picture: what it shows, where, and that painting parts of it gives the whole."""

import io
import itertools
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from drawn_dashboard import (
    dashboard_of,
    digits_of,
    drag,
    draw,
    long_run,
    messages_of_a_run,
    mouse,
    pixel_at,
    pixels,
    press,
    run_of,
    show,
    strip_of,
    visible_texts,
)
from matplotlib.colors import same_color, to_rgb

from common.dashboard.drawing import mosaic
from common.dashboard.drawing.panels import SIX, VIEWS
from common.dashboard.drawing.panels.iterations import running_mean
from common.dashboard.drawing.strips import status_words
from common.dashboard.drawing.style import BANDS_COLOUR, TEST_COLOUR, TRAIN_COLOUR, use_style
from common.dashboard.link import messages
from common.dashboard.link.measurements import percentile_bands
from common.dashboard.link.messages import Finished, Paused, Progress, Started, Step, Trained
from common.dashboard.link.run import Run
from common.dashboard.viewer.viewer import KEYS

SVG = "{http://www.w3.org/2000/svg}"
UNSEEN = 8  # of 255: differences of shade up to this size are not seen


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        use_style()
        yield


def difference(picture, other):
    """How much each pixel of two pictures differs, [height, width], from 0 to 255."""
    return (np.maximum(picture, other) - np.minimum(picture, other)).max(axis=2)


def box(bbox):
    """The rows and columns of a picture that a matplotlib box touches."""
    left, bottom = np.floor(bbox.min).astype(int)
    right, top = np.ceil(bbox.max).astype(int)
    return slice(max(bottom, 0), max(top, 0)), slice(max(left, 0), max(right, 0))


# Painting in part.

@pytest.mark.parametrize("size, view, iterations", [
    ((1300, 700, 200), "all", 40), ((640, 400, 100), "all", 60), ((800, 500, 100), "curves", 300)])
@pytest.mark.filterwarnings("error")
def test_painting_in_part_gives_the_whole_picture(size, view, iterations):
    """And each pixel that changes lies in a box that is copied to the screen."""
    run = Run()
    dashboard = dashboard_of(run, *size, view=view)
    screen = empty = draw(dashboard)
    frames = itertools.count()
    for message in messages_of_a_run(iterations):
        run.apply(message)
        parts = show(dashboard, with_status=next(frames) % 3 == 0 or run.phase == "finished")
        picture = pixels(dashboard)
        screen = screen.copy()
        for place in [box(part.fresh) for part in parts] if parts is not None else [...]:
            screen[place] = picture[place]
        assert difference(screen, picture).max() <= UNSEEN, message
    whole = draw(dashboard_of(run, *size, view=view))
    assert difference(screen, whole).max() <= 2 * UNSEEN
    assert difference(screen, empty).max() > 200
    dashboard.show_view("all")
    show(dashboard)  # a panel that comes back has missed nothing
    assert difference(pixels(dashboard), draw(dashboard_of(run, *size))).max() <= 2 * UNSEEN


def test_only_what_is_new_is_painted():
    """What makes the window cheap."""
    run = long_run()
    dashboard = dashboard_of(run)
    assert show(dashboard) is None
    assert show(dashboard) == []
    digits = dashboard.panels["test digits"]
    run.test_digits = digits_of(1000, 500, 10_000)
    assert show(dashboard, with_status=False) == [digits]
    run.apply(messages.Tested(10_000, 0.89, 5.0))
    assert show(dashboard, with_status=False) == [dashboard.panels[name] for name in
                                                  ("accuracy", "loss")]
    (status,) = show(dashboard)
    assert status not in dashboard.panels.values()


# Curves and bands.

def test_curves_show_all_the_measurements_in_their_colours():
    run = run_of(*messages_of_a_run(300))
    dashboard = dashboard_of(run)
    draw(dashboard)
    for quantity in ("accuracy", "loss"):
        axes = dashboard.panels[quantity].axes
        train, mean, test, *_ = axes.get_lines()
        for line, name, colour in ((train, "train_", TRAIN_COLOUR), (test, "test_", TEST_COLOUR)):
            curve = run.curves[name + quantity]
            np.testing.assert_array_equal(line.get_xydata().T, [curve.iterations, curve.values])
            assert same_color(line.get_color(), colour)
        assert same_color(mean.get_color(), TRAIN_COLOUR)
        legend = axes.get_legend()
        assert [(text.get_text(), to_rgb(line.get_color())) for text, line in zip(
            legend.get_texts(), legend.get_lines())] == [
                ("training", to_rgb(TRAIN_COLOUR)), ("test", to_rgb(TEST_COLOUR))]
        middle = 150, np.interp(150, curve.iterations, curve.values)
        column, row = axes.transData.transform(middle).astype(int)
        near = pixels(dashboard)[row - 1:row + 2, column]
        assert np.abs(near - 255 * np.array(to_rgb(TEST_COLOUR))).max(axis=1).min() < 60


@pytest.mark.parametrize("quantity, values, limits", [
    ("accuracy", np.linspace(0.1, 0.97, 30), (0, 1)), ("accuracy", [0.1] + [0.992] * 20, (0.98, 1)),
    ("accuracy", [0.1] + [0.95] * 20 + [0.4] * 3, (0, 1)), ("loss", [230] * 3, (0, 100)),
    ("loss", [230] * 20, (0, 250)), ("loss", [230] + [30] * 20, (0, 50)),
    ("loss", [230] + [3.2] * 9 + [4.2] * 9, (0, 5))])
def test_axes_narrow_to_where_the_test_curve_has_settled_and_z_shows_the_whole(
        viewer, quantity, values, limits):
    """Overfitting, a loss from 3.2 up to 4.2, would be 3 pixels of the axes as published; a loss of
    230, which a bad beginning has, would not be seen at all.
    """
    for n, value in enumerate(values):
        viewer.run.apply(messages.Tested(20 * n, *((value, 50.0) if quantity == "accuracy" else
                                                   (0.5, value))))
    axes = viewer.figure.panels[quantity].axes
    press(viewer, "7")
    assert axes.get_ylim() == limits
    whole = (0, 1) if quantity == "accuracy" else (0, max(100, limits[1]))
    press(viewer, "z")
    if limits != whole:
        assert axes.get_ylim() == whole
        press(viewer, "z")
        assert axes.get_ylim() == limits
    else:  # they have not narrowed yet: the key has them do so at once
        low, high = axes.get_ylim()
        assert high - low < 0.7 * (whole[1] - whole[0]) and low <= values[-1] <= high
        press(viewer, "z")
        assert axes.get_ylim() == whole


def test_the_running_mean_is_of_a_quarter_of_the_batches_and_of_25_at_most():
    """Otherwise it lags where much is learned, or is as restless as the batches."""
    values = np.random.default_rng(0).normal(size=300)
    means = running_mean(values)
    for n, count in ((0, 1), (7, 1), (8, 2), (40, 10), (99, 24), (299, 25)):
        np.testing.assert_allclose(means[n], values[n + 1 - count:n + 1].mean())


def test_the_best_test_accuracy_has_a_line_with_its_number():
    run = Run()
    dashboard = dashboard_of(run, view="accuracy")
    for n, (accuracy, words) in enumerate(((0.05, "best 0.0500"), (0.97, "best 0.9700"),
                                           (0.96, "best 0.9700"), (1.0, "best 1.0000"))):
        run.apply(messages.Tested(20 * n, accuracy, 5.0))
        draw(dashboard)
        axes = dashboard.panels["accuracy"].axes
        *_, line = axes.get_lines()
        assert line.get_linestyle() == ":" and {*line.get_ydata()} == {float(words.split()[1])}
        (place,) = (place for text, place in visible_texts(dashboard.figure) if text == words)
        assert place.y0 >= axes.bbox.y1  # where no curve is


@pytest.mark.parametrize("name", ["weights", "biases"])
def test_bands_lie_between_the_percentiles_darkest_in_the_middle(name):
    random = np.random.default_rng(3)
    iterations = [0, 20, 40, 100]
    values = [random.normal(size=1000) for _ in iterations]
    run = run_of(*(Trained(i, 0.5, 5.0, **{name: percentile_bands([array])})
                   for i, array in zip(iterations, values)))
    dashboard = dashboard_of(run, view=name)
    draw(dashboard)
    axes = dashboard.panels[name].axes
    bands = axes.patches[1:8]  # the first one is the box to zoom into
    expected = np.percentile(values, np.linspace(0, 100, 8), axis=1)
    for band, lower, upper in zip(bands, expected, expected[1:]):
        there = np.column_stack([iterations, lower])
        back = np.column_stack([iterations, upper])[::-1]
        np.testing.assert_allclose(band.get_xy()[:8], np.concatenate([there, back]), rtol=1e-12)
        assert same_color(band.get_facecolor()[:3], BANDS_COLOUR)
    middles = (expected[:-1, 1] + expected[1:, 1]) / 2
    brightness = [sum(pixel_at(dashboard, name, 20, middle)) for middle in middles]
    assert brightness[3] < brightness[2] < brightness[1] < brightness[0] < 3 * 250


def test_the_axis_of_the_bands_grows_in_steps():
    run = Run()
    dashboard = dashboard_of(run, view="biases")
    for n, (largest, top) in enumerate(((3e-8, 0.1), (0.1, 0.1), (-0.3, 0.5), (np.nan, 0.5),
                                        (1.2, 2), (-4, 5))):
        run.apply(Trained(20 * n, 0.5, 5.0, biases=largest * np.arange(8) / 7))
        dashboard.update()
        assert dashboard.panels["biases"].axes.get_ylim() == (-top, top)


@pytest.mark.parametrize("last, ends", [
    (None, [100, 100, 200, 500, 1000, 2000]), (1200, [100, 100, 200, 500, 1000, 1200]),
    (60, [60])])
def test_iterations_grow_in_steps_up_to_the_last(last, ends):
    run = run_of(Started("a model", last))
    dashboard = dashboard_of(run)
    for i, end in zip([40, 100, 120, 500, 520, 1020], ends):
        run.apply(Trained(i, 0.5, 5.0, weights=np.ones(8)))
        dashboard.update()
        for panel in ("accuracy", "loss", "weights"):
            assert dashboard.panels[panel].axes.get_xlim() == (0, end)


# Digits.

def test_digits_are_drawn_pixel_for_pixel():
    """On a screen, and in a picture that is twice as fine: never blurred."""
    run = run_of(Trained(0, 0.5, 5.0, digits=digits_of(98, 30)),
                 messages.Tested(0, 0.5, 5.0, digits_of(1000, 300, 10_000)))
    dashboard = dashboard_of(run)
    for view, scale in (("all", 1), ("digits", 1), ("digits", 2)):
        dashboard.show_view(view)
        dashboard.update()
        saved = io.BytesIO()
        dashboard.figure.savefig(saved, dpi=100 * scale)
        saved.seek(0)
        picture = (matplotlib.image.imread(saved)[::-1, :, :3] * 255).round().astype(np.uint8)
        for name, digits in (("train digits", run.train_digits), ("test digits", run.test_digits)):
            axes = dashboard.panels[name].axes
            columns = round(axes.get_xlim()[1])
            cell = scale * round(axes.bbox.width) // columns
            tags = mosaic.numerals(round(0.27 * cell)) if cell >= 20 else None
            expected = mosaic.mosaic(digits.images, digits.labels, digits.computed, columns, cell,
                                     tags)[::-1, :, :3]
            left, bottom = np.round(axes.bbox.min * scale).astype(int)
            height, width, _ = expected.shape
            np.testing.assert_array_equal(picture[bottom:bottom + height, left:left + width],
                                          expected)


def test_the_scale_tells_at_which_accuracy_the_red_ends():
    run = Run()
    dashboard = dashboard_of(run)
    for count, total, misread, title in ((1000, 10_000, 200, "Test digits: 1,000 of 10,000"),
                                         (1000, 2000, 400, "Test digits: 1,000 of 2,000"),
                                         (500, 500, 300, "Test digits: 500")):
        run.apply(messages.Tested(0, 0.5, 5.0, digits_of(count, misread, total)))
        draw(dashboard)
        panel = dashboard.panels["test digits"]
        columns = round(panel.axes.get_xlim()[1])
        ticks = {text.get_text(): tick for tick, text in zip(panel.axes.get_yticks(),
                                                             panel.axes.get_yticklabels())}
        assert len(ticks) >= 3 and "100 %" not in ticks and panel.title.get_text() == title
        for text, tick in ticks.items():
            share = float(text.removesuffix(" %")) / 100
            assert tick * columns == pytest.approx((1 - share) * total)
            assert 0 <= tick <= panel.axes.get_ylim()[0]


# Zoom.

@pytest.mark.parametrize("panel", ["accuracy", "weights", "test digits"])
def test_a_box_is_zoomed_into_and_h_goes_back(viewer, panel):
    for message in messages_of_a_run(200):
        viewer.run.apply(message)
    press(viewer, "0")
    axes = viewer.figure.panels[panel].axes
    whole = axes.get_xlim(), axes.get_ylim()
    (left, right), (bottom, top) = whole
    x, y = [left + share * (right - left) for share in (0.2, 0.6)], [
        bottom + share * (top - bottom) for share in (0.9, 0.4)]
    press(viewer, "o")
    drag(viewer, panel, (x[0], y[0]), (x[1], y[0]), (x[1], y[1]))
    zoomed = [*x, *sorted(y, reverse=panel == "test digits")]
    assert [*axes.get_xlim(), *axes.get_ylim()] == pytest.approx(zoomed)
    viewer.run.apply(Trained(220, 0.5, 5.0, digits=digits_of(100, 5), weights=np.full(8, 9.0)))
    press(viewer, "z", "z")
    assert [*axes.get_xlim(), *axes.get_ylim()] == pytest.approx(zoomed)  # it stays put
    drag(viewer, panel, (x[0], y[0]), (x[1], y[1]))  # one box is all; this is no second one
    assert [*axes.get_xlim(), *axes.get_ylim()] == pytest.approx(zoomed)
    press(viewer, "0", "h")
    assert axes.get_ylim() == (whole[1] if panel != "weights" else (-10, 10))


def test_zooming_ends_with_any_key_for_something_else(viewer):
    """The pen must write again, and clicks must show digits. On the sheet nothing can be zoomed."""
    viewer.run.apply(Started("a model", 100, reads_digits=True))
    for keys in (["escape", "d"], ["h", "d"], "d", "1d", "do"):
        press(viewer, "0", *(["o"] if keys != "do" else []))
        assert (viewer.figure.scene.hint == "zoom: draw a box, esc: end") == (keys != "do")
        press(viewer, *keys)
        before = [(axes.get_xlim(), axes.get_ylim()) for axes in viewer.figure.figure.axes]
        drag(viewer, "sheet", (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
        assert len(viewer.figure.sheet.writing) > 3
        assert before == [(axes.get_xlim(), axes.get_ylim()) for axes in viewer.figure.figure.axes]
        press(viewer, "c")


def test_zoomed_digits_are_sharp_and_no_more_than_can_be_seen():
    run = run_of(Trained(0, 0.5, 5.0, digits=digits_of(98, 33)))
    dashboard = dashboard_of(run, 560, 560, view="train digits")
    draw(dashboard)
    panel = dashboard.panels["train digits"]
    assert panel.axes.get_xlim() == (0, 10)
    for xlim, ylim in (((2.2, 4.7), (9.1, 3.9)), ((7.5, 8), (3, 1)),
                       ((3.9999, 4.0001), (2.0001, 1.9999))):
        panel.zoom_to(xlim, ylim)
        draw(dashboard)
        for row, column in itertools.product(range(10), range(10)):
            corner = column + 0.05, row + 0.05
            if xlim[0] < corner[0] < xlim[1] and ylim[1] < corner[1] < ylim[0]:
                assert pixel_at(dashboard, "train digits", *corner) == (
                    mosaic.WRONG_BACKGROUND if 10 * row + column < 33 else (255, 255, 255))
        (image,) = panel.axes.images
        assert image.get_array().size <= 4 * (3 * 560) ** 2  # no giant


# Views, keys, buttons.

def test_keys_choose_the_codelabs_views(viewer):
    viewer.run.apply(Started("a model", 100, reads_digits=True))
    for keys, view in (
            *((str(n), name) for n, name in enumerate(SIX, 1)), ("7", "curves"), ("8", "spread"),
            ("9", "digits"), ("0", "all"), (["4", "escape"], "all"), ("d", "write"), ("d", "all"),
            (["d", "escape"], "all"), (["shift+?", "7"], "curves"), ("q", "curves")):
        press(viewer, *keys)
        assert viewer.figure.view == view
        visible = {axes.get_label() for axes in viewer.figure.figure.axes if axes.get_visible()}
        assert visible - {"status", "buttons", "keys"} == {*VIEWS[view].panels}


def test_no_sheet_where_the_run_reads_no_digits(viewer):
    press(viewer, "d")
    assert viewer.figure.view == "all"


def test_a_button_does_what_its_key_does(viewer, monkeypatch):
    """Whoever has no keyboard (a phone), or does not know the keys, can do as much."""
    pushed = {"go on"}  # in a pause, in place of "pause"

    def push(words):
        bar = strip_of(viewer.figure, "buttons")
        (text,) = (text for text in bar.texts if text.get_text() == words)
        mouse(viewer, "press", bar.transAxes.transform(text.get_position()))
        pushed.add(words)

    monkeypatch.setattr(type(viewer), "save", lambda viewer: viewer.told.append("save"))
    viewer.run.apply(Started("a model", 100, reads_digits=True, has_inside=True))
    press(viewer, "0")
    for words, view in (("weights", "neurons"), ("layers", "inside"), ("evidence", "evidence"),
                        *((view, view) for view in ("confusion", "misread", "digits", "all"))):
        push(words)
        assert viewer.figure.view == view
    viewer.told.clear()
    for words, told in (("pause", Paused(True)), ("step", Step()), ("go on", Paused(False)),
                        ("save", "save")):
        push(words)
        assert viewer.told.pop() == told and not viewer.told
    push("curves")
    push("zoom")
    drag(viewer, "accuracy", (10, 0.2), (60, 0.5))
    assert viewer.figure.is_zoomed
    push("undo")
    assert viewer.figure.view == "curves" and not viewer.figure.is_zoomed
    push("axes")
    assert viewer.figure.panels["accuracy"].reach
    push("write")
    drag(viewer, "sheet", (0.3, 0.2), (0.7, 0.2))
    assert viewer.figure.view == "write" and len(viewer.figure.sheet.writing)
    push("clear")
    assert not len(viewer.figure.sheet.writing)
    push("?")
    assert viewer.figure.keys.is_open
    assert pushed == {"go on", *(key.button for key in KEYS if key.button)}


def buttons_of(viewer):
    """What is on the buttons: those that do something, and those that do nothing now."""
    viewer.repaint()
    buttons = viewer.figure.scene.buttons
    return ([button.words for button in buttons if button.works],
            [button.words for button in buttons if not button.works])


def test_buttons_follow_what_is_shown(viewer):
    """Otherwise a finger cannot clear a sheet, undo a zoom, take a step, or pushes in vain."""
    viewer.run.apply(Started("a model", 100, reads_digits=True))
    assert buttons_of(viewer) == (
        ["curves", "digits", "confusion", "misread", "write", "zoom", "pause", "axes", "save", "?"],
        ["all", "weights", "layers", "evidence", "step"])
    press(viewer, "7", "o")
    drag(viewer, "accuracy", (10, 0.2), (60, 0.5))
    viewer.repaint()
    assert viewer.figure.scene.hint.startswith("h: ")  # the way back
    press(viewer, " ")
    works, _ = buttons_of(viewer)
    assert {"all", "undo", "zoom", "go on", "step"} <= {*works}
    press(viewer, "d")
    works, idle = buttons_of(viewer)
    assert "clear" in works and {"axes"} <= {*idle}
    viewer.run.apply(Finished(False, 1.0, 100))
    assert {"pause", "step"} <= {*buttons_of(viewer)[1]}


def click_title(viewer, panel):
    cell, axes = viewer.figure.panels[panel].cell, viewer.figure.panels[panel].axes.bbox
    mouse(viewer, "press", (axes.x0 + 20, (axes.y1 + cell.y1) / 2))


def test_a_click_on_a_title_shows_its_panel_alone_and_the_next_all(viewer):
    """Otherwise a phone has no way to a single panel."""
    draw(viewer.figure)
    for view in ("biases", "all"):
        click_title(viewer, "biases")
        draw(viewer.figure)
        assert viewer.figure.view == view


def test_the_list_of_keys_closes_and_does_nothing_else(viewer):
    """Otherwise whoever has no keyboard is caught in it, or changes the view by closing it."""
    for how in ("?", "escape", "click"):
        press(viewer, "7", "?")
        assert viewer.figure.keys.is_open
        if how == "click":
            click_title(viewer, "accuracy")
        else:
            press(viewer, how)
        assert not viewer.figure.keys.is_open and viewer.figure.view == "curves"
        assert difference(pixels(viewer.figure), draw(viewer.figure)).max() <= UNSEEN


def test_the_list_of_keys_is_in_front_of_everything_until_it_is_hidden(viewer):
    viewer.run.apply(Started("a model", 100))
    press(viewer, "?")
    place = box(strip_of(viewer.figure, "keys").bbox.padded(-2))
    empty = pixels(viewer.figure)[place]
    for message in messages_of_a_run(60):
        viewer.run.apply(message)
        show(viewer.figure)
    assert difference(pixels(viewer.figure)[place], empty).max() == 0
    press(viewer, "?")
    assert difference(pixels(viewer.figure)[place], empty).max() > 200
    assert show(viewer.figure) == []
    assert difference(pixels(viewer.figure), draw(viewer.figure)).max() <= UNSEEN


# A closer look at a digit.

def test_a_click_on_a_digit_shows_it_and_the_next_goes_back(viewer):
    digits = digits_of(1000, 5, 10_000)
    viewer.run.apply(Trained(0, 0.5, 5.0, digits=digits_of(98, 5)))
    viewer.run.apply(messages.Tested(0, 0.5, 5.0, digits))
    press(viewer, "9")
    for panel, number, title, computed, colour in (
            ("train digits", 97, "Training digit: 7, read correctly", 7, TRAIN_COLOUR),
            ("test digits", 3, "Test digit: 3, read as 6", 6, "#eb5748"),
            ("test digits", 998, "Test digit: 8, read correctly", 8, TRAIN_COLOUR)):
        axes = viewer.figure.panels[panel].axes
        columns = round(axes.get_xlim()[1])
        place = axes.transData.transform((number % columns + 0.9, number // columns + 0.1))
        mouse(viewer, "press", place, button=3)
        assert viewer.figure.view == "digits"
        mouse(viewer, "press", place)
        draw(viewer.figure)
        assert viewer.figure.view == "look"
        shown, bars = (viewer.figure.panels[name].axes for name in ("sample", "probabilities"))
        assert shown.get_title(loc="left") == title
        np.testing.assert_array_equal(shown.images[0].get_array(), digits.images[number])
        (bar,) = (patch for patch in bars.patches if patch.get_width() > 0)
        assert bar.get_width() == 1 and same_color(bar.get_facecolor(), colour)
        assert round(bar.get_y() + bar.get_height() / 2) == computed
        mouse(viewer, "press", place)
        assert viewer.figure.view == "digits"


def test_a_click_beside_the_digits_does_nothing(viewer):
    viewer.run.apply(Trained(0, 0.5, 5.0, digits=digits_of(98, 98)))
    press(viewer, "0")
    digits = viewer.figure.panels["train digits"].axes
    for name, (x, y) in (("accuracy", (5, 0.5)), ("test digits", (0.5, 0.5)), (
            "train digits", (digits.get_xlim()[1] - 0.5, digits.get_ylim()[0] - 0.5))):
        mouse(viewer, "press", viewer.figure.panels[name].axes.transData.transform((x, y)))
        assert viewer.figure.view == "all" and viewer.figure.scene.sample is None


# The status line.

FINISHED = Finished(False, 60.0, 61)


@pytest.mark.parametrize("said, most, words", [
    ([], 80, "training at 0"),
    ([Started("a model", 10_000), Trained(1234, 0.5, 5.0, 3), Progress(1234, 9.0, 3725.4)], 80,
     "training at 1,234 of 10,000   1:02:05 left   epoch 3   a model"),
    ([Started("a model", 10_000), Trained(1234, 0.5, 5.0, 3), Progress(1234, 9.0, 3725.4)], 45,
     "training at 1,234 of 10,000   1:02:05 left"),
    ([messages.Tested(0, 0.9, 1.0), messages.Tested(20, 0.98765, 1.0), Paused(True)], 80,
     "paused at 20   test accuracy 0.9877"),
    ([Started("m", 60), Trained(60, 0.5, 5.0), Progress(60, 60.0, 0.0), FINISHED], 80,
     "finished at 60 of 60   m"),
    ([Started("m", 60), Trained(20, 0.5, 5.0), Finished(True, 20.0, 21)], 80,
     "ended early at 20 of 60   m")])
def test_the_status_line_says_where_the_run_is(said, most, words):
    assert status_words(run_of(*said), most) == words


def test_the_bar_above_it_tells_the_share_that_is_done():
    run = Run()
    dashboard = dashboard_of(run, view="accuracy")
    for said, colour, share in (
            ([Started("m", None), Progress(30, 1.0, None)], TRAIN_COLOUR, 0),
            ([Started("m", 1000), Progress(250, 1.0, 3.0)], TRAIN_COLOUR, 0.25),
            ([Paused(True)], TEST_COLOUR, 0.25),
            ([Progress(1000, 1.0, 0.0), FINISHED], TRAIN_COLOUR, 1)):
        for message in said:
            run.apply(message)
        row = int(strip_of(dashboard, "status").bbox.y1) - 2
        done = np.abs(draw(dashboard)[row] - 255 * np.array(to_rgb(colour))).max(axis=1) < 20
        assert done.sum() == pytest.approx(share * 1280, abs=1)
        assert done[:done.sum()].all()


# Saved pictures.

def test_a_saved_picture_has_everything_but_what_is_to_be_pressed():
    """PNG, SVG and PDF: the size of the figure, no buttons, no list of keys."""
    matplotlib.rcParams["svg.fonttype"] = "none"  # texts as texts
    matplotlib.rcParams["pdf.compression"] = 0
    dashboard = dashboard_of(long_run(), keys=KEYS)
    dashboard.keys.toggle()
    draw(dashboard)
    png, svg, pdf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    for file, ending in ((png, "png"), (svg, "svg"), (pdf, "pdf")):
        dashboard.figure.savefig(file, format=ending)
    png.seek(0)
    assert matplotlib.image.imread(png).shape[:2] == (720, 1280)
    root = ElementTree.fromstring(svg.getvalue())
    assert (root.get("width"), root.get("height")) == ("921.6pt", "518.4pt")  # 12.8 by 7.2 inches
    texts = {"".join(element.itertext()).strip() for element in root.iter(SVG + "text")}
    assert {panel.title.get_text() for panel in dashboard.panels.values()} | {"90 %"} <= texts
    assert any(text.startswith("training at 10,000 of 10,000") for text in texts)
    assert not texts & ({key.words for key in KEYS} | {"zoom", "write", "pause"})
    images = list(root.iter(SVG + "image"))
    assert len(images) == 2
    assert b"/MediaBox [ 0 0 921.6 518.4 ]" in pdf.getvalue()
    assert pdf.getvalue().count(b"/Subtype /Image") >= 2


def test_the_window_goes_on_after_a_picture_was_saved():
    run = long_run()
    dashboard = dashboard_of(run)
    draw(dashboard)
    dashboard.figure.savefig(io.BytesIO())
    assert show(dashboard) is None  # the picture was drawn in the window's place
    run.apply(Trained(10_000, 0.5, 90.0, 17, digits=digits_of(100, 90)))
    assert dashboard.panels["train digits"] in show(dashboard)
    assert difference(pixels(dashboard), draw(dashboard_of(run))).max() <= 2 * UNSEEN
