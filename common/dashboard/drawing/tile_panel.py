"""A panel that shows groups of tiles, with their labels and scales."""

import numpy as np

from common.dashboard.drawing import tiles
from common.dashboard.drawing.layout import LETTER
from common.dashboard.drawing.panel import Panel
from common.dashboard.drawing.style import FAINT_COLOUR, TEXT_COLOUR
from common.dashboard.drawing.tiles import PixelImage

NUMBER_WIDTH = 2.4  # times the font's size
ASKING = "asking the network …"
LEGEND = 90, 8  # pixels, in common windows, of a scale of colours


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
        """The groups to show: a list of `tiles.Group`."""
        raise NotImplementedError

    def room_for(self, side, letters):
        """How many squares of so many pixels there is room for, a caption above each: an int."""
        _, unit, _ = self._scale
        text = self._text
        across = max(side * unit, tiles.LETTER * letters * text) + tiles.LARGEST_GAP
        down = side * unit + tiles.LARGEST_GAP + tiles.LINE * text
        width, height = self._size
        return int(width // across) * max(0, int((height - tiles.LINE * text) // down))

    def with_room(self, groups):
        """As many of these groups as there is room for, without the first ones."""
        is_wide = self._size[0] > self._size[1]
        return next((groups[first:] for from_left in (is_wide, not is_wide)
                     for first in range(len(groups))
                     if tiles.lay_out(groups[first:], *self._size, self._text, from_left)[1]), [])

    @property
    def _text(self):
        """The font's size in pixels."""
        return self._scale[0] * self.axes.figure.dpi / 72

    def tile_at(self, x, y):
        """What is at a point in the axes' coordinates, as `tiles.tile_at` says it."""
        return tiles.tile_at(self.groups, self.places, x, y)

    def _what_is_seen(self, scene):
        return scene.answers.get(self.question)

    def _limits(self):
        return (*super()._limits(), self.title.get_text())

    def _show(self, scene):
        width, height = self._size
        self.set_title(self.heading)
        self.groups = self.groups_of(scene)
        _, unit, _ = self._scale
        text = self._text
        self.places, _ = tiles.lay_out(self.groups, width, height, text, False)
        from_left = False
        if self.from_left and self.groups:
            places, has_room = tiles.lay_out(self.groups, width, height, text, True)
            from_left = has_room and places[0].cell >= self.places[0].cell
            self.places = places if from_left else self.places
        picture = tiles.draw(self.groups, self.places, width, height)
        self._used = 0
        for group, place in zip(self.groups, self.places):
            self._label(group, place, picture, text, unit, from_left)
        if self.question is not None and self.question not in scene.answers:
            self._write(width / 2, height / 2, ASKING, FAINT_COLOUR, ha="center")
        for unused in self._texts[self._used:]:
            unused.set_visible(False)
        opaque = np.full((height, width, 1), 255, np.uint8)
        self._image.show_pixels(np.dstack([picture, opaque]), (0, width, height, 0))

    def _label(self, group, place, picture, text, unit, from_left):
        """Write a group's label, its scale, and its tiles' captions."""
        line = tiles.LINE * text
        if from_left:
            x, top = place.x - place.beside, place.y
            self._write(x, top - 1.5 * line, group.label, TEXT_COLOUR)
            self._write(x, top - 0.6 * line, group.note or f"up to {group.limit:.2g}",
                        FAINT_COLOUR)
        else:
            top = place.y - (line if group.captions else 0)
            label, width = group.label, picture.shape[1]
            if place.count < len(group.values):
                label += f"; {place.count} of {len(group.values)}"
            if LETTER * text * len(label) > width:
                label, _, _ = label.partition(":")
            self._write(place.x, top - 0.5 * line, label, TEXT_COLOUR)
            if group.is_signed:
                left = LETTER * text * len(label) + 5 * text
                self._draw_scale(group, left, top - 0.5 * line, picture, text, unit)
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

    def _draw_scale(self, group, left, y, picture, text, unit):
        """Draw the colours' scale, from the least to the largest, at the right of `left`."""
        length, thickness = (round(pixels * unit) for pixels in LEGEND)
        limit = f"{group.limit:.2g}"
        x = picture.shape[1] - length - round((len(limit) + 1) * text * 0.65)
        if not group.limit or x < left:
            return  # nothing to tell, or no room
        values = np.linspace(-1, 1, length)[np.newaxis].repeat(thickness, axis=0)
        top = max(0, round(y - thickness / 2))
        picture[top:top + thickness, x:x + length] = tiles.colours_of(values, 1, True)
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
