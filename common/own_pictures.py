"""Finds the digit in a picture: a drawing, a scan or a photo of a pen stroke on paper.

The steps: the picture becomes grey and small; an estimate of the paper without the digit is
subtracted, which removes shadows and tells dark on light from light on dark; a threshold tells ink
from paper; specks go. numpy and Pillow only.
"""

import contextlib
import os
import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageFilter, ImageOps

from common.clean_exit import UserError

LONGEST = 1000          # pixels: pictures with a longer side are shrunk to it
SMALL = 64              # pixels: the longer side of the copy in which shadows are looked for
BORDER = 0.1            # share of the picture's sides: the digit is expected further inside
WIDEST_STROKE = 0.25    # share of the longer side: what is wider is taken for a shadow
LEAST_CONTRAST = 0.04   # between ink and paper, as a share of the paper's brightness
LEAST_CONTRAST_TO_NOISE = 5.5  # in standard deviations; chance alone hardly reaches that
SPECK = 1 / 40          # of the largest stroke's area: what is smaller is dirt
MOST_STROKES = 12       # no digit has more; noise has many more
FADING = 1 / 25         # of the longer side: within so much around a stroke there is paper
HALO = 1 / 20           # share of the digit's height: how far its strokes' grey borders reach


class PictureError(UserError):
    """A file holds no digit that could be read. The text names it and says what to do."""


def read_picture(path):
    """Find the ink of the digit in a picture, dark on light or light on dark.

    What is paper is decided at the picture's border, so that must be free of digit for the most
    part.

    Args:
      path: str or path-like, a PNG, a JPEG or another file that Pillow can read.

    Returns:
      uint8 [height, width], ink from 0 to 255, 0 where there is paper; neither side longer than
      1000. Something is always above 0.

    Raises:
      PictureError: there is no such file, it is not a picture, or no digit can be seen in it.
    """
    name = os.fspath(path)
    grey = _grey_levels(_opened(name))
    ink, noise = _without_paper(grey)
    found = _strokes(ink, noise)
    if found is None:
        raise PictureError(f"No digit can be seen in {name}: write it large, with a dark pen on "
                           f"white paper, and leave some paper around it.")
    return _graded(ink, found)


def _opened(name):
    """Read the file with this name: a Pillow image, upright, of any mode and size."""
    if os.path.isdir(name):
        raise PictureError(f"{name} is a folder: name one of the pictures in it.")
    try:
        file = open(name, "rb")
    except FileNotFoundError:
        raise PictureError(f"There is no file {name}: check its name and folder.") from None
    except PermissionError:
        raise PictureError(f"{name} may not be read: change its permissions, or copy it to a "
                           f"folder of your own.") from None
    except OSError as error:
        raise PictureError(f"{name} cannot be read ({error.strerror}): copy it to another "
                           f"folder.") from None
    with file:
        if not file.read(1):
            raise PictureError(f"{name} is empty (0 bytes): save or copy the picture again.")
        file.seek(0)
        return _decoded(file, name)


def _decoded(file, name):
    """Decode an open file to a Pillow image, turned as the camera was held."""
    try:
        with _strict_about_size(), Image.open(file) as picture:
            # JPEG can be decoded at a half or less of its size, which saves most of the time.
            picture.draft(picture.mode, (LONGEST, LONGEST))
            picture.load()
            return ImageOps.exif_transpose(picture)
    except Image.UnidentifiedImageError:
        raise PictureError(f"{name} is not a picture that can be read here: save it as PNG or "
                           f"JPEG.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{name} has more than {Image.MAX_IMAGE_PIXELS // 10**6} million "
                           f"pixels: make it smaller first.") from None
    except Exception as error:  # for a damaged file, Pillow's decoders raise almost anything
        raise PictureError(f"{name} is damaged or incomplete ({_first_line(error)}): save or copy "
                           f"the picture again.") from None


