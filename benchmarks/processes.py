"""Running programs one at a time: each in a process of its own, which ends with this one."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common.errors import UserError

FOLDER = pathlib.Path(__file__).resolve().parent


class Failed(UserError):
    """A program that was to be measured failed. The text says what it said last."""


def run(name, command, environment=None, folder=None):
    """Run a Python program to its end; it ends with this one, too.

    Args:
      name: str, what to call it if it fails.
      command: a list, what follows "python".
      environment: a dictionary of variables to set beside the present ones.
      folder: the folder to run it in; None for the present one.

    Returns:
      What it printed, str.

    Raises:
      Failed: its exit status is not 0.
    """
    process = subprocess.Popen(
        [sys.executable, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8", errors="replace", cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | (environment or {}),
        start_new_session=True)  # out of the reach of Ctrl-C, which is for this process
    try:
        printed, errors = process.communicate()
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        said = (errors.strip() or "it said nothing").splitlines()[-1]
        raise Failed(f"{name} ended with status {process.returncode}: {said}")
    return printed


def _end(process):
    """End a process and those that it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def run_script(path, script_options, runner_options=(), environment=None):
    """Run a stage or a variation through timed_run.py, in a temporary folder.

    Args:
      path: pathlib.Path, the script.
      script_options, runner_options: lists, the options of the script and of timed_run.py.
      environment: as for `run`.

    Returns:
      A dictionary: the notes of timed_run.py, `started` (seconds of time.monotonic()) and `wall`,
      the seconds of the whole process.

    Raises:
      Failed: its exit status is not 0.
    """
    with tempfile.TemporaryDirectory() as folder:  # some scripts leave pictures behind
        notes = pathlib.Path(folder, "notes.json")
        started = time.monotonic()
        run(path.name, [FOLDER / "timed_run.py", *runner_options, notes, path, *script_options],
            environment, folder)
        wall = time.monotonic() - started
        return json.loads(notes.read_text(encoding="utf-8")) | {"started": started, "wall": wall}


@contextlib.contextmanager
def virtual_screen():
    """Open a virtual screen of 1920×1200 pixels.

    Gives its environment, a dictionary, and the file (pathlib.Path) that holds its pixels; or None
    where there is no Xvfb.
    """
    if shutil.which("Xvfb") is None:
        yield None
        return
    read, write = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1200x24", "-dpi", "96",
             "-nolisten", "tcp", "-noreset", "-fbdir", folder],
            pass_fds=[write], stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(write)
        try:
            with os.fdopen(read) as number:
                display = ":" + number.readline().strip()
            yield {"DISPLAY": display}, pathlib.Path(folder, "Xvfb_screen0")
        finally:
            server.terminate()
            server.wait()
