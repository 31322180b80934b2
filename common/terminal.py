"""What a reader of the terminal sees: errors in a sentence, a clean end, a line of progress."""

import atexit
import contextlib
import os
import pathlib
import re
import shutil
import signal
import sys
import threading

EXIT_USER_ERROR = 1
LITTLE_ROOM = 50e6  # bytes; a disk with less is told to be nearly full
SIGNALS_TO_END = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM")
                  if hasattr(signal, name)]  # Windows has no SIGHUP


class UserError(Exception):
    """Something the user can put right. Its text is one clear sentence that says how."""

    def _render_traceback_(self):
        """What IPython, in a notebook, shows in place of a traceback."""
        return [str(self)]


class Stopped(KeyboardInterrupt):
    """A signal asks this process to end, as Ctrl-C does. Its argument is the signal's number."""


def is_cell():
    """Whether a notebook's process runs what is in a cell: its arguments are not the script's."""
    return os.path.basename(sys.argv[0]).endswith("kernel_launcher.py")  # Jupyter's, Colab's


def is_notebook():
    """Whether this is code in a notebook: run by an IPython that has a page to show pictures on."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython
    return getattr(get_ipython(), "kernel", None) is not None  # in a terminal it has none


def script_file():
    """The file name of the script that runs; "script" where it comes from a pipe or a cell."""
    name = readable(os.path.basename(sys.argv[0]))
    return "script" if is_cell() or name in ("", "-", "-c") else name


def readable(name):
    """A file name that can be shown, though its bytes may be no UTF-8."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def reason(error):
    """An exception (Python's or TensorFlow's) in one line: the first of its text, or its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(getattr(error, "message", None) or error)
    # TensorFlow tells first where in a graph it happened, and by which function.
    text = re.sub(r"\AGraph execution error:.*?^Node: [^\n]*\n", "", text, flags=re.S | re.M)
    lines = re.sub(r"\{\{function_node \S+\}\} ", "", text).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def room_left(folder):
    """Where a disk is nearly full, that in words, to append to a reason; "" where it is not."""
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < LITTLE_ROOM:
            return f" (the disk of {folder} has {free / 1e6:.1f} MB free)"
    return ""


def end_clearly():
    """Make this process end without a traceback on `UserError`, Ctrl-C and a closed output pipe.

    A closed terminal (SIGHUP) and a batch system's end (SIGTERM) raise `Stopped`, so that they end
    a script as Ctrl-C does. Any other exception is a bug of ours and keeps its traceback.
    """
    previous_hook = sys.excepthook

    def hook(kind, error, traceback):
        if issubclass(kind, UserError):
            say(f"{script_file()}: {error}")
            sys.exit(EXIT_USER_ERROR)
        if issubclass(kind, KeyboardInterrupt):
            number = signal.Signals(error.args[0] if kind is Stopped else signal.SIGINT)
            say("Stopped by Ctrl-C." if kind is not Stopped else f"Stopped by {number.name}.")
            sys.exit(128 + number)  # the shell's convention
        if issubclass(kind, BrokenPipeError):  # for example: python mnist_1.0_softmax.py | head
            silence(sys.stdout)
            sys.exit(EXIT_USER_ERROR)
        previous_hook(kind, error, traceback)

    sys.excepthook = hook
    for number in SIGNALS_TO_END:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's way
            signal.signal(number, _stop)


def _stop(number, frame):
    for each in SIGNALS_TO_END:  # one is enough, and often another follows: the end takes time
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


class HeldSignals:
    """Lets Ctrl-C, SIGTERM and SIGHUP wait while something should not be cut in two.

    A second one does not wait.

    Attributes:
      are_held: bool, whether they wait now.
    """

    def __init__(self):
        """Take over the handling of the signals, as far as this process has them."""
        self.are_held = False
        self._number, self._handlers = None, {}
        if threading.current_thread() is not threading.main_thread():
            return  # signals reach the main thread only
        for number in (signal.SIGINT, *SIGNALS_TO_END):
            if callable(signal.getsignal(number)):
                self._handlers[number] = signal.signal(number, self._handle)

    def _handle(self, number, frame):
        if self.are_held and self._number is None:
            self._number = number
        else:
            self._handlers[number](number, frame)

    @property
    def has_come(self):
        """bool, whether one waits"""
        return self._number is not None

    def release(self):
        """Hold no longer; a signal that has waited has its effect now."""
        self.are_held = False
        if self._number is not None:
            number, self._number = self._number, None
            self._handlers[number](number, None)


def before_exit(action):
    """Have `action` called before this process ends; it returns a list of what failed, str.

    It is called with the uncaught exception, Ctrl-C included, or with None at the script's end and
    after sys.exit(); perhaps with both, in this order. It may print. Ctrl-C ends it, too.
    """
    previous_hook = sys.excepthook

    def hook(kind, error, traceback):
        if issubclass(kind, BrokenPipeError):
            silence(sys.stdout)
        with contextlib.suppress(KeyboardInterrupt):
            action(error)
        previous_hook(kind, error, traceback)

    def at_end():
        with contextlib.suppress(KeyboardInterrupt):
            if action(None):
                os._exit(EXIT_USER_ERROR)  # the only way to a status from here

    sys.excepthook = hook
    atexit.register(at_end)


def silence(stream):
    """Send what is printed on a stream nowhere: it failed, and must not fail again at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text):
    """Print a line to the standard error stream, if anybody is there to read it."""
    with contextlib.suppress(OSError):  # the terminal is gone
        print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def whole_file(path):
    """Give the name of a file to write; it takes its place at `path` once it is complete.

    Raises:
      UserError: it cannot be written.
    """
    whole = pathlib.Path(path)
    partial = whole.with_name(f".{whole.stem}.{os.getpid()}{whole.suffix}")
    try:
        yield str(partial)
        os.replace(partial, whole)
    except OSError as error:
        raise UserError(f"cannot write {path}: {reason(error)}{room_left(whole.parent)}"
                        ) from error
    finally:
        with contextlib.suppress(OSError):  # what has failed above may fail again
            partial.unlink(missing_ok=True)


def _is_terminal(stream):
    """Whether a line can be rewritten there: IDLE's shell has no descriptor, and cannot do it."""
    try:
        return os.isatty(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return False


class StatusLine:
    """What is printed, and below it one line that is rewritten in place, on a terminal only.

    Attributes:
      stream: an open text file.
      active: bool, whether it is a terminal.
      failure: str, why nothing is printed any more; "" as long as it is.
    """

    def __init__(self, stream=None):
        """Write to `stream`, an open text file; by default sys.stdout."""
        self.stream = sys.stdout if stream is None else stream
        self.active = _is_terminal(self.stream)
        self._length, self.failure = 0, ""

    def show(self, text):
        """Put `text` (str) in place of what the line said, cut to the terminal's width."""
        if self.active:
            text = text[:shutil.get_terminal_size().columns - 1]
            self._write("\r" + text + " " * (self._length - len(text)))
            self._length = len(text)

    def clear(self):
        """Blank the line, so that what is printed next starts on a clean one."""
        if self._length:
            self.show("")
            self._write("\r")
            self._length = 0

    def say(self, text):
        """Print a line of text (str)."""
        self.clear()
        if self.stream is not None:
            self._write(text + "\n")

    def _write(self, text):
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError as error:
            silence(self.stream)
            self.active = False
            if isinstance(error, BrokenPipeError):  # nobody reads it: the script should end
                raise
            self.failure = f"what this prints cannot be written ({reason(error)})"
            say(self.failure)
