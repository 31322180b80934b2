"""docs/api.md: stages 1.0 and 3.1 in three APIs. They take the same steps, or learn as much."""

import re

import numpy as np
import pytest
from conftest import PROJECT, run_python, script_of

OTHERS = ["docs/stage_{}_tensorflow2.py", "docs/stage_{}_keras.py"]

# Runs a script of ours, and keeps what it shows before each step in place of showing it. In a
# process of its own: the stages turn eager execution off, the others need it.
RECORD = """
import runpy, sys
import numpy as np
script, record = sys.argv[1:]
from common import dashboard

shown = {"losses": [], "images": [], "labels": [], "weights": [], "biases": []}

class Recorder(dashboard.Dashboard):
    def wants_train(self, i):
        return True

    def wants_test(self, i):
        return False

    def show_train(self, i, accuracy, loss, images, predictions, labels, weights, biases, rate):
        assert np.allclose(rate, 0.003)
        for values, value in zip(shown.values(), (loss, images, labels, *weights, *biases)):
            values.append(np.array(value))

dashboard.Dashboard = Recorder
sys.argv = [script, "--text", "--iterations", "10", "--seed", "3"]
runpy.run_path(script, run_name="__main__")
np.savez(record, **shown)
"""


def run(*command):
    return run_python(*command, check=True, timeout=None).stdout


@pytest.mark.slow
def test_stage_1_0_takes_the_same_first_ten_steps(tmp_path):
    """The page says that the three are the same network: losses, batches, weights, [11, …]."""
    scripts = [script_of("1.0"), *(script.format("1.0") for script in OTHERS)]
    for number, script in enumerate(scripts):
        run("-c", RECORD, PROJECT / script, tmp_path / f"{number}.npz")
    stage, *others = (dict(np.load(tmp_path / f"{number}.npz")) for number in range(3))
    assert len(stage["losses"]) == 11 and stage["weights"].shape == (11, 784, 10)
    assert not stage["weights"][0].any() and stage["weights"][10].any()
    for other in others:
        for name in ("images", "labels"):
            np.testing.assert_array_equal(other[name], stage[name])
        for name in ("losses", "weights", "biases"):
            np.testing.assert_allclose(other[name], stage[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("script", [script.format("3.1") for script in OTHERS])
@pytest.mark.parametrize("iterations, least", [
    pytest.param(40, 0.5, marks=pytest.mark.slow),  # a network that guesses has 0.1
    pytest.param(10_000, 0.990, marks=pytest.mark.full_training)])
def test_stage_3_1_learns_as_much(script, iterations, least):
    """The page says that they reach what the stage reaches."""
    output = run(script, "--text", "--iterations", iterations)
    accuracy, = re.findall(rf"^final test accuracy +([\d.]+), .* after {iterations:,}", output,
                           re.MULTILINE)
    print(script, accuracy)
    assert float(accuracy) >= least
