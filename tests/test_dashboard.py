"""What a script calls: the dashboard with a model that is no network, and outputs that record."""

import argparse
import re
import signal
import sys

import numpy as np
import pytest
from conftest import as_a_script

from common import terminal
from common.dashboard.dashboard import Dashboard, LossNotFinite
from common.dashboard.link import messages
from common.dashboard.link.messages import Answer, Finished, Progress, Started, Trained
from common.dashboard.link.questions import AskDigit
from common.dashboard.outputs.output import Output
from common.dashboard.outputs.text import HEADER

IMAGES, LABELS = np.zeros((100, 28, 28, 1), np.float32), np.eye(10)[np.arange(100) % 10]
TEXT = {"text": True}


class Recorder(Output):
    """Keeps what it is handed; fails where it is told to."""

    def __init__(self, fails_at=None, error=None, has_pictures=False):
        self.sent, self.is_finished = [], False
        self._fails_at, self._error, self.has_pictures = fails_at, error, has_pictures

    def send(self, message):
        self.sent.append(message)
        if getattr(message, "iteration", None) == self._fails_at and self._error:
            raise self._error

    def finish(self):
        self.is_finished = True
        if self._fails_at == "end":
            raise self._error


def train(dashboard, i, loss=23.456, **more):
    dashboard.show_train(i, 0.91, loss, IMAGES, LABELS, LABELS, **more)


def a_run(dashboard, iterations=200):
    """Train and test as the stages do; return the iterations measured on each."""
    trained, tested = [], []
    for i in dashboard.loop(iterations):
        if dashboard.wants_train(i):
            trained.append(i)
            train(dashboard, i, learning_rate=0.0031, weights=[np.arange(9.0)], biases=[np.ones(3)])
        if dashboard.wants_test(i):
            tested.append(i)
            dashboard.show_test(i, 0.95 - i / 10_000, 17.5, IMAGES, LABELS, LABELS)
    return trained, tested


def dashboard_with(*outputs, options=None, **more):
    return Dashboard(argparse.Namespace(**options or TEXT), num_examples=1000, title="a model",
                     outputs=outputs, **more)


# What is measured, and printed.

def test_rows_and_results(capsys):
    dashboard = dashboard_with()
    a_run(dashboard)
    dashboard.finish()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == HEADER.splitlines()
    assert [int(line[:9]) for line in lines[2:9]] == [0, 20, 40, 60, 80, 100, 200]
    assert lines[8] == "      200     21  0.003100    0.9100    23.456    0.9300    17.500"
    assert re.fullmatch(r"final test accuracy    0\.9300, loss 17\.500, after 200 iterations "
                        r"in \d+\.\d s", lines[10])
    assert lines[11:] == ["maximum of the run     0.9500, after 0 iterations"]


def test_rows_without_a_test_come_every_100_iterations(capsys):
    dashboard = dashboard_with()
    for i in (0, 20, 100, 120):
        train(dashboard, i)
    dashboard.show_test(140, 0.5, 1, IMAGES, LABELS, LABELS)
    dashboard.finish()
    assert [line[:9] for line in capsys.readouterr().out.splitlines()[2:5]] == [
        f"{i:9}" for i in (0, 100, 140)]


@pytest.mark.parametrize("has_pictures", [True, False])
def test_what_is_measured_does_not_depend_on_who_watches(has_pictures):
    """Otherwise the numbers of a network with dropout would."""
    measured = a_run(dashboard_with(Recorder(has_pictures=has_pictures)), 250)
    assert measured == ([*range(0, 250, 20), 250], [0, 20, 40, 60, 80, 100, 200, 250])


@pytest.mark.parametrize("iterations, measured", [(3, ([0, 3], [0, 3])), (0, ([0], [0]))])
def test_the_iterations_of_the_command_line_take_precedence(iterations, measured):
    assert a_run(dashboard_with(options=TEXT | {"iterations": iterations}), 10_000) == measured


def test_nothing_measured_nothing_claimed(capsys):
    dashboard_with().finish()
    assert capsys.readouterr() == ("", "")


def test_nothing_is_said_twice_after_the_end(capsys):
    terminal.end_clearly()
    dashboard = dashboard_with()
    dashboard.show_test(0, 0.5, 1, IMAGES, LABELS, LABELS)
    dashboard.finish()
    capsys.readouterr()
    with pytest.raises(SystemExit):  # Ctrl-C in what a reader has put after the end
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr() == ("", "Stopped by Ctrl-C.\n")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
@pytest.mark.parametrize("second", ["SIGTERM", "SIGINT"])
def test_a_second_signal_at_the_end_is_no_traceback(capsys, second):
    """A terminal is closed, then its session is ended; or Ctrl-C is pressed again."""
    class Slow(Recorder):
        def finish(self):
            signal.raise_signal(getattr(signal, second))
            super().finish()

    with as_a_script("slow.py"):
        terminal.end_clearly()
        output = Slow()
        dashboard = dashboard_with(output)
        dashboard.start(100)
        with pytest.raises(terminal.Stopped) as stopped:
            signal.raise_signal(signal.SIGHUP)
        with pytest.raises(SystemExit) as ended:
            sys.excepthook(stopped.type, stopped.value, None)
    assert ended.value.code == 128 + signal.SIGHUP
    assert capsys.readouterr().err == "Stopped by SIGHUP.\n"
    assert output.is_finished == (second == "SIGTERM")


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), np.float32("nan")])
def test_loss_that_is_no_number_stops_the_run_with_its_cure(loss):
    dashboard = dashboard_with()
    with pytest.raises(LossNotFinite, match=r"iteration 7(.|\n)*log\(0\)(.|\n)*_with_logits"):
        train(dashboard, 7, loss=loss)
    with pytest.raises(LossNotFinite):
        dashboard.show_test(7, 0.1, loss, IMAGES, LABELS, LABELS)


