"""A network of one layer, trained in numpy within a second and exported as a SavedModel.

It has the signature of the cloud version's networks, and stands in for them where a test is about
what happens around a network.
"""

import functools

import numpy as np

from common import mnist_data


@functools.cache
def trained_layer(num_images=6000, rounds=60, rate=0.5):
    """Weights float32 [784, 10] and biases float32 [10] that read more than 8 of 10 test digits."""
    train = mnist_data.read_data_sets(one_hot=True, validation_size=0).train
    images, wanted = train.first(num_images)
    weights, biases = np.zeros((784, 10), np.float32), np.zeros(10, np.float32)
    for _ in range(rounds):
        shares = np.exp(images @ weights + biases)
        shares /= shares.sum(1, keepdims=True)
        slope = (shares - wanted) / num_images
        weights -= rate * images.T @ slope
        biases -= rate * slope.sum(0)
    return weights, biases


def export(folder, weights, biases):
    """Write the layer as a SavedModel with the tag and the signature of the cloud version."""
    import tensorflow as tf

    class Layer(tf.Module):
        def __init__(self):
            super().__init__()
            self.weights, self.biases = tf.Variable(weights), tf.Variable(biases)

        @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.float32, "image")])
        def serve(self, image):
            shares = tf.nn.softmax(tf.reshape(image, [-1, 784]) @ self.weights + self.biases)
            return {"classes": tf.argmax(shares, 1), "predictions": shares}

    # A stage that ran in this process before has turned eager execution off.
    with tf.__internal__.eager_context.eager_mode():
        layer = Layer()
        tf.saved_model.save(layer, str(folder), signatures={"serving_default": layer.serve})
