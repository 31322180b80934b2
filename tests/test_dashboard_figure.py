"""The dashboard's picture: what it shows, where, and that painting parts of it gives the whole."""

import io
import itertools
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.backend_bases import ResizeEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.text import Text

from common import dashboard_figure, digit_mosaic, numerals
from common.dashboard_figure import ALL, KEYS, VIEWS, DashboardFigure
from common.panels import BANDS_COLOUR, TEST_COLOUR, TRAIN_COLOUR, step_up
from common.run_state import Digits, RunState, percentile_bands

ACCURACY, LOSS, TRAIN_DIGITS, WEIGHTS, BIASES, TEST_DIGITS = range(6)  # in DashboardFigure.panels
POOL = np.zeros((2000, 28, 28), np.uint8)  # images with blank borders
POOL[:, 4:24, 4:24] = np.random.default_rng(0).integers(0, 256, (2000, 20, 20))
SVG = "{http://www.w3.org/2000/svg}"
UNSEEN = 8  # of 255: differences of shade up to this size are not seen


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        dashboard_figure.use_style()
        yield


def dashboard_of(run, width=1280, height=720, dpi=100, view=ALL):
    """A dashboard on a canvas in memory, connected as in a window."""
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
    FigureCanvasAgg(figure)
    dashboard = DashboardFigure(figure, run)
    dashboard.connect()
    dashboard.show_panels(view)
    return dashboard


def draw(dashboard):
    """Draw the whole figure, with all that is new."""
    dashboard.update()
    dashboard.figure.canvas.draw()
    return pixels(dashboard)


def show(dashboard, with_status=True):
    """Bring the picture up to date as a window does; return the parts painted, None for all."""
    parts = dashboard.update(with_status)
    if parts is None:
        dashboard.figure.canvas.draw()
    else:
        dashboard.repaint(parts)
    return parts


def pixels(dashboard):
    """A copy of the picture, uint8 [height, width, 3]; row 0 is the lowest, as in matplotlib."""
    return np.array(dashboard.figure.canvas.buffer_rgba())[::-1, :, :3]


def difference(picture, other):
    """How much each pixel of two pictures differs, [height, width], from 0 to 255."""
    red, green, blue = np.moveaxis(np.maximum(picture, other) - np.minimum(picture, other), 2, 0)
    return np.maximum(np.maximum(red, green), blue)


def pixel_at(dashboard, panel, x, y):
    """The colour of the picture at a point of a panel, given in the axes' coordinates."""
    column, row = dashboard.panels[panel].axes.transData.transform((x, y)).astype(int)
    return tuple(np.asarray(dashboard.figure.canvas.buffer_rgba())[-1 - row, column, :3].tolist())


def box(bbox):
    """The rows and columns of a picture that a matplotlib box touches."""
    left, bottom = np.floor(bbox.min).astype(int)
    right, top = np.ceil(bbox.max).astype(int)
    return slice(max(bottom, 0), max(top, 0)), slice(max(left, 0), max(right, 0))


def digits_of(count, misread, total=None, start=0):
    """So many digits, the first ones misread."""
    labels = (np.arange(count) % 10).astype(np.uint8)
    computed = np.where(np.arange(count) < misread, labels + 3, labels) % 10
    return Digits(images=POOL[start:start + count], labels=labels, total=total or count,
                  probabilities=np.eye(10, dtype=np.float32)[computed])


def messages_of_a_run(iterations):
    """The messages of a run, as they come in reality."""
    random = np.random.default_rng(1)
    weights, biases = random.normal(size=1000), np.full(50, 0.1)
    yield {"title": "a model", "last": iterations, "iteration": 0}
    for i in range(0, iterations + 1, 20):
        accuracy = 1 - 0.9 * np.exp(-i / 300)
        measured = accuracy - 0.1 * random.random()
        message = {"iteration": i, "epoch": i // 600 + 1, "train_accuracy": measured,
                   "train_loss": 100 - 100 * measured,
                   "train_digits": digits_of(100, round(100 - 100 * measured), start=i % 900)}
        if i < 200 or i % 60 == 0:
            weights = weights + 0.03 * random.normal(size=1000)
            biases = biases + 0.03 * random.normal(size=50)
            message |= {"weights": percentile_bands([weights]),
                        "biases": percentile_bands([biases])}
        yield message
        yield {"iteration": i, "seconds_left": (iterations - i) / 50}
        if i < 100 or i % 100 == 0:
            misread = round(10_000 * (1 - accuracy))
            yield {"iteration": i, "test_accuracy": accuracy, "test_loss": 100 - 100 * accuracy,
                   "test_digits": digits_of(1000, misread, 10_000, start=i % 900)}
    yield {"iteration": iterations, "phase": "finished"}


def run_of(*messages):
    """A run that these messages have made."""
    run = RunState()
    for message in messages:
        run.apply(message)
    return run


