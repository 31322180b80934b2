"""The networks in Keras, trained by model.fit; see https://keras.io/guides/."""

import harness
import keras
import numpy as np
from keras import layers

WEIGHTS = keras.initializers.TruncatedNormal(stddev=0.1)
BIASES = keras.initializers.Constant(0.1)
LIKE_STAGES = {"kernel_initializer": WEIGHTS, "bias_initializer": BIASES}


def softmax():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(10, kernel_initializer="zeros"),
    ])


def five_layers(dropout):
    hidden = []
    for neurons in (200, 100, 60, 30):
        hidden.append(layers.Dense(neurons, activation="relu", **LIKE_STAGES))
        if dropout:
            hidden.append(layers.Dropout(dropout))
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        *hidden,
        layers.Dense(10, kernel_initializer=WEIGHTS),
    ])


def convolutional():
    same = {"padding": "same", "activation": "relu"} | LIKE_STAGES
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(6, 6, **same),
        layers.Conv2D(12, 5, strides=2, **same),
        layers.Conv2D(24, 4, strides=2, **same),
        layers.Flatten(),
        layers.Dense(200, activation="relu", **LIKE_STAGES),
        layers.Dropout(0.25),
        layers.Dense(10, **LIKE_STAGES),
    ])


class Decay(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of stage 2.1."""

    def __call__(self, step):
        step = keras.ops.cast(step, "float32")
        return 0.0001 + 0.003 * keras.ops.exp(-step / 2000)


class Trainer:
    def __init__(self, network, seed):
        keras.utils.set_random_seed(seed)
        if network == "1.0":
            # The stages take the mean × 100 for the loss, so their 0.003 is 0.3 for the mean.
            self.model, optimizer = softmax(), keras.optimizers.SGD(0.3)
        else:
            self.model = {"2.1": lambda: five_layers(0), "2.2": lambda: five_layers(0.25),
                          "3.1": convolutional}[network]()
            optimizer = keras.optimizers.Adam(Decay())
        self.model.compile(
            optimizer=optimizer,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def prepare(self, batches):
        images, labels = zip(*batches)
        return np.concatenate(images), np.concatenate(labels)

    def run(self, prepared):
        images, labels = prepared
        self.model.fit(images, labels, batch_size=harness.BATCH, shuffle=False, verbose=0)

    def read(self, images):
        return self.model.predict_on_batch(images).argmax(axis=1)


if __name__ == "__main__":
    harness.main(Trainer)
