"""What all panels have in common, and the panels with the iterations from left to right.

Every panel separates what stays (axes, ticks, titles) from what moves with each new measurement:
its `moving` artists. A window can then repaint the moving ones alone, which is what makes it cheap.
"""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from common.dashboard.drawing.compared import ComparedCurves
from common.dashboard.drawing.layout import points_for, width_of
from common.dashboard.drawing.ranges import RANGES, narrowest_range, step_up
from common.dashboard.drawing.style import (
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
BOLD = 1.12                # how much wider bold letters are
LEGEND_LETTERS = 22        # the width of the legend, in letters
STRIP_MARGIN = 5           # pixels: more than a line's width


class Panel:
    """What all panels have in common.

    Attributes:
      axes: the matplotlib axes.
      title: the text above them.
      cell: the box of the figure that it has to itself, with title and ticks, in pixels.
      fresh: the part of its cell that the last update has changed.
      can_zoom: bool, whether its user can zoom into it.
      zoom: (xlim, ylim), what its user has zoomed into; None for the whole panel.
      margins: around the axes, in pixels of a common window: left, right, above, below.
      question: the class of the `questions` whose answer it shows; None for none.
    """

    can_zoom, question = False, None
    margins = 52, 30, 30, 26

    def __init__(self, axes, title):
        self.axes = axes
        self._artists, self.zoom = [], None
        self._seen = None  # what of the scene is in the picture already
        self._scale, self._title_points, self._title_room = None, 1.0, np.inf
        self.title = axes.set_title(title, loc="left", y=1)
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
        pixel = 72 / self.axes.figure.dpi  # in points
        self._title_points = points * 1.1
        self.axes.set_title(self.title.get_text(), loc="left", y=1, pad=7 * unit * pixel,
                            fontweight="bold", color=TEXT_COLOUR)
        self.axes.tick_params(labelsize=points * 0.9, pad=5 * unit * pixel)

    def set_title(self, text, room=None):
        """Set the title, which is small where there are few pixels for it: `room`, or as before."""
        self._title_room = room or self._title_room
        self.title.set_text(text)
        self.title.set_fontsize(min(self._title_points, points_for(
            BOLD * len(text), self._title_room, self.axes.figure)))

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

    def draw_axes(self):
        """Draw what stays of the panel anew, on white paper; the rest of the figure stays."""
        figure, self.fresh = self.axes.figure, self.cell
        figure.patch.set_clip_box(self.cell)
        figure.draw_artist(figure.patch)
        figure.patch.set_clip_box(None)
        figure.draw_artist(self.axes)

    def zoom_to(self, xlim, ylim):
        """Show a part, from the next update on; None and None for the whole panel."""
        self.zoom = None if xlim is None else (xlim, ylim)
        self._seen = None

    def click(self, scene, x, y):
        """Take a click at a point, in the axes' coordinates; return the view to show, or None."""

    def point(self, scene, x, y):
        """Take it that the mouse is at a point; return whether that changes what is shown."""

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