def finished_run(iterations=2000):
    """A run with everything that the dashboard can show; few measurements, all the same."""
    run = run_of({"title": "a model", "last": iterations, "epoch": 17, "seconds_left": 40_000.0})
    for i in range(0, iterations + 1, iterations // 10):
        run.apply({"iteration": i, "train_accuracy": 0.9, "train_loss": 33.0,
                   "test_accuracy": 0.88, "test_loss": 35.0,
                   "weights": np.linspace(-0.7, 0.7, 8), "biases": np.linspace(-0.03, 0.04, 8)})
    run.apply({"train_digits": digits_of(100, 9), "test_digits": digits_of(1000, 200, 10_000)})
    return run


# Curves.

@pytest.mark.parametrize("panel, quantity, top", [(ACCURACY, "accuracy", 1), (LOSS, "loss", 100)])
def test_curves_show_all_the_measurements_in_order(panel, quantity, top):
    random = np.random.default_rng(2)
    run = RunState()
    dashboard = dashboard_of(run)
    sent = {"train": [], "test": []}
    for i in range(0, 300, 20):
        for which in ("train", "test")[:1 + (i % 100 == 0)]:
            value = top * random.random()
            sent[which].append([i, value])
            run.apply({"iteration": i, f"{which}_{quantity}": value})
        dashboard.update()
    axes = dashboard.panels[panel].axes
    train, test = axes.get_lines()
    np.testing.assert_array_equal(train.get_xydata(), sent["train"])
    np.testing.assert_array_equal(test.get_xydata(), sent["test"])
    assert axes.get_ylim() == (0, top)


def test_the_legend_tells_which_curve_is_which():
    dashboard = dashboard_of(run_of())
    for panel in (ACCURACY, LOSS):
        axes = dashboard.panels[panel].axes
        handles = axes.get_legend().get_lines()
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert names == ["training digits", "test digits"]
        for handle, line, colour in zip(handles, axes.get_lines(), (TRAIN_COLOUR, TEST_COLOUR)):
            assert same_color(handle.get_color(), colour) and same_color(line.get_color(), colour)


def test_the_curves_are_in_the_picture():
    run = run_of({"iteration": 0, "train_accuracy": 0.3, "test_accuracy": 0.7},
                 {"iteration": 100, "train_accuracy": 0.3, "test_accuracy": 0.7})
    dashboard = dashboard_of(run)
    draw(dashboard)
    axes = dashboard.panels[ACCURACY].axes
    for accuracy, colour in ((0.3, TRAIN_COLOUR), (0.7, TEST_COLOUR)):
        column, row = axes.transData.transform((50, accuracy)).astype(int)
        near = pixels(dashboard)[row - 1:row + 2, column]
        expected = np.array(matplotlib.colors.to_rgb(colour)) * 255
        assert np.abs(near - expected).max(axis=1).min() < 60  # it is thin, so a bit pale


# Bands.

@pytest.mark.parametrize("panel, name", [(WEIGHTS, "weights"), (BIASES, "biases")])
def test_bands_lie_between_the_percentiles(panel, name):
    random = np.random.default_rng(3)
    run, expected = RunState(), []
    dashboard = dashboard_of(run)
    iterations = [0, 20, 40, 100]
    for i in iterations:
        arrays = [random.normal(size=(30, 20)) * (1 + i / 50), random.normal(size=7)]
        run.apply({"iteration": i, name: percentile_bands(arrays)})
        values = np.concatenate([array.ravel() for array in arrays])
        expected.append(np.percentile(values, np.linspace(0, 100, 8)))
        dashboard.update()
    bands = dashboard.panels[panel].axes.patches
    assert len(bands) == 7
    for band, lower, upper in zip(bands, np.transpose(expected), np.transpose(expected)[1:]):
        there = np.column_stack([iterations, lower])
        back = np.column_stack([iterations, upper])[::-1]
        closed = np.concatenate([there, back, there[:1]])
        np.testing.assert_allclose(band.get_xy(), closed, rtol=1e-12, atol=1e-14)


def test_bands_are_darkest_in_the_middle_and_symmetrical():
    edges = np.linspace(-0.7, 0.7, 8)
    run = run_of({"iteration": 0, "weights": edges}, {"iteration": 100, "weights": edges})
    dashboard = dashboard_of(run, view=(4,))
    draw(dashboard)
    heights = [-0.63, -0.43, -0.23, 0.03, 0.23, 0.43, 0.63]  # within the bands, beside the grid
    shades = [pixel_at(dashboard, WEIGHTS, 33, height) for height in heights]
    assert shades == shades[::-1]
    brightness = [sum(shade) for shade in shades]
    assert brightness[3] < brightness[2] < brightness[1] < brightness[0] < 3 * 250
    for height in (-0.77, 0.77):
        assert pixel_at(dashboard, WEIGHTS, 33, height) == (255, 255, 255)
    assert all(same_color(band.get_facecolor()[:3], BANDS_COLOUR)
               for band in dashboard.panels[WEIGHTS].axes.patches)


@pytest.mark.parametrize("largest, top", [(0.03, 0.05), (0.1, 0.1), (-0.3, 0.5), (1.2, 2), (-4, 5)])
def test_the_axis_of_the_bands_grows_in_steps(largest, top):
    run = run_of({"iteration": 0, "biases": np.full(8, 0.01)})
    dashboard = dashboard_of(run, view=(5,))
    draw(dashboard)
    axes = dashboard.panels[BIASES].axes
    assert axes.get_ylim() == (-0.01, 0.01)
    run.apply({"iteration": 20, "biases": largest * np.arange(8) / 7})
    assert show(dashboard) is None  # for the ticks have changed
    assert axes.get_ylim() == (-top, top)
    run.apply({"iteration": 40, "biases": np.full(8, 0.01)})
    assert show(dashboard) is not None
    assert axes.get_ylim() == (-top, top)  # the largest value is still to be seen


def test_bands_that_are_no_numbers_do_no_harm():
    run = run_of({"iteration": 0, "weights": np.linspace(-1, 1, 8)},
                 {"iteration": 20, "weights": np.full(8, np.nan)},
                 {"iteration": 40, "weights": np.append(np.zeros(7), np.inf)})
    dashboard = dashboard_of(run)
    draw(dashboard)
    assert dashboard.panels[WEIGHTS].axes.get_ylim() == (-1, 1)


# Axes.

def test_steps():
    cases = {1: 1, 1.01: 2, 2: 2, 3: 5, 5: 5, 7: 10, 10: 10, 99: 100, 100: 100, 101: 200,
             0.1: 0.1, 0.3: 0.5, 0.5: 0.5, 0.0011: 0.002, 1e-6: 1e-6, 1000: 1000, 60_000: 100_000}
    assert {value: step_up(value) for value in cases} == cases


@pytest.mark.parametrize("last, ends", [
    (None, [100, 100, 200, 500, 500, 1000, 2000, 2000]),
    (10_000, [100, 100, 200, 500, 500, 1000, 2000, 2000]),
    (1500, [100, 100, 200, 500, 500, 1000, 1500, 1500]),
    (120, [100, 100, 120]),
    (60, [60]),
])
def test_iterations_grow_in_steps_up_to_the_last(last, ends):
    run = run_of({"last": last})
    dashboard = dashboard_of(run)
    for i, end in zip([40, 100, 120, 220, 500, 520, 1020, 1500], ends):
        run.apply({"iteration": i, "train_accuracy": 0.5, "test_loss": 5.0, "weights": np.ones(8)})
        dashboard.update()
        for panel in (ACCURACY, LOSS, WEIGHTS):
            assert dashboard.panels[panel].axes.get_xlim() == (0, end)
    assert dashboard.panels[BIASES].axes.get_xlim() == (0, 100 if last != 60 else 60)


def zoomable_run(iteration, size):
    return {"iteration": iteration, "train_accuracy": 0.5, "weights": np.linspace(-size, size, 8)}


def test_axes_stay_put_while_zoomed_and_follow_again():
    run = run_of({"last": 10_000}, zoomable_run(80, 0.3))
    dashboard = dashboard_of(run, view=(1, 4))
    draw(dashboard)
    accuracy, weights = dashboard.panels[ACCURACY].axes, dashboard.panels[WEIGHTS].axes
    accuracy.set(xlim=(10.3, 70.2), ylim=(0.4, 0.6))
    weights.set(xlim=(0, 33.3), ylim=(-0.21, 0.17))
    for i in (100, 300, 600):
        run.apply(zoomable_run(i, i / 100))
        show(dashboard)
        assert accuracy.get_xlim() == (10.3, 70.2) and accuracy.get_ylim() == (0.4, 0.6)
        assert weights.get_xlim() == (0, 33.3) and weights.get_ylim() == (-0.21, 0.17)
    dashboard.undo_zooms()
    assert show(dashboard) is None
    assert accuracy.get_xlim() == weights.get_xlim() == (0, 1000)
    assert accuracy.get_ylim() == (0, 1) and weights.get_ylim() == (-10, 10)
    run.apply(zoomable_run(1020, 12))
    show(dashboard)
    assert accuracy.get_xlim() == weights.get_xlim() == (0, 2000)
    assert weights.get_ylim() == (-20, 20)


def test_axes_follow_again_after_the_toolbars_home_button():
    run = run_of({"last": 1500}, zoomable_run(80, 0.3))
    dashboard = dashboard_of(run, view=(1, 4))
    draw(dashboard)
    weights = dashboard.panels[WEIGHTS].axes
    home = {"xlim": weights.get_xlim(), "ylim": weights.get_ylim()}
    weights.set(xlim=(20.5, 33.3), ylim=(-0.21, 0.17))
    run.apply(zoomable_run(1200, 3))
    show(dashboard)
    weights.set(**home)  # the limits of long ago
    run.apply(zoomable_run(1220, 3))
    assert show(dashboard) is None
    assert weights.get_xlim() == (0, 1500) and weights.get_ylim() == (-5, 5)


def test_zoomed_digits_stay_zoomed_when_new_ones_come():
    run = run_of({"iteration": 0, "train_digits": digits_of(100, 3)})
    dashboard = dashboard_of(run, 500, 500, view=(3,))
    draw(dashboard)
    axes = dashboard.panels[TRAIN_DIGITS].axes
    assert axes.get_xlim() == (0, 10) and axes.get_ylim() == (10, 0)
    axes.set(xlim=(1, 5), ylim=(4, 0))
    run.apply({"iteration": 20, "train_digits": digits_of(100, 24)})
    draw(dashboard)
    assert axes.get_xlim() == (1, 5) and axes.get_ylim() == (4, 0)
    assert pixel_at(dashboard, TRAIN_DIGITS, 3.03, 1.03) == digit_mosaic.WRONG_BACKGROUND
    run.apply({"iteration": 40, "train_digits": digits_of(100, 13)})
    draw(dashboard)
    assert pixel_at(dashboard, TRAIN_DIGITS, 2.03, 1.03) == digit_mosaic.WRONG_BACKGROUND
    assert pixel_at(dashboard, TRAIN_DIGITS, 3.03, 1.03) == digit_mosaic.RIGHT_BACKGROUND
    dashboard.undo_zooms()
    assert axes.get_xlim() == (0, 10) and axes.get_ylim() == (10, 0)


@pytest.mark.parametrize("xlim, ylim", [
    ((2.2, 4.7), (9.1, 3.9)), ((0, 10), (6.3, 5.1)), ((7.5, 8), (3, 1)), ((-3, 2), (11, 8.5))])
def test_zoomed_digits_are_sharp_and_no_more_than_can_be_seen(xlim, ylim):
    run = run_of({"iteration": 0, "train_digits": digits_of(98, 33)})
    dashboard = dashboard_of(run, 500, 500, view=(3,))
    draw(dashboard)
    axes = dashboard.panels[TRAIN_DIGITS].axes
    axes.set(xlim=xlim, ylim=ylim)
    draw(dashboard)
    (mosaic,) = axes.images
    for row, column in itertools.product(range(10), range(10)):
        corner = column + 0.05, row + 0.05
        if xlim[0] < corner[0] < xlim[1] and ylim[1] < corner[1] < ylim[0]:
            number = 10 * row + column
            assert pixel_at(dashboard, TRAIN_DIGITS, *corner) == (
                digit_mosaic.WRONG_BACKGROUND if number < 33 else (255, 255, 255)), number
    cell = min(axes.bbox.width / (xlim[1] - xlim[0]), max(axes.bbox.size))
    left, right, bottom, top = mosaic.get_extent()
    cells = (right - left) * (bottom - top)
    assert cells < (xlim[1] - xlim[0] + 2) * (ylim[0] - ylim[1] + 2)
    height, width, _ = mosaic.get_array().shape
    assert width * height == pytest.approx(cells * cell ** 2, rel=0.05)


def test_zooming_into_a_corner_of_a_digit_builds_no_giant():
    run = run_of({"iteration": 0, "train_digits": digits_of(100, 33)})
    dashboard = dashboard_of(run, 500, 500, view=(3,))
    draw(dashboard)
    dashboard.panels[TRAIN_DIGITS].axes.set(xlim=(3.9999, 4.0001), ylim=(2.0001, 1.9999))
    draw(dashboard)
    (mosaic,) = dashboard.panels[TRAIN_DIGITS].axes.images
    assert mosaic.get_array().size <= 4 * (2 * 500) ** 2


# Digits.

def test_misread_training_digits_are_red():
    run = RunState()
    dashboard = dashboard_of(run, view=(3, 6))
    axes = dashboard.panels[TRAIN_DIGITS].axes
    for misread in (7, 0, 35, 100):
        run.apply({"iteration": 0, "train_digits": digits_of(100, misread)})
        show(dashboard)
        columns = round(axes.get_xlim()[1])
        red = [pixel_at(dashboard, TRAIN_DIGITS, number % columns + 0.05, number // columns + 0.05)
               == digit_mosaic.WRONG_BACKGROUND for number in range(100)]
        assert red == [True] * misread + [False] * (100 - misread)
    assert axes.get_title(loc="left") == "Training digits: 100"


@pytest.mark.parametrize("number, name, view, scale", [
    (TRAIN_DIGITS, "train_digits", ALL, 1), (TEST_DIGITS, "test_digits", ALL, 1),
    (TRAIN_DIGITS, "train_digits", (3,), 1), (TEST_DIGITS, "test_digits", (6,), 1),
    (TRAIN_DIGITS, "train_digits", ALL, 2),
])
def test_the_digits_are_drawn_pixel_for_pixel(number, name, view, scale):
    """On a screen, and in a picture that is twice as fine: never blurred."""
    digits = digits_of(100, 30) if name == "train_digits" else digits_of(1000, 300, 10_000)
    dashboard = dashboard_of(run_of({"iteration": 0, name: digits}), view=view)
    dashboard.update()
    saved = io.BytesIO()
    dashboard.figure.savefig(saved, dpi=100 * scale)
    saved.seek(0)
    picture = (matplotlib.image.imread(saved)[::-1, :, :3] * 255).round().astype(np.uint8)
    axes = dashboard.panels[number].axes
    columns = round(axes.get_xlim()[1])
    cell = scale * round(axes.bbox.width) // columns
    assert cell * columns == scale * axes.bbox.width
    tags = numerals.pictures(round(0.27 * cell)) if cell >= 20 else None
    expected = digit_mosaic.mosaic(digits.images, digits.labels, digits.computed, columns, cell,
                                   tags)[::-1, :, :3]
    left, bottom = np.round(axes.bbox.min * scale).astype(int)
    height, width, _ = expected.shape
    np.testing.assert_array_equal(picture[bottom:bottom + height, left:left + width], expected)


@pytest.mark.parametrize("count, total, misread, accuracy", [
    (1000, 10_000, 200, 98), (1000, 10_000, 1000, 90), (1000, 2000, 400, 80), (500, 500, 300, 40),
])
def test_the_scale_tells_where_the_red_ends(count, total, misread, accuracy):
    run = run_of({"iteration": 0, "test_digits": digits_of(count, misread, total)})
    dashboard = dashboard_of(run)
    draw(dashboard)
    axes = dashboard.panels[TEST_DIGITS].axes
    columns = round(axes.get_xlim()[1])
    ticks = {label.get_text(): tick for tick, label in zip(axes.get_yticks(),
                                                           axes.get_yticklabels())}
    for text, tick in ticks.items():
        share = float(re.fullmatch(r"([\d.]+) %", text)[1]) / 100
        assert tick == pytest.approx((1 - share) * total / columns, abs=1e-9)
        assert 0 <= tick <= axes.get_ylim()[0]
    assert ticks["100 %"] == 0 and len(ticks) >= 4
    end = ticks[f"{accuracy} %"]
    assert end == pytest.approx(misread / columns)
    last, next_one = divmod(misread - 1, columns), divmod(misread, columns)
    for number, (row, column), background in (
            (misread - 1, last, digit_mosaic.WRONG_BACKGROUND),
            (misread, next_one, digit_mosaic.RIGHT_BACKGROUND)):
        if number < count:
            corner = column + 0.02, row + 0.02  # blank in the images
            assert pixel_at(dashboard, TEST_DIGITS, *corner) == background


@pytest.mark.parametrize("count, total, title", [
    (1000, 10_000, "Test digits: 1,000 of 10,000"), (500, 500, "Test digits: 500")])
def test_the_title_tells_how_many_digits_are_shown(count, total, title):
    run = run_of({"iteration": 0, "test_digits": digits_of(count, 0, total)})
    dashboard = dashboard_of(run)
    dashboard.update()
    assert dashboard.panels[TEST_DIGITS].axes.get_title(loc="left") == title


# Painting in part.

@pytest.mark.parametrize("width, height, dpi, iterations", [(1280, 720, 100, 240),
                                                            (1300, 700, 200, 120)])
@pytest.mark.filterwarnings("error")
def test_painting_in_part_gives_the_whole_picture(width, height, dpi, iterations):
    """And each pixel that changes lies in a box that is copied to the screen."""
    run = RunState()
    dashboard = dashboard_of(run, width, height, dpi)
    before = draw(dashboard)
    in_part = 0
    for message in messages_of_a_run(iterations):
        run.apply(message)
        parts = show(dashboard)
        after = pixels(dashboard)
        if parts is not None:
            in_part += 1
            changed = difference(before, after)
            for part in parts:
                changed[box(part.fresh)] = 0
            assert changed.max() <= UNSEEN, f"{list(message)} at {run.iteration}"
        before = after
    assert in_part > 12
    whole = draw(dashboard_of(run, width, height, dpi))
    assert difference(before, whole).max() <= UNSEEN
    assert difference(before, draw(dashboard_of(RunState(), width, height, dpi))).max() > 200


@pytest.mark.parametrize("view", [ALL, (1, 2), (6,)])
def test_a_screen_with_the_fresh_boxes_alone_shows_everything(view):
    """As in a window: several messages at a time, the status line less often than the panels."""
    run = RunState()
    dashboard = dashboard_of(run, view=view)
    screen = draw(dashboard)
    messages = list(messages_of_a_run(440))
    sizes = itertools.cycle([1, 3, 7, 2])
    position, frames = 0, 0
    while position < len(messages):
        size = next(sizes)
        for message in messages[position:position + size]:
            run.apply(message)
        position += size
        frames += 1
        parts = show(dashboard, with_status=frames % 3 == 0 or run.phase == "finished")
        picture = pixels(dashboard)
        if parts is None:
            screen = picture
        else:
            for part in parts:
                screen[box(part.fresh)] = picture[box(part.fresh)]
    assert difference(screen, draw(dashboard_of(run, view=view))).max() <= 2 * UNSEEN


def test_only_what_is_new_is_painted():
    run = finished_run()
    dashboard = dashboard_of(run)
    assert show(dashboard) is None
    assert show(dashboard) == []
    run.apply({"iteration": 2000, "train_digits": digits_of(100, 50)})
    assert show(dashboard) == [dashboard.panels[TRAIN_DIGITS]]
    run.apply({"iteration": 2000, "test_loss": 5.0})
    assert show(dashboard) == [dashboard.panels[LOSS]]
    run.apply({"epoch": 18})
    assert show(dashboard, with_status=False) == []
    (field,) = show(dashboard)
    assert field.text.get_text() == "epoch 18"


def test_the_new_end_of_a_curve_is_all_that_is_copied():
    run = run_of({"last": 1000}, {"iteration": 900, "train_loss": 5.0, "test_loss": 6.0})
    dashboard = dashboard_of(run)
    draw(dashboard)
    run.apply({"iteration": 920, "train_loss": 5.5})
    (part,) = dashboard.update(with_status=False)
    axes = part.axes
    assert part.fresh.width < 0.2 * axes.bbox.width
    assert part.fresh.x0 < axes.transData.transform((900, 0))[0]
    assert part.fresh.x1 > axes.bbox.x1


# Views.

def test_a_view_shows_its_panels_and_no_others():
    dashboard = dashboard_of(finished_run())
    for view in VIEWS.values():
        dashboard.show_panels(view)
        shown = tuple(number for number, panel in enumerate(dashboard.panels, 1)
                      if panel.axes.get_visible())
        assert shown == dashboard.view == view
        assert dashboard.update() is None
        boxes = [dashboard.panels[number - 1].axes.bbox for number in shown]
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)


def test_the_keys_choose_the_codelabs_views():
    assert [VIEWS[key] for key in "1234567890"] == [
        (1,), (2,), (3,), (4,), (5,), (6,), (1, 2), (4, 5), (3, 6), (1, 2, 3, 4, 5, 6)]
    titles = [panel.axes.get_title(loc="left") for panel in dashboard_of(run_of()).panels[:6]]
    assert titles == ["Accuracy", "Cross-entropy loss", "Training digits", "Weights", "Biases",
                      "Test digits"]


def test_a_panel_that_comes_back_has_missed_nothing():
    run = RunState()
    dashboard = dashboard_of(run, view=(3,))
    for message in messages_of_a_run(240):
        run.apply(message)
        show(dashboard)
    dashboard.show_panels(ALL)
    assert show(dashboard) is None
    assert difference(pixels(dashboard), draw(dashboard_of(run))).max() <= UNSEEN


def test_a_view_of_one_panel_has_nothing_of_the_others():
    """Whatever the others have to show, the picture is the same."""
    run, other = finished_run(), finished_run()
    other.apply({"iteration": 2000, "train_loss": 99.0, "weights": np.linspace(-9, 9, 8),
                 "test_digits": digits_of(1000, 900, 10_000)})
    pictures = [draw(dashboard_of(some_run, view=(3,))) for some_run in (run, other)]
    assert difference(*pictures).max() == 0


def test_a_new_size_gets_a_new_layout():
    run = finished_run()
    dashboard = dashboard_of(run, 1280, 720)
    draw(dashboard)
    dashboard.figure.set_size_inches(10, 7.5)
    canvas = dashboard.figure.canvas
    canvas.callbacks.process("resize_event", ResizeEvent("resize_event", canvas))
    resized = draw(dashboard)
    assert resized.shape == (750, 1000, 3)
    assert difference(resized, draw(dashboard_of(run, 1000, 750))).max() <= UNSEEN


# The list of keys.

def keys_of(dashboard):
    """The axes of the list of keys."""
    (axes,) = (axes for axes in dashboard.figure.axes if axes.get_label() == "keys")
    return axes


def test_the_list_of_keys_is_in_front_of_everything():
    """Where it is, nothing of the panels shines through: full or empty, it looks the same."""
    pictures = []
    for run in (RunState(), finished_run()):
        dashboard = dashboard_of(run)
        without = draw(dashboard)
        dashboard.toggle_keys()
        assert show(dashboard) is None
        place = box(keys_of(dashboard).bbox.padded(-2))
        pictures.append(pixels(dashboard)[place])
        assert difference(pictures[-1], without[place]).max() > 200
    assert difference(*pictures).max() == 0


def test_the_list_of_keys_stays_in_front_until_it_is_hidden():
    run = finished_run()
    dashboard = dashboard_of(run)
    without = draw(dashboard)
    dashboard.toggle_keys()
    show(dashboard)
    place = box(keys_of(dashboard).bbox.padded(-2))
    list_of_keys = pixels(dashboard)[place]
    run.apply({"iteration": 2000, "test_digits": digits_of(1000, 900, 10_000)})
    assert show(dashboard) is None  # for only a whole drawing puts it in front again
    assert difference(pixels(dashboard)[place], list_of_keys).max() == 0
    run.apply({"iteration": 2000, "test_digits": digits_of(1000, 200, 10_000)})
    dashboard.toggle_keys()
    assert show(dashboard) is None
    assert difference(pixels(dashboard)[place], without[place]).max() <= UNSEEN
    assert show(dashboard) == []


def test_the_list_of_keys_names_every_view():
    dashboard = dashboard_of(RunState())
    texts = [text.get_text() for text in keys_of(dashboard).texts]
    assert texts == [words for key in KEYS for words in key]
    named = " ".join(key for key, _ in KEYS).replace("1 … 6", "1 2 3 4 5 6").replace(",", "")
    assert {*VIEWS} - {"escape"} <= set(named.split())


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_list_of_keys_is_never_in_a_saved_picture(ending):
    matplotlib.rcParams["svg.hashsalt"] = "always the same"
    saved = []
    dashboard = dashboard_of(run_of(), view=(1,))
    for _ in range(2):
        draw(dashboard)
        picture = io.BytesIO()
        dashboard.figure.savefig(picture, format=ending, metadata={} if ending == "png" else
                                 {"Date": None})
        saved.append(picture.getvalue())
        dashboard.toggle_keys()
    assert saved[0] == saved[1]


# Saved pictures.

@pytest.mark.parametrize("width, height, dpi", [(1280, 720, 100), (900, 700, 200)])
def test_a_saved_png_has_the_size_of_the_figure_and_shows_the_same(width, height, dpi):
    dashboard = dashboard_of(finished_run(), width, height, dpi)
    drawn = draw(dashboard)
    saved = io.BytesIO()
    dashboard.figure.savefig(saved)
    saved.seek(0)
    picture = (matplotlib.image.imread(saved)[::-1, :, :3] * 255).round().astype(np.uint8)
    assert picture.shape == (height, width, 3)
    different = difference(picture, drawn)
    for panel in dashboard.panels:  # in a window the curves lie on the frame, here below it
        inside = box(panel.axes.bbox.padded(-2))
        content = different[inside].copy()
        different[box(panel.axes.bbox.padded(2))] = 0
        different[inside] = content
    assert different.max() <= UNSEEN


def test_the_window_goes_on_after_a_picture_was_saved():
    run = finished_run()
    dashboard = dashboard_of(run)
    draw(dashboard)
    dashboard.figure.savefig(io.BytesIO())
    assert show(dashboard) == []
    run.apply({"iteration": 2000, "train_loss": 90.0, "test_digits": digits_of(1000, 900, 10_000)})
    parts = show(dashboard)
    assert parts == [dashboard.panels[LOSS], dashboard.panels[TEST_DIGITS]]
    changed = difference(pixels(dashboard), draw(dashboard_of(run)))
    for part in parts:
        assert changed[box(part.region)].max() <= UNSEEN


@pytest.mark.parametrize("view", [ALL, (6,)])
def test_svg_and_pdf_have_the_size_of_the_figure_and_everything_in_it(view):
    matplotlib.rcParams["svg.fonttype"] = "none"  # texts as texts
    matplotlib.rcParams["pdf.compression"] = 0
    dashboard = dashboard_of(finished_run(), view=view)
    dashboard.update()
    svg, pdf = io.BytesIO(), io.BytesIO()
    dashboard.figure.savefig(svg, format="svg")
    dashboard.figure.savefig(pdf, format="pdf")
    root = ElementTree.fromstring(svg.getvalue())
    assert (root.get("width"), root.get("height")) == ("921.6pt", "518.4pt")  # 12.8 by 7.2 inches
    texts = ["".join(element.itertext()).strip() for element in root.iter(SVG + "text")]
    expected = {panel.axes.get_title(loc="left") for number, panel
                in enumerate(dashboard.panels, 1) if number in view}
    assert expected | {"98 %", "iteration 2,000 of 2,000"} <= set(texts)
    images = list(root.iter(SVG + "image"))
    assert len(images) == len({3, 6} & set(view))
    assert pdf.getvalue().startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 921.6 518.4 ]" in pdf.getvalue()
    assert pdf.getvalue().count(b"/Subtype /Image") >= len(images)


