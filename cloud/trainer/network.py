"""The network of stage 3.1 with sizes to choose, and batch normalisation if asked for.

As in the stage, every layer is spelled out; what the stage's graph and session did is done by
`tf.Variable`s in a `tf.Module`, and by calling it.
"""

import hashlib

import tensorflow as tf


class Network(tf.Module):
    """Three convolutional layers, a fully connected one with dropout, and ten outputs."""

    def __init__(self, sizes, seed):
        """Make the variables: small random weights, small positive biases for ReLU.

        Args:
          sizes: the `Hyperparameters`.
          seed: int, 0 or above, for the weights.
        """
        super().__init__()
        K, L, M, N = sizes.channels_1, sizes.channels_2, sizes.channels_3, sizes.neurons
        self.W1 = _weights([6, 6, 1, K], seed, 1)
        self.B1 = tf.Variable(tf.ones([K])/10, name="B1")
        self.W2 = _weights([5, 5, K, L], seed, 2)
        self.B2 = tf.Variable(tf.ones([L])/10, name="B2")
        self.W3 = _weights([4, 4, L, M], seed, 3)
        self.B3 = tf.Variable(tf.ones([M])/10, name="B3")
        self.W4 = _weights([7*7*M, N], seed, 4)
        self.B4 = tf.Variable(tf.ones([N])/10, name="B4")
        self.W5 = _weights([N, 10], seed, 5)
        self.B5 = tf.Variable(tf.ones([10])/10, name="B5")

        # For batch normalisation: mean and variance of what the first four layers compute, as
        # they were on average in the last iterations; empty lists without it.
        widths = [K, L, M, N] if sizes.batch_norm else []
        self.means = [tf.Variable(tf.zeros([n]), trainable=False, name=f"mean{layer}")
                      for layer, n in enumerate(widths, 1)]
        self.variances = [tf.Variable(tf.ones([n]), trainable=False, name=f"variance{layer}")
                          for layer, n in enumerate(widths, 1)]

    def digest(self):
        """A few characters (str) that are the same only where all variables are, to the last bit.
        """
        digest = hashlib.sha256()
        for variable in self.variables:
            digest.update(variable.numpy().tobytes())
        return digest.hexdigest()[:16]

    def logits(self, images):
        """What the network makes of digits, for tests and predictions.

        Args:
          images: float32 [n, 28, 28], values 0 to 1.

        Returns:
          float32 [n, 10], the logits; their softmax are the probabilities.
        """
        def normalise(layer, values):
            if not self.means:
                return values
            return _normalised(values, self.means[layer], self.variances[layer])

        return self._layers(images, normalise, lambda neurons: neurons)

    def logits_in_training(self, images, keep, pkeep, mean_over_replicas):
        """The same in training: with dropout, and normalised by the batch's mean and variance.

        Args:
          images: float32 [n, 28, 28], values 0 to 1.
          keep: bool [n, neurons], which neurons of the fully connected layer to keep.
          pkeep: float, the probability with which they were chosen.
          mean_over_replicas: a function that takes a list of tensors and returns the list of
            their means over all replicas, so that the batch is the whole one.

        Returns:
          float32 [n, 10], the logits; and a list of the means and one of the variances of the
          batch, float32 [width] for each layer, empty without batch normalisation.
        """
        means, variances = [], []

        def normalise(layer, values):
            if not self.means:
                return values
            axes = list(range(len(values.shape) - 1))
            mean, mean_of_squares = mean_over_replicas(
                [tf.reduce_mean(values, axes), tf.reduce_mean(tf.square(values), axes)])
            variance = tf.maximum(mean_of_squares - tf.square(mean), 0)
            means.append(mean)
            variances.append(variance)
            return _normalised(values, mean, variance)

        def drop(neurons):
            return tf.where(keep, neurons / pkeep, 0)

        return self._layers(images, normalise, drop), means, variances

    def _layers(self, images, normalise, drop):
        X = tf.reshape(images, [-1, 28, 28, 1])
        Y1 = tf.nn.relu(normalise(0, tf.nn.conv2d(X, self.W1, 1, "SAME")) + self.B1)
        Y2 = tf.nn.relu(normalise(1, tf.nn.conv2d(Y1, self.W2, 2, "SAME")) + self.B2)
        Y3 = tf.nn.relu(normalise(2, tf.nn.conv2d(Y2, self.W3, 2, "SAME")) + self.B3)
        YY = tf.reshape(Y3, [-1, self.W4.shape[0]])
        Y4 = tf.nn.relu(normalise(3, tf.matmul(YY, self.W4)) + self.B4)
        return tf.matmul(drop(Y4), self.W5) + self.B5


def _weights(shape, seed, layer):
    """Random weights that depend on the seed and the layer alone."""
    return tf.Variable(tf.random.stateless_truncated_normal(shape, [seed, layer], stddev=0.1),
                       name=f"W{layer}")


def _normalised(values, mean, variance):
    return (values - mean) * tf.math.rsqrt(variance + 1e-5)
