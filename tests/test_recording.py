"""The dashboard as files: pictures and movies, opened again and looked into."""

import argparse
import os
import shutil
import subprocess

import matplotlib
import numpy as np
import pytest
from drawn_dashboard import messages_of_a_run, run_of
from PIL import Image

from common.dashboard.link.messages import Started, Trained
from common.dashboard.link.run import Run
from common.dashboard.outputs import files
from common.dashboard.outputs.output import Model
from common.terminal import StatusLine, UserError

RED, TEST_CURVE = (235, 87, 72), (217, 72, 15)


def count_pixels(picture, colour):
    """How many pixels of a picture [height, width, 3] are about of this colour."""
    return int((np.abs(picture.astype(int) - colour).sum(axis=2) < 40).sum())


def test_picture_shows_the_run_and_leaves_nothing_beside_it(tmp_path):
    with matplotlib.rc_context({"lines.linewidth": 7.5}):
        files.save_picture(run_of(*messages_of_a_run(200)), str(tmp_path / "end.PNG"))
        assert matplotlib.rcParams["lines.linewidth"] == 7.5
    picture = np.asarray(Image.open(tmp_path / "end.PNG").convert("RGB"))
    assert picture.shape == (1080, 1920, 3)
    assert count_pixels(picture[:, 1250:], RED) > 10_000  # misread digits, at the right
    assert count_pixels(picture[:500, :1200], TEST_CURVE) > 500
    assert os.listdir(tmp_path) == ["end.PNG"]


def test_a_picture_that_cannot_be_written_gets_a_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "end.png").mkdir()
    with pytest.raises(UserError, match="cannot write .*end.png: "):
        files.save_picture(run_of(*messages_of_a_run(20)), str(tmp_path / "end.png"))
    assert os.listdir(tmp_path) == ["end.png"]


def recorded(path, messages):
    """Have a movie made of some messages."""
    run, movie = Run(), files.Movie(argparse.Namespace(save_movie=str(path)))
    movie.start(run, Model(), StatusLine())
    for message in messages:
        run.apply(message)
        movie.send(message)
    movie.finish()


def test_gif_has_a_frame_for_each_measurement(tmp_path, capsys):
    recorded(tmp_path / "run.gif", messages_of_a_run(80))
    movie = Image.open(tmp_path / "run.gif")
    assert (movie.n_frames, movie.size) == (5, files.MOVIE_SIZE[".gif"])
    reds = []
    for frame in range(5):
        movie.seek(frame)
        reds.append(count_pixels(np.asarray(movie.convert("RGB"))[:, 620:], RED))
    assert reds[0] > 1.3 * reds[-1] > 100  # ever fewer misread digits
    assert movie.info["duration"] == 1000 * files.LAST_FRAME + 50
    assert os.listdir(tmp_path) == ["run.gif"]
    assert capsys.readouterr().out == f"saved {tmp_path / 'run.gif'}\n"


def test_mp4_can_be_decoded_again(tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is missing (Debian and Ubuntu: apt install ffmpeg)")
    recorded(tmp_path / "run.mp4", messages_of_a_run(80))
    width, height = files.MOVIE_SIZE[".mp4"]
    decoded = subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-i", tmp_path / "run.mp4", "-f", "rawvideo",
         "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE, check=True).stdout
    frames = np.frombuffer(decoded, np.uint8).reshape(-1, height, width, 3)
    assert len(frames) == 5 + files.LAST_FRAME * files.FRAMES_A_SECOND[".mp4"]
    reds = [count_pixels(frames[k][:, 850:], RED) for k in (0, -1)]
    assert reds[0] > 1.3 * reds[1] > 100


def test_a_long_run_gives_a_movie_of_bounded_length(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FRAMES", 6)
    recorded(tmp_path / "run.gif", [Started("a test", 6000), *(
        Trained(iteration, 0.5, 50 - iteration / 160) for iteration in range(0, 6001, 20))])
    assert Image.open(tmp_path / "run.gif").n_frames in (6, 7)


def test_a_run_that_measured_nothing_leaves_no_movie(tmp_path):
    recorded(tmp_path / "run.gif", [Started("a test", 60)])
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for ffmpeg is a shell script")
def test_ffmpeg_that_fails_gets_a_sentence(tmp_path, monkeypatch):
    """It says four lines; the last one tells what is wrong."""
    (tmp_path / "ffmpeg").write_text("#!/bin/sh\necho a; echo unknown encoder >&2; exit 1\n")
    (tmp_path / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UserError, match="run.mp4: ffmpeg says: unknown encoder"):
        recorded(tmp_path / "run.mp4", messages_of_a_run(20))
    assert os.listdir(tmp_path) == ["ffmpeg"]
