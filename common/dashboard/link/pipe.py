"""Both ends of the pipe between a script and the process of its window or page.

Messages go as they are, pickled. The viewer asks for what is new when it has time to draw it; what
it is too slow for, or stuck, waits at the script's end: all numbers, which are few, and the latest
pictures. So neither end ever waits for the other.
"""

import atexit
import contextlib
import os
import pathlib
import pickle
import subprocess
import sys
import threading

from common.dashboard.link.messages import Closed, Failed, More, Opened, Paused, Question, Step
from common.dashboard.link.run import Outbox

PROJECT = pathlib.Path(__file__).resolve().parents[3]
BEGINNING = b"\0our messages\n"  # what Python's start has printed before it is not for us
GRACE = 3.0  # seconds for a window that was told to close, before its process is ended


class ViewerProcess:
    """The script's end: a window, or pages for browsers, in a process of its own.

    It opens with the first message. Until then its process loads what it needs, so it is well
    started early.

    Attributes:
      state: "starting", "open", "closed" by its user or by `close`, "failed".
      address: str, where a browser finds the page; None before it is served, and for a window.
      reason: str, why it failed, a sentence's beginning.
      is_paused: bool, whether there is a user who wants the training to pause.
      steps: int, the training steps asked for while it pauses, and not taken yet.
      questions: a dictionary, what each viewer wants to know now, one of the `questions`.
    """

    def __init__(self, title, web=None):
        """Start the process.

        Args:
          title: str, the name of the script or model.
          web: int, the port on which to serve pages for browsers; None for a window.
        """
        self.state, self.address, self.reason = "starting", None, ""
        self.is_paused, self.steps, self.questions = False, 0, {}
        _open_streams()
        self._changed = threading.Condition()
        self._outbox, self._is_asked = Outbox(), False
        # Drawing needs no threads of linear algebra, which would compete with the training.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
                                    "MKL_NUM_THREADS": "1"}
        # The import of matplotlib fails where this names what it does not know.
        backend = environment.pop("MPLBACKEND", "")
        command = [sys.executable, "-m", "common.dashboard.viewer.process", f"--title={title}",
                   f"--backend={backend}"]
        with contextlib.suppress(OSError):  # the current folder may be gone
            command += ["--folder", os.getcwd()]
        if web is not None:
            command += ["--web", str(web)]
        self._process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True)  # out of the reach of Ctrl-C
        atexit.register(self.close)
        threading.Thread(target=self._send_all, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message):
        """Send one of the `messages`; returns at once."""
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
        return self.state in ("closed", "failed")

    def close(self):
        """Have the window closed, and make sure that its process is gone."""
        had_begun = self.state != "starting"
        self.send(Closed())
        if not had_begun or not self.wait(lambda: self._process.poll() is not None or self.is_over,
                                          GRACE):
            self._process.kill()
        self._process.wait()

    def _send_all(self):
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_asked and len(self._outbox))
                    messages, self._is_asked = self._outbox.take(), False
                pickle.dump(messages, self._process.stdin, pickle.HIGHEST_PROTOCOL)
                self._process.stdin.flush()
        except OSError:  # the viewer's process is gone: the listener tells why
            _give_up(self._process.stdin)

    def _listen(self):
        try:
            while (line := self._process.stdout.readline()) and not line.endswith(BEGINNING):
                pass
            while True:
                self._take(pickle.load(self._process.stdout))
        except (EOFError, OSError, pickle.UnpicklingError):  # also in the middle of a message
            code = self._process.wait()
            reason = f"signal {-code}" if code < 0 else f"exit status {code}"
            if not self.is_over:
                self._take(Failed(f"The window's process has ended ({reason})"))

    def _take(self, message):
        with self._changed:
            match message:
                case More():
                    self._is_asked = True
                case Opened():
                    self.state, self.address = "open", message.address
                case Paused():
                    self.is_paused, self.steps = message.is_paused, 0
                case Step():
                    self.steps += 1
                case Question(question=None):
                    self.questions.pop(message.viewer, None)
                case Question():
                    self.questions[message.viewer] = message.question
                case Closed():
                    self.state, self.is_paused = "closed", False
                case Failed():
                    self.state, self.reason, self.is_paused = "failed", message.reason, False
            self._changed.notify_all()


def _open_streams():
    """Open descriptors 0 to 2 where they are closed, or a pipe would be taken for a stream."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free


class ScriptLink:
    """The viewer's end.

    Attributes:
      has_begun: bool, whether something has come.
      has_ended: bool, whether no more will come: the script's process is gone.
    """

    def __init__(self, messages, words):
        """Read lists of messages from a binary file, in a thread, and write to another one."""
        self._messages, self._words = messages, words
        self._arrived, self._has_asked = [], False
        self._something = threading.Event()
        self.has_begun, self.has_ended = False, False
        words.write(BEGINNING)
        words.flush()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        # The end may come in the middle of a message.
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self._arrived = pickle.load(self._messages)
                self.has_begun = True
                self._something.set()
        self.has_ended = True
        self._something.set()

    def wait_for_run(self):
        """Wait until the script has something to show; return whether it has, before its end."""
        self.ask()
        self._something.wait()
        return self.has_begun

    def ask(self):
        """Ask the script for what is new. It answers once, when there is something."""
        if not self._has_asked:
            self._has_asked = True
            self.tell(More())

    def take(self):
        """The messages that have come, a list."""
        messages = self._arrived
        if messages:  # nothing comes any more until it is asked for
            self._arrived, self._has_asked = [], False
        return messages

    def tell(self, message):
        """Send one of the `messages` to the script."""
        try:
            pickle.dump(message, self._words, pickle.HIGHEST_PROTOCOL)
            self._words.flush()
        except (OSError, ValueError):  # the script is gone, and `has_ended` will say so
            _give_up(self._words)


def _give_up(pipe):
    """Close a pipe that nobody reads: what is in its buffer must not fail again at the exit."""
    with contextlib.suppress(OSError):
        pipe.close()
