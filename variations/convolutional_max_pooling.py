r"""Variation on stage 3.1: two convolutional layers with max-pooling.

Where stage 3.1 slides its patches in strides of 2, here the patches visit every pixel, and of
each square of 2×2 neurons the most active one speaks for all four.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                 X [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   convolution 5×5, stride 1, ReLU         W1 [5, 5, 1, 32]   B1 [32]
  :::::::::::::::::::::   28×28 pixels, 32 channels               Y1 [n, 28, 28, 32]
    \/ \/ \/ \/ \/ \/     max-pooling 2×2: 14×14 pixels           Y1p [n, 14, 14, 32]
    @ @ @ @ @ @ @ @ @     convolution 5×5, stride 1, ReLU         W2 [5, 5, 32, 64]  B2 [64]
    :::::::::::::::::     14×14 pixels, 64 channels               Y2 [n, 14, 14, 64]
      \/ \/ \/ \/ \/      max-pooling 2×2: 7×7 pixels             Y2p [n, 7, 7, 64] = YY [n, 3136]
      \x/x\x/x\x/x/       fully connected layer, ReLU, dropout    W3 [3136, 1024]    B3 [1024]
       · · · · · ·        1024 neurons                            Y3 [n, 1024]
        \x/x\x/x/         fully connected layer, softmax          W4 [1024, 10]      B4 [10]
         · · · ·          10 probabilities                        Y [n, 10]

Run:     python variations/convolutional_max_pooling.py
Expect:  final test accuracy 0.9656 ± 0.0015 after 1,100 iterations, in 58 s on two AMD EPYC cores
         (mean and standard deviation of seeds 0 to 4);
         its filters, and what they make of a digit, in the folder pictures
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets
from common.network import Network, run_in_chunks

options = command_line.start(__doc__, pictures="pictures")  # before TensorFlow, to start quietly

import tensorflow as tf

tf = tf.compat.v1             # the codelab's API, which TensorFlow 2 still has under this name
tf.disable_eager_execution()  # lines below build a graph, nothing is computed before the session
tf.set_random_seed(options.seed)

# data: 55,000 training and 10,000 test images, and 5,000 that are left aside for validation;
# labels one-hot: all 0 but a 1 at the digit's place
mnist = read_data_sets(options.data_dir, one_hot=True, reshape=False, validation_size=5000,
                       seed=options.seed)

# placeholders
X = tf.placeholder(tf.float32, [None, 28, 28, 1])  # n images, grey from 0 to 1; None: any n
Y_ = tf.placeholder(tf.float32, [None, 10])        # their correct labels
pkeep = tf.placeholder(tf.float32)                 # probability to keep a neuron, in tests 1

# weights and biases: small random weights, small positive biases for ReLU
W1 = tf.Variable(tf.truncated_normal([5, 5, 1, 32], stddev=0.1))
B1 = tf.Variable(tf.ones([32])/10)
W2 = tf.Variable(tf.truncated_normal([5, 5, 32, 64], stddev=0.1))
B2 = tf.Variable(tf.ones([64])/10)
W3 = tf.Variable(tf.truncated_normal([7*7*64, 1024], stddev=0.1))
B3 = tf.Variable(tf.ones([1024])/10)
W4 = tf.Variable(tf.truncated_normal([1024, 10], stddev=0.1))
B4 = tf.Variable(tf.ones([10])/10)

# model
Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding='SAME') + B1)  # [n, 28, 28, 32]
Y1p = tf.nn.max_pool(Y1, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')  # [n, 14, 14, 32]
Y2 = tf.nn.relu(tf.nn.conv2d(Y1p, W2, strides=[1, 1, 1, 1], padding='SAME') + B2)  # [n, 14, 14, 64]
Y2p = tf.nn.max_pool(Y2, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')  # [n, 7, 7, 64]
YY = tf.reshape(Y2p, [-1, 7*7*64])                 # [n, 3136]
Y3 = tf.nn.relu(tf.matmul(YY, W3) + B3)            # [n, 1024]
Y3d = tf.nn.dropout(Y3, pkeep)                     # [n, 1024]
Ylogits = tf.matmul(Y3d, W4) + B4                  # [n, 10]
Y = tf.nn.softmax(Ylogits)                         # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = tf.constant(0.0001)
optimizer = tf.train.AdamOptimizer(lr)
train_step = optimizer.minimize(cross_entropy/100)  # the mean itself, without the × 100

# session
init = tf.global_variables_initializer()
sess = tf.Session()
sess.run(init)

# training loop
weights = [v for v in tf.trainable_variables() if len(v.shape) > 1]    # for display only
biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train, {pkeep: 1}))
for i in dashboard.loop(1_100):       # text only: for i in range(1_100 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(50)
    train_data = {X: batch_X, Y_: batch_Y, pkeep: 0.5}

    # success?
    if dashboard.wants_train(i):
        a, c, rate, y, w_values, b_values = sess.run(
            [accuracy, cross_entropy, lr, Y, weights, biases], feed_dict={**train_data, pkeep: 1})
        dashboard.show_train(i, a, c, batch_X, y, batch_Y, w_values, b_values, rate)

    # success on test data?
    if dashboard.wants_test(i):
        test_data = {X: mnist.test.images, Y_: mnist.test.labels, pkeep: 1}
        a, c, y = run_in_chunks(sess, [accuracy, cross_entropy, Y], feed_dict=test_data)
        dashboard.show_test(i, a, c, mnist.test.images, y, mnist.test.labels)

    # train
    sess.run(train_step, feed_dict=train_data)

dashboard.finish()

# Things to try:
# - --iterations 20000, the long run of its source
# - pkeep: 1, no dropout
# - strides=[1, 2, 2, 1] in both convolutions, without max-pooling