# The status line.

def status_of(dashboard):
    """The words in the status line, those that there are."""
    dashboard.update()
    (axes,) = (axes for axes in dashboard.figure.axes if axes.get_label() == "status")
    return [text.get_text() for text in axes.texts if text.get_text()]


@pytest.mark.parametrize("message, words", [
    ({}, ["training", "iteration 0", "space: pause   ?: all keys"]),
    ({"last": 10_000, "iteration": 1234, "epoch": 3, "seconds_left": 3725.4},
     ["training", "iteration 1,234 of 10,000", "epoch 3", "1:02:05 left",
      "space: pause   ?: all keys"]),
    ({"iteration": 20, "test_accuracy": 0.98765, "phase": "paused"},
     ["paused", "iteration 20", "test accuracy 0.9877", "space: go on   ?: all keys"]),
    ({"iteration": 60, "last": 60, "seconds_left": 0.0, "epoch": 1, "phase": "finished"},
     ["finished", "iteration 60 of 60", "epoch 1", "o: zoom   ctrl-s: save   ?: all keys"]),
])
def test_the_status_line_says_where_the_run_is(message, words):
    assert status_of(dashboard_of(run_of(message))) == words


def test_the_latest_test_counts():
    run = run_of({"iteration": 0, "test_accuracy": 0.9}, {"iteration": 20, "test_accuracy": 0.8})
    assert "test accuracy 0.8000" in status_of(dashboard_of(run))


