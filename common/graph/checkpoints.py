"""Checkpoints: a whole run saved and restored. What is in one is known here only.

A checkpoint is TensorFlow's own (the variables, the optimizer's among them) with a file of notes
beside it: the run's title, the iterations done, the seconds they took, the place in the training
digits, and the curves.
"""

import contextlib
import json
import os
import re

from common.dashboard.link.messages import Restored
from common.dashboard.link.run import CHECKPOINT, CheckpointError, curves_of, read_notes
from common.terminal import reason, room_left


class Checkpoints:
    """Saves and restores what is in a session, and the run that led to it."""

    def __init__(self, sess, train_set):
        """Wrap a tf.Session and the `mnist_data.DataSet` whose batches train its network."""
        import tensorflow.compat.v1 as tf  # whoever has a session has waited for it already
        self._tf, self._sess, self._train_set = tf, sess, train_set
        self._saver = None

    def save(self, folder, run, iteration, seconds):
        """Write a checkpoint; the one before is removed when the new one is complete.

        Args:
          folder: str, made if there is none.
          run: a `Run`, whose title and curves are kept, too.
          iteration: int, all before it is done.
          seconds: float, how long that took.

        Raises:
          CheckpointError: it cannot be written.
        """
        curves = {name: [curve.iterations.astype(int).tolist(), curve.values.tolist()]
                  for name, curve in run.curves.items()}
        notes = {"title": run.title, "iteration": iteration, "seconds": seconds,
                 "curves": curves, "train_set": self._train_set.place}
        prefix = os.path.join(folder, f"{CHECKPOINT}-{iteration}")
        try:
            os.makedirs(folder, exist_ok=True)
            # The notes come first, so that whatever TensorFlow has written whole has its notes.
            with open(prefix + ".json", "w", encoding="utf-8") as file:
                json.dump(notes, file)
            self._make_saver().save(self._sess, prefix, write_meta_graph=False)
            _remove_others(folder, os.path.basename(prefix))
        except (OSError, ValueError, self._tf.errors.OpError) as error:
            _remove_checkpoint(folder, os.path.basename(prefix))
            raise CheckpointError(f"--save: no checkpoint can be written to {folder}: "
                                  f"{reason(error)}{room_left(folder)}") from error

    def restore(self, folder, title):
        """Bring back what `save` has written: variables, the optimizer's state, place in the data.

        What is not in a checkpoint: the random numbers for dropout, which TensorFlow does not hand
        out. So a restored run with dropout drops other neurons than it would have.

        Args:
          folder: str.
          title: str, that of the run that goes on.

        Returns:
          `messages.Restored`, which brings a `Run` to where this one was.

        Raises:
          CheckpointError: there is none, or it is damaged, or of another network.
        """
        prefix = self._tf.train.latest_checkpoint(folder)
        if prefix is None:
            raise CheckpointError(f"--restore: there is no checkpoint in {folder}; "
                                  f"--save {folder} puts one there")
        notes = read_notes(prefix, "--restore")
        if notes["title"] != title:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is one of "
                                  f"{notes['title']}, and this is {title}")
        try:
            if (different := self._find_difference(prefix)) is not None:
                raise CheckpointError(f"--restore: the checkpoint in {folder} does not fit this "
                                      f"network, whose {different} is another")
            self._make_saver().restore(self._sess, prefix)
        except self._tf.errors.OpError as error:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is damaged "
                                  f"({reason(error)})") from error
        self._train_set.place = notes["train_set"]
        return Restored(notes["iteration"], notes["seconds"], curves_of(notes))

    def _find_difference(self, prefix):
        """The name of a variable that a checkpoint has with another shape or not at all, or None.

        TensorFlow itself would restore a variable of another shape without a word.
        """
        saved = self._tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
        with self._sess.graph.as_default():
            own = {v.op.name: v.shape.as_list() for v in self._tf.global_variables()}
        return next((name for name, shape in own.items() if saved.get(name) != shape), None)

    def _make_saver(self):
        """The session's tf.train.Saver, made when first needed: it adds to the graph."""
        if self._saver is None:
            with self._sess.graph.as_default():
                self._saver = self._tf.train.Saver(max_to_keep=1, save_relative_paths=True)
        return self._saver


def _remove_others(folder, name):
    """Remove the files of all checkpoints but the one with this name."""
    for file in os.listdir(folder):
        other, _, _ = file.partition(".")
        if re.fullmatch(CHECKPOINT + r"-\d+", other) and other != name:
            os.remove(os.path.join(folder, file))


def _remove_checkpoint(folder, name):
    """Remove what there is of a checkpoint that could not be written."""
    with contextlib.suppress(OSError):
        for file in os.listdir(folder):
            if file.startswith(name + "."):
                os.remove(os.path.join(folder, file))
