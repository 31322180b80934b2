"""The three kinds of panels of the dashboard, each in axes of its own.

Every panel separates what stays (axes, ticks, titles) from what moves with each new measurement:
its `moving` artists. A window can then repaint the moving ones alone, which is what makes it cheap.
"""

import math

import numpy as np
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from common import digit_mosaic, numerals
from common.run_state import Sample

TRAIN_COLOUR, TEST_COLOUR = "#3b82c4", "#d9480f"
BANDS_COLOUR = "#0f766e"
TEXT_COLOUR, FAINT_COLOUR, GRID_COLOUR = "#1f2937", "#6b7280", "#e5e7eb"
BAND_OPACITY = (0.18, 0.34, 0.55, 0.85, 0.55, 0.34, 0.18)  # the middle seventh is the darkest
LEAST_ITERATIONS = 100     # of the axes, at the beginning of a run
LEAST_HEIGHT = 1e-6
LINE_WIDTHS = 0.9, 1.6     # training digits, test digits; in pixels of a common screen
STRIP_MARGIN = 5           # pixels: more than a line's width
SMALLEST_TAGGED_CELL = 20  # pixels: below that, small print would be a smear


def step_up(value):
    """The least of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below `value`, a float above 0.

    Axes that grow in such steps seldom change, and so seldom have to be painted anew.
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(f"{step * power:.12g}" for step in (1, 2, 5, 10, 20)
                      if step * power >= value * (1 - 1e-9)))


class Panel:
    """What all panels have in common.

    Attributes:
      axes: the matplotlib axes.
      moving: the artists to be drawn on top of them, in order.
      region: the box that is painted anew, in pixels of the figure.
      fresh: the part of it that the last update has changed.
    """

    def __init__(self, axes, title):
        self.axes = axes
        self.moving = []
        self._seen = None  # what of the run is in the picture already
        self._scale = None
        self.title = axes.set_title(title, loc="left", y=1, fontweight="bold", color=TEXT_COLOUR)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_label_coords(0, 0)  # left to itself, matplotlib looks for a place, for long
        axes.set_facecolor("white")
        axes.set_axisbelow(True)
        for spine in axes.spines.values():
            spine.set_color("#9ca3af")
        axes.tick_params(colors=FAINT_COLOUR, length=0)

    def _move(self, *artists):
        for artist in artists:
            artist.set_animated(True)  # left out of the picture of what stays
            artist.set_snap(False)     # a line must not move by itself when it ceases to be flat
        self.moving += artists

    def place(self, left, bottom, width, height):
        """Put the panel's picture in a box, given in pixels of the figure."""
        figure_width, figure_height = self.axes.figure.bbox.size
        self.axes.set_position([left / figure_width, bottom / figure_height,
                                width / figure_width, height / figure_height])

    def set_scale(self, points, unit):
        """Set the font size, in points; `unit` is what a pixel of a small window is now."""
        if (points, unit) != self._scale:  # setting all that anew would take as long as drawing it
            self._scale = points, unit
            self._set_sizes(points, unit)

    def _set_sizes(self, points, unit):
        self.title.set_fontsize(points * 1.1)
        self.axes.tick_params(labelsize=points * 0.9, pad=4 * unit)

    def update(self, run):
        """Show the present `RunState`.

        Returns:
          What has to be painted anew: "" nothing, "moving" the moving artists, "all" the axes too.
        """
        limits = self._limits()
        seen = (self._what_is_seen(run), limits)
        if seen == self._seen:
            return ""
        self._show(run)
        self._seen = (seen[0], self._limits())
        self.fresh = self._changed_region()
        return "moving" if limits == self._limits() else "all"

    def undo_zoom(self, run):
        """Show the panel whole again, if it can be zoomed into at all."""
        if self.axes.get_navigate():
            self.axes.set(**self._whole(run))

    @property
    def region(self):
        return self.axes.bbox.padded(2)  # half the width of a line at the border

    def _changed_region(self):
        return self.region

    def _limits(self):
        return (*self.axes.get_xlim(), *self.axes.get_ylim())


