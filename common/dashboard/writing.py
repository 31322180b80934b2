"""A digit that the user writes: from the sheet to the script, and what the network says of it."""

import dataclasses
import time

from common.dashboard.messages import Question
from common.dashboard.scene import Sample
from common.digits import preparation

ASK = 0.1  # seconds from one question to the next, while the user writes


class Writer:
    """Takes what the user writes to the script, and its answers to the scene's sample."""

    def __init__(self, number, scene, sheet, tell):
        """Write on a sheet.

        Args:
          number: int, that of the viewer.
          scene: the `Scene`.
          sheet: the `SheetPanel`.
          tell: a function that sends a message to the script.
        """
        self._number, self._scene, self._sheet, self._tell = number, scene, sheet, tell
        self._is_on, self._is_pressed = False, False
        self._seen = 0             # points that are in the scene's sample already
        self._asked_about = None   # the digit that the script works on
        self._last_question = 0.0
        self.is_waiting = False    # for an answer

    def turn_on(self, is_on):
        """Say whether the sheet is shown. What is on it stays until it is cleared."""
        self._is_on, self._is_pressed = is_on, False
        self._sheet.writing.lift()
        self._seen = -1  # the sample may have been another one meanwhile

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
        """Bring sheet, sample and question together; return whether there is something new."""
        if not self._is_on:
            self._ask(None)
            return False
        is_new = len(self._sheet.writing) != self._seen
        if is_new:
            self._seen = len(self._sheet.writing)
            self._scene.sample = self._prepare()
        if self._scene.sample is None:
            self._ask(None)
        elif time.monotonic() - self._last_question >= ASK:
            self._ask(self._scene.sample.image.tobytes())
        return is_new

    def _prepare(self):
        try:
            image = preparation.prepare(self._sheet.writing.ink)
        except preparation.NoDigit:
            return None
        before = self._scene.sample.probabilities if self._scene.sample is not None else None
        return Sample(image, "What the network sees", probabilities=before)

    def _ask(self, digit):
        if digit != self._asked_about:
            self._asked_about, self._last_question = digit, time.monotonic()
            self._tell(Question(self._number, digit))
            self.is_waiting = digit is not None

    def take(self, answer):
        """Show an `Answer`; while the user writes, it is about the digit of a moment ago."""
        if self._is_on and self._scene.sample is not None:
            self.is_waiting = answer.digit != self._asked_about
            self._scene.sample = dataclasses.replace(self._scene.sample,
                                                     probabilities=answer.probabilities)
