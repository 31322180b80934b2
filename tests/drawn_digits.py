"""Pictures of digits to be read: thirty in various hands, and MNIST's own, enlarged.

The thirty are drawn with the strokes in drawn_digits.txt, each with a pen, a size, a slant, a place
and a paper of its own.
"""

import pathlib

import numpy as np
from PIL import Image, ImageDraw

# Each digit: strokes, each a list of points (x, y) in a unit square, y downwards, through which a
# smooth curve goes. A point given twice in a row makes a corner.
DIGITS = {
    name: [[tuple(map(float, point.split(","))) for point in stroke.split()]
           for stroke in strokes.split("|")]
    for name, strokes in (line.split(":") for line in pathlib.Path(__file__).with_suffix(
        ".txt").read_text(encoding="utf-8").splitlines())}

# For each digit in turn: the picture's longer side in pixels; the pen's width and the digit's
# height as shares of the side and height; the slant in degrees; the digit's place, 0 to 1 from
# the left and top; and the paper.
SIZES = (280, 420, 120, 640, 300, 200, 350, 1000, 150, 500, 240, 800, 180, 1600, 400)
PENS = (.10, .055, .13, .08, .035, .115, .07, .15, .09, .045, .12)
HEIGHTS = (.70, .55, .80, .62, .40, .75, .50)
SLANTS = (0, 8, -6, 14, 3, -12, 20, 10, -20, 5, 17, -3, 12)
PLACES = ((.5, .5), (.3, .6), (.7, .4), (.5, .8), (.2, .3), (.8, .7), (.6, .2), (.4, .5))


def enlarged(digit, factor, resample=Image.Resampling.BICUBIC, place=(.3, .7)):
    """The digit, uint8 [28, 28], larger, somewhere in an empty square of twice its new side."""
    side = round(28 * factor)
    canvas = Image.new("L", (2 * side, 2 * side))
    at = round(place[0] * side), round(place[1] * side)
    canvas.paste(Image.fromarray(digit).resize((side, side), resample), at)
    return np.asarray(canvas)


# A paper takes ink, float [height, width], 0 to 1, and a numpy Generator; it returns red, green and
# blue, float [height, width, 3], about 0 to 255.

def plain(ink, paper, pen):
    """Ink of one colour on paper of one colour, both (red, green, blue)."""
    ink = ink[..., np.newaxis]
    return np.array(paper) * (1 - ink) + np.array(pen) * ink


def white(ink, random):
    return plain(ink, (255, 255, 255), (0, 0, 0))


def screen(ink, random):
    return plain(ink, (0, 0, 0), (255, 255, 255))


def blue_on_cream(ink, random):
    return plain(ink, (250, 242, 217), (32, 54, 150)) + random.normal(0, 3, (*ink.shape, 1))


def pencil(ink, random):
    grain = random.uniform(.6, 1, ink.shape)
    return plain(ink * grain, (236, 236, 232), (70, 70, 75))


def chalk(ink, random):
    grain = random.uniform(.65, 1, ink.shape)
    return plain(ink * grain, (38, 62, 50), (236, 238, 228)) + random.normal(0, 5, (*ink.shape, 1))


def shadow(ink, random):
    """Paper in uneven light, a shadow falling across a corner."""
    height, width = ink.shape
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    light = (1 - .3 * x) * (1 - .45 / (1 + np.exp(-12 * (x + y - 1.4))))
    picture = plain(ink, (238, 234, 226), (40, 38, 60)) * light[..., np.newaxis]
    return picture + random.normal(0, 6, (height, width, 1))


def squared(ink, random):
    """Squared paper, its lines a faint blue."""
    height, width = ink.shape
    step = max(height, width) / 16
    lines = (np.arange(height) % step < step / 14)[:, np.newaxis] | (
        np.arange(width) % step < step / 14)
    paper = plain(lines.astype(float), (247, 247, 244), (196, 208, 228))
    return paper * (1 - .85 * ink[..., np.newaxis]) + random.normal(0, 3, (height, width, 1))


PAPERS = (white, blue_on_cream, screen, shadow, pencil, squared, chalk)


def picture_of(values):
    """A Pillow image of grey or coloured values, about 0 to 255."""
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


# Kinds of pictures that people have, each made from ink, float [height, width], 0 to 1.

