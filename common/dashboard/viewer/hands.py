"""What the mouse, or a finger, does in a viewer: buttons, boxes to zoom into, the pen, a look."""

from common.dashboard.drawing.panels import SIX
from common.dashboard.drawing.scene import Sample
from common.digits import preparation


class Mouse:
    """Answers events of matplotlib for a `Viewer`."""

    def __init__(self, viewer, canvas):
        """Answer those of a canvas, as long as somebody keeps this: matplotlib does not."""
        self._viewer, self._figure = viewer, viewer.figure
        self._view_before = "all"  # the user looked closely at something
        self._is_pressed = False
        for name, react in (("button_press", self._on_press), ("motion_notify", self._on_motion),
                            ("button_release", self._on_release)):
            canvas.mpl_connect(name + "_event", react)

    def _on_press(self, event):
        """A button is pushed, or something in a panel."""
        if event.button != 1:
            return
        self._is_pressed = True
        viewer, panel = self._viewer, self._figure.panel_at(event)
        row = self._figure.buttons.key_at(event.x, event.y)
        title = self._figure.title_at(event)
        if self._figure.keys.is_open:
            self._figure.keys.toggle()
        elif row is not None:
            row.action(viewer, row.names[0])
        elif viewer.zoom.is_on:
            viewer.zoom.begin(event)
        elif title in SIX:
            viewer.show_view("all" if self._figure.view == title else title)
        elif panel is not None and panel is self._figure.sheet:
            viewer.pen.press(event)
            return
        else:
            self._look(panel, event)
        viewer.react()

    def _on_motion(self, event):
        """A box is drawn, or a digit, or something pointed at."""
        viewer, panel = self._viewer, self._figure.panel_at(event)
        zoomed = viewer.zoom.move(event)
        if zoomed is None:
            viewer.pen.move(event)
            if panel is not None and panel.point(
                    self._figure.scene, event.xdata, event.ydata, self._is_pressed):
                viewer.repaint()
        elif self._figure.can_repaint:
            self._figure.repaint([zoomed])
            viewer.copy([zoomed])

    def _on_release(self, event):
        """A box or a stroke of the pen ends."""
        self._is_pressed = False
        self._viewer.pen.release()
        if self._viewer.zoom.is_drawing:
            self._viewer.zoom.finish(event)
            self._viewer.react()

    def _look(self, panel, event):
        """A click in a panel shows what is there, in a view of its own; again: back."""
        view = self._figure.view
        if view in ("look", "neuron"):
            self._viewer.show_view(self._view_before)
        elif panel is not None:
            shown = panel.click(self._figure.scene, event.xdata, event.ydata)
            if shown is not None:
                self._view_before = view
                self._viewer.show_view(shown)


class Zoom:
    """One box: from the key that asks for it to the end of its drawing.

    Attributes:
      is_on: bool, whether the next box will be zoomed into.
    """

    def __init__(self, figure):
        """Zoom in the panels of a `DashboardFigure`."""
        self._figure = figure
        self.is_on, self._panel, self._start = False, None, None

    @property
    def is_drawing(self):
        """bool, whether a box is being drawn"""
        return self._panel is not None

    def begin(self, event):
        """Begin a box, for an event of matplotlib, if there is a panel to zoom into."""
        panel = self._figure.panel_at(event)
        if panel is not None and panel.can_zoom:
            self._panel, self._start = panel, (event.xdata, event.ydata)

    def move(self, event):
        """Draw the box to where the mouse is; return its panel, None where there is no box."""
        if self._panel is not None and event.inaxes is self._panel.axes:
            self._panel.show_box((self._start, (event.xdata, event.ydata)))
        return self._panel

    def finish(self, event):
        """Zoom into the box that ends where the mouse is."""
        panel, (x, y) = self._panel, self._start
        self.end()
        if event.inaxes is panel.axes and event.xdata != x and event.ydata != y:
            panel.zoom_to(sorted((x, event.xdata)), sorted((y, event.ydata)))

    def end(self):
        """Zoom into no box, though one may have been begun."""
        if self._panel is not None:
            self._panel.show_box(None)
        self.is_on, self._panel = False, None


class Pen:
    """Writes a digit on the sheet, and takes it to the scene."""

    def __init__(self, scene, sheet):
        """Write on a `SheetPanel`, for a `Scene`."""
        self._scene, self._sheet = scene, sheet
        self._is_on, self._is_pressed = False, False
        self._seen = 0  # points that are in the scene's sample already

    def turn_on(self, is_on):
        """Say whether the sheet is shown. What is on it stays until it is cleared."""
        if is_on and not self._is_on:
            self._seen = -1  # the sample may have been another one meanwhile
        self._is_on = is_on
        if self._is_pressed:
            self.release()

    def press(self, event):
        """Put the pen down where the mouse is, for an event of matplotlib."""
        self._is_pressed = True
        self.move(event)

    def move(self, event):
        """Move the pen."""
        if self._is_pressed and event.inaxes is self._sheet.axes:
            self._sheet.writing.write(event.xdata, event.ydata)
        elif self._is_pressed:
            self._sheet.writing.lift()

    def release(self):
        """Lift the pen."""
        self._is_pressed = False
        self._sheet.writing.lift()

    def clear(self):
        """Take a new sheet."""
        self._sheet.writing.clear()

    def tick(self):
        """Bring what was written into the scene; return whether there is something new."""
        is_new = self._is_on and len(self._sheet.writing) != self._seen
        if is_new:
            self._seen = len(self._sheet.writing)
            self._scene.sample = self._prepare()
        return is_new

    def _prepare(self):
        try:
            image = preparation.prepare(self._sheet.writing.ink)
        except preparation.NoDigit:
            return None
        before = self._scene.sample.probabilities if self._scene.sample is not None else None
        return Sample(image, "What the network sees", probabilities=before)
