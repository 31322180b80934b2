"""Small pictures of the numerals 0 to 9, drawn by matplotlib, to tag digits with."""

import functools

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 72                 # one point is one pixel
NUMERAL_HEIGHT = 0.73    # of the font's size
ROOM = 4                 # pixels around each numeral while it is drawn: fonts do not keep to boxes


@functools.lru_cache(maxsize=8)
def pictures(height):
    """Draw the numerals, bold.

    Args:
      height: int, about how high they should be, in pixels.

    Returns:
      float [10, h, w], ink from 0 to 1, with a pixel of room at the sides and below.
    """
    height = max(6, height)
    side = height + 2 * ROOM
    figure = Figure(figsize=(10 * side / DPI, side / DPI), dpi=DPI)
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
