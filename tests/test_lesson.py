"""What makes the stages a lesson: short, plain, and different only in what they teach."""

import ast
import difflib
import re

import pytest
from conftest import PROJECT, STAGES

from common.script_code import code_lines

# Code lines that change from each published script to the next.
PUBLISHED_CHANGES = [48, 31, 23, 59, 34]


def stage_code(script):
    """The lines of a stage without its docstring, comments and blank lines."""
    return [line for line in code_lines((PROJECT / script).read_text(encoding="utf-8")) if line]


def changed_lines(one, other):
    """How many lines `diff` marks with < or >."""
    return sum(line[0] in "+-" and line[:3] not in ("---", "+++")
               for line in difflib.unified_diff(stage_code(one), stage_code(other), n=0))


@pytest.mark.parametrize("one, other, published",
                         list(zip(STAGES, STAGES[1:], PUBLISHED_CHANGES)),
                         ids=[script.split("_")[1] for script in STAGES[1:]])
def test_fewer_changes_than_in_the_published_scripts(one, other, published):
    assert changed_lines(one, other) < published


@pytest.mark.parametrize("script", STAGES)
def test_short_lines_and_few(script):
    lines = (PROJECT / script).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 100


def test_same_sections_in_the_same_order():
    def labels(script):
        lines = (PROJECT / script).read_text(encoding="utf-8").splitlines()
        return [line.split(":")[0] for before, line in zip(lines, lines[1:])
                if line.startswith("# ") and not before]

    expected = labels(STAGES[0])
    assert len(expected) >= 9
    assert [labels(script) for script in STAGES] == [expected] * len(STAGES)


EXPECTED = re.compile(r"final test accuracy (0\.\d{4} ± 0\.\d{4}) after ([\d,]+) iterations\b")


@pytest.mark.parametrize("script", STAGES)
def test_readme_and_docstring_tell_the_same(script):
    text = (PROJECT / script).read_text(encoding="utf-8")
    docstring = " ".join(ast.get_docstring(ast.parse(text)).split())
    accuracy, iterations = EXPECTED.search(docstring).groups()
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (table_row,) = (line for line in readme.splitlines() if line.startswith(f"| `{script}`"))
    assert accuracy in table_row
    assert re.findall(r"dashboard\.loop\((.*?)\)", text) == [iterations.replace(",", "_")]
    assert f"python {script}" in docstring
    seconds = re.search(r"in (\d+ s) on two", docstring).group(1)
    assert f"| {seconds} |" in table_row
