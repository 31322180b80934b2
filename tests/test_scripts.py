"""The scripts as their users start them."""

import contextlib
import itertools
import os
import re
import select
import shutil
import signal
import subprocess
import sys

import pytest
from conftest import (
    PROJECT,
    STAGES,
    run_python,
    run_stage,
    script_environment,
    script_of,
    wait_until,
)

from common.command_line import OPTIONS
from common.dashboard.viewer.viewer import KEYS
from common.graph import start as tensorflow_start

ROW = re.compile(r"^ *(\d+) +(\d+)  (0\.00\d{4})  +([01]\.\d{4}) +(\d+\.\d{3})"
                 r"  +([01]\.\d{4}) +(\d+\.\d{3})$", re.MULTILINE)
FIRST = script_of("1.0")


def run_on_terminal(script, *arguments, cwd):
    """Run a script on a pseudo-terminal; returns exit status and everything it wrote there."""
    main, terminal = pytest.importorskip("pty").openpty()
    process = subprocess.Popen([sys.executable, PROJECT / script, *arguments], cwd=cwd,
                               stdin=terminal, stdout=terminal, stderr=terminal,
                               env=script_environment() | {"COLUMNS": "80", "LINES": "24"})
    os.close(terminal)
    output = b""
    with contextlib.suppress(OSError):  # how Linux tells that nobody writes any more
        while select.select([main], [], [], 100)[0] and (piece := os.read(main, 4096)):
            output += piece
    os.close(main)
    return process.wait(timeout=10), output.decode().replace("\r\n", "\n")


def check_rows(output):
    """Check all that a run of 30 iterations prints, and return its rows."""
    assert re.match(r"TensorFlow 2\.\d+\.\d+ on CPU \(\d+ cores\), seed 5\n", output)
    rows = ROW.findall(output)
    assert [int(row[0]) for row in rows] == [0, 20, 30]
    assert float(rows[-1][6]) < float(rows[0][6])  # the test loss has come down
    lines = output.splitlines()
    assert len(lines) == 9 and max(map(len, lines)) < 80
    assert re.fullmatch(rf"final test accuracy    {rows[-1][5]}, loss {rows[-1][6]}, "
                        r"after 30 iterations in \d+\.\d s", lines[-2])
    assert lines[-1].startswith(f"maximum of the run     {max(row[5] for row in rows)}, after ")
    return rows


ARGUMENTS = ("--text", "--iterations", "30", "--seed", "5")


@pytest.mark.parametrize("script", [
    FIRST, *(pytest.param(script, marks=pytest.mark.slow) for script in STAGES[1:])])
