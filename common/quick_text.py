"""Text that is drawn again and again at the same places, from pictures of it.

matplotlib 3.11 makes the picture of each letter anew whenever it draws a text. In a dashboard that
is half of the time of a whole drawing, though hardly any text has changed.
"""

import functools

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg

MOST_TEXTS = 500
ROOM = 4  # pixels around a text: letters may reach beyond its box


def speed_up(canvas):
    """Have a canvas keep pictures of the texts that it draws; one that is not Agg's is left alone.
    """
    if not hasattr(canvas, "get_renderer"):
        return
    make = canvas.get_renderer

    def get_renderer():
        renderer = make()
        if "draw_text" not in vars(renderer):
            renderer.draw_text = functools.partial(
                _draw_text, renderer, functools.lru_cache(MOST_TEXTS)(_picture))
        return renderer

    canvas.get_renderer = get_renderer


def _draw_text(renderer, picture_of, gc, x, y, s, prop, angle, ismath=False, mtext=None):
    """In place of the method of a `RendererAgg` with these arguments."""
    if angle or ismath or not s:
        RendererAgg.draw_text(renderer, gc, x, y, s, prop, angle, ismath, mtext)
        return
    left, top = _even(x), _even(y)  # odd numbers would be rounded another way
    ink, right, below = picture_of(s, prop.copy(), renderer.dpi, gc.get_rgb(), x - left, y - top)
    renderer.draw_image(gc, left - right, renderer.height - (top - below) - len(ink), ink)


def _picture(s, prop, dpi, colour, x, y):
    """A text on nothing, with its baseline less than two pixels off a place.

    Returns:
      uint8 [height, width, 4], the lowest row first, and how far its place is from the picture's
      left and top, in pixels.
    """
    scratch = RendererAgg(1, 1, dpi)
    width, height, descent = scratch.get_text_width_height_descent(s, prop, ismath=False)
    right, below = ROOM, _even(height) + ROOM
    scratch = RendererAgg(int(width) + 2 * ROOM + 2, int(height + descent) + 2 * ROOM + 2, dpi)
    gc = scratch.new_gc()
    gc.set_foreground(colour, isRGBA=True)
    RendererAgg.draw_text(scratch, gc, right + x, below + y, s, prop, 0)
    return np.ascontiguousarray(np.asarray(scratch.buffer_rgba())[::-1]), right, below


def _even(value):
    """The even number at or below a value of 0 or above."""
    return int(value // 2 * 2)
