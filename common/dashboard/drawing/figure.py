"""The whole dashboard on a matplotlib figure: panels, a status line, buttons, the list of keys.

It draws on any canvas: of a window, of a browser's page, of a picture file.
"""

import dataclasses

import numpy as np
from matplotlib.transforms import Bbox

from common.dashboard.drawing.panels import PANELS, VIEWS, View
from common.dashboard.drawing.scene import Scene
from common.dashboard.drawing.strips import Buttons, KeyList, Status
from common.dashboard.drawing.style import DPI, HEIGHT, POINTS, WIDTH

PANEL_WIDTH, PANEL_HEIGHT = 426, 320  # pixels of one of six panels in a window of common size
LARGEST_SCALE, SMALLEST_SCALE = 1.6, 0.7
LEAST_WIDTH, LEAST_HEIGHT = 190, 135  # pixels of a panel: below that, only its title and picture
MAIN_SHARE = 0.6                      # of the width, or of the height, at most for a main panel
SMALL_MARGINS = 8, 8, 22, 6  # of a panel without ticks


class DashboardFigure:
    """The panels of a view, which follow a run.

    Attributes:
      figure: the matplotlib Figure.
      scene: the `Scene` that is shown.
      view: the name of the view, of `VIEWS`.
      buttons, keys: `strips.Buttons` and `strips.KeyList`.
    """

    def __init__(self, figure, run, keys=(), has_buttons=True):
        """Draw on a figure.

        Args:
          figure: a matplotlib Figure with a canvas.
          run: a `Run`, to follow.
          keys: the rows of `viewer.KEYS`, for a screen; a file has no keys and no buttons.
          has_buttons: bool, whether their buttons are drawn here.
        """
        self.figure, self.scene, self.view = figure, Scene(run), "all"
        self._panels = {name: make(figure.add_axes((0, 0, 1, 1), label=name))
                        for name, make in PANELS.items()}
        self._status = Status(figure)
        self.buttons = Buttons(figure, keys if has_buttons else ())
        self.keys = KeyList(figure, keys)
        self._backgrounds = None  # what stays, by part, copied when it was drawn
        self._below_keys = None   # what the list of keys hides, copied when it was opened
        self.arrange()

    @property
    def panels(self):
        """The panels of the view by name, a dictionary."""
        return {name: self._panels[name] for name in VIEWS[self.view].panels}

    @property
    def sheet(self):
        """The `SheetPanel`, to write on."""
        return self._panels["sheet"]

    @property
    def is_sheet(self):
        """bool, whether one can write in the view"""
        return "sheet" in self.panels

    @property
    def can_zoom(self):
        """bool, whether there is something to zoom into"""
        return any(panel.can_zoom for panel in self.panels.values())

    @property
    def is_zoomed(self):
        """bool, whether a part of something is shown"""
        return any(panel.zoom is not None for panel in self.panels.values())

    @property
    def has_curves(self):
        """bool, whether `toggle_whole` changes what is seen"""
        return not self.panels.keys().isdisjoint(("accuracy", "loss"))

    @property
    def question(self):
        """What the view wants to know of the network, one of the `questions`: what its first panel
        that has a question wants to know. None for nothing.
        """
        kinds = [panel.question for panel in self.panels.values() if panel.question is not None]
        if not kinds:
            return None
        if not self.is_sheet:
            self.scene.choose_sample()
        return kinds[0].of(self.scene)

    def show_view(self, name):
        """Show one of `VIEWS`. Takes effect with the next whole drawing."""
        self.view = name
        self.arrange()

    def toggle_whole(self):
        """Show the curves' axes as published, or where the curves are."""
        panels = self._panels["accuracy"], self._panels["loss"]
        reach = "fit" if all(panel.shows_whole for panel in panels) else "whole"
        for panel in panels:
            panel.reach = reach

    def undo_zooms(self):
        """Show every panel whole again."""
        for panel in self._panels.values():
            panel.zoom_to(None, None)

    def repaint_in_part(self):
        """Repaint in part from now on, on a canvas that can: for windows and movies."""
        self.figure.canvas.mpl_connect("draw_event", self._after_drawing)
        self.figure.canvas.mpl_connect("resize_event", self._on_resize)

    def _on_resize(self, event):
        """The canvas will draw the whole figure next, as it should be at the new size."""
        self.arrange()
        self.update()

    def update(self, with_status=True):
        """Take in what is new in the scene, as far as it is visible.

        Args:
          with_status: bool, whether to include the status line, whose text is slow to draw.

        Returns:
          The parts to be painted anew, a list to hand to `repaint`; None where only drawing the
          whole figure will do. While the list of keys is open, what is new waits behind it.
        """
        is_painted = self._below_keys is not None
        changed = [self.keys] if self.keys.is_open != is_painted else []
        if self.keys.is_open and self.can_repaint:
            return changed
        for part in self._parts():
            if part is self._status and not with_status:
                continue
            change = part.update(self.scene)
            if change:
                changed.append(part)
            if change == "all" and self.can_repaint:
                self._backgrounds.pop(part, None)  # of no use any more
        return changed if self.can_repaint else None

    @property
    def can_repaint(self):
        """bool, whether `repaint` would do, since all has been drawn and is where it was"""
        return self._backgrounds is not None

    def repaint(self, parts):
        """Paint some parts anew on the figure's canvas; the rest of the picture stays."""
        for part in parts:
            if part is self.keys:
                self._paint_keys()
                continue
            if part in self._backgrounds:
                self.figure.canvas.restore_region(self._backgrounds[part])
            else:
                part.draw_axes()
                self._backgrounds[part] = self.figure.canvas.copy_from_bbox(part.region)
            self._paint(part)

    def panel_at(self, event):
        """The panel under the mouse, for an event of matplotlib; None where there is none."""
        return next((panel for panel in self.panels.values() if panel.axes is event.inaxes), None)

    def title_at(self, event):
        """The name of the panel whose title is under the mouse; None where there is none."""
        return next((name for name, panel in self.panels.items()
                     if panel.cell.contains(event.x, event.y) and event.y > panel.axes.bbox.y1),
                    None)

    def _parts(self):
        strips = [self._status, self.buttons] if self.buttons.axes.get_visible() else [self._status]
        return [*self.panels.values(), *strips]

    def _paint(self, part):
        for artist in part.moving:
            part.axes.draw_artist(artist)

    def _paint_keys(self):
        """Paint the list of keys, or what is below it."""
        if self.keys.is_open:
            self._below_keys = self.figure.canvas.copy_from_bbox(self.keys.region)
            self.figure.draw_artist(self.keys.axes)
        else:
            self.figure.canvas.restore_region(self._below_keys)
            self._below_keys = None

    def _after_drawing(self, event):
        """The canvas has just drawn all that stays: keep copies of it, then paint the rest."""
        canvas = self.figure.canvas
        if canvas.is_saving():  # what it has now lacks the buttons
            self._backgrounds = None
            return
        self._backgrounds = {part: canvas.copy_from_bbox(part.region) for part in self._parts()}
        for part in self._parts():
            self._paint(part)
        self._below_keys = None
        if self.keys.is_open:
            self._paint_keys()

    def arrange(self):
        """Place everything for the figure's present size and view."""
        self._backgrounds = None
        width, height = np.maximum(self.figure.bbox.size, 50)  # it may be on its way to nothing
        view, pixel = VIEWS[self.view], self.figure.dpi / DPI
        sizes = sizes_for(self.figure, cells_of(view, width, height))
        below = self.buttons.place(width, sizes)
        below += self._status.place(below, width, sizes)
        self.keys.place(width, height, sizes)
        for panel in self._panels.values():
            panel.axes.set_visible(False)
        for panel, cell in zip(self.panels.values(),
                               cells_of(view, width, height - below)):
            self._place(panel, cell, below, sizes, is_small(cell, pixel))

    def _place(self, panel, cell, below, sizes, is_small):
        """Place a panel in its cell, with room around it for its title and ticks."""
        x, y, width, height = cell
        panel.cell = Bbox.from_bounds(x, below + y, width, height)
        left, right, title, ticks = (round(pixels * sizes.unit) for pixels in (
            SMALL_MARGINS if is_small else panel.margins))
        panel.axes.set_visible(True)
        panel.set_scale(sizes.points, sizes.unit, is_small)
        panel.set_title(panel.title.get_text(), width - left)
        panel.place(x + left, below + y + ticks, max(1, width - left - right),
                    max(1, height - title - ticks))


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How large things are: fonts in points, and what a pixel of a common window is, in pixels."""

    points: float
    unit: float


def sizes_for(figure, cells):
    """The `Sizes` for a matplotlib figure whose panels get these cells."""
    pixel = figure.dpi / DPI  # more than 1 on a high-density screen
    width, height = figure.bbox.size
    scale = min(width / WIDTH, height / HEIGHT) / pixel
    least = min(min(w / PANEL_WIDTH, h / PANEL_HEIGHT) for _, _, w, h in cells) / pixel
    scale = min(max(scale, min(1, least), SMALLEST_SCALE), LARGEST_SCALE)
    return Sizes(POINTS * scale, scale * pixel)


def cells_of(view, width, height):
    """Divide a box among the panels of a view.

    Args:
      view: a `View`.
      width, height: of the box, in pixels.

    Returns:
      A list of (left, bottom, width, height), in pixels, one for each panel.
    """
    count = len(view.panels)
    if view.has_main:
        return _main_and_others(count - 1, width, height)
    if view.upper:
        lower = round((1 - view.upper) * height)
        others = cells_of(View(view.panels[1:], view.shares), width, lower)
        return [(0, lower, width, height - lower), *others]
    columns = max(range(1, count + 1), key=lambda n: min(
        width / n / PANEL_WIDTH, height / -(-count // n) / PANEL_HEIGHT))
    rows = -(-count // columns)
    shares = view.shares if len(view.shares) == columns else (1,) * columns
    edges = [round(width * sum(shares[:n]) / sum(shares)) for n in range(columns + 1)]
    ends = [round(height * (rows - n) / rows) for n in range(rows + 1)]
    return [(edges[column], ends[row + 1], edges[column + 1] - edges[column],
             ends[row] - ends[row + 1])
            for row, column in (divmod(n, columns) for n in range(count))]


def _main_and_others(others, width, height):
    """A large cell at the left or above, the others one below another beside or below it."""
    if width > height:
        main = round(min(height, MAIN_SHARE * width))
        left, bottom_of_main, rest, rest_width = main, 0, height, width - main
        cells = [(0, bottom_of_main, main, height)]
    else:
        main = round(min(width, MAIN_SHARE * height))
        left, rest, rest_width = 0, height - main, width
        cells = [(0, height - main, width, main)]
    ends = [round(rest * (others - n) / others) for n in range(others + 1)]
    return cells + [(left, low, rest_width, high - low) for high, low in zip(ends, ends[1:])]


def is_small(cell, pixel):
    """Whether there is room for no more than a title and a picture in a cell."""
    _, _, width, height = cell
    return width < LEAST_WIDTH * pixel or height < LEAST_HEIGHT * pixel
