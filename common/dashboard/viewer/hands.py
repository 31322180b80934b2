"""What the mouse, or a finger, does in a viewer: buttons, boxes to zoom into, the pen, a look."""

from common.dashboard.drawing.panels import SIX
from common.dashboard.drawing.scene import Sample
from common.digits.preparation import prepare


class Hands:
    """Answers events of the mouse for a `Viewer`.

    Attributes:
      will_zoom: bool, whether the next box that is drawn will be zoomed into.
    """

    def __init__(self, viewer, canvas):
        """Answer those of a canvas of matplotlib, as long as somebody keeps this."""
        self._viewer, self._figure = viewer, viewer.figure
        self._view_before = "all"   # the user looked closely at something
        self._is_pressed = self._is_writing = self.will_zoom = False
        self._box = None            # that is being drawn: its panel and where it begins
        self._taken = None          # points on the sheet that are in the scene's sample already
        for name, react in (("button_press", self._on_press), ("motion_notify", self._on_motion),
                            ("button_release", self._on_release)):
            canvas.mpl_connect(name + "_event", react)

    def _on_press(self, event):
        if event.button != 1:
            return
        self._is_pressed = True
        viewer, figure = self._viewer, self._figure
        panel, title = figure.panel_at(event), figure.title_at(event)
        row = figure.buttons.key_at(event.x, event.y)
        if figure.keys.is_open:
            figure.keys.toggle()
        elif row is not None:
            viewer.act(row, row.names[0])
        elif self.will_zoom:
            if panel is not None and panel.can_zoom:
                self._box = panel, (event.xdata, event.ydata)
        elif title in SIX:
            viewer.show_view("all" if figure.view == title else title)
        elif panel is figure.sheet:
            self._is_writing = True
            self._write(event)
            return
        else:
            self._look(panel, event)
        viewer.react()

    def _on_motion(self, event):
        if self._box is not None:
            self._draw_box(event)
        elif self._is_writing:
            self._write(event)
        else:
            panel = self._figure.panel_at(event)
            if panel is not None and panel.point(
                    self._figure.scene, event.xdata, event.ydata, self._is_pressed):
                self._viewer.repaint()

    def _on_release(self, event):
        self._is_pressed = self._is_writing = False
        self._figure.sheet.writing.lift()
        if self._box is not None:
            panel, (x, y) = self._box
            self.end_zoom()
            if event.inaxes is panel.axes and event.xdata != x and event.ydata != y:
                panel.zoom_to(sorted((x, event.xdata)), sorted((y, event.ydata)))
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

    def _draw_box(self, event):
        panel, start = self._box
        if event.inaxes is panel.axes:
            panel.show_box((start, (event.xdata, event.ydata)))
        if self._figure.can_repaint:
            self._figure.repaint([panel])
            self._viewer.copy([panel])

    def end_zoom(self):
        """Zoom into no box, though one may have been begun."""
        if self._box is not None:
            self._box[0].show_box(None)
        self.will_zoom, self._box = False, None

    def _write(self, event):
        sheet = self._figure.sheet
        if event.inaxes is sheet.axes:
            sheet.writing.write(event.xdata, event.ydata)
        else:
            sheet.writing.lift()

    def let_go(self):
        """Begin anew, in another view. What is on the sheet stays until it is cleared."""
        self.end_zoom()
        if self._is_writing:
            self._figure.sheet.writing.lift()
        self._is_writing, self._taken = False, None  # the sample may be another one meanwhile

    def take_written(self):
        """Make what is on the sheet the scene's sample; return whether there is something new."""
        writing, scene = self._figure.sheet.writing, self._figure.scene
        if not self._figure.is_sheet or len(writing) == self._taken:
            return False
        self._taken = len(writing)
        before = scene.sample.probabilities if scene.sample is not None else None
        scene.sample = Sample(prepare(writing.ink), "What the network sees",
                              probabilities=before) if writing.strokes else None
        return True
