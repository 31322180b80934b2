"""A run of the program, from the digits to the exported network.

The processes of a cluster all do this at the same time. Each trains on its rows of every batch;
the chief alone reads and writes checkpoints, tests, reports and exports.
"""

import contextlib
import os
import re

import numpy as np
import tensorflow as tf

from cloud.trainer.cluster import Cluster
from cloud.trainer.launcher import EXIT_RETRY
from cloud.trainer.records import Checkpoints, Summaries, TuningMetric, export
from cloud.trainer.training import Training, test
from common import mnist_data
from common.terminal import UserError, say

LOOK_EVERY = 20  # iterations: at the loss on training digits, which should be a number
HEADER = """\
                     training digits     {:>8} digits
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
    checkpoints = Checkpoints(options.checkpoint_dir, _settings(options, hyperparameters))
    saved, damaged = checkpoints.newest()
    if cluster.is_chief:
        for sentence in damaged:
            say(f"cloud.trainer: {sentence}: going on from the one of iteration {saved:,}")
    if saved > last:
        raise UserError(f"--hp-iterations {last}: the newest checkpoint in "
                        f"{options.checkpoint_dir} is of iteration {saved:,} already")
    if saved == last:  # what is left to do takes no other process, and they may have ended
        print(f"{last:,} iterations are done already", flush=True)
        if not cluster.is_chief:
            return
        cluster = Cluster()
    train_digits, test_digits = _read_digits(options)
    lifetime.moved_on()

    training = _begin(options, hyperparameters, cluster, lifetime, checkpoints, saved, train_digits)
    report = _Report(options, training, test_digits) if cluster.is_chief else None
    _train(options, cluster, lifetime, checkpoints, training, report)
    weights = training.network.digest()
    if cluster.size > 1:
        _wait_until_saved(cluster, lifetime, training)
    lifetime.moved_on()
    if report:
        report.finish()
        lifetime.moved_on()
        exported = export(training.network, hyperparameters, options.model_dir)
        print(f"exported to         {exported}")
    print(f"digest of weights   {weights}")


def _begin(options, hyperparameters, cluster, lifetime, checkpoints, saved, digits):
    """Find the other processes, and give the `Training` as it was saved after `saved` steps."""
    if cluster.size > 1:
        print(f"waiting for the other {cluster.size - 1} of {cluster.size} processes, at most "
              f"{options.patience:g} seconds (--patience)", flush=True)
    try:
        with _telling_lost_peers():
            strategy = _make_strategy(cluster)
            lifetime.moved_on()
            training = Training(strategy, hyperparameters, options.seed, options.batch_size,
                                *digits)
            if saved and cluster.is_chief:
                checkpoints.restore(training.state, saved)
            if cluster.size > 1:
                training.share_state()
    except LostPeer as error:
        lifetime.leave(EXIT_RETRY, f"the cluster of {', '.join(cluster.addresses)} did not come "
                                   f"about ({error})")
    lifetime.moved_on()
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    who = f", process {cluster.index} of {cluster.size}" if cluster.size > 1 else ""
    start = f", going on after {training.step:,} iterations" if training.step else ""
    print(f"TensorFlow {tf.__version__} on {kind}, replicas: {training.replicas}{who}, "
          f"seed {options.seed}{start}", flush=True)
    return training


def _train(options, cluster, lifetime, checkpoints, training, report):
    """Train until the last iteration; the chief, who has a `report`, saves and reports."""
    last = training.hyperparameters.iterations
    lifetime.will_save(True)
    try:
        for step in range(training.step + 1, last + 1):
            with _telling_lost_peers():
                measure, rate = training.train()
            lifetime.moved_on()
            if lifetime.signal:
                saved = _save(cluster, checkpoints, training)
                lifetime.leave(128 + lifetime.signal, f"asked to end{saved}")
            time_to_save = step % options.checkpoint_every == 0 or step == last
            if (step % LOOK_EVERY == 0 or time_to_save) and not np.isfinite(measure.loss):
                raise UserError(f"the loss is {float(measure.loss)} after {step:,} iterations: "
                                f"choose a smaller --hp-learning-rate")
            if report:
                report.show(step, measure, float(rate))
            if time_to_save:
                _save(cluster, checkpoints, training)
            lifetime.moved_on()
    except LostPeer as error:
        saved = _save(cluster, checkpoints, training)
        lifetime.leave(EXIT_RETRY, f"another process is gone{saved} ({error})")
    lifetime.will_save(False)


def _save(cluster, checkpoints, training):
    """Save, if this is the chief; gives words (str) that say so.

    The variables are the same in all processes at any time, so that one can save them alone.
    """
    if not cluster.is_chief:
        return ""
    checkpoints.save(training.state, training.step)
    return f", saved after {training.step:,} iterations"


def _wait_until_saved(cluster, lifetime, training):
    """Wait until the chief has saved the last iteration.

    From then on it needs no other process, not even if it is started again.
    """
    try:
        with _telling_lost_peers():
            training.share_state()
    except LostPeer as error:
        if not cluster.is_chief:
            lifetime.leave(EXIT_RETRY, f"the chief is gone ({error})")


class _Report:
    """What the chief tells: on the terminal, to TensorBoard, to the tuner."""

    def __init__(self, options, training, test_digits):
        self._options, self._training, self._test_digits = options, training, test_digits
        self._summaries = Summaries(options.log_dir)
        self._metric = TuningMetric(os.environ)
        self._kind = "validation" if options.validation_digits else "test"
        print(HEADER.format(self._kind), flush=True)

    def show(self, step, measure, rate):
        """Show the `Measure` of a training batch and test the network, where it is time to."""
        if step % LOOK_EVERY == 0:
            self._summaries.write("train", step, learning_rate=rate, **measure._asdict())
        if step % self._options.test_every == 0 and step < self._options.iterations:
            tested = self._test(step)
            print(ROW.format(step, rate, *map(float, measure), *tested), flush=True)

    def finish(self):
        """Test the trained network."""
        step = self._options.iterations
        tested = self._test(step)
        print(f"final {self._kind} accuracy {tested.accuracy:.4f}, loss {tested.loss:.3f}, "
              f"after {step:,} iterations", flush=True)

    def _test(self, step):
        tested = test(self._training.network, *self._test_digits)
        self._summaries.write("test", step, self._training.network, **tested._asdict())
        self._metric.report(tested.accuracy, step)
        return tested


def _settings(options, hyperparameters):
    """All that the trained weights depend on, apart from the number of iterations, by flag."""
    flags = hyperparameters.by_flag()
    del flags["--hp-iterations"]
    return {"--seed": options.seed, "--batch-size": options.batch_size,
            "--validation-digits": options.validation_digits, **flags}


def _read_digits(options):
    """Digits to train and to test on: images uint8 [n, 28, 28, 1] and labels uint8 [n] of each."""
    data = mnist_data.read_data_sets(options.data_dir, dtype=np.uint8, reshape=False,
                                     validation_size=options.validation_digits)
    tested = data.validation if options.validation_digits else data.test
    return (data.train.first(data.train.num_examples),
            tested.first(options.validation_digits or options.test_digits))


def _make_strategy(cluster):
    """How to distribute the training, for what there is: processes and GPUs.

    Args:
      cluster: a `Cluster`. With more than one process this waits until all of them are there.

    Returns:
      A tf.distribute.Strategy.
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if cluster.size == 1:
        return tf.distribute.MirroredStrategy() if len(gpus) > 1 else tf.distribute.get_strategy()

    communication = tf.distribute.experimental.CommunicationImplementation
    # Which names the engine has for its tasks does not matter; the chief is the first of all.
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": cluster.addresses}), task_type="worker",
        task_id=cluster.index, rpc_layer="grpc")
    return tf.distribute.MultiWorkerMirroredStrategy(
        resolver, tf.distribute.experimental.CommunicationOptions(
            implementation=communication.AUTO if gpus else communication.RING))


class LostPeer(Exception):
    """Another process of the cluster is gone. The text is TensorFlow's reason, one line."""


@contextlib.contextmanager
def _telling_lost_peers():
    """Turn the errors that TensorFlow raises when another process is gone into `LostPeer`."""
    errors = tf.errors
    try:
        yield
    except errors.OpError as error:
        text = str(error.message)
        # Of any kind: a chief that has been started again already calls it an invalid argument.
        aborted = re.search(r"aborted by: (.*)", text)
        if aborted is None and not isinstance(error, (
                errors.UnavailableError, errors.AbortedError, errors.CancelledError,
                errors.DeadlineExceededError, errors.FailedPreconditionError,
                errors.InternalError, errors.UnknownError)):
            raise
        raise LostPeer((aborted or re.match(r"\s*(.*)", text))[1]) from error
