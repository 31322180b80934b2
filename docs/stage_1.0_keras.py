r"""Stage 1.0 in Keras: layers instead of variables, a compiled model instead of a graph.

The network, the numbers and the batches are those of mnist_1.0_softmax.py. The loop is here, not
in Keras, so that each batch can be measured before the network trains on it.

  · · · · · · · · · · ·   28×28 pixels, flattened to 784          [n, 784]
  \x/x\x/x\x/x\x/x\x/x/   Dense: fully connected layer            kernel [784, 10]   bias [10]
   · · · · · · · · · ·    10 logits; softmax is in the loss       [n, 10]

Run:     python docs/stage_1.0_keras.py
Expect:  the numbers of mnist_1.0_softmax.py, to within rounding
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

# data: 60,000 training and 10,000 test images; labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=0,
                       seed=options.seed)

# model, with its weights and biases
model = keras.Sequential([
    keras.Input([28, 28, 1]),                                  # [n, 28, 28, 1]
    keras.layers.Flatten(),                                    # [n, 784]
    keras.layers.Dense(10, kernel_initializer="zeros"),        # [n, 10], the logits
])


# loss: cross-entropy, of which Keras takes the mean; × 100 to read as that of a batch of 100
def cross_entropy(Y_, logits):
    return keras.losses.categorical_crossentropy(Y_, logits, from_logits=True)*100


# optimizer, loss and accuracy
model.compile(optimizer=keras.optimizers.SGD(0.003), loss=cross_entropy, metrics=["accuracy"])


def classify(images):  # the probabilities
    return keras.ops.convert_to_numpy(
        keras.ops.softmax(model.predict(images, batch_size=1000, verbose=0)))


# training loop
dashboard = Dashboard(options, num_examples=mnist.train.num_examples, classify=classify)
for i in dashboard.loop(2_000):       # text only: for i in range(2_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)

    # success?
    if dashboard.wants_train(i):
        c, a = model.test_on_batch(batch_X, batch_Y)
        kernel, bias = model.get_weights()
        dashboard.show_train(i, a, c, batch_X, classify(batch_X), batch_Y,
                             [kernel], [bias], 0.003)

    # success on test data?
    if dashboard.wants_test(i):
        c, a = model.evaluate(mnist.test.images, mnist.test.labels, batch_size=1000, verbose=0)
        dashboard.show_test(i, a, c, mnist.test.images, classify(mnist.test.images),
                            mnist.test.labels)

    # train
    model.train_on_batch(batch_X, np.float32(batch_Y))

dashboard.finish()
