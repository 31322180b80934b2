"""A stage's window without a screen: the viewer's own code, drawn on pictures, in the same process.
"""

import sys
import time

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from common.dashboard.drawing.style import use_style
from common.dashboard.link.messages import Answer, Question
from common.dashboard.outputs.output import Output
from common.dashboard.viewer.viewer import ASK_EVERY, Viewer
from docs.steps import PROJECT

LONGER_THAN_ASK = 1.5 * ASK_EVERY     # seconds: the viewer waits between two questions
HANDS_IT_OUT = "Dashboard(options,"  # in each stage


class Window(Output):
    """Follows a run in this process, takes keys and a pen, and can be photographed.

    `watch` and `look` are for who uses it: a picture during the training, pictures after it.
    """

    def __init__(self, width, height, dpi):
        """A window of so many pixels, for a screen with so many in an inch."""
        use_style()
        self._figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
        self._canvas = FigureCanvasAgg(self._figure)
        self._told, self._question = [], None

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        self.viewer = Viewer(0, self._canvas, run, self._told.append)

    def send(self, message):
        self.watch(message)

    def finish(self):
        self.look()

    def watch(self, message):
        """Called with each message, when the run has taken it in."""

    def look(self):
        """Called when the training is over."""

    def press(self, key):
        """Press a key."""
        self._canvas.callbacks.process("key_press_event", KeyEvent("key_press_event",
                                                                   self._canvas, key))

    def write(self, stroke):
        """Draw a stroke on the sheet: yields after each of its points.

        Args:
          stroke: float [n, 2], x to the right and y down, 0 to 1.
        """
        axes = self.viewer.figure.sheet.axes
        for n, point in enumerate(stroke):
            self._mouse("motion_notify" if n else "button_press", axes.transData.transform(point))
            yield
        self._mouse("button_release", axes.transData.transform(stroke[-1]))

    def _mouse(self, what, place):
        name = what + "_event"
        self._canvas.callbacks.process(name, MouseEvent(name, self._canvas, *place, button=1))

    def photograph(self):
        """The window as it is now, its questions answered: a Pillow image, RGB."""
        self._answer()
        self.viewer.figure.update()
        self._canvas.draw()
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")

    def _answer(self):
        """Have the network, as it is now, answer what the view asks."""
        deadline = time.monotonic() + LONGER_THAN_ASK
        self._find()
        while time.monotonic() < deadline:
            self.viewer.tick()
            if self._told:
                self._find()
                deadline = time.monotonic() + LONGER_THAN_ASK
            time.sleep(0.02)

    def _find(self):
        """Answer the latest question once more."""
        for message in self._told:
            if isinstance(message, Question):
                self._question = message.question
        self._told.clear()
        if self._question is not None:
            found = self._question.answer(self._model)
            self.viewer.asker.take(Answer(0, self._question, found))


def show_stage(script, window, *arguments, changes=None):
    """Run a stage with a window as one more output.

    Args:
      script: str, its file name.
      window: a `Window`.
      arguments: str, what its command line has besides --text.
      changes: a dictionary from pieces of its code to what stands there instead, or None.
    """
    text = (PROJECT / script).read_text(encoding="utf-8")
    for old, new in {HANDS_IT_OUT: HANDS_IT_OUT + " outputs=[WINDOW],", **(changes or {})}.items():
        assert old in text, old
        text = text.replace(old, new)
    sys.argv = [str(PROJECT / script), "--text", *arguments]
    names = {"__name__": "__main__", "WINDOW": window}
    exec(compile(text, script, "exec"), names)
