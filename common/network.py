"""A network in a TensorFlow session: to ask it, and to look into it.

The stages hand one to their `Dashboard`. The network itself is spelled out in the stage; what is
here teaches nothing about it.
"""

import inspect

import numpy as np

from common.dashboard.link import measurements
from common.graph.checkpoints import Checkpoints, OpenSession
from common.graph.layers import Inside, operations_behind
from common.terminal import UserError

CHUNK_SIZE = 2500  # digits; larger chunks are hardly faster on a CPU, smaller ones slower
MIDDLE = 0.5       # of the random numbers from 0 to 1: dropout that keeps all neurons keeps them


def run_in_chunks(sess, fetches, feed_dict, chunk_size=CHUNK_SIZE):
    """Do what `sess.run(fetches, feed_dict)` does, in chunks of examples.

    Memory stays bounded, on a GPU too: in stage 3.1 the activations of 10,000 digits would take
    more than 300 MB, those of a chunk take a quarter of that.

    Args:
      sess: an object with the method `run` of a TensorFlow 1 session.
      fetches: a list of tensors. Each gives a mean over the examples (a scalar) or one row for
        each example (its first dimension is the number of examples).
      feed_dict: a dictionary of placeholders and values. Arrays of one row for each example are
        cut in chunks; scalars (a probability, a step) are fed as they are.
      chunk_size: int, the number of examples in a chunk.

    Returns:
      A list with a value for each fetch: scalars are averaged over all examples, float64; rows
      are concatenated.

    Raises:
      ValueError: the arrays fed do not have the same number of examples, or have none.
    """
    lengths = {len(value) for value in feed_dict.values() if np.ndim(value) > 0}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"the arrays fed need one and the same number of examples, above 0; "
                         f"they have {sorted(lengths)}")
    num_examples = lengths.pop()

    results, chunk_lengths = [], []
    for start in range(0, num_examples, chunk_size):
        chunk = slice(start, min(start + chunk_size, num_examples))
        chunk_lengths.append(chunk.stop - chunk.start)
        results.append(sess.run(fetches, {key: value[chunk] if np.ndim(value) > 0 else value
                                          for key, value in feed_dict.items()}))
    return [np.average(values, weights=chunk_lengths) if np.ndim(values[0]) == 0
            else np.concatenate(values) for values in zip(*results)]


class Network:
    """What can be done with a network that is not training: for the dashboard.

    Attributes:
      num_examples: int, how many training examples there are; None where that is not known.
      checkpoints: the `Checkpoints` of its session.
      inside: an `Inside`, to look into its layers.
    """

    def __init__(self, sess, X, Y, train_set=None, feed=None):
        """Wrap a network; nothing is computed yet.

        Tensors are called by the names that they have where this is called.

        Args:
          sess: its tf.Session.
          X: the placeholder for images, [None, 28, 28, 1] or [None, 784].
          Y: the probabilities, a tensor [None, 10].
          train_set: the `mnist_data.DataSet` whose batches train it: a checkpoint keeps the place
            in it, too. None for a network that will not be saved.
          feed: a dictionary, what else has to be fed to compute Y, for example {pkeep: 1}.
        """
        self._sess, self._X, self._Y, self._feed = OpenSession(sess), X, Y, feed or {}
        self._random = None  # tensors, searched for with the first question
        self.num_examples = train_set.num_examples if train_set is not None else None
        self.checkpoints = Checkpoints(sess, train_set)
        names = inspect.currentframe().f_back.f_globals
        self.inside = Inside(self._sess, X, Y, train_set, self._feed_for, names)

    def classify(self, images):
        """Ask the network what digits it sees.

        Args:
          images: float [n, 28, 28, 1], values 0 to 1; n is above 0.

        Returns:
          float32 [n, 10], the probability of each digit.

        Raises:
          UserError: what was handed over as Y is no probabilities.
        """
        (found,) = run_in_chunks(self._sess, [self._Y], self._feed_for(images))
        return measurements.probabilities(found, f"Network: {self.inside.name_of(self._Y)}")

    def _feed_for(self, images):
        """What to feed so that the network sees float [n, 28, 28, 1]."""
        # Dropout's random numbers are fed, too. If they were drawn, the training would go on with
        # other numbers than without the question.
        if self._random is None:
            self._random = self._find_random()
        shape = [-1, *self._X.shape.as_list()[1:]]
        return {self._X: images.reshape(shape), **self._feed,
                **{tensor: np.full([len(images), *tensor.shape[1:]], MIDDLE, np.float32)
                   for tensor in self._random}}

    def _find_random(self):
        """Tensors of random numbers behind the probabilities; all placeholders there are fed."""
        outputs = [operation.outputs[0] for operation in operations_behind(self._Y)
                   if operation.type in ("Placeholder", "RandomUniform")]
        for tensor in outputs:
            if tensor.op.type == "Placeholder" and tensor not in {self._X: None, **self._feed}:
                name = self.inside.name_of(tensor)
                raise UserError(f"this network needs {name}, too, to read a digit: hand the "
                                f"dashboard the value that it has in test_data: "
                                f"Network(sess, X, Y, mnist.train, {{{name}: …}})")
        return [tensor for tensor in outputs if tensor.op.type == "RandomUniform"
                and tensor.shape[1:].is_fully_defined()]
