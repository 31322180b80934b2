"""Many digits at once, the misread ones on red."""

import math

import numpy as np
from matplotlib.ticker import MaxNLocator

from common.dashboard.drawing.mosaic import Mosaic, best_fit
from common.dashboard.drawing.panel import WITHOUT_TICKS_BELOW, Panel
from common.dashboard.drawing.scene import sample_of
from common.dashboard.drawing.tiles import Group, TilePanel

LEAST_DIGIT = 56  # pixels, of a digit with its name


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
        columns, cell = best_fit(count, width, height)
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
        return (*super()._limits(), self._arrangement)

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
