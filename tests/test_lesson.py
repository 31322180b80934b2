"""What makes the stages a lesson: short, plain, and different only in what they teach."""

import difflib

import pytest
from conftest import PROJECT, STAGES

from docs.steps import code_lines

# Code lines that change from each published script to the next.
PUBLISHED_CHANGES = [48, 31, 23, 59, 34]


def text_of(script):
    return (PROJECT / script).read_text(encoding="utf-8")


@pytest.mark.parametrize("one, other, published",
                         list(zip(STAGES, STAGES[1:], PUBLISHED_CHANGES)),
                         ids=[script.split("_")[1] for script in STAGES[1:]])
def test_fewer_changes_than_in_the_published_scripts(one, other, published):
    """Who compares two stages would have to look for the new idea."""
    code, other_code = ([line for line in code_lines(text_of(script)) if line]
                        for script in (one, other))
    assert sum(line[0] in "+-" and line[:3] not in ("---", "+++")
               for line in difflib.unified_diff(code, other_code, n=0)) < published


@pytest.mark.parametrize("script", STAGES)
def test_short_lines_and_few(script):
    """A stage would no longer fit on two screens."""
    lines = text_of(script).splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 100


def test_same_sections_in_the_same_order():
    """A reader would not find the same thing at the same place of the next stage."""
    labels = []
    for script in STAGES:
        lines = text_of(script).splitlines()
        labels.append([line.split(":")[0] for before, line in zip(lines, lines[1:])
                       if line.startswith("# ") and not before])
    assert len(labels[0]) >= 9
    assert labels == [labels[0]] * len(STAGES)
