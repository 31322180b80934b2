"""The scripts as their users start them."""

import ast
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import PROJECT, STAGES, script_environment

ROW = re.compile(r"^ *(\d+) +(\d+)  (0\.00\d{4})  +([01]\.\d{4}) +(\d+\.\d{3})"
                 r"  +([01]\.\d{4}) +(\d+\.\d{3})$", re.MULTILINE)
NARROW = {"COLUMNS": "80", "LINES": "24"}


def run_on_terminal(script, *arguments, cwd):
    """Run a script on a pseudo-terminal; returns exit status and everything it wrote there."""
    main, terminal = pytest.importorskip("pty").openpty()
    process = subprocess.Popen([sys.executable, PROJECT / script, *arguments], cwd=cwd,
                               stdin=terminal, stdout=terminal, stderr=terminal,
                               env=script_environment() | NARROW)
    os.close(terminal)
    output = b""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if select.select([main], [], [], 1)[0]:
            try:
                piece = os.read(main, 4096)
            except OSError:  # how Linux tells that nobody writes any more
                break
            if not piece:
                break
            output += piece
    os.close(main)
    return process.wait(timeout=10), output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("script", STAGES)
def test_stage_piped_and_on_a_terminal(run_script, script, tmp_path):
    """From another folder; no chatter; and the same seed gives the same numbers."""
    arguments = ("--text", "--iterations", "30", "--seed", "5")
    piped = run_script(script, *arguments)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert re.match(r"TensorFlow 2\.\d+\.\d+ on CPU \(\d+ cores\), seed 5\n", piped.stdout)
    rows = ROW.findall(piped.stdout)
    assert [int(row[0]) for row in rows] == [0, 20, 30]
    assert float(rows[-1][6]) < float(rows[0][6])  # the test loss has come down
    lines = piped.stdout.splitlines()
    assert len(lines) == 9 and "\r" not in piped.stdout and max(map(len, lines)) < 80
    assert re.fullmatch(rf"final test accuracy    {rows[-1][5]}, loss {rows[-1][6]}, "
                        r"after 30 iterations in \d+\.\d s", lines[-2])
    assert lines[-1].startswith(f"maximum of the run     {max(row[5] for row in rows)}, after ")

    status, output = run_on_terminal(script, *arguments, cwd=tmp_path)
    assert status == 0
    assert re.search(r"% \[[#.]{20}\] iteration \d+ of 30", output)
    if "convolutional" in script:  # the others are through before the bar moves
        assert re.search(r"#.* iteration [1-9]\d* of 30, 0:00:0\d left", output)
    shown = re.sub(r"[^\n]*\r", "", output)  # what stays on the screen
    assert ROW.findall(shown) == rows
    assert [line for line in shown.splitlines() if len(line) >= 80] == []


def test_another_seed_gives_other_numbers(run_script):
    outputs = [run_script("mnist_1.0_softmax.py", "--text", "--iterations", 3,
                          "--seed", seed).stdout for seed in (1, 2)]
    assert ROW.findall(outputs[0])[-1] != ROW.findall(outputs[1])[-1]


def test_small_data_set_from_a_relative_folder(run_script, tmp_path):
    from test_mnist_data import make_data_set
    make_data_set(tmp_path / "elsewhere" / "mine")
    result = run_script("mnist_1.0_softmax.py", "--text", "--data-dir", "mine", "--iterations", 3)
    assert (result.returncode, result.stderr) == (0, "")
    assert ROW.findall(result.stdout)[-1][1] == "7"  # 50 images: 100 of them are two epochs


