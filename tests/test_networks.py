"""The networks of all twelve scripts: sizes, shapes, first weights, how they are trained."""

import functools
import math
import re
from typing import NamedTuple

import numpy as np
import pytest
from conftest import PROJECT
from ran_scripts import docstring_of, names_of, path_of, text_of


def zeros(values):
    assert not values.any()


def normal(values):
    """A normal distribution, not cut."""
    assert values.mean() == pytest.approx(0.5, abs=0.25)
    assert values.std() == pytest.approx(0.7, rel=0.25)
    assert np.abs(values - 0.5).max() > 2.5 * 0.7 or values.size < 10_000


def uniform(values):
    """A uniform distribution, its width by the inputs and outputs."""
    patch = math.prod(values.shape[:-2])
    limit = math.sqrt(6 / (patch * (values.shape[-2] + values.shape[-1])))
    assert 0.95 * limit < np.abs(values).max() <= limit
    assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.1)
    assert abs(values.mean()) < 0.1 * limit


def cut(values, deviation=0.1):
    """A normal distribution cut at two standard deviations."""
    assert 1.9 * deviation < np.abs(values).max() <= 2 * deviation or values.size < 1000
    assert values.std() == pytest.approx(0.88 * deviation, rel=0.2)
    assert abs(values.mean()) < 0.2 * deviation


def cut_by_inputs(values):
    cut(values, math.sqrt(2 / math.prod(values.shape[:-1])) / 0.8796)


class Script(NamedTuple):
    """What a script has: weights and biases in all; what computes its tensors; its first weights
    (a check) and biases (of the hidden layers, and the last); optimizer, learning rate at iteration
    0 and 2,000; digits in a batch, and kept for validation; iterations.
    """

    parameters: int
    operations: set
    weights: object
    biases: tuple
    optimizer: str
    rates: tuple
    batch: int = 100
    validation: int = 0
    iterations: int = 10_000


GRADIENT_DESCENT, ADAM = "GradientDescentOptimizer", "AdamOptimizer"
DECAYING = 0.0031, 0.0001 + 0.003 / math.e
SCRIPTS = {
    "1.0": Script(7_850, set(), zeros, (0, 0), GRADIENT_DESCENT, (0.003,) * 2, iterations=2_000),
    "2.0": Script(185_300, {"Sigmoid"}, cut, (0, 0), ADAM, (0.003,) * 2),
    "2.1": Script(185_300, {"Relu"}, cut, (0.1, 0), ADAM, DECAYING),
    "2.2": Script(185_300, {"Relu"}, cut, (0.1, 0), ADAM, DECAYING),
    "3.0": Script(122_270, {"Relu"}, cut, (0.1, 0.1), ADAM, DECAYING),
    "3.1": Script(244_076, {"Relu"}, cut, (0.1, 0.1), ADAM, DECAYING),
    "five_layers_gradient_descent": Script(
        185_300, {"Sigmoid"}, functools.partial(cut, deviation=1), (0, 0), GRADIENT_DESCENT,
        (0.003,) * 2, validation=5000),
    "softmax_interactive": Script(
        7_850, set(), zeros, (0, 0), GRADIENT_DESCENT, (0.5,) * 2, 50, 5000, 1_000),
    "convolutional_max_pooling": Script(
        3_274_634, {"Relu"}, cut, (0.1, 0.1), ADAM, (1e-4,) * 2, 50, 5000, 1_100),
    "one_hidden_layer": Script(
        159_010, {"Relu"}, normal, None, ADAM, (1e-3,) * 2, 1000, 5000, 1_000),
    "three_convolutions_by_epoch": Script(
        4_474_890, {"Relu", "AddV2"}, uniform, (0, 0), ADAM, (1e-4,) * 2, 50, iterations=12_000),
    "batch_norm_augmented": Script(
        130_578, {"Relu"}, cut_by_inputs, None, ADAM, None, 200, iterations=10_800),
}
DROPOUT = {"2.2": (("Y1", "Y2", "Y3", "Y4"), 0.75), "3.1": (("Y4",), 0.75),
           "convolutional_max_pooling": (("Y3",), 0.5)}


@pytest.fixture
def script(request):
    """The label that is the parameter, its row in the table, and the names of its script.

    What a test does to the network is undone.
    """
    names = names_of(request.param)
    variables = names["sess"].graph.get_collection("variables")
    before = names["sess"].run(variables)
    yield request.param, SCRIPTS[request.param], names
    assignments = [variable.initializer for variable in variables]
    names["sess"].run(assignments, {assignment.inputs[1]: values
                                    for assignment, values in zip(assignments, before)})


def feed(names, images, labels, pkeep=1.0, step=0):
    """A feed dictionary with whatever placeholders the script has."""
    values = {"X": images, "Y_": labels, "pkeep": pkeep, "step": step}
    return {names[key]: value for key, value in values.items() if key in names}


