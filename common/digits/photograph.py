"""Finds the digit in a picture: a drawing, a scan or a photo of pen strokes on paper.

From top to bottom: the picture becomes grey and small, the paper with its shadows is subtracted,
ink is told from what is left of the paper, and the ink gets its grey levels.
"""

import io
import os
import pathlib
import warnings

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage, optimize

from common.terminal import UserError, reason

# Pillow knows many more; one of them, PostScript, would be a program, run by Ghostscript.
FORMATS = "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP"

LONGEST = 1000          # pixels: pictures with a longer side are shrunk to it
SMALL = 64              # pixels: the longer side of the copy in which shadows are looked for
BORDER = 0.1            # share of the picture's sides: the digit is expected further inside
GRAIN = 5               # grey levels of 255: how much paper usually differs from its trend
WIDEST_STROKE = 0.25    # share of the longer side: what is wider is taken for a shadow
LEAST_CONTRAST = 0.04   # between ink and paper, as a share of the paper's brightness
LEAST_CONTRAST_TO_NOISE = 5.5  # in standard deviations; chance alone hardly reaches that
SPECK = 1 / 40          # of the largest stroke's area: what is smaller is dirt
MOST_STROKES = 12       # no digit has more; noise has many more
FADING = 1 / 25         # of the longer side: within so much around a stroke there is paper
HALO = 1 / 20           # share of the digit's height: how far its strokes' grey borders reach

TOUCHING = np.ones((3, 3))  # pixels that touch at a corner belong to the same stroke


def read_picture(path):
    """Find the ink of the digit in a picture, dark on light or light on dark.

    What is paper is decided at the picture's border, so that must be free of digit for the most
    part.

    Args:
      path: str or path-like, a PNG, a JPEG or another one of `FORMATS`.

    Returns:
      uint8 [height, width], ink from 0 to 255, 0 where there is paper; neither side longer than
      1000. Something is always above 0.

    Raises:
      UserError: there is no such file, it is not a picture, or no digit can be seen in it.
    """
    name = os.fspath(path)
    ink, noise = _without_paper(_grey_levels(_opened(name)))
    strokes = _strokes(ink, noise)
    if strokes is None:
        raise UserError(f"No digit can be seen in {name}: write it large, with a dark pen on "
                        f"white paper, and leave some paper around it.")
    return _graded(ink, strokes)


def holds_several(ink):
    """Tell whether there seems to be more than one digit, side by side.

    Args:
      ink: uint8 [height, width], as `read_picture` returns it.

    Returns:
      True if there are several parts with empty columns between them, each at least half as high
      as the highest. The strokes of one digit share columns: those of a 4, for example.
    """
    inked = ink > 127
    parts, number = ndimage.label(inked.any(axis=0))
    heights = [np.ptp(np.flatnonzero(inked[:, parts == part].any(axis=1))) + 1
               for part in range(1, number + 1)]
    return sum(height >= max(heights) / 2 for height in heights) > 1


