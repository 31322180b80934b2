"""What the terminal says of a run."""

import io
import os

import pytest

from common.dashboard.link.messages import Progress
from common.dashboard.outputs.text import progress
from common.terminal import StatusLine


@pytest.mark.parametrize("done, total, left, expected", [
    (0, 0, None, f"100 % [{'#' * 20}] iteration 0 of 0"),
    (0, 10, None, f"  0 % [{'.' * 20}] iteration 0 of 10"),
    (2500, 10_000, 90.2, f" 25 % [{'#' * 5}{'.' * 15}] iteration 2,500 of 10,000, 0:01:30 left"),
    (1_234_567, 10_000_000, 1e5, " 12 % [##..................] iteration 1,234,567 of 10,000,000, "
                                 "27:46:40 left"),
    (1234, None, None, "iteration 1,234"),
])
def test_the_progress_bar_tells_what_is_done_and_the_time_left(done, total, left, expected):
    assert progress(Progress(done, 1.0, left), total) == expected
    assert len(expected) < 80


def test_the_line_in_place_leaves_nothing_behind_and_fits(monkeypatch):
    tty = pytest.importorskip("tty", reason="Windows has no such terminals")
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((12, 24)))
    seen, written = os.openpty()
    tty.setraw(written)
    status = StatusLine(os.fdopen(written, "w"))
    status.show("much too long a text")
    status.show("short")
    status.say("a row")
    shown = ""
    while not shown.endswith("\n"):
        shown += os.read(seen, 1000).decode()
    assert shown == "\rmuch too lo\rshort      \r     \ra row\n"


def test_a_file_gets_the_rows_alone():
    file = io.StringIO()
    status = StatusLine(file)
    status.show("progress")
    status.say("a row")
    assert file.getvalue() == "a row\n"


def test_idles_shell_gets_the_rows_alone():
    """It says that it is a terminal, and puts a line that is rewritten behind the one before."""
    run = pytest.importorskip("idlelib.run")
    written = []

    class Shell:
        def write(self, text, tags):
            written.append(text)
            return len(text)

    shell = run.StdOutputFile(Shell(), "stdout")
    assert shell.isatty()
    status = StatusLine(shell)
    status.show("progress")
    status.say("a row")
    assert written == ["a row\n"]


def test_there_may_be_no_output_at_all(monkeypatch):
    """As where a program without a terminal starts a script."""
    monkeypatch.setattr("sys.stdout", None)
    StatusLine().say("a row")
