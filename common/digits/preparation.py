"""A digit of one's own, written or found in a picture, becomes one as MNIST has them.

How MNIST was made is told on Yann LeCun's page, http://yann.lecun.com/exdb/mnist/, and in LeCun,
Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998,
section III.A: the digit was scaled to fit a box of 20x20 pixels, keeping its aspect ratio, with
anti-aliasing, which gave it grey levels; then it was placed in a square of 28x28 pixels so that
its centre of mass is at the centre.

One step is ours: nobody wrote for MNIST with so thin a pen, or so large, that a stroke would become
much less than a pixel wide, so thinner ones are made as wide as the thinnest there.
"""

import numpy as np
from PIL import Image, ImageDraw

from common.terminal import UserError

SHEET = 280     # pixels: the side of a sheet to write on, ten for each of a digit that fills it
PEN = 0.08      # diameter of the pen's tip, as a part of the sheet's side
SIDE = 28       # pixels: the side of what a network sees
BOX = 20        # the longer side of the digit in it
CENTRE = 14     # the pixel, counted from 0, that the centre of mass falls into, as in MNIST's files
FAINT = 0.3     # share of the darkest ink: what is fainter does not widen the digit's box
FINE = 160      # pixels: the digit's longer side while its strokes are measured and widened
THINNEST = 1.4  # pixels of the 28: the mean width of strokes is more in 99 % of MNIST's digits
DARK_FROM = 90  # per cent: the ink above this percentile becomes black, as in nearly all of MNIST


class Handwriting:
    """A square sheet to write on. Its coordinates go from 0 to 1, x to the right and y down.

    Attributes:
      strokes: a list of strokes of the pen, each a list of (x, y), in which the first point is
        there twice: a dot is a line, too.
    """

    def __init__(self):
        self.clear()

    def clear(self):
        """Take a new sheet."""
        self.strokes, self._is_down = [], False

    def __len__(self):
        """The number of points written."""
        return sum(map(len, self.strokes))

    def write(self, x, y):
        """Move the pen, which is on the sheet from now on, to (x, y), two floats."""
        if not self._is_down:
            self._is_down = True
            self.strokes.append([(x, y)])
        self.strokes[-1].append((x, y))

    def lift(self):
        """Lift the pen from the sheet."""
        self._is_down = False

    @property
    def ink(self):
        """uint8 [SHEET, SHEET], 0 to 255, what is on the sheet."""
        sheet, tip = Image.new("L", (SHEET, SHEET)), round(PEN * SHEET)
        pen = ImageDraw.Draw(sheet)
        for stroke in self.strokes:
            points = np.multiply(stroke, SHEET)
            pen.line(points.ravel().tolist(), 255, tip)
            for left, top in np.rint(points - tip / 2).tolist():  # the tip is round
                pen.ellipse((left, top, left + tip - 1, top + tip - 1), 255)
        return np.asarray(sheet)


def prepare(ink):
    """Turn a drawing into what MNIST's makers would have made of it; this module says how.

    A digit from MNIST itself, also enlarged or moved, comes back nearly unchanged.

    Args:
      ink: uint8 or float [height, width] of any size, 0 where there is none. The largest value
        counts as black, whatever it is.

    Returns:
      uint8 [28, 28], ink from 0 to 255.

    Raises:
      UserError: there is no ink.
    """
    if not ink.any():
        raise UserError("There is no digit to read: the drawing is blank. Draw one first.")
    ink = (ink / ink.max()).astype(np.float32)
    return _centred(_blackened(_fitted(_thick_enough(ink), BOX)))


def _fitted(ink, side):
    """Scale the digit so that its longer side has so many pixels."""
    rows, columns = np.nonzero(ink >= FAINT * ink.max())
    digit = ink[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
    scale = side / max(digit.shape)
    height, width = (max(1, round(length * scale)) for length in digit.shape)
    # The mean over the area of each new pixel; where there are more pixels than before, that would
    # leave steps, and the bicubic filter takes over.
    smooth = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(digit).resize((width, height), smooth)).clip(0)


def _thick_enough(ink):
    """Widen strokes that would be thinner than MNIST's; leave all others as they are."""
    fine = _fitted(ink, FINE)
    reach = (THINNEST * FINE / BOX - _thickness(fine)) / 2
    if reach < 1:
        return ink
    from scipy import ndimage  # slow to import; what is written on the sheet is wide enough
    rim = int(reach)
    y, x = np.mgrid[-rim:rim + 1, -rim:rim + 1]
    pen = y ** 2 + x ** 2 <= reach ** 2
    return ndimage.grey_dilation(np.pad(fine, rim), footprint=pen, mode="constant")


def _thickness(ink):
    """The mean width of the strokes in pixels: twice their area, divided by their outline."""
    # The outline's length is how much the ink changes, whether the outline is sharp or soft.
    ink = np.pad(ink, 1)
    change = np.hypot(np.diff(ink, axis=0)[:, 1:], np.diff(ink, axis=1)[1:])
    return 2 * ink.sum() / change.sum()


def _blackened(ink):
    """Make the darkest ink 255, so that a thin stroke, spread over two pixels, is not grey."""
    black = np.percentile(ink[ink > 0], DARK_FROM)
    return (ink * (255 / black) + 0.5).clip(0, 255).astype(np.uint8)


def _centred(digit):
    """Place a digit in a square of 28x28, its centre of mass at the centre."""
    # As in MNIST, it moves by whole pixels; and never beyond the square's border.
    square = np.zeros((SIDE, SIDE), np.uint8)
    centre = np.average(np.indices(digit.shape).reshape(2, -1), axis=1, weights=digit.ravel())
    place = np.ceil(CENTRE - 0.5 - centre).astype(int)
    top, left = place.clip(0, np.subtract(SIDE, digit.shape))
    square[top:top + digit.shape[0], left:left + digit.shape[1]] = digit
    return square
