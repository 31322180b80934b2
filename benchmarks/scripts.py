"""The scripts that are measured: what they are called, and how they are run."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from common.terminal import UserError

FOLDER = pathlib.Path(__file__).resolve().parent
PROJECT = FOLDER.parent

# The test accuracy that the codelab's text names for each of its stages.
MARKS = {"1.0": 0.92, "2.0": 0.97, "2.1": 0.98, "2.2": 0.98, "3.0": 0.989, "3.1": 0.99}

# By short names, files as seen from the project's folder.
STAGES = {path.name.split("_")[1]: path.name for path in sorted(PROJECT.glob("mnist_*.py"))}
VARIATIONS = {path.stem: f"variations/{path.name}"
              for path in sorted((PROJECT / "variations").glob("*.py"))}


def chosen(names, beginnings):
    """Those of some names that begin with one of `beginnings`; all where that is None.

    Raises:
      UserError: there is no such name.
    """
    for beginning in beginnings or []:
        if not any(name.startswith(beginning) for name in names):
            raise UserError(f"there is no script {beginning}; there are {', '.join(names)}")
    return [name for name in names if beginnings is None or name.startswith(tuple(beginnings))]


def one_by_one(jobs, words):
    """Yield jobs, and tell before each one how far we are and how long the rest may take.

    Args:
      jobs: a list.
      words: a function from a job to a str.
    """
    began = time.monotonic()
    for done, job in enumerate(jobs):
        minutes = (time.monotonic() - began) / max(done, 1) * (len(jobs) - done) / 60
        print(f"{done + 1} of {len(jobs)}: {words(job)}"
              + (f"; about {minutes:.0f} min left" if done else ""), flush=True)
        yield job


class Failed(UserError):
    """A program that was to be measured failed. The text says what it said last."""


def run(name, command, environment=None, folder=None):
    """Run a Python program to its end.

    Args:
      name: str, what to call it if it fails.
      command: a list, what follows "python".
      environment: a dictionary of variables to set beside the present ones.
      folder: the folder to run it in; None for the present one.

    Returns:
      The last line that it printed, str.

    Raises:
      Failed: its exit status is not 0.
    """
    done = subprocess.run(
        [sys.executable, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", errors="replace", cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | (environment or {}))
    if done.returncode != 0:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise Failed(f"{name} ended with status {done.returncode}: {said}")
    return (done.stdout.splitlines() or [""])[-1]


def run_script(path, options, environment=None):
    """Run a stage or a variation through timed_run.py.

    Args:
      path: pathlib.Path, the script.
      options: a list, its options.
      environment: as for `run`.

    Returns:
      A dictionary: wall, the seconds of the whole process; start, those up to the end of the first
      training step; loop, those after it, by activity (load, step, test, rest); tests, a list of
      [iteration, accuracy, loss]; misread, a dictionary from the numbers of the test digits misread
      last to the computed digits; iterations; megabytes, the most memory.

    Raises:
      Failed: its exit status is not 0.
    """
    with tempfile.TemporaryDirectory() as folder:  # some scripts leave pictures behind
        notes = pathlib.Path(folder, "notes.json")
        started = time.monotonic()
        run(path.name, [FOLDER / "timed_run.py", notes, started, path.resolve(), *options],
            environment, folder)
        wall = time.monotonic() - started
        return json.loads(notes.read_text(encoding="utf-8")) | {"wall": wall}
