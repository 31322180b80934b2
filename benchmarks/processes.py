"""Running programs one at a time: each in a process of its own, which ends with this one."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

from common.clean_exit import UserError


class ProcessFailed(UserError):
    """A program that was to be measured failed. The text says what it said last."""


def run(name, command, environment=None, cpus=None):
    """Run a program to its end.

    Args:
      name: str, what to call it if it fails.
      command: a list of str; the first one is left out, it is this Python.
      environment: a dictionary of variables to set beside the present ones.
      cpus: int, how many processors it may use, where the system can tell it so; None for all.

    Returns:
      What it printed (str), and when it was started and over (seconds of time.monotonic()).

    Raises:
      ProcessFailed: its exit status is not 0.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | (environment or {}) | _threads(cpus),
        preexec_fn=None if cpus is None else lambda: _use(cpus),
        start_new_session=True)  # out of the reach of Ctrl-C, which is for this process
    try:
        printed, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    end = time.monotonic()
    if process.returncode != 0:
        said = errors.strip().splitlines()
        raise ProcessFailed(f"{name} ended with status {process.returncode}"
                            + (f": {said[-1]}" if said else ""))
    return printed, start, end


def can_limit_cpus():
    """Whether this system can keep a process to some of the processors, bool."""
    return hasattr(os, "sched_setaffinity")


@contextlib.contextmanager
def virtual_screen():
    """Give the environment (a dictionary) of a virtual screen, or None where there is no Xvfb."""
    if shutil.which("Xvfb") is None:
        yield None
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1200x24", "-dpi", "96",
         "-nolisten", "tcp", "-noreset"],
        pass_fds=[write], stderr=subprocess.DEVNULL, start_new_session=True)
    os.close(write)
    try:
        with os.fdopen(read) as number:
            yield {"DISPLAY": ":" + number.readline().strip()}
    finally:
        server.terminate()
        server.wait()


def _threads(cpus):
    names = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"
    return {} if cpus is None else {name: str(cpus) for name in names}


def _use(cpus):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cpus])


def _end(process):
    """End a process and those that it has started, which are in a session of their own."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
