"""The pictures for scripts and notebooks: what they show, and where."""

import errno
import io
import itertools
import pathlib
import subprocess
import sys

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from conftest import PROJECT
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from common import pictures
from common.clean_exit import UserError
from common.panels import TEST_COLOUR, TRAIN_COLOUR
from common.run_state import RunState

CLASSES = np.eye(10)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((30, 28, 28, 1))


def pixels(figure):
    """uint8 [height, width, 3]"""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def colours(axes):
    """The colour in the middle of each cell of side 1: uint8 [rows, columns, 3]."""
    drawn = pixels(axes.figure)
    columns, rows = int(axes.get_xlim()[1]), int(axes.get_ylim()[0])
    x, y = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    points = axes.transData.transform(np.column_stack([x.ravel(), y.ravel()])).astype(int)
    return drawn[len(drawn) - 1 - points[:, 1], points[:, 0]].reshape(rows, columns, 3)


def is_colour(drawn, colour):
    """Whether pixels have a colour: bool, of the shape of `drawn` without its last axis."""
    return (np.abs(drawn - 255 * np.array(to_rgb(colour))) < 3).all(axis=-1)


def texts(figure):
    """All texts of a figure that are not empty, ticks and titles among them."""
    pixels(figure)  # gives ticks their texts
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def words(figure):
    return [text.get_text() for text in texts(figure)]


def sure(digit, probability):
    """Probabilities, float [10]: one for `digit`, and the others equal."""
    return np.where(CLASSES[digit] == 1, probability, (1 - probability) / 9)


def run_of(**values):
    """A `RunState` with these curves, measured every 10 iterations."""
    run = RunState()
    for name, curve in values.items():
        for step, value in enumerate(curve):
            run.apply({"iteration": 10 * step, name: value})
    return run


@pytest.fixture(scope="module")
def examples():
    """One picture of each kind, and those with the most and the largest texts."""
    labels = np.arange(30) % 10
    many = np.array([sure((label + 1) % 10, 0.99999) for label in labels])
    run = run_of(train_accuracy=[0.1, 0.8], test_accuracy=[0.1, 0.9],
                 train_loss=[230, 40], test_loss=[230.2, 39])
    return {
        "digit": pictures.digit(IMAGES[0]),
        "first filters": pictures.filters(RANDOM.normal(size=(5, 5, 1, 32))),
        "filters": pictures.filters(RANDOM.normal(size=(5, 5, 3, 40))),
        "one filter": pictures.filters(np.full((1, 1, 1, 1), -0.123)),
        "narrow filters": pictures.filters(RANDOM.normal(size=(5, 5, 40, 2))),
        "a long title": pictures.filters(
            np.zeros((3, 3, 1, 1)), "Weights of the first layer, before the network is trained"),
        "many filters": pictures.filters(np.zeros((3, 3, 64, 64))),
        "activations": pictures.activations(RANDOM.random((28, 28, 128))),
        "small activations": pictures.activations(RANDOM.normal(size=(1, 2, 2, 6))),
        "probabilities": pictures.probabilities(IMAGES[0], np.full(10, 0.1), 1),
        "certain": pictures.probabilities(IMAGES[0], sure(9, 1), 8),
        "confusion": pictures.confusion_matrix(np.repeat(labels, 400), np.full(12000, 3)),
        "misread": pictures.most_confidently_misread(IMAGES, labels, many),
        "one misread": pictures.most_confidently_misread(IMAGES[:1], labels[:1], many[:1]),
        "none misread": pictures.most_confidently_misread(
            np.tile(IMAGES[:1], (10000, 1, 1, 1)), np.zeros(10000, int),
            np.tile(CLASSES[:1], (10000, 1))),
        "accuracy": pictures.training_curves(run, "accuracy"),
        "loss": pictures.training_curves(run, "loss"),
        "large loss": pictures.training_curves(run_of(train_loss=[90000]), "loss"),
    }


