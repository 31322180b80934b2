"""The dashboard in a notebook: a picture below the cell, which is replaced again and again.

It is drawn in the process that trains, so it is drawn seldom. It answers no keys; the notebook's
button that interrupts a cell ends the run, as closing a window does.
"""

import io
import signal
import sys
import time

from common.dashboard.link.messages import Finished, Tested, Trained
from common.dashboard.outputs.files import drawn, has_curves
from common.dashboard.outputs.output import Output

SIZE = 1280, 720   # pixels
EVERY = 1.0        # seconds between two pictures, at least
SHARE = 0.08       # of the time that drawing may take


def is_here():
    """Whether this is code in a notebook: run by an IPython that has a page to show pictures on."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython
    return getattr(get_ipython(), "kernel", None) is not None  # in a terminal it has none


class Notebook(Output):
    """Shows the run below the cell that trains.

    Attributes:
      is_closed: bool, whether its user has interrupted the cell, and wants the run to end.
    """

    def __init__(self):
        self.is_closed = False
        self._shown = None  # what IPython calls a handle, once there is a picture
        self._next_time = 0.0

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        self._handler = signal.signal(signal.SIGINT, self._interrupt)

    def send(self, message):
        match message:
            case Trained() | Tested() if time.monotonic() >= self._next_time:
                self._show()
            case Finished() if has_curves(self._run):
                self._show()

    def finish(self):
        signal.signal(signal.SIGINT, self._handler)

    def _interrupt(self, number, frame):
        """End the run when the iteration has ended; a second interrupt does not wait."""
        self.is_closed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _show(self):
        from IPython.display import Image, display
        began = time.monotonic()
        with drawn(self._run, *SIZE) as dashboard:
            dashboard.update()
            png = io.BytesIO()
            dashboard.figure.savefig(png, format="png")
        picture = Image(png.getvalue())
        if self._shown is None:
            self._shown = display(picture, display_id=True)
        else:
            self._shown.update(picture)
        now = time.monotonic()
        self._next_time = now + max(EVERY, (now - began) / SHARE)