def test_stage_from_another_folder(run_script, script):
    """Otherwise the first thing that a user sees is chatter, or an error."""
    result = run_script(script, *ARGUMENTS)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\r" not in result.stdout
    check_rows(result.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("script", [script_of("2.0"), script_of("3.1")])
def test_stage_on_a_terminal(run_script, script, tmp_path):
    """Otherwise the bar with the time left breaks the rows; and the same seed, the same rows."""
    status, output = run_on_terminal(script, *ARGUMENTS, cwd=tmp_path)
    assert status == 0
    assert re.search(r"% \[[#.]{20}\] iteration \d+ of 30", output)
    if "convolutional" in script:  # the others are through before the bar moves
        assert re.search(r"#.* iteration [1-9]\d* of 30, 0:00:0\d left", output)
    rows = check_rows(re.sub(r"[^\n]*\r", "", output))  # what stays on the screen
    assert rows == ROW.findall(run_script(script, *ARGUMENTS).stdout)


def test_another_seed_gives_other_numbers(capsys):
    """Otherwise "how much does the result vary?" has no answer."""
    last_rows = set()
    for seed in (1, 2, 2):
        run_stage(PROJECT / FIRST, "--iterations", 3, "--seed", seed)
        last_rows.add(ROW.findall(capsys.readouterr().out)[-1])
    assert len(last_rows) == 2


def test_small_data_set(capsys, tmp_path):
    """Otherwise a class that brings its own fifty digits cannot train on them."""
    from test_mnist_data import make_data_set
    run_stage(PROJECT / FIRST, "--data-dir", make_data_set(tmp_path / "mine"), "--iterations", 3)
    assert ROW.findall(capsys.readouterr().out)[-1][1] == "7"  # 100 of 50 digits are two epochs


WRONG_OPTIONS = {
    "unknown option": (["--itertions", "3"], "unrecognized arguments: --itertions"),
    "no number": (["--iterations", "many"], "'many' is not a whole number from 0"),
    "fewer than none": (["--iterations", "-1"], "'-1' is not a whole number from 0"),
    "nothing to restore": (["--restore", "nowhere"], "there is no folder nowhere"),
    "no folder to save in": (["--save", "no/where"], "no/where: there is no folder no"),
    "a file for a folder": (["--pictures", "/dev/null"], "/dev/null is not a folder"),
    "negative seed": (["--seed", "-1"], "'-1' is not a whole number from 0"),
    "unknown device": (["--device", "tpu"], "invalid choice: 'tpu'"),
    "no such folder": (["--data-dir", "nowhere"], "there is no folder nowhere"),
    "window and none": (["--text", "--web"], "--text and --web: choose one of them"),
    "no port": (["--web", "99999"], "'99999' is not a whole number from 1 to 65535"),
    "no picture": (["--save-figure", "end.jpeg"], "'end.jpeg' should be a name, then .png or "
                   ".svg or .pdf"),
    "a picture without a name": (["--save-figure", ".png"], "'.png' should be a name, then .png"),
    "no movie": (["--save-movie", "run.avi"], "'run.avi' should be a name, then .mp4 or .gif"),
    "no folder": (["--save-figure", "no/end.png"], "no/end.png: there is no folder no"),
}


@pytest.mark.parametrize("arguments, sentence", WRONG_OPTIONS.values(), ids=WRONG_OPTIONS)
def test_wrong_option_gets_one_sentence(capsys, arguments, sentence):
    """Otherwise a slip of the fingers costs a training, or is a traceback."""
    with pytest.raises(SystemExit) as end:
        run_stage(PROJECT / FIRST, *arguments)
    printed = capsys.readouterr()
    assert (end.value.code, printed.out) == (2, "")
    last_line = printed.err.splitlines()[-1]
    assert last_line.startswith(f"{FIRST}: error: ") and sentence in last_line


def test_help_and_wrong_options_do_not_wait_for_tensorflow():
    """Otherwise --help takes seconds."""
    code = ("import runpy, sys\n"
            f"try: runpy.run_path({FIRST!r})\n"
            "except SystemExit: pass\n"
            "assert not {'tensorflow', 'matplotlib', 'scipy'} & set(sys.modules)")
    for argument in ("--help", "--wrong"):
        run_python("-c", code, argument, check=True)


def table(*header):
    """The rows, a list of lists of cells, of the documentation's table with this header."""
    rows = []
    for file in ("README.md", "docs/reference.md"):
        lines = iter((PROJECT / file).read_text(encoding="utf-8").splitlines())
        for line in lines:
            if cells_of(line) == list(header):
                next(lines)  # the dashes
                rows += map(cells_of, itertools.takewhile(str.strip, lines))
    return rows


def cells_of(line):
    """The cells of a table's row, without marks."""
    cells = line.replace(r"\|", "/").replace("`", "").strip("|").split("|")
    return [cell.strip() for cell in cells]


def test_every_option_is_explained(capsys):
    """Otherwise an option is a secret, or the documentation promises one that is gone."""
    documented = [[cell.split()[0], words] for cell, words in table("option", "")]
    assert documented == [[option.flag, option.help] for option in OPTIONS]

    with pytest.raises(SystemExit):
        run_stage(PROJECT / FIRST, "--help")
    text = capsys.readouterr().out
    assert {option.flag for option in OPTIONS} <= set(re.findall(r"^  (--[a-z-]+)", text, re.M))
    assert f"python {FIRST}" in text and max(map(len, text.splitlines())) <= 80


def test_every_key_is_explained():
    """Otherwise a key is a secret, or the documentation promises one that does nothing."""
    assert table("key", "") == [[key.label, key.words] for key in KEYS]


@pytest.mark.slow
def test_a_gpu_that_is_not_there_is_one_sentence(run_script):
    """Otherwise a user who asks for it trains on the CPU, or gets a traceback."""
    result = run_script(FIRST, "--text", "--device", "gpu")
    last_line = result.stderr.splitlines()[-1]
    assert last_line.startswith(f"{FIRST}: --device gpu: TensorFlow finds no GPU")
    assert result.returncode == 1 and "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="the program ps is missing")
def test_ctrl_c_while_it_starts(start_python, tmp_path):
    """Otherwise an impatient user sees a traceback."""
    process = start_python(PROJECT / FIRST, cwd=tmp_path, stdout=subprocess.DEVNULL)
    children = ["ps", "-o", "pid=", "--ppid", str(process.pid)]  # one, while TensorFlow starts
    assert wait_until(lambda: subprocess.run(children, capture_output=True).stdout, 60)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == "Stopped by Ctrl-C.\n"
    assert process.returncode == 130


def test_real_errors_of_tensorflow_still_show():
    """Otherwise a user without AVX sees a script end without a word."""
    lines = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795316652.910499    2370 port.cc:153] oneDNN custom operations are on.
2024-05-06 07:08:09.123456: W tensorflow/compiler/tf2tensorrt/utils.cc:38] No TensorRT
E0000 00:00:1795316657.034563    2370 cuda_platform.cc:52] failed call to cuInit: INTERNAL: (303)
Traceback (most recent call last):
F0000 00:00:1795316657.034563    2370 cpu_feature_guard.cc] compiled to use AVX instructions
E0000 00:00:1795316657.034563    2370 cuda_platform.cc:52] failed call to cuInit: (803) mismatch
"""
    result = run_python(tensorflow_start.__file__, input=lines)
    assert result.stderr.splitlines() == lines.splitlines()[4:]


@pytest.mark.parametrize("chosen, in_use", [(None, "1"), ("0", "0")])
def test_onednn_is_used_unless_the_user_says_otherwise(monkeypatch, chosen, in_use):
    """Otherwise stage 3.1 takes twice as long on many processors, or a user's choice is lost."""
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    if chosen is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", chosen)
    tensorflow_start.start("cpu")
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == in_use