def converted(ink, mode):
    """Yellow on dark blue, in another of Pillow's modes."""
    return picture_of(plain(ink, (20, 20, 60), (250, 220, 60))).convert(mode)


def black(ink):
    """Black on white."""
    return picture_of(255 - ink * 255)


def transparent(ink, pen):
    """Only the pen's strokes, and nothing where there is no ink."""
    picture = Image.new("RGB", ink.shape, pen)
    picture.putalpha(picture_of(ink * 255))
    return picture


def with_transparent_corner(ink):
    """A photo of a sheet, cut out."""
    picture = black(ink).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 40, 40))
    return picture


def deep(ink, white):
    """Grey in 16 bits, the paper having the value `white`."""
    return Image.fromarray((white * (1 - .9 * ink)).astype(np.uint16))


def turned(ink, orientation, turn):
    """As a camera saves it that was held another way."""
    picture = black(ink).transpose(turn)
    picture.getexif()[0x0112] = orientation
    return picture


def pictures():
    """Draw all thirty digits.

    Yields:
      For each: its name, a str like "7 bar, squared, 640 px"; the digit, an int; and a Pillow
      image of mode RGB.
    """
    random = np.random.default_rng(28)
    for number, (name, strokes) in enumerate(DIGITS.items()):
        def turn(choices, number=number):
            return choices[number % len(choices)]

        side, paper = turn(SIZES), turn(PAPERS)
        shape = (side, round(side * .75)) if number % 3 == 1 else (side, side)
        ink = _drawn(strokes, shape, turn(HEIGHTS), turn(PENS), turn(SLANTS), turn(PLACES), random)
        picture = picture_of(paper(ink, random))
        yield f"{name}, {paper.__name__}, {side} px", int(name[0]), picture


def _drawn(strokes, shape, height, pen, slant, place, random):
    """Draw strokes, anti-aliased.

    Args:
      strokes: a list of strokes, as in `DIGITS`.
      shape: the picture's height and width in pixels.
      height: float, the digit's height as a share of the picture's shorter side.
      pen: float, its width as a share of the digit's height.
      slant: float, degrees to the right.
      place: two floats, 0 to 1: where the digit is, from left to right and from top to bottom.
      random: numpy Generator, for the unsteadiness of the hand.

    Returns:
      float [height, width], ink from 0 to 1.
    """
    tall = height * min(shape)
    lines = [_curve(points, random) for points in strokes]
    lines = [np.column_stack([x - np.tan(np.radians(slant)) * (y - .5), y]) * tall
             for x, y in (line.T for line in lines)]
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0) - pen * tall, everything.max(axis=0) + pen * tall
    free = np.array(shape[::-1]) - (high - low)
    lines = [line - low + free * place for line in lines]

    fine = 4 if max(shape) <= 400 else 2
    canvas = Image.new("L", (shape[1] * fine, shape[0] * fine))
    draw = ImageDraw.Draw(canvas)
    for line in lines:
        pressure = 1 + .12 * np.sin(np.linspace(random.uniform(0, 6), 7, len(line)))
        for (x, y), width in zip(line * fine, pressure * pen * tall * fine / 2):
            draw.ellipse((x - width, y - width, x + width, y + width), fill=255)
    return np.asarray(canvas.resize(shape[::-1], Image.Resampling.BOX)) / 255


def _curve(points, random):
    """A smooth line (of Catmull and Rom) through some points, drawn by a not quite steady hand.

    Args:
      points: a list of (x, y).
      random: numpy Generator.

    Returns:
      float [n, 2], close together.
    """
    shaken, previous = [], None
    for point in points:
        shaken.append(shaken[-1] if point == previous
                      else np.array(point) + random.normal(0, .008, 2))
        previous = point
    line = []
    t = np.linspace(0, 1, 60, endpoint=False)[:, np.newaxis]
    for before, start, end, after in zip([shaken[0], *shaken], shaken, shaken[1:],
                                         [*shaken[2:], shaken[-1]]):
        if np.array_equal(start, end):
            continue
        line.append(((2 * start) + (end - before) * t
                     + (2 * before - 5 * start + 4 * end - after) * t ** 2
                     + (3 * start - before - 3 * end + after) * t ** 3) / 2)
    return np.concatenate([*line, [shaken[-1]]])
