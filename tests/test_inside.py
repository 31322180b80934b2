"""Looking into a network: its layers are found, and what is told of them is so."""

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of
from ran_scripts import feed_of, few_digits, network_of
from test_codelab_edits import WAY, edited

from common.dashboard import audience
from common.dashboard.drawing.panels.layers import describe
from common.dashboard.link.questions import (
    AskDigit,
    AskEvidence,
    AskExciting,
    AskLayers,
    AskWeights,
    fields_of,
)
from common.dashboard.outputs.output import Output
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
    "batch_norm_augmented": [
        "Y1 [12, 12, 24] convolution W1 relu", "Y2 [10, 10, 48] convolution W2 relu",
        "Y3 [8, 8, 48] convolution W3 relu", "Y4 [6, 6, 64] convolution W4 relu",
        "Y5 [4, 4, 96] convolution W5 relu", "Y [10] fully connected W6 softmax"],
    "two layers": dense("sigmoid", 200, 10), "dropout": dense("relu", *FIVE),
    "convolutions": convolutional(4, 8, 12),
}
EDITED = {"two layers": WAY[:1], "dropout": WAY[:7], "convolutions": WAY}  # by a reader


@pytest.mark.parametrize("label", LAYERS)
def test_the_layers_of_each_script_are_found_by_the_names_that_it_gives_them(label):
    """Otherwise a reader who has typed a layer does not see it, or sees another in its place."""
    names, network = network_of(label, edited(*EDITED[label]) if label in EDITED else None)
    image = names["mnist"].test.images[0].reshape(28, 28, 1)
    first, *layers = network.inside.layers(image)
    assert (first.name, first.kind, first.outputs.tolist()) == ("X", "image", image.tolist())
    words = [" ".join(filter(None, [
        layer.name, str(list(layer.outputs.shape)), layer.kind,
        layer.weights and layer.weights.name, layer.activation])) for layer in layers]
    assert words == LAYERS[label]
    for layer, outputs in zip(layers, names["sess"].run([names[layer.name] for layer in layers],
                                                        feed_of(names, image))):
        np.testing.assert_allclose(layer.outputs, outputs[0], rtol=1e-4, atol=1e-6)
        if layer.weights is not None:
            name = layer.weights.name
            np.testing.assert_array_equal(layer.weights.values, names["sess"].run(names[name]))
            beside = "b" if name == "W" else name.replace("W", "B")
            if beside in names:  # else batch normalisation is there
                assert layer.scales is None
                np.testing.assert_array_equal(layer.biases, names["sess"].run(names[beside]))
    np.testing.assert_allclose(network.classify(image[None])[0], layers[-1].outputs, rtol=1e-4,
                               atol=1e-6)


