"""Looking inside: layers found in the graph, and what a reader sees of them."""

import itertools

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of, wait_until, write_idx
from drawn_dashboard import messages_of_a_run, mouse, press, show
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from test_codelab_edits import EDITS, edited, metrics_by_hand, starter_code

from common.dashboard import audience, patch_panel, tiles
from common.dashboard.looks import AskDigit, AskEvidence, AskExciting, AskLayers, AskWeights
from common.dashboard.messages import Answer, Started, Step
from common.dashboard.output import Model, Output
from common.dashboard.run import Run
from common.dashboard.screen import ANSWERS
from common.dashboard.tiles import Group
from common.dashboard.viewer import Viewer
from common.data_files import dimensions_of, read_idx
from common.options import Option


def dense(activation, *sizes):
    """What is found in fully connected layers Y1, Y2 … Y: "name shape kind weights activation"."""
    *hidden, _ = sizes
    return [*(f"Y{n} [{size}] fully connected W{n} {activation}"
              for n, size in enumerate(hidden, 1)),
            f"Y [10] fully connected W{len(sizes)} softmax"]


def convolutional(*channels):
    """What is found in stages 3."""
    return [*(f"Y{n} [{side}, {side}, {count}] convolution W{n} relu"
              for n, side, count in zip((1, 2, 3), (28, 14, 7), channels)),
            "Y4 [200] fully connected W4 relu", "Y [10] fully connected W5 softmax"]


SOFTMAX = ["Y [10] fully connected W softmax"]
FIVE = 200, 100, 60, 30, 10
LAYERS = {
    "1.0": SOFTMAX, "2.0": dense("sigmoid", *FIVE), "2.1": dense("relu", *FIVE),
    "2.2": dense("relu", *FIVE), "3.0": convolutional(4, 8, 12), "3.1": convolutional(6, 12, 24),
    "softmax_interactive": SOFTMAX, "one_hidden_layer": dense("relu", 200, 10),
    "five_layers_gradient_descent": dense("sigmoid", *FIVE),
    "convolutional_max_pooling": [
        "Y1 [28, 28, 32] convolution W1 relu", "Y1p [14, 14, 32] pooling",
        "Y2 [14, 14, 64] convolution W2 relu", "Y2p [7, 7, 64] pooling",
        "Y3 [1024] fully connected W3 relu", "Y [10] fully connected W4 softmax"],
    "three_convolutions_by_epoch": [
        "Y1 [28, 28, 32] convolution W1 relu", "Y1p [14, 14, 32] pooling",
        "Y2 [14, 14, 64] convolution W2 relu", "Y2p [7, 7, 64] pooling",
        "Y3 [7, 7, 128] convolution W3 relu", "Y3p [4, 4, 128] pooling",
        "Y4 [1024] fully connected W4", "Y5 [2048] fully connected W5",
        "Y [10] fully connected W6 softmax"],
    "starter code": SOFTMAX, "two layers": dense("sigmoid", 200, 10),
    "logits": dense("relu", *FIVE), "dropout": dense("relu", *FIVE),
    "convolutions": convolutional(4, 8, 12),
}
EDITED = {"starter code": (starter_code, metrics_by_hand), "two layers": EDITS[:1],
          "logits": EDITS[:5], "dropout": EDITS[:7], "convolutions": EDITS}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with 6,000 of MNIST's training digits and 50 test digits."""
    folder = tmp_path_factory.mktemp("data")
    for file in (PROJECT / "data").glob("*.gz"):
        count = 6000 if file.name.startswith("train") else 50
        write_idx(folder / file.stem, read_idx(file, dimensions_of(file.stem))[:count])
    return folder


@pytest.fixture(scope="module")
def network_of(data):
    """A function: all names of a script after an iteration, and its `Network`; each runs once."""
    found = {}

    def network_of(label):
        if label not in found:
            path = PROJECT / "variations" / f"{label}.py"
            if label in EDITED:
                path = data / "mine.py"
                path.write_text(edited(*EDITED[label]), encoding="utf-8")
            elif label[0].isdigit():
                path = PROJECT / script_of(label)
            pictures = ["--pictures", data / label] if path.parent.name == "variations" else []
            names = run_stage(path, "--iterations", 1, "--data-dir", data, *pictures)
            names["feed"] = {names["pkeep"]: 1} if "pkeep" in names else {}
            found[label] = names, eval("Network(sess, X, Y, mnist.train, feed)", names)
        return found[label]

    return network_of