@contextlib.contextmanager
def _strict_about_size():
    """Within it, huge pictures are an error, and Pillow's other warnings are not printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _grey_levels(picture):
    """Convert a Pillow image of any mode to mode L, 8-bit grey, and shrink it to 1000x1000."""
    if picture.mode.startswith(("I", "F")):
        levels = np.asarray(picture).astype(np.float64)
        levels = np.nan_to_num(levels, nan=0, posinf=0, neginf=0)
        levels -= levels.min()
        # Which value is white differs, and so does how many of 16 bits a scanner fills.
        grey = Image.fromarray((levels * (255 / max(levels.max(), 1e-9))).astype(np.uint8))
    elif "A" in picture.getbands() or "transparency" in picture.info:
        grey = _on_paper(picture.convert("RGBA"))
    else:
        # A palette's, YCbCr's or CMYK's way to grey leads through RGB.
        grey = picture if picture.mode in ("1", "L") else picture.convert("RGB")
        grey = grey.convert("L")
    shrink = LONGEST / max(grey.size)
    if shrink < 1:
        size = [max(1, round(side * shrink)) for side in grey.size]
        grey = grey.resize(size, Image.Resampling.BOX)
    return grey


def _on_paper(picture):
    """Put an RGBA picture on white; on black if what is painted is all light. Gives mode L."""
    grey, opacity = picture.convert("RGB").convert("L"), picture.getchannel("A")
    painted = np.asarray(grey)[np.asarray(opacity) > 127]
    sparse = 0 < painted.size < picture.width * picture.height / 2  # strokes, no sheet of paper
    light = sparse and np.percentile(painted, 5) > 127
    paper = Image.new("L", picture.size, 0 if light else 255)
    return Image.composite(grey, paper, opacity)


def _without_paper(grey):
    """Subtract the paper with its shadows.

    Args:
      grey: Pillow image of mode L.

    Returns:
      float32 [height, width], how much darker each pixel is than the paper there (lighter, if the
      digit is light on dark), as a share of the paper's brightness; and the paper's noise in the
      same unit, a standard deviation.
    """
    # Noise and the grain of paper go, strokes stay: with a radius of 1.5 at full size.
    smooth = grey.filter(ImageFilter.GaussianBlur(max(grey.size) / LONGEST * 1.5))
    levels = np.asarray(smooth, np.float32)
    trend = _resized(_trend(_reduced(levels)), levels.shape)
    if ((levels - trend).clip(-255, 255) ** 3).sum() > 0:  # the digit is what differs most
        levels, trend = 255 - levels, 255 - trend
    shadows = _shadows(_reduced(levels - trend))
    paper = trend + _resized(shadows, levels.shape)
    ink = (paper - levels) / paper.clip(32)
    middle = np.median(ink)
    return ink - middle, 1.4826 * np.median(np.abs(ink - middle))


def _reduced(levels):
    """Shrink float32 [height, width] until its longer side is 64."""
    height, width = levels.shape
    shrink = min(1, SMALL / max(height, width))
    shape = max(1, round(height * shrink)), max(1, round(width * shrink))
    return _resized(levels, shape, Image.Resampling.BOX)


def _resized(levels, shape, smooth=Image.Resampling.BILINEAR):
    return np.asarray(Image.fromarray(levels).resize(shape[::-1], smooth))


def _trend(levels):
    """The brightness of the paper, fitted as a polynomial of second degree in both directions.

    Fitted to the border first, and from there to all that is like it: in steps of least squares,
    what is far from the fit before weighing little.

    Args:
      levels: float32 [height, width].

    Returns:
      float32 [height, width].
    """
    height, width = levels.shape
    y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    values = levels.ravel().astype(np.float64)
    border = (np.maximum(np.abs(x), np.abs(y)) >= 1 - 2 * BORDER).ravel()
    fit = np.full(values.shape, np.median(values[border]))
    for step in range(12):
        allowed = border if step < 6 else np.ones_like(border)
        error = np.abs(values - fit)
        usual = 1.4826 * np.median(error[allowed]) + 1
        weights = allowed / (1 + (error / (2 * usual)) ** 2)
        weighted = terms * weights[:, np.newaxis]
        # A little pull towards 0 keeps the fit possible for a picture of few pixels.
        fit = terms @ np.linalg.solve(weighted.T @ terms + 1e-6 * np.eye(6), weighted.T @ values)
    return fit.reshape(height, width).astype(np.float32)


def _shadows(levels):
    """What is left of uneven light: a morphological closing, which fills what is dark and narrow.

    Args:
      levels: float32 [height, width], the digit dark.

    Returns:
      float32 [height, width], without the digit.
    """
    window = max(3, round(max(levels.shape) * WIDEST_STROKE) // 2 * 2 + 1)
    filled = np.pad(levels, window - 1, mode="edge")
    for extreme in (np.max, np.min):
        for axis in (0, 1):
            filled = extreme(sliding_window_view(filled, window, axis), axis=-1)
    coarse = [max(1, side // 4) for side in filled.shape]  # down and up again: soft edges
    return _resized(_resized(filled, coarse), filled.shape)


def _strokes(ink, noise):
    """Tell ink from paper.

    Args:
      ink: float32 [height, width], around 0 where there is paper.
      noise: float, the paper's standard deviation.

    Returns:
      bool [height, width], True in the digit's strokes; None if there is no digit.
    """
    candidates = ink[ink > max(3 * noise, LEAST_CONTRAST / 2)]
    if not candidates.size:
        return None
    threshold = otsu_threshold(candidates)
    strokes = ink > threshold
    contrast = np.median(ink[strokes])
    if contrast < max(LEAST_CONTRAST_TO_NOISE * noise, LEAST_CONTRAST):
        return None
    strokes, number = without_specks(strokes)
    # Strokes end within a short way; what fades more slowly is a shadow.
    around = _widened(strokes, max(2, round(max(ink.shape) * FADING))) & ~strokes
    fades = around.any() and np.median(ink[around]) > threshold / 2
    return strokes if number <= MOST_STROKES and not fades else None


def otsu_threshold(values):
    """The threshold between two kinds of values: that with the largest variance between the two.

    The method is that of N. Otsu, "A threshold selection method from gray-level histograms", IEEE
    Transactions on Systems, Man, and Cybernetics 9 (1979), pages 62-66.

    Args:
      values: float [n], n above 0.

    Returns:
      A float from the least value to the largest; below the largest unless all are equal.
    """
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = len(values) - below  # never 0: the last bin holds the largest value
    sums = np.cumsum(counts * centres)
    difference = (sums[-1] - sums[:-1]) / above.clip(1) - sums[:-1] / below.clip(1)
    return float(edges[1 + np.argmax(below * above * difference ** 2)])


def without_specks(mask):
    """Keep only the connected parts of a mask that are not tiny compared with the largest.

    Args:
      mask: bool [height, width], somewhere True.

    Returns:
      bool [height, width], and how many parts were kept, an int.
    """
    rows, starts, ends = _runs(mask)
    part = _connected(rows, starts, ends, mask.shape[1])
    areas = np.bincount(part, ends - starts)
    kept = areas >= SPECK * areas.max()
    # Each kept run adds 1 where it starts and takes it away where it ends.
    steps = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int8)
    chosen = kept[part]
    steps[rows[chosen], starts[chosen]] += 1
    steps[rows[chosen], ends[chosen]] -= 1
    return steps.cumsum(axis=1)[:, :-1] > 0, int(kept.sum())


def _runs(mask):
    """The horizontal runs of True: their rows, starts and ends (exclusive), int [n] each."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _connected(rows, starts, ends, width):
    """Number the connected parts that runs form; runs that touch at a corner are connected.

    Args:
      rows, starts, ends: int [n], as `_runs` gives them.
      width: int, of the mask.

    Returns:
      int [n], the part of each run; some numbers below n may be unused.
    """
    # All runs on one line, so that those that touch a run from the row below it are neighbours
    # there: from the first that ends behind its start to the last that starts before its end.
    below = (rows + 1) * (width + 2)
    line = rows * (width + 2)
    first = np.searchsorted(line + ends, below + starts, side="left")
    last = np.searchsorted(line + starts, below + ends, side="right")
    parent = list(range(len(rows)))

    def root(run):
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    for run in range(len(rows)):
        for other in range(first[run], last[run]):
            parent[root(other)] = root(run)
    return np.array([root(run) for run in range(len(rows))])


