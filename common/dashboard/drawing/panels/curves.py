"""Curves over the iterations: of training and test digits and, faintly, of earlier runs."""

import numpy as np
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.drawing.layout import width_of
from common.dashboard.drawing.panel import BOLD, Panel
from common.dashboard.drawing.style import (
    GRID_COLOUR,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)

LEAST_ITERATIONS = 100     # of the axes, at the beginning of a run
LINE_WIDTHS = 0.9, 1.6     # training digits, test digits; in pixels of a common screen
LEGEND_LETTERS = 22        # the width of the legend, in letters
STRIP_MARGIN = 5           # pixels: more than a line's width

RANGES = {  # of the y axes: as published, then narrower ones
    "accuracy": ((0, 1), (0.5, 1), (0.8, 1), (0.9, 1), (0.95, 1), (0.98, 1)),
    "loss": ((0, 100), (0, 50), (0, 20), (0, 10), (0, 5), (0, 2)),
}
SETTLED_TESTS = 8          # so many have to be in a narrower range before it is taken
HEADROOM = 0.15            # of a range: how far from its open end they have to be

# Of earlier runs (--compare), behind those of the present one.
COLOURS = "#7c3aed", "#0f766e", "#be185d", "#a16207"
OPACITIES = {"train_": 0.2, "test_": 0.55}
WIDTHS = {"train_": 0.7, "test_": 1.3}  # pixels of a common window
CORNERS = {"accuracy": "lower right", "loss": "upper right"}  # where curves seldom are
KEY_LETTERS = 6  # the width of a short line beside a name, in letters


class OverIterations(Panel):
    """A panel with the iterations from left to right. Its axes grow with the run, in steps."""

    can_zoom = True

    def __init__(self, axes, title, names):
        """Show the curves with these names."""
        super().__init__(axes, title)
        self._names = names
        self._drawn_to, self._drawn_before = 0, 0  # iterations that all curves have reached
        axes.grid(color=GRID_COLOUR)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))

    def _what_is_seen(self, scene):
        return [len(scene.run.curves[name]) for name in self._names], self.zoom

    def _show(self, scene):
        curves = [scene.run.curves[name] for name in self._names]
        xlim, ylim = self.zoom or (self._iterations(scene.run, curves), self._heights(*curves))
        self.axes.set(xlim=xlim, ylim=ylim)
        self._draw_curves(*curves)
        self._drawn_before = self._drawn_to
        self._drawn_to = min(curve.last_iteration for curve in curves)

    def _iterations(self, run, curves):
        end = step_up(max(LEAST_ITERATIONS, *(curve.last_iteration for curve in curves)))
        return 0, end if run.last is None else max(1, min(end, run.last))

    def _changed_region(self):
        """Only the end of the curves is new: copying a strip to the screen is all it takes."""
        region = self.region
        pixels, _ = self.axes.transData.transform([(self._drawn_before, 0)])[0]
        left = min(max(pixels - STRIP_MARGIN, region.x0), region.x1)
        return Bbox.from_extents(left, region.y0, region.x1, region.y1)


class CurvesPanel(OverIterations):
    """A curve for the training digits and one for the test digits.

    The axes begin as published, and become narrower where the test curve has settled.

    Attributes:
      is_whole: bool, whether they stay as published.
    """

    def __init__(self, axes, title, quantity):
        """Show "accuracy" or "loss"."""
        super().__init__(axes, title, ["train_" + quantity, "test_" + quantity])
        self._quantity, self.is_whole = quantity, False
        self._compared = ComparedCurves(axes, quantity)
        axes.set_ylim(RANGES[quantity][0])
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        (train,) = axes.plot([], [], color=TRAIN_COLOUR, label="training")
        (test,) = axes.plot([], [], color=TEST_COLOUR, label="test")
        self._lines = [train, test]
        self._best = axes.axhline(0, color=TEST_COLOUR, linestyle=":", visible=False)
        self._best_words = axes.text(
            0.01, 0, "", transform=axes.get_yaxis_transform(), color=TEST_COLOUR, clip_on=True,
            bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 1})
        self._move(self._best, train, test, self._best_words)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, _, is_small = self._scale
        figure = self.axes.figure  # the curves would run through a legend among them
        self._legend = self.axes.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.1, handlelength=1.2,
            columnspacing=1.2, frameon=False, fontsize=points * 0.9, labelcolor=TEXT_COLOUR)
        title = width_of(BOLD * len(self.title.get_text()), self.title.get_fontsize(), figure)
        legend = width_of(LEGEND_LETTERS, points * 0.9, figure)
        self._legend.set_visible(not is_small and title + legend <= width)
        self._best_words.set_visible(not is_small)
        self._width = width
        self._compared.place(width, *self._scale)

    def _set_sizes(self, points, unit):
        super()._set_sizes(points, unit)
        self._best_words.set_fontsize(points * 0.9)
        for line, width in zip((*self._lines, self._best), (*LINE_WIDTHS, 1)):
            line.set_linewidth(width * unit * 72 / self.axes.figure.dpi)

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), self.is_whole, [*scene.run.compared]

    def _limits(self):
        return (*super()._limits(), *self._compared.names)

    def _show(self, scene):
        super()._show(scene)
        if len(scene.run.compared) > len(self._compared.names):
            self._compared.show(scene.run.compared)
            self._compared.place(self._width, *self._scale)

    def _draw_curves(self, *curves):
        for curve, line in zip(curves, self._lines):
            line.set_data(curve.iterations, curve.values)
        tests = curves[1]
        if self._quantity == "accuracy" and len(tests):
            best = tests.values.max()
            if best != self._best.get_ydata()[0]:
                self._drawn_to = 0  # the whole dotted line has moved, not only its end
            low, high = self.axes.get_ylim()
            is_low = best - low < (high - low) / 5
            self._best.set(ydata=[best, best], visible=True)
            self._best_words.set(text=f"best {best:.4f}", y=best,
                                 va="bottom" if is_low else "top")

    def _heights(self, train, tests):
        return RANGES[self._quantity][0] if self.is_whole else narrowest_range(self._quantity,
                                                                               tests)


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
                self._lines += self._axes.plot(curve.iterations, curve.values, color=colour,
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
                self._axes, self._lines[1::2], self.names, loc=CORNERS[self._quantity],
                frameon=False, fontsize=0.9 * points, labelcolor="linecolor", handlelength=1.2))


def step_up(value):
    """The least of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below `value`, a float above 0.

    Axes that grow in such steps seldom change, and so seldom have to be painted anew.
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(f"{step * power:.12g}" for step in (1, 2, 5, 10, 20)
                      if step * power >= value * (1 - 1e-9)))


def narrowest_range(quantity, tests):
    """The narrowest of the `RANGES` in which the test curve has settled.

    Args:
      quantity: "accuracy" or "loss".
      tests: a `run.Curve`.

    Returns:
      Two floats, the limits.
    """
    values = tests.values[tests.iterations >= tests.last_iteration / 2]
    ranges = RANGES[quantity]
    if len(values) < SETTLED_TESTS:
        return ranges[0]
    for low, high in reversed(ranges):
        margin = HEADROOM * (high - low)
        inside = values > low + margin if quantity == "accuracy" else values < high - margin
        if inside.all():
            return low, high
    return ranges[0]
