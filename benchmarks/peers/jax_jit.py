"""The networks in JAX, a training step compiled by jax.jit; the optimizers are Optax's.

See https://docs.jax.dev/ and https://optax.readthedocs.io/.
"""

import harness
import jax
import jax.numpy as jnp
import optax

KEEP = 0.75


def fully_connected(parameters, images, key):
    *hidden, (W, B) = parameters
    Y = images.reshape(len(images), -1)
    keys = [None] * len(hidden) if key is None else jax.random.split(key, len(hidden))
    for (W1, B1), layer_key in zip(hidden, keys):
        Y = drop(jax.nn.relu(Y @ W1 + B1), layer_key)
    return Y @ W + B


def convolutional(parameters, images, key):
    *convolutions, (W4, B4), (W5, B5) = parameters
    Y = images
    for (W, B), stride in zip(convolutions, (1, 2, 2)):
        Y = jax.lax.conv_general_dilated(Y, W, (stride, stride), "SAME",
                                         dimension_numbers=("NHWC", "HWIO", "NHWC"))
        Y = jax.nn.relu(Y + B)
    Y = jax.nn.relu(Y.reshape(len(Y), -1) @ W4 + B4)
    return drop(Y, key) @ W5 + B5


def drop(Y, key):
    """Leave out a quarter of the neurons; none without a key, as in a test."""
    if key is None:
        return Y
    return jnp.where(jax.random.bernoulli(key, KEEP, Y.shape), Y / KEEP, 0)


def initial(shapes, key):
    """Small random weights, small positive biases, a pair for each layer."""
    return [(0.1 * jax.random.truncated_normal(layer_key, -2, 2, shape), jnp.full(shape[-1], 0.1))
            for shape, layer_key in zip(shapes, jax.random.split(key, len(shapes)))]


FIVE = (784, 200), (200, 100), (100, 60), (60, 30), (30, 10)
CONVOLUTIONAL = (6, 6, 1, 6), (5, 5, 6, 12), (4, 4, 12, 24), (1176, 200), (200, 10)


class Trainer:
    def __init__(self, network, seed):
        self.key, initial_key = jax.random.split(jax.random.key(seed))
        if network == "1.0":
            self.parameters = [(jnp.zeros((784, 10)), jnp.zeros(10))]
            # The stages take the mean × 100 for the loss, so their 0.003 is 0.3 for the mean.
            optimizer = optax.sgd(0.3)
        else:
            self.parameters = initial(CONVOLUTIONAL if network == "3.1" else FIVE, initial_key)
            optimizer = optax.adam(lambda step: 0.0001 + 0.003 * jnp.exp(-step / 2000))
        model = convolutional if network == "3.1" else fully_connected
        self.state = optimizer.init(self.parameters)

        def loss(parameters, images, labels, key):
            logits = model(parameters, images, key if network in ("2.2", "3.1") else None)
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        @jax.jit
        def train_step(parameters, state, images, labels, key):
            key, step_key = jax.random.split(key)
            gradients = jax.grad(loss)(parameters, images, labels, step_key)
            updates, state = optimizer.update(gradients, state)
            return optax.apply_updates(parameters, updates), state, key

        @jax.jit
        def read(parameters, images):
            return model(parameters, images, None).argmax(axis=1)

        self.train_step, self._read = train_step, read

    def prepare(self, batches):
        return [(jnp.asarray(images), jnp.asarray(labels)) for images, labels in batches]

    def run(self, prepared):
        for images, labels in prepared:
            self.parameters, self.state, self.key = self.train_step(
                self.parameters, self.state, images, labels, self.key)
        jax.block_until_ready(self.parameters)

    def read(self, images):
        return self._read(self.parameters, images)


if __name__ == "__main__":
    harness.main(Trainer)
