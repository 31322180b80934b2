"""Many small pictures of numbers: weights, and what layers make of a digit.

Tiles come in groups, each with a label. They are laid out in whole pixels, all at one scale, so
that sizes can be compared, and made into one picture.
"""

import dataclasses
import functools
import math

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.image import AxesImage

from common.dashboard.drawing.layout import LETTER
from common.dashboard.drawing.style import INK, NEGATIVE_TO_POSITIVE, PAPER, POINTED_COLOUR

SHADES = 255                  # of a scale: an odd number, so that 0 is white
BACKGROUND = (186, 186, 186)  # around the tiles: no colour of theirs
LARGEST_CELL = 40             # pixels of one value
LARGEST_GAP, SMALL_CELL = 6, 3  # pixels between tiles; of a value
FRAME = 2                     # pixels, the width of a frame
MOST_SPACE = 6                # times a line's height, between groups
LINE = 1.5                    # a line's height, as a share of the font's size


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """Tiles of one kind.

    values: float [n, height, width].
    label: str, above them.
    is_signed: bool, whether positive and negative values differ in colour; or all are ink.
    per_line: int, how many should be in a row (in a column, if groups go from left to right); 0 for
      as many as there is room for.
    captions: n str, one above each tile (at its left, if groups go from left to right).
    least: int, pixels that a value has at least.
    has_numbers: bool, whether to write the values where there is room.
    note: str, below the label where there is room; "" for the largest value.
    end: float, the end of the colours' scale; None for the largest absolute value.
    may_lose: bool, whether the last ones, up to half, may be left out to make the others larger.
    frames: tuples (tile, top, left, bottom, right): the first row and column of what gets a frame,
      and those after the last ones; None for a frame around all tiles.
    """

    values: np.ndarray
    label: str
    is_signed: bool = True
    per_line: int = 0
    captions: tuple = ()
    least: int = 1
    has_numbers: bool = False
    note: str = ""
    end: float | None = None
    may_lose: bool = False
    frames: tuple = ()

    @property
    def limit(self):
        """float, the end of the colours' scale"""
        return float(np.abs(self.values).max(initial=0)) if self.end is None else self.end


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a group is: pixels from the upper left of the picture.

    x, y: the upper left of its first tile. columns: of its tiles. cell: the side of a value.
    across, down: from one tile to the next. by_column: bool, whether they go down first.
    rows: of its tiles. count: of tiles that are shown. beside: the room for captions beside them.
    """

    x: int
    y: int
    count: int
    columns: int
    rows: int
    cell: int
    across: int
    down: int
    by_column: bool
    beside: int

    def corner(self, number):
        """The upper left of a tile, (x, y)."""
        row, column = (number % self.rows, number // self.rows) if self.by_column else divmod(
            number, self.columns)
        return self.x + column * self.across, self.y + row * self.down

    def box(self, group, frame):
        """One of a group's frames: left, top, right, bottom."""
        _, height, width = group.values.shape
        tile, *part = frame or (0, 0, 0, height, width)
        (x, y), (top, left, bottom, right) = self.corner(tile), (self.cell * n for n in part)
        if frame is None:
            right += (self.columns - 1) * self.across
            bottom += (self.rows - 1) * self.down
        return x + left, y + top, x + right, y + bottom


