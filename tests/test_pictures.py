"""The pictures for scripts and notebooks: what they show, and where."""

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
from drawn_dashboard import messages_of_a_run, run_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from common import canvas, pictures
from common.dashboard.drawing.style import GRID_COLOUR, TEST_COLOUR, TRAIN_COLOUR
from common.dashboard.link import messages
from common.dashboard.link.messages import Trained
from common.dashboard.link.run import Run
from common.dashboard.outputs.learned import pictures_of
from common.terminal import UserError

CLASSES = np.eye(10)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((30, 28, 28, 1))


def pixels(figure):
    """uint8 [height, width, 3]"""
    drawing = FigureCanvasAgg(figure)
    drawing.draw()
    return np.asarray(drawing.buffer_rgba())[..., :3]


def colours(axes):
    """The colour in the middle of each cell of side 1: int [rows, columns, 3]."""
    drawn = pixels(axes.figure).astype(int)
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


def run_with(train, test):
    """A `Run` with these accuracies, every 10 iterations; the losses are 100 times as large."""
    return run_of(*(Trained(10 * n, value, 100 * value) for n, value in enumerate(train)),
                  *(messages.Tested(10 * n, value, 100 * value) for n, value in enumerate(test)))


@pytest.fixture(scope="module")
def examples():
    """One picture of each kind, and those with the most and the largest texts."""
    labels = np.arange(30) % 10
    many = np.array([sure((label + 1) % 10, 0.99999) for label in labels])
    run = run_with([0.1, 0.8], [0.1, 0.9])
    return {
        "digit": pictures.digit(IMAGES[0]),
        "first filters": pictures.filters(RANDOM.normal(size=(5, 5, 1, 32))),
        "filters": pictures.filters(RANDOM.normal(size=(5, 5, 3, 40))),
        "one filter": pictures.filters(np.full((1, 1, 1, 1), -0.123)),
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
            IMAGES[:3], [1, 2, 3], CLASSES[1:4], of_all=10_000),
        "own digits": pictures.contact_sheet(IMAGES[..., 0], many, ["a long file name.jpeg"] * 30),
        "accuracy": pictures.training_curves(run, "accuracy"),
        "loss": pictures.training_curves(run, "loss"),
        "large loss": pictures.training_curves(run_with([900], []), "loss"),
    }


def test_texts_overlap_neither_each_other_nor_the_edge_and_pictures_fit_on_a_page(examples):
    for name, figure in examples.items():
        width, height = figure.bbox.size
        assert width <= 1300 and height <= 900, name
        boxes = [text.get_window_extent() for text in texts(figure)]
        for box in boxes:
            assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height, name
        for one, other in itertools.combinations(boxes, 2):
            overlap = min(one.x1, other.x1) - max(one.x0, other.x0), min(
                one.y1, other.y1) - max(one.y0, other.y0)
            assert min(overlap) <= 0, name


def drawn_now():
    """Some pictures as a canvas shows them that is not ours, and as a notebook does."""
    figures = [pictures.filters(np.ones((5, 5, 2, 2))),
               pictures.probabilities(IMAGES[0], sure(9, 1), 8),
               pictures.training_curves(run_with([2.3, 0.4], []), "loss")]
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


