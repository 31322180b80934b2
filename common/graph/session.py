"""A session, asked when it may be too late."""

import contextlib

from common.terminal import UserError


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