def test_the_bar_above_it_tells_the_share_that_is_done():
    run = RunState()
    dashboard = dashboard_of(run, view=(1,))
    (axes,) = (axes for axes in dashboard.figure.axes if axes.get_label() == "progress")
    height = round(axes.bbox.y0 + axes.bbox.height / 2)
    for phase, colour, iteration, last, share in [
            ("training", TRAIN_COLOUR, 0, 100, 0), ("training", TRAIN_COLOUR, 250, 1000, 0.25),
            ("paused", TEST_COLOUR, 250, 1000, 0.25), ("training", TRAIN_COLOUR, 30, None, 0),
            ("finished", TRAIN_COLOUR, 7, 7, 1)]:
        run.apply({"iteration": iteration, "last": last, "phase": phase})
        show(dashboard)
        expected = np.array(matplotlib.colors.to_rgb(colour)) * 255
        done = np.abs(pixels(dashboard)[height] - expected).max(axis=1) < 20
        assert done.sum() == pytest.approx(share * 1280, abs=1)
        assert done[:done.sum()].all()


# The layout.

def visible_texts(figure):
    """Every text in the figure's present picture."""
    for axes in figure.axes:
        if not axes.get_visible() or axes.get_label() == "keys":
            continue
        ticks = [tick.label1 for axis in (axes.xaxis, axes.yaxis) for tick in
                 axis.get_major_ticks() if axes.axison and is_within(axis, tick.get_loc())]
        others = {text for text in axes.findobj(Text)} - {
            label for axis in (axes.xaxis, axes.yaxis) for tick in
            axis.get_major_ticks() + axis.get_minor_ticks() for label in (tick.label1, tick.label2)}
        yield from (text for text in [*ticks, *others] if text.get_visible() and text.get_text())