USER_ERRORS = {
    "unknown option": (["--itertions", "3"], 2, "unrecognized arguments: --itertions"),
    "no number": (["--iterations", "many"], 2, "'many' is no whole number from 0"),
    "fewer than none": (["--iterations", "-1"], 2, "'-1' is no whole number from 0"),
    "nothing to restore": (["--restore", "nowhere"], 2, "there is no folder nowhere"),
    "no folder to save in": (["--save", "no/where"], 2, "no/where: there is no folder no"),
    "a file for a folder": (["--pictures", "/dev/null"], 2, "/dev/null is no folder"),
    "negative seed": (["--seed", "-1"], 2, "'-1' is no whole number from 0"),
    "unknown device": (["--device", "tpu"], 2, "invalid choice: 'tpu'"),
    "no such folder": (["--data-dir", "nowhere"], 2, "there is no folder nowhere"),
    "window and none": (["--text", "--web"], 2, "--text and --web: choose one of them"),
    "no port": (["--web", "99999"], 2, "'99999' is no whole number from 1 to 65535"),
    "no picture": (["--save-figure", "end.jpeg"], 2, "end.jpeg should end in .png, .svg or .pdf"),
    "no movie": (["--save-movie", "run.avi"], 2, "run.avi should end in .mp4 or .gif"),
    "no folder": (["--save-figure", "no/end.png"], 2, "no/end.png: there is no folder no"),
    "a folder": (["--save-movie", str(PROJECT) + "/data/.."], 2, "should end in"),
    "no gpu": (["--device", "gpu"], 1, "--device gpu: TensorFlow finds no GPU"),
}


@pytest.mark.parametrize("arguments, status, message", USER_ERRORS.values(), ids=USER_ERRORS)
def test_user_error_gets_one_sentence(run_script, arguments, status, message):
    result = run_script("mnist_2.0_five_layers_sigmoid.py", *arguments)
    last_line = result.stderr.splitlines()[-1]
    assert (result.returncode, result.stdout) == (status, "")
    assert last_line.startswith("mnist_2.0_five_layers_sigmoid.py: ") and message in last_line
    assert "Traceback" not in result.stderr


def test_missing_data_without_network(tmp_path):
    (tmp_path / "empty").mkdir()
    code = ("import sys; from common import mnist_data; mnist_data.OWN_DIR = 'nowhere'; "
            "from common import clean_exit; clean_exit.install(); "
            f"mnist_data.read_data_sets({str(tmp_path / 'empty')!r})")
    result = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=script_environment(),
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "is missing; train-images-idx3-ubyte.gz could not be fetched" in result.stderr
    assert "Traceback" not in result.stderr
    *fetching, error = result.stderr.splitlines()
    assert all(line.startswith("fetching ") for line in fetching) and "by hand" in error
    assert list((tmp_path / "empty").iterdir()) == []


def test_truncated_data_file(run_script, tmp_path):
    directory = shutil.copytree(PROJECT / "data", tmp_path / "copy")
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                 "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (directory / name).write_bytes((directory / name).read_bytes()[:-100])
    result = run_script("mnist_1.0_softmax.py", "--data-dir", directory)
    assert result.returncode == 1
    assert re.fullmatch(r"mnist_1.0_softmax.py: .*train-images-idx3-ubyte.gz: the file is "
                        r"truncated. Get that file again.*\n", result.stderr)


