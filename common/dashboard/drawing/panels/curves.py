"""Curves over the iterations: of training and test digits and, faintly, of earlier runs."""

import numpy as np
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.drawing.panel import BOLD, width_of
from common.dashboard.drawing.panels.iterations import (
    OverIterations,
    fitted_range,
    later_half,
    narrowest_range,
    running_mean,
    whole_range,
)
from common.dashboard.drawing.style import TEST_COLOUR, TEXT_COLOUR, TRAIN_COLOUR

LINE_WIDTHS = 0.8, 1.8, 1.6  # training batches, their mean, test digits; pixels, common screen
FAINT = 0.3                # the opacity of single training batches
LEGEND_LETTERS = 22        # the width of the legend, in letters
BEST_LETTERS = 13          # the width of the best accuracy in words, in letters

# Of earlier runs (--compare), behind those of the present one.
COLOURS = "#7c3aed", "#0f766e", "#be185d", "#a16207"
LINES = {"train_": (0.2, 0.7), "test_": (0.55, 1.3)}  # opacity; width, pixels of a common window
KEY_LETTERS = 6  # the width of a short line beside a name, in letters


class CurvesPanel(OverIterations):
    """A curve for the training digits, faint, with its running mean, and one for the test digits.

    The axes begin as published, and become narrower where the test curve has settled.

    Attributes:
      reach: how far they reach: "" so, "whole" as published, "fit" where the curves are now.
    """

    def __init__(self, axes, title, quantity):
        """Show "accuracy" or "loss"."""
        super().__init__(axes, title, ["train_" + quantity, "test_" + quantity])
        self._quantity, self.reach = quantity, ""
        self._compared = ComparedCurves(axes, quantity)
        axes.set_ylim(whole_range(quantity))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        (batches,) = axes.plot([], [], color=TRAIN_COLOUR, alpha=FAINT)
        (train,) = axes.plot([], [], color=TRAIN_COLOUR, label="training")
        (test,) = axes.plot([], [], color=TEST_COLOUR, label="test")
        self._lines = [batches, train, test]
        self._best = axes.axhline(0, color=TEST_COLOUR, linestyle=":", visible=False)
        self._best_words = axes.text(0, 1, "", transform=axes.transAxes, color=TEST_COLOUR,
                                     ha="right", va="bottom")  # above the axes no curve is
        self._move(self._best, batches, train, test, self._best_words)

    @property
    def shows_whole(self):
        """bool, whether the axes reach as far as published, or further"""
        low, high = whole_range(self._quantity)
        return self.axes.get_ylim()[0] <= low and self.axes.get_ylim()[1] >= high

    @property
    def region(self):
        box = super().region  # and the words above it
        return Bbox.from_extents(box.x0, box.y0, box.x1, max(box.y1, self.cell.y1))

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, unit, is_small = self._scale
        figure = self.axes.figure  # the curves would run through a legend among them
        names = self.axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.1, handlelength=1.2,
            columnspacing=1.2, frameon=False, fontsize=points * 0.9, labelcolor=TEXT_COLOUR)
        title = width_of(BOLD * len(self.title.get_text()), self.title.get_fontsize(), figure)
        legend = width_of(LEGEND_LETTERS, points * 0.9, figure)
        best = width_of(BEST_LETTERS, points * 0.9, figure)
        names.set_visible(not is_small and title + legend <= width)
        self._best_words.set(x=1 - legend / width, y=1 + 6 * unit / height,
                             visible=not is_small and title + best + legend <= width)
        self._compared.place(width, *self._scale)

    def _set_sizes(self, points, unit):
        super()._set_sizes(points, unit)
        self._best_words.set_fontsize(points * 0.9)
        for line, width in zip((*self._lines, self._best), (*LINE_WIDTHS, 1)):
            line.set_linewidth(width * unit * 72 / self.axes.figure.dpi)

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), self.reach, [*scene.run.compared]

    def _limits(self):
        return (*super()._limits(), *self._compared.names)

    def _show(self, scene):
        super()._show(scene)
        self._compared.show(scene.run.compared)

    def _draw_curves(self, train, tests):
        batches, mean, test = self._lines
        batches.set_data(train.iterations, train.values)
        mean.set_data(train.iterations, running_mean(train.values))
        test.set_data(tests.iterations, tests.values)
        if self._quantity == "accuracy" and len(tests):
            best = tests.values.max()
            if best != self._best.get_ydata()[0]:
                self._drawn_to = 0  # the whole dotted line has moved, not only its end
            self._best.set(ydata=[best, best], visible=True)
            self._best_words.set_text(f"best {best:.4f}")

    def _heights(self, train, tests):
        values = later_half(tests)
        if self.reach == "whole" or not len(values):
            return whole_range(self._quantity, values)
        narrowest = narrowest_range(self._quantity, values)
        if self.reach == "fit" and narrowest == whole_range(self._quantity, values):
            return fitted_range(np.concatenate([values, later_half(train, running_mean)]))
        return narrowest


class ComparedCurves:
    """Lines and names of runs that are over. They stay: they are drawn with the axes.

    Attributes:
      names: a list of str, of the runs that are shown.
    """

    def __init__(self, axes, quantity):
        """Show the "accuracy" or the "loss" in matplotlib axes."""
        self._axes, self._quantity = axes, quantity
        self.names, self._lines, self._legend, self._room = [], [], None, ()

    def show(self, runs):
        """Show those `runs` that are not shown yet: dictionaries of `Curve`, by their names."""
        new = [name for name in runs if name not in self.names]
        for name in new:
            colour = COLOURS[len(self.names) % len(COLOURS)]
            for kind, (opacity, _) in LINES.items():
                curve = runs[name][kind + self._quantity]
                values = running_mean(curve.values) if kind == "train_" else curve.values
                self._lines += self._axes.plot(curve.iterations, values, color=colour,
                                               alpha=opacity, zorder=1)
            self.names.append(name)
        if new:
            self.place(*self._room)

    def place(self, width, points, unit, is_small):
        """Choose sizes: the axes are `width` pixels wide; as for a `Panel`."""
        figure, self._room = self._axes.figure, (width, points, unit, is_small)
        for line, (_, pixels) in zip(self._lines, [*LINES.values()] * len(self.names)):
            line.set_linewidth(pixels * unit * 72 / figure.dpi)
        if self._legend is not None:
            self._legend.remove()
            self._legend = None
        letters = KEY_LETTERS + max(map(len, self.names), default=0)
        if self.names and not is_small and width_of(letters, 0.9 * points, figure) <= width:
            self._legend = self._axes.add_artist(Legend(
                self._axes, self._lines[1::2], self.names, loc="best",  # off the curves
                frameon=False, fontsize=0.9 * points, labelcolor="linecolor", handlelength=1.2))
