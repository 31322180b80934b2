"""Scripts and their windows as processes: closing, pausing, killing, with and without a screen."""

import json
import os
import re
import signal
import subprocess
import textwrap
import time

import pytest
from conftest import PROJECT, run_python, wait_until
from fed_viewer import Window, is_gone
from PIL import Image

from common.dashboard import dashboard

TITLE = "softmax in numpy"
EXAMPLE = textwrap.dedent(dashboard.__doc__.partition("in nothing but numpy:\n")[2]
                          .partition("\nWho has no loop")[0])
# The same with options, a seed, a test, and so many milliseconds between its iterations.
SCRIPT = "import argparse, json, sys, time\nfrom common import terminal\nterminal.end_clearly()\n"
SCRIPT += EXAMPLE.replace("reshape=False", "reshape=False, seed=0").replace(
    "Dashboard(", "Dashboard(argparse.Namespace(**json.loads(sys.argv[1])), ").replace(
    "    W += ", """\
    if dashboard.wants_test(i):
        dashboard.show_test(i, accuracy, loss, batch_X, Y, batch_Y)
    time.sleep(float(sys.argv[2]) / 1000)
    W += """)


class Run:
    """A script with a window, started by a test."""

    def __init__(self, process, folder, screen):
        self.process, self.folder, self.screen = process, folder, screen

    @property
    def output(self):
        return (self.folder / "output").read_text()

    @property
    def errors(self):
        return (self.folder / "errors").read_text()

    @property
    def rows(self):
        return re.findall(r"^ +\d+ .*$", self.output, re.MULTILINE)

    @property
    def last_iteration(self):
        return int(self.rows[-1].split()[0]) if self.rows else -1

    def window(self):
        """Its window, which gets the keys from now on; `process_id` is that of its process."""
        window = Window(self.screen, TITLE)
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
                                capture_output=True, text=True).stdout
        (window.process_id,) = map(int, listed.split())
        return window

    def wait(self, seconds=90):
        return self.process.wait(timeout=seconds)


@pytest.fixture
def start(start_python, tmp_path):
    """A function that starts a `Run`, with a window if there is a `screen`."""
    def start(screen, options, milliseconds=2):
        environment = {"PYTHONPATH": str(PROJECT), "MPLBACKEND": "TkAgg"}
        if screen:
            environment["DISPLAY"] = screen
        return Run(start_python("-c", SCRIPT, json.dumps(options), milliseconds, cwd=tmp_path,
                                environment=environment, stdout=open(tmp_path / "output", "w"),
                                stderr=open(tmp_path / "errors", "w")), tmp_path, screen)

    return start


@pytest.mark.slow
@pytest.mark.parametrize("how", ["ctrl-w", "ctrl-c"])
def test_window_stays_open_after_the_training_until_its_user_has_seen_enough(start, screen, how):
    run = start(screen, {"iterations": 60})
    assert wait_until(lambda: "The window stays open" in run.output, 60)
    window = run.window()
    assert run.process.poll() is None
    if how == "ctrl-w":
        window.press("ctrl+w")
    else:
        run.process.send_signal(signal.SIGINT)
    assert run.wait(20) == 0 and run.errors == ""
    assert wait_until(lambda: is_gone(window.process_id))


@pytest.mark.slow
def test_closing_the_window_ends_the_run_with_its_results(start, screen):
    run = start(screen, {}, milliseconds=20)
    window = run.window()
    assert wait_until(lambda: run.last_iteration >= 40)
    window.press("ctrl+w")
    assert run.wait(20) == 0 and run.errors == ""
    assert run.output.splitlines()[-2].startswith("latest test accuracy")
    assert run.last_iteration < 1000


@pytest.mark.slow
@pytest.mark.parametrize("number, words", [
    ("SIGINT", "Stopped by Ctrl-C."), ("SIGTERM", "Stopped by SIGTERM."),
    ("SIGHUP", "Stopped by SIGHUP.")])
