"""How many multiply-adds a training step takes, and how fast this machine can do them.

A layer with weights computes, for each digit, one multiply-add for each connection:

    fully connected    inputs × outputs
    convolution        height × width × channels of its output × (height × width × channels of
                       the patch); patches that reach over the border are counted whole

That is the forward pass. The backward pass does the same amount twice: once for the gradient of
the weights, once for the gradient of what came in, which the layer before needs. The first layer's
input is the image, whose gradient nobody needs. So a step takes

    batch × (3 × all layers − first layer)

multiply-adds. Biases, activations, softmax, dropout and the optimizer are left out: they are no
matrix products, and few beside those. Divided by the rate of the machine's best matrix product,
that is a bound: no program can be faster on it by calculating in this way.
"""

import math
import time

# Sizes of matrix products whose rate is measured: a layer of stage 2.0, a large square.
SIZES = (100, 784, 200), (1024, 1024, 1024)


def of_dense(inputs, outputs):
    """The multiply-adds of a fully connected layer for one digit, int."""
    return inputs * outputs


def of_convolution(height, width, filter_shape):
    """The multiply-adds of a convolution for one digit, int.

    Args:
      height, width: int, of the output.
      filter_shape: (height, width, channels in, channels out) of the filters.
    """
    return height * width * math.prod(filter_shape)


def of_step(layers, batch):
    """The multiply-adds of a training step, int.

    Args:
      layers: a list of int, the multiply-adds of each layer for one digit, first layer first.
      batch: int, how many digits a step takes.
    """
    return batch * (3 * sum(layers) - layers[0])


def layers_of(graph):
    """The multiply-adds of each layer of a network in a TensorFlow 1 graph, in its order.

    Args:
      graph: a tf.Graph; its gradients, if it has some, are left out.

    Returns:
      A list of int.
    """
    layers = []
    for operation in graph.get_operations():
        if operation.name.startswith("gradients"):
            continue
        if operation.type == "MatMul":
            layers.append(of_dense(*map(int, operation.inputs[1].shape)))
        elif operation.type == "Conv2D":
            _, height, width, _ = operation.outputs[0].shape
            layers.append(of_convolution(int(height), int(width),
                                         tuple(map(int, operation.inputs[1].shape))))
    return layers


def measure_rates(seconds=1.0):
    """Measure how fast numpy and TensorFlow multiply matrices of float32 here.

    Args:
      seconds: float, how long to try each size.

    Returns:
      A dictionary: "numpy 1024×1024×1024" and so on; each a float, billions of multiply-adds
      a second: the best of all tries, since the bound asks what the machine can do.
    """
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(0)
    rates = {}
    for rows, inner, columns in SIZES:
        one = random.standard_normal((rows, inner), np.float32)
        other = random.standard_normal((inner, columns), np.float32)
        tensors = tf.constant(one), tf.constant(other)
        for name, multiply in (("numpy", lambda: one @ other),  # noqa: B023 called at once
                               ("TensorFlow", lambda: tf.matmul(*tensors).numpy())):  # noqa: B023
            multiply()
            best, end = math.inf, time.perf_counter() + seconds
            while time.perf_counter() < end:
                start = time.perf_counter()
                multiply()
                best = min(best, time.perf_counter() - start)
            rates[f"{name} {rows}×{inner}×{columns}"] = rows * inner * columns / best / 1e9
    return rates
