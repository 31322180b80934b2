"""Tables in markdown, and their places in README.md."""

import pathlib
import re

from common.clean_exit import UserError

README = pathlib.Path(__file__).resolve().parent / "README.md"


def markdown(columns, rows):
    """Format a table.

    Args:
      columns: a list of str, the titles; one that begins with ">" is of a column of numbers,
        which are set to the right.
      rows: a list of lists of str, one for each column; None for an empty cell.

    Returns:
      A str of several lines, without a line end at the end. The columns are as wide as they need
      to be, for those who read it as text.
    """
    titles = [column.lstrip(">") for column in columns]
    numeric = [column.startswith(">") for column in columns]
    cells = [titles] + [["" if cell is None else cell for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    lines = ["| " + " | ".join(cell.rjust(width) if right else cell.ljust(width)
                               for cell, width, right in zip(row, widths, numeric)) + " |"
             for row in cells]
    rule = "|" + "|".join("-" * (width + 1) + (":" if right else "-")
                          for width, right in zip(widths, numeric)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def fill(name, text, path=README):
    """Put a text between the markers of this name in a file.

    Args:
      name: str, for example "accuracy": the text goes between the lines `<!-- table: accuracy -->`
        and `<!-- end of table: accuracy -->`.
      text: str, without the markers.
      path: str or pathlib.Path.

    Raises:
      UserError: the file has no such markers.
    """
    path = pathlib.Path(path)
    before = path.read_text(encoding="utf-8")
    begin, end = f"<!-- table: {name} -->", f"<!-- end of table: {name} -->"
    after, count = re.subn(f"{begin}\n.*?{end}", lambda _: f"{begin}\n{text}\n{end}", before,
                           flags=re.DOTALL)
    if count != 1:
        raise UserError(f"{path} needs the lines {begin} and {end} once, to hold the table")
    if after != before:
        path.write_text(after, encoding="utf-8")