def _opened(name):
    """Read the picture with this name: a Pillow image, upright, of any mode and size."""
    try:
        content = pathlib.Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read ({reason(error)}): check its name, folder and "
                        f"permissions.") from None
    try:
        return _decoded(content)
    except Image.UnidentifiedImageError:
        raise UserError(f"{name} is not a picture that can be read here: save it as PNG or "
                        f"JPEG.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UserError(f"{name} has more than {Image.MAX_IMAGE_PIXELS // 10**6} million "
                        f"pixels: make it smaller first.") from None
    except Exception as error:  # for a damaged file, Pillow's decoders raise almost anything
        raise UserError(f"{name} is damaged or incomplete ({reason(error).rstrip('.')}): save "
                        f"or copy the picture again.") from None


def _decoded(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow only finds odd is none of the user's troubles
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            # JPEG can be decoded at a half or less of its size, which saves most of the time.
            picture.draft(picture.mode, (LONGEST, LONGEST))
            picture.load()
            return ImageOps.exif_transpose(picture)  # turned as the camera was held


def _grey_levels(picture):
    """Convert a Pillow image of any mode to float32 [height, width], 0 to 255, shrunk."""
    if picture.mode.startswith(("I", "F")):
        levels = np.nan_to_num(np.asarray(picture, np.float64), posinf=0, neginf=0)
        levels -= levels.min()
        # Which value is white differs, and so does how many of 16 bits a scanner fills.
        grey = Image.fromarray((levels * (255 / max(levels.max(), 1e-9))).astype(np.uint8))
    elif "A" in picture.getbands() or "transparency" in picture.info:
        grey = _on_paper(picture.convert("RGBA"))
    else:
        # A palette's, YCbCr's or CMYK's way to grey leads through RGB.
        grey = picture.convert("RGB").convert("L")
    return _shrunk(np.asarray(grey, np.float32), LONGEST)


def _on_paper(picture):
    """Put an RGBA picture on white; on black if what is painted is all light. Gives mode L."""
    grey, opacity = picture.convert("RGB").convert("L"), picture.getchannel("A")
    painted = np.asarray(grey)[np.asarray(opacity) > 127]
    sparse = 0 < painted.size < picture.width * picture.height / 2  # strokes, no sheet of paper
    light = sparse and np.percentile(painted, 5) > 127
    return Image.composite(grey, Image.new("L", picture.size, 0 if light else 255), opacity)


def _shrunk(levels, longest):
    """Shrink float32 [height, width] until neither side is longer."""
    scale = min(1, longest / max(levels.shape))
    return _resized(levels, [max(1, round(side * scale)) for side in levels.shape],
                    Image.Resampling.BOX)


def _resized(levels, shape, smooth=Image.Resampling.BILINEAR):
    return np.asarray(Image.fromarray(levels).resize(shape[::-1], smooth))


def _without_paper(levels):
    """The ink of grey levels as a share of the paper's brightness, and the paper's noise."""
    # Noise and the grain of paper go, strokes stay.
    levels = ndimage.gaussian_filter(levels, 1.5 * max(levels.shape) / LONGEST)
    light = _resized(_light(_shrunk(levels, SMALL)), levels.shape)
    if ((levels - light) ** 3).sum() > 0:  # the digit is what differs most
        levels, light = 255 - levels, 255 - light
    shadows = _shadows(_shrunk(levels - light, SMALL))
    paper = light + _resized(shadows, levels.shape)
    ink = (paper - levels) / paper.clip(32)
    ink -= np.median(ink)
    return ink, 1.4826 * np.median(np.abs(ink))


def _light(levels):
    """The light on the paper: a polynomial of second degree, fitted to the picture's border."""
    # What is far from the fit, such as a stroke that reaches the border, hardly counts.
    height, width = levels.shape
    y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    border = np.maximum(np.abs(x), np.abs(y)) >= 1 - 2 * BORDER
    start = [np.median(levels[border]), 0, 0, 0, 0, 0]
    fit = optimize.least_squares(lambda factors: terms[border] @ factors - levels[border], start,
                                 loss="cauchy", f_scale=GRAIN)
    return (terms @ fit.x).astype(np.float32)


def _shadows(levels):
    """What is left of uneven light: what is dark and narrow is filled, by a closing."""
    widest = max(3, round(max(levels.shape) * WIDEST_STROKE))
    closed = ndimage.grey_closing(np.pad(levels, widest, mode="edge"), widest)
    return ndimage.gaussian_filter(closed, 1.5)[widest:-widest, widest:-widest]


def _strokes(ink, noise):
    """Where the digit's strokes are, bool like the ink; None if there is no digit."""
    candidates = ink[ink > max(3 * noise, LEAST_CONTRAST / 2)]
    if not candidates.size:
        return None
    threshold = np.percentile(candidates, 99) / 2
    strokes = ink > threshold
    if np.median(ink[strokes]) < max(LEAST_CONTRAST_TO_NOISE * noise, LEAST_CONTRAST):
        return None
    parts, _ = ndimage.label(strokes, TOUCHING)
    areas = np.bincount(parts[strokes])
    large = areas >= SPECK * areas.max()
    strokes = large[parts]
    # Strokes end within a short way; what fades more slowly is a shadow.
    around = _widened(strokes, FADING * max(ink.shape)) & ~strokes
    fades = around.any() and np.median(ink[around]) > threshold / 2
    return None if fades or large.sum() > MOST_STROKES else strokes


def _widened(strokes, reach):
    return ndimage.maximum_filter(strokes, 2 * max(1, round(reach)) + 1)


def _graded(ink, strokes):
    """The strokes with their grey borders, uint8 like the ink; 0 away from them."""
    ((rows, columns),) = ndimage.find_objects(strokes.astype(np.uint8))
    near = _widened(strokes, HALO * max(rows.stop - rows.start, columns.stop - columns.start))
    # All else is paper: its grain, ruled lines and remaining shadows show where ink begins.
    paper = max(0, np.percentile(ink[~near], 99)) if not near.all() else 0
    black = np.percentile(ink[strokes], 75)
    levels = (ink - paper) / max(black - paper, 1e-6) * 255
    return np.where(near, levels + 0.5, 0).clip(0, 255).astype(np.uint8)
