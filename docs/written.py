"""What is written from the pages and the scripts: the differences in the pages, the sheet of
exercises for print, and the lab as a notebook.
"""

import json
import posixpath
import re

from docs.steps import PAGES, PLACE, PROJECT, STAGES, difference

LAB = PROJECT / "docs" / "lab.md"
EXERCISE = re.compile(r"^(\*\*\d\.\*\* .*?)\n*<details>", re.MULTILINE | re.DOTALL)
TOP_OF_SHEET = """\
# Exercises

For print. The answers are on the pages of [the lab](lab.md). Work in `mine.py`, your copy of the
stage that the page is about; run it, note the final test accuracy, and undo the change.
"""

# Answers stay whole; between them, blocks of code may become cells.
PIECE = re.compile(r"(<details>.*?</details>)|^```(\w*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r'(\]\(|src=")(?!\w+:|#)([^)"\s]+)')
MATH = re.compile(r"^```math\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOP_OF_NOTEBOOK = """\
# The lab as a notebook

[The pages of the lab](lab.md), with what they have you type as cells. Run these from top to bottom.
One that begins with `%%change` does to your script `mine.py` what it shows; to do so by hand, open
`mine.py`, and leave the cell out. What a training shows comes below its cell. Keys, clicks and the
sheet to write on need the window: run the same line in a terminal. The notebook's button that
interrupts a cell ends a training.
"""
SETUP = f"""\
ADDRESS = ""  # where the project is not here yet, as on Colab: that of its repository

import importlib.util, os, pathlib
from IPython.core.magic import register_cell_magic

if os.path.exists("../{STAGES[0]}"):
    os.chdir("..")
elif not os.path.exists("{STAGES[0]}"):
    if not ADDRESS:
        raise SystemExit("Fill in ADDRESS, from which this project can be cloned.")
    !git clone --quiet --depth 1 {{ADDRESS}} neural-networks
    os.chdir("neural-networks")
if not all(map(importlib.util.find_spec, ("tensorflow", "matplotlib"))):
    %pip install --quiet -r requirements.txt
from docs.steps import changed

@register_cell_magic("change")
def change(name, difference):
    path = pathlib.Path(name)
    path.write_text(changed(path.read_text(encoding="utf-8"), difference), encoding="utf-8")
    print("changed", name)
"""


def with_differences(text):
    """A page, str, with its differences between two scripts written anew."""
    def written(place):
        before, after = ((PROJECT / place[n]).read_text(encoding="utf-8") for n in (2, 3))
        return f"{place[1]}```diff\n{difference(before, after)}```\n{place[4]}"
    return PLACE.sub(written, text)


def sheet():
    """The lab's exercises without the answers, str."""
    parts = [TOP_OF_SHEET]
    for page in [LAB, *PAGES]:
        text = page.read_text(encoding="utf-8")
        title = re.search(r"^# (.*)", text)[1]
        parts.append(f"## {title}\n")
        parts += [f"{exercise}\n\n---\n" for exercise in EXERCISE.findall(text)]
    return "\n".join(parts)


def notebook():
    """The lab as a notebook, in Jupyter's format, str."""
    cells = [("markdown", TOP_OF_NOTEBOOK), ("code", SETUP)]
    for page in [LAB, *PAGES]:
        cells += cells_of(page)
    found = []
    for number, (kind, text) in enumerate(cells):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {},
                "source": text.strip("\n").splitlines(keepends=True)}
        found.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": found, "metadata": {"kernelspec": python}, "nbformat": 4,
                       "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def cells_of(page):
    """The cells of a page: a list of (kind, text)."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^\[The lab\].*?\n\n", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    cells, words, at = [], "", 0
    for piece in PIECE.finditer(text):
        words += text[at:piece.start()]
        at = piece.end()
        is_step = words.endswith("<!-- step -->\n")
        if piece[2] == "diff":
            code = f"%%change mine.py\n{piece[3]}"
        elif piece[1] or piece[2] or "<!-- step -->" in text[at:]:  # before steps: how to run them
            words += piece[0]
            continue
        else:
            code = _commands(piece[3])
        cells += [("markdown", _for_notebook(words, page)), ("code", code)]
        cells += [("code", "%run mine.py")] * is_step
        words = ""
    return [*cells, ("markdown", _for_notebook(words + text[at:], page))]


def _commands(block):
    """What a reader types in a terminal, as the lines of a cell; the solution beside it is left
    out.
    """
    lines = []
    for line in block.replace("\\\n", "").splitlines():
        command, *words = line.split()
        if command == "cp":
            lines.append("import shutil\nshutil.copy({!r}, {!r});".format(*words))
        elif not (words[0] in STAGES and any(line.startswith("%run mine.py") for line in lines)):
            # -e: a status of 1 is no error here
            lines.append(" ".join(["%run -e" if words[0] == "docs/check.py" else "%run", *words]))
    return "\n".join(lines)


def _for_notebook(words, page):
    """A page's text as a notebook in docs/ shows it."""
    folder = posixpath.relpath(page.parent.as_posix(), LAB.parent.as_posix())
    words = re.sub(r"<!--.*?-->\n|<picture><source[^>]*>|</picture>", "", words)
    words = MATH.sub(r"$$\n\1$$", words)
    return LINK.sub(lambda link: link[1] + posixpath.normpath(posixpath.join(folder, link[2])),
                    words)


def main(_names):
    """Write all of it anew where it has changed."""
    texts = {page: with_differences(page.read_text(encoding="utf-8")) for page in PAGES}
    for path, text in texts.items():
        _write(path, text)
    _write(LAB.with_name("exercises.md"), sheet())
    _write(LAB.with_name("lab.ipynb"), notebook())


def _write(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(PROJECT))