@pytest.mark.parametrize("label", LAYERS)
def test_the_layers_of_each_script_are_found_by_the_names_that_it_gives_them(network_of, label):
    """Otherwise a reader who has typed a layer does not see it, or sees another in its place."""
    names, network = network_of(label)
    image = names["mnist"].test.images[0].reshape(28, 28, 1)
    first, *layers = network.inside.layers(image)
    assert (first.name, first.kind, first.outputs.tolist()) == ("X", "image", image.tolist())
    words = [" ".join(filter(None, [
        layer.name, str(list(layer.outputs.shape)), layer.kind,
        layer.weights and layer.weights.name, layer.activation])) for layer in layers]
    assert words == LAYERS[label]
    feed = {names["X"]: image.reshape(1, *names["X"].shape[1:]), **names["feed"]}
    for layer, outputs in zip(layers, names["sess"].run([names[layer.name] for layer in layers],
                                                        feed)):
        np.testing.assert_allclose(layer.outputs, outputs[0], rtol=1e-4, atol=1e-6)
        if layer.weights is not None:
            name = layer.weights.name
            beside = "b" if name == "W" else name.replace("W", "B")
            weights, biases = names["sess"].run([names[name], names[beside]])
            np.testing.assert_array_equal(layer.weights.values, weights)
            np.testing.assert_array_equal(layer.biases, biases)