def test_no_signal_loses_what_was_asked_for_or_leaves_a_window(start, screen, tmp_path, number,
                                                               words):
    """A closed terminal and a batch system's end are no other than Ctrl-C."""
    if not hasattr(signal, number):
        pytest.skip(f"this system has no {number}")
    figure, movie = tmp_path / "figure.png", tmp_path / "movie.gif"
    run = start(screen, {"save_figure": str(figure), "save_movie": str(movie)}, milliseconds=10)
    window = run.window()
    assert wait_until(lambda: run.last_iteration >= 40)
    run.process.send_signal(getattr(signal, number))
    assert run.wait(60) == 128 + getattr(signal, number)
    assert is_gone(window.process_id)
    assert "latest test accuracy" in run.output and run.errors == words + "\n"
    for path in figure, movie:
        with Image.open(path) as picture:
            picture.load()
    assert list(tmp_path.glob(".*")) == []  # nothing half written


@pytest.mark.slow
def test_space_pauses_the_training_and_changes_no_number(start, screen):
    """What is printed is the same in text, in a window, and after a pause."""
    in_text = start(None, {"iterations": 400, "text": True}, 0)
    assert in_text.wait() == 0
    rows = in_text.rows
    run = start(screen, {"iterations": 400, "close": True}, milliseconds=10)
    window = run.window()
    assert wait_until(lambda: run.last_iteration >= 100)
    window.press("space")
    time.sleep(1)
    paused_at = run.last_iteration
    time.sleep(2)
    assert run.last_iteration == paused_at < 400
    window.press("space")
    assert run.wait() == 0
    assert run.rows == rows and len(rows) == 9


@pytest.mark.slow
@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
def test_a_window_that_is_killed_or_stuck_leaves_the_training_running(start, screen, number):
    run = start(screen, {"iterations": 600, "close": True}, milliseconds=5)
    window = run.window()
    os.kill(window.process_id, getattr(signal, number))
    assert run.wait() == 0 and is_gone(window.process_id)  # it was ended if it was stuck
    assert "after 600 iterations" in run.output
    if number == "SIGKILL":
        assert ("The window's process has ended (signal 9): text only; the finished dashboard will "
                f"be saved as {TITLE}.png.") in run.output
        assert (run.folder / f"{TITLE}.png").exists()


@pytest.mark.slow
def test_a_screen_that_is_not_there_gives_text_and_a_picture(start):
    run = start(":987", {"iterations": 300}, milliseconds=10)
    assert run.wait() == 0 and run.errors == ""
    assert re.search(r"The window cannot be opened \(.*\): text only; the finished dashboard will "
                     rf"be saved as {TITLE}\.png\.\n", run.output)
    assert "after 300 iterations" in run.output
    assert run.output.endswith(f"saved {TITLE}.png\n") and (run.folder / f"{TITLE}.png").exists()


def test_the_example_of_the_docstring_runs_without_a_screen_and_without_tensorflow(tmp_path):
    """Otherwise whoever has a model of their own begins with an error."""
    run = run_python("-c", EXAMPLE + "import sys; assert 'tensorflow' not in sys.modules",
                     cwd=tmp_path, environment={"PYTHONPATH": str(PROJECT)})
    assert (run.returncode, run.stderr) == (0, "")
    assert (f"There is no screen: text only; the finished dashboard will be saved as {TITLE}.png.\n"
            in run.stdout)
    rows = re.findall(r"^ +(\d+) +\d+ +(0\.\d{4}) ", run.stdout, re.MULTILINE)
    assert rows[-1][0] == "1000" and float(rows[-1][1]) > 0.8
    assert run.stdout.endswith(f"saved {TITLE}.png\n") and (tmp_path / f"{TITLE}.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_in_a_pause_ends_the_run(start, screen, number):
    """Otherwise a closed terminal leaves a paused run behind, for ever."""
    for _ in range(3):  # a pause begins within an iteration or between two
        run = start(screen, {"iterations": 100_000})
        run.window().press("space")
        assert wait_until(lambda run=run: run.last_iteration > 0, 30)
        time.sleep(1)
        run.process.send_signal(number)
        assert run.wait(20) == 128 + number
        assert "latest test accuracy" in run.output and "Traceback" not in run.errors
