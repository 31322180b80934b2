"""Starts the processes of a training on this machine, one or several, and watches over them.

While TensorFlow waits for other processes, in C++, Python does not get a turn there, neither its
signal handlers nor its threads. So a process of a training is watched from outside, by this one,
which never loads TensorFlow. (An alarm of the operating system would not do: in a container the
program is process 1, which Linux spares the signals that it has no handler for.)

Exit statuses:
    0  trained, tested and exported
    1  something the user can put right, said in one sentence (2: a wrong flag)
  138  another process is gone, or nothing has moved on for as long as --patience says
  143  SIGTERM, 130  Ctrl-C, 129  a closed terminal: the chief has saved its state, if the
       training had begun
  137  SIGKILL, which leaves no time for anything

Those above 127 may go better the next time: the job in kubernetes/indexed-job.yaml starts such a
process again, and not one that ended with 1 or 2. So does this launcher where it has started
several.
"""

import contextlib
import ctypes
import functools
import multiprocessing.connection
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from cloud.trainer.cluster import out_of_reach
from common.graph.start import threads_without_signals
from common.terminal import say

EXIT_RETRY = 138  # 128 + SIGUSR1, which nobody sends
GRACE = 20        # seconds from a signal to the end; Kubernetes kills after 30
RESTARTS = 20     # of all processes together
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_SECONDS = 0.5
PR_SET_PDEATHSIG = 1

# What a process of a training says to its launcher, a byte each.
MOVED_ON, WILL_SAVE, WILL_NOT_SAVE = b".", b"+", b"-"


def launch(arguments, clusters, patience, locks=()):
    """Run processes of a training to their end.

    Args:
      arguments: a list of str, the flags for each of them.
      clusters: a list of `Cluster`, one for each process to start here: whom it trains with.
      patience: float, seconds. A process that says nothing for so long is ended.
      locks: files that hold locks, which last until all of these processes have ended, too.

    Returns:
      int, the exit status.
    """
    several = len(clusters) > 1
    processes = [_Process(arguments, cluster, patience, locks,
                          f"worker {cluster.index} | " if several else "")
                 for cluster in clusters]
    asked = signals_to_end()
    for process in processes:
        process.start()
    status = _watch(processes, RESTARTS if several else 0, asked)
    return 128 + asked[0] if asked else status


def signals_to_end():
    """A list to which, from now on, the number of each signal that asks this process to end is
    added; that is its only effect.
    """
    asked = []
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's way
            signal.signal(number, lambda number, frame: asked.append(number))
    return asked


def _watch(processes, restarts, asked):
    """Wait until all have ended; gives 0, or the status with which one has failed for good."""
    failed = 0
    while running := [process for process in processes if process.status is None]:
        multiprocessing.connection.wait([process.line for process in running], LOOK_SECONDS)
        for process in running:
            if asked:
                process.ask_to_end(asked[0])
            process.look()
            if not process.status or asked or failed:
                continue
            if process.status > 127 and restarts:
                restarts -= 1
                process.start()
            else:
                failed = process.status
                for other in processes:
                    other.ask_to_end(signal.SIGTERM)
    return failed


def ending_with_this_process():
    """What makes a process that subprocess.Popen starts (`preexec_fn`) end with this one, even if
    this is killed, whatever it waits for. Linux only; elsewhere None, and it is on its own.
    """
    if sys.platform == "linux":
        return functools.partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, signal.SIGKILL)


class _Process:
    """One process of a training, seen from outside. Its `status` is None while it runs."""

    def __init__(self, arguments, cluster, patience, locks, prefix):
        self._command = [sys.executable, "-u", "-m", "cloud.trainer.process", *arguments]
        self._cluster, self._patience, self._prefix = cluster, patience, prefix
        self._locks = [lock.fileno() for lock in locks]
        self._process = None
        self.line = self.status = None

    def start(self):
        self.line, its_line = socket.socketpair()
        self.line.setblocking(False)
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True,
                  "errors": "replace"} if self._prefix else {}
        # In a session of its own, out of the reach of a terminal's Ctrl-C, which is passed on.
        with threads_without_signals():  # all of the process's: it looks for them itself
            self._process = subprocess.Popen(
                self._command, stdin=its_line, start_new_session=True, pass_fds=self._locks,
                env=os.environ | self._cluster.environment, **output,
                preexec_fn=ending_with_this_process())
        its_line.close()
        if self._prefix:
            threading.Thread(target=self._copy, args=(self._process.stdout,)).start()
        self.status, self._saves, self._is_asked = None, False, False
        self._deadline = time.monotonic() + self._patience

    def ask_to_end(self, number):
        """Pass a signal on to a process that would save its state; any other one ends at once."""
        if self.status is not None or self._is_asked:
            return
        self._is_asked = True
        self._deadline = time.monotonic() + GRACE
        if self._saves:
            self._process.send_signal(number)
        else:
            self._process.kill()

    def look(self):
        """Read what the process has said; end it if it has been silent for too long."""
        try:
            said = self.line.recv(4096)
        except BlockingIOError:
            if time.monotonic() > self._deadline:
                self._give_up()
            return
        except ConnectionResetError:
            said = b""
        if not said:  # it has ended
            status = self._process.wait()
            self._close(128 - status if status < 0 else status)
            return
        if not self._is_asked:
            self._deadline = time.monotonic() + self._patience
        if intentions := said.replace(MOVED_ON, b""):
            self._saves = intentions.endswith(WILL_SAVE)

    def _give_up(self):
        self._process.kill()
        self._process.wait()
        missing = ", ".join(out_of_reach(self._cluster))
        why = (f"has not ended {GRACE} seconds after it was asked to" if self._is_asked else
               f"waited {self._patience:g} seconds (--patience) for {missing}" if missing else
               f"nothing has moved on for {self._patience:g} seconds (--patience)")
        say(f"{self._prefix}cloud.trainer: {why}")
        self._close(EXIT_RETRY)

    def _close(self, status):
        self.line.close()
        self.status = status

    def _copy(self, output):
        with contextlib.suppress(BrokenPipeError), output:  # its end gets about, process by process
            for line in output:
                print(self._prefix + line, end="", flush=True)
