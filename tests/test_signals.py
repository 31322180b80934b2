"""Ctrl-C, SIGTERM and SIGHUP end a script as they should, whatever it computes at that moment.

None of these processes has PYTHONFAULTHANDLER, which would hide what is tested here.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import PROJECT, run_python, script_environment, script_of, wait_until

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")

# What the stages with small layers do: products in the main thread, which signals interrupt.
PRODUCTS = """
import signal, sys
from common import command_line
{prepare}
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
    while count < 1000:
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


@pytest.mark.parametrize("code", [
    pytest.param(PRODUCTS.format(prepare=""), id="one thread"),
    pytest.param(PRODUCTS.format(prepare="sys.stderr = None"), id="without stderr",
                 marks=pytest.mark.slow),
    pytest.param(POOL, id="pool", marks=pytest.mark.slow)])
def test_signals_while_matrices_are_multiplied(code):
    """Otherwise Ctrl-C now and then is a crash, and costs what was reached."""
    done = run_python("-c", code, "--text")
    assert done.returncode == 0 and re.search(r"signals: \d{4}", done.stdout), done.stderr[-500:]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "2.0", "2.1", "2.2"])
def test_signals_at_random_moments_lose_nothing(version, tmp_path):
    moments = random.Random(version)
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 3:
        folder = tmp_path / f"{number.name}{time.monotonic()}"
        run = subprocess.Popen(
            [sys.executable, "-u", PROJECT / script_of(version), "--text", "--iterations",
             "1000000", "--save", folder], cwd=tmp_path, env=script_environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for line in run.stdout:
                if line.lstrip().startswith("100 "):
                    break
            time.sleep(moments.uniform(0, 1.5))
            os.kill(run.pid, number)
            said = run.communicate(timeout=60)[0]
        finally:
            run.kill()
        assert run.returncode == 128 + number, said
        assert "latest test accuracy" in said and "--restore" in said, said
        assert "Stopped by" in said and "final" not in said and "Traceback" not in said, said
        assert wait_until(lambda folder=folder: list(folder.glob("network-*.index"))), said
