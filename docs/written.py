"""Writes docs/exercises.md: the lab's exercises on one sheet, without the answers, for print.

Run:  python docs/make_exercises.py
"""

import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parent
SHEET = DOCS / "exercises.md"
PAGES = [DOCS / "lab.md", *sorted((DOCS / "lab").glob("*.md"))]
EXERCISE = re.compile(r"^(\*\*\d\.\*\* .*?)\n*<details>", re.MULTILINE | re.DOTALL)
TOP = """\
# Exercises

For print. The answers are on the pages of [the lab](lab.md). Work in `mine.py`, your copy of the
stage that the page is about; run it, note the final test accuracy, and undo the change.
"""


def sheet():
    """The text of the sheet, str."""
    parts = [TOP]
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        title = re.search(r"^# (.*)", text)[1]
        parts.append(f"## {title}\n")
        parts += [f"{exercise}\n\n---\n" for exercise in EXERCISE.findall(text)]
    return "\n".join(parts)


if __name__ == "__main__":
    SHEET.write_text(sheet(), encoding="utf-8")
