"""Writes the differences between scripts into the guide, between markers:

    <!-- diff: mnist_1.0_softmax.py mnist_2.0_five_layers_sigmoid.py -->
    (written by this script)
    <!-- end of diff -->

Run:  python docs/make_diffs.py              write them all anew
      python docs/make_diffs.py --check      only say which pages are out of date

Compared is code: neither docstrings nor comments, though a new line is shown with its comment.
Lines stand under the name of their section, which is the comment before them.
"""

import ast
import difflib
import io
import pathlib
import re
import sys
import tokenize

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PLACE = re.compile(r"(<!-- diff: (\S+) (\S+) -->\n).*?(<!-- end of diff -->\n)", re.DOTALL)
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


def sections(script):
    """The code of a script: a dictionary from section names to lists of (code, whole line)."""
    text = (PROJECT / script).read_text(encoding="utf-8")
    whole = text.splitlines()
    found, name = {IMPORTS: []}, IMPORTS
    for number, (line, stripped) in enumerate(zip(whole, code_lines(text))):
        if line.startswith("# ") and not whole[number - 1]:
            name = line[2:].split(":")[0]
            found.setdefault(name, [])
        elif stripped:
            found[name].append((stripped, line))
    return found


def diff(one, other):
    """What changes from one script to another, as the text of a block in Markdown."""
    before, after = sections(one), sections(other)
    lines = []
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name, []), after.get(name, [])
        matcher = difflib.SequenceMatcher(
            None, [code for code, _ in old], [code for code, _ in new], autojunk=False)
        for group in matcher.get_grouped_opcodes(CONTEXT):
            lines.append(f"@@ {name} @@")
            for kind, start, end, new_start, new_end in _without_ends(group):
                if kind == "equal":
                    lines += [f" {code}" for code, _ in new[new_start:new_end]]
                else:
                    lines += [f"-{code}" for code, _ in old[start:end]]
                    lines += [f"+{line}" for _, line in new[new_start:new_end]]
    return "\n".join(["```diff", *lines, "```", ""])


def _without_ends(group):
    """A group of changes without the lines around it, as far as they are not needed to place it."""
    if group[-1][0] == "equal":
        group = group[:-1]
    if group[0][0] == "equal" and any(kind != "insert" for kind, *_ in group[1:]):
        group = group[1:]
    return group


def updated(text):
    """A page with its differences written anew."""
    return PLACE.sub(lambda found: found[1] + diff(found[2], found[3]) + found[4], text)


def main(arguments):
    stale = []
    for page in sorted((PROJECT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if updated(text) != text:
            stale.append(str(page.relative_to(PROJECT)))
            if "--check" not in arguments:
                page.write_text(updated(text), encoding="utf-8")
    print("\n".join(stale) or "all differences are up to date")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
