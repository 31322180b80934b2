"""What the tests share: folders of data files, a screen, and ways to run the scripts."""

import contextlib
import gzip
import os
import pathlib
import runpy
import shutil
import signal
import struct
import subprocess
import sys
import time
import types

import pytest

from benchmarks import speed
from common import data_files, terminal
from common.graph import start as tensorflow_start

PROJECT = pathlib.Path(__file__).resolve().parent.parent
STAGES = sorted(path.name for path in PROJECT.glob("mnist_*.py"))
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # the tests are written for a CPU
os.environ.pop("PYTHONFAULTHANDLER", None)  # it would hide crashes on signals
tensorflow_start.prefer_onednn()  # as the scripts do: some tests run them in this process
NOWHERE = "http://127.0.0.1:9/"  # a port on which nothing listens: tests use no network

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would the scripts
# that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def script_of(version):
    """The name of the stage with this version, "1.0" to "3.1"."""
    (script,) = (name for name in STAGES if name.startswith(f"mnist_{version}_"))
    return script


def write_idx(path, values):
    """Write a uint8 array as an idx file; compressed if the name ends in .gz."""
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    content = header + values.tobytes()
    path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)


def script_environment():
    """The environment for a script started by a test: no network, no screen, none of the tester's
    settings.
    """
    unwanted = {"TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TF_USE_LEGACY_KERAS",
                "NO_PROXY", "no_proxy", "COLUMNS", "LINES", "FORCE_COLOR",
                "DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND"}
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    return environment | {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "https_proxy": NOWHERE,
                          "CUDA_VISIBLE_DEVICES": "-1"}


def wait_until(condition, seconds=20):
    """Wait until `condition()` is true, or so many seconds have passed; return what it gave."""
    deadline = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return result


@pytest.fixture(scope="session")
def screen():
    """A virtual screen of 1920×1200 pixels; gives its name, as the variable DISPLAY has it."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing (Debian and Ubuntu: apt install xvfb xdotool)")
    with speed.virtual_screen() as (environment, _):
        yield environment["DISPLAY"]


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """Keep each test in this process apart: no mirror can be reached; what scripts and dashboards
    change for the end of their process is put back, and those not finished are left alone.
    """
    monkeypatch.setattr(data_files, "MIRRORS", (NOWHERE,))
    monkeypatch.setattr(terminal, "atexit", types.SimpleNamespace(register=lambda action: None))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def run_python(*arguments, cwd=PROJECT, environment=(), **options):
    """Run Python as a script is run by a test; returns a `subprocess.CompletedProcess`."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, text=True,
        env=script_environment() | dict(environment), **{
            "stdin": None if "input" in options else subprocess.DEVNULL, "timeout": 100,
            "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options)


@pytest.fixture
def start_python():
    """A function that starts Python in the same way; gives a `subprocess.Popen`. What still runs
    in the end is killed.
    """
    started = []

    def start(*arguments, cwd=PROJECT, environment=(), **options):
        started.append(subprocess.Popen(
            [sys.executable, *map(str, arguments)], cwd=cwd, text=True,
            env=script_environment() | dict(environment), stdin=subprocess.DEVNULL, **{
                "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run_script(tmp_path):
    """A function that runs a script of the project from another folder, its output piped."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    return lambda script, *arguments: run_python(PROJECT / script, *arguments, cwd=elsewhere)


@contextlib.contextmanager
def as_a_script(*argv):
    """Let code in this process behave as a script: what it changes for its end is put back."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP")
               if hasattr(signal, name)]
    before = sys.argv, sys.path, sys.excepthook, [signal.getsignal(n) for n in numbers]
    sys.argv, sys.path = list(map(str, argv)), [*sys.path]
    for number in numbers[1:]:  # pytest may run under nohup
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        sys.argv, sys.path, sys.excepthook, handlers = before
        for number, handler in zip(numbers, handlers):
            signal.signal(number, handler)


def run_stage(path, *arguments):
    """Run a stage in this process, as text, and return its names as a dictionary.

    That saves the seconds that each process of its own spends on importing TensorFlow. The network
    is built in a graph of its own.
    """
    import tensorflow.compat.v1 as tf
    with as_a_script(path, "--text", *arguments), tf.Graph().as_default():
        return runpy.run_path(str(path))


@pytest.fixture
def tf():
    """TensorFlow as it starts, even after a stage in this process has switched it to graphs."""
    import tensorflow as tf
    with tf.__internal__.eager_context.eager_mode():
        yield tf


@pytest.fixture
def viewer():
    from drawn_dashboard import viewer_of
    return viewer_of()
