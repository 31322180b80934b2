"""Many digits in one picture: as a numpy array, and as an image of matplotlib.

Each digit gets a square cell. A digit that was read correctly is dark on white; a misread one is
on red, with the correct digit in small print at its left and the one computed at its right.
"""

import functools
import math

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from common.dashboard.drawing import style
from common.dashboard.drawing.panel import PixelImage

INK, RIGHT_BACKGROUND, WRONG_BACKGROUND = (  # red, green, blue, 0 to 255
    tuple(round(255 * share) for share in to_rgb(colour))
    for colour in (style.INK, style.PAPER, style.WRONG_COLOUR))
TAG = (255, 255, 255)
SMALLEST_TAGGED_CELL = 20  # pixels: below that, small print would be a smear
SMALLEST_WITH_GAP = 20   # pixels: in larger cells, a white line keeps neighbours apart
NUMERAL_HEIGHT = 0.73    # of the font's size
ROOM = 4                 # pixels around each numeral while it is drawn: fonts do not keep to boxes


def best_fit(count, width, height):
    """Choose columns and size with which `count` square cells fill a rectangle best.

    Args:
      count: int, the number of cells, above 0.
      width, height: the rectangle's sides in pixels.

    Returns:
      The number of columns, an int from 1 to `count`, and the side of a cell in whole pixels, an
      int of at least 1.
    """
    columns = np.arange(1, count + 1)
    side = np.minimum(width / columns, height / -(-count // columns))
    if side.max() >= 1:
        side = np.floor(side)
    best = np.argmax(side)
    return int(columns[best]), max(1, int(side[best]))


def mosaic(images, labels, computed, columns, cell, tags=None):
    """Arrange digits in rows, the misread ones marked.

    Args:
      images: uint8 [n, height, width], ink from 0 to 255.
      labels: int [n], the correct digits.
      computed: int [n], the digits that the network takes them for.
      columns: int, the number of digits in a row.
      cell: int, the side of a digit's cell in pixels.
      tags: float [10, h, w], ink from 0 to 1: pictures of the digits 0 to 9, to tag misread
        digits with; None for no tags.

    Returns:
      uint8 [rows * cell, columns * cell, 4]: red, green, blue and opacity.
    """
    wrong = labels != computed
    ink = resize(images, cell)
    # All 256 shades on both backgrounds, looked up at once as whole pixels: red, green, blue and
    # opacity are four bytes, read here as one 32-bit number.
    shades = np.stack([_shades(RIGHT_BACKGROUND), _shades(WRONG_BACKGROUND)])
    cells = shades.view(np.uint32)[..., 0][wrong.astype(np.intp)[:, np.newaxis, np.newaxis], ink]
    cells = cells.view(np.uint8).reshape(len(images), cell, cell, 4)
    gap = 1 if cell >= SMALLEST_WITH_GAP else 0
    if gap:
        cells[:, -gap:, :] = cells[:, :, -gap:] = 255
    if tags is not None:
        _, height, width = tags.shape
        rows, right = slice(-height - gap, -gap or None), slice(-width - gap, -gap or None)
        _tag(cells, wrong, rows, slice(0, width), tags[labels[wrong]])
        _tag(cells, wrong, rows, right, tags[computed[wrong]])

    rows = -(-len(images) // columns)
    picture = np.full((rows * columns, cell, cell, 4), 255, np.uint8)
    picture[:len(images)] = cells
    picture = picture.reshape(rows, columns, cell, cell, 4).swapaxes(1, 2)
    return picture.reshape(rows * cell, columns * cell, 4)


def resize(images, side):
    """Resize images to squares; each new pixel is the mean over the area that it covers.

    Args:
      images: uint8 [n, height, width].
      side: int, the new height and width in pixels.

    Returns:
      uint8 [n, side, side].
    """
    _, height, width = images.shape
    resized = _area_means(height, side) @ images.astype(np.float32) @ _area_means(width, side).T
    return (resized + 0.5).astype(np.uint8)


def _area_means(old, new):
    """A matrix [new, old] that averages `old` pixels to `new` ones; its rows add up to 1."""
    new_edges = np.arange(new + 1)[:, np.newaxis] * (old / new)
    covered = np.clip(new_edges - np.arange(old), 0, 1)  # [new + 1, old]: left of each new edge
    return (np.diff(covered, axis=0) * (new / old)).astype(np.float32)


def _shades(background):
    """uint8 [256, 4]: the colours from `background` to ink."""
    share = np.linspace(0, 1, 256)[:, np.newaxis]
    colours = np.asarray(background) * (1 - share) + np.asarray(INK) * share
    return np.column_stack([colours.round(), np.full(256, 255)]).astype(np.uint8)


def _tag(cells, wrong, rows, columns, ink):
    """Print `ink`, float [k, h, w], on h rows and w columns of the k cells that are `wrong`."""
    ink = ink[..., np.newaxis]
    below = cells[wrong, rows, columns, :3]
    cells[wrong, rows, columns, :3] = (below * (1 - ink) + np.array(TAG) * ink).round()


@functools.lru_cache(maxsize=8)
def numerals(height):
    """Draw the numerals 0 to 9, bold, to tag digits with.

    Args:
      height: int, about how high they should be, in pixels.

    Returns:
      float [10, h, w], ink from 0 to 1, with a pixel of room at the sides and below.
    """
    height = max(6, height)
    side = height + 2 * ROOM
    figure = Figure(figsize=(10 * side / 72, side / 72), dpi=72)  # a point is a pixel
    canvas = FigureCanvasAgg(figure)
    for numeral in range(10):
        figure.text((numeral + 0.5) / 10, ROOM / side, str(numeral), ha="center", va="baseline",
                    fontsize=height / NUMERAL_HEIGHT, fontweight="bold", family="DejaVu Sans")
    canvas.draw()
    ink = 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255
    ink = ink.reshape(side, 10, side).swapaxes(0, 1)
    rows = np.flatnonzero(ink.max(axis=(0, 2)) > 0.1)
    columns = np.flatnonzero(ink.max(axis=(0, 1)) > 0.1)
    ink = ink[:, rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    return np.pad(ink, ((0, 0), (0, 1), (1, 1)))


class Mosaic(PixelImage):
    """Digits as an image that is made anew for the size at which it is drawn.

    So the digits stay sharp in a large panel, in a fine print, and when the reader zooms in.
    """

    def __init__(self, axes):
        super().__init__(axes)
        self.digits, self.rows, self.columns = None, 1, 1
        self._made_for = None  # the part of the mosaic and the size that the image has now
        self.set_mouseover(False)

    def show(self, digits):
        """Show some `Digits`, or None."""
        self.digits, self._made_for = digits, None

    def arrange(self, rows, columns):
        """Lay the digits out; in the axes' coordinates each cell has side 1."""
        self.rows, self.columns, self._made_for = rows, columns, None

    def draw(self, renderer):
        if self.digits is None:
            return
        box, magnification = self.axes.bbox, renderer.get_image_magnification()
        (left, right), (bottom, top) = self.axes.get_xlim(), self.axes.get_ylim()
        columns = _cells_between(left, right, self.columns)
        rows = _cells_between(bottom, top, self.rows)
        if not columns or not rows:
            return
        cell = round(box.width * magnification / abs(right - left))
        most = round(max(box.size) * magnification)  # sharp enough for a small part of one digit
        cell = max(1, min(cell, most))
        if (rows, columns, cell) != self._made_for:
            self._made_for = rows, columns, cell
            self.show_pixels(self._make_picture(rows, columns, cell),
                             (columns.start, columns.stop, rows.stop, rows.start))
        super().draw(renderer)

    def _make_picture(self, rows, columns, cell):
        shown = np.add.outer(np.array(rows) * self.columns, np.array(columns)).ravel()
        shown = shown[shown < len(self.digits.images)]
        tags = numerals(round(cell * 0.27)) if cell >= SMALLEST_TAGGED_CELL else None
        picture = mosaic(self.digits.images[shown], self.digits.labels[shown],
                                self.digits.computed[shown], len(columns), cell, tags)
        empty = len(rows) * cell - len(picture)  # rows below, where the last digits end early
        return np.pad(picture, ((0, empty), (0, 0), (0, 0)), constant_values=255)


def _cells_between(one_end, other_end, count):
    """The cells, of `count` with side 1, that can be seen between two limits: a range."""
    low, high = sorted((one_end, other_end))
    return range(max(0, math.floor(low)), min(count, math.ceil(high)))