class OverIterations(Panel):
    """A panel with the iterations from left to right.

    Its axes grow with the run, in steps, but not while the reader is zoomed into them. They are
    zoomed if their limits are not steps: so the toolbar's own buttons need not be watched.
    """

    def __init__(self, axes, title, names):
        """Show the curves with these names."""
        super().__init__(axes, title)
        self._names = names
        self._drawn_to, self._drawn_before = 0, 0  # iterations that all curves have reached
        axes.grid(color=GRID_COLOUR)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))

    def _what_is_seen(self, run):
        return [len(run.curves[name]) for name in self._names]

    def _show(self, run):
        self._draw_curves(*(run.curves[name] for name in self._names))
        self._drawn_before = self._drawn_to
        self._drawn_to = min(run.curves[name].last_iteration for name in self._names)
        whole = self._whole(run)
        left, right = self.axes.get_xlim()
        if left == 0 and right == step_up(right):
            self.axes.set_xlim(whole["xlim"])
        bottom, top = self.axes.get_ylim()
        if bottom == -top == -step_up(top):
            self.axes.set_ylim(whole["ylim"])

    def _last_iteration(self, run):
        return max(run.curves[name].last_iteration for name in self._names)

    def _changed_region(self):
        """Only the end of the curves is new: copying a strip to the screen is all it takes."""
        region = self.region
        pixels, _ = self.axes.transData.transform([(self._drawn_before, 0)])[0]
        left = min(max(pixels - STRIP_MARGIN, region.x0), region.x1)
        return Bbox.from_extents(left, region.y0, region.x1, region.y1)

    def _whole(self, run):
        end = step_up(max(LEAST_ITERATIONS, self._last_iteration(run)))
        return {"xlim": (0, end if run.last is None else max(1, min(end, run.last))),
                "ylim": self._heights(*(run.curves[name] for name in self._names))}


class CurvesPanel(OverIterations):
    """A curve for the training digits and one for the test digits."""

    def __init__(self, axes, title, quantity, top, legend):
        """Show the curves "train_" + `quantity` and "test_" + `quantity`, y from 0 to `top`.

        `legend` is the corner for it, for example "lower right".
        """
        super().__init__(axes, title, ["train_" + quantity, "test_" + quantity])
        self._top = top
        axes.set_ylim(0, top)
        (train,) = axes.plot([], [], color=TRAIN_COLOUR, label="training digits")
        (test,) = axes.plot([], [], color=TEST_COLOUR, label="test digits")
        self._lines = [train, test]
        self._legend = axes.legend(loc=legend, frameon=False, labelcolor=TEXT_COLOUR)
        self._move(train, test)

    def _set_sizes(self, points, unit):
        super()._set_sizes(points, unit)
        for text in self._legend.get_texts():
            text.set_fontsize(points * 0.9)
        for line, width in zip(self._lines, LINE_WIDTHS):
            line.set_linewidth(width * unit * 72 / self.axes.figure.dpi)

    def _draw_curves(self, *curves):
        for curve, line in zip(curves, self._lines):
            line.set_data(curve.iterations, curve.values)

    def _heights(self, *curves):
        return 0, self._top


class BandsPanel(OverIterations):
    """The spread of many values: seven bands, each with a seventh of them."""

    def __init__(self, axes, title, name):
        """Show the bands whose edges the curve `name` has."""
        super().__init__(axes, title, [name])
        axes.set_ylim(-1, 1)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        self._bands = [axes.fill([], [], color=BANDS_COLOUR, alpha=opacity, linewidth=0)[0]
                       for opacity in BAND_OPACITY]
        self._move(*self._bands)

    def _draw_curves(self, curve):
        if len(curve):
            x, edges = curve.iterations, curve.values
            there_and_back = np.concatenate([x, x[::-1]])
            for band, lower, upper in zip(self._bands, edges.T, edges.T[1:]):
                border = np.concatenate([lower, upper[::-1]])
                band.set_xy(np.column_stack([there_and_back, border]))

    def _heights(self, curve):
        values = curve.values
        largest = step_up(np.abs(values[np.isfinite(values)]).max(initial=LEAST_HEIGHT))
        return -largest, largest


