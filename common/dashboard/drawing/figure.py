"""The whole dashboard on a matplotlib figure: panels, a status line, buttons, the list of keys.

It draws on any canvas: of a window, of a browser's page, of a picture file.
"""

import numpy as np
from matplotlib.transforms import Bbox

from common.dashboard.drawing import layout
from common.dashboard.drawing.layout import View
from common.dashboard.drawing.panels.bands import BandsPanel
from common.dashboard.drawing.panels.curves import CurvesPanel
from common.dashboard.drawing.panels.digits import DigitsPanel, OwnDigitsPanel
from common.dashboard.drawing.panels.layers import LayersPanel
from common.dashboard.drawing.panels.mistakes import ConfusionPanel, MisreadPanel, PairPanel
from common.dashboard.drawing.panels.one_digit import (
    EvidencePanel,
    ProbabilitiesPanel,
    SamplePanel,
    SheetPanel,
)
from common.dashboard.drawing.panels.patch import PatchPanel
from common.dashboard.drawing.panels.weights import ExcitingPanel, NeuronPanel, WeightsPanel
from common.dashboard.drawing.scene import Scene
from common.dashboard.drawing.strips import Buttons, KeyList, Status
from common.dashboard.drawing.style import DPI

# What can be shown: a new panel is a class, and a row here; a view that shows it, a row below.
PANELS = {
    "accuracy": lambda axes: CurvesPanel(axes, "Accuracy", "accuracy"),
    "loss": lambda axes: CurvesPanel(axes, "Cross-entropy loss", "loss"),
    "train digits": lambda axes: DigitsPanel(axes, "Training digits", "train_digits", False),
    "weights": lambda axes: BandsPanel(axes, "Weights", "weights"),
    "biases": lambda axes: BandsPanel(axes, "Biases", "biases"),
    "test digits": lambda axes: DigitsPanel(axes, "Test digits", "test_digits", True),
    "sheet": SheetPanel,
    "sample": SamplePanel,
    "inverse": lambda axes: SamplePanel(axes, is_inverted=True),
    "probabilities": ProbabilitiesPanel,
    "neurons": WeightsPanel,
    "neuron": NeuronPanel,
    "exciting": ExcitingPanel,
    "layers": LayersPanel,
    "patch": PatchPanel,
    "evidence": EvidencePanel,
    "confusion": ConfusionPanel,
    "pair": PairPanel,
    "misread": MisreadPanel,
    "own": OwnDigitsPanel,
}
SMALL_MARGINS = 8, 8, 22, 6  # of a panel without ticks
SIX = "accuracy", "loss", "train digits", "weights", "biases", "test digits"

VIEWS = {
    "all": View(SIX, shares=(1, 1, 1.2)),
    **{name: View((name,)) for name in SIX},
    "curves": View(("accuracy", "loss")),
    "spread": View(("weights", "biases")),
    "digits": View(("train digits", "test digits")),
    "confusion": View(("confusion", "pair"), has_main=True,
                      hint="click a cell: its digits   m: misread digits   esc: back"),
    "misread": View(("misread",), hint="click: one of them   t: confusion matrix   esc: back"),
    "own": View(("own",)),
    "write": View(("sheet", "sample", "probabilities"), has_main=True,
                  hint="i: layer by layer   e: evidence   c: clear   esc: back"),
    "look": View(("sample", "inverse", "probabilities"), has_main=True, hint="click or esc: back"),
    "neurons": View(("neurons",), hint="click: one of them   esc: back"),
    "neuron": View(("neuron", "exciting"), hint="click: back to all   esc: six panels"),
    "inside": View(("layers", "patch", "probabilities"), shares=(2.4, 1), upper=0.54,
                   hint="click: keep a value   arrows: move it   esc: back"),
    "evidence": View(("evidence", "sample", "probabilities"), has_main=True,
                     hint="i: layer by layer   esc: back"),
    "write inside": View(("layers", "sheet", "patch", "probabilities"), shares=(1, 2.4, 1),
                         upper=0.54, hint="click: keep a value   c: clear   esc: back"),
    "write evidence": View(("sheet", "evidence", "probabilities"), has_main=True,
                           hint="c: clear   esc: back"),
}


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
        return VIEWS[self.view].is_sheet

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
        sizes = layout.sizes_for(self.figure, layout.cells_of(view, width, height))
        below = self.buttons.place(width, sizes)
        below += self._status.place(below, width, sizes)
        self.keys.place(width, height, sizes)
        for panel in self._panels.values():
            panel.axes.set_visible(False)
        for panel, cell in zip(self.panels.values(),
                               layout.cells_of(view, width, height - below)):
            self._place(panel, cell, below, sizes, layout.is_small(cell, pixel))

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
