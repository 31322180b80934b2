"""The training digits in batches, each a function of the seed and the iteration alone.

So a run that was interrupted goes on with the very batches that it would have had, wherever it
goes on and with however many processes.
"""

import tensorflow as tf


def digits_of_step(seed, step, batch_size, num_digits):
    """Which digits an iteration trains on; an epoch has each of them once, in an order of its own.

    Args:
      seed: int, 0 or above.
      step: int or int64 tensor, 0 for the first iteration.
      batch_size: int, of the whole batch, over all replicas.
      num_digits: int, how many training digits there are.

    Returns:
      int64 [batch_size], their numbers. A batch at an epoch's end goes on into the next one.
    """
    places = tf.cast(step, tf.int64) * batch_size + tf.range(batch_size, dtype=tf.int64)
    epochs = tf.cast(places // num_digits, tf.int32)
    seeds = tf.stack([tf.fill([batch_size], seed), epochs, tf.zeros_like(epochs)], axis=1)
    # tf.random.experimental.index_shuffle is the same, but takes one epoch at a time.
    return tf.raw_ops.RandomIndexShuffle(
        index=places % num_digits, seed=seeds, max_index=tf.constant(num_digits - 1, tf.int64),
        rounds=4)


def dataset(images, labels, seed, first, last, batch_size, replica=0, num_replicas=1):
    """The batches of a replica, which are its rows of the whole batches.

    Args:
      images: uint8 [m, 28, 28].
      labels: uint8 [m].
      seed: int.
      first, last: int, the iterations from `first` up to and without `last`.
      batch_size: int, of the whole batch; a multiple of `num_replicas`.
      replica: int, which of the replicas.
      num_replicas: int, over all processes.

    Returns:
      A tf.data.Dataset of pairs: float32 [n, 28, 28], values 0 to 1, and int64 [n], where n is
      `batch_size / num_replicas`.
    """
    images, labels = tf.constant(images), tf.constant(labels)
    rows = batch_size // num_replicas

    def batch(step):
        digits = digits_of_step(seed, step, batch_size, len(images))
        digits = digits[replica * rows:(replica + 1) * rows]
        return (tf.cast(tf.gather(images, digits), tf.float32) / 255,
                tf.cast(tf.gather(labels, digits), tf.int64))

    return tf.data.Dataset.range(first, last).map(batch).prefetch(2)