def test_evidence_in_stage_1_sums_with_the_bias_to_the_logit(network_of):
    """Otherwise the picture explains another answer than the one the network gave."""
    names, network = network_of("1.0")
    image = names["mnist"].test.images[3]
    W, b = names["sess"].run([names["W"], names["b"]])
    logits = image.ravel() @ W + b
    computed, other = int(logits.argmax()), int(logits.argmin())
    evidence = network.inside.evidence(image, label=other)
    assert evidence.is_exact and evidence.digits == (computed, other)
    for number, digit in enumerate(evidence.digits):
        np.testing.assert_allclose(evidence.maps[number].ravel(), image.ravel() * W[:, digit],
                                   atol=1e-7)
    sums = evidence.maps.sum(axis=(1, 2)) + evidence.biases
    np.testing.assert_allclose(sums, logits[[computed, other]], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(sums, evidence.logits, rtol=1e-5, atol=1e-7)
    assert network.inside.evidence(image, label=computed).digits == (computed,)


def test_evidence_of_a_deep_network_is_the_slope_of_its_logit(network_of):
    """Otherwise a pixel is shown to speak for a digit that it speaks against."""
    names, network = network_of("3.1")
    image = names["mnist"].test.images[3]
    evidence = network.inside.evidence(image)
    assert not evidence.is_exact
    brightest = np.unravel_index(abs(evidence.maps[0]).argmax(), (28, 28))
    logits = []
    for change in (-0.01, 0.01):
        changed = image.copy()
        changed[brightest] += change
        feed = {names["X"]: changed[None], **names["feed"]}
        logits.append(names["sess"].run(names["Ylogits"], feed)[0, evidence.digits[0]])
    slope = (logits[1] - logits[0]) / 0.02
    assert evidence.maps[0][brightest] == pytest.approx(slope * image[brightest][0], rel=0.05)


@pytest.mark.parametrize("label, number", [("3.1", 1), ("3.1", 2), ("3.1", 3), ("1.0", 1),
                                           ("convolutional_max_pooling", 3)])
def test_patch_times_filter_is_the_value_at_every_place(network_of, label, number):
    """Otherwise the arithmetic beside a value is not how it came about, at the borders say."""
    names, network = network_of(label)
    layers = network.inside.layers(names["mnist"].test.images[0].reshape(28, 28, 1))
    layer, channel = layers[number], 3
    rows, columns = layer.outputs.shape[:2] if layer.outputs.ndim == 3 else (1, 1)
    sums = np.zeros((rows, columns))
    for row, column in np.ndindex(rows, columns):
        title, (seen, weights, products) = patch_panel.describe(layer, "X", channel, row, column)
        np.testing.assert_allclose(seen.values * weights.values, products.values, rtol=1e-6)
        sums[row, column] = products.values.sum() + layer.biases[channel]
    if layer.activation == "relu":
        np.testing.assert_allclose(np.maximum(sums, 0), layer.outputs[..., channel], rtol=1e-3,
                                   atol=1e-5)
        assert f"= {layer.outputs[-1, -1, channel]:.3g}: " in title and "then relu" in title
    else:
        logits = layers[0].outputs.ravel() @ layer.weights.values + layer.biases
        assert sums[0, 0] == pytest.approx(logits[channel], rel=1e-4)


def test_the_digits_that_excite_a_neuron_most(network_of):
    """Otherwise a reader is shown digits that have nothing to do with the neuron."""
    names, network = network_of("1.0")
    images, labels = names["mnist"].train.first(1000)
    values = names["sess"].run(names["Y"], {names["X"]: images})[:, 3]
    exciting = network.inside.exciting(0, 3)
    best = np.argsort(-values, kind="stable")[:20]
    np.testing.assert_allclose(exciting.values, values[best], rtol=1e-5)
    assert exciting.labels.tolist() == labels[best].argmax(axis=1).tolist()
    np.testing.assert_array_equal(exciting.images, np.round(255 * images[best, ..., 0]))
    assert (exciting.of, exciting.weights.name) == (1000, "W")


def test_tiles_show_each_value_in_its_place_and_colour():
    """Otherwise a weight is seen where another is, or a negative one as positive."""
    values = np.arange(-6, 6).reshape(3, 2, 2) / 6.0  # three tiles, from -1 to 5/6
    groups = [Group(values, "weights", per_line=2), Group(abs(values[:1]), "ink", is_signed=False)]
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

    def __init__(self, network, width=1280, height=720, has_inside=True):
        self._model = Model(network.classify, network.inside)
        self._told, run = [], Run()
        for message in (*messages_of_a_run(60), Started("a model", 60, True, has_inside)):
            run.apply(message)
        run.phase = "training"
        figure = Figure(figsize=(width / 100, height / 100), dpi=100)
        FigureCanvasAgg(figure)
        self.run, self.viewer = run, Viewer(0, figure, run, self._told.append)
        show(self.viewer.dashboard)

    @property
    def view(self):
        return self.viewer.dashboard.view

    def panel(self, name):
        return self.viewer.dashboard.panels[name]

    def press(self, *keys):
        """Press keys; return what was asked or wanted since."""
        press(self.viewer, *keys)
        return self.answered()

    def click(self, panel, x, y, kind="press"):
        """Click at a point in a panel's axes; return what was asked since."""
        mouse(self.viewer, kind, self.panel(panel).axes.transData.transform((x, y)))
        return self.answered()

    def answered(self):
        """Have everything answered and drawn; return what was asked or wanted."""
        self.viewer.tick()
        told = [getattr(message, "question", message) for message in self._told]
        self._told.clear()
        for question in filter(None, told):
            if type(question) in ANSWERS:
                found = ANSWERS[type(question)](self._model, question)
                self.viewer.asker.take(Answer(0, question, found))
        show(self.viewer.dashboard)
        return [question for question in told if question is not None]

    def write(self):
        """Write a one on the sheet."""
        for y in (0.2, 0.4, 0.6, 0.8):
            self.panel("sheet").writing.write(0.5, y)
        return wait_until(self.answered)  # questions have some time between them


def test_keys_and_clicks_lead_into_the_network_and_back(network_of):
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


def test_pointing_at_a_value_shows_how_it_comes_about(network_of):
    """Otherwise nobody learns what a convolution computes."""
    looking = Looking(network_of("3.1")[1])
    looking.press("i")
    layers = looking.panel("layers")
    assert looking.panel("patch").title.get_text() == patch_panel.IDLE
    place = layers.places[2]  # of the second convolution
    x, y = place.corner(5)
    looking.click("layers", x + 3.5 * place.cell, y + 9.5 * place.cell, kind="move")
    title, groups = looking.panel("patch").title.get_text(), looking.panel("patch").groups
    assert title.startswith(f"Y2[9, 3, 5] = {layers.groups[2].values[5, 9, 3]:.3g}: 150 products")
    assert [group.values.shape for group in groups] == [(6, 5, 5)] * 3
    for key in ("1", "i"):
        looking.press(key)
    assert looking.panel("patch").title.get_text() == patch_panel.IDLE


def test_a_step_is_wanted_in_a_pause_only(network_of):
    """Otherwise a key pressed by accident halts the training, or a step is not taken."""
    looking = Looking(network_of("1.0")[1])
    assert looking.press("n") == []
    looking.press(" ")
    assert looking.press("n", "n") == [Step(), Step()]


def test_without_a_network_to_look_into_the_keys_do_nothing(network_of):
    """Otherwise somebody's own model leads into empty views."""
    looking = Looking(network_of("1.0")[1], has_inside=False)
    assert looking.press("w", "i", "e") == [] and looking.view == "all"


@pytest.mark.parametrize("label, sizes", [
    ("3.1", [(1280, 720), (640, 400), (390, 844)]), ("1.0", [(1920, 1080)])])
def test_every_view_has_room(network_of, label, sizes):
    """Otherwise words lie over each other, or tiles are cut off."""
    for width, height in sizes:
        looking = Looking(network_of(label)[1], width, height)
        for keys in (["w"], ["i"], ["e"], ["d", "i"], ["e"]):
            looking.press(*keys)
            if "d" in keys:
                looking.write()
            assert_room(looking, (label, width, height, looking.view))
            if looking.view == "neurons":
                x, y = looking.panel("neurons").places[-1].corner(1)
                looking.click("neurons", x + 1, y + 1)
                assert_room(looking, (label, width, height, looking.view))


def assert_room(looking, where):
    figure = looking.viewer.dashboard.figure
    for name, panel in looking.viewer.dashboard.panels.items():
        boxes = [(text.get_text(), text.get_window_extent().shrunk(0.95, 0.75))
                 for text in panel.axes.findobj(Text) if text.get_visible() and text.get_text()]
        for words, box in boxes:
            assert 0 <= box.x0 and box.x1 <= figure.bbox.width, (where, name, words)
            assert 0 <= box.y0 and box.y1 <= figure.bbox.height, (where, name, words)
        for (words, box), (others, other) in itertools.combinations(boxes, 2):
            assert not box.overlaps(other), (where, name, words, others)
        for group, place in zip(getattr(panel, "groups", ()), getattr(panel, "places", ())):
            x, y = np.max([place.corner(tile) for tile in range(len(group.values))], axis=0)
            _, rows, columns = group.values.shape
            assert x + columns * place.cell <= panel.axes.bbox.width + 1, (where, group.label)
            assert y + rows * place.cell <= panel.axes.bbox.height + 1, (where, group.label)


class Curious(Output):
    """Asks everything whenever something was measured, as a user does who looks on."""

    option = Option("--text", "")  # it comes with every run as text

    def __init__(self, options):
        pass

    def send(self, message):
        image = np.full(28 * 28, 100, np.uint8).tobytes()
        for question in (AskDigit(image), AskWeights(), AskExciting(0, 1), AskLayers(image),
                         AskEvidence(image, 3)):
            ANSWERS[type(question)](self._model, question)


@pytest.mark.parametrize("version, iterations", [
    ("2.2", 40), pytest.param("3.1", 20, marks=pytest.mark.slow)])
def test_with_dropout_a_run_is_the_same_whoever_looks_into_it(data, capsys, monkeypatch, version,
                                                              iterations):
    """Otherwise a run cannot be repeated: it depends on when somebody has pressed a key."""
    def rows():
        capsys.readouterr()
        run_stage(PROJECT / script_of(version), "--iterations", iterations, "--data-dir", data)
        return [line for line in capsys.readouterr().out.splitlines() if line[:1] == " "]

    alone = rows()
    monkeypatch.setattr(audience, "OUTPUTS", (*audience.OUTPUTS, Curious))
    assert rows() == alone and len(alone) >= iterations // 20
