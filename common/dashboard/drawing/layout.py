"""Where everything is on a dashboard of some size."""

import dataclasses

from common.dashboard.drawing.style import DPI, HEIGHT, POINTS, WIDTH

PANEL_WIDTH, PANEL_HEIGHT = 426, 320  # pixels of one of six panels in a window of common size
LARGEST_SCALE, SMALLEST_SCALE = 1.6, 0.7
LEAST_WIDTH, LEAST_HEIGHT = 190, 135  # pixels of a panel: below that, only its title and picture
MAIN_SHARE = 0.6                      # of the width, or of the height, at most for a main panel
LETTER = 0.6                          # a letter's width, as a share of the font's size


@dataclasses.dataclass(frozen=True)
class View:
    """Panels that are shown together.

    panels: their names.
    shares: the columns' shares of the width, where there are as many columns; () for equal ones.
    has_main: bool, whether the first one is larger than the others, which are beside it.
    upper: float, the share of the height for a first one as wide as all others, which are below
      it; 0 for a first one like the others.
    hint: str, the keys to know in it.
    """

    panels: tuple
    shares: tuple = ()
    has_main: bool = False
    upper: float = 0
    hint: str = ""

    @property
    def is_sheet(self):
        """bool, whether one can write in it"""
        return "sheet" in self.panels


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How large things are: fonts in points, and what a pixel of a common window is, in pixels."""

    points: float
    unit: float


def sizes_for(figure, cells):
    """The `Sizes` for a matplotlib figure whose panels get these cells."""
    pixel = figure.dpi / DPI  # more than 1 on a high-density screen
    width, height = figure.bbox.size
    scale = min(width / WIDTH, height / HEIGHT) / pixel
    least = min(min(w / PANEL_WIDTH, h / PANEL_HEIGHT) for _, _, w, h in cells) / pixel
    scale = min(max(scale, min(1, least), SMALLEST_SCALE), LARGEST_SCALE)
    return Sizes(POINTS * scale, scale * pixel)


def width_of(letters, points, figure):
    """About how wide so many letters are, in pixels; of a matplotlib figure, in so many points."""
    return letters * LETTER * points * figure.dpi / 72


def points_for(letters, width, figure):
    """The font size in points in which so many letters are about `width` pixels wide."""
    return width / width_of(max(1, letters), 1, figure)


def cells_of(view, width, height):
    """Divide a box among the panels of a view.

    Args:
      view: a `View`.
      width, height: of the box, in pixels.

    Returns:
      A list of (left, bottom, width, height), in pixels, one for each panel.
    """
    count = len(view.panels)
    if view.has_main:
        return _main_and_others(count - 1, width, height)
    if view.upper:
        lower = round((1 - view.upper) * height)
        others = cells_of(View(view.panels[1:], view.shares), width, lower)
        return [(0, lower, width, height - lower), *others]
    columns = max(range(1, count + 1), key=lambda n: min(
        width / n / PANEL_WIDTH, height / -(-count // n) / PANEL_HEIGHT))
    rows = -(-count // columns)
    shares = view.shares if len(view.shares) == columns else (1,) * columns
    edges = [round(width * sum(shares[:n]) / sum(shares)) for n in range(columns + 1)]
    ends = [round(height * (rows - n) / rows) for n in range(rows + 1)]
    return [(edges[column], ends[row + 1], edges[column + 1] - edges[column],
             ends[row] - ends[row + 1])
            for row, column in (divmod(n, columns) for n in range(count))]


def _main_and_others(others, width, height):
    """A large cell at the left or above, the others one below another beside or below it."""
    if width > height:
        main = round(min(height, MAIN_SHARE * width))
        left, bottom_of_main, rest, rest_width = main, 0, height, width - main
        cells = [(0, bottom_of_main, main, height)]
    else:
        main = round(min(width, MAIN_SHARE * height))
        left, rest, rest_width = 0, height - main, width
        cells = [(0, height - main, width, main)]
    ends = [round(rest * (others - n) / others) for n in range(others + 1)]
    return cells + [(left, low, rest_width, high - low) for high, low in zip(ends, ends[1:])]


def is_small(cell, pixel):
    """Whether there is room for no more than a title and a picture in a cell."""
    _, _, width, height = cell
    return width < LEAST_WIDTH * pixel or height < LEAST_HEIGHT * pixel
