"""Training one network on all replicas: those of this process and those of the others.

A replica is a copy of the network on a device of its own. Each computes the gradients for its rows
of the batch; their sum over all replicas moves every copy in the same way, so that the copies stay
equal, and equal, up to rounding, to what one replica makes of the whole batch.

What an iteration trains on depends on the seed and its number alone. So a run that was interrupted
goes on with the very batches that it would have had, wherever it goes on and with however many
processes.
"""

import numpy as np
import tensorflow as tf

from cloud.trainer.network import Network
from cloud.trainer.records import Measure
from common.terminal import UserError

LOSS_SCALE = 100       # the loss is a mean over digits × 100, as in the stages
TEST_CHUNK = 1_000     # digits tested at a time, for bounded memory
DROPOUT_STREAM = 1000  # random numbers for dropout differ from those for the weights of any layer
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual ones, those of stage 2.0 on


class Training:
    """A network with its optimizer and the iteration that it has reached.

    Attributes:
      network: the `Network`.
      hyperparameters: the `Hyperparameters`.
      state: a tf.train.Checkpoint of all that a run needs to go on.
      replicas: int, over all processes.
    """

    def __init__(self, strategy, hyperparameters, seed, batch_size, images, labels):
        """Make the variables, on all replicas.

        Args:
          strategy: a tf.distribute.Strategy.
          hyperparameters: the `Hyperparameters`.
          seed: int, for weights, batches and dropout.
          batch_size: int, of the whole batch, over all replicas.
          images: uint8 [m, 28, 28] or [m, 28, 28, 1], all training digits.
          labels: uint8 [m].

        Raises:
          UserError: the batch cannot be shared equally among the replicas.
        """
        self.replicas = strategy.num_replicas_in_sync
        if batch_size % self.replicas:
            raise UserError(f"--batch-size {batch_size}: choose a multiple of {self.replicas}, the "
                            f"number of replicas, so that all have the same number of digits")
        self.hyperparameters = hyperparameters
        self._strategy, self._seed, self._batch_size = strategy, seed, batch_size
        with tf.device("CPU:0"):
            self._images, self._labels = tf.constant(images), tf.constant(labels)
        with strategy.scope():
            self.network = Network(hyperparameters, seed)
            self._weights = self.network.trainable_variables
            # Running means of the gradients and of their squares, for Adam. Keras's Adam would do
            # (on many machines, what does not work there is its `fit`), but its import takes time.
            self._adam = tf.Module()
            self._adam.means, self._adam.squares = (
                [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in self._weights]
                for _ in range(2))
            self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.state = tf.train.Checkpoint(network=self.network, adam=self._adam, step=self._step)

    @property
    def step(self):
        """How many iterations the network has been trained, an int."""
        return int(self._step.numpy())

    def share_state(self):
        """Give all replicas of all processes the values that the chief's have."""
        for variable in (*self.network.variables, *self._adam.variables, self._step):
            value = tf.convert_to_tensor(variable)
            of_the_first = self._strategy.experimental_distribute_values_from_function(
                lambda context, value=value: value if context.replica_id_in_sync_group == 0
                else tf.zeros_like(value))
            variable.assign(self._strategy.reduce("SUM", of_the_first, axis=None))

    @tf.function
    def train(self):
        """Train for one iteration.

        Where this raises an error, because another process is gone, say, the network is as it was
        after the iteration before.

        Returns:
          The `Measure` of the whole batch as the network was before, with dropout; two tensors.
          And the learning rate, a tensor.
        """
        step = tf.identity(self._step)
        settings = self.hyperparameters
        rate = (settings.learning_rate_floor + settings.learning_rate
                * tf.exp(-tf.cast(step, tf.float32) / settings.decay_steps))
        measure, gradients, means, variances = self._strategy.run(
            self._compute_gradients, args=(step,))

        # Nothing changes before all is there: a process that is lost on the way leaves the others
        # with a network between two iterations, fit to be saved.
        update = self._strategy.extended.update
        here = self._strategy.experimental_local_results
        with tf.control_dependencies([value for part in (measure, gradients, means, variances)
                                      for values in part for value in here(values)]):
            count = tf.cast(step + 1, tf.float32)
            for weight, gradient, mean, square in zip(
                    self._weights, gradients, self._adam.means, self._adam.squares):
                update(weight, _move, args=(gradient, mean, square, rate, count))
            for running, new in zip((*self.network.means, *self.network.variances),
                                    (*means, *variances)):
                update(running, _follow, args=(new, settings.batch_norm_decay))
            self._step.assign(step + 1)
        return Measure(*(here(value)[0] for value in measure)), rate

    def _compute_gradients(self, step):
        """What one replica computes: sums over all replicas, and the batch's statistics."""
        context = tf.distribute.get_replica_context()
        rows = self._batch_size // self.replicas
        first_row = rows * context.replica_id_in_sync_group
        with tf.device("CPU:0"):  # where all digits are
            digits = digits_of_step(self._seed, step, self._batch_size, len(self._images))
            digits = digits[first_row:first_row + rows]
            # Not "/ 255", which TensorFlow turns into a product, rounded differently than in tests.
            images = tf.math.divide_no_nan(
                tf.cast(tf.gather(self._images, digits), tf.float32), 255)
            labels = tf.cast(tf.gather(self._labels, digits), tf.int64)

        def mean_over_replicas(values):
            if self.replicas == 1:
                return values
            return [value / self.replicas
                    for value in context.all_reduce(tf.distribute.ReduceOp.SUM, values)]

        # The random numbers are those of the whole batch, of which a replica takes its rows: what
        # is dropped does not depend on how many replicas there are.
        random = tf.random.stateless_uniform([self._batch_size, self.hyperparameters.neurons],
                                             [self._seed + DROPOUT_STREAM, step])
        pkeep = self.hyperparameters.pkeep
        keep = random[first_row:first_row + rows] < pkeep
        with tf.GradientTape() as tape:
            logits, means, variances = self.network.logits_in_training(
                images, keep, pkeep, mean_over_replicas)
            loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            loss *= LOSS_SCALE / self._batch_size
        gradients = tape.gradient(loss, self._weights)
        accuracy = tf.reduce_sum(_is_correct(logits, labels)) / self._batch_size
        accuracy, loss, *gradients = context.all_reduce(
            tf.distribute.ReduceOp.SUM, [accuracy, loss, *gradients])
        return [accuracy, loss], gradients, means, variances


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


