"""Zooming into a box that the user draws in a panel with the mouse."""


class Zoom:
    """One box: from the key that asks for it to the end of its drawing.

    Attributes:
      is_on: bool, whether the next box will be zoomed into.
    """

    def __init__(self, dashboard):
        """Zoom in the panels of a `DashboardFigure`."""
        self._dashboard = dashboard
        self.is_on, self._panel, self._start = False, None, None

    @property
    def is_drawing(self):
        """bool, whether a box is being drawn"""
        return self._panel is not None

    def begin(self, event):
        """Begin a box, for an event of matplotlib, if there is a panel to zoom into."""
        panel = self._dashboard.panel_at(event)
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
