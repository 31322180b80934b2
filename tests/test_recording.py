"""The dashboard as files: pictures and movies, opened again and looked into."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import PROJECT, script_environment
from PIL import Image
from test_live_window import messages

from common import clean_exit, recording
from common.run_state import RunState

RED, TEST_CURVE = (235, 87, 72), (217, 72, 15)


@pytest.fixture
def run():
    """A `RunState` with a few measurements."""
    run = RunState()
    run.apply({"title": "a test", "last": 200})
    for message in messages(0, 200):
        run.apply(message)
    return run


def count_pixels(picture, colour):
    """How many pixels of a picture [height, width, 3] are about of this colour."""
    return int((np.abs(picture.astype(int) - colour).sum(axis=2) < 40).sum())


def test_picture_shows_the_run(run, tmp_path):
    recording.save_picture(run, str(tmp_path / "end.png"))
    picture = np.asarray(Image.open(tmp_path / "end.png").convert("RGB"))
    assert picture.shape == (1080, 1920, 3)
    assert count_pixels(picture[:, 1250:], RED) > 10_000      # misread digits, at the right
    assert count_pixels(picture[:500, :1200], TEST_CURVE) > 500
    assert os.listdir(tmp_path) == ["end.png"]


@pytest.mark.parametrize("ending, beginning", [("svg", b"<?xml"), ("pdf", b"%PDF"),
                                               ("PNG", b"\x89PNG")])
def test_picture_formats(run, tmp_path, ending, beginning):
    path = tmp_path / f"end.{ending}"
    recording.save_picture(run, str(path))
    assert path.read_bytes().startswith(beginning)


def test_picture_leaves_the_settings_of_matplotlib_alone(run, tmp_path):
    import matplotlib
    with matplotlib.rc_context({"lines.linewidth": 7.5}):
        recording.save_picture(run, str(tmp_path / "end.png"))
        assert matplotlib.rcParams["lines.linewidth"] == 7.5


def test_file_that_cannot_be_written_gets_a_sentence_and_leaves_nothing(run, tmp_path):
    (tmp_path / "end.png").mkdir()
    with pytest.raises(clean_exit.UserError, match="cannot write .*end.png: "):
        recording.save_picture(run, str(tmp_path / "end.png"))
    assert os.listdir(tmp_path) == ["end.png"]


def recorded(path, last=400):
    """A movie of a run, saved; returns what it said of its progress."""
    movie = recording.Movie(str(path))
    movie.send({"title": "a test", "last": last})
    for message in messages(0, last):
        movie.send(message)
        movie.send({"iteration": message["iteration"], "seconds_left": 5.0})
    movie.send({"phase": "finished"})
    progress = []
    movie.save(lambda done, total: progress.append((done, total)))
    return progress


def test_gif_has_a_frame_for_each_measurement(tmp_path):
    progress = recorded(tmp_path / "run.gif")
    assert progress == [(k, 21) for k in range(1, 22)]
    movie = Image.open(tmp_path / "run.gif")
    assert (movie.n_frames, movie.size) == (21, recording.MOVIE_SIZE[".gif"])
    reds = []
    for frame in range(21):
        movie.seek(frame)
        picture = np.asarray(movie.convert("RGB"))
        reds.append(count_pixels(picture[:, 620:], RED))
    assert reds[0] > 2 * reds[-1] > 100  # ever fewer misread digits
    assert movie.info["duration"] == 1000 * recording.LAST_FRAME + 50
    assert os.listdir(tmp_path) == ["run.gif"]


def test_mp4_can_be_decoded_again(tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is missing (Debian and Ubuntu: apt install ffmpeg)")
    recorded(tmp_path / "run.mp4")
    width, height = recording.MOVIE_SIZE[".mp4"]
    decoded = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", tmp_path / "run.mp4", "-f", "rawvideo",
         "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE, check=True).stdout
    frames = np.frombuffer(decoded, np.uint8).reshape(-1, height, width, 3)
    assert len(frames) == 21 + recording.LAST_FRAME * recording.FRAMES_A_SECOND[".mp4"]
    reds = [count_pixels(frames[k][:, 850:], RED) for k in (0, -1)]
    assert reds[0] > 2 * reds[1] > 100


def test_long_run_gives_a_movie_of_bounded_length(tmp_path):
    movie = recording.Movie(str(tmp_path / "run.gif"))
    movie.send({"title": "a test", "last": 100_000})
    for iteration in range(0, 100_001, 20):
        movie.send({"iteration": iteration, "train_accuracy": 0.5, "train_loss": 50.0})
    assert movie._frames <= recording.FRAMES


def test_same_run_gives_the_same_movie(tmp_path):
    for name in ("one.gif", "two.gif"):
        recorded(tmp_path / name, last=60)
    assert (tmp_path / "one.gif").read_bytes() == (tmp_path / "two.gif").read_bytes()


def test_ffmpeg_that_fails_gets_a_sentence(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("the stand-in for ffmpeg is a shell script")
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho unknown encoder >&2; exit 1\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(clean_exit.UserError, match="ffmpeg says: unknown encoder"):
        recorded(tmp_path / "run.mp4", last=40)
    assert os.listdir(tmp_path) == ["ffmpeg"]


def test_script_saves_both_and_what_ctrl_c_has_left(tmp_path):
    """Also a run that is cut short keeps its picture and its movie."""
    import signal
    import time
    script = subprocess.Popen(
        [sys.executable, PROJECT / "tests" / "synthetic_run.py",
         '{"text": true, "save_figure": "end.pdf", "save_movie": "run.gif"}', "10"],
        cwd=tmp_path, env=script_environment() | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in script.stdout:
        if re.match(" +60 ", line):
            break
    time.sleep(0.1)
    script.send_signal(signal.SIGINT)
    output, errors = script.communicate(timeout=60)
    assert (script.returncode, errors) == (130, "Stopped by Ctrl-C.\n")
    assert output.splitlines()[-2:] == ["saved end.pdf", "saved run.gif"]
    assert "latest test accuracy" in output
    assert Image.open(tmp_path / "run.gif").n_frames >= 3