class DigitsPanel(Panel):
    """Digits in rows, the misread ones on red."""

    def __init__(self, axes, title, name, with_scale):
        """Show the digits `name`; `with_scale` adds the scale of the accuracy at the left."""
        super().__init__(axes, title)
        self._title_text, self._name, self._with_scale = title, name, with_scale
        self._box, self._arrangement = (0, 0, 1, 1), None
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        self._mosaic = Mosaic(axes)
        axes.add_image(self._mosaic)
        self._move(self._mosaic)

    def place(self, left, bottom, width, height):
        self._box = (left, bottom, width, height)
        super().place(*self._box)
        if self._mosaic.digits is not None:
            self._arrange()

    def sample_at(self, x, y):
        """The digit at a point, given in the axes' coordinates: a `Sample`, or None."""
        digits, columns = self._mosaic.digits, self._mosaic.columns
        number = math.floor(y) * columns + math.floor(x)
        if digits is None or not 0 <= x < columns or not 0 <= number < len(digits.images):
            return None
        label, computed = int(digits.labels[number]), int(digits.computed[number])
        reading = "read correctly" if label == computed else f"read as {computed}"
        return Sample(digits.images[number], f"{self._title_text[:-1]}: {label}, {reading}",
                      label, digits.probabilities[number])

    def _arrange(self):
        """Choose rows and columns for the box, and give the axes whole pixels for each cell."""
        left, bottom, width, height = self._box
        count = len(self._mosaic.digits.images)
        columns, cell = digit_mosaic.best_fit(count, width, height)
        rows = -(-count // columns)
        super().place(left, bottom + height - rows * cell, columns * cell, rows * cell)
        arrangement = rows, columns, self._mosaic.digits.total
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self._mosaic.arrange(rows, columns)
            self.axes.set(xlim=(0, columns), ylim=(rows, 0))
            if self._with_scale:
                self._mark_accuracy(rows, columns)

    def _mark_accuracy(self, rows, columns):
        """Mark where the red ends for some accuracies: the misread digits are sorted first."""
        rows_of_all = self._mosaic.digits.total / columns
        least = 1 - rows / rows_of_all
        accuracies = [accuracy for accuracy in MaxNLocator(5).tick_values(max(least, 0), 1)
                      if least - 1e-9 <= accuracy <= 1]
        self.axes.set_yticks([(1 - accuracy) * rows_of_all for accuracy in accuracies],
                             [f"{100 * accuracy:.4g} %" for accuracy in accuracies])

    def _what_is_seen(self, run):
        return run.digits[self._name]

    def _limits(self):
        return (*super()._limits(), self._arrangement)

    def _whole(self, run):
        return {"xlim": (0, self._mosaic.columns), "ylim": (self._mosaic.rows, 0)}

    def _show(self, run):
        digits, before = run.digits[self._name], self._mosaic.digits
        if digits is None:
            return
        self._mosaic.show(digits)
        if before is None or (len(before.images), before.total) != (len(digits.images),
                                                                    digits.total):
            self._arrange()
            shown = len(digits.images)
            self.title.set_text(f"{self._title_text}: {shown:,}" + (
                f" of {digits.total:,}" if shown < digits.total else ""))


class Mosaic(AxesImage):
    """Digits as an image that is made anew for the size at which it is drawn.

    So the digits stay sharp in a large panel, in a fine print, and when the reader zooms in.
    """

    def __init__(self, axes):
        super().__init__(axes, interpolation="nearest")
        self.digits, self.rows, self.columns = None, 1, 1
        self._made_for = None  # the part of the mosaic and the size that the image has now
        self.set_data(np.full((1, 1, 4), 255, np.uint8))
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
            self._picture = self._make_picture(rows, columns, cell)
            self.set_data(self._picture)
            self.set_extent((columns.start, columns.stop, rows.stop, rows.start))
        height, width = self._picture.shape[:2]
        is_whole = self.get_extent() == [left, right, bottom, top]
        if is_whole and magnification == 1 and (width, height) == (round(box.width),
                                                                   round(box.height)):
            # Pixel for pixel: no need to resample, which would take four times as long.
            gc = renderer.new_gc()
            renderer.draw_image(gc, round(box.x0), round(box.y0), self._picture[::-1])
            gc.restore()
        else:
            super().draw(renderer)

    def _make_picture(self, rows, columns, cell):
        shown = np.add.outer(np.array(rows) * self.columns, np.array(columns)).ravel()
        shown = shown[shown < len(self.digits.images)]
        tags = numerals.pictures(round(cell * 0.27)) if cell >= SMALLEST_TAGGED_CELL else None
        picture = digit_mosaic.mosaic(self.digits.images[shown], self.digits.labels[shown],
                                      self.digits.computed[shown], len(columns), cell, tags)
        empty = len(rows) * cell - len(picture)  # rows below, where the last digits end early
        return np.pad(picture, ((0, empty), (0, 0), (0, 0)), constant_values=255)


def _cells_between(one_end, other_end, count):
    """The cells, of `count` with side 1, that can be seen between two limits: a range."""
    low, high = sorted((one_end, other_end))
    return range(max(0, math.floor(low)), min(count, math.ceil(high)))


def six_panels(figure):
    """Make the six panels on a figure, in the codelab's order: a list of `Panel`."""
    axes = [figure.add_axes((0, 0, 1, 1), label=str(number)) for number in range(1, 7)]
    return [CurvesPanel(axes[0], "Accuracy", "accuracy", 1, "lower right"),
            CurvesPanel(axes[1], "Cross-entropy loss", "loss", 100, "upper right"),
            DigitsPanel(axes[2], "Training digits", "train_digits", with_scale=False),
            BandsPanel(axes[3], "Weights", "weights"),
            BandsPanel(axes[4], "Biases", "biases"),
            DigitsPanel(axes[5], "Test digits", "test_digits", with_scale=True)]
