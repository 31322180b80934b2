"""A drawn digit, made into what the networks have learnt to read: a digit as MNIST has them.

How MNIST was made is told on Yann LeCun's page, http://yann.lecun.com/exdb/mnist/, and in LeCun,
Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998,
section III.A: the digit was scaled to fit a box of 20x20 pixels, keeping its aspect ratio, with
anti-aliasing, which gave it grey levels; then it was placed in a square of 28x28 pixels so that
its centre of mass is at the centre.

One step is ours: nobody wrote for MNIST with so thin a pen, or so large, that a stroke would become
much less than a pixel wide, so thinner ones are made as wide as the thinnest there.
"""

import numpy as np
from PIL import Image

from common.clean_exit import UserError

SIDE = 28       # of the square, in pixels
BOX = 20        # the longer side of the digit in it
CENTRE = 14     # the pixel, counted from 0, that the centre of mass falls into, as in MNIST's files
FAINT = 0.3     # share of the darkest ink: what is fainter does not widen the digit's box
FINE = 160      # pixels: the digit's longer side while its strokes are measured and widened
THINNEST = 1.4  # pixels of the 28: the mean width of strokes is more in 99 % of MNIST's digits
DARK_FROM = 90  # per cent: the ink above this percentile becomes black, as in nearly all of MNIST


class NoDigit(UserError):
    """There is no ink in what should be a digit."""


def prepare(ink):
    """Turn a drawing into what MNIST's makers would have made of it; this module says how.

    A digit from MNIST itself, also enlarged or moved, comes back nearly unchanged.

    Args:
      ink: uint8 or float [height, width] of any size, 0 where there is none. Of floats, the
        largest counts as black, whatever its value; below 0 and NaN mean no ink.

    Returns:
      uint8 [28, 28], ink from 0 to 255.

    Raises:
      NoDigit: there is no ink.
      ValueError: `ink` does not have two dimensions.
    """
    ink = np.asarray(ink)
    if ink.ndim != 2:
        raise ValueError(f"expected [height, width], not an array of shape {ink.shape}")
    ink = np.nan_to_num(ink.astype(np.float64), nan=0, posinf=0, neginf=0).clip(0)
    if not ink.any():
        raise NoDigit("There is no digit to read: the drawing is blank. Draw one first.")
    digit = _fitted(_thick_enough((ink / ink.max()).astype(np.float32)), BOX)
    return _centred(_blackened(digit))


def _fitted(ink, side):
    """Scale the digit to fit a square.

    Args:
      ink: float32 [height, width], the darkest about 1.
      side: int, of the square in pixels.

    Returns:
      float32 [h, w], the larger of h and w being `side`.
    """
    top, bottom = _extent(ink.max(axis=1))
    left, right = _extent(ink.max(axis=0))
    height, width = bottom - top, right - left
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # The mean over the area of each new pixel; where there are more pixels than before, that would
    # leave steps, and the bicubic filter takes over.
    smooth = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    digit = Image.fromarray(ink[top:bottom, left:right])
    return np.asarray(digit.resize(size, smooth)).clip(0)


def _thick_enough(ink):
    """Widen strokes that would be thinner than MNIST's; leave all others as they are.

    Takes and gives float32 [height, width], the darkest about 1, of different sizes.
    """
    fine = _fitted(ink, FINE)
    reach = (THINNEST * FINE / BOX - _thickness(fine)) / 2
    return _widened(fine, reach) if reach >= 1 else ink


def _thickness(ink):
    """The mean width of the strokes in pixels: twice their area, divided by their outline.

    The outline's length is how much the ink changes, added up over all pixels: that is right for
    sharp and for soft outlines.
    """
    ink = np.pad(ink, 1)
    change = np.hypot(np.diff(ink, axis=0)[:, 1:], np.diff(ink, axis=1)[1:])
    return 2 * ink.sum() / change.sum()


def _widened(ink, reach):
    """Draw float32 [height, width] again with a round pen; the result is larger on all sides."""
    rim = int(reach)
    around = np.pad(ink, 2 * rim)
    height, width = ink.shape[0] + 2 * rim, ink.shape[1] + 2 * rim
    y, x = np.mgrid[-rim:rim + 1, -rim:rim + 1]
    pen = np.argwhere(y ** 2 + x ** 2 <= reach ** 2)
    return np.max([around[top:top + height, left:left + width] for top, left in pen], axis=0)


def _extent(profile):
    """Where the ink begins and ends.

    Args:
      profile: float [n], the darkest ink of each row or column.

    Returns:
      Two positions, int from 0 to n, the second exclusive.
    """
    inked = np.flatnonzero(profile >= FAINT * profile.max())
    return int(inked[0]), int(inked[-1]) + 1


def _blackened(ink):
    """Make the darkest ink 255, so that a thin stroke, spread over two pixels, is not grey."""
    black = np.percentile(ink[ink > 0], DARK_FROM)
    return (ink * (255 / black) + 0.5).clip(0, 255).astype(np.uint8)


def _centred(digit):
    """Place uint8 [h, w], at most 20 each, in a square of 28x28, its centre of mass at the centre.

    As in MNIST, it moves by whole pixels; and never beyond the square's border.
    """
    square = np.zeros((SIDE, SIDE), np.uint8)
    top, left = (_start(digit.sum(axis=1 - axis), SIDE) for axis in (0, 1))
    square[top:top + digit.shape[0], left:left + digit.shape[1]] = digit
    return square


def _start(masses, side):
    """The first of the `side` pixels to use, for the centre of mass of int [n] to be central."""
    centre = (masses * np.arange(len(masses))).sum() / masses.sum()
    return int(np.clip(np.ceil(CENTRE - 0.5 - centre), 0, side - len(masses)))
