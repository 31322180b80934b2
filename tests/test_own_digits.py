"""What the dashboard does with digits of the user's own, and what it leaves behind."""

import argparse
import json
import sys

import numpy as np
import pytest
from conftest import script_of
from PIL import Image

from common import clean_exit, text_output
from common.dashboard import Dashboard

IMAGES, LABELS = np.zeros((100, 28, 28, 1), np.float32), np.eye(10)[np.arange(100) % 10]


@pytest.fixture(autouse=True)
def hook(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


class FakeWindow:
    """A window whose user writes digits: what a `Dashboard` uses of a `WindowProcess`."""

    state, address, reason, paused, is_over = "open", None, "", False, False

    def __init__(self, drawings=()):
        self.drawing, self.answers = None, []
        self._drawings = list(drawings)

    def send(self, message):
        if "answer" in message:
            self.answers.append(message["answer"])

    def wait(self, condition, seconds=None):
        """The user writes one digit after the other, then closes the window."""
        while not condition():
            if self._drawings:
                self.drawing = self._drawings.pop(0)
            else:
                self.is_over = True
        return True

    def close(self):
        pass


def share_of_ink(images):
    """A "network": its first probability is the share of ink."""
    assert images.dtype == np.float32 and images.shape[1:] == (28, 28, 1)
    ink = images.mean(axis=(1, 2, 3))
    return np.column_stack([ink, 1 - ink, np.zeros((len(images), 8))])


def run(window, network=share_of_ink, **options):
    dashboard = Dashboard(argparse.Namespace(window=window, **options), network=network)
    for i in dashboard.loop(3):
        if i == 1:
            window.drawing = bytes([51] * 784)
    dashboard.finish()


def test_a_digit_is_read_while_the_network_trains_and_afterwards(monkeypatch):
    monkeypatch.setattr("common.dashboard.has_screen", lambda: True)
    monkeypatch.setattr("common.answering.ANSWER_EVERY", 0)
    later = [None, bytes([102] * 784), bytes([204] * 784)]
    window = FakeWindow(later)
    run(window)
    digits = [digit[0] for digit, _ in window.answers]
    assert digits == [51, 51, 51, 102, 204]  # once an iteration, then once a drawing
    for digit, probabilities in window.answers:
        assert probabilities[0] == pytest.approx(digit[0] / 255) and len(probabilities) == 10


def test_while_it_trains_the_answers_are_not_too_many(monkeypatch):
    monkeypatch.setattr("common.dashboard.has_screen", lambda: True)
    window = FakeWindow()
    run(window)
    assert len(window.answers) == 1


def test_a_dashboard_without_network_answers_nothing(monkeypatch):
    monkeypatch.setattr("common.dashboard.has_screen", lambda: True)
    window = FakeWindow([bytes(784)])
    run(window, network=None)
    assert window.answers == []


@pytest.mark.parametrize("option, value", [("save", "there"), ("restore", "there"),
                                           ("classify", [("mine", None)])])
def test_what_a_network_cannot_do_is_refused_before_the_training(option, value):
    network = None if option == "classify" else share_of_ink
    dashboard = Dashboard(argparse.Namespace(text=True, **{option: value}), network=network)
    with pytest.raises(clean_exit.UserError, match=f"--{option}: this script hands"):
        next(dashboard.loop(3))


class FakeNetwork:
    """Keeps its notes in memory."""

    def __init__(self):
        self.saved = []

    def classify(self, images):
        return share_of_ink(images)

    def save(self, folder, notes):
        self.saved.append(json.loads(json.dumps(notes)))

    def restore(self, folder, title):
        return self.saved[-1]


def train(dashboard, last, until=None):
    """Measure at each iteration something that tells it; interrupted before `until`."""
    for i in dashboard.loop(last):
        if i == until:
            raise KeyboardInterrupt
        loss = 100.0 - i
        dashboard.show_train(i, i / 100, loss, IMAGES, LABELS, LABELS, [np.arange(i + 9)], [])
        dashboard.show_test(i, i / 100, loss, IMAGES, LABELS, LABELS)


def test_ctrl_c_leaves_the_latest_checkpoint_and_the_run_goes_on_from_there(monkeypatch, capsys):
    monkeypatch.setattr("common.keeping.SAVE_EVERY", 0)
    network = FakeNetwork()
    dashboard = Dashboard(argparse.Namespace(text=True, save="there"), title="a", network=network)
    with pytest.raises(KeyboardInterrupt) as error:
        train(dashboard, 20, until=7)
    sys.excepthook(KeyboardInterrupt, error.value, None)
    assert "there has all before iteration 7; to go on from there: --restore there" in (
        capsys.readouterr().out)
    assert [notes["iteration"] for notes in network.saved] == list(range(1, 8))

    restored = Dashboard(argparse.Namespace(text=True, restore="there", save="there"), title="a",
                         network=network)
    train(restored, 20)
    restored.finish()
    output = capsys.readouterr().out
    assert "restored there: all before iteration 7 is done" in output
    assert [int(line.split()[0]) for line in output.splitlines() if line[:9].strip().isdigit()] \
        == list(range(7, 21))
    for name in ("train_accuracy", "test_loss", "weights"):
        assert restored._run.curves[name].iterations.tolist() == list(range(21)), name
    np.testing.assert_allclose(restored._run.curves["weights"].values[3],
                               np.percentile(np.arange(12), np.linspace(0, 100, 8)))


def test_a_maximum_before_the_checkpoint_counts(capsys):
    network = FakeNetwork()
    dashboard = Dashboard(argparse.Namespace(text=True, save="there"), title="a", network=network)
    for i in dashboard.loop(1):
        dashboard.show_test(i, [0.9, 0.5][i], 1.0, IMAGES, LABELS, LABELS)
    dashboard.finish()
    restored = Dashboard(argparse.Namespace(text=True, restore="there", iterations=0), title="a",
                         network=network)
    assert list(restored.loop(5)) == []
    assert restored._run.iteration == restored._run.last == 1
    restored.finish()
    lines = capsys.readouterr().out.splitlines()[-2:]
    assert lines[0].startswith("final test accuracy    0.5000, loss 1.000, after 1 iterations")
    assert lines[1] == "maximum of the run     0.9000, after 0 iterations"


def test_a_digit_in_text():
    image = np.zeros((28, 28), np.uint8)
    image[4:6, 10:20], image[6:24, 14:16] = 255, 128
    probabilities = np.array([0, 0, 0.06, 0, 0, 0, 0, 0.9, 0.04, 0])
    lines = text_output.digit_lines(image, probabilities)
    assert len(lines) == 14 and max(map(len, lines)) < 80
    assert [line[2:30].rstrip() for line in lines[2:4]] == [" " * 10 + "@" * 10, " " * 14 + "++"]
    bars = [line[34:] for line in lines if line[34:]]
    assert bars[7] == "7  90.0 % " + "#" * 18 and bars[2] == "2   6.0 % #"
    assert [bar[0] for bar in bars] == list("0123456789")


@pytest.fixture(scope="module")
def seven(tmp_path_factory):
    """A file with a seven, thick, dark on light."""
    picture = np.full((300, 240), 250, np.uint8)
    picture[60:85, 60:180] = 20
    for row in range(85, 250):
        middle = 170 - (row - 85) // 2
        picture[row, middle - 14:middle + 14] = 20
    path = tmp_path_factory.mktemp("own") / "my seven.png"
    Image.fromarray(picture).save(path)
    return path


def test_a_picture_of_ones_own_is_read_by_a_restored_network(run_script, seven, tmp_path):
    """README's way: train and save, then only classify; and pictures of it all."""
    script, folder = script_of("1.0"), tmp_path / "trained"
    assert run_script(script, "--text", "--iterations", 300, "--save", folder).returncode == 0
    result = run_script(script, "--text", "--iterations", 0, "--restore", folder,
                        "--classify", seven, seven, "--pictures", tmp_path / "pictures")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{seven}: 7, " in result.stdout and result.stdout.count("9 ") >= 2
    assert "@@" in result.stdout
    files = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert files == ["accuracy.png", "loss.png", "own_1_my seven.png", "own_2_my seven.png"]
    assert f"saved 4 pictures in {tmp_path / 'pictures'}" in result.stdout


def test_pictures_of_a_convolutional_stage(run_script, tmp_path):
    result = run_script(script_of("3.0"), "--text", "--iterations", 1, "--pictures", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    files = {path.name for path in tmp_path.iterdir()} - {"elsewhere"}
    expected = ["accuracy", "loss", "confusion_matrix", "misread_digits", "right_digit",
                "wrong_digit"] + [f"{kind}_{layer}" for kind in ("filters", "activations")
                                  for layer in (1, 2, 3)]
    assert files == {f"{name}.png" for name in expected}
    for name in files:
        with Image.open(tmp_path / name) as picture:
            assert min(picture.size) > 100 and np.asarray(picture.convert("L")).std() > 5


@pytest.mark.parametrize("content, sentence", [
    (None, "there is no"), (b"", "empty"), (b"my digit", "not a picture"), ("blank", "no digit")])
def test_a_file_without_a_digit_gets_one_sentence(run_script, tmp_path, content, sentence):
    path = tmp_path / "my.png"
    if content == "blank":
        Image.new("L", (100, 100), 200).save(path)
    elif content is not None:
        path.write_bytes(content)
    result = run_script("mnist_1.0_softmax.py", "--classify", path)
    assert result.returncode == 1 and result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert str(path) in line and sentence in line.lower()