def lay_out(groups, width, height, text, from_left):
    """Find a place for each of the groups, with cells as large as there is room for.

    Args:
      groups: a list of `Group`.
      width, height: of the picture, in pixels.
      text: the font's size in pixels.
      from_left: bool, whether the groups go from left to right, or from top to bottom.

    Returns:
      A list of `Place`, and a bool: whether there is room for all.
    """
    line = round(LINE * text)
    sides = range(LARGEST_CELL, 0, -1)
    # Where values are small, narrower gaps are what makes them larger.
    for cell, gap in [(side, gap) for side in sides
                      for gap in ((LARGEST_GAP, 1) if side <= SMALL_CELL else (LARGEST_GAP,))]:
        places, sizes = _try(groups, width, height, line, from_left, cell, gap)
        rest = (width if from_left else height) - sum(sizes) - line * (len(groups) - 1)
        has_room = len(places) == len(groups) and rest >= 0
        if has_room:
            break
    between = line
    if from_left and rest > 0 and len(groups) > 1:
        between += min(rest // (len(groups) - 1), MOST_SPACE * line)
    starts = [sum(sizes[:number]) + number * between for number in range(len(groups))]
    return [dataclasses.replace(place, x=place.x + start * from_left + 1,  # for the frame
                                y=place.y + start * (not from_left))
            for place, start in zip(places, starts)], has_room


def _try(groups, width, height, line, from_left, cell, widest_gap):
    """Places, each as if it were the first, and sizes: of fewer groups where one has no room."""
    places, sizes = [], []
    for group in groups:
        count, rows_in, columns_in = group.values.shape
        side = max(cell, group.least)
        gap = 1 if rows_in == columns_in == 1 else min(widest_gap, 1 + rows_in * side // 20)
        above, left = (0, line) if from_left else (line, 0)
        above, left = (above, left) if group.captions else (0, 0)
        caption = math.ceil(LETTER * max(map(len, group.captions), default=0) * line / LINE)
        if from_left and group.captions:  # a line of text beside each tile
            side = max(side, math.ceil(0.8 * line / rows_in))
            left = round(max(line, caption + 0.5 * line))
        across = max(columns_in * side, 0 if from_left else caption) + gap + left
        down = rows_in * side + gap + above
        labels = 2 * line if from_left else line
        room = (height - labels) // down if from_left else (width - 1) // across
        if group.may_lose:
            lines_of_room = (width if from_left else height - labels) // (across if from_left
                                                                          else down)
            count = min(count, max(count // 2, room * lines_of_room))
        if group.per_line and cell > 1:
            in_line = min(count, group.per_line)
        else:
            in_line = -(-count // -(-count // max(1, room)))  # lines of about the same length
        if in_line > room and cell > 1:
            break
        lines = -(-count // in_line)
        columns, rows = (lines, in_line) if from_left else (in_line, lines)
        places.append(Place(left, labels + above, count, columns, rows, side, across, down,
                            from_left, left))
        words = math.ceil(LETTER * max(len(group.label), len(group.note)) * line / LINE)
        sizes.append(max(columns * across, words) if from_left else labels + rows * down)
    return places, sizes


def draw(groups, places, width, height):
    """Make the picture: uint8 [height, width, 3]."""
    picture = np.full((height, width, 3), 255, np.uint8)
    for group, place in zip(groups, places):
        colours = colours_of(group.values, group.limit, group.is_signed)
        for number, tile in enumerate(colours[:place.count]):
            x, y = place.corner(number)
            tile = tile.repeat(place.cell, axis=0).repeat(place.cell, axis=1)
            below, right = len(tile), tile.shape[1]
            picture[max(0, y - 1):y + below + 1, max(0, x - 1):x + right + 1] = BACKGROUND
            shown = picture[y:y + below, x:x + right]  # less than all where there is no room
            shown[:] = tile[:shown.shape[0], :shown.shape[1]]
        for frame in group.frames:
            if frame is None or frame[0] < place.count:
                _draw_frame(picture, *place.box(group, frame))
    return picture


def _draw_frame(picture, left, top, right, bottom):
    """Draw a frame around a box."""
    colour = [round(255 * share) for share in to_rgb(POINTED_COLOUR)]
    above, before = max(0, top - FRAME), max(0, left - FRAME)
    for part in (np.s_[above:top, before:right + FRAME], np.s_[above:bottom + FRAME, before:left],
                 np.s_[bottom:bottom + FRAME, before:right + FRAME],
                 np.s_[above:bottom + FRAME, right:right + FRAME]):
        picture[part] = colour


def colours_of(values, limit, is_signed):
    """Red, green and blue, uint8 [..., 3], of float [...] from -limit (or 0) to limit."""
    share = np.divide(values, limit or 1)
    middle = SHADES // 2
    index = middle * (share + 1) if is_signed else (SHADES - 1) * share
    return _scale(is_signed)[np.clip(np.nan_to_num(index), 0, SHADES - 1).round().astype(np.intp)]


@functools.cache
def _scale(is_signed):
    colours = NEGATIVE_TO_POSITIVE if is_signed else [PAPER, INK]
    scale = LinearSegmentedColormap.from_list("", colours, SHADES)(np.arange(SHADES), bytes=True)
    return scale[:, :3]


def tile_at(groups, places, x, y):
    """What is at a point: the group's number, the tile's, the value's row and column; or None."""
    for number, (group, place) in enumerate(zip(groups, places)):
        _, rows, columns = group.values.shape
        for tile in range(place.count):
            left, top = place.corner(tile)
            column, row = math.floor((x - left) / place.cell), math.floor((y - top) / place.cell)
            if 0 <= row < rows and 0 <= column < columns:
                return number, tile, row, column
    return None


class PixelImage(AxesImage):
    """Shows a picture pixel for pixel, where it was made for the axes as they are now."""

    def __init__(self, axes):
        super().__init__(axes, interpolation="nearest")
        self.show_pixels(np.full((1, 1, 4), 255, np.uint8), (0, 1, 1, 0))

    def show_pixels(self, picture, extent):
        """Show uint8 [height, width, 4] in a part of the axes: left, right, bottom, top."""
        self._picture = picture
        self.set_data(picture)
        self.set_extent(extent)

    def draw(self, renderer):
        box, (height, width) = self.axes.bbox, self._picture.shape[:2]
        is_whole = self.get_extent() == [*self.axes.get_xlim(), *self.axes.get_ylim()]
        if is_whole and renderer.get_image_magnification() == 1 and (width, height) == (
                round(box.width), round(box.height)):
            # No need to resample, which would take four times as long.
            gc = renderer.new_gc()
            renderer.draw_image(gc, round(box.x0), round(box.y0), self._picture[::-1])
            gc.restore()
        else:
            super().draw(renderer)
