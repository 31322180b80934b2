"""The networks: sizes, shapes, and the first stage against numpy."""

import functools
import math

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of

PARAMETERS = {"1.0": 7_850, "2.0": 185_300, "2.1": 185_300, "2.2": 185_300,
              "3.0": 122_270, "3.1": 244_076}

FULLY_CONNECTED = {"XX": (784,), "Y1": (200,), "Y2": (100,), "Y3": (60,), "Y4": (30,)}
SHAPES = {
    "1.0": {"XX": (784,)},
    "2.0": FULLY_CONNECTED,
    "2.1": FULLY_CONNECTED,
    "2.2": FULLY_CONNECTED | {"Y1d": (200,), "Y2d": (100,), "Y3d": (60,), "Y4d": (30,)},
    "3.0": {"Y1": (28, 28, 4), "Y2": (14, 14, 8), "Y3": (7, 7, 12), "YY": (588,), "Y4": (200,)},
    "3.1": {"Y1": (28, 28, 6), "Y2": (14, 14, 12), "Y3": (7, 7, 24), "YY": (1176,), "Y4": (200,),
            "Y4d": (200,)},
}


@functools.cache
def names_of(version):
    """All names of a stage after one iteration; it runs once for all tests."""
    return run_stage(PROJECT / script_of(version), "--iterations", 1)


@pytest.fixture
def stage(request):
    """The version that is the parameter, and the names of its stage."""
    return request.param, names_of(request.param)


def feed(names, images, labels, pkeep=1.0, step=0):
    """A feed dictionary with whatever placeholders the stage has."""
    values = {"X": images, "Y_": labels, "pkeep": pkeep, "step": step}
    return {names[key]: value for key, value in values.items() if key in names}


@pytest.mark.parametrize("stage", PARAMETERS, indirect=True)
def test_sizes_and_shapes(stage):
    """Otherwise a reader learns about another network than the diagram and the codelab show."""
    version, names = stage
    run, mnist = names["sess"].run, names["mnist"]
    assert [part.num_examples for part in mnist] == [60_000, 0, 10_000]

    parameters = names["weights"] + names["biases"]
    assert sum(math.prod(v.shape) for v in parameters) == PARAMETERS[version]
    assert len(names["weights"]) == len(names["biases"]) == (1 if version == "1.0" else 5)

    # What the loop feeds, and to what: batches of 100, dropout in training only.
    for name, value in {"train_data": 0.75, "test_data": 1}.items():
        data = names[name]
        assert data.keys() == feed(names, 0, 0).keys() - (
            {names.get("step")} if name == "test_data" else set())
        assert len(data[names["X"]]) == (100 if name == "train_data" else 10_000)
        assert data.get(names.get("pkeep"), value) == value
    assert names["train_data"].get(names.get("step"), 1) == names["i"] == 1
    optimizer = "GradientDescentOptimizer" if version == "1.0" else "AdamOptimizer"
    assert type(names["optimizer"]).__name__ == optimizer
    activations = {names[name].op.type for name in ("Y1", "Y2", "Y3", "Y4") if name in names}
    assert activations == {"1.0": set(), "2.0": {"Sigmoid"}}.get(version, {"Relu"})

    data = feed(names, *mnist.test.next_batch(3))
    for name, shape in SHAPES[version].items():
        assert run(names[name], data).shape == (3, *shape), name
    probabilities = run(names["Y"], data)
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    loss = -(data[names["Y_"]] * np.log(probabilities)).sum(axis=1).mean() * 100
    assert run(names["cross_entropy"], data) == pytest.approx(loss, rel=1e-4)

    rates = [run(names["lr"], feed(names, *mnist.test.next_batch(1), step=s)) for s in (0, 2000)]
    decays = version not in ("1.0", "2.0")
    expected = [0.0031, 0.0001 + 0.003 / math.e] if decays else [0.003, 0.003]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)


@pytest.mark.parametrize("stage", PARAMETERS, indirect=True)
def test_first_weights_and_biases(stage):
    """Otherwise a network learns more slowly, or nothing, and nobody sees why."""
    version, names = stage
    names["sess"].run(names["init"])
    weights, biases = names["sess"].run([names["weights"], names["biases"]])
    if version == "1.0":
        assert not weights[0].any() and not biases[0].any()
        return
    for values in weights:  # a normal distribution cut at two standard deviations
        assert 0.19 < np.abs(values).max() <= 0.2 or values.size < 1000
        assert values.std() == pytest.approx(0.088, rel=0.2)
    last = {"2.0": 0, "2.1": 0, "2.2": 0, "3.0": 0.1, "3.1": 0.1}[version]
    hidden = 0 if version == "2.0" else 0.1
    for values, expected in zip(biases, [hidden] * 4 + [last], strict=True):
        np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize("stage", ["2.2", "3.1"], indirect=True)
def test_dropout_in_training_only(stage):
    """Otherwise the test accuracy that a reader sees is that of a crippled network."""
    version, names = stage
    run = names["sess"].run
    images, labels = names["mnist"].test.next_batch(100)
    layers = ("Y1", "Y2", "Y3", "Y4") if version == "2.2" else ("Y4",)
    for layer in layers:
        before, after = run([names[layer], names[layer + "d"]], feed(names, images, labels, 0.75))
        active = before > 0
        dropped = active & (after == 0)
        np.testing.assert_allclose(after, np.where(dropped, 0, before / 0.75), rtol=1e-5)
        assert dropped.sum() / active.sum() == pytest.approx(0.25, abs=0.06)
        before, after = run([names[layer], names[layer + "d"]], feed(names, images, labels, 1.0))
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("stage", ["1.0"], indirect=True)
def test_softmax_against_numpy(stage):
    """Three steps of gradient descent, computed by hand in double precision: the lesson is true."""
    _, names = stage
    run = names["sess"].run
    run(names["init"])
    W, b = np.zeros((784, 10)), np.zeros(10)
    for _ in range(3):
        images, labels = names["mnist"].train.next_batch(100)
        data = feed(names, images, labels)

        pixels = images.reshape(100, 784).astype(np.float64)
        exponentials = np.exp(pixels @ W + b)
        Y = exponentials / exponentials.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(run(names["Y"], data), Y, rtol=1e-4, atol=1e-7)
        assert run(names["cross_entropy"], data) == pytest.approx(-(labels * np.log(Y)).sum(), 1e-5)
        correct = Y.argmax(axis=1) == labels.argmax(axis=1)
        assert run(names["accuracy"], data) == pytest.approx(correct.mean())

        run(names["train_step"], data)
        W -= 0.003 * pixels.T @ (Y - labels)
        b -= 0.003 * (Y - labels).sum(axis=0)
        np.testing.assert_allclose(run(names["W"]), W, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(run(names["b"]), b, rtol=1e-4, atol=1e-6)
