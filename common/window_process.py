"""The script's side of the live window: starts its process, feeds it, hears from it."""

import atexit
import base64
import os
import pathlib
import pickle
import subprocess
import sys
import threading

from common.run_state import Queue

PROJECT = pathlib.Path(__file__).resolve().parent.parent
GRACE = 3.0  # seconds for a window that was told to close, before its process is ended


def has_screen():
    """Whether there is a screen to open a window on, as far as the environment tells."""
    return (not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))
            or bool(os.environ.get("WAYLAND_DISPLAY")))


class WindowProcess:
    """A window, or a page for a browser, in a process of its own.

    The window asks for what is new when it has time to draw it. What it is too slow for, or stuck,
    waits here: all the numbers, which are few, and the latest pictures.

    The window opens with the first message. Until then its process loads what it needs, so it is
    well started early.

    Attributes:
      state: "starting", "open", "closed" by its user, "failed" to open, "crashed".
      address: str, where a browser finds the page; None before it is served, and for a window.
      reason: str, why it failed or crashed.
      paused: bool, whether its user wants the training to pause.
      drawing: bytes, uint8 [28, 28] in C order, the digit that its user has drawn; or None.
    """

    def __init__(self, title, web=None):
        """Start the process.

        Args:
          title: str, the name of the script or model.
          web: int, the port on which to serve a page for a browser; None for a window.
        """
        self.state, self.address, self.reason, self.paused = "starting", None, "", False
        self.drawing = None
        self._changed = threading.Condition()
        self._outbox, self._asked = Queue(), False
        self._closing = False
        command = [sys.executable, "-m", "common.window", title, "--folder", os.getcwd()]
        if web is not None:
            command += ["--web", str(web)]
        # Drawing needs no threads of linear algebra, which would compete with the training.
        threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | threads, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True)  # out of the reach of Ctrl-C
        atexit.register(self.close)
        threading.Thread(target=self._send_all, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message):
        """Send a message to the window's `RunState`, a dictionary; returns at once."""
        with self._changed:
            self._outbox.add(message)
            self._changed.notify_all()

    def wait(self, condition, seconds=None):
        """Wait until `condition()` is true, or `seconds` have passed; return whether it is."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    @property
    def is_over(self):
        """Whether there is no window any more."""
        return self.state in ("closed", "failed", "crashed")

    def close(self):
        """Have the window closed, and make sure that its process is gone."""
        self._closing = True
        self.send({"phase": "closed"})
        is_gone = self.state != "starting" and self.wait(
            lambda: self._process.poll() is not None or self.is_over, GRACE)
        if not is_gone:
            self._process.kill()
        self._process.wait()

    def _send_all(self):
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._asked and len(self._outbox))
                    messages, self._asked = self._outbox.take(), False
                self._process.stdin.write(pickle.dumps(messages, pickle.HIGHEST_PROTOCOL))
                self._process.stdin.flush()
        except OSError:  # the window's process is gone: the listener tells why
            pass

    def _listen(self):
        for line in self._process.stdout:
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            with self._changed:
                if word == "more":
                    self._asked = True
                elif word == "ready":
                    self.state, self.address = "open", rest or None
                elif word in ("paused", "training"):
                    self.paused = word == "paused"
                elif word == "drawing":
                    self.drawing = base64.b64decode(rest) or None
                elif word in ("closed", "failed"):
                    self.state, self.reason = word, rest
                self._changed.notify_all()
        code = self._process.wait()
        with self._changed:
            if not self.is_over:
                before = self.state
                self.state = ("closed" if self._closing else
                              "failed" if before == "starting" else "crashed")
                self.reason = f"signal {-code}" if code < 0 else f"exit status {code}"
            self.paused = False
            self._changed.notify_all()
