r"""Variation on stage 3.1: batch normalisation and distorted digits, for the last half per cent.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                       X [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   convolution 5×5, stride 2, batch norm, ReLU   Y1 [n, 12, 12, 24]
    @ @ @ @ @ @ @ @ @     convolution 3×3, stride 1, batch norm, ReLU   Y2 [n, 10, 10, 48]
     @ @ @ @ @ @ @ @      convolution 3×3, stride 1, batch norm, ReLU   Y3 [n, 8, 8, 48]
      @ @ @ @ @ @ @       convolution 3×3, stride 1, batch norm, ReLU   Y4 [n, 6, 6, 64]
       @ @ @ @ @ @        convolution 3×3, stride 1, batch norm, ReLU   Y5 [n, 4, 4, 96], flat YY
        \x/x\x/x/         fully connected layer, softmax                Y [n, 10]

Run:     python variations/batch_norm_augmented.py
Expect:  final test accuracy 0.9966 ± 0.0004 after 10,800 iterations, in 572 s on two AMD EPYC cores
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets
from common.network import Network, run_in_chunks

options = command_line.start(__doc__)  # before TensorFlow is imported, to keep its start quiet

import tensorflow as tf

tf = tf.compat.v1             # the codelab's API, which TensorFlow 2 still has under this name
tf.disable_eager_execution()  # lines below build a graph, nothing is computed before the session
tf.set_random_seed(options.seed)

# data: 60,000 training and 10,000 test images; labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=0,
                       seed=options.seed)

# placeholders
X = tf.placeholder(tf.float32, [None, 28, 28, 1])  # n images, grey from 0 to 1; None: any n
Y_ = tf.placeholder(tf.float32, [None, 10])        # their correct labels
step = tf.placeholder(tf.float32)                  # the iteration, for the learning rate
training = tf.placeholder_with_default(False, [])  # whether to normalise by the batch at hand

# distortion: each image is stretched and turned by a random matrix, and shifted by some pixels
matrix = tf.eye(2) + tf.random_uniform([tf.shape(X)[0], 2, 2], -0.2, 0.2)
shift = tf.random_uniform([tf.shape(X)[0], 2, 1], -2, 2) + 13.5*(1 - tf.reduce_sum(matrix, 2, True))
transforms = tf.pad(tf.reshape(tf.concat([matrix, shift], axis=2), [-1, 6]), [[0, 0], [0, 2]])
X_distorted = tf.raw_ops.ImageProjectiveTransformV3(
    images=X, transforms=transforms, output_shape=[28, 28], fill_value=0, interpolation='BILINEAR')

# weights and biases: random weights, smaller where more of them feed a neuron
initial = tf.initializers.he_normal()
W1, W2 = tf.Variable(initial([5, 5, 1, 24])), tf.Variable(initial([3, 3, 24, 48]))
W3, W4 = tf.Variable(initial([3, 3, 48, 48])), tf.Variable(initial([3, 3, 48, 64]))
W5 = tf.Variable(initial([3, 3, 64, 96]))
W6, B6 = tf.Variable(initial([4*4*96, 10])), tf.Variable(tf.zeros([10]))

# batch normalisation: each channel to mean 0 and variance 1, then to those that the network learns
updates = []
def batch_norm(Z):
    zeros, ones = tf.zeros(Z.shape[-1:]), tf.ones(Z.shape[-1:])
    beta, gamma, running = tf.Variable(zeros), tf.Variable(ones), tf.Variable([zeros, ones], False)
    batch = tf.stack(tf.nn.moments(Z, axes=[0, 1, 2]))  # mean and variance over images and places
    updates.append(running.assign(0.95*running + 0.05*batch))
    mean, variance = tf.unstack(tf.where(training, batch, running))
    return (Z - mean)*(gamma/tf.sqrt(variance + 0.001)) + beta

# model
Y1 = tf.nn.relu(batch_norm(tf.nn.conv2d(X, W1, strides=[1, 2, 2, 1], padding='VALID')))
Y2 = tf.nn.relu(batch_norm(tf.nn.conv2d(Y1, W2, strides=[1, 1, 1, 1], padding='VALID')))
Y3 = tf.nn.relu(batch_norm(tf.nn.conv2d(Y2, W3, strides=[1, 1, 1, 1], padding='VALID')))
Y4 = tf.nn.relu(batch_norm(tf.nn.conv2d(Y3, W4, strides=[1, 1, 1, 1], padding='VALID')))
Y5 = tf.nn.relu(batch_norm(tf.nn.conv2d(Y4, W5, strides=[1, 1, 1, 1], padding='VALID')))
YY = tf.reshape(Y5, [-1, 4*4*96])                  # [n, 1536]
Ylogits = tf.matmul(YY, W6) + B6                   # [n, 10]
Y = tf.nn.softmax(Ylogits)                         # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = tf.train.cosine_decay(0.004, step, options.iterations or 36*300)  # 0 at the end
optimizer = tf.train.AdamOptimizer(lr)
train_step = tf.group(optimizer.minimize(cross_entropy), updates)

# session
init = tf.global_variables_initializer()
sess = tf.Session()
sess.run(init)

# training loop
weights = [v for v in tf.trainable_variables() if len(v.shape) > 1]    # for display only
biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train))
for i in dashboard.loop(36*300):      # text only: for i in range(36*300 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(200)
    batch_X = sess.run(X_distorted, feed_dict={X: batch_X})
    train_data = {X: batch_X, Y_: batch_Y, step: i}

    # success?
    if dashboard.wants_train(i):
        a, c, rate, y, w_values, b_values = sess.run(
            [accuracy, cross_entropy, lr, Y, weights, biases], feed_dict=train_data)
        dashboard.show_train(i, a, c, batch_X, y, batch_Y, w_values, b_values, rate)

    # success on test data? at the start, after each epoch, and at the end of a shorter run
    if i % 300 == 0 or i == options.iterations:
        test_data = {X: mnist.test.images, Y_: mnist.test.labels}
        a, c, y = run_in_chunks(sess, [accuracy, cross_entropy, Y], feed_dict=test_data)
        dashboard.show_test(i, a, c, mnist.test.images, y, mnist.test.labels)

    # train
    sess.run(train_step, feed_dict={**train_data, training: True})

dashboard.finish()