def _graded(ink, strokes):
    """The strokes with their grey borders, in 256 levels.

    Args:
      ink: float32 [height, width], around 0 where there is paper.
      strokes: bool [height, width], somewhere True.

    Returns:
      uint8 [height, width], 0 away from the strokes.
    """
    inked = np.flatnonzero(strokes.any(axis=1))
    across = np.flatnonzero(strokes.any(axis=0))
    side = max(np.ptp(inked), np.ptp(across)) + 1
    near = _widened(strokes, max(1, round(side * HALO)))
    # All else is paper: its grain, ruled lines and remaining shadows show where ink begins.
    paper = max(0.0, np.percentile(ink[~near], 99)) if not near.all() else 0.0
    black = np.percentile(ink[strokes], 75)
    levels = (ink - paper) / max(black - paper, 1e-6) * 255
    return np.where(near, levels + 0.5, 0).clip(0, 255).astype(np.uint8)


def _widened(mask, reach):
    """Widen bool [height, width] by so many pixels, up, down, left and right."""
    for _ in range(2):  # along the columns, then, transposed, along the rows
        count = np.pad(mask, ((reach + 1, reach), (0, 0))).cumsum(axis=0, dtype=np.int32)
        mask = (count[2 * reach + 1:] > count[:-2 * reach - 1]).T
    return mask
