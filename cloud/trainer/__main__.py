"""Train the network of stage 3.1 on one machine or many, and export it: python -m cloud.trainer

This process does not load TensorFlow: the training runs in processes of its own.
"""

import os
import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Before the imports, which take a moment: Ctrl-C has no traceback meanwhile.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from cloud.lock import InUse, lock
from cloud.trainer import cluster as clusters
from cloud.trainer import hyperparameters as hp
from cloud.trainer.launcher import EXIT_RETRY, launch
from common.terminal import EXIT_USER_ERROR, UserError, say


def main():
    """Run the program; its exit status is one of those that `launcher` lists."""
    options = hp.read()
    try:
        processes = _processes(options)
        locks = _lock_folders(options) if processes[0].is_chief else []
    except UserError as error:
        say(f"cloud.trainer: {error}")
        sys.exit(EXIT_RETRY if isinstance(error, InUse) else EXIT_USER_ERROR)
    sys.exit(launch(sys.argv[1:], processes, options.patience, locks))


def _processes(options):
    """A `Cluster` for each process to start here: whom it trains with."""
    cluster = clusters.read(os.environ)
    if not options.workers:
        return [cluster]
    if cluster.size > 1:
        raise UserError("--workers is for this machine alone, but the environment names other "
                        "processes to train with: leave out one or the other")
    return clusters.on_this_machine(options.workers)


def _lock_folders(options):
    """Lock what the chief writes to, each folder once; gives the open files."""
    names = {os.path.realpath(getattr(options, name)): name for name in hp.FOLDERS}
    return [lock(getattr(options, name), hp.flag_of(name)) for name in names.values()]


if __name__ == "__main__":
    main()
