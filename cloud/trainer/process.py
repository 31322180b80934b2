"""One process of a training, as its launcher starts it: python -m cloud.trainer.process

Its standard input is a socket, the line to the launcher.
"""

import os
import sys
import traceback

from cloud.trainer import cluster as clusters
from cloud.trainer import hyperparameters as hp
from cloud.trainer.lifetime import Lifetime, leave
from common.graph import start as tensorflow_start
from common.terminal import EXIT_USER_ERROR, UserError

FATAL_ONLY = "3"  # of TF_CPP_MIN_LOG_LEVEL: what is lost is said by Python's exceptions, too


def main():
    """Train. This never returns: TensorFlow would wait for the cluster's end."""
    options = hp.read()
    try:
        lifetime = Lifetime(sys.stdin.fileno())
        cluster = clusters.read(os.environ)
        _start_tensorflow(cluster)
        lifetime.moved_on()
        from cloud.trainer.run import run  # imports TensorFlow
        run(options, hp.from_options(options), cluster, lifetime)
    except UserError as error:
        leave(EXIT_USER_ERROR, error)
    except BrokenPipeError:  # the launcher is gone, or: python -m cloud.trainer | head
        leave(EXIT_USER_ERROR)
    except BaseException:  # a bug of ours
        traceback.print_exc()
        leave(EXIT_USER_ERROR)
    leave(0)


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
