"""What makes the twelve scripts a lesson: short, plain, and different only in what they teach."""

import difflib
import re

import pytest
from conftest import PROJECT
from ran_scripts import VARIATIONS, docstring_of, text_of

from docs.steps import code_lines

# The script that is nearest, and how many code lines may differ from it: between stages, one less
# than between the published ones; for a variation, as many as do.
NEAREST = {
    "1.0": ("1.0", 0), "2.0": ("1.0", 47), "2.1": ("2.0", 30), "2.2": ("2.1", 22),
    "3.0": ("2.2", 58), "3.1": ("3.0", 33),
    "five_layers_gradient_descent": ("2.0", 20), "softmax_interactive": ("1.0", 33),
    "convolutional_max_pooling": ("3.1", 50), "one_hidden_layer": ("2.1", 38),
    "three_convolutions_by_epoch": ("3.0", 50), "batch_norm_augmented": ("3.1", 75)}


def labels_of(label):
    """What the comments say that begin the sections of a script."""
    lines = text_of(label).splitlines()
    return [re.split("[:?,]", line)[0] for before, line in zip(lines, lines[1:])
            if line.lstrip().startswith("# ") and not before.strip() or "# load" in line]


@pytest.mark.parametrize("label", NEAREST)
def test_short_and_near_to_the_script_before(label):
    """Otherwise `diff` does not show what is new, or a script no longer fits on two screens."""
    nearest, most = NEAREST[label]
    before, after = ([line for line in code_lines(text_of(name)) if line]
                     for name in (nearest, label))
    changes = list(difflib.unified_diff(before, after, n=0))[2:]  # without the files' names
    assert sum(line[0] in "+-" for line in changes) <= most
    lines = text_of(label).splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 100


@pytest.mark.parametrize("label", NEAREST)
def test_same_sections_in_the_same_order(label):
    """Otherwise a reader does not find the same thing at the same place of another script."""
    expected = labels_of("1.0")
    if label == "batch_norm_augmented":  # the things to try are on its page of the guide
        at = expected.index("# weights and biases")
        expected[at:] = ["# distortion", expected[at], "# batch normalisation",
                         *expected[at + 1:-1]]
    assert labels_of(label) == expected and len(expected) >= 13


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_variation_tells_which_stage_is_nearest(name):
    """Otherwise a reader does not know which `diff` shows what is special about it."""
    stage, _ = NEAREST[name]
    assert docstring_of(name).startswith(f"Variation on stage {stage}: ")
    readme = (PROJECT / "variations" / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}.py` | stage {stage} | " in readme
