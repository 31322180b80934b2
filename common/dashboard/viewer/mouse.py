"""What the mouse, or a finger, does in a viewer: buttons, boxes to zoom into, the pen, a look."""


class Mouse:
    """Answers events of matplotlib for a `Viewer`."""

    def __init__(self, viewer, canvas):
        """Answer those of a canvas, as long as somebody keeps this: matplotlib does not."""
        self._viewer, self._dashboard = viewer, viewer.dashboard
        self._view_before = "all"  # the user looked closely at something
        for name, react in (("button_press", self._on_press), ("motion_notify", self._on_motion),
                            ("button_release", self._on_release)):
            canvas.mpl_connect(name + "_event", react)

    def _on_press(self, event):
        """A button is pushed, or something in a panel."""
        if event.button != 1:
            return
        viewer, panel = self._viewer, self._dashboard.panel_at(event)
        row = self._dashboard.buttons.key_at(event.x, event.y)
        if row is not None:
            row.action(viewer, row.names[0])
        elif viewer.zoom.is_on:
            viewer.zoom.begin(event)
        elif panel is not None and panel is self._dashboard.sheet:
            viewer.writer.press(event)
            return
        else:
            self._look(panel, event)
        viewer.react()

    def _on_motion(self, event):
        """A box is drawn, or a digit, or something pointed at."""
        viewer, panel = self._viewer, self._dashboard.panel_at(event)
        zoomed = viewer.zoom.move(event)
        if zoomed is None:
            viewer.writer.move(event)
            if panel is not None and panel.point(self._dashboard.scene, event.xdata, event.ydata):
                viewer.repaint()
        elif self._dashboard.can_repaint:
            self._dashboard.repaint([zoomed])
            viewer.copy([zoomed])

    def _on_release(self, event):
        """A box or a stroke of the pen ends."""
        self._viewer.writer.release()
        if self._viewer.zoom.is_drawing:
            self._viewer.zoom.finish(event)
            self._viewer.react()

    def _look(self, panel, event):
        """A click in a panel shows what is there, in a view of its own; again: back."""
        view = self._dashboard.view
        if view in ("look", "neuron"):
            self._viewer.show_view(self._view_before)
        elif panel is not None:
            shown = panel.click(self._dashboard.scene, event.xdata, event.ydata)
            if shown is not None:
                self._view_before = view
                self._viewer.show_view(shown)
