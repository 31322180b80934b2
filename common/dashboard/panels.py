"""What all panels have in common, and the panels with the iterations from left to right.

Every panel separates what stays (axes, ticks, titles) from what moves with each new measurement:
its `moving` artists. A window can then repaint the moving ones alone, which is what makes it cheap.
"""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.style import (
    BANDS_COLOUR,
    FAINT_COLOUR,
    FRAME_COLOUR,
    GRID_COLOUR,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)

BAND_OPACITY = (0.18, 0.34, 0.55, 0.85, 0.55, 0.34, 0.18)  # the middle seventh is the darkest
LEAST_ITERATIONS = 100     # of the axes, at the beginning of a run
LEAST_HEIGHT = 1e-6
LINE_WIDTHS = 0.9, 1.6     # training digits, test digits; in pixels of a common screen
STRIP_MARGIN = 5           # pixels: more than a line's width
TITLE_HEIGHT = 24          # pixels above the axes
RANGES = {  # of the y axes: as published, then narrower ones
    "accuracy": ((0, 1), (0.5, 1), (0.8, 1), (0.9, 1), (0.95, 1), (0.98, 1)),
    "loss": ((0, 100), (0, 50), (0, 20), (0, 10), (0, 5), (0, 2)),
}
SETTLED_TESTS = 8          # so many have to be in a narrower range before it is taken
HEADROOM = 0.15            # of a range: how far from its open end they have to be


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


class Panel:
    """What all panels have in common.

    Attributes:
      axes: the matplotlib axes.
      title: the text above them.
      fresh: the part of `region` that the last update has changed.
      can_zoom: bool, whether its user can zoom into it.
      zoom: (xlim, ylim), what its user has zoomed into; None for the whole panel.
    """

    can_zoom = False

    def __init__(self, axes, title):
        self.axes = axes
        self._artists, self.zoom = [], None
        self._seen = None  # what of the scene is in the picture already
        self._scale = None
        self.title = axes.set_title(title, loc="left", y=1, fontweight="bold", color=TEXT_COLOUR)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_label_coords(0, 0)  # left to itself, matplotlib looks for a place, for long
        axes.set_facecolor("white")
        axes.set_axisbelow(True)
        axes.spines[:].set_color(FRAME_COLOUR)
        axes.tick_params(colors=FAINT_COLOUR, length=0)
        self._box = axes.add_patch(Rectangle((0, 0), 0, 0, fill=False, linestyle="--",
                                             edgecolor=TEXT_COLOUR, visible=False))
        self._box.set_animated(True)

    def _move(self, *artists):
        for artist in artists:
            artist.set_animated(True)  # left out of the picture of what stays
            artist.set_snap(False)     # a line must not move by itself when it ceases to be flat
        self._artists += artists

    @property
    def moving(self):
        """The artists to be drawn on top of the axes, in order."""
        return [*self._artists, self._box]

    def place(self, left, bottom, width, height):
        """Put the panel's picture in a box, given in pixels of the figure."""
        figure_width, figure_height = self.axes.figure.bbox.size
        self.axes.set_position([left / figure_width, bottom / figure_height,
                                width / figure_width, height / figure_height])

    def set_scale(self, points, unit, is_small):
        """Set sizes: the font's in points; `unit` is what a pixel of a common window is now.

        In a small panel there is no room for more than a title and the picture.
        """
        if (points, unit, is_small) != self._scale:  # it would take as long as drawing it
            self._scale = points, unit, is_small
            self._set_sizes(points, unit)
            self.axes.tick_params(labelleft=not is_small, labelbottom=not is_small)

    def _set_sizes(self, points, unit):
        self.title.set_fontsize(points * 1.1)
        self.axes.tick_params(labelsize=points * 0.9, pad=4 * unit)

    def update(self, scene):
        """Show the present `Scene`.

        Returns:
          What has to be painted anew: "" nothing, "moving" the moving artists, "all" the axes too.
        """
        limits = self._limits()
        seen = (self._what_is_seen(scene), limits)
        if seen == self._seen:
            return ""
        self._show(scene)
        self._seen = (seen[0], self._limits())
        self.fresh = self._changed_region()
        return "moving" if limits == self._limits() else "all"

    def zoom_to(self, xlim, ylim):
        """Show a part, from the next update on; None and None for the whole panel."""
        self.zoom = None if xlim is None else (xlim, ylim)
        self._seen = None

    def show_box(self, corners):
        """Show a box in the axes, ((x, y), (x, y)), or None for none."""
        self._box.set_visible(corners is not None)
        if corners is not None:
            (x, y), (to_x, to_y) = corners
            self._box.set_bounds(x, y, to_x - x, to_y - y)
        self.fresh = self.region

    @property
    def region(self):
        """The box that is painted anew, in pixels of the figure."""
        return self.axes.bbox.padded(2)  # half the width of a line at the border

    def _changed_region(self):
        return self.region

    def _limits(self):
        return (*self.axes.get_xlim(), *self.axes.get_ylim())


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

    def __init__(self, axes, title, quantity, legend):
        """Show "accuracy" or "loss"; `legend` is the corner for it, "lower right" for example."""
        super().__init__(axes, title, ["train_" + quantity, "test_" + quantity])
        self._quantity, self.is_whole = quantity, False
        axes.set_ylim(RANGES[quantity][0])
        (train,) = axes.plot([], [], color=TRAIN_COLOUR, label="training digits")
        (test,) = axes.plot([], [], color=TEST_COLOUR, label="test digits")
        self._lines = [train, test]
        self._legend = axes.legend(loc=legend, frameon=False, labelcolor=TEXT_COLOUR)
        self._best = axes.axhline(0, color=TEST_COLOUR, linestyle=":", visible=False)
        self._best_words = axes.text(1, 1, "", transform=axes.transAxes, ha="right",
                                     color=TEST_COLOUR)
        self._move(self._best, train, test, self._best_words)

    def set_scale(self, points, unit, is_small):
        super().set_scale(points, unit, is_small)
        self._legend.set_visible(not is_small)
        self._best_words.set_visible(not is_small)

    def _set_sizes(self, points, unit):
        super()._set_sizes(points, unit)
        for text in self._legend.get_texts():
            text.set_fontsize(points * 0.9)
        self._best_words.set(fontsize=points * 0.9, y=1 + 6 * unit / max(1, self.axes.bbox.height))
        for line, width in zip((*self._lines, self._best), (*LINE_WIDTHS, 1)):
            line.set_linewidth(width * unit * 72 / self.axes.figure.dpi)

    @property
    def region(self):
        box = self.axes.bbox.padded(2)  # with the best accuracy, which stands beside the title
        top = box.y1 + (TITLE_HEIGHT * self._scale[1] if self._quantity == "accuracy" else 0)
        return Bbox.from_extents(box.x0, box.y0, box.x1, top)

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), self.is_whole

    def _draw_curves(self, *curves):
        for curve, line in zip(curves, self._lines):
            line.set_data(curve.iterations, curve.values)
        tests = curves[1]
        if self._quantity == "accuracy" and len(tests):
            best = int(np.argmax(tests.values))
            self._best.set(ydata=[tests.values[best]] * 2, visible=True)
            self._best_words.set_text(f"best test accuracy {tests.values[best]:.4f}")

    def _heights(self, train, tests):
        return RANGES[self._quantity][0] if self.is_whole else narrowest_range(self._quantity,
                                                                               tests)


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
