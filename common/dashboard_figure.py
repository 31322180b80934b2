"""The whole dashboard on a matplotlib figure: six panels, a status line, the list of keys.

It draws on any canvas: of a window, of a browser's page, of a picture file.
"""

import matplotlib
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.transforms import Bbox

from common import quick_text, text_output
from common.digit_panels import ProbabilitiesPanel, SamplePanel, SheetPanel
from common.panels import GRID_COLOUR, TEST_COLOUR, TEXT_COLOUR, TRAIN_COLOUR, six_panels

ALL = (1, 2, 3, 4, 5, 6)
SHEET, SAMPLE, PROBABILITIES = 7, 8, 9  # the panels for a single digit
WRITE, LOOK = (SHEET, SAMPLE, PROBABILITIES), (SAMPLE, PROBABILITIES)
VIEWS = {"1": (1,), "2": (2,), "3": (3,), "4": (4,), "5": (5,), "6": (6,),
         "7": (1, 2), "8": (4, 5), "9": (3, 6), "0": ALL, "escape": ALL}

KEYS = (
    ("1 … 6", "one panel"),
    ("7", "accuracy and loss"),
    ("8", "weights and biases"),
    ("9", "the digits"),
    ("0, esc", "all six panels"),
    ("space", "pause, go on"),
    ("o", "zoom into a box drawn with the mouse"),
    ("h", "undo all zooms"),
    ("click", "look at a digit, and back"),
    ("d", "write a digit; c: clear"),
    ("ctrl-s", "save the picture"),
    ("?", "show or hide this list"),
)

WIDTH, HEIGHT, DPI = 1280, 720, 100  # of a window on a common screen, in pixels
POINTS = 9.0                         # font size at that size of window
SHARES = (1, 1, 1.2)                 # of the width: more for the digits, which are many
LARGEST_SCALE, SMALLEST_SCALE = 1.4, 0.7
SMALLEST_STATUS_SCALE = 0.45         # in a narrow window, its words have to share the width


STYLE = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so the same on every machine
    "keymap.zoom": ["o"], "keymap.save": ["ctrl+s", "cmd+s"], "keymap.quit": ["ctrl+w", "cmd+w"],
    "keymap.fullscreen": ["f"], "keymap.pan": ["p"],
    # The keys of the dashboard are its own; the others should do nothing by accident.
    **{f"keymap.{name}": [] for name in ("home", "back", "forward", "help", "copy", "grid",
                                         "grid_minor", "yscale", "xscale", "quit_all")},
}


def use_style():
    """Set matplotlib's settings for the dashboard, whatever they are: how it looks is its own."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)


def size_in_inches(width, height):
    """A figure's size for so many pixels at `DPI`."""
    return width / DPI, height / DPI


