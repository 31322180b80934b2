"""Train the network of stage 3.1 on one machine or many, and export it: python -m cloud.trainer

What is here are the flags and the start of TensorFlow; run.py has what is done then.
"""

import argparse
import os
import traceback

from cloud.trainer import cluster as clusters
from cloud.trainer import hyperparameters as hp
from cloud.trainer import lifetime as lifetimes
from common import mnist_data, quiet_tensorflow
from common.clean_exit import EXIT_USER_ERROR, UserError

BUCKETS, MOUNTED_BUCKETS = "gs://", "/gcs/"  # Vertex AI mounts every bucket as a folder
LARGEST_SEED = 2**31 - 2000  # leaves room below 2**31 for what is added to it


def main():
    """Run the program. This never returns: TensorFlow would wait for the cluster's end."""
    options = _parser().parse_args()
    try:
        cluster = clusters.read(os.environ)
        lifetime = lifetimes.Lifetime(options.patience)
        _start_tensorflow(cluster)
        lifetime.moved_on()
        from cloud.trainer.run import run  # imports TensorFlow
        run(options, hp.from_options(options), cluster, lifetime)
    except UserError as error:
        lifetimes.leave(EXIT_USER_ERROR, error)
    except BrokenPipeError:  # for example: python -m cloud.trainer | head
        lifetimes.leave(EXIT_USER_ERROR)
    except BaseException:  # a bug of ours
        traceback.print_exc()
        lifetimes.leave(EXIT_USER_ERROR)
    lifetimes.leave(0)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m cloud.trainer", usage="%(prog)s [options]",
        description="Train the network of stage 3.1 on one machine or many, and export it.")

    def flag(name, default, help_, metavar="DIR", type_=_folder):
        parser.add_argument(name, metavar=metavar, type=type_, default=default,
                            help=f"{help_} (default: {default})")

    flag("--data-dir", mnist_data.DEFAULT_DIR, "folder of the data set, in MNIST's format")
    flag("--model-dir", os.environ.get("AIP_MODEL_DIR") or "cloud_output/model",
         "where to export to")
    flag("--checkpoint-dir", os.environ.get("AIP_CHECKPOINT_DIR") or "cloud_output/checkpoints",
         "where checkpoints are; a run goes on from the newest")
    flag("--log-dir", os.environ.get("AIP_TENSORBOARD_LOG_DIR") or "cloud_output/logs",
         "where to write summaries for TensorBoard")
    flag("--seed", 0, "for all random numbers", "N", hp.whole_number(0, LARGEST_SEED))
    large = hp.whole_number(1, 1_000_000_000)
    flag("--batch-size", 100, "training digits in an iteration, over all replicas", "N",
         hp.whole_number(1, 60_000))
    flag("--test-every", 500, "test every N iterations", "N", large)
    flag("--checkpoint-every", 500, "save every N iterations", "N", large)
    flag("--test-digits", 10_000, "test on the first N test digits", "N", large)
    flag("--patience", 300, "give up when nothing has moved for N seconds, for example while "
         "waiting for the other processes", "N", hp.number(0, 1_000_000, above=True))
    hp.add_flags(parser)
    return parser


def _folder(text):
    """A type for argparse: the path of a folder, that of a mounted bucket for a gs:// address."""
    if not text.strip():
        raise argparse.ArgumentTypeError("should be the name of a folder")
    if text.startswith(BUCKETS):
        return MOUNTED_BUCKETS + text[len(BUCKETS):]
    return text


def _start_tensorflow(cluster):
    """Import TensorFlow without its chatter, and have it compute the same each time."""
    # Processes of a cluster talk to each other directly, not through a proxy for the internet.
    os.environ["no_grpc_proxy"] = ",".join(
        address.rpartition(":")[0] for address in cluster.addresses)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", quiet_tensorflow.WARNING)
    quiet_tensorflow.prefer_onednn()
    with quiet_tensorflow.without_chatter(), quiet_tensorflow.without_keras():
        import tensorflow as tf
        tf.config.list_physical_devices("GPU")  # has things to say, too
    tf.config.experimental.enable_op_determinism()


if __name__ == "__main__":
    main()
