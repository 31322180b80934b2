"""Curves and histograms of a training for TensorBoard.

`tf.summary.scalar` and `tf.summary.histogram` need the package tensorboard, which TensorFlow no
longer brings along. What they write is simple, so that a machine that trains does without it.
"""

import numpy as np
import tensorflow as tf

from common.clean_exit import UserError

BUCKETS = 30  # of a histogram, as many as tf.summary.histogram has


class Summaries:
    """Writes the summaries of a run to a folder: `tensorboard --logdir FOLDER` shows them."""

    def __init__(self, folder):
        """Open two files in a folder (str), which is made if there is none.

        Raises:
          UserError: nothing can be written there.
        """
        try:
            self._train, self._test = (tf.summary.create_file_writer(f"{folder}/{part}")
                                       for part in ("train", "test"))
        except (OSError, tf.errors.OpError) as error:
            raise UserError(f"--log-dir: nothing can be written to {folder}") from error

    def show_train(self, step, measure, rate):
        """Add the `Measure` of a training batch and the learning rate (float)."""
        with self._train.as_default(step):
            _scalar("accuracy", measure.accuracy)
            _scalar("loss", measure.loss)
            _scalar("learning_rate", rate)

    def show_test(self, step, measure, network):
        """Add the `Measure` on test digits and histograms of the variables of a `Network`."""
        with self._test.as_default(step):
            _scalar("accuracy", measure.accuracy)
            _scalar("loss", measure.loss)
            for variable in network.variables:
                _histogram(variable.name.partition(":")[0], variable.numpy())
        self._train.flush()
        self._test.flush()


def _scalar(name, value):
    tf.summary.write(name, tf.cast(value, tf.float32), metadata=_metadata("scalars", 1))


def _histogram(name, values):
    counts, edges = np.histogram(values, BUCKETS)
    table = np.stack([edges[:-1], edges[1:], counts], axis=1)
    tf.summary.write(name, tf.constant(table, tf.float64), metadata=_metadata("histograms", 2))


def _metadata(plugin, data_class):
    """What tells TensorBoard how to show a value: 1, a number over time, or 2, a tensor."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=data_class)
    metadata.plugin_data.plugin_name = plugin
    return metadata
