"""What a dashboard on a screen does: it follows the run, and answers keys and the mouse.

The same in a window and on a page.
"""

import time

from common.dashboard.drawing.figure import VIEWS, DashboardFigure
from common.dashboard.link.looks import AskDigit
from common.dashboard.link.messages import Paused, Step
from common.dashboard.viewer.asking import Asker
from common.dashboard.viewer.keys import ACTIONS, KEYS
from common.dashboard.viewer.mouse import Mouse
from common.dashboard.viewer.writing import Writer
from common.dashboard.viewer.zooming import Zoom

STATUS = 1.0  # seconds from one writing of the status line to the next: text is slow to draw


class Viewer:
    """Shows a run on a figure's canvas, and answers keys and the mouse.

    Attributes:
      dashboard, writer, asker, zoom: a `DashboardFigure`, `Writer`, `Asker` and `Zoom`.
      keys: the rows of `KEYS`, with their buttons where the figure has those.
      seconds: float, how long the latest repainting took.
    """

    keys = KEYS

    def __init__(self, number, figure, run, tell):
        """Show a run.

        Args:
          number: int, of this viewer.
          figure: a matplotlib Figure with a canvas.
          run: a `Run`, to which somebody else applies what comes.
          tell: a function that sends a message to the script.
        """
        self.dashboard = DashboardFigure(figure, run, self.keys)
        self.dashboard.repaint_in_part()
        self._canvas, self._run, self._tell = figure.canvas, run, tell
        self._scene = self.dashboard.scene
        self.writer = Writer(self._scene, self.dashboard.sheet)
        self.asker = Asker(number, self._scene, tell)
        self.zoom = Zoom(self.dashboard)
        self._last_status, self.seconds = 0.0, 0.0
        self._canvas.mpl_connect("key_press_event", self._on_key)
        self._mouse = Mouse(self, self._canvas)

    def tick(self):
        """Take in what the user writes, and ask what the view asks; return whether it is new."""
        question = VIEWS[self.dashboard.view].asks(self._scene)
        self.asker.ask(question if self._can_ask(question) else None)
        return self.writer.tick()

    def _can_ask(self, question):
        """Whether the script's network can answer such a question."""
        return self._run.reads_digits if isinstance(question, AskDigit) else self._run.has_inside

    def repaint(self):
        """Bring what is on the screen up to date."""
        began = time.monotonic()
        parts = self.update()
        if parts is None:
            self._canvas.draw_idle()
        elif parts:
            self.dashboard.repaint(parts)
            self.copy(parts)
        self.seconds = time.monotonic() - began

    def update(self):
        """Take what is new into the dashboard; return the parts to be painted anew."""
        now = time.monotonic()
        with_status = now - self._last_status >= STATUS or self._run.phase != "training"
        if with_status:
            self._last_status = now
            self._scene.hint = self._hint()
        return self.dashboard.update(with_status)

    def copy(self, parts):
        """Copy what has changed to the screen."""
        for part in parts:
            self._canvas.blit(part.fresh)

    def save(self):
        """Save the picture, where its user wants it."""
        self._canvas.manager.toolbar.save_figure()

    def _hint(self):
        if self.zoom.is_on:
            return "zoom: draw a box, esc: end"
        return VIEWS[self.dashboard.view].hint or {
            "training": "space: pause   ?: all keys", "paused": "space: go on   ?: all keys",
        }.get(self._run.phase, "ctrl-s: save   ?: all keys")

    # what keys do

    def show_view(self, view):
        """Show one of `figure.VIEWS`."""
        self.zoom.end()
        self.writer.turn_on(VIEWS[view].is_sheet)
        self._scene.pointed = None
        self.dashboard.show_view(view)

    def toggle_writing(self):
        """Show the sheet to write on, if the run reads digits, or all panels again."""
        if self._run.reads_digits:
            self.show_view("all" if self._is_writing else "write")

    @property
    def _is_writing(self):
        return VIEWS[self.dashboard.view].is_sheet

    def toggle_inside(self, view):
        """Show a view of the network's inside, if it can be looked into, or all panels again."""
        if not self._run.has_inside:
            return
        if self._is_writing and "write " + view in VIEWS:
            view = "write" if self.dashboard.view == "write " + view else "write " + view
        elif self.dashboard.view == view:
            view = "all"
        self.show_view(view)

    def clear_sheet(self):
        """Take a new sheet."""
        if self._is_writing:
            self.writer.clear()

    def step(self):
        """Have one training step done in a pause."""
        if self._run.phase == "paused":
            self._tell(Step())

    def toggle_pause(self):
        """Pause the training, or have it go on."""
        if self._run.phase in ("training", "paused"):
            message = Paused(self._run.phase == "training")
            self._run.apply(message)  # at once, whatever the script is at
            self._tell(message)

    def start_zoom(self):
        """Have the next box that the user draws be zoomed into, where there is something to zoom.
        """
        self.zoom.is_on = any(panel.can_zoom for panel in self.dashboard.panels.values())

    def undo_zooms(self):
        """Show all panels whole again."""
        self.zoom.end()
        self.dashboard.undo_zooms()

    # events

    def _on_key(self, event):
        key = (event.key or "").removeprefix("shift+")
        if key == "escape" and self.zoom.is_on:
            self.zoom.end()
        elif key in ACTIONS:
            ACTIONS[key](self, key)
        else:
            return
        self.react()

    def react(self):
        """Show the effect of a key or click at once, with what to do next."""
        self._last_status = 0.0
        self.repaint()
