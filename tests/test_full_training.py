"""The six stages at full length on the real data, each held to its accuracy; then the last one has
to read other hands.

README.md quotes means of five seeds. One run varies around them, and differs from processor to
processor, so it is held to its mean less two and a half standard deviations or so.
"""

import re

import drawn_digits
import numpy as np
import pytest
from conftest import PROJECT, run_python, script_of
from drawn_digits import enlarged
from PIL import Image
from test_scripts import ROW

from common.mnist_data import read_data_sets

FINAL_ACCURACY = {"1.0": 0.918, "2.0": 0.970, "2.1": 0.980, "2.2": 0.978, "3.0": 0.987,
                  "3.1": 0.990}

# From which iteration on the test accuracy stays above which mark. In stage 3.1 four of five seeds
# stay above 0.990; seed 0 comes back to 0.9899 twice.
SUSTAINED = {"2.1": (8000, 0.980), "3.1": (5000, 0.989)}


def run(script, *arguments):
    """What a script prints."""
    return run_python(PROJECT / script, "--text", *arguments, check=True, timeout=None).stdout


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder where the trained networks are kept."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="session")
def rows_of(trained):
    """A function: the rows that a full run of a stage prints: (iteration, test accuracy, loss)."""
    known = {}

    def rows_of(version):
        if version not in known:
            output = run(script_of(version), "--save", trained / version)
            known[version] = [(int(row[0]), float(row[5]), float(row[6]))
                              for row in ROW.findall(output)]
        return known[version]

    return rows_of


@pytest.mark.full_training
@pytest.mark.parametrize("version", FINAL_ACCURACY)
def test_final_accuracy(version, rows_of):
    """Otherwise a stage no longer reaches what its docstring promises."""
    iteration, accuracy, _ = rows_of(version)[-1]
    assert iteration == (2_000 if version == "1.0" else 10_000)
    assert accuracy >= FINAL_ACCURACY[version]
    if version in SUSTAINED:
        start, mark = SUSTAINED[version]
        assert min(accuracy for i, accuracy, _ in rows_of(version) if i >= start) >= mark


@pytest.mark.full_training
def test_dropout_brings_the_test_loss_under_control(rows_of):
    """The mean of five seeds is 0.82 times the loss without dropout, one seed 0.78 to 0.86."""
    assert rows_of("2.2")[-1][2] <= 0.9 * rows_of("2.1")[-1][2]


def readings(trained, files):
    """What stage 3.1 reads in some picture files, a list of ints."""
    output = run(script_of("3.1"), "--restore", trained / "3.1", "--iterations", 0,
                 "--classify", *files)
    return [int(reading) for reading in re.findall(r"\.png +(\d) ", output)]


@pytest.mark.full_training
def test_stage_3_1_reads_test_digits_on_other_backgrounds(rows_of, trained, tmp_path):
    """1,000 of MNIST's own: enlarged, moved, some light on dark, on grey or uneven paper."""
    rows_of("3.1")
    mnist = read_data_sets(str(PROJECT / "data"), reshape=False, validation_size=0)
    random = np.random.default_rng(0)
    files = []
    for number, image in enumerate(mnist.test.images[:1000]):
        ink = enlarged((image[..., 0] * 255).round().astype(np.uint8), random.uniform(2, 8),
                       place=random.uniform(0, 1, 2)) / 255
        light = np.linspace(200, random.uniform(150, 250), ink.shape[1])
        levels = light * (1 - 0.9 * ink) if number % 2 else 30 + 200 * ink
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(levels.round().astype(np.uint8)).save(files[-1])
    read = np.equal(readings(trained, files), mnist.test.labels[:1000])
    print(f"read {read.sum()} of 1,000")
    assert read.mean() >= 0.97


@pytest.mark.full_training
def test_stage_3_1_reads_digits_drawn_by_other_hands(rows_of, trained, tmp_path):
    """Nothing of MNIST's; how many of the thirty is in README."""
    rows_of("3.1")
    names, labels, files = [], [], []
    for name, label, picture in drawn_digits.pictures():
        names.append(name)
        labels.append(label)
        files.append(tmp_path / f"{name}.png")
        picture.save(files[-1])
    read = np.equal(readings(trained, files), labels)
    print("misread:", [name for name, right in zip(names, read) if not right])
    assert len(read) == 30 and read.sum() >= 26
