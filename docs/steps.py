"""The states of the lab, and what changes from one to the next.

A page shows a change as a difference: under the name of a section, which is the comment before its
lines, those that go with `-` and those that come with `+`. Compared is code: neither docstrings nor
comments, though a new line is shown with its comment.
"""

import ast
import dataclasses
import difflib
import io
import pathlib
import re
import sys
import tokenize

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # has common/

from common.terminal import UserError

STAGES = sorted(path.name for path in PROJECT.glob("mnist_*.py"))
PAGES = sorted((PROJECT / "docs" / "lab").glob("*.md"))
# A difference that make.py writes between two scripts, or one written by hand.
PLACE = re.compile(r"(<!-- diff: (\S+) (\S+) -->\n).*?(<!-- end of diff -->\n)", re.DOTALL)
STEP = re.compile(r"<!-- step -->\n```diff\n(.*?)```", re.DOTALL)
CONTEXT = 1  # lines around a change that stay the same
IMPORTS = "imports, options and seed"


def code_lines(text):
    """A script's lines without its docstring and its comments.

    Args:
      text: str, the whole script.

    Returns:
      A list of str, one for each line, without spaces at its end; empty where there is no code.
    """
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column]
    first = ast.parse(text).body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines[first.lineno - 1:first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
    return [line.rstrip() for line in lines]


def sections(text):
    """The code of a script, str: a dictionary from section names to lists of line numbers."""
    whole = text.splitlines()
    found, name = {IMPORTS: []}, IMPORTS
    for number, (line, stripped) in enumerate(zip(whole, code_lines(text))):
        if line.startswith("# ") and not whole[number - 1]:
            name = line[2:].split(":")[0]
            found.setdefault(name, [])
        elif stripped:
            found[name].append(number)
    return found


def difference(before, after):
    """What changes from one script to another, both str, as a page shows it, str."""
    old_lines, new_lines = code_lines(before), code_lines(after)
    commented, lines = after.splitlines(), []
    old_sections, new_sections = sections(before), sections(after)
    for name in old_sections | new_sections:
        old, new = old_sections.get(name, []), new_sections.get(name, [])
        matcher = difflib.SequenceMatcher(None, [old_lines[n] for n in old],
                                          [new_lines[n] for n in new], autojunk=False)
        for group in matcher.get_grouped_opcodes(CONTEXT):
            lines.append(f"@@ {name} @@")
            for kind, start, end, new_start, new_end in _without_ends(group):
                if kind == "equal":
                    lines += [f" {new_lines[n]}" for n in new[new_start:new_end]]
                else:
                    lines += [f"-{old_lines[n]}" for n in old[start:end]]
                    lines += [f"+{commented[n]}" for n in new[new_start:new_end]]
    return "".join(f"{line}\n" for line in lines)


def _without_ends(group):
    """A group of changes without the lines around it, as far as they are not needed to place it."""
    if group[-1][0] == "equal":
        group = group[:-1]
    if group[0][0] == "equal" and any(kind != "insert" for kind, *_ in group[1:]):
        group = group[1:]
    return group


def changed(text, difference):
    """Do what a reader does: find the old lines in their section, put the new ones there.

    Args:
      text: str, a script.
      difference: str, as a page shows it.

    Returns:
      str, the new script; lines that stay keep their comments.

    Raises:
      UserError: the old lines are not there, or at several places.
    """
    hunks = re.split(r"^@@ (.*) @@\n", difference, flags=re.MULTILINE)
    for name, hunk in zip(hunks[1::2], hunks[2::2]):
        code, lines = code_lines(text), text.splitlines()
        numbers = sections(text).get(name, [])
        signs = [(line[0], line[1:]) for line in hunk.splitlines()]
        old = [line.split("  # ")[0].rstrip() for sign, line in signs if sign in " -"]
        places = [n for n in range(len(numbers) - len(old) + 1)
                  if [code[at] for at in numbers[n:n + len(old)]] == old]
        if len(places) != 1:
            raise UserError(f"These lines should be in the section “{name}”, once, and are there "
                            f"{len(places)} times. Was this step done before?\n  "
                            + "\n  ".join(old))
        there = numbers[places[0]:places[0] + len(old)]
        kept = iter(lines[number] for number in there)
        new = []
        for sign, line in signs:
            here = next(kept) if sign in " -" else line
            new += [] if sign == "-" else [here]
        lines[there[0]:there[-1] + 1] = new
        text = "\n".join(lines) + "\n"
    return text


@dataclasses.dataclass(frozen=True)
class State:
    """What a reader's script may be on the way.

    name: str.
    page: pathlib.Path, of the page that leads to it.
    text: str, the whole script.
    """

    name: str
    page: pathlib.Path
    text: str


def states():
    """All states of the lab, from the first stage to the last, a list of `State`."""
    text = (PROJECT / STAGES[0]).read_text(encoding="utf-8")
    found = [State(STAGES[0], PAGES[0], text)]
    for page in PAGES:
        words = page.read_text(encoding="utf-8")
        steps = STEP.findall(words)
        for number, step in enumerate(steps, start=1):
            text = changed(text, step)
            name = STAGES[1] if number == len(steps) else f"step {number} of page {page.name[0]}"
            found.append(State(name, page, text))
        for place in PLACE.finditer(words):
            text = (PROJECT / place[3]).read_text(encoding="utf-8")
            found.append(State(place[3], page, text))
    return found
