"""The six stages at full length on the real data, each held to its accuracy.

README.md quotes means of five seeds. One run varies around them, and differs from processor to
processor, so it is held to its mean less two and a half standard deviations or so.
"""

import functools
import subprocess
import sys

import pytest
from conftest import PROJECT, script_environment, script_of
from test_scripts import ROW

FINAL_ACCURACY = {"1.0": 0.918, "2.0": 0.970, "2.1": 0.980, "2.2": 0.978, "3.0": 0.987,
                  "3.1": 0.990}

# From which iteration on the test accuracy stays above which mark.
SUSTAINED = {"2.1": (8000, 0.980), "3.1": (5000, 0.990)}


@functools.cache
def rows_of(version):
    """The rows that a full run of a stage prints: (iteration, test accuracy, test loss)."""
    result = subprocess.run([sys.executable, PROJECT / script_of(version), "--text"], check=True,
                            env=script_environment(), stdout=subprocess.PIPE, text=True)
    return [(int(row[0]), float(row[5]), float(row[6])) for row in ROW.findall(result.stdout)]


@pytest.mark.full_training
@pytest.mark.parametrize("version", FINAL_ACCURACY)
def test_final_accuracy(version):
    iteration, accuracy, _ = rows_of(version)[-1]
    assert iteration == (2_000 if version == "1.0" else 10_000)
    assert accuracy >= FINAL_ACCURACY[version]
    if version in SUSTAINED:
        start, mark = SUSTAINED[version]
        assert min(accuracy for i, accuracy, _ in rows_of(version) if i >= start) >= mark


@pytest.mark.full_training
def test_dropout_brings_the_test_loss_under_control():
    """The mean of five seeds is 0.82 times the loss without dropout, one seed 0.78 to 0.86."""
    assert rows_of("2.2")[-1][2] <= 0.9 * rows_of("2.1")[-1][2]
