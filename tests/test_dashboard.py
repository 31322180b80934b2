"""What the dashboard prints, for a model that is no network."""

import argparse
import io
import re
import sys

import numpy as np
import pytest

from common import clean_exit
from common.dashboard import Dashboard, LossNotFinite
from common.text_output import HEADER, StatusLine, progress, row


@pytest.fixture
def dashboard(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    return Dashboard(argparse.Namespace(text=True), num_examples=1000)


IMAGES, LABELS = np.zeros((100, 28, 28, 1), np.float32), np.eye(10)[np.arange(100) % 10]


def train(dashboard, i, loss=23.456, **options):
    dashboard.show_train(i, 0.91, loss, IMAGES, LABELS, LABELS, **options)


def test_rows_and_results(dashboard, capsys):
    for i in dashboard.loop(200):
        if dashboard.wants_train(i):
            train(dashboard, i, learning_rate=0.0031)
        if dashboard.wants_test(i):
            dashboard.show_test(i, 0.95 - i / 10_000, 17.5, IMAGES, LABELS, LABELS)
    dashboard.finish()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == HEADER.splitlines()
    assert [int(line[:9]) for line in lines[2:9]] == [0, 20, 40, 60, 80, 100, 200]
    assert lines[8] == "      200     21  0.003100    0.9100    23.456    0.9300    17.500"
    assert re.fullmatch(r"final test accuracy    0\.9300, loss 17\.500, after 200 iterations "
                        r"in \d+\.\d s", lines[10])
    assert lines[11] == "maximum of the run     0.9500, after 0 iterations"
    assert len(lines) == 12


def test_train_only_and_test_only_rows(dashboard, capsys):
    train(dashboard, 0)
    train(dashboard, 20)
    train(dashboard, 100)
    train(dashboard, 120)
    dashboard.show_test(140, 0.5, 1, IMAGES, LABELS, LABELS)
    dashboard.finish()
    lines = capsys.readouterr().out.splitlines()[2:5]
    assert lines == ["        0      1              0.9100    23.456",
                     "      100     11              0.9100    23.456",
                     "      140                                         0.5000     1.000"]


def test_nothing_is_said_twice_after_the_end(monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    clean_exit.install()
    dashboard = Dashboard(argparse.Namespace(text=True), num_examples=1000)
    dashboard.show_test(0, 0.5, 1, IMAGES, LABELS, LABELS)
    dashboard.finish()
    capsys.readouterr()
    with pytest.raises(SystemExit):  # Ctrl-C in what a reader has put after the end
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr() == ("", "Stopped by Ctrl-C.\n")


def test_without_a_terminal_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert not StatusLine().active


def test_nothing_measured_nothing_claimed(dashboard, capsys):
    dashboard.finish()
    assert capsys.readouterr().out == ""


def test_iterations_option_takes_precedence(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    dashboard = Dashboard(argparse.Namespace(iterations=3, text=True), num_examples=1000)
    assert list(dashboard.loop(10_000)) == [0, 1, 2, 3]
    assert [i for i in range(4) if dashboard.wants_test(i)] == [0, 3]


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), np.float32("nan")])
def test_loss_that_is_no_number_stops_the_run(dashboard, loss):
    with pytest.raises(LossNotFinite, match=r"iteration 7(.|\n)*log\(0\)(.|\n)*_with_logits"):
        train(dashboard, 7, loss=loss)
    with pytest.raises(LossNotFinite):
        dashboard.show_test(7, 0.1, loss, IMAGES, LABELS, LABELS)


def test_rows_fit_an_80_column_terminal():
    widest = row(10_000_000, 16_667, (0.0031, 1.0, 99999.999), (1.0, 99999.999))
    assert len(widest) < 80
    assert all(len(line) < 80 for line in HEADER.splitlines())
    assert len(progress(1_234_567, 10_000_000, 1e5)) < 80


def test_progress_tells_the_time_left():
    assert progress(0, 0, 0.0) == f"100 % [{'#' * 20}] iteration 0 of 0"
    assert progress(0, 10, 0.0) == f"  0 % [{'.' * 20}] iteration 0 of 10"
    assert progress(2500, 10_000, 30.0) == (
        f" 25 % [{'#' * 5}{'.' * 15}] iteration 2,500 of 10,000, 0:01:30 left")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_status_line_leaves_nothing_behind():
    terminal = Terminal()
    status = StatusLine(terminal)
    status.show("long text")
    status.show("short")
    status.clear()
    assert terminal.getvalue() == "\rlong text\rshort    \r     \r"
    file = io.StringIO()
    StatusLine(file).show("nothing")
    assert file.getvalue() == ""
