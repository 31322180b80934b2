"""The views of a network's inside: tiles, keys, clicks, pointing."""

import numpy as np
import pytest
from conftest import wait_until
from drawn_dashboard import (
    messages_of_a_run,
    mouse,
    press,
    run_of,
    show,
    viewer_of,
)
from ran_scripts import network_of

from common.dashboard.drawing import tiles
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.messages import Answer, Started, Step
from common.dashboard.link.questions import (
    Ask,
    AskDigit,
    AskEvidence,
    AskExciting,
    AskLayers,
    AskWeights,
)
from common.dashboard.outputs.output import Model


def test_tiles_show_each_value_in_its_place_and_colour():
    """Otherwise a weight is seen where another is, or a negative one as positive."""
    values = np.arange(-6, 6).reshape(3, 2, 2) / 6.0  # three tiles, from -1 to 5/6
    groups = [Group(values, "weights", per_row=2), Group(abs(values[:1]), "ink", is_signed=False)]
    places, _ = tiles.lay_out(groups, 400, 500, 10, False)
    picture = tiles.draw(groups, places, 400, 500)
    for number, (group, place) in enumerate(zip(groups, places)):
        for (tile, row, column), value in np.ndenumerate(group.values):
            x, y = place.corner(tile)
            x, y = x + column * place.cell, y + row * place.cell
            cell = picture[y:y + place.cell, x:x + place.cell].astype(int)
            assert (cell == cell[0, 0]).all()
            red, _, blue = cell[0, 0]
            if group.is_signed:  # orange below zero, blue above it, white at it
                assert np.sign(blue - red) == np.sign(value), value
            assert tiles.tile_at(groups, places, x + 1, y + 1) == (number, tile, row, column)
    corners = [places[0].corner(tile) for tile in range(3)]
    assert corners[1][1] == corners[0][1] < corners[2][1] and corners[2][0] == corners[0][0]
    assert tiles.tile_at(groups, places, 0, 0) is None  # the label is there


@pytest.mark.parametrize("value, is_signed, colour", [
    (0, True, (255, 255, 255)), (2, True, (30, 58, 138)), (-2, True, (124, 45, 18)),
    (9, True, (30, 58, 138)), (0, False, (255, 255, 255)), (2, False, (17, 24, 39))])
def test_the_scale_of_colours(value, is_signed, colour):
    """Otherwise the legend beside the tiles tells another value than they show."""
    assert tuple(tiles.colours_of(np.array([value]), 2, is_signed)[0]) == colour


class Looking:
    """A `Viewer` on a canvas in memory, whose questions a network answers."""

    def __init__(self, network, width=1280, height=720, dpi=100, run=None, has_inside=True):
        self._model = Model(network.classify, network.inside)
        self.run = run or run_of(*messages_of_a_run(60))
        self.run.apply(Started(self.run.title, self.run.last, True, has_inside))
        self.run.phase = "training"
        self.viewer = viewer_of(self.run, width, height, dpi)
        show(self.viewer.figure)

    @property
    def view(self):
        return self.viewer.figure.view

    def panel(self, name):
        return self.viewer.figure.panels[name]

    def press(self, *keys):
        """Press keys; return what was asked or wanted since."""
        press(self.viewer, *keys)
        return self.answered()

    def click(self, panel, x, y, kind="press"):
        """Click at a point in a panel's axes; return what was asked since."""
        mouse(self.viewer, kind, self.panel(panel).axes.transData.transform((x, y)))
        return self.answered()

    def answer(self):
        """Have everything answered; return what was asked or wanted."""
        self.viewer.tick()
        told = [getattr(message, "question", message) for message in self.viewer.told]
        self.viewer.told.clear()
        for question in told:
            if isinstance(question, Ask):
                self.viewer.asker.take(Answer(0, question, question.answer(self._model)))
        return [question for question in told if question is not None]

    def answered(self):
        """The same, and what was answered is drawn."""
        told = self.answer()
        show(self.viewer.figure)
        return told

    def write(self):
        """Write a one on the sheet."""
        for y in (0.2, 0.4, 0.6, 0.8):
            self.panel("sheet").writing.write(0.5, y)
        return wait_until(self.answered)  # questions have some time between them


def test_keys_and_clicks_lead_into_the_network_and_back():
    """Otherwise a view cannot be reached, is about another digit, or has no way back."""
    looking = Looking(network_of("2.0")[1])
    digits = looking.run.test_digits
    image, label = digits.images[0].tobytes(), digits.labels[0]
    assert looking.press("w") == [AskWeights()] and looking.view == "neurons"
    (weights,) = network_of("2.0")[1].inside.weights()
    strongest = weights.values.std(axis=0).argmax()  # it comes first
    x, y = looking.panel("neurons").places[0].corner(0)
    assert looking.click("neurons", x + 1, y + 1) == [AskExciting(0, strongest)]
    np.testing.assert_array_equal(looking.panel("neuron").groups[0].values[0],
                                  weights.values[:, strongest].reshape(28, 28))
    assert looking.click("neuron", 1, 1) == [AskWeights()] and looking.view == "neurons"
    looking.press("w")
    assert looking.view == "all"

    assert looking.press("i") == [AskLayers(image)] and looking.view == "inside"
    assert looking.press("e") == [AskEvidence(image, label)] and looking.view == "evidence"
    looking.press("e")
    assert looking.view == "all"
    clicked = looking.run.train_digits.images[2].tobytes()
    assert looking.click("train digits", 2.5, 0.5) == [AskLayers(clicked)]
    looking.press("0")

    looking.press("d")
    (asked,) = looking.write()
    written = asked.image
    assert asked == AskDigit(written) and written not in (image, clicked)
    assert looking.press("i") == [AskLayers(written)] and looking.view == "write inside"
    assert looking.press("e") == [AskEvidence(written, None)] and looking.view == "write evidence"
    looking.press("e")
    assert looking.view == "write"