@pytest.mark.parametrize("script", SCRIPTS, indirect=True)
def test_sizes_and_shapes(script):
    """Otherwise a reader learns about another network than the text beside each line shows."""
    label, expected, names = script
    variables = names["weights"] + names["biases"]
    assert sum(math.prod(v.shape) for v in variables) == expected.parameters
    shapes = re.findall(r"^(\w+) = .*# \[(n[\d, ]*)\]", text_of(label), re.MULTILINE)
    shapes += [] if label[0].isdigit() else re.findall(r"\b([WBY]\d?) \[([\dn, ]+)\]",
                                                       docstring_of(label))
    assert len(shapes) >= 1
    for tensor, shape in shapes:
        told = [None if size == "n" else int(size) for size in shape.split(", ")]
        assert names[tensor].shape.as_list() == told, tensor

    layers = [names[f"Y{n}"].op.type for n in range(1, 6) if f"Y{n}" in names]
    assert set(layers) == expected.operations and names["Y"].op.type == "Softmax"
    probabilities = names["sess"].run(names["Y"], feed(names, *names["mnist"].test.first(3)))
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("script", SCRIPTS, indirect=True)
def test_data_and_loop(script):
    """Otherwise a script trains on other digits, or in another way, than its docstring says."""
    label, expected, names = script
    assert [part.num_examples for part in names["mnist"]] == [
        6000 - expected.validation, expected.validation, 300]
    (planned,) = re.findall(r"^for i in dashboard\.loop\(([\d_*]+)\)", text_of(label), re.MULTILINE)
    assert math.prod(map(int, planned.split("*"))) == expected.iterations
    assert names["dashboard"].run.curves["test_loss"].iterations.tolist() == [0, 2]
    for name, count in (("train_data", expected.batch), ("test_data", 300)):
        assert len(names[name][names["X"]]) == len(names[name][names["Y_"]]) == count
    if "step" in names:
        assert names["train_data"][names["step"]] == 2
    if label in DROPOUT:
        assert names["train_data"][names["pkeep"]] == DROPOUT[label][1]
        assert names["test_data"][names["pkeep"]] == 1
    kind = "InteractiveSession" if label == "softmax_interactive" else "Session"
    assert type(names["sess"]).__name__ == kind
    docstring = " ".join(docstring_of(label).split())
    assert f"python {path_of(label).relative_to(PROJECT).as_posix()}" in docstring
    assert f" after {expected.iterations:,} iterations" in docstring


@pytest.mark.parametrize("script", SCRIPTS, indirect=True)
def test_first_weights_and_biases(script):
    """Otherwise a network learns more slowly, or nothing, and nobody sees why."""
    _, expected, names = script
    names["sess"].run(names["init"])
    weights, biases = names["sess"].run([names["weights"], names["biases"]])
    for values in weights:
        expected.weights(values)
    if expected.biases is not None:
        *hidden, last = biases
        assert all((values == np.float32(expected.biases[0])).all() for values in hidden)
        assert (last == np.float32(expected.biases[1])).all()


@pytest.mark.parametrize("script", [label for label in SCRIPTS if SCRIPTS[label].rates],
                         indirect=True)
def test_one_training_step(script):
    """The step that the last biases take tells what is trained: a sum or a mean over the batch."""
    label, expected, names = script
    run, bias = names["sess"].run, names["biases"][-1]
    run(names["init"])
    data = feed(names, *names["mnist"].train.first(expected.batch))
    rates = [run(names["lr"], data | feed(names, data[names["X"]], data[names["Y_"]], step=step))
             for step in (0, 2000)]
    np.testing.assert_allclose(rates, expected.rates, rtol=1e-6)
    assert type(names["optimizer"]).__name__ == expected.optimizer

    probabilities, before, loss, accuracy = run(
        [names["Y"], bias, names["cross_entropy"], names["accuracy"]], data)
    labels = data[names["Y_"]]
    assert accuracy == pytest.approx((probabilities.argmax(1) == labels.argmax(1)).mean())
    if label != "one_hidden_layer":  # there, probabilities are too small for a logarithm
        assert loss == pytest.approx(
            -(labels * np.log(probabilities)).sum(axis=1).mean() * 100, rel=1e-3)
    run(names["train_step"], data)
    step, gradient = run(bias) - before, (probabilities - labels).sum(axis=0)
    if label in ("softmax_interactive", "convolutional_max_pooling", "one_hidden_layer",
                 "three_convolutions_by_epoch"):  # trained on the mean, not on the mean × 100
        gradient /= expected.batch
    if expected.optimizer == GRADIENT_DESCENT:
        np.testing.assert_allclose(step, -rates[0] * gradient, rtol=1e-3, atol=1e-6)
    else:  # Adam: a tenth of the gradient is remembered, the first step is as long as the rate
        remembered = run(names["optimizer"].get_slot(bias, "m"))
        np.testing.assert_allclose(remembered, 0.1 * gradient, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(step, -rates[0] * np.sign(gradient), rtol=1e-2)


@pytest.mark.parametrize("script", DROPOUT, indirect=True)
def test_dropout_in_training_only(script):
    """Otherwise the test accuracy that a reader sees is that of a crippled network."""
    label, _, names = script
    layers, in_training = DROPOUT[label]
    images, labels = names["mnist"].test.first(100)
    for layer in layers:
        for pkeep in (in_training, 1.0):
            before, after = names["sess"].run([names[layer], names[layer + "d"]],
                                              feed(names, images, labels, pkeep))
            active = before > 0
            dropped = active & (after == 0)
            np.testing.assert_allclose(after, np.where(dropped, 0, before / pkeep), rtol=1e-5)
            assert dropped.sum() / active.sum() == pytest.approx(1 - pkeep, abs=0.06)
