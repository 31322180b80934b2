"""A run of the program, from the digits to the exported network.

The processes of a cluster all do this at the same time. Each trains on its rows of every batch;
the chief alone reads and writes checkpoints, tests, reports and exports.
"""

import os
import tempfile

import numpy as np
import tensorflow as tf

from cloud.trainer import lifetime as lifetimes
from cloud.trainer.checkpoints import Checkpoints
from cloud.trainer.cluster import Cluster, can_listen
from cloud.trainer.export import export
from cloud.trainer.summaries import Summaries
from cloud.trainer.training import LostPeer, Training, make_strategy, telling_lost_peers
from cloud.trainer.tuning_metric import TuningMetric
from common import mnist_data
from common.clean_exit import UserError

LOOK_EVERY = 20  # iterations: at the loss on training digits, which should be a number
HEADER = """\
                     training digits       test digits
iteration      rate  accuracy      loss  accuracy      loss"""
ROW = "{:9,} {:9.6f} {:9.4f} {:9.3f} {:9.4f} {:9.3f}"


def run(options, hyperparameters, cluster, lifetime):
    """Train, test and export; where there is a checkpoint, go on from the newest.

    Args:
      options: an argparse.Namespace of the program's flags.
      hyperparameters: the `Hyperparameters` among them.
      cluster: the `Cluster`.
      lifetime: the `Lifetime` of this process, which ends before this returns where a signal or
        the loss of another process says so.

    Raises:
      UserError: something is wrong with the data, the folders or the settings.
    """
    last = hyperparameters.iterations
    checkpoints = Checkpoints(options.checkpoint_dir, {
        "--seed": options.seed, "--batch-size": options.batch_size,
        **{flag: value for flag, value in hyperparameters.by_flag().items()
           if flag != "--hp-iterations"}})
    saved = checkpoints.newest_step() or 0
    if saved > last:
        raise UserError(f"--hp-iterations {last}: the newest checkpoint in "
                        f"{options.checkpoint_dir} is of iteration {saved:,} already")
    if saved == last:  # what is left to do takes no other process, and they may have ended
        if not cluster.is_chief:
            print(f"{last:,} iterations are done already")
            return
        cluster = Cluster()

    train_digits, test_digits = _read_digits(options)
    lifetime.moved_on()
    if cluster.size > 1 and not can_listen(cluster):
        lifetimes.leave(lifetimes.EXIT_RETRY, f"another program listens on the port of "
                                              f"{cluster.addresses[cluster.index]}")
    if cluster.size > 1:
        print(f"waiting for the other {cluster.size - 1} of {cluster.size} processes, at most "
              f"{options.patience:g} seconds (--patience)", flush=True)
    try:
        with telling_lost_peers():
            strategy = make_strategy(cluster)
            lifetime.moved_on()
            training = Training(strategy, hyperparameters, options.seed, options.batch_size)
            if saved and cluster.is_chief:
                checkpoints.restore(training.state)
            if cluster.size > 1:
                training.share_state()
    except LostPeer as error:
        lifetimes.leave(lifetimes.EXIT_RETRY, f"the cluster did not come about ({error})")
    lifetime.moved_on()
    print(_describe(options, cluster, training), flush=True)

    report = _Report(options, hyperparameters, training, test_digits) if cluster.is_chief else None
    _train(options, cluster, lifetime, checkpoints, training, train_digits, report)
    weights = training.digest()
    if cluster.size > 1:
        _wait_until_saved(cluster, training)
    lifetime.moved_on()
    if report:
        report.finish()
        lifetime.moved_on()
        export(training.network, hyperparameters, options.model_dir)
        print(f"exported to         {options.model_dir}")
    print(f"digest of weights   {weights}")


