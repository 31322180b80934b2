"""Many digits at once, the misread ones on red."""

import math

import numpy as np
from matplotlib.ticker import MaxNLocator

from common.dashboard.drawing import mosaic
from common.dashboard.drawing.panel import WITHOUT_TICKS_BELOW, Panel
from common.dashboard.drawing.scene import sample_of
from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group, PixelImage

SMALLEST_TAGGED_CELL = 20  # pixels: below that, small print would be a smear
LEAST_DIGIT = 56           # pixels, of a digit with its name


class DigitsPanel(Panel):
    """Digits in rows, the misread ones on red."""

    can_zoom = True
    margins = WITHOUT_TICKS_BELOW

    def __init__(self, axes, title, name, with_scale):
        """Show the digits that a `Run` has as `name`.

        `with_scale` adds the scale of the accuracy at the left.
        """
        super().__init__(axes, title)
        self._title_text, self._name, self._with_scale = title, name, with_scale
        self._box_for_all, self._arrangement = (0, 0, 1, 1), None
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        self._mosaic = Mosaic(axes)
        axes.add_image(self._mosaic)
        self._move(self._mosaic)

    def place(self, left, bottom, width, height):
        self._box_for_all = (left, bottom, width, height)
        super().place(*self._box_for_all)
        if self._mosaic.digits is not None:
            self._arrange()

    def click(self, scene, x, y):
        sample = self.sample_at(x, y)
        return None if sample is None else scene.look_at(sample)

    def sample_at(self, x, y):
        """The digit at a point, given in the axes' coordinates: a `Sample`, or None."""
        digits, columns = self._mosaic.digits, self._mosaic.columns
        number = math.floor(y) * columns + math.floor(x)
        if digits is None or not 0 <= x < columns or not 0 <= number < len(digits.images):
            return None
        return sample_of(digits, number, self._title_text)

    def _arrange(self):
        """Choose rows and columns for the box, and give the axes whole pixels for each cell."""
        left, bottom, width, height = self._box_for_all
        count = len(self._mosaic.digits.images)
        columns, cell = mosaic.best_fit(count, width, height)
        rows = -(-count // columns)
        super().place(left, bottom + height - rows * cell, columns * cell, rows * cell)
        arrangement = rows, columns, self._mosaic.digits.total
        if arrangement != self._arrangement:
            self._arrangement, self.zoom = arrangement, None
            self._mosaic.arrange(rows, columns)
            if self._with_scale:
                self._mark_accuracy(rows, columns)

    def _mark_accuracy(self, rows, columns):
        """Mark where the red ends for some accuracies: the misread digits are sorted first."""
        rows_of_all = self._mosaic.digits.total / columns
        least = 1 - rows / rows_of_all
        accuracies = [accuracy for accuracy in MaxNLocator(5).tick_values(max(least, 0), 1)
                      if least - 1e-9 <= accuracy < 1]
        self.axes.set_yticks([(1 - accuracy) * rows_of_all for accuracy in accuracies],
                             [f"{100 * accuracy:.4g} %" for accuracy in accuracies])

    def digits_of(self, scene):
        """The `Digits` to show, or None."""
        return getattr(scene.run, self._name)

    def title_of(self, scene, digits):
        """The title, a str, over some `Digits`."""
        return f"{self._title_text}: {of_all(digits)}"

    def _what_is_seen(self, scene):
        return getattr(scene.run, self._name), self.zoom

    def _limits(self):
        return (*super()._limits(), self._arrangement, self.title.get_text())

    def _show(self, scene):
        digits = self.digits_of(scene)
        if digits is None:
            return
        self.set_title(self.title_of(scene, digits))
        if not len(digits.images):
            self._mosaic.show(None)
            return
        before = self._mosaic.digits
        self._mosaic.show(digits)
        if before is None or (len(before.images), before.total) != (len(digits.images),
                                                                    digits.total):
            self._arrange()
        xlim, ylim = self.zoom or ((0, self._mosaic.columns), (self._mosaic.rows, 0))
        self.axes.set(xlim=xlim, ylim=(max(ylim), min(ylim)))


def of_all(digits):
    """How many some `Digits` are, of how many: a str."""
    shown = len(digits.images)
    return f"{shown:,}" + (f" of {digits.total:,}" if shown < digits.total else "")


class Mosaic(PixelImage):
    """Digits as an image that is made anew for the size at which it is drawn.

    So the digits stay sharp in a large panel, in a fine print, and when the reader zooms in.
    """

    def __init__(self, axes):
        super().__init__(axes)
        self.digits, self.rows, self.columns = None, 1, 1
        self._made_for = None  # the part of the mosaic and the size that the image has now
        self.set_mouseover(False)

    def show(self, digits):
        """Show some `Digits`, or None."""
        self.digits, self._made_for = digits, None

    def arrange(self, rows, columns):
        """Lay the digits out; in the axes' coordinates each cell has side 1."""
        self.rows, self.columns, self._made_for = rows, columns, None

    def draw(self, renderer):
        if self.digits is None:
            return
        box, magnification = self.axes.bbox, renderer.get_image_magnification()
        (left, right), (bottom, top) = self.axes.get_xlim(), self.axes.get_ylim()
        columns = _cells_between(left, right, self.columns)
        rows = _cells_between(bottom, top, self.rows)
        if not columns or not rows:
            return
        cell = round(box.width * magnification / abs(right - left))
        most = round(max(box.size) * magnification)  # sharp enough for a small part of one digit
        cell = max(1, min(cell, most))
        if (rows, columns, cell) != self._made_for:
            self._made_for = rows, columns, cell
            self.show_pixels(self._make_picture(rows, columns, cell),
                             (columns.start, columns.stop, rows.stop, rows.start))
        super().draw(renderer)

    def _make_picture(self, rows, columns, cell):
        shown = np.add.outer(np.array(rows) * self.columns, np.array(columns)).ravel()
        shown = shown[shown < len(self.digits.images)]
        tags = mosaic.numerals(round(cell * 0.27)) if cell >= SMALLEST_TAGGED_CELL else None
        picture = mosaic.mosaic(self.digits.images[shown], self.digits.labels[shown],
                                self.digits.computed[shown], len(columns), cell, tags)
        empty = len(rows) * cell - len(picture)  # rows below, where the last digits end early
        return np.pad(picture, ((0, empty), (0, 0), (0, 0)), constant_values=255)


def _cells_between(one_end, other_end, count):
    """The cells, of `count` with side 1, that can be seen between two limits: a range."""
    low, high = sorted((one_end, other_end))
    return range(max(0, math.floor(low)), min(count, math.ceil(high)))


class OwnDigitsPanel(TilePanel):
    """Digits one by one, each with its name and what it is read as: those from the user's files."""

    heading = "Your digits as the network sees them"

    def samples_of(self, scene):
        """The digits to show, a list of `Sample`, and how many there are in all."""
        return scene.own, len(scene.own)

    def groups_of(self, scene):
        samples, total = self.samples_of(scene)
        captions = tuple(sample.caption for sample in samples)
        shown = min(len(samples), self.room_for(LEAST_DIGIT, max(map(len, captions), default=1)))
        self._samples = samples[:shown]
        if not shown:
            return []
        return [Group(np.stack([sample.image for sample in self._samples]) / 255,
                      f"{shown:,} of {total:,}" if shown < total else "", is_signed=False, end=1,
                      captions=captions[:shown])]

    def click(self, scene, x, y):
        found = self.tile_at(x, y)
        return None if found is None else scene.look_at(self._samples[found[1]])

    def _what_is_seen(self, scene):
        return self.samples_of(scene)
