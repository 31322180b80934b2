r"""Stage 3.1 in Keras: layers instead of variables, `fit` instead of a loop.

The network and its numbers are those of mnist_3.1_convolutional_bigger_dropout.py. Keras trains in
rounds of 100 steps; after each round, a callback measures the network and shows it.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                 [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   Conv2D 6×6, stride 1, ReLU              kernel [6, 6, 1, 6]     bias [6]
  :::::::::::::::::::::   28×28 pixels, 6 channels                [n, 28, 28, 6]
    @ @ @ @ @ @ @ @ @     Conv2D 5×5, stride 2, ReLU              kernel [5, 5, 6, 12]    bias [12]
    :::::::::::::::::     14×14 pixels, 12 channels               [n, 14, 14, 12]
      @ @ @ @ @ @ @       Conv2D 4×4, stride 2, ReLU              kernel [4, 4, 12, 24]   bias [24]
      :::::::::::::       7×7 pixels, 24 channels, flattened      [n, 1176]
      \x/x\x/x\x/x/       Dense, ReLU, then Dropout               kernel [1176, 200]      bias [200]
       · · · · · ·        200 neurons                             [n, 200]
        \x/x\x/x/         Dense                                   kernel [200, 10]        bias [10]
         · · · ·          10 logits; softmax is in the loss       [n, 10]

Run:     python docs/stage_3.1_keras.py
Expect:  the accuracy of mnist_3.1_convolutional_bigger_dropout.py, a little over 0.99; the initial
         weights and what is dropped are random in another way, so other digits are misread
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets

options = command_line.start(__doc__)  # before TensorFlow is imported, to keep its start quiet

import keras
import numpy as np

keras.utils.set_random_seed(options.seed)
iterations = 10_000 if options.iterations is None else options.iterations

# data: 60,000 training and 10,000 test images; labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=0,
                       seed=options.seed)

# weights and biases: small random weights, small positive biases for ReLU
initial = {"kernel_initializer": keras.initializers.TruncatedNormal(stddev=0.1),
           "bias_initializer": keras.initializers.Constant(0.1)}
relu = {"activation": "relu", **initial}

# model
model = keras.Sequential([
    keras.Input([28, 28, 1]),
    keras.layers.Conv2D(6, 6, strides=1, padding="same", **relu),    # [n, 28, 28, 6]
    keras.layers.Conv2D(12, 5, strides=2, padding="same", **relu),   # [n, 14, 14, 12]
    keras.layers.Conv2D(24, 4, strides=2, padding="same", **relu),   # [n, 7, 7, 24]
    keras.layers.Flatten(),                                          # [n, 1176]
    keras.layers.Dense(200, **relu),                                 # [n, 200]
    keras.layers.Dropout(0.25),  # the share to drop: 1 - pkeep      # [n, 200]
    keras.layers.Dense(10, **initial),                               # [n, 10], the logits
])


# loss: cross-entropy, of which Keras takes the mean; × 100 to read as that of a batch of 100
def cross_entropy(Y_, logits):
    return keras.losses.categorical_crossentropy(Y_, logits, from_logits=True)*100


# optimizer
class Decay(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.0001 + 0.003 * keras.ops.exp(-keras.ops.cast(step, "float32")/2000)


model.compile(optimizer=keras.optimizers.Adam(Decay()), loss=cross_entropy)


# accuracy: the share of the images whose most probable digit is the correct one
def measure(images, labels):
    logits = model.predict(images, batch_size=1000, verbose=0)
    accuracy = np.mean(logits.argmax(axis=1) == labels.argmax(axis=1))
    return accuracy, np.mean(cross_entropy(np.float32(labels), logits)), softmax(logits)


def softmax(logits):
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits))


def classify(images):  # for the dashboard: the probabilities for digits that its user writes
    return softmax(model.predict(images, verbose=0))


def batches():
    while True:
        images, labels = mnist.train.next_batch(100)
        yield images, np.float32(labels)


# success?
class Show(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):  # Keras calls a round an epoch; logs has means over it
        i = int(model.optimizer.iterations)
        images, labels = mnist.train.next_batch(100)  # only measured here, not trained on
        a, c, y = measure(images, labels)
        values = model.get_weights()  # of each layer the kernel, then the bias
        dashboard.show_train(i, a, c, images, y, labels,
                             values[0::2], values[1::2], float(model.optimizer.learning_rate))
        a, c, y = measure(mnist.test.images, mnist.test.labels)
        dashboard.show_test(i, a, c, mnist.test.images, y, mnist.test.labels)
        model.stop_training = dashboard.closed


# train
dashboard = Dashboard(options, num_examples=mnist.train.num_examples, classify=classify)
dashboard.start(iterations)
steps = max(1, min(100, iterations))
model.fit(batches(), steps_per_epoch=steps, epochs=iterations//steps, shuffle=False,
          callbacks=[Show()], verbose=0)

dashboard.finish()
