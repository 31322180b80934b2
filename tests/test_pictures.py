"""The views of mistakes; the views as pictures, for scripts without a screen and notebooks."""

import argparse
import io

import matplotlib
import numpy as np
import pytest
from conftest import run_stage
from drawn_dashboard import messages_of_a_run, mouse, press, run_of, show
from matplotlib.image import imread
from ran_scripts import few_digits, network_of, path_of

from common.dashboard import Dashboard
from common.dashboard.drawing.scene import Sample
from common.dashboard.link import messages
from common.dashboard.link.messages import Digits
from common.dashboard.link.run import Run
from common.dashboard.outputs.afterwards import Pictures
from common.dashboard.outputs.output import Model
from common.terminal import StatusLine

LABELS = np.array([4, 4, 4, 7, 7, 2, 2])
COMPUTED = np.array([9, 9, 9, 1, 2, 2, 2])
SURE = np.array([0.5, 0.8, 0.6, 0.9, 0.7, 0.99, 0.99], np.float32)
CURVES = {"accuracy", "accuracy_closer", "loss", "loss_closer"}
OF_DIGITS = {"confusion_matrix", "misread_digits", "right_digit", "wrong_digit"}
INSIDE = {"weights", "layers_of_right_digit", "layers_of_wrong_digit", "evidence_of_right_digit",
          "evidence_of_wrong_digit"}


