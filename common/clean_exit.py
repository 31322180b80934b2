"""How a script ends early: one clear sentence for the user's errors, no traceback for Ctrl-C."""

import os
import sys

EXIT_USER_ERROR = 1
EXIT_INTERRUPTED = 130  # the shell's convention for a program stopped by Ctrl-C: 128 + SIGINT


class UserError(Exception):
    """Something the user can put right. Its text is one clear sentence that says how."""


def reason(error):
    """An exception (Python's or TensorFlow's) in one line: the first of its text, or its name."""
    lines = str(getattr(error, "message", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def install():
    """Make this process end without a traceback on `UserError`, Ctrl-C and a closed output pipe.

    Any other exception is a bug of ours and keeps its traceback.
    """
    previous_hook = sys.excepthook

    def hook(kind, error, traceback):
        if issubclass(kind, UserError):
            print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
            sys.exit(EXIT_USER_ERROR)
        if issubclass(kind, KeyboardInterrupt):
            print("Stopped by Ctrl-C.", file=sys.stderr)
            sys.exit(EXIT_INTERRUPTED)
        if issubclass(kind, BrokenPipeError):  # for example: python mnist_1.0_softmax.py | head
            # What is still buffered has nowhere to go, and must not fail again at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_USER_ERROR)
        previous_hook(kind, error, traceback)

    sys.excepthook = hook


def before_exit(action):
    """Have `action()` called before an uncaught exception, Ctrl-C included, ends this process.

    `action` may print, so it is left out where the output is what failed.
    """
    previous_hook = sys.excepthook

    def hook(kind, error, traceback):
        if not issubclass(kind, BrokenPipeError):
            action()
        previous_hook(kind, error, traceback)

    sys.excepthook = hook
