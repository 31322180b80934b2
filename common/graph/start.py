"""Starting TensorFlow on a device, quickly and without chatter; real errors still show.

The environment variable TF_CPP_MIN_LOG_LEVEL is not enough: what TensorFlow's C++ side says while
it is being imported, before its log is set up, goes to the standard error stream whatever the
level. So while it starts, that stream passes through this very file, run as a second process that
drops the lines known to be harmless and hands on all others at once. Being a process of its own,
it hands them on even if TensorFlow crashes (on a processor without AVX instructions, say).
"""

import contextlib
import faulthandler
import logging
import os
import re
import signal
import subprocess
import sys

CHATTER = re.compile(rb"""
    WARNING:\ All\ log\ messages\ before\ absl::InitializeLog
  | [IW]\d{4}\ \d\d:                                 # I0000 00:00:1795316652.910499 2370 port.cc
  | \d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d\.\d+:\ [IW]\       # 2024-05-06 07:08:09.123456: I tensorflow/
  | To\ enable\ the\ following\ instructions:        # the second line of a message that begins so
  | .*Unable\ to\ register\ cu\w+\ factory           # an error in name only, on every machine
  | .*failed\ call\ to\ cuInit:.*(\(303\)|CUDA_ERROR_NO_DEVICE)      # there is no NVIDIA GPU
""", re.VERBOSE)

INFO, WARNING = "1", "2"  # values of TF_CPP_MIN_LOG_LEVEL: the highest level that is hidden


def start(device, threads=None):
    """Import TensorFlow quietly and choose the device on which its sessions will run.

    Args:
      device: "cpu"; "gpu", the first GPU; or "auto", the GPU if there is one.
      threads: int, on how many it computes on the CPU; None for one on each core.

    Returns:
      str, TensorFlow's version and the device in use; None where "gpu" was asked for in vain.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:  # the user has chosen what to see
        quiet_import = quiet_devices = contextlib.nullcontext()
    else:
        # Whoever asks for a GPU wants to read why it is not found.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = INFO if device == "gpu" else WARNING
        quiet_import = without_chatter()
        quiet_devices = contextlib.nullcontext() if device == "gpu" else without_chatter()

    prefer_onednn()
    use_threads(threads)
    handle_signals_apart()
    with quiet_import, without_keras():
        import tensorflow as tf
    # Deprecation warnings: the API of the codelab is the old one, on purpose.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with quiet_devices:
        gpus = tf.config.list_physical_devices("GPU")
        if device == "gpu" and not gpus:
            return None
        gpus = [] if device == "cpu" else gpus[:1]
        tf.config.set_visible_devices(gpus, "GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)  # not all of its memory at once
        # The first operations have things to say, too, and start the threads: let it be these two.
        # The session comes first: the other way round, the prediction server is a fifth slower.
        with threads_without_signals():
            with tf.Graph().as_default(), tf.compat.v1.Session() as sess:
                sess.run(tf.constant(0))
            tf.constant(0)  # without a graph, and for functions

    name = f"CPU ({os.cpu_count()} cores)"
    for gpu in gpus:
        name = tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
    return f"TensorFlow {tf.__version__} on {name}"


def forget_graph():
    """Begin with an empty graph, though another script has run before in this notebook."""
    import tensorflow as tf
    tf.compat.v1.reset_default_graph()


def prefer_onednn():
    """Have TensorFlow, once it is imported, compute with the oneDNN library on any x86 processor.

    By itself it does so only on those with instructions for neural networks (AVX-512 VNNI, AMX). On
    another one stage 3.1 trains 2 times as fast with it and is tested 4 times as fast; networks
    without convolutions take the same time, to within a tenth. TF_ENABLE_ONEDNN_OPTS is
    TensorFlow's own switch; what the user has set it to stays.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def use_threads(threads):
    """Have TensorFlow, once it is imported, compute on so many threads; None for its own choice.

    On one it computes in the very thread that calls it, without a queue. The environment variables
    are TensorFlow's own; what the user has set them to stays.
    """
    if threads is not None:
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    if threads == 1:
        os.environ.setdefault("TF_NUM_INTEROP_THREADS", "-1")


def handle_signals_apart():
    """Have signals that reach this thread handled on a stack of their own; call it in the main one.

    While oneDNN's matrix product computes, it points the stack register into the heap. A signal
    that is handled on the same thread then overwrites the heap, and the process dies sooner or
    later (https://github.com/uxlfoundation/oneDNN/issues/4845; mended by its pull request 4855,
    which no TensorFlow has yet). On one thread, and without a graph, TensorFlow computes in the
    main thread, which gets all signals. faulthandler brings an alternate stack for the thread that
    enables it, and Python handles all signals there. It also says where a process crashed.
    """
    if os.name == "nt" or faulthandler.is_enabled():  # Windows handles signals in another thread
        return
    try:
        faulthandler.enable()
    except (AttributeError, OSError, RuntimeError, ValueError):  # no stream to tell a crash on
        faulthandler.enable(open(os.devnull, "w"))


@contextlib.contextmanager
def threads_without_signals():
    """Have the threads that start meanwhile leave signals to the main one.

    They compute, too, and have no stack apart (see `handle_signals_apart`). The main thread gets
    all signals that come one at a time; while one waits for it, the system hands the next to any
    thread that takes it. A terminal or batch system that closes often sends SIGTERM and SIGHUP.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def without_keras():
    """Keep the import of TensorFlow from loading Keras, which the scripts do without.

    TensorFlow loads it only for what its modules register, and goes on if it is not there. Asked
    for Keras 2, in a package of its own, it leaves Keras 3 until somebody says tf.keras. That
    saves a quarter of the time to start, and 50 MB.
    """
    if "TF_USE_LEGACY_KERAS" in os.environ:  # the user has chosen which Keras to load
        yield
        return
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    try:
        yield
    finally:
        del os.environ["TF_USE_LEGACY_KERAS"]


@contextlib.contextmanager
def without_chatter():
    """Pass what this process and its libraries write to standard error through `_drop_chatter`."""
    try:
        terminal = os.dup(2)
    except OSError:  # there is no standard error stream to keep clean
        yield
        return
    drop_chatter = subprocess.Popen([sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE,
                                    start_new_session=True)  # out of the reach of Ctrl-C
    os.dup2(drop_chatter.stdin.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        drop_chatter.communicate()


def _drop_chatter():
    """Copy standard input to standard error, line by line, without the lines of chatter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows, Ctrl-C reaches it all the same
    for line in sys.stdin.buffer:
        if not CHATTER.match(line):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    _drop_chatter()
