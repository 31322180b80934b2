"""Curves over the iterations: of training and test digits and, faintly, of earlier runs."""

import numpy as np
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.drawing.panel import BOLD
from common.dashboard.drawing.panels.bands import OverIterations
from common.dashboard.drawing.style import TEST_COLOUR, TEXT_COLOUR, TRAIN_COLOUR, width_of

LINE_WIDTHS = 0.8, 1.8, 1.6  # training batches, their mean, test digits; pixels, common screen
FAINT = 0.3                # the opacity of single training batches
MEAN_OF = 25               # training batches, at most
LEGEND_LETTERS = 22        # the width of the legend, in letters
BEST_LETTERS = 13          # the width of the best accuracy in words, in letters

RANGES = {  # of the y axes: as published, then narrower ones
    "accuracy": ((0, 1), (0.5, 1), (0.8, 1), (0.9, 1), (0.95, 1), (0.98, 1)),
    "loss": ((0, 100), (0, 50), (0, 20), (0, 10), (0, 5), (0, 2)),
}
SETTLED_TESTS = 8          # so many have to be in a narrower range before it is taken
HEADROOM = 0.15            # of a range: how far from its open end they have to be
OUTSIDE_TESTS = 4          # so many have to be outside the published range before it grows
GROWTH = 50                # the steps in which it does

# Of earlier runs (--compare), behind those of the present one.
COLOURS = "#7c3aed", "#0f766e", "#be185d", "#a16207"
OPACITIES = {"train_": 0.2, "test_": 0.55}
WIDTHS = {"train_": 0.7, "test_": 1.3}  # pixels of a common window
KEY_LETTERS = 6  # the width of a short line beside a name, in letters


class CurvesPanel(OverIterations):
    """A curve for the training digits, faint, with its running mean, and one for the test digits.

    The axes begin as published, and become narrower where the test curve has settled.

    Attributes:
      reach: how far they reach: "" so, "whole" as published, "fit" where the
        curves are now.
    """

    def __init__(self, axes, title, quantity):
        """Show "accuracy" or "loss"."""
        super().__init__(axes, title, ["train_" + quantity, "test_" + quantity])
        self._quantity, self.reach = quantity, ""
        self._compared = ComparedCurves(axes, quantity)
        axes.set_ylim(RANGES[quantity][0])
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
        low, high = RANGES[self._quantity][0]
        return self.axes.get_ylim()[0] <= low and self.axes.get_ylim()[1] >= high

    @property
    def region(self):
        box = super().region  # and the words above it
        return Bbox.from_extents(box.x0, box.y0, box.x1, max(box.y1, self.cell.y1))

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, _, is_small = self._scale
        figure = self.axes.figure  # the curves would run through a legend among them
        self._legend = self.axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.1, handlelength=1.2,
            columnspacing=1.2, frameon=False, fontsize=points * 0.9, labelcolor=TEXT_COLOUR)
        title = width_of(BOLD * len(self.title.get_text()), self.title.get_fontsize(), figure)
        legend = width_of(LEGEND_LETTERS, points * 0.9, figure)
        best = width_of(BEST_LETTERS, points * 0.9, figure)
        self._legend.set_visible(not is_small and title + legend <= width)
        self._best_words.set(x=1 - legend / width, y=1 + 6 * self._scale[1] / height)
        self._best_words.set_visible(not is_small and title + best + legend <= width)
        self._width = width
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
        if len(scene.run.compared) > len(self._compared.names):
            self._compared.show(scene.run.compared)
            self._compared.place(self._width, *self._scale)

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
        self.names, self._lines, self._legend = [], [], None

    def show(self, runs):
        """Show those `runs` that are not shown yet: dictionaries of `Curve`, by their names."""
        for name in [name for name in runs if name not in self.names]:
            colour = COLOURS[len(self.names) % len(COLOURS)]
            for kind, opacity in OPACITIES.items():
                curve = runs[name][kind + self._quantity]
                values = running_mean(curve.values) if kind == "train_" else curve.values
                self._lines += self._axes.plot(curve.iterations, values, color=colour,
                                               alpha=opacity, zorder=1)
            self.names.append(name)

    def place(self, width, points, unit, is_small):
        """Choose sizes: the axes are `width` pixels wide; as for a `Panel`."""
        figure = self._axes.figure
        kinds = [*WIDTHS] * len(self.names)
        for line, kind in zip(self._lines, kinds):
            line.set_linewidth(WIDTHS[kind] * unit * 72 / figure.dpi)
        if self._legend is not None:
            self._legend.remove()
            self._legend = None
        letters = KEY_LETTERS + max(map(len, self.names), default=0)
        if self.names and not is_small and width_of(letters, 0.9 * points, figure) <= width:
            self._legend = self._axes.add_artist(Legend(
                self._axes, self._lines[1::2], self.names, loc="best",  # off the curves
                frameon=False, fontsize=0.9 * points, labelcolor="linecolor", handlelength=1.2))


def running_mean(values):
    """The mean of each of float [n] and those before it: a quarter of them, at most `MEAN_OF`.

    So it does not lag behind where much is learned.
    """
    number = np.arange(len(values))
    count = np.clip(number // 4, 1, MEAN_OF)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[number + 1] - sums[number + 1 - count]) / count


def later_half(curve, change=lambda values: values):
    """The finite values of a `run.Curve`, perhaps changed, in the later half of its iterations."""
    values = change(curve.values)[curve.iterations >= curve.last_iteration / 2]
    return values[np.isfinite(values)]


def whole_range(quantity, values):
    """The range of "accuracy" or "loss" as published; larger where all of the tests are outside."""
    low, high = RANGES[quantity][0]
    if len(values) >= OUTSIDE_TESTS and values.min() > high:
        high = GROWTH * np.ceil(values.max() / GROWTH)
    return low, high


def fitted_range(values):
    """The range in which some values are, in round steps."""
    low, high = values.min(), values.max()
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-3)))
    return step * np.floor(low / step), step * (np.floor(high / step) + 1)


def narrowest_range(quantity, values):
    """The narrowest of the `RANGES` in which the test curve has settled: two floats."""
    if len(values) >= SETTLED_TESTS:
        for low, high in reversed(RANGES[quantity]):
            margin = HEADROOM * (high - low)
            inside = values > low + margin if quantity == "accuracy" else values < high - margin
            if inside.all():
                return low, high
    return whole_range(quantity, values)