class DashboardFigure:
    """Six panels that follow a run."""

    def __init__(self, figure, run, with_keys=True):
        """Draw on a figure.

        Args:
          figure: a matplotlib Figure with a canvas.
          run: a `RunState`, to follow.
          with_keys: bool, whether the status line tells keys; a file tells the run's title there.
        """
        self.figure = figure
        self._run = run
        self.panels = six_panels(figure) + [
            kind(figure.add_axes((0, 0, 1, 1), label=str(number))) for number, kind in
            ((SHEET, SheetPanel), (SAMPLE, SamplePanel), (PROBABILITIES, ProbabilitiesPanel))]
        self._view = ALL
        self._status = StatusLine(figure, self._keys_to_know if with_keys else _title)
        self._keys = KeyList(figure)
        self._backgrounds = None  # what stays, by part: copied when the whole figure was drawn
        self._layout()

    @property
    def view(self):
        """The numbers of the panels that are shown, a tuple of ints."""
        return self._view

    @property
    def sheet(self):
        """The `SheetPanel`, to write on."""
        return self.panels[SHEET - 1]

    def show_panels(self, view):
        """Show only the panels with these numbers. Takes effect with the next whole drawing."""
        self._view = view
        self._layout()

    def toggle_keys(self):
        """Show or hide the list of keys. Takes effect with the next whole drawing."""
        self._keys.axes.set_visible(not self._keys.axes.get_visible())
        self._backgrounds = None

    def undo_zooms(self):
        """Show every panel whole again. Takes effect with the next whole drawing."""
        for panel in self.panels:
            panel.undo_zoom(self._run)
        self._backgrounds = None

    def connect(self):
        """Repaint in part from now on, on a canvas that can: for windows."""
        quick_text.speed_up(self.figure.canvas)
        self.figure.canvas.mpl_connect("draw_event", self._after_drawing)
        self.figure.canvas.mpl_connect("resize_event", lambda event: self._layout())

    def update(self, with_status=True):
        """Take in what is new in the run, as far as it is visible.

        Args:
          with_status: bool, whether to include the status line, whose text is slow to draw.

        Returns:
          The parts to be painted anew, a list to hand to `repaint`; None where only drawing the
          whole figure will do.
        """
        changed, whole = [], self._backgrounds is None
        for part in self._panels_in_view() + (self._status.parts if with_status else []):
            change = part.update(self._run)
            whole |= change == "all"
            if change:
                changed.append(part)
        if whole or self._keys.axes.get_visible():
            self._backgrounds = None  # of no use any more
            return None
        return changed

    def repaint(self, parts):
        """Paint some parts anew on the figure's canvas; the rest of the picture stays."""
        canvas = self.figure.canvas
        for part in parts:
            canvas.restore_region(self._backgrounds[part])
            self._paint(part)

    def sample_at(self, event):
        """The `Sample` under the mouse, for an event of matplotlib; None where there is none."""
        for panel in self._panels_in_view():
            if event.inaxes is panel.axes and hasattr(panel, "sample_at"):
                return panel.sample_at(event.xdata, event.ydata)
        return None

    def _keys_to_know(self, run):
        """The keys that are most useful now."""
        if self._view == WRITE:
            return "c: clear   esc: back"
        if self._view == LOOK:
            return "click or esc: back"
        return {"training": "space: pause   ?: all keys",
                "paused": "space: go on   ?: all keys",
                "finished": "o: zoom   ctrl-s: save   ?: all keys"}[run.phase]

    def _panels_in_view(self):
        return [self.panels[number - 1] for number in self._view]

    def _paint(self, part):
        for artist in part.moving:
            part.axes.draw_artist(artist)

    def _after_drawing(self, event):
        """The canvas has just drawn all that stays: keep copies of it, then paint the rest."""
        canvas = self.figure.canvas
        if canvas.is_saving():
            return
        parts = self._panels_in_view() + self._status.parts
        self._backgrounds = {part: canvas.copy_from_bbox(part.region) for part in parts}
        for part in parts:
            self._paint(part)
        if self._keys.axes.get_visible():
            self.figure.draw_artist(self._keys.axes)

    def _layout(self):
        """Place everything for the figure's present size."""
        self._backgrounds = None
        width, height = self.figure.bbox.size
        if width < 50 or height < 50:  # on its way to be minimized
            return
        pixel = self.figure.dpi / DPI  # more than 1 on a high-density screen
        scale = min(width / WIDTH, height / HEIGHT) / pixel
        scale = min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)
        unit, points = scale * pixel, POINTS * scale

        strip = round(28 * unit)
        status_scale = max(SMALLEST_STATUS_SCALE, min(scale, width / WIDTH / pixel))
        self._status.place(width, strip, POINTS * status_scale, unit)
        self._keys.place(width, height, points, unit)

        rows, shares = self._grid(width, height)
        cell_height = (height - strip) / rows
        edges = [round(width * sum(shares[:column]) / sum(shares))
                 for column in range(len(shares) + 1)]
        left, right = round(52 * unit), round(22 * unit)
        title, ticks = round(32 * unit), round(26 * unit)
        for panel in self.panels:
            panel.axes.set_visible(False)
        for place, number in enumerate(self._view):
            panel = self.panels[number - 1]
            row, column = divmod(place, len(shares))
            x, cell_width = edges[column], edges[column + 1] - edges[column]
            y = strip + round((rows - 1 - row) * cell_height)
            panel.axes.set_visible(True)
            panel.place(x + left, y + ticks, max(1, cell_width - left - right),
                        max(1, int(cell_height) - title - ticks))
            panel.set_scale(points, unit)

    def _grid(self, width, height):
        """The number of rows of the view, and the columns' shares of the width."""
        if self._view == WRITE:
            return (1, (1.2, 0.8, 1)) if width >= height else (3, (1,))
        if len(self._view) == 2:
            return (1, (1, 1)) if width >= height else (2, (1,))
        return (1, (1,)) if len(self._view) == 1 else (2, SHARES)


class Strip:
    """Axes without ticks or frame, for text."""

    def __init__(self, figure, label, zorder):
        self.axes = figure.add_axes((0, 0, 1, 1), label=label, zorder=zorder)
        self.axes.set_axis_off()
        self.axes.set_navigate(False)
        self.axes.set(xlim=(0, 1), ylim=(0, 1))