def _train(options, cluster, lifetime, checkpoints, training, digits, report):
    """Train until the last iteration; the chief, who has a `report`, saves and reports."""
    last = training.hyperparameters.iterations
    lifetime.will_save(True)
    try:
        for batch in training.batches(*digits, last):
            with telling_lost_peers():
                measure = training.train(batch)
            lifetime.moved_on()
            step = training.step
            if lifetime.signal:
                saved = _save_alone(cluster, checkpoints, training)
                lifetimes.leave(128 + lifetime.signal, f"asked to end{saved}")
            time_to_save = step % options.checkpoint_every == 0 or step == last
            if step % LOOK_EVERY == 0 or time_to_save:
                if not np.isfinite(loss := float(measure.loss)):
                    raise UserError(f"the loss is {loss} after {step:,} iterations: choose a "
                                    f"smaller --hp-learning-rate")
            if report:
                report.show(step, measure)
            if time_to_save:
                _save(cluster, checkpoints, training)
            lifetime.moved_on()
    except LostPeer as error:
        saved = _save_alone(cluster, checkpoints, training)
        lifetimes.leave(lifetimes.EXIT_RETRY, f"another process is gone{saved} ({error})")
    lifetime.will_save(False)


def _wait_until_saved(cluster, training):
    """Wait until the chief has saved the last iteration.

    From then on it needs no other process, not even if it is started again.
    """
    try:
        with telling_lost_peers():
            training.share_state()
    except LostPeer as error:
        if not cluster.is_chief:
            lifetimes.leave(lifetimes.EXIT_RETRY, f"the chief is gone ({error})")


def _save(cluster, checkpoints, training):
    """Save, in all processes at the same iteration.

    The chief's checkpoint is the one that counts; the others save aside and delete it. For the
    variables of this network that is not needed: they are the same in all processes at any time,
    so that the chief can save them alone. But TensorFlow has other kinds, whose saving takes all.
    """
    if cluster.is_chief:
        checkpoints.save(training.state, training.step)
    else:
        with tempfile.TemporaryDirectory() as folder:
            training.state.write(os.path.join(folder, "aside"))


def _save_alone(cluster, checkpoints, training):
    """Save before the end, if this is the chief; gives words (str) that say so."""
    if not cluster.is_chief:
        return ""
    checkpoints.save(training.state, training.step)
    return f", saved after {training.step:,} iterations"


class _Report:
    """What the chief tells: on the terminal, to TensorBoard, to the tuner."""

    def __init__(self, options, hyperparameters, training, test_digits):
        self._options, self._hyperparameters = options, hyperparameters
        self._training, self._test_digits = training, test_digits
        self._summaries = Summaries(options.log_dir)
        self._metric = TuningMetric(os.environ)
        print(HEADER, flush=True)

    def show(self, step, measure):
        """Show the `Measure` of a training batch and test the network, where it is time to."""
        rate = self._hyperparameters.rate(step - 1)
        if step % LOOK_EVERY == 0:
            self._summaries.show_train(step, measure, rate)
        if step % self._options.test_every == 0 and step < self._hyperparameters.iterations:
            test = self._test(step)
            print(ROW.format(step, rate, *map(float, measure), *test), flush=True)

    def finish(self):
        """Test the trained network."""
        step = self._hyperparameters.iterations
        test = self._test(step)
        print(f"final test accuracy {test.accuracy:.4f}, loss {test.loss:.3f}, "
              f"after {step:,} iterations", flush=True)

    def _test(self, step):
        test = self._training.test(*self._test_digits)
        self._summaries.show_test(step, test, self._training.network)
        self._metric.report(test.accuracy, step)
        return test


def _read_digits(options):
    """Training and test digits: for each, images uint8 [n, 28, 28] and labels uint8 [n]."""
    data = mnist_data.read_data_sets(options.data_dir, one_hot=True, dtype=np.uint8,
                                     validation_size=0)
    parts = [(part.images.reshape(-1, *mnist_data.IMAGE_SHAPE),
              part.labels.argmax(1).astype(np.uint8)) for part in (data.train, data.test)]
    train, (test_images, test_labels) = parts
    return train, (test_images[:options.test_digits], test_labels[:options.test_digits])


def _describe(options, cluster, training):
    """What is about to train, in one line."""
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    who = f", process {cluster.index} of {cluster.size}" if cluster.size > 1 else ""
    start = f", going on after {training.step:,} iterations" if training.step else ""
    return (f"TensorFlow {tf.__version__} on {kind}, replicas: {training.replicas}{who}, "
            f"seed {options.seed}{start}")
