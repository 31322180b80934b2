"""Writing with the mouse or a finger: strokes of a pen, and the ink that they leave. numpy only."""

import numpy as np

SIDE = 280  # pixels of the square sheet: ten for each pixel of a digit that fills it
PEN = 0.08  # diameter of the pen's tip, as a part of the sheet's side


class Handwriting:
    """A square sheet to write on. Its coordinates go from 0 to 1, x to the right and y down.

    Attributes:
      strokes: a list of strokes, each a list of (x, y).
      ink: uint8 [SIDE, SIDE], 0 to 255, what is on the sheet.
    """

    def __init__(self):
        self.clear()

    def clear(self):
        """Take a new sheet."""
        self.strokes = []
        self.ink = np.zeros((SIDE, SIDE), np.uint8)
        self._is_down = False

    def __len__(self):
        """The number of points written."""
        return sum(map(len, self.strokes))

    def write(self, x, y):
        """Move the pen, which is on the sheet from now on, to (x, y), two floats."""
        if not self._is_down:
            self._is_down = True
            self.strokes.append([(x, y)])
        self._draw_line(self.strokes[-1][-1], (x, y))
        self.strokes[-1].append((x, y))

    def lift(self):
        """Lift the pen from the sheet."""
        self._is_down = False

    def _draw_line(self, start, end):
        """Ink the pixels that a round tip touches on its way; those at its border in part."""
        start, end = np.multiply(start, SIDE), np.multiply(end, SIDE)
        radius = PEN / 2 * SIDE
        # Only the pixels near the line, for that is quicker.
        left, top = (np.minimum(start, end) - radius - 1).clip(0, SIDE).astype(int)
        right, bottom = (np.maximum(start, end) + radius + 2).clip(0, SIDE).astype(int)
        pixels = np.stack(np.meshgrid(np.arange(left, right), np.arange(top, bottom)), -1) + 0.5
        along = end - start
        # Where the nearest point of the line is, from 0 at its start to 1 at its end.
        share = ((pixels - start) @ along / max(along @ along, 1e-9)).clip(0, 1)
        distance = np.linalg.norm(pixels - start - share[..., np.newaxis] * along, axis=-1)
        ink = 255 * (radius + 0.5 - distance).clip(0, 1)
        sheet = self.ink[top:bottom, left:right]
        np.maximum(sheet, ink.round().astype(np.uint8), out=sheet)