def test_evidence_in_stage_1_sums_with_the_bias_to_the_logit():
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
    assert evidence.rest_is_biases
    sums = evidence.maps.sum(axis=(1, 2)) + b[[computed, other]]
    np.testing.assert_allclose(sums, logits[[computed, other]], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(sums, evidence.logits, rtol=1e-5, atol=1e-7)
    assert network.inside.evidence(image, label=computed).digits == (computed,)


@pytest.mark.parametrize("label", ["1.0", "2.0", "2.1", "2.2", "3.1", "convolutional_max_pooling"])
def test_what_pixels_do_not_explain_is_the_share_of_the_biases(label):
    """Otherwise "biases 3.49" is a number to make the sum come out right. Sigmoids leave more."""
    import tensorflow.compat.v1 as tf
    names, network = network_of(label)
    sess = names["sess"]
    with sess.graph.as_default():
        biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
        slopes = tf.gradients(tf.reduce_max(names["Y"].op.inputs[0]), biases)
    for image in names["mnist"].test.images[:20]:
        evidence = network.inside.evidence(image.reshape(28, 28, 1))
        share = sum(float((b * slope).sum())
                    for b, slope in zip(*sess.run([biases, slopes], feed_of(names, image))))
        rest = float(evidence.logits[0] - evidence.maps[0].sum())
        assert evidence.rest_is_biases == (label != "2.0")
        if evidence.rest_is_biases:
            assert rest == pytest.approx(share, abs=1e-3 * max(1.0, float(abs(evidence.logits[0]))))


def test_evidence_of_a_deep_network_is_the_slope_of_its_logit():
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
        logits.append(names["sess"].run(names["Ylogits"], feed_of(names, changed))[
            0, evidence.digits[0]])
    slope = (logits[1] - logits[0]) / 0.02
    assert evidence.maps[0][brightest] == pytest.approx(slope * image[brightest][0], rel=0.05)


@pytest.mark.parametrize("label, number", [("3.1", 1), ("3.1", 2), ("3.1", 3),
                                           ("convolutional_max_pooling", 3),
                                           ("batch_norm_augmented", 2)])
def test_patch_times_filter_is_the_value_at_every_place(label, number):
    """Otherwise the arithmetic beside a value is not how it came about, at the borders say."""
    names, network = network_of(label)
    layers = network.inside.layers(names["mnist"].test.images[0].reshape(28, 28, 1))
    layer, channel = layers[number], 3
    sums = np.zeros(layer.outputs.shape[:2])
    for row, column in np.ndindex(*sums.shape):
        title, (seen, weights, products) = describe(layers, number, channel, row, column)
        np.testing.assert_allclose(seen.values * weights.values, products.values, rtol=1e-6)
        scale = 1 if layer.scales is None else layer.scales[channel]
        sums[row, column] = products.values.sum() * scale + layer.biases[channel]
    np.testing.assert_allclose(np.maximum(sums, 0), layer.outputs[..., channel], rtol=1e-3,
                               atol=1e-5)
    assert f"= {layer.outputs[-1, -1, channel]:.3g}: " in title and "then relu" in title


@pytest.mark.parametrize("label, number", [("1.0", 1), ("2.2", 2), ("3.1", 4), ("3.1", 5),
                                           ("convolutional_max_pooling", 5)])
def test_products_of_a_dense_value_add_up_to_it_and_shares_to_one(label, number):
    """Otherwise the strips explain another number than the one pointed at."""
    names, network = network_of(label)
    for image in names["mnist"].test.images[:20]:
        layers = network.inside.layers(image.reshape(28, 28, 1))
        layer, before = layers[number], layers[number - 1].outputs
        title, (seen, _, products, *steps) = describe(layers, number, 7, 0, 0)
        places = before.shape[:2] if before.ndim == 3 else (1, 1)
        assert seen.values.shape == products.values.shape == (before.shape[-1], *places)
        total = products.values.sum() + layer.biases[7]
        largest = np.unravel_index(abs(products.values).argmax(), products.values.shape)
        channel, *place = map(int, largest)
        where = [*place, channel] if before.ndim == 3 else [channel]
        assert products.note.endswith(f"from {layers[number - 1].name}{where}")
        if not steps:
            assert layer.outputs[7] == pytest.approx(max(0, total), rel=1e-3, abs=1e-5)
            continue
        logits, exponentials, shares = (step.values.ravel() for step in steps)
        assert logits[7] == pytest.approx(total, rel=1e-3, abs=1e-5)
        np.testing.assert_allclose(exponentials, np.exp(logits))
        assert shares.sum() == pytest.approx(1)
        np.testing.assert_allclose(shares, layer.outputs, atol=1e-5)


@pytest.mark.parametrize("label, number", [("3.1", 3), ("convolutional_max_pooling", 2),
                                           ("convolutional_max_pooling", 3),
                                           ("batch_norm_augmented", 3)])
@pytest.mark.parametrize("corner", [False, True])
def test_the_frame_on_the_digit_has_all_that_a_value_sees(label, number, corner):
    """Otherwise the frame is around pixels that have no part in the value, or leaves some out."""
    import tensorflow.compat.v1 as tf
    names, network = network_of(label)
    sess = names["sess"]
    image = np.random.default_rng(0).random((28, 28, 1), np.float32)
    layers = network.inside.layers(image)
    height, width, channels = layers[number].outputs.shape
    row, column = (0, width - 1) if corner else (height // 2, width // 2)
    with sess.graph.as_default():
        (slope,) = tf.gradients(names[layers[number].name][0, row, column], names["X"])
    touched = np.argwhere(np.reshape(sess.run(slope, feed_of(names, image)), (28, 28)))
    assert len(touched)  # else all values here are cut off by ReLU
    top, left, bottom, right = fields_of(layers, number, row, column)[0]
    assert top <= touched[:, 0].min() and touched[:, 0].max() < bottom
    assert left <= touched[:, 1].min() and touched[:, 1].max() < right
    if layers[number].kind == "convolution":
        assert touched[:, 0].max() - touched[:, 0].min() >= bottom - top - 2


def test_digits_that_excite_a_filter_are_marked_where_they_do():
    """Otherwise a reader looks for a pattern all over the digit."""
    names, network = network_of("3.1")
    exciting = network.inside.exciting(1, 2)
    outputs = names["sess"].run(names["Y2"], feed_of(names, exciting.images / 255))
    for output, value, (top, left, bottom, right) in zip(outputs[..., 2], exciting.values,
                                                         exciting.fields, strict=True):
        row, column = np.unravel_index(output.argmax(), output.shape)
        assert value == pytest.approx(output.max(), rel=1e-4)
        assert top <= 2 * row + 0.5 <= bottom and left <= 2 * column + 0.5 <= right
        assert bottom - top <= 14 and right - left <= 14
    assert network_of("1.0")[1].inside.exciting(0, 3).fields == ()


def test_the_digits_that_excite_a_neuron_most():
    """Otherwise a reader is shown digits that have nothing to do with the neuron."""
    names, network = network_of("1.0")
    images, _ = names["mnist"].train.first(1000)
    values = names["sess"].run(names["Y"], {names["X"]: images})[:, 3]
    exciting = network.inside.exciting(0, 3)
    best = np.argsort(-values, kind="stable")[:20]
    np.testing.assert_allclose(exciting.values, values[best], rtol=1e-5)
    np.testing.assert_array_equal(exciting.images, np.round(255 * images[best, ..., 0]))
    assert (exciting.of, exciting.weights.name) == (1000, "W")


class Curious(Output):
    """Asks everything whenever something was measured, as a user does who looks on."""

    option = Option("--text", "")  # it comes with every run as text

    def __init__(self, options):
        pass

    def send(self, message):
        image = np.full(28 * 28, 100, np.uint8).tobytes()
        for question in (AskDigit(image), AskWeights(), AskExciting(0, 1), AskLayers(image),
                         AskEvidence(image, 3)):
            question.answer(self._model)


@pytest.mark.parametrize("version, iterations", [
    ("2.2", 40), pytest.param("3.1", 20, marks=pytest.mark.slow)])
def test_with_dropout_a_run_is_the_same_whoever_looks_in(capsys, monkeypatch, version, iterations):
    """Otherwise a run cannot be repeated: it depends on when somebody has pressed a key."""
    def rows():
        capsys.readouterr()
        run_stage(PROJECT / script_of(version), "--iterations", iterations, "--data-dir",
                  few_digits().name)
        return [line for line in capsys.readouterr().out.splitlines() if line[:1] == " "]

    alone = rows()
    monkeypatch.setattr(audience, "OUTPUTS", (*audience.OUTPUTS, Curious))
    assert rows() == alone and len(alone) >= iterations // 20