def test_help_is_complete(run_script):
    result = run_script("mnist_3.1_convolutional_bigger_dropout.py", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for option in ("--iterations", "--text", "--web", "--close", "--save-figure", "--save-movie",
                   "--pictures", "--classify", "--save", "--restore", "--seed", "--data-dir",
                   "--device"):
        assert option in result.stdout
    assert "python mnist_3.1_convolutional_bigger_dropout.py" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_help_and_wrong_options_do_not_wait_for_tensorflow():
    code = ("import runpy, sys\n"
            "try: runpy.run_path('mnist_1.0_softmax.py')\n"
            "except SystemExit: pass\n"
            "assert 'tensorflow' not in sys.modules and 'numpy' in sys.modules")
    for argument in ("--help", "--wrong"):
        subprocess.run([sys.executable, "-c", code, argument], cwd=PROJECT, check=True,
                       capture_output=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
@pytest.mark.parametrize("moment", ["while it starts", "while it trains"])
def test_ctrl_c(tmp_path, moment):
    process = subprocess.Popen(
        [sys.executable, PROJECT / "mnist_1.0_softmax.py", "--iterations", "1000000"],
        cwd=tmp_path, env=script_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if moment == "while it starts":
        time.sleep(1.5)
    else:
        while not process.stdout.readline().startswith("      300"):
            assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "Stopped by Ctrl-C.\n"
    if moment == "while it trains":
        assert re.search(r"^latest test accuracy   0\.9\d{3}, .* after [\d,]+ iterations",
                         output, re.MULTILINE)
        assert "maximum of the run" in output and "final" not in output


def test_closed_output_is_no_error(tmp_path):
    process = subprocess.Popen(
        [sys.executable, PROJECT / "mnist_1.0_softmax.py"], cwd=tmp_path,
        env=script_environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 1


def run_edited(tmp_path, old, new):
    """Run a copy of the first stage in which `new` stands in the one place of `old`."""
    text = (PROJECT / "mnist_1.0_softmax.py").read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "mnist_1.0_edited.py"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True,
                          env=script_environment() | {"PYTHONPATH": str(PROJECT)}, timeout=100)


def test_loss_that_is_no_number(tmp_path):
    """A learning rate that is far too high drives softmax to an exact 0."""
    result = run_edited(tmp_path, "tf.constant(0.003)", "tf.constant(3.0)")
    assert result.returncode == 1
    assert "loss is nan at iteration" in result.stderr and "log(0)" in result.stderr
    assert "Traceback" not in result.stderr
    assert "latest test accuracy" in result.stdout


def test_our_own_bugs_keep_their_traceback(tmp_path):
    result = run_edited(tmp_path, "XX = ", "undefined_name + ")
    assert result.returncode == 1
    assert "NameError" in result.stderr and "Traceback" in result.stderr


def test_real_errors_of_tensorflow_still_show():
    """What the filter at the start lets through, and what it holds back."""
    from common import quiet_tensorflow
    lines = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795316652.910499    2370 port.cc:153] oneDNN custom operations are on.
2024-05-06 07:08:09.123456: W tensorflow/compiler/tf2tensorrt/utils.cc:38] No TensorRT
E0000 00:00:1795316657.034563    2370 cuda_platform.cc:52] failed call to cuInit: INTERNAL: (303)
Traceback (most recent call last):
F0000 00:00:1795316657.034563    2370 cpu_feature_guard.cc] compiled to use AVX instructions
E0000 00:00:1795316657.034563    2370 cuda_platform.cc:52] failed call to cuInit: (803) mismatch
"""
    result = subprocess.run([sys.executable, quiet_tensorflow.__file__], input=lines,
                            capture_output=True, text=True, timeout=30)
    assert result.stderr.splitlines() == lines.splitlines()[4:]


@pytest.mark.parametrize("chosen, in_use", [({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")])
def test_onednn_is_used_unless_the_user_says_otherwise(chosen, in_use):
    code = ("import os; from common import quiet_tensorflow; quiet_tensorflow.start('cpu'); "
            "print(os.environ['TF_ENABLE_ONEDNN_OPTS'])")
    result = subprocess.run([sys.executable, "-c", code], env=script_environment() | chosen,
                            cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == [in_use], result.stderr


def peak_memory(*command):
    """The peak resident memory of a command, in kilobytes."""
    process = subprocess.Popen([sys.executable, *command], env=script_environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell a process's peak memory")
def test_images_are_kept_as_bytes():
    """A stage takes little more memory than TensorFlow: 60,000 images as floats are 188 MB."""
    tensorflow = peak_memory("-c", "import tensorflow")
    stage = peak_memory(PROJECT / "mnist_1.0_softmax.py", "--text", "--iterations", "100")
    assert stage < tensorflow + 100_000


def imports_of(path):
    """The names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_tensorflow_stays_out_of_common():
    users = {path.name for path in (PROJECT / "common").glob("*.py")
             if any(name.split(".")[0] == "tensorflow" for name in imports_of(path))}
    assert users == {"quiet_tensorflow.py", "network.py"}
    code = ("import sys, common.mnist_data, common.dashboard, common.command_line, "
            "common.chunks, common.network\n"
            "assert not {'tensorflow', 'matplotlib'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, timeout=30)
