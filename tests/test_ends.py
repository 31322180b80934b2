"""However a script ends, what was asked for is there, or a sentence says that it is not."""

import os
import random
import re
import signal
import subprocess
import time

import pytest
from conftest import PROJECT, run_python, script_of

needs_signals = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")
FIRST = (PROJECT / script_of("1.0")).read_text(encoding="utf-8")
STEP = "    sess.run(train_step, feed_dict=train_data)\n"
THEN = STEP + "    if i == 30: "
FINISH = "dashboard.finish()\n"


def run_edited(folder, *edits, environment=(), **options):
    """Run stage 1.0 with some of its text replaced."""
    code = FIRST
    for old, new in edits:
        assert old in code
        code = code.replace(old, new)
    (folder / "mine.py").write_text(code, encoding="utf-8")
    return run_python("mine.py", "--iterations", 60, "--save", "trained", "--save-figure",
                      "run.png", "--close", cwd=folder,
                      environment={"PYTHONPATH": str(PROJECT)} | dict(environment), **options)


# What a reader has changed; the status, what is told, and after how many steps the network is kept.
ENDS = {
    "break": ([(STEP, THEN + "break\n")], 0, "", 31),
    "exit": ([(STEP, THEN + "raise SystemExit\n"), (FINISH, "")], 0, "", 31),
    "no finish": ([(FINISH, "")], 0, "", 61),
    "a session that ends before finish": (
        [(FINISH, "sess.close()\n" + FINISH)], 1,
        r"put dashboard.finish\(\) into the block of 'with", None),
    "a reader of the output who has enough, as in | head": (
        [(STEP, THEN + "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)\n")], 1,
        r"\A\Z", 40),
    "a disk that is full later": (
        [(STEP, THEN + "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n")], 1,
        r"cannot be written \(No space left on device\)", 61),
    # A learning rate far too high drives softmax to an exact 0.
    "a loss that is no number": ([("tf.constant(0.003)", "tf.constant(3.0)")], 1,
                                 r"loss is nan at iteration(.|\n)*log\(0\)", None),
    "a bug": ([("XX = ", "undefined_name + ")], 1, "Traceback(.|\n)*NameError", None),
}


@pytest.mark.parametrize("edits, status, told, kept", [
    pytest.param(*row, id=name, marks=pytest.mark.slow if name != "break" else ())
    for name, row in ENDS.items()])
def test_an_end_of_the_readers_own(tmp_path, edits, status, told, kept):
    """Otherwise a slip costs what was reached, or a reader does not learn which line is wrong."""
    if "/dev/full" in str(edits) and not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    done = run_edited(tmp_path, *edits)
    assert done.returncode == status and re.search(told, done.stderr)
    is_bug = "Traceback" in told
    assert ("Traceback" in done.stderr) == is_bug == (not (tmp_path / "run.png").exists())
    assert kept is None or (tmp_path / f"trained/network-{kept}.json").exists()


@pytest.mark.slow
def test_a_full_disk_under_the_output(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as full:
        done = run_edited(tmp_path, stdout=full)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "cannot be written (No space left on device)" in done.stderr


@pytest.mark.slow
def test_two_runs_in_one_script_have_a_window_each(screen, tmp_path):
    """Otherwise a reader who compares two rates in a loop sees one, and the other ends at once."""
    before, loop = FIRST.split("# training loop\n")
    done = run_edited(tmp_path, (FIRST, before + loop + loop), environment={"DISPLAY": screen})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("after 60 iterations in") == 2


# Ctrl-C, SIGTERM and SIGHUP, whatever is computed at that moment. None of these processes has
# PYTHONFAULTHANDLER, which would hide what is tested here.

# What the stages with small layers do: products in the main thread, which signals interrupt.
PRODUCTS = """
import signal
from common import command_line
options = command_line.start(None, threads=1)
import tensorflow as tf
tf = tf.compat.v1
count = 0
def handle(number, frame):
    global count
    count += 1
signal.signal(signal.SIGALRM, handle)
with tf.Graph().as_default(), tf.Session() as sess:
    product = tf.matmul(tf.random_normal([100, 784]), tf.random_normal([784, 200]))
    sess.run(product)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    while count < 500:
        sess.run(product)
    signal.setitimer(signal.ITIMER_REAL, 0)
print("signals:", count)
"""


# What TensorFlow 2's functions do, and stages with convolutions: products in threads of a pool.
# Signals come in pairs, of which the second finds the main thread waiting for the first.
POOL = """
import os, signal, time
from common import command_line
command_line.start(None)
import tensorflow as tf
count = 0
def handle(number, frame):
    global count
    count += 1
signal.signal(signal.SIGTERM, handle)
signal.signal(signal.SIGHUP, handle)
products = tf.function(lambda: tf.add_n([
    tf.matmul(tf.random.normal([100, 784]), tf.random.normal([784, 200])) for _ in range(4)]))
products()
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        os.kill(parent, signal.SIGTERM)
        os.kill(parent, signal.SIGHUP)
        time.sleep(0.001)
    os._exit(0)
while count < 4000:
    products()
print("signals:", count, flush=True)
os._exit(0)
"""


@needs_signals
@pytest.mark.parametrize("code", [
    pytest.param(PRODUCTS, id="one thread"), pytest.param(POOL, id="pool", marks=pytest.mark.slow)])
def test_signals_while_matrices_are_multiplied(code):
    """Otherwise Ctrl-C now and then is a crash, and costs what was reached."""
    done = run_python("-c", code, "--text")
    assert done.returncode == 0 and re.search(r"signals: \d{3}", done.stdout), done.stderr[-500:]


@pytest.mark.slow
@needs_signals
@pytest.mark.parametrize("version", ["1.0", "2.0", "2.1", "2.2"])
def test_signals_at_random_moments_lose_nothing(start_python, version, tmp_path):
    moments = random.Random(version)
    for n, number in enumerate([signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 3):
        folder = tmp_path / str(n)
        run = start_python("-u", PROJECT / script_of(version), "--text", "--iterations", 1_000_000,
                           "--save", folder, cwd=tmp_path, stderr=subprocess.STDOUT)
        for line in run.stdout:
            if line.lstrip().startswith("100 "):
                break
        time.sleep(moments.uniform(0, 1.5))
        run.send_signal(number)
        said = run.communicate(timeout=60)[0]
        assert run.returncode == 128 + number, said
        assert "latest test accuracy" in said and "--restore" in said, said
        assert "Stopped by" in said and "final" not in said and "Traceback" not in said, said
        assert list(folder.glob("network-*.index")), said
