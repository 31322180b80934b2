"""Numbers and tables as the page has them, in markdown."""

import statistics


def mean_and_deviation(values, decimals):
    """Format as "0.9206 ± 0.0010": mean and standard deviation of a sample of floats."""
    text = f"{statistics.fmean(values):.{decimals}f}"
    return text if len(values) < 2 else f"{text} ± {statistics.stdev(values):.{decimals}f}"


def median_and_range(values, decimals):
    """Format as "2.51 (2.48–2.60)": median, least and largest of some floats; "–" for none."""
    if not values:
        return "–"
    text = f"{statistics.median(values):,.{decimals}f}"
    return text if len(values) < 2 else (
        f"{text} ({min(values):,.{decimals}f}–{max(values):,.{decimals}f})")


def markdown(columns, rows):
    """Format a table.

    Args:
      columns: a list of str, the titles; the numbers of a column whose title begins with ">" are
        set to the right.
      rows: a list of lists of str, one for each column.

    Returns:
      A str of several lines. The columns are as wide as those who read it as text need them.
    """
    cells = [[column.lstrip(">") for column in columns], *rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    sides = [">" if column.startswith(">") else "<" for column in columns]
    lines = ["| " + " | ".join(f"{cell:{side}{width}}" for cell, side, width
                               in zip(row, sides, widths)) + " |" for row in cells]
    rule = "|".join("-" * (width + 1) + ("-" if side == "<" else ":")
                    for side, width in zip(sides, widths))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])
