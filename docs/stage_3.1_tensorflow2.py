r"""Stage 3.1 in TensorFlow 2's own idiom: functions instead of placeholders and a session.

The network and its numbers are those of mnist_3.1_convolutional_bigger_dropout.py. What was fed
(images, labels, the probability to keep a neuron) is now handed to functions as arguments.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                 X [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   convolution 6×6, stride 1, ReLU         W1 [6, 6, 1, 6]    B1 [6]
  :::::::::::::::::::::   28×28 pixels, 6 channels                Y1 [n, 28, 28, 6]
    @ @ @ @ @ @ @ @ @     convolution 5×5, stride 2, ReLU         W2 [5, 5, 6, 12]   B2 [12]
    :::::::::::::::::     14×14 pixels, 12 channels               Y2 [n, 14, 14, 12]
      @ @ @ @ @ @ @       convolution 4×4, stride 2, ReLU         W3 [4, 4, 12, 24]  B3 [24]
      :::::::::::::       7×7 pixels, 24 channels                 Y3 [n, 7, 7, 24]   = YY [n, 1176]
      \x/x\x/x\x/x/       fully connected layer, ReLU, dropout    W4 [1176, 200]     B4 [200]
       · · · · · ·        200 neurons                             Y4 [n, 200]
        \x/x\x/x/         fully connected layer, softmax          W5 [200, 10]       B5 [10]
         · · · ·          10 probabilities                        Y [n, 10]

Run:     python docs/stage_3.1_tensorflow2.py
Expect:  the accuracy of mnist_3.1_convolutional_bigger_dropout.py, a little over 0.99; the initial
         weights and what is dropped are random in another way, so other digits are misread
"""

import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets

options = command_line.start(__doc__)  # before TensorFlow is imported, to keep its start quiet

import numpy as np
import tensorflow as tf

tf.random.set_seed(options.seed)

# data: 60,000 training and 10,000 test images; labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=0,
                       seed=options.seed)

# weights and biases: small random weights, small positive biases for ReLU
W1 = tf.Variable(tf.random.truncated_normal([6, 6, 1, 6], stddev=0.1))
B1 = tf.Variable(tf.ones([6])/10)
W2 = tf.Variable(tf.random.truncated_normal([5, 5, 6, 12], stddev=0.1))
B2 = tf.Variable(tf.ones([12])/10)
W3 = tf.Variable(tf.random.truncated_normal([4, 4, 12, 24], stddev=0.1))
B3 = tf.Variable(tf.ones([24])/10)
W4 = tf.Variable(tf.random.truncated_normal([7*7*24, 200], stddev=0.1))
B4 = tf.Variable(tf.ones([200])/10)
W5 = tf.Variable(tf.random.truncated_normal([200, 10], stddev=0.1))
B5 = tf.Variable(tf.ones([10])/10)
weights, biases = [W1, W2, W3, W4, W5], [B1, B2, B3, B4, B5]


# model; pkeep is the probability to keep a neuron, in tests 1
def model(X, pkeep):
    Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=1, padding='SAME') + B1)   # [n, 28, 28, 6]
    Y2 = tf.nn.relu(tf.nn.conv2d(Y1, W2, strides=2, padding='SAME') + B2)  # [n, 14, 14, 12]
    Y3 = tf.nn.relu(tf.nn.conv2d(Y2, W3, strides=2, padding='SAME') + B3)  # [n, 7, 7, 24]
    YY = tf.reshape(Y3, [-1, 7*7*24])              # [n, 1176]
    Y4 = tf.nn.relu(tf.matmul(YY, W4) + B4)        # [n, 200]
    Y4d = tf.nn.dropout(Y4, rate=1 - pkeep)        # [n, 200]
    return tf.matmul(Y4d, W5) + B5                 # [n, 10], the logits


# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
def loss(logits, Y_):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=Y_))*100


# accuracy: the share of the images whose most probable digit is the correct one
@tf.function
def measure(X, Y_):
    logits = model(X, pkeep=1)
    is_correct = tf.equal(tf.argmax(logits, 1), tf.argmax(Y_, 1))
    accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))
    return accuracy, loss(logits, Y_), tf.nn.softmax(logits)


# optimizer
optimizer = tf.optimizers.Adam()


@tf.function
def train_step(X, Y_):
    with tf.GradientTape() as tape:
        cross_entropy = loss(model(X, pkeep=0.75), Y_)
    gradients = tape.gradient(cross_entropy, weights + biases)
    optimizer.apply_gradients(zip(gradients, weights + biases))


def classify(images):  # for the dashboard: the probabilities for digits that its user writes
    return tf.nn.softmax(model(images, pkeep=1)).numpy()


# training loop
tests = tf.data.Dataset.from_tensor_slices(
    (mnist.test.images, np.float32(mnist.test.labels))).batch(1000)
dashboard = Dashboard(options, num_examples=mnist.train.num_examples, classify=classify)
for i in dashboard.loop(10_000):      # text only: for i in range(10_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)
    X, Y_ = tf.constant(batch_X), tf.constant(batch_Y, tf.float32)
    lr = 0.0001 + 0.003 * math.exp(-i/2000)

    # success?
    if dashboard.wants_train(i):
        a, c, y = measure(X, Y_)
        dashboard.show_train(i, a.numpy(), c.numpy(), batch_X, y.numpy(), batch_Y,
                             [w.numpy() for w in weights], [b.numpy() for b in biases], lr)

    # success on test data?
    if dashboard.wants_test(i):
        results = [measure(X_test, Y_test) for X_test, Y_test in tests]
        a, c, y = zip(*results)
        dashboard.show_test(i, np.mean(a), np.mean(c), mnist.test.images, np.concatenate(y),
                            mnist.test.labels)

    # train
    optimizer.learning_rate = lr
    train_step(X, Y_)

dashboard.finish()
