r"""Variation on stage 1.0: one softmax layer in an interactive session, as notebooks have them.

An interactive session makes itself the default one, so operations and tensors have .run and .eval
without its name. The images come as rows of 784 pixels: the network needs no reshaping.

  · · · · · · · · · · ·   784 pixels                              X [n, 784]
  \x/x\x/x\x/x\x/x\x/x/   fully connected layer, softmax          W [784, 10]        b [10]
   · · · · · · · · · ·    10 probabilities                        Y [n, 10]

Run:     python variations/softmax_interactive.py
Expect:  final test accuracy 0.9158 ± 0.0029 after 1,000 iterations, in 4 s on two AMD EPYC cores
         (mean and standard deviation of seeds 0 to 4)
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets
from common.network import Network

options = command_line.start(__doc__, threads=1)  # before TensorFlow; one thread suits small layers

import tensorflow as tf

tf = tf.compat.v1             # the codelab's API, which TensorFlow 2 still has under this name
tf.disable_eager_execution()  # lines below build a graph, nothing is computed before the session
tf.set_random_seed(options.seed)

# data: 55,000 training and 10,000 test images, and 5,000 that are left aside for validation;
# labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=True, validation_size=5000,
                       seed=options.seed)

# placeholders
X = tf.placeholder(tf.float32, [None, 784])        # n images, grey from 0 to 1; None: any n
Y_ = tf.placeholder(tf.float32, [None, 10])        # their correct labels

# weights and biases
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))

# model
Y = tf.nn.softmax(tf.matmul(X, W) + b)             # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = -tf.reduce_sum(Y_ * tf.log(Y), axis=1)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = tf.constant(0.5)
optimizer = tf.train.GradientDescentOptimizer(lr)
train_step = optimizer.minimize(cross_entropy/100)  # the mean itself, without the × 100

# session: an interactive one is the default for each .run and .eval from here on
init = tf.global_variables_initializer()
sess = tf.InteractiveSession()
sess.run(init)

# training loop
weights = [v for v in tf.trainable_variables() if len(v.shape) > 1]    # for display only
biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train))
for i in dashboard.loop(1_000):       # text only: for i in range(1_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(50)
    train_data = {X: batch_X, Y_: batch_Y}

    # success?
    if dashboard.wants_train(i):
        a, c, rate, y, w_values, b_values = sess.run(
            [accuracy, cross_entropy, lr, Y, weights, biases], feed_dict=train_data)
        images = batch_X.reshape(-1, 28, 28)
        dashboard.show_train(i, a, c, images, y, batch_Y, w_values, b_values, rate)

    # success on test data?
    if dashboard.wants_test(i):
        test_data = {X: mnist.test.images, Y_: mnist.test.labels}
        a, c, y = (tensor.eval(feed_dict=test_data) for tensor in [accuracy, cross_entropy, Y])
        images = mnist.test.images.reshape(-1, 28, 28)
        dashboard.show_test(i, a, c, images, y, mnist.test.labels)

    # train
    train_step.run(feed_dict=train_data)

dashboard.finish()

# Things to try, and the final test accuracy that they gave:
# - a learning rate of 0.05: 0.9007 ± 0.0003 (seeds 0 to 2)
# - --iterations 10000: 0.9187 ± 0.0014
# - tf.Session() for tf.InteractiveSession(): an error, "No default session is registered"
