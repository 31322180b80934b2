"""The panels with digits: many at once, or one, with what the network makes of it."""

import math

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator, PercentFormatter

from common.dashboard.drawing import mosaic
from common.dashboard.drawing.panels import Panel
from common.dashboard.drawing.pixel_image import PixelImage
from common.dashboard.drawing.scene import Sample, sample_of
from common.dashboard.drawing.style import TEXT_COLOUR, TRAIN_COLOUR
from common.dashboard.link.questions import AskDigit
from common.digits.sheet import PEN, Handwriting

SMALLEST_TAGGED_CELL = 20  # pixels: below that, small print would be a smear
OTHER_COLOUR = "#cbd5e1"
WRONG_COLOUR = tuple(np.array(mosaic.WRONG_BACKGROUND) / 255)
CORRECT_COLOUR = "#0f766e"
BAR_LINES = 12             # of text that would fit where the ten bars are
WITHOUT_TICKS_BELOW = 52, 8, 30, 10  # margins
LEAST_WRITTEN = 0.005      # a probability below it gets no figure


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
        if sample is None:
            return None
        scene.sample = sample
        return "inside" if scene.run.has_inside else "look"

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

    def _what_is_seen(self, scene):
        return getattr(scene.run, self._name), self.zoom

    def _limits(self):
        return (*super()._limits(), self._arrangement, self.title.get_text())

    def _show(self, scene):
        digits = getattr(scene.run, self._name)
        if digits is None:
            return
        before = self._mosaic.digits
        self._mosaic.show(digits)
        if before is None or (len(before.images), before.total) != (len(digits.images),
                                                                    digits.total):
            self._arrange()
            shown = len(digits.images)
            self.set_title(f"{self._title_text}: {shown:,}" + (
                f" of {digits.total:,}" if shown < digits.total else ""))
        xlim, ylim = self.zoom or ((0, self._mosaic.columns), (self._mosaic.rows, 0))
        self.axes.set(xlim=xlim, ylim=(max(ylim), min(ylim)))


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
        """Show some `Digits`."""
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


class SquarePanel(Panel):
    """A panel that is as high as it is wide, at the upper left of its place, without ticks."""

    margins = WITHOUT_TICKS_BELOW

    def __init__(self, axes, title, side):
        """`side` is the length of the axes' sides in their own coordinates."""
        super().__init__(axes, title)
        axes.set(xlim=(0, side), ylim=(side, 0), xticks=[], yticks=[])

    def place(self, left, bottom, width, height):
        side = min(width, height)
        super().place(left, bottom + height - side, side, side)


class SheetPanel(SquarePanel):
    """A sheet to write a digit on."""

    def __init__(self, axes):
        super().__init__(axes, "Write a digit here", 1)
        self.writing = Handwriting()
        self._lines = LineCollection([], colors=TEXT_COLOUR, capstyle="round", joinstyle="round")
        axes.add_collection(self._lines, autolim=False)
        self._move(self._lines)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        self._lines.set_linewidth(PEN * min(width, height) * 72 / self.axes.figure.dpi)

    def _what_is_seen(self, scene):
        return len(self.writing)

    def _show(self, scene):
        self._lines.set_segments([np.array(stroke) for stroke in self.writing.strokes])


class SamplePanel(SquarePanel):
    """One digit, large: the scene's sample."""

    def __init__(self, axes):
        super().__init__(axes, "What the network sees", 29)  # half a pixel of room for the frame
        self._image = AxesImage(axes, cmap="gray_r", interpolation="nearest",
                                extent=(0.5, 28.5, 28.5, 0.5))
        self._image.set(data=np.zeros((28, 28)), clim=(0, 255))
        axes.add_image(self._image)
        self._move(self._image)

    def _what_is_seen(self, scene):
        return scene.sample and (scene.sample.image.tobytes(), scene.sample.title)

    def _limits(self):
        return self.title.get_text()  # it is not among the moving artists

    def _show(self, scene):
        sample = scene.sample or Sample(np.zeros((28, 28)), "What the network sees")
        self._image.set_data(sample.image)
        self.set_title(sample.title)


class ProbabilitiesPanel(Panel):
    """What the network makes of the scene's sample: a bar for each digit."""

    question = AskDigit

    def __init__(self, axes):
        super().__init__(axes, "Probability of each digit")
        axes.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 0.25, 0.5, 0.75])
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        self._bars = axes.barh(range(10), np.zeros(10), height=0.7, linewidth=0).patches
        self._figures = [axes.text(0, digit, "", va="center") for digit in range(10)]
        self._move(*self._bars, *self._figures)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, _, _ = self._scale
        most = height / BAR_LINES * 72 / self.axes.figure.dpi
        self.axes.tick_params(axis="y", labelsize=min(1.2 * points, most), labelcolor=TEXT_COLOUR,
                              labelleft=True)  # without the digits' names the bars tell nothing
        for figure in self._figures:
            figure.set_fontsize(min(points, most))

    def _what_is_seen(self, scene):
        sample = scene.sample
        return None if sample is None or sample.probabilities is None else (
            sample.label, sample.probabilities.tobytes())

    def _show(self, scene):
        probabilities, label = np.zeros(10), None
        if scene.sample is not None and scene.sample.probabilities is not None:
            probabilities, label = scene.sample.probabilities, scene.sample.label
        computed = np.argmax(probabilities)
        for digit, (probability, bar, figure) in enumerate(
                zip(probabilities, self._bars, self._figures)):
            bar.set_width(probability)
            bar.set_color(_colour(digit, computed, label))
            figure.set_text(f"{100 * probability:.1f} %" if probability >= LEAST_WRITTEN else "")
            if probability > 0.5:  # there is room in the bar
                figure.set(x=probability - 0.015, ha="right", color="white")
            else:
                figure.set(x=probability + 0.015, ha="left", color=TEXT_COLOUR)


def _colour(digit, computed, label):
    """The colour of a digit's bar."""
    if digit == computed:
        return TRAIN_COLOUR if label in (None, digit) else WRONG_COLOUR
    return CORRECT_COLOUR if digit == label else OTHER_COLOUR
