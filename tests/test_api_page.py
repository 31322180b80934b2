"""docs/api.md: stages 1.0 and 3.1 in three APIs. They take the same steps, or learn as much."""

import re

import numpy as np
import pytest
from conftest import run_python, script_of
from test_scripts import ROW

OTHERS = ["docs/stage_{}_tensorflow2.py", "docs/stage_{}_keras.py"]


def run(*command):
    return run_python(*command, check=True, timeout=None).stdout


@pytest.mark.slow
def test_stage_1_0_takes_the_same_first_ten_steps():
    """The page says that the three are the same network: in batches, losses, accuracies, rates."""
    stage, *others = ([[float(number) for number in row] for row in ROW.findall(
        run(script, "--text", "--iterations", 10, "--seed", 3))]
        for script in (script_of("1.0"), *(script.format("1.0") for script in OTHERS)))
    assert [row[0] for row in stage] == [0, 10] and stage[0] != stage[1]
    for other in others:
        assert np.isclose(other, stage, 1e-4, [0, 0, 0, 2e-4, 2e-3, 2e-4, 2e-3]).all(), other


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