def is_within(axis, location):
    low, high = sorted(axis.get_view_interval())
    return low - 1e-9 * (high - low) <= location <= high + 1e-9 * (high - low)


def assert_texts_have_room(dashboard, view):
    """None overlaps another, or is cut off at the figure's border."""
    dashboard.figure.draw_without_rendering()
    texts = [(text.get_text(), text.get_window_extent())
             for text in visible_texts(dashboard.figure)]
    width, height = dashboard.figure.bbox.size
    for text, place in texts:
        assert 0 <= place.x0 and place.x1 <= width, (view, text)
        assert 0 <= place.y0 and place.y1 <= height, (view, text)
    for (text, place), (other_text, other_place) in itertools.combinations(texts, 2):
        assert not place.overlaps(other_place), (view, text, other_text)
    return [text for text, _ in texts]


SIZES = [(1280, 720, 100), (1920, 1080, 100), (2560, 1440, 200), (800, 450, 100)]
PORTRAIT = (700, 1000, 100)


@pytest.mark.parametrize("size, views", [*((size, {*VIEWS.values()}) for size in SIZES),
                                         (PORTRAIT, {*VIEWS.values()} - {ALL})])
def test_texts_have_room(size, views):
    width, height, _ = size
    dashboard = dashboard_of(finished_run(10_000), *size)
    for view in views:
        dashboard.show_panels(view)
        dashboard.update()
        texts = assert_texts_have_room(dashboard, view)
        assert len(texts) >= 6 + len(view)
        assert {"training", "iteration 10,000 of 10,000", "epoch 17"} <= set(texts)
        for number in view:
            place = dashboard.panels[number - 1].axes.bbox
            assert 0 < place.x0 and place.x1 < width and 0 < place.y0 and place.y1 < height
            assert place.width > 100 and place.height > 100


