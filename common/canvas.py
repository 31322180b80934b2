"""Figures for pictures: empty ones of some size, axes in pixels, tiles with a colour bar."""

import contextlib
import io
import math

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure

from common.dashboard.drawing import mosaic
from common.dashboard.drawing.style import (
    DPI,
    FAINT_COLOUR,
    FRAME_COLOUR,
    NEGATIVE_TO_POSITIVE,
    TEXT_COLOUR,
    use_style,
)

INK, PAPER, RED = (to_hex(np.divide(colour, 255)) for colour in (
    mosaic.INK, mosaic.RIGHT_BACKGROUND, mosaic.WRONG_BACKGROUND))
GREY, PALE_BLUE = "#c5cad3", "#dbe7f5"
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 10, 9, 7.5     # points
MARGIN, TITLE_HEIGHT, LEAST_WIDTH = 16, 40, 360    # pixels
TILES_WIDTH, TILES_HEIGHT = 1160, 640              # pixels that tiles should not exceed
LARGEST_SIDE = 24                                  # of a value in a tile, in pixels


class Picture(Figure):
    """A figure that a notebook shows, even if matplotlib.pyplot was never imported there."""

    def _repr_png_(self):
        file = io.BytesIO()
        write_png(self, file)
        return file.getvalue()


@contextlib.contextmanager
def own_style():
    """The dashboard's look within, whatever matplotlib's settings are; they stay as they are."""
    with matplotlib.rc_context():
        use_style()
        yield


def empty_picture(width, height, title=""):
    """An empty figure of so many pixels."""
    picture = Picture(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
    picture.text(MARGIN / width, 1 - TITLE_HEIGHT / 2 / height, title, va="center",
                 fontsize=TITLE_SIZE, fontweight="bold", color=TEXT_COLOUR)
    return picture


def axes_in(picture, left, bottom, width, height):
    """Axes in a box, given in pixels of the figure."""
    across, up = picture.get_size_inches() * DPI
    axes = picture.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT_COLOUR, length=0, labelsize=TEXT_SIZE)
    axes.spines[:].set_color(FRAME_COLOUR)
    return axes


def show_values(axes, values, colours, low, high):
    """Show float [rows, columns] in axes; there each value is a square with side 1."""
    rows, columns = values.shape
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return axes.imshow(values, LinearSegmentedColormap.from_list("", colours), vmin=low, vmax=high,
                       interpolation="nearest", extent=(0, columns, rows, 0))


def draw_tiles(tiles, columns, title, above=0, below=MARGIN, ink=False):
    """Draw tiles and a colour bar.

    Args:
      tiles: float [n, height, width].
      columns: int, the number of tiles in a row.
      title: str.
      above, below: ints, the room above each tile and below all of them, in pixels.
      ink: bool, whether to draw values from 0 up in ink, not negative and positive ones in colour.

    Returns:
      The figure, its axes, and where in them the tiles begin: two int arrays [n].
    """
    rows, (_, height, width) = -(-len(tiles) // columns), tiles.shape
    side = min(TILES_WIDTH // (columns * (width + 1)),
               (TILES_HEIGHT - rows * above) // (rows * (height + 1)), LARGEST_SIDE)
    side = max(side, 2)
    values, left, top = in_rows(tiles, columns, above=max(1, math.ceil(above / side)))
    height, width = side * values.shape[0], side * values.shape[1]
    picture = empty_picture(max(width + 110, 9 * len(title), LEAST_WIDTH),
                       height + TITLE_HEIGHT + below, title)
    axes = axes_in(picture, 30, below, width, height)
    axes.set_facecolor(PALE_BLUE if ink else GREY)  # grey would look like ink
    largest = np.abs(tiles[np.isfinite(tiles)]).max(initial=0) or 1
    least, colours = (0, [PAPER, INK]) if ink else (-largest, NEGATIVE_TO_POSITIVE)
    image = show_values(axes, values, colours, least, largest)
    bar = picture.colorbar(image, cax=axes_in(picture, width + 42, below, 10, height))
    ticks = [0, largest] if ink else [-largest, 0, largest]
    bar.set_ticks(ticks, labels=[f"{value:.2g}".replace("-", "−") for value in ticks])
    bar.outline.set_visible(False)
    return picture, axes, left, top


def in_rows(tiles, columns, above=1, below=0, between=1):
    """Arrange tiles, float [n, height, width], in rows, with so many values of room around them.

    Returns:
      float [rows, columns], NaN where no tile is; and the column and the row of each tile's first
      value, two int arrays [n].
    """
    cells = np.pad(np.asarray(tiles, float),
                   ((0, -len(tiles) % columns), (above, below), (between, 0)),
                   constant_values=np.nan)
    _, height, width = cells.shape
    values = cells.reshape(-1, columns, height, width).swapaxes(1, 2).reshape(-1, columns * width)
    values = np.pad(values, ((0, between), (0, between)), constant_values=np.nan)
    row, column = np.divmod(np.arange(len(tiles)), columns)
    return values, column * width + between, row * height + above


@own_style()
def write_png(figure, file):
    figure.savefig(file, format="png")