# Outputs.

def test_outputs_get_every_message_in_order_and_then_finish():
    first, second = Recorder(), Recorder()
    dashboard = dashboard_with(first, second)
    a_run(dashboard)
    dashboard.finish()
    kinds = [type(message) for message in first.sent if not isinstance(message, Progress)]
    assert kinds[0] is Started and kinds[-1] is Finished and kinds[1] is Trained
    assert first.sent == second.sent and first.is_finished and second.is_finished
    assert first.sent[-1] == Finished(False, first.sent[-1].seconds, 201)
    assert [message.iteration for message in first.sent if isinstance(message, Trained)] == [
        *range(0, 201, 20)]


@pytest.mark.parametrize("pictures", [[False, False], [False, True]])
def test_pictures_are_made_for_those_who_look_at_them_alone(pictures):
    """A text run does not pay for them."""
    outputs = [Recorder(has_pictures=has_pictures) for has_pictures in pictures]
    a_run(dashboard_with(*outputs))
    measured = [message for message in outputs[0].sent if isinstance(message, Trained)]
    assert {message.digits is not None for message in measured} == {any(pictures)}
    assert {message.weights is not None for message in measured} == {any(pictures)}


@pytest.mark.parametrize("error, said", [
    (terminal.UserError("the disk is full"), "the disk is full"),
    (OSError(28, "No space left on device"), "Recorder: No space left on device"),
    (ValueError("a bug"), "Recorder is broken (ValueError('a bug'))")])
@pytest.mark.parametrize("fails_at", [40, "end"])
def test_an_output_that_fails_takes_nothing_along_and_is_told_at_the_end(
        capsys, error, said, fails_at):
    broken, other = Recorder(fails_at, error), Recorder()
    dashboard = dashboard_with(broken, other)
    assert a_run(dashboard)[0][-1] == 200
    with pytest.raises(terminal.UserError, match="^not everything could be done:") as failure:
        dashboard.finish()
    assert str(failure.value).endswith("\n  " + said)
    assert isinstance(other.sent[-1], Finished) and other.is_finished
    output, traceback = capsys.readouterr()
    assert said in output.splitlines() and "final test accuracy" in output
    assert ("Traceback" in traceback) == isinstance(error, ValueError)  # our bugs are told whole
    if fails_at == 40:
        assert broken.sent[-1].iteration == 40 and not broken.is_finished


@pytest.mark.parametrize("option", ["restore", "save", "classify"])
def test_what_the_model_cannot_do_is_refused_before_the_training(option):
    dashboard = dashboard_with(options=TEXT | {option: ["x"]})
    why = f"^--{option}: this script hands its dashboard no"
    with pytest.raises(terminal.UserError, match=why):
        next(dashboard.loop(100))


# A viewer. Its process is a real one in test_dashboard_processes.py.

class Viewer:
    """The script's end of a viewer whose user does what a test says."""

    def __init__(self):
        self.state, self.is_over, self.is_paused, self.steps = "open", False, False, 0
        self.questions, self.sent = {}, []

    def send(self, message):
        self.sent.append(message)

    def wait(self, condition, seconds=None):
        return condition()


@pytest.fixture
def viewer(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":99")  # it is not used
    return Viewer()


@pytest.mark.parametrize("has_tests", [True, False])
@pytest.mark.parametrize("fell", ["before the test", "before the step", "after the step"])
def test_one_press_is_one_step_and_one_measurement(fell, has_tests, viewer):
    """Otherwise a learner sees numbers of another network than the one that the step has made."""
    dashboard = dashboard_with(options={"viewer": viewer, "close": True})
    presses, taken, steps = 3, [], 0

    def wait(condition, seconds=None):
        if viewer.is_paused:  # somebody sees what the latest step has done, and takes another
            taken.append((steps, [(type(message), message.iteration) for message in viewer.sent
                                  if isinstance(message, Trained | messages.Tested)]))
            viewer.sent.clear()
            if len(taken) <= presses:
                viewer.steps += 1
            else:
                viewer.is_paused = False
        return condition()

    viewer.wait = wait
    for i in dashboard.loop(100):
        viewer.is_paused |= i == 40 and fell == "before the test"
        if dashboard.wants_train(i):
            train(dashboard, i)
        viewer.is_paused |= i == 40 and fell == "before the step"
        if has_tests and dashboard.wants_test(i):
            dashboard.show_test(i, 0.9, 20.0, IMAGES, LABELS, LABELS)
        steps += 1
        viewer.is_paused |= i == 40 and fell == "after the step"
    (begun, _), *rest = taken
    assert [steps for steps, _ in rest] == [begun + n for n in range(1, presses + 1)]
    for number, measured in rest:
        kinds = (Trained, messages.Tested) if has_tests else (Trained,)
        assert measured[-len(kinds):] == [(kind, number) for kind in kinds]
        assert {iteration for _, iteration in measured} <= {begun, number}


def test_a_digit_that_is_written_is_read(viewer):
    """Otherwise the sheet has no answers, or answers about another digit."""
    asked = []

    def classify(images):
        asked.append(images)
        return np.full((len(images), 10), 0.1)

    question = AskDigit(np.arange(784, dtype=np.uint8).tobytes())
    viewer.questions[0] = question
    a_run(dashboard_with(options={"viewer": viewer, "close": True}, classify=classify))
    first, *_ = (message for message in viewer.sent if isinstance(message, Answer))
    assert (first.viewer, first.question) == (0, question)
    assert first.found == pytest.approx(np.full(10, 0.1))
    assert asked[0].shape == (1, 28, 28, 1) and asked[0].max() == 1
