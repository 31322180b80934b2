"""What a dashboard on a screen does: it follows the run, and answers keys and the mouse.

The same in a window and on a page.
"""

import time

from common import dashboard_figure
from common.run_state import RunState
from common.writer import Writer

TICK = 0.04   # seconds between two looks at what has arrived
FRAME = 0.33  # seconds from one repainting to the next: each takes time from the training
STATUS = 1.0  # seconds from one writing of the status line to the next: text is slow to draw


class Viewer:
    """Shows a run on a figure's canvas, and answers keys and the mouse."""

    def __init__(self, figure, inbox, tell):
        """Show what comes into `inbox`; `tell` is called with each word for the script."""
        self.run = RunState()
        self.dashboard = dashboard_figure.DashboardFigure(figure, self.run)
        self.dashboard.connect()
        self._canvas = figure.canvas
        self._inbox, self._tell = inbox, tell
        self._writer = Writer(self.run, self.dashboard.sheet, tell)
        self._view_before = dashboard_figure.ALL  # the user looked at a digit
        self._last_frame, self._last_status = 0.0, 0.0
        self._canvas.mpl_connect("key_press_event", self._on_key)
        self._canvas.mpl_connect("resize_event", lambda event: self._forget_zooms())
        self._canvas.mpl_connect("button_press_event", self._on_press)
        self._canvas.mpl_connect("motion_notify_event", self._writer.on_motion)
        self._canvas.mpl_connect("button_release_event", self._writer.on_release)

    def tick(self):
        """Show what has come, and ask for more if it is time to: to be called every `TICK`."""
        messages = self._inbox.take()
        for message in messages:
            self.run.apply(message)
        has_written = self._writer.tick()
        if (messages or has_written) and self.run.phase != "closed":
            self.repaint()
        if time.monotonic() - self._last_frame >= FRAME or self._writer.is_waiting:
            self._inbox.ask()

    def repaint(self):
        """Bring what is on the screen up to date."""
        parts = self._update()
        if parts is None:
            self._canvas.draw_idle()
        elif parts:
            self.dashboard.repaint(parts)
            self._show(parts)
        self._last_frame = time.monotonic()

    def _update(self):
        """Take what is new into the dashboard; return the parts to be painted anew."""
        now = time.monotonic()
        with_status = now - self._last_status >= STATUS or self.run.phase != "training"
        if with_status:
            self._last_status = now
        return self.dashboard.update(with_status)

    def _show(self, parts):
        """Copy what has changed to the screen."""
        for part in parts:
            self._canvas.blit(part.fresh)

    def _on_key(self, event):
        key = (event.key or "").removeprefix("shift+")
        if key in dashboard_figure.VIEWS:
            self._show_panels(dashboard_figure.VIEWS[key])
        elif key == "d" and self.run.reads_digits:
            is_writing = self.dashboard.view == dashboard_figure.WRITE
            self._show_panels(dashboard_figure.ALL if is_writing else dashboard_figure.WRITE)
        elif key == "c" and self.dashboard.view == dashboard_figure.WRITE:
            self._writer.clear()
        elif key == " " and self.run.phase in ("training", "paused"):
            self.run.phase = "paused" if self.run.phase == "training" else "training"
            self._tell(self.run.phase)
        elif key == "h":
            self._forget_zooms()
            self.dashboard.undo_zooms()
        elif key == "?":
            self.dashboard.toggle_keys()
        else:
            return
        self.repaint()

    def _on_press(self, event):
        """A click on a digit shows it large; the next one goes back."""
        toolbar = self._canvas.toolbar
        if event.button != 1 or (toolbar is not None and toolbar.mode):
            return
        if self.dashboard.view == dashboard_figure.WRITE:
            self._writer.on_press(event)
        elif self.dashboard.view == dashboard_figure.LOOK:
            self._show_panels(self._view_before)
            self.repaint()
        elif (sample := self.dashboard.sample_at(event)) is not None:
            self._view_before = self.dashboard.view
            self._show_panels(dashboard_figure.LOOK)
            self.run.sample = sample
            self.repaint()

    def _show_panels(self, view):
        self._forget_zooms()
        self._last_status = 0.0  # it tells other keys now
        self._writer.is_on = view == dashboard_figure.WRITE
        self.dashboard.show_panels(view)

    def _forget_zooms(self):
        """Empty the toolbar's list of former views, which do not fit a new arrangement."""
        if self._canvas.toolbar is not None:
            self._canvas.toolbar.update()
