"""A session: whether it is still open; checkpoints, a run saved with the weights of its network.

What is known without TensorFlow, a checkpoint's notes and names, is in `link/notes.py`.
"""

import contextlib
import os

from common.dashboard.link import notes
from common.dashboard.link.messages import Restored
from common.dashboard.link.notes import CheckpointError, Notes
from common.terminal import UserError, reason, room_left


class Checkpoints:
    """Saves and restores what is in a session, and the run that led to it."""

    def __init__(self, sess, train_set):
        """Wrap a tf.Session and the `mnist_data.DataSet` whose batches train its network."""
        import tensorflow.compat.v1 as tf  # whoever has a session has waited for it already
        self._tf, self._sess, self._train_set = tf, sess, train_set
        self._saver = None

    def save(self, folder, run, iteration, seconds):
        """Write a checkpoint; the one before is removed when the new one is complete.

        Weights, notes and the name of the newest are written in this order, under names that no
        file has yet: whenever this ends, the newest checkpoint is whole.

        Args:
          folder: str, made if there is none.
          run: a `Run`, whose title and curves are kept, too.
          iteration: int, all before it is done.
          seconds: float, how long that took.

        Raises:
          CheckpointError: it cannot be written.
        """
        prefix = None
        try:
            os.makedirs(folder, exist_ok=True)
            before, prefix = notes.newest(folder), notes.free_prefix(folder, iteration)
            with told_if_closed():
                self._make_saver().save(self._sess, prefix, write_meta_graph=False,
                                        write_state=False)
            curves = {name: (curve.iterations, curve.values) for name, curve in run.curves.items()}
            notes.write(prefix, Notes(run.title, iteration, seconds, curves,
                                      self._train_set.place))
            notes.make_newest(prefix)
        except (UserError, OSError, ValueError, self._tf.errors.OpError) as error:
            if prefix is not None:
                with contextlib.suppress(OSError):
                    notes.remove(prefix)
            raise CheckpointError(f"--save: no checkpoint can be written to {folder}: "
                                  f"{reason(error)}{room_left(folder)}") from error
        if before is not None:
            with contextlib.suppress(OSError):  # a file too many does no harm
                notes.remove(before)

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
        prefix, kept = notes.read(folder)
        if kept.title != title:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is one of {kept.title}, "
                                  f"and this is {title}")
        try:
            if (different := self._find_difference(prefix)) is not None:
                raise CheckpointError(f"--restore: the checkpoint in {folder} does not fit this "
                                      f"network, whose {different} is another")
            self._make_saver().restore(self._sess, prefix)
            self._train_set.place = kept.train_set
        except (self._tf.errors.OpError, *notes.UNFIT) as error:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is damaged "
                                  f"({reason(error)})") from error
        return Restored(kept.iteration, kept.seconds, kept.curves)

    def _find_difference(self, prefix):
        """The name of a variable that a checkpoint has with another shape, or lacks; or None."""
        # TensorFlow itself would restore a variable of another shape without a word.
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


class OpenSession:
    """A tf.Session of a script, for whoever asks the network: a closed one is told in a sentence.

    Attributes:
      graph: its tf.Graph.
    """

    def __init__(self, sess):
        self._sess, self.graph = sess, sess.graph

    def run(self, fetches, feed_dict=None):
        """Do what `run` of the tf.Session does.

        Raises:
          UserError: the session is closed.
        """
        with told_if_closed():
            return self._sess.run(fetches, feed_dict)


@contextlib.contextmanager
def told_if_closed():
    """Make TensorFlow's error for a closed session a `UserError`."""
    try:
        yield
    except RuntimeError as error:
        if "closed Session" not in str(error):
            raise
        raise UserError("the session is closed already: put dashboard.finish() into the block of "
                        "'with tf.Session() as sess:'") from error
