"""A digit that the user writes: from the sheet to the scene's sample."""

from common.dashboard.drawing.scene import Sample
from common.digits import preparation


class Writer:
    """Takes what the user writes to the scene."""

    def __init__(self, scene, sheet):
        """Write on a `SheetPanel`, for a `Scene`."""
        self._scene, self._sheet = scene, sheet
        self._is_on, self._is_pressed = False, False
        self._seen = 0  # points that are in the scene's sample already

    def turn_on(self, is_on):
        """Say whether the sheet is shown. What is on it stays until it is cleared."""
        if is_on and not self._is_on:
            self._seen = -1  # the sample may have been another one meanwhile
        self._is_on, self._is_pressed = is_on, False
        self._sheet.writing.lift()

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
