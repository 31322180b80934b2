"""Many small pictures of numbers: weights, and what layers make of a digit.

Tiles come in groups, each with a label. They are laid out in whole pixels, all at one scale, so
that sizes can be compared, and made into one picture, which a panel shows.
"""

import dataclasses
import functools
import math

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from common.dashboard.drawing.panel import Panel, PixelImage
from common.dashboard.drawing.style import (
    FAINT_COLOUR,
    INK,
    LETTER,
    NEGATIVE_TO_POSITIVE,
    PAPER,
    POINTED_COLOUR,
    TEXT_COLOUR,
)

SHADES = 255                  # of a scale: an odd number, so that 0 is white
BACKGROUND = (186, 186, 186)  # around the tiles: no colour of theirs
LARGEST_CELL = 40             # pixels of one value
LARGEST_GAP, SMALL_CELL = 6, 3  # pixels between tiles; of a value
FRAME = 2                     # pixels, the width of a frame
MOST_SPACE = 6                # times a line's height, between groups
LINE = 1.5                    # a line's height, as a share of the font's size
NUMBER_WIDTH = 2.4            # times the font's size
ASKING = "asking the network …"
LEGEND = 90, 8                # pixels, in common windows, of a scale of colours


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """Tiles of one kind.

    values: float [n, height, width].
    label: str, above them.
    is_signed: bool, whether positive and negative values differ in colour; or all are ink.
    per_row: int, how many should be in a row; 0 for as many as there is room for.
    captions: n str, one above each tile (at its left, if groups go from left to right).
    least: int, pixels that a value has at least.
    has_numbers: bool, whether to write the values where there is room.
    note: str, below the label, or after it where there is room; "" for the largest value.
    end: float, the end of the colours' scale; None for the largest absolute value.
    may_lose: bool, whether the last ones, up to half, may be left out to make the others larger.
    frames: tuples (tile, top, left, bottom, right): the first row and column of what gets a frame,
      and those after the last ones; None for a frame around all tiles.
    """

    values: np.ndarray
    label: str
    is_signed: bool = True
    per_row: int = 0
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
        most_columns, most_rows = (width - 1) // across, (height - labels) // down
        if group.may_lose:
            count = min(count, max(count // 2, most_columns * most_rows))
        is_table = group.per_row and cell > 1
        by_column = from_left and not is_table
        most = max(1, most_rows if by_column else most_columns)
        in_line = min(count, group.per_row) if is_table else -(-count // -(-count // most))
        lines = -(-count // in_line)  # of about the same length
        columns, rows = (lines, in_line) if by_column else (in_line, lines)
        if cell > 1 and (columns > most_columns or from_left and rows > most_rows):
            break
        places.append(Place(left, labels + above, count, columns, rows, side, across, down,
                            by_column, left))
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


class TilePanel(Panel):
    """Groups of tiles. What they are, a subclass takes from an answer in the scene.

    Attributes:
      heading: str, the title.
      question: that of `questions` whose answer is shown.
      from_left: bool, whether the groups go from left to right, where that makes them larger.
    """

    margins = 14, 14, 30, 10
    heading, question, from_left = "", None, False

    def __init__(self, axes):
        super().__init__(axes, self.heading)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        self._image = PixelImage(axes)
        axes.add_image(self._image)
        self._move(self._image)
        self._texts, self._used = [], 0
        self.groups, self.places = [], []

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        self._size = max(1, round(width)), max(1, round(height))
        self.axes.set(xlim=(0, self._size[0]), ylim=(self._size[1], 0))
        self._seen = None

    def groups_of(self, scene):
        """The groups to show: a list of `Group`."""
        raise NotImplementedError

    def room_for(self, side, letters):
        """How many squares of so many pixels there is room for, a caption above each: an int."""
        _, unit, _ = self._scale
        text = self._text
        across = max(side * unit, LETTER * letters * text) + LARGEST_GAP
        down = side * unit + LARGEST_GAP + LINE * text
        width, height = self._size
        return int(width // across) * max(0, int((height - LINE * text) // down))

    def with_room(self, groups):
        """As many of these groups as there is room for, without the first ones."""
        is_wide = self._size[0] > self._size[1]
        return next((groups[first:] for from_left in (is_wide, not is_wide)
                     for first in range(len(groups))
                     if lay_out(groups[first:], *self._size, self._text, from_left)[1]), [])

    @property
    def _text(self):
        """The font's size in pixels."""
        return self._scale[0] * self.axes.figure.dpi / 72

    def tile_at(self, x, y):
        """What is at a point in the axes' coordinates, as the function `tile_at` says it."""
        return tile_at(self.groups, self.places, x, y)

    def _what_is_seen(self, scene):
        return scene.answers.get(self.question)

    def _show(self, scene):
        width, height = self._size
        self.set_title(self.heading)
        self.groups, text = self.groups_of(scene), self._text
        self.places, _ = lay_out(self.groups, width, height, text, False)
        from_left = False
        if self.from_left and self.groups:
            places, has_room = lay_out(self.groups, width, height, text, True)
            from_left = has_room and (min(place.cell for place in places)
                                      >= min(place.cell for place in self.places))
            self.places = places if from_left else self.places
        picture = draw(self.groups, self.places, width, height)
        self._used = 0
        for group, place in zip(self.groups, self.places):
            self._label(group, place, picture, from_left)
        if self.question is not None and self.question not in scene.answers:
            self._write(width / 2, height / 2, ASKING, FAINT_COLOUR, ha="center")
        for unused in self._texts[self._used:]:
            unused.set_visible(False)
        opaque = np.full((height, width, 1), 255, np.uint8)
        self._image.show_pixels(np.dstack([picture, opaque]), (0, width, height, 0))

    def _label(self, group, place, picture, from_left):
        """Write a group's label, its scale, and its tiles' captions."""
        text = self._text
        line = LINE * text
        if from_left:
            x, top = place.x - place.beside, place.y
            self._write(x, top - 1.5 * line, group.label, TEXT_COLOUR)
            self._write(x, top - 0.6 * line, group.note or f"up to {group.limit:.2g}",
                        FAINT_COLOUR)
        else:
            top = place.y - (line if group.captions else 0)
            label, (width, _) = group.label, self._size
            if place.count < len(group.values):
                label += f"; {place.count} of {len(group.values)}"
            if group.note and LETTER * text * len(label + group.note) <= width:
                label += f"; {group.note}"
            if LETTER * text * len(label) > width:
                label, _, _ = label.partition(":")
            self._write(place.x, top - 0.5 * line, label, TEXT_COLOUR)
            if group.is_signed:
                left = LETTER * text * len(label) + 5 * text
                self._draw_scale(group, left, top - 0.5 * line, picture)
        middle = place.cell * len(group.values[0]) / 2
        for number, caption in enumerate(group.captions):
            if not caption:
                continue  # an empty text takes as long as any
            x, y = place.corner(number)
            if from_left:
                self._write(x - 0.3 * line, y + middle, caption, TEXT_COLOUR, ha="right")
            else:
                self._write(x, y - 0.4 * line, caption, TEXT_COLOUR)
        if group.has_numbers and place.cell >= NUMBER_WIDTH * text:
            self._write_numbers(group, place)

    def _write_numbers(self, group, place):
        """Write the values into their cells."""
        for number, tile in enumerate(group.values):
            x, y = place.corner(number)
            for (row, column), value in np.ndenumerate(tile):
                is_dark = abs(value) > 0.55 * group.limit
                words = f"{value:.2f}".replace("0.", ".") if abs(value) >= 0.005 else "0"
                self._write(x + (column + 0.5) * place.cell, y + (row + 0.5) * place.cell,
                            words, "white" if is_dark else TEXT_COLOUR, ha="center")

    def _draw_scale(self, group, left, y, picture):
        """Draw the colours' scale, from the least to the largest, at the right of `left`."""
        text, (_, unit, _) = self._text, self._scale
        length, thickness = (round(pixels * unit) for pixels in LEGEND)
        limit = f"{group.limit:.2g}"
        x = picture.shape[1] - length - round((len(limit) + 1) * text * 0.65)
        top = max(0, round(y - thickness / 2))
        if not group.limit or x < left or top + thickness > len(picture):
            return  # nothing to tell, or no room
        values = np.linspace(-1, 1, length)[np.newaxis].repeat(thickness, axis=0)
        picture[top:top + thickness, x:x + length] = colours_of(values, 1, True)
        self._write(x - 0.4 * text, y, "−" + limit, FAINT_COLOUR, ha="right")
        self._write(x + length + 0.4 * text, y, limit, FAINT_COLOUR)

    def _write(self, x, y, words, colour, ha="left"):
        """Write words, their middle at the height y."""
        if self._used == len(self._texts):
            self._texts.append(self.axes.text(0, 0, "", va="center_baseline"))
            self._move(self._texts[-1])
        self._texts[self._used].set(text=words, x=x, y=y, color=colour, ha=ha, visible=True,
                                    fontsize=self._scale[0])
        self._used += 1