class StatusField:
    """One piece of the status line. Drawing text takes long: only what has changed is painted."""

    def __init__(self, axes, x, width, words, align="left"):
        """Show what the function `words` makes of a run, in `width` of the line from `x`, 0 to 1.
        """
        self.axes, self._x, self._width, self._words = axes, x, width, words
        at = x if align == "left" else x + width
        self.text = axes.text(at, 0.42, "", va="center", ha=align, color=TEXT_COLOUR)
        self.text.set_animated(True)
        self.moving = [self.text]

    def place(self, line):
        left, width = int(self._x * line.width), int(self._width * line.width)
        self.region = self.fresh = Bbox.from_bounds(left, line.y0, width, line.height)

    def update(self, run):
        words = self._words(run)
        if words == self.text.get_text():
            return ""
        self.text.set_text(words)
        return "moving"


class ProgressBar:
    """A thin bar above the status line."""

    def __init__(self, axes):
        self.axes = axes
        self.track = axes.add_patch(Rectangle((0, 0), 1, 1, color=GRID_COLOUR, linewidth=0))
        self.bar = axes.add_patch(Rectangle((0, 0), 0, 1, linewidth=0))
        self.moving = [self.track, self.bar]
        for artist in self.moving:
            artist.set_animated(True)
        self._seen = None

    def place(self, line):
        self.region = self.fresh = line

    def update(self, run):
        seen = (run.iteration, run.last, run.phase)
        if seen == self._seen:
            return ""
        self._seen = seen
        self.bar.set_color(TEST_COLOUR if run.phase == "paused" else TRAIN_COLOUR)
        self.bar.set_width(run.iteration / run.last if run.last else 0)
        return "moving"


class StatusLine:
    """The line at the bottom: where the run is, what it has reached."""

    def __init__(self, figure, words_at_the_end):
        self._bar_axes = Strip(figure, "progress", zorder=5).axes
        self._axes = Strip(figure, "status", zorder=5).axes
        self.parts = [ProgressBar(self._bar_axes),
                      StatusField(self._axes, 0.01, 0.09, _phase),
                      StatusField(self._axes, 0.10, 0.18, _iteration),
                      StatusField(self._axes, 0.28, 0.09, _epoch),
                      StatusField(self._axes, 0.37, 0.11, _time_left),
                      StatusField(self._axes, 0.48, 0.17, _test_accuracy),
                      StatusField(self._axes, 0.65, 0.34, words_at_the_end, align="right")]

    def place(self, width, height, points, unit):
        figure_width, figure_height = self._axes.figure.bbox.size
        thin = max(2, round(3 * unit))
        self._bar_axes.set_position([0, (height - thin) / figure_height, 1, thin / figure_height])
        self._axes.set_position([0, 0, 1, (height - thin) / figure_height])
        self.parts[0].place(Bbox.from_bounds(0, height - thin, int(width), thin))
        for field in self.parts[1:]:
            field.place(Bbox.from_bounds(0, 0, int(width), height - thin))
            field.text.set_fontsize(points)


def _phase(run):
    return run.phase


def _iteration(run):
    return f"iteration {run.iteration:,}" + ("" if run.last is None else f" of {run.last:,}")


def _epoch(run):
    return "" if run.epoch is None else f"epoch {run.epoch}"


def _time_left(run):
    if run.seconds_left is None or run.phase == "finished":
        return ""
    return text_output.hours(run.seconds_left) + " left"


def _test_accuracy(run):
    curve = run.curves["test_accuracy"]
    return f"test accuracy {curve.values[-1]:.4f}" if len(curve) else ""


def _title(run):
    return run.title


class KeyList(Strip):
    """The list of keys, in front of everything; never in a saved picture."""

    def __init__(self, figure):
        super().__init__(figure, "keys", zorder=10)
        self.axes.set_visible(False)
        self.axes.set_animated(True)
        self.axes.add_patch(FancyBboxPatch(
            (0, 0), 1, 1, boxstyle="square,pad=0", facecolor="white", edgecolor=TEXT_COLOUR,
            clip_on=False))
        heights = [1 - (row + 1) / (len(KEYS) + 1) for row in range(len(KEYS))]
        self._texts = [
            text for height, (key, meaning) in zip(heights, KEYS)
            for text in (self.axes.text(0.24, height, key, ha="right", va="center",
                                        fontweight="bold", color=TRAIN_COLOUR),
                         self.axes.text(0.3, height, meaning, va="center", color=TEXT_COLOUR))]

    def place(self, width, height, points, unit):
        box_width, box_height = min(1, 440 * unit / width), min(1, 380 * unit / height)
        self.axes.set_position([(1 - box_width) / 2, (1 - box_height) / 2, box_width, box_height])
        for text in self._texts:
            text.set_fontsize(points * 1.15)