def test_layers_are_shown_as_soon_as_there_is_a_digit():
    """Otherwise a reader who presses the key at once looks at an empty page for good."""
    looking = Looking(network_of("1.0")[1])
    digits, looking.run.test_digits = looking.run.test_digits, None
    looking.run.train_digits = None
    assert looking.press("i") == [] and looking.panel("layers").groups == []
    looking.run.test_digits = digits
    assert looking.answered() == [AskLayers(digits.images[0].tobytes())]
    assert looking.panel("layers").groups[-1].label == "Y [10]"


def test_pointing_at_a_value_shows_how_it_comes_about():
    """Otherwise nobody learns what a convolution computes."""
    looking = Looking(network_of("3.1")[1])
    looking.press("i")
    layers, patch = looking.panel("layers"), looking.panel("patch")
    assert patch.title.get_text().startswith("Y[")  # the answer, at first
    assert [group.label for group in patch.groups[-3:]] == [
        "logits", "e to their power", "their shares"]
    place = layers.places[2]  # of the second convolution
    x, y = place.corner(5)
    looking.click("layers", x + 3.5 * place.cell, y + 9.5 * place.cell, kind="move")
    title, groups = patch.title.get_text(), patch.groups
    assert title.startswith(f"Y2[9, 3, 5] = {layers.groups[2].values[5, 9, 3]:.3g}: 150 products")
    assert [group.values.shape for group in groups] == [(6, 5, 5)] * 3
    assert layers.groups[2].frames == ((5, 9, 3, 10, 4),)
    assert layers.groups[1].frames == tuple((tile, 17, 5, 22, 10) for tile in range(6))
    assert layers.groups[0].frames == ((0, 15, 3, 25, 13),) and layers.groups[3].frames == ()
    for key in ("1", "i"):
        looking.press(key)
    assert patch.title.get_text().startswith("Y[")


def test_a_click_keeps_a_value_and_arrows_or_a_drag_move_it():
    """Otherwise the patch is gone as soon as the mouse leaves to look at it."""
    looking = Looking(network_of("3.1")[1])
    looking.press("i")
    layers = looking.panel("layers")
    scene, place = looking.viewer.figure.scene, layers.places[1]

    def at(row, column):
        x, y = place.corner(2)
        return x + (column + 0.5) * place.cell, y + (row + 0.5) * place.cell

    looking.click("layers", *at(4, 6))
    looking.click("layers", *at(4, 6), kind="release")
    looking.click("layers", *at(20, 20), kind="move")
    assert scene.pointed == (1, 2, 4, 6)
    looking.press("right", "down", "down")
    assert scene.pointed == (1, 2, 6, 7)
    assert looking.panel("patch").title.get_text().startswith("Y1[6, 7, 2]")
    looking.press(*["left"] * 9)
    assert scene.pointed == (1, 2, 6, 0)
    looking.click("layers", *at(8, 8))
    looking.click("layers", *at(9, 10), kind="move")
    assert scene.pointed == (1, 2, 9, 10)
    looking.click("layers", *at(9, 10), kind="release")
    looking.click("layers", *at(9, 10))  # again: let go
    looking.click("layers", *at(9, 10), kind="release")
    looking.click("layers", *at(20, 20), kind="move")
    assert scene.pointed == (1, 2, 20, 20)
    neurons = layers.places[4]
    x, y = neurons.corner(3)
    looking.click("layers", x + 1, y + 1)
    looking.press("right", "up")
    assert scene.pointed == (4, 2 + neurons.rows, 0, 0)


def test_until_there_is_an_answer_the_view_says_what_it_waits_for():
    """Otherwise a slow network looks like a broken window."""
    looking = Looking(network_of("1.0")[1])
    for key, panel in (("i", "layers"), ("e", "evidence"), ("w", "neurons")):
        looking.press(key)
        assert not [text for text in looking.panel(panel).axes.texts
                    if text.get_visible() and "asking" in text.get_text()]
        looking.viewer.figure.scene.answers.clear()
        show(looking.viewer.figure)
        assert [text.get_text() for text in looking.panel(panel).axes.texts
                if text.get_visible()] == ["asking the network …"]
        looking.press("0")


def test_a_step_is_wanted_in_a_pause_only():
    """Otherwise a key pressed by accident halts the training, or a step is not taken."""
    looking = Looking(network_of("1.0")[1])
    assert looking.press("n") == []
    looking.press(" ")
    assert looking.press("n", "n") == [Step(), Step()]


def test_without_a_network_to_look_into_the_keys_do_nothing():
    """Otherwise somebody's own model leads into empty views."""
    looking = Looking(network_of("1.0")[1], has_inside=False)
    assert looking.press("w", "i", "e") == [] and looking.view == "all"
