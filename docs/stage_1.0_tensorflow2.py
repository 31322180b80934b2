r"""Stage 1.0 in TensorFlow 2's own idiom: functions instead of placeholders and a session.

The network, the numbers and the batches are those of mnist_1.0_softmax.py. Operations compute at
once; `tf.function` makes a graph of a Python function when it is first called.

  · · · · · · · · · · ·   784 pixels                              XX [n, 784]
  \x/x\x/x\x/x\x/x\x/x/   fully connected layer, softmax          W [784, 10]        b [10]
   · · · · · · · · · ·    10 probabilities                        Y [n, 10]

Run:     python docs/stage_1.0_tensorflow2.py
Expect:  the numbers of mnist_1.0_softmax.py, to within rounding
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets

options = command_line.start(__doc__)  # before TensorFlow is imported, to keep its start quiet

import tensorflow as tf

tf.random.set_seed(options.seed)

# data: 60,000 training and 10,000 test images; labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=0,
                       seed=options.seed)

# weights and biases
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))


# model
def model(X):
    XX = tf.reshape(X, [-1, 784])                  # [n, 784]
    return tf.matmul(XX, W) + b                    # [n, 10], the logits


# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
def loss(logits, Y_):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y_))*100


# accuracy: the share of the images whose most probable digit is the correct one
@tf.function
def measure(X, Y_):
    logits = model(X)
    is_correct = tf.equal(tf.argmax(logits, 1), tf.argmax(Y_, 1))
    accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))
    return accuracy, loss(logits, Y_), tf.nn.softmax(logits)


# optimizer
optimizer = tf.optimizers.SGD(0.003)


@tf.function
def train_step(X, Y_):
    with tf.GradientTape() as tape:
        cross_entropy = loss(model(X), Y_)
    gradients = tape.gradient(cross_entropy, [W, b])
    optimizer.apply_gradients(zip(gradients, [W, b]))


def classify(images):  # for the dashboard: the probabilities for digits that its user writes
    return tf.nn.softmax(model(images)).numpy()


# training loop
X_test, Y_test = tf.constant(mnist.test.images), tf.constant(mnist.test.labels, tf.float32)
dashboard = Dashboard(options, num_examples=mnist.train.num_examples, classify=classify)
for i in dashboard.loop(2_000):       # text only: for i in range(2_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)
    X, Y_ = tf.constant(batch_X), tf.constant(batch_Y, tf.float32)

    # success?
    if dashboard.wants_train(i):
        a, c, y = measure(X, Y_)
        dashboard.show_train(i, a.numpy(), c.numpy(), batch_X, y.numpy(), batch_Y,
                             [W.numpy()], [b.numpy()], 0.003)

    # success on test data?
    if dashboard.wants_test(i):
        a, c, y = measure(X_test, Y_test)
        dashboard.show_test(i, a.numpy(), c.numpy(), mnist.test.images, y.numpy(),
                            mnist.test.labels)

    # train
    train_step(X, Y_)

dashboard.finish()
