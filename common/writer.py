"""A digit that the user writes: from the sheet to the script, and what the network says of it."""

import base64
import dataclasses
import time

from common import preparation
from common.run_state import Sample

ASK = 0.1  # seconds from one question to the next, while the user writes


class Writer:
    """Takes what the user writes to the script, and its answers to the run's sample."""

    def __init__(self, run, sheet, tell):
        """Write on `sheet`, a `SheetPanel`; `tell` is called with each word for the script."""
        self._run, self._sheet, self._tell = run, sheet, tell
        self._is_on = False
        self._is_pressed = False
        self._seen = 0            # points that are in the run's sample already
        self._asked_about = b""   # the digit that the script works on
        self._last_question = 0.0
        self.is_waiting = False   # for an answer

    @property
    def is_on(self):
        """bool, whether the sheet is shown. What is on it stays until it is cleared."""
        return self._is_on

    @is_on.setter
    def is_on(self, is_on):
        self._is_on, self._is_pressed = is_on, False
        self._sheet.writing.lift()
        self._seen = -1  # the sample may have been another one meanwhile

    def on_press(self, event):
        self._is_pressed = True
        self.on_motion(event)

    def on_motion(self, event):
        if self._is_pressed and event.inaxes is self._sheet.axes:
            self._sheet.writing.write(event.xdata, event.ydata)
        elif self._is_pressed:
            self._sheet.writing.lift()

    def on_release(self, event):
        self._is_pressed = False
        self._sheet.writing.lift()

    def clear(self):
        """Take a new sheet."""
        self._sheet.writing.clear()

    def tick(self):
        """Bring sheet, question and answer together; return whether there is something new."""
        if not self._is_on:
            self._ask(b"")
            return False
        is_new = len(self._sheet.writing) != self._seen
        if is_new:
            self._seen = len(self._sheet.writing)
            self._run.sample = self._prepare()
        if self._run.sample is None:
            self._ask(b"")
        elif time.monotonic() - self._last_question >= ASK:
            self._ask(self._run.sample.image.tobytes())
        return self._take_answer() or is_new

    def _prepare(self):
        try:
            image = preparation.prepare(self._sheet.writing.ink)
        except preparation.NoDigit:
            return None
        before = self._run.sample.probabilities if self._run.sample is not None else None
        return Sample(image, "What the network sees", probabilities=before)

    def _ask(self, digit):
        if digit != self._asked_about:
            self._asked_about, self._last_question = digit, time.monotonic()
            self._tell("drawing " + base64.b64encode(digit).decode())
            self.is_waiting = bool(digit)

    def _take_answer(self):
        """Show the latest answer; while the user writes, it is about the digit of a moment ago."""
        answer, self._run.answer = self._run.answer, None
        if answer is None or self._run.sample is None:
            return False
        digit, probabilities = answer
        self.is_waiting = digit != self._asked_about
        self._run.sample = dataclasses.replace(self._run.sample, probabilities=probabilities)
        return True