def test_a_notebook_shows_the_picture_without_pyplot():
    figure = pictures.digit(IMAGES[0])
    png = imread(io.BytesIO(figure._repr_png_()))
    np.testing.assert_allclose(255 * png[..., :3], pixels(figure), atol=1)
    code = ("import sys, numpy; from common import pictures\n"
            "pictures.digit(numpy.zeros(784))._repr_png_()\n"
            "sys.exit('matplotlib.pyplot' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


@pytest.mark.parametrize("shape", [(28, 28), 784, (28, 28, 1)])
@pytest.mark.parametrize("inverted", [False, True])
def test_digit(shape, inverted):
    image = np.zeros((28, 28))
    image[3, 20], image[5, 6] = 1, 0.5
    drawn = colours(pictures.digit(image.reshape(shape), inverted).axes[0])
    paper, ink = ("white", canvas.INK)[::-1 if inverted else 1]
    assert is_colour(drawn, paper).sum() == 28 * 28 - 2
    assert is_colour(drawn[3, 20], ink) and 100 < drawn[5, 6].mean() < 160


def test_filters_of_several_inputs_are_in_rows_blue_for_positive_orange_for_negative():
    weights = np.zeros((3, 5, 2, 4))  # tiles of 3 rows and 5 columns
    places = {(0, 4, 1, 3): 0.5, (1, 2, 1, 0): 0.2, (2, 1, 0, 2): -0.5, (1, 2, 1, 1): -0.2}
    for place, value in places.items():
        weights[place] = value
    figure = pictures.filters(weights)
    drawn = colours(figure.axes[0])
    assert drawn.shape == (2 * 4 + 1, 4 * 6 + 1, 3)
    grey = is_colour(drawn, canvas.GREY)
    assert grey[::4].all() and grey[:, ::6].all()
    assert grey.sum() == drawn[..., 0].size - 2 * 4 * 3 * 5
    assert is_colour(drawn, "white").sum() == 2 * 4 * 3 * 5 - 4
    for (row, column, channel, output), value in places.items():
        red, _, blue = drawn[4 * channel + 1 + row, 6 * output + 1 + column]
        assert (blue - red) * np.sign(value) > 50
    assert {"0.5", "−0.5"} <= {*words(figure)}


def test_filters_of_one_input_are_a_grid_and_gaps_where_they_are_not_finite():
    weights = np.zeros((5, 5, 1, 32))
    weights[:, :, 0, 9], weights[0, 0, 0, 0] = 1, np.nan
    figure = pictures.filters(weights, "Layer 1")
    drawn = colours(figure.axes[0])
    assert drawn.shape == (4 * 6 + 1, 8 * 6 + 1, 3) and is_colour(drawn[1, 1], canvas.GREY)
    blue = drawn[..., 2] > drawn[..., 0] + 50
    assert blue[7:12, 7:12].all() and blue.sum() == 25 and "Layer 1" in words(figure)


@pytest.mark.parametrize("inputs, outputs, tiles, title", [
    (12, 24, (12, 24), "Filters"),
    (64, 64, (16, 32), "Filters, the first 16 of 64 inputs, the first 32 of 64 outputs"),
    (1, 2000, (16, 32), "Filters, the first 512 of 2,000 outputs")])
def test_of_many_filters_the_first_are_shown(inputs, outputs, tiles, title):
    figure = pictures.filters(np.zeros((3, 3, inputs, outputs)))
    assert title in words(figure)
    assert figure.axes[0].images[0].get_array().shape == (tiles[0] * 4 + 1, tiles[1] * 4 + 1)


@pytest.mark.parametrize("axes", [0, 1])
def test_activations_are_numbered_the_more_ink_the_larger(axes):
    values = np.zeros((4, 4, 6))
    values[0, 1] = np.arange(6) / 2
    figure = pictures.activations(values.reshape((1,) * axes + values.shape), "After layer 1")
    assert {"After layer 1", "2.5"} <= {*words(figure)} and "−2.5" not in words(figure)
    drawn, ink = colours(figure.axes[0]), []
    for channel, text in enumerate(figure.axes[0].texts):
        x, y = text.get_position()
        assert (text.get_text(), x, y) == (str(channel), 1 + channel % 3 * 5, 1 + channel // 3 * 5)
        ink.append(drawn[y, x + 1].sum())
        assert is_colour(drawn[y:y + 4, x:x + 4], "white").sum() == 16 - (channel > 0)
    assert ink == sorted(ink, reverse=True) and len(set(ink)) == 6
    assert is_colour(drawn[y, x + 1], canvas.INK)


def test_negative_activations_are_coloured():
    drawn = colours(pictures.activations(np.array([[[-1.0], [0], [1]]])).axes[0])
    negative, zero, positive = drawn[1, 1:4]
    assert negative[0] > negative[2] + 50 and positive[2] > positive[0] + 50
    assert is_colour(zero, "white")


@pytest.mark.parametrize("side, channels", [(28, 6), (28, 128), (14, 12), (7, 128)])
def test_each_channel_has_a_tile_large_enough(side, channels):
    axes = pictures.activations(np.ones((side, side, channels))).axes[0]
    assert len(axes.texts) == channels
    (x0, _), (x1, _) = axes.transData.transform([(0, 0), (side, 0)])
    assert x1 - x0 >= 48  # pixels


@pytest.mark.parametrize("computed, label, title, marked", [
    (9, 7, "actual 7, predicted 9", {9: canvas.RED, 7: TRAIN_COLOUR}),
    (9, CLASSES[7], "actual 7, predicted 9", {9: canvas.RED, 7: TRAIN_COLOUR}),
    (4, 4, "actual 4, predicted 4", {4: TRAIN_COLOUR}),
    (4, None, "predicted 4", {4: TRAIN_COLOUR})])
def test_probabilities_tell_right_from_wrong(computed, label, title, marked):
    shares = np.where(CLASSES[computed] == 1, 0.646, 0.004)
    shares[1] = 0.25
    figure = pictures.probabilities(IMAGES[3], shares, label)
    bars = figure.axes[1].patches
    assert [bar.get_height() for bar in bars] == [*shares]
    assert [bar.get_facecolor()[:3] for bar in bars] == [
        to_rgb(marked.get(digit, canvas.GREY)) for digit in range(10)]
    written = {text.get_position()[0]: text.get_text() for text in figure.axes[1].texts}
    assert written == {1: "25.0 %", computed: "64.6 %"}
    assert title in words(figure)
    assert ("7\nactual" in words(figure)) == (computed == 9)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), IMAGES[3, :, :, 0])


