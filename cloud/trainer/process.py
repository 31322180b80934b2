"""One process of a training, as its launcher starts it: python -m cloud.trainer.process

Its standard input is a socket, the line to the launcher.
"""

import contextlib
import os
import signal
import sys
import traceback

from cloud.trainer import cluster as clusters
from cloud.trainer import hyperparameters as hp
from cloud.trainer.launcher import MOVED_ON, SIGNALS, WILL_NOT_SAVE, WILL_SAVE
from common.graph import start as tensorflow_start
from common.terminal import EXIT_USER_ERROR, UserError, say

FATAL_ONLY = "3"  # of TF_CPP_MIN_LOG_LEVEL: what is lost is said by Python's exceptions, too


class Lifetime:
    """Tells the launcher how this process is doing, and this process when it has to end."""

    def __init__(self, line):
        """Name the launcher's line, a file number (int); nothing is said yet."""
        self._line = line

    def moved_on(self):
        """Say that something was finished: the launcher's patience starts anew."""
        os.write(self._line, MOVED_ON)

    def will_save(self, saves):
        """Say whether (bool) this process looks at `signal` from now on, saves and leaves.

        As long as it does not, at first, the launcher kills it where it has to end.
        """
        os.write(self._line, WILL_SAVE if saves else WILL_NOT_SAVE)

    @property
    def signal(self):
        """The number (int) of the signal that asks this process to end, or None.

        The launcher starts it with such signals blocked: they wait to be looked at, and interrupt
        no thread of TensorFlow while it computes (see `handle_signals_apart` in common/graph).
        """
        return next(iter(signal.sigpending().intersection(SIGNALS)), None)

    def leave(self, status, why=None):
        """End this process at once: TensorFlow would wait for the other processes first.

        Args:
          status: int, the exit status.
          why: str, a line for the standard error stream, or None.
        """
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        if why:
            say(f"cloud.trainer: {why}")
        os._exit(status)


def main():
    """Train. This never returns: TensorFlow would wait for the cluster's end."""
    options, lifetime = hp.read(), Lifetime(sys.stdin.fileno())
    try:
        lifetime.moved_on()
        cluster = clusters.read(os.environ)
        _start_tensorflow(cluster)
        lifetime.moved_on()
        from cloud.trainer.run import run  # imports TensorFlow
        run(options, hp.from_options(options), cluster, lifetime)
    except UserError as error:
        lifetime.leave(EXIT_USER_ERROR, error)
    except BrokenPipeError:  # the launcher is gone, or: python -m cloud.trainer | head
        lifetime.leave(EXIT_USER_ERROR)
    except BaseException:  # a bug of ours
        traceback.print_exc()
        lifetime.leave(EXIT_USER_ERROR)
    lifetime.leave(0)


def _start_tensorflow(cluster):
    """Import TensorFlow without its chatter, and have it compute the same each time."""
    # Processes of a cluster talk to each other directly, not through a proxy for the internet.
    os.environ["no_grpc_proxy"] = ",".join(
        address.rpartition(":")[0] for address in cluster.addresses)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL",
                          FATAL_ONLY if cluster.size > 1 else tensorflow_start.WARNING)
    tensorflow_start.prefer_onednn()
    with tensorflow_start.without_chatter(), tensorflow_start.without_keras():
        import tensorflow as tf
        tf.config.list_physical_devices("GPU")  # has things to say, too
    tf.config.experimental.enable_op_determinism()


if __name__ == "__main__":
    main()