def test_the_widest_common_texts_have_room():
    run = finished_run(10_000)
    run.apply({"iteration": 10_000, "seconds_left": 36_000.0})
    for phase in ("paused", "finished"):
        run.apply({"phase": phase})
        dashboard = dashboard_of(run, 800, 450)
        dashboard.update()
        texts = assert_texts_have_room(dashboard, ALL)
        assert {phase, "iteration 10,000 of 10,000", "10,000"} <= set(texts)


def test_small_values_have_room_for_their_labels():
    run = run_of({"iteration": 0, "weights": np.linspace(-1, 1, 8) * 3e-7})
    dashboard = dashboard_of(run)
    draw(dashboard)
    assert any(text.endswith("e-07") for text in assert_texts_have_room(dashboard, ALL))


@pytest.mark.parametrize("width, height", [(100, 600), (400, 60), (60, 60), (20, 20)])
@pytest.mark.filterwarnings("error")
def test_a_tiny_window_does_no_harm(width, height):
    dashboard = dashboard_of(finished_run())
    dashboard.figure.set_size_inches(width / 100, height / 100)
    for view in {*VIEWS.values()}:
        ResizeEvent("resize_event", dashboard.figure.canvas)._process()
        dashboard.show_panels(view)
        draw(dashboard)
        dashboard.toggle_keys()


@pytest.mark.parametrize("width, height, dpi", [*SIZES, PORTRAIT])
def test_the_list_of_keys_has_room(width, height, dpi):
    dashboard = dashboard_of(RunState(), width, height, dpi, view=(1,))
    axes = keys_of(dashboard)
    places = [text.get_window_extent() for text in axes.texts]
    for place in places:
        assert axes.bbox.x0 < place.x0 and place.x1 < axes.bbox.x1
        assert axes.bbox.y0 < place.y0 and place.y1 < axes.bbox.y1
    for one, other in itertools.combinations(places, 2):
        assert not one.overlaps(other)
    assert 0 <= axes.bbox.x0 and axes.bbox.x1 <= width
    assert 0 <= axes.bbox.y0 and axes.bbox.y1 <= height
