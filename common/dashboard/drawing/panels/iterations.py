"""Panels over the iterations, and how far their axes reach; how weights and biases spread."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.drawing.panel import Panel
from common.dashboard.drawing.style import BANDS_COLOUR, FAINT_COLOUR, GRID_COLOUR

LEAST_ITERATIONS = 100  # of the axes, at the beginning of a run
STRIP_MARGIN = 5        # pixels: more than a line's width
BAND_OPACITY = (0.18, 0.34, 0.55, 0.85, 0.55, 0.34, 0.18)  # the middle seventh is the darkest
LEAST_HEIGHT = 0.1      # of the axes, where all values are 0

RANGES = {  # of the y axes: as published, then narrower ones
    "accuracy": ((0, 1), (0.5, 1), (0.8, 1), (0.9, 1), (0.95, 1), (0.98, 1)),
    "loss": ((0, 100), (0, 50), (0, 20), (0, 10), (0, 5), (0, 2)),
}
SETTLED_TESTS = 8          # so many have to be in a narrower range before it is taken
HEADROOM = 0.15            # of a range: how far from its open end they have to be
OUTSIDE_TESTS = 4          # so many have to be outside the published range before it grows
GROWTH = 50                # the steps in which it does
MEAN_OF = 25               # training batches, at most


class OverIterations(Panel):
    """A panel with the iterations from left to right. Its axes grow with the run, in steps."""

    can_zoom = True
    margins = 52, 30, 30, 38  # below, there is a word

    def __init__(self, axes, title, names):
        """Show the curves with these names."""
        super().__init__(axes, title)
        self._names = names
        self._drawn_to, self._drawn_before = 0, 0  # iterations that all curves have reached
        axes.grid(color=GRID_COLOUR)
        axes.set_xlim(0, 1)
        axes.set_xlabel("iterations", ha="right", va="bottom", color=FAINT_COLOUR)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, unit, is_small = self._scale
        self.axes.xaxis.label.set(fontsize=points * 0.9, visible=not is_small)
        self.axes.xaxis.set_label_coords(1, -36 * unit / height)

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


def step_up(value):
    """The least of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below `value`, a float above 0.

    Axes that grow in such steps seldom change, and so seldom have to be painted anew.
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(f"{step * power:.12g}" for step in (1, 2, 5, 10, 20)
                      if step * power >= value * (1 - 1e-9)))


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


def whole_range(quantity, values=()):
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