def test(network, images, labels):
    """Test a network as it is, in this process alone.

    Args:
      network: a `Network`.
      images: uint8 [n, 28, 28] or [n, 28, 28, 1].
      labels: uint8 [n].

    Returns:
      A `Measure`.
    """
    correct = loss = 0.0
    for start in range(0, len(images), TEST_CHUNK):
        chunk = slice(start, start + TEST_CHUNK)
        values = _test_chunk(network, np.divide(images[chunk], 255, dtype=np.float32),
                             labels[chunk].astype(np.int64))
        correct, loss = correct + float(values[0]), loss + float(values[1])
    return Measure(correct / len(images), loss * LOSS_SCALE / len(images))


@tf.function(reduce_retracing=True)
def _test_chunk(network, images, labels):
    logits = network.logits(images)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_sum(_is_correct(logits, labels)), tf.reduce_sum(losses)


def _is_correct(logits, labels):
    return tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32)


def _follow(running, new, decay):
    running.assign(decay * running + (1 - decay) * new)


def _move(weight, gradient, mean, square, rate, count):
    """Move a weight against its gradient; `count` is 1 at the first iteration."""
    tf.raw_ops.ResourceApplyAdam(
        var=weight.handle, m=mean.handle, v=square.handle, grad=gradient, lr=rate,
        beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON,
        beta1_power=tf.pow(BETA_1, count), beta2_power=tf.pow(BETA_2, count))