@pytest.mark.parametrize("are_probabilities", [False, True])
def test_confusion_matrix(are_probabilities):
    labels = np.array([0] * 1200 + [3] * 8 + [9] * 3)
    computed = np.array([0] * 1200 + [3] * 5 + [8] * 2 + [1] + [4] * 3)
    figure = (pictures.confusion_matrix(CLASSES[labels], 0.8 * CLASSES[computed] + 0.02)
              if are_probabilities else pictures.confusion_matrix(labels, computed))
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
    assert all(is_colour(drawn[i, i], GRID_COLOUR) for i in range(10))
    assert is_colour(drawn, "white").sum() == 100 - 10 - 3
    assert drawn[9, 4, 2] < drawn[3, 8, 2] < drawn[3, 1, 2] < 255


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (5, 28, 28), (5, 784)])
def test_the_surest_errors_come_first_on_red(shape):
    labels = np.array([7, 1, 2, 3, 4])
    shares = np.array([sure(9, 0.5), sure(1, 0.99), sure(6, 0.998), sure(8, 0.75), sure(0, 0.6)])
    figure = pictures.most_confidently_misread(0 * IMAGES[:5].reshape(shape), CLASSES[labels],
                                               shares, count=3)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [
        "2 read as 6, 99.8 %", "3 read as 8, 75.0 %", "4 read as 0, 60.0 %"]
    assert "Most confidently misread: 3 of 4" in words(figure)
    assert is_colour(colours(axes), canvas.RED).sum() == 3 * 28 * 28
    none = pictures.most_confidently_misread(IMAGES[:3], [1, 2, 3], CLASSES[1:4])
    assert words(none) == ["None of the 3 digits is misread"]


def test_own_digits_have_their_names_and_what_they_are_read_as():
    figure = pictures.contact_sheet(IMAGES[:7, :, :, 0], np.array([sure(n, 0.5) for n in range(7)]),
                                    [f"{n}.png" for n in range(7)])
    assert [text.get_text() for text in figure.axes[0].texts] == [
        f"{n}, 50.0 %\n{n}.png" for n in range(7)]


@pytest.mark.parametrize("quantity, factor, zoomed", [("accuracy", 1, (0.85, 1)),
                                                      ("loss", 100, (0, 70))])
def test_training_curves_whole_and_zoomed(quantity, factor, zoomed):
    figure = pictures.training_curves(run_with([0.2, 0.9, 0.8], [0.1, 0.95]), quantity)
    for axes in figure.axes:
        for line, values, colour in zip(axes.lines, ([0.2, 0.9, 0.8], [0.1, 0.95]),
                                        (TRAIN_COLOUR, TEST_COLOUR)):
            expected = np.column_stack([10 * np.arange(len(values)), factor * np.array(values)])
            np.testing.assert_array_equal(line.get_xydata(), expected)
            assert line.get_color() == colour
        assert axes.get_xlim() == (0, 20)
    above, below = figure.axes
    assert above.get_ylim()[0] == 0 and 0.95 <= above.get_ylim()[1] / factor < 1.1
    assert below.get_ylim() == zoomed and "training digits" in words(figure)
    closer = pictures.training_curves(run_with([0.5], []), quantity, zoom=(0.5, 0.75))
    assert any(word.endswith("from 0.5 to 0.75") for word in words(closer))


@pytest.mark.parametrize("run", [Run(), run_with([2.3, np.nan, np.inf], [])])
def test_curves_of_a_run_that_has_none_or_fails(run):
    assert "0" in words(pictures.training_curves(run, "loss"))


def test_of_a_run_there_is_all_that_can_be_seen():
    """What --pictures saves of a model that cannot be looked into."""
    figures = pictures_of(run_of(*messages_of_a_run(100)))
    assert [*figures] == ["accuracy", "loss", "confusion_matrix", "misread_digits", "wrong_digit"]
    assert pictures_of(Run()) == {}


def test_pictures_are_saved_and_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    figures = {"seven": pictures.digit(IMAGES[0]), "eight": pictures.digit(IMAGES[1], True)}
    folder = tmp_path / "new" / "folder"
    paths = pictures.save(figures, str(folder))
    assert paths == [folder / "seven.png", folder / "eight.png"]
    for path, figure in zip(paths, figures.values()):
        np.testing.assert_allclose(255 * imread(path)[..., :3], pixels(figure), atol=1)
    before = paths[0].read_bytes()

    def write_a_part(figure, file, **options):
        pathlib.Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patches:
        patches.setattr(Figure, "savefig", write_a_part)
        with pytest.raises(UserError, match=r"seven\.png: No space left on device"):
            pictures.save({"seven": figures["eight"]}, folder)
    assert sorted(folder.iterdir()) == sorted(paths) and paths[0].read_bytes() == before
    pictures.save({"seven": figures["eight"]}, folder)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^cannot write .*one\.png: (Not a dir|File exists)"):
        pictures.save({"one": figures["seven"]}, tmp_path / "file")