def test_texts_overlap_neither_each_other_nor_the_edge(examples):
    for name, figure in examples.items():
        boxes = [text.get_window_extent() for text in texts(figure)]
        width, height = figure.bbox.size
        for box in boxes:
            assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height, name
        for one, other in itertools.combinations(boxes, 2):
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(
                one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 0, name


def test_pictures_fit_on_a_page(examples):
    for name, figure in examples.items():
        width, height = figure.bbox.size
        assert width <= 1300 and height <= 800, name


def drawn_now():
    """Some pictures as a canvas shows them that is not ours, and as a notebook does."""
    figures = [pictures.filters(np.ones((5, 5, 2, 2))),
               pictures.probabilities(IMAGES[0], sure(9, 1), 8),
               pictures.training_curves(run_of(train_loss=[230, 40]), "loss")]
    return [pixels(figure).tobytes() for figure in figures] + [
        figure._repr_png_() for figure in figures]


def test_matplotlib_settings_are_neither_heeded_nor_changed():
    usual = drawn_now()
    with matplotlib.rc_context():
        matplotlib.style.use("dark_background")
        matplotlib.rcParams.update({"font.family": "serif", "savefig.dpi": 30, "axes.grid": True,
                                    "xtick.minor.visible": True, "savefig.bbox": "tight"})
        before = dict(matplotlib.rcParams)
        assert drawn_now() == usual
        assert dict(matplotlib.rcParams) == before


def test_a_notebook_shows_the_picture():
    figure = pictures.digit(IMAGES[0])
    assert isinstance(figure, Figure)
    png = imread(io.BytesIO(figure._repr_png_()))
    np.testing.assert_allclose(255 * png[..., :3], pixels(figure), atol=1)


def test_pyplot_is_not_needed():
    code = ("import sys, numpy; from common import pictures\n"
            "pictures.digit(numpy.zeros(784))._repr_png_()\n"
            "sys.exit('matplotlib.pyplot' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_digit():
    image = np.zeros((28, 28))
    image[3, 20], image[5, 6] = 1, 0.5
    drawn = colours(pictures.digit(image).axes[0])
    assert drawn.shape == (28, 28, 3)
    assert is_colour(drawn[3, 20], pictures.INK)
    assert 100 < drawn[5, 6].mean() < 160
    assert is_colour(drawn, "white").sum() == 28 * 28 - 2
    inverted = colours(pictures.digit(image, inverted=True).axes[0])
    assert is_colour(inverted[3, 20], "white")
    assert is_colour(inverted, pictures.INK).sum() == 28 * 28 - 2
    for shape in (784, (28, 28, 1)):
        assert (colours(pictures.digit(image.reshape(shape)).axes[0]) == drawn).all()


def test_filters_of_several_inputs_are_in_rows():
    weights = np.zeros((3, 5, 2, 4))  # tiles of 3 rows and 5 columns
    weights[0, 4, 1, 3], weights[2, 1, 0, 2] = 0.5, -0.5
    weights[1, 2, 1, 0], weights[1, 2, 1, 1] = 0.2, -0.2
    drawn = colours(pictures.filters(weights).axes[0])
    assert drawn.shape == (2 * 4 + 1, 4 * 6 + 1, 3)
    grey = is_colour(drawn, pictures.GREY)
    assert grey[::4].all() and grey[:, ::6].all()
    assert grey.sum() == drawn[..., 0].size - 2 * 4 * 3 * 5
    assert is_colour(drawn, "white").sum() == 2 * 4 * 3 * 5 - 4
    bluer = drawn[..., 2].astype(int) - drawn[..., 0]
    assert bluer[4 + 1 + 0, 3 * 6 + 1 + 4] > 50 and bluer[4 + 1 + 1, 0 * 6 + 1 + 2] > 50
    assert bluer[0 + 1 + 2, 2 * 6 + 1 + 1] < -50 and bluer[4 + 1 + 1, 1 * 6 + 1 + 2] < -50
    found = words(pictures.filters(weights))
    assert found.count("0") == 3 and found.count("3") == 1  # rows, columns, colour bar
    assert "0.5" in found and "−0.5" in found


def test_filters_of_one_input_are_a_grid():
    weights = np.zeros((5, 5, 1, 32))
    weights[:, :, 0, 9] = 1
    drawn = colours(pictures.filters(weights, "Layer 1").axes[0]).astype(int)
    assert drawn.shape == (4 * 6 + 1, 8 * 6 + 1, 3)
    blue = drawn[..., 2] > drawn[..., 0] + 50
    assert blue[7:12, 7:12].all() and blue.sum() == 25
    assert "Layer 1" in words(pictures.filters(weights, "Layer 1"))


@pytest.mark.parametrize("inputs, outputs, tiles, title", [
    (12, 24, (12, 24), "Filters"),
    (64, 64, (16, 32), "Filters, the first 16 of 64 inputs, the first 32 of 64 outputs"),
    (100, 8, (64, 8), "Filters, the first 64 of 100 inputs"),
    (1, 2000, (16, 32), "Filters, the first 512 of 2,000 outputs")])
def test_of_many_filters_the_first_are_shown(inputs, outputs, tiles, title):
    figure = pictures.filters(np.zeros((3, 3, inputs, outputs)))
    assert title in words(figure)
    assert figure.axes[0].images[0].get_array().shape == (tiles[0] * 4 + 1, tiles[1] * 4 + 1)


def test_filters_that_are_not_finite_are_gaps():
    weights = np.full((2, 2, 1, 1), 0.25)
    weights[0, 0], weights[1, 0], weights[1, 1] = np.nan, np.inf, -0.25
    figure = pictures.filters(weights)
    drawn = colours(figure.axes[0])
    assert is_colour(drawn[1, 1], pictures.GREY) and not is_colour(drawn[1, 2], pictures.GREY)
    assert "0.25" in words(figure)


def test_activations():
    values = np.zeros((4, 4, 6))
    for channel in range(6):
        values[0, 1, channel] = channel / 2
    figure = pictures.activations(values, "After layer 1")
    axes, found, ink = figure.axes[0], words(figure), []
    assert "After layer 1" in found and "2.5" in found and "−2.5" not in found
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert list(places) == ["0", "1", "2", "3", "4", "5"]
    drawn = colours(axes)
    for channel in range(6):
        x, y = places[str(channel)]
        assert (x, y) == (1 + channel % 3 * 5, 1 + channel // 3 * 5)
        ink.append(drawn[y, x + 1].astype(int).sum())
        assert is_colour(drawn[y:y + 4, x:x + 4], "white").sum() == 16 - (channel > 0)
        assert is_colour(drawn[y - 1, x:x + 4], pictures.PALE_BLUE).any()
    assert ink == sorted(ink, reverse=True) and len(set(ink)) == 6
    assert is_colour(drawn[y, x + 1], pictures.INK)
    batch = pictures.activations(values[np.newaxis], "After layer 1")
    assert (pixels(batch) == pixels(figure)).all()


def test_negative_activations_are_coloured():
    drawn = colours(pictures.activations(np.array([[[-1.0], [0], [1]]])).axes[0]).astype(int)
    negative, zero, positive = drawn[1, 1:4]
    assert negative[0] > negative[2] + 50 and positive[2] > positive[0] + 50
    assert is_colour(zero, "white")


@pytest.mark.parametrize("side, channels", [(28, 6), (28, 128), (14, 12), (7, 24), (7, 128)])
def test_each_channel_has_a_tile_large_enough(side, channels):
    figure = pictures.activations(np.ones((side, side, channels)))
    axes = figure.axes[0]
    assert np.isfinite(axes.images[0].get_array().filled(np.nan)).sum() == side * side * channels
    assert len(axes.texts) == channels
    (x0, _), (x1, _) = axes.transData.transform([(0, 0), (side, 0)])
    assert x1 - x0 >= 48  # pixels


def bars(figure):
    """The heights and the colours of the bars."""
    patches = figure.axes[1].patches
    return [bar.get_height() for bar in patches], [bar.get_facecolor()[:3] for bar in patches]


def test_probabilities_of_a_misread_digit():
    shares = np.array([0, 0.25, 0.004, 0, 0, 0, 0, 0.1, 0, 0.646])
    figure = pictures.probabilities(IMAGES[3], shares, 7)
    heights, drawn = bars(figure)
    assert heights == list(shares)
    assert drawn[9] == to_rgb(pictures.RED) and drawn[7] == to_rgb(TRAIN_COLOUR)
    assert {*drawn[:7], drawn[8]} == {to_rgb(pictures.GREY)}
    labels = {text.get_position()[0]: text.get_text() for text in figure.axes[1].texts}
    assert labels == {1: "25.0 %", 7: "10.0 %", 9: "64.6 %"}
    ticks = [text.get_text() for text in figure.axes[1].get_xticklabels()]
    assert ticks == ["0", "1", "2", "3", "4", "5", "6", "7\nactual", "8", "9"]
    assert "actual 7, predicted 9" in words(figure)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), IMAGES[3, :, :, 0])
    other = pictures.probabilities(IMAGES[3].reshape(784), shares[np.newaxis], CLASSES[7])
    assert (pixels(other) == pixels(figure)).all()


@pytest.mark.parametrize("label, title", [(4, "actual 4, predicted 4"), (None, "predicted 4")])
def test_probabilities_of_a_digit_not_known_to_be_misread(label, title):
    figure = pictures.probabilities(IMAGES[0], sure(4, 0.9), label)
    _, drawn = bars(figure)
    assert drawn[4] == to_rgb(TRAIN_COLOUR) and set(drawn[:4] + drawn[5:]) == {
        to_rgb(pictures.GREY)}
    assert title in words(figure)
    assert not any("\nactual" in word for word in words(figure))


def test_confusion_matrix():
    labels = np.array([0] * 1200 + [3] * 8 + [9] * 3)
    computed = np.array([0] * 1200 + [3] * 5 + [8] * 2 + [1] + [4] * 3)
    figure = pictures.confusion_matrix(labels, computed)
    axes = figure.axes[0]
    found = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    cells = {(int(y), int(x)): words for (x, y), words in found.items() if x < 10}
    assert cells == {(0, 0): "1,200", (3, 3): "5", (3, 8): "2", (3, 1): "1", (9, 4): "3"}
    right = {y - 0.5: words for (x, y), words in found.items() if x > 10 and y > 0}
    assert right == {0: "100.0 %", 3: "62.5 %", 9: "0.0 %"}
    assert "1,205 of 1,211 digits read correctly, 99.50 %" in words(figure)

    for text in axes.texts:
        text.set_visible(False)
    drawn = colours(axes)
    assert [is_colour(drawn[i, i], pictures.GRID_COLOUR) for i in range(10)] == [True] * 10
    assert is_colour(drawn[9, 4], pictures.RED)
    assert is_colour(drawn, "white").sum() == 100 - 10 - 3
    assert drawn[9, 4, 2] < drawn[3, 8, 2] < drawn[3, 1, 2] < 255


def test_confusion_matrix_takes_one_hot_labels_and_probabilities():
    labels, computed = np.array([1, 2, 2]), np.array([1, 2, 5])
    figure = pictures.confusion_matrix(labels, computed)
    other = pictures.confusion_matrix(CLASSES[labels], 0.8 * CLASSES[computed] + 0.02)
    assert (pixels(other) == pixels(figure)).all()


def captions(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_most_confidently_misread():
    labels = np.array([7, 1, 2, 3, 4])
    shares = np.array([sure(9, 0.5), sure(1, 0.99), sure(6, 0.998), sure(8, 0.75), sure(0, 0.6)])
    figure = pictures.most_confidently_misread(IMAGES[:5], labels, shares, count=3)
    assert captions(figure) == ["2 read as 6, 99.8 %", "3 read as 8, 75.0 %", "4 read as 0, 60.0 %"]
    assert "Most confidently misread: 3 of 4" in words(figure)
    values = figure.axes[0].images[0].get_array()
    for text, number in zip(figure.axes[0].texts, (2, 3, 4)):
        x, y = text.get_position()[0] - 14, text.get_position()[1] - 29
        np.testing.assert_array_equal(values[y:y + 28, x:x + 28], IMAGES[number, :, :, 0])
    places = [text.get_position() for text in figure.axes[0].texts]
    assert places[0][1] == places[1][1] < places[2][1] and places[0][0] < places[1][0]
    for images in (IMAGES[:5, :, :, 0], IMAGES[:5].reshape(5, 784)):
        other = pictures.most_confidently_misread(images, CLASSES[labels], shares, count=3)
        assert (pixels(other) == pixels(figure)).all()
    assert len(captions(pictures.most_confidently_misread(IMAGES[:5], labels, shares))) == 4


def test_misread_digits_are_on_red():
    figure = pictures.most_confidently_misread(np.zeros((1, 784)), [7], sure(9, 0.9)[np.newaxis])
    drawn = colours(figure.axes[0])
    assert is_colour(drawn, pictures.RED).sum() == 28 * 28
    drawn = colours(pictures.most_confidently_misread(np.ones((1, 784)), [7],
                                                      sure(9, 0.9)[np.newaxis]).axes[0])
    assert is_colour(drawn, pictures.INK).sum() >= 28 * 28


def test_none_misread():
    figure = pictures.most_confidently_misread(IMAGES[:3], [1, 2, 3], CLASSES[1:4])
    assert words(figure) == ["None of the 3 digits is misread"]


@pytest.mark.parametrize("quantity, whole, zoomed", [
    ("accuracy", (0, 1), (0.85, 1)), ("loss", (0, None), (0, 70))])
def test_training_curves(quantity, whole, zoomed):
    train, test = [0.2, 0.9, 0.8], [0.1, 0.95]
    run = run_of(**{"train_" + quantity: train, "test_" + quantity: test})
    figure = pictures.training_curves(run, quantity)
    above, below = figure.axes
    for axes in (above, below):
        first, second = axes.lines
        np.testing.assert_array_equal(first.get_xydata(), np.column_stack([[0, 10, 20], train]))
        np.testing.assert_array_equal(second.get_xydata(), np.column_stack([[0, 10], test]))
        assert (first.get_color(), second.get_color()) == (TRAIN_COLOUR, TEST_COLOUR)
        assert first.get_linewidth() < second.get_linewidth()
        assert axes.get_xlim() == (0, 20)
        assert axes.xaxis.get_gridlines()[0].get_visible()
    assert above.get_ylim()[0] == 0 and above.get_ylim()[1] == (whole[1] or above.get_ylim()[1])
    assert 0.95 <= above.get_ylim()[1] < 1.1
    assert below.get_ylim() == zoomed
    assert above.get_position().y0 > below.get_position().y1
    assert [text.get_text() for text in above.get_legend().get_texts()] == ["training digits",
                                                                           "test digits"]
    assert "iterations" in words(figure)
    closer = pictures.training_curves(run, quantity, zoom=(0.5, 0.75))
    assert closer.axes[1].get_ylim() == (0.5, 0.75)
    assert any(word.endswith("from 0.5 to 0.75") for word in words(closer))


def test_curves_of_a_run_that_has_none_or_fails():
    assert "0" in words(pictures.training_curves(RunState(), "accuracy"))
    figure = pictures.training_curves(run_of(train_loss=[230, np.nan, np.inf]), "loss")
    assert 230 < figure.axes[0].get_ylim()[1] < 260
    assert pixels(figure).size


def test_save(tmp_path):
    figures = {"seven": pictures.digit(IMAGES[0]), "eight": pictures.digit(IMAGES[1], True)}
    folder = tmp_path / "new" / "folder"
    paths = pictures.save(figures, str(folder))
    assert paths == [folder / "seven.png", folder / "eight.png"]
    for path, figure in zip(paths, figures.values()):
        np.testing.assert_allclose(255 * imread(path)[..., :3], pixels(figure), atol=1)
    pictures.save({"seven": figures["eight"]}, folder)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(folder.iterdir()) == sorted(paths)


def test_save_where_it_is_not_possible(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(UserError, match=r"^cannot write .*one\.png: (Not a dir|File exists)"):
            pictures.save({"one": pictures.digit(IMAGES[0])}, folder)


def test_save_on_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    def write_a_part(figure, file, **options):
        pathlib.Path(file).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    (path,) = pictures.save({"one": pictures.digit(IMAGES[0])}, tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(Figure, "savefig", write_a_part)
    with pytest.raises(UserError, match=r"one\.png: No space left on device$"):
        pictures.save({"one": pictures.digit(IMAGES[1])}, tmp_path)
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == before
