"""Page 2½ of the lab: a step through a hidden layer, on paper."""

import re
import runpy

import numpy as np
import pytest
from conftest import PROJECT

PAGE = PROJECT / "docs" / "lab" / "2b_how_the_gradient_gets_back.md"


@pytest.fixture
def step(capsys):
    """The names of docs/one_step_back.py."""
    return runpy.run_path(str(PROJECT / "docs" / "one_step_back.py"))


def test_tensorflow_finds_the_same_gradients(tf, step):
    """The page would teach another way back than the one that is gone."""
    variables = [tf.Variable(step[name]) for name in ("W1", "B1", "W2", "B2")]
    W1, B1, W2, B2 = variables
    with tf.GradientTape() as tape:
        Ylogits = tf.sigmoid(step["XX"] @ W1 + B1) @ W2 + B2
        loss = tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(step["Y_"], Ylogits))
    assert abs(loss - step["loss"]) < 1e-6
    for mine, theirs in zip(step["gradients"], tape.gradient(loss, variables), strict=True):
        assert mine.shape == theirs.shape and np.abs(mine - theirs).max() < 1e-6


def test_the_page_tells_the_numbers_of_the_script(step):
    """A reader with a pencil would find other numbers."""
    slopes = step["Y1"] * (1 - step["Y1"])
    found = {f"{value:.2f}" for name in [*step.values(), slopes, *step["gradients"], *step["after"]]
             if isinstance(name, float | np.ndarray) for value in np.ravel(name)}
    text = PAGE.read_text(encoding="utf-8").partition("## Exercises")[0].replace("−", "-")
    told = set(re.findall(r"-?\d\.\d\d\b", text))
    assert told - found == set() and len(told) > 10
    assert f"loss rises {step['slope']:.3f} times as much" in text
    assert f"{step['gradients'][0][0, 0]:.3f}" == f"{step['slope']:.3f}"
