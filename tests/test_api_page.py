"""docs/api.md: stages 1.0 and 3.1 in three APIs. They take the same steps, or learn as much."""

import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import PROJECT, script_environment, script_of

IN_OTHER_WORDS = ["docs/stage_{}_tensorflow2.py", "docs/stage_{}_keras.py"]

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


def first_ten_steps(script, record):
    """Before each of ten steps and after them: losses, batches, weights and biases, [11, …]."""
    subprocess.run([sys.executable, "-c", RECORD, str(PROJECT / script), str(record)], check=True,
                   cwd=PROJECT, env=script_environment(), stdin=subprocess.DEVNULL)
    with np.load(record) as values:
        return dict(values)


def test_stage_1_0_takes_the_same_first_ten_steps(tmp_path):
    stage = first_ten_steps(script_of("1.0"), tmp_path / "stage.npz")
    assert len(stage["losses"]) == 11 and stage["weights"].shape == (11, 784, 10)
    assert not stage["weights"][0].any() and stage["weights"][10].any()
    for number, script in enumerate(IN_OTHER_WORDS):
        other = first_ten_steps(script.format("1.0"), tmp_path / f"{number}.npz")
        for name in ("images", "labels"):
            np.testing.assert_array_equal(other[name], stage[name], err_msg=script)
        for name in ("losses", "weights", "biases"):
            np.testing.assert_allclose(other[name], stage[name], rtol=1e-4, atol=1e-6,
                                       err_msg=f"{script}: {name}")


@pytest.mark.parametrize("script", [script.format("3.1") for script in IN_OTHER_WORDS])
def test_stage_3_1_starts_to_learn(tmp_path, script):
    result = subprocess.run(
        [sys.executable, PROJECT / script, "--text", "--iterations", "20"], cwd=tmp_path,
        env=script_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    rows = re.findall(r"^ +(\d+) +1  (0\.00\d+)  .*?([\d.]+) +([\d.]+)$", result.stdout, re.M)
    assert (rows[-1][0], rows[-1][1]) == ("20", "0.003070")
    assert float(rows[-1][2]) > 0.3  # a network that guesses has 0.1
    assert re.search(r"^final test accuracy +0\.\d{4}, loss .*, after 20 iterations", result.stdout,
                     re.M)


@pytest.mark.full_training
@pytest.mark.parametrize("script", [script.format("3.1") for script in IN_OTHER_WORDS])
def test_stage_3_1_learns_as_much(script):
    output = subprocess.run([sys.executable, PROJECT / script, "--text"], check=True,
                            env=script_environment(), stdout=subprocess.PIPE, text=True).stdout
    accuracy, = re.findall(r"^final test accuracy +([\d.]+), .* after 10,000", output, re.M)
    print(script, accuracy)
    assert float(accuracy) >= 0.990
