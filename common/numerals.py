"""Small pictures of the numerals 0 to 9, drawn by matplotlib, to tag digits with."""

import functools

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 72  # one point is one pixel


@functools.lru_cache(maxsize=8)
def pictures(height):
    """Draw the numerals, bold.

    Args:
      height: int, in pixels.

    Returns:
      float [10, height, width], ink from 0 to 1.
    """
    height = max(5, height)
    width = round(height * 0.85)
    figure = Figure(figsize=(10 * width / DPI, height / DPI), dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    for numeral in range(10):
        figure.text((numeral + 0.5) / 10, 0.12, str(numeral), fontsize=height * 1.1,
                    fontweight="bold", ha="center", va="baseline", family="DejaVu Sans")
    canvas.draw()
    ink = 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255
    return ink.reshape(height, 10, width).swapaxes(0, 1)