def mistakes(labels=LABELS, computed=COMPUTED, sure=SURE):
    """`Digits` that are told apart by their first pixel."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels))
    return Digits(images, labels, np.eye(10, dtype=np.float32)[computed] * sure[:, np.newaxis],
                  len(labels), np.bincount(10 * labels + computed, minlength=100).reshape(10, 10))


def shown_after(viewer, digits, *keys):
    """The panels after some test digits and keys."""
    viewer.run.apply(messages.Tested(0, 0.5, 5.0, digits))
    press(viewer, *keys)
    show(viewer.figure)
    return viewer.figure.panels


def click(viewer, panel, x, y):
    axes = viewer.figure.panels[panel].axes
    mouse(viewer, "press", axes.transData.transform((x, y)))
    show(viewer.figure)


def cells_of(panel):
    """The words in the matrix by row and column, the last column has the shares."""
    return {(int(y), int(x)): text.get_text() for text in panel.axes.texts
            for x, y in [text.get_position()] if text.get_text().strip("cdeigmoprtu ")}


def test_the_matrix_counts_what_was_taken_for_what_and_follows_the_run(viewer):
    panels = shown_after(viewer, mistakes(), "t")
    assert cells_of(panels["confusion"]) == {
        (4, 9): "3", (7, 1): "1", (7, 2): "1", (2, 2): "2",
        (2, 10): "100.0 %", (4, 10): "0.0 %", (7, 10): "0.0 %"}
    assert panels["confusion"].title.get_text().startswith("2 of 7 test digits read correctly")
    assert panels["pair"].title.get_text() == "4 read as 9, the most frequent error: 3"
    panels = shown_after(viewer, mistakes(LABELS, np.array([4, 9, 4, 1, 1, 2, 2])))
    assert cells_of(panels["confusion"])[4, 4] == "2"
    assert panels["pair"].title.get_text() == "7 read as 1, the most frequent error: 2"


def test_a_click_on_a_cell_lists_its_digits_and_one_on_a_digit_shows_it(viewer):
    panels = shown_after(viewer, mistakes(), "t")
    for (row, column), title, numbers in (((7, 2), "7 read as 2: 1", [4]),
                                          ((2, 2), "2 read correctly: 2", [5, 6]),
                                          ((0, 0), "0 read correctly: 0", [])):
        click(viewer, "confusion", column + 0.5, row + 0.5)
        assert panels["pair"].title.get_text() == title
        samples = [panels["pair"].sample_at(x + 0.5, y + 0.5) for y in range(2) for x in range(2)]
        assert [sample.image[0, 0] for sample in samples if sample] == numbers
    click(viewer, "confusion", 0.5, 0.5)  # again: no cell is chosen any more
    assert "most frequent" in panels["pair"].title.get_text()
    click(viewer, "pair", 0.5, 0.5)
    assert viewer.figure.view == "look" and viewer.figure.scene.sample.label == 4


def test_misread_digits_are_listed_the_surest_first(viewer):
    panel = shown_after(viewer, mistakes(), "m")["misread"]
    (group,) = panel.groups
    assert group.captions == ("7 read as 1, 90.0 %", "4 read as 9, 80.0 %", "7 read as 2, 70.0 %",
                              "4 read as 9, 60.0 %", "4 read as 9, 50.0 %")
    np.testing.assert_allclose(255 * group.values[:, 0, 0], [3, 1, 4, 2, 0], atol=1e-9)
    (place,) = panel.places
    click(viewer, "misread", *np.add(place.corner(1), 2))
    assert viewer.figure.view == "look" and viewer.figure.scene.sample.image[0, 0] == 1


@pytest.mark.parametrize("key", ["t", "m"])
def test_a_network_without_mistakes_or_digits_can_be_looked_at(viewer, key):
    press(viewer, key)
    right = mistakes(LABELS, LABELS)
    panels = shown_after(viewer, right, key)
    assert not getattr(panels.get("misread"), "groups", [])


def saved(folder):
    """The pictures in a folder: a dictionary from names to pixels, float [height, width, 3]."""
    return {path.stem: imread(path)[..., :3] for path in folder.glob("*.png")}


def test_the_views_of_a_run_are_saved(tmp_path):
    """Otherwise a learner without a screen lacks weights, layers, a digit with its probabilities.
    """
    run_stage(path_of("1.0"), "--iterations", 40, "--data-dir", few_digits().name, "--pictures",
              tmp_path)
    pictures = saved(tmp_path)
    assert set(pictures) == CURVES | OF_DIGITS | INSIDE
    for name, picture in pictures.items():
        assert picture.shape == (1080, 1920, 3)
        assert (picture[:1000].min(axis=2) < 0.7).sum() > 500, name
    assert (pictures["accuracy"] != pictures["accuracy_closer"]).any()
    assert (np.ptp(pictures["weights"], axis=2) > 0.2).sum() > 1000  # blue and orange
    dark = (pictures["right_digit"].max(axis=2) < 0.1).mean()
    assert dark > 0.03  # the digit, and its inverse


def test_of_a_model_that_cannot_be_asked_there_are_curves_and_digits(tmp_path):
    for run, expected in ((run_of(*messages_of_a_run(60)), CURVES | OF_DIGITS - {"right_digit"}),
                          (Run(), set())):
        folder = tmp_path / run.title
        output = Pictures(argparse.Namespace(pictures=str(folder)))
        output.start(run, Model(), StatusLine(io.StringIO()))
        output.finish()
        assert set(saved(folder)) == expected


def test_a_notebook_shows_any_view_and_matplotlib_stays_as_it_is():
    network = network_of("1.0")[1]
    dashboard = Dashboard(argparse.Namespace(text=True), network)
    for message in messages_of_a_run(60):
        dashboard.run.apply(message)
    with matplotlib.rc_context({"lines.linewidth": 7.5, "savefig.dpi": 30}):
        before = dict(matplotlib.rcParams)
        seen = {view: dashboard.picture(view)._repr_png_()
                for view in ("all", "confusion", "neurons", "neuron", "look")}
        assert dict(matplotlib.rcParams) == before
    assert len(set(seen.values())) == len(seen)
    assert imread(io.BytesIO(seen["all"])).shape[:2] == (720, 1280)
    digit = np.zeros((28, 28, 1), np.float32)
    digit[4:24, 13:15] = 1
    assert dashboard.picture("look", digit) != dashboard.picture("look", 0 * digit)
    with pytest.raises(ValueError, match="there is no view 'looks'; there are: 'all'"):
        dashboard.picture("looks")


def test_own_digits_have_their_names(viewer):
    viewer.figure.scene.own = [Sample(mistakes().images[n], f"{n}.png",
                                      probabilities=np.eye(10)[n] / 2) for n in range(3)]
    viewer.show_view("own")
    show(viewer.figure)
    (group,) = viewer.figure.panels["own"].groups
    assert group.captions == ("0.png: 0, 50.0 %", "1.png: 1, 50.0 %", "2.png: 2, 50.0 %")
