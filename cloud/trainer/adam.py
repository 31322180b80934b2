"""The Adam optimizer, with its variables in sight: they belong into a checkpoint.

Keras has one, too, but Keras 3 does not train under MultiWorkerMirroredStrategy.
"""

import tensorflow as tf

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # the usual ones, those of stage 2.0 on


class Adam(tf.Module):
    """Running means of the gradients and of their squares, which say how far to go."""

    def __init__(self, variables):
        """Make them, for each of some variables."""
        super().__init__()
        self.means = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]
        self.squares = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]


def distance(rate, step):
    """How far to go at an iteration: the learning rate, corrected for means that began at 0.

    Args:
      rate: float32 [], the learning rate.
      step: int64 [], 0 for the first iteration.

    Returns:
      float32 [].
    """
    count = tf.cast(step + 1, tf.float32)
    return rate * tf.sqrt(1 - tf.pow(BETA_2, count)) / (1 - tf.pow(BETA_1, count))


def update(variable, gradient, mean, square, length):
    """Move one variable against its gradient; all but `length` are of one shape."""
    mean.assign(BETA_1 * mean + (1 - BETA_1) * gradient)
    square.assign(BETA_2 * square + (1 - BETA_2) * tf.square(gradient))
    variable.assign_sub(length * mean / (tf.sqrt(square) + EPSILON))
