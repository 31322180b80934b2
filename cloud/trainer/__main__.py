"""Train the network of stage 3.1 on one machine or many, and export it: python -m cloud.trainer

What is here is the start: the training itself runs in processes of its own.
"""

import os
import sys

from cloud.trainer import cluster as clusters
from cloud.trainer import hyperparameters as hp
from cloud.trainer.launcher import launch
from common import mnist_data
from common.terminal import EXIT_USER_ERROR, UserError, say


def main():
    """Run the program; its exit status is one of those that `launcher` lists."""
    options = hp.parser().parse_args()
    try:
        processes = _processes(options)
    except UserError as error:
        say(f"cloud.trainer: {error}")
        sys.exit(EXIT_USER_ERROR)
    sys.exit(launch(sys.argv[1:], processes, options.patience))


def _processes(options):
    """A `Cluster` for each process to start here: whom it trains with."""
    cluster = clusters.read(os.environ)
    if options.workers and cluster.size > 1:
        raise UserError("--workers is for this machine alone, but the environment names other "
                        "processes to train with: leave out one or the other")
    if not os.path.isdir(mnist_data.resolve(options.data_dir)):
        raise UserError(f"--data-dir: there is no folder {options.data_dir}")
    return clusters.on_this_machine(options.workers) if options.workers else [cluster]


if __name__ == "__main__":
    main()
