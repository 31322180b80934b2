r"""Variation on stage 3.0: three convolutions and three fully connected layers, by epochs.

Each epoch takes the digits in the order of the files, 50 at a time, and ends with a test.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                 X [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   convolution 5×5, stride 1, ReLU         W1 [5, 5, 1, 32]   B1 [32]
  :::::::::::::::::::::   28×28 pixels, 32 channels               Y1 [n, 28, 28, 32]
    \/ \/ \/ \/ \/ \/     max-pooling 2×2: 14×14 pixels           Y1p [n, 14, 14, 32]
    @ @ @ @ @ @ @ @ @     convolution 5×5, stride 1, ReLU         W2 [5, 5, 32, 64]  B2 [64]
    :::::::::::::::::     14×14 pixels, 64 channels               Y2 [n, 14, 14, 64]
      \/ \/ \/ \/ \/      max-pooling 2×2: 7×7 pixels             Y2p [n, 7, 7, 64]
      @ @ @ @ @ @ @       convolution 5×5, stride 1, ReLU         W3 [5, 5, 64, 128] B3 [128]
      :::::::::::::       7×7 pixels, 128 channels                Y3 [n, 7, 7, 128]
       \/ \/ \/ \/        max-pooling 2×2: 4×4 pixels             Y3p [n, 4, 4, 128] = YY [n, 2048]
       \x/x\x/x\x/        fully connected layer, linear           W4 [2048, 1024]    B4 [1024]
        · · · · ·         1024 neurons                            Y4 [n, 1024]
        \x/x\x/x/         fully connected layer, linear           W5 [1024, 2048]    B5 [2048]
         · · · ·          2048 neurons                            Y5 [n, 2048]
          \x/x/           fully connected layer, softmax          W6 [2048, 10]      B6 [10]
           · ·            10 probabilities                        Y [n, 10]

Run:     python variations/three_convolutions_by_epoch.py
Expect:  final test accuracy 0.9909 ± 0.0014 after 12,000 iterations, its ten epochs,
         in 576 s on two AMD EPYC cores (mean and standard deviation of seeds 0 to 4)
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

# weights and biases: uniformly random weights, smaller in larger layers; zero biases
initial = tf.glorot_uniform_initializer()
W1, B1 = tf.Variable(initial([5, 5, 1, 32])), tf.Variable(tf.zeros([32]))
W2, B2 = tf.Variable(initial([5, 5, 32, 64])), tf.Variable(tf.zeros([64]))
W3, B3 = tf.Variable(initial([5, 5, 64, 128])), tf.Variable(tf.zeros([128]))
W4, B4 = tf.Variable(initial([4*4*128, 1024])), tf.Variable(tf.zeros([1024]))
W5, B5 = tf.Variable(initial([1024, 2048])), tf.Variable(tf.zeros([2048]))
W6, B6 = tf.Variable(initial([2048, 10])), tf.Variable(tf.zeros([10]))

# model: layers 4 and 5 without activation, as in the source; 4 to 6 can do no more than one layer
Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding='SAME') + B1)  # [n, 28, 28, 32]
Y1p = tf.nn.max_pool(Y1, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')  # [n, 14, 14, 32]
Y2 = tf.nn.relu(tf.nn.conv2d(Y1p, W2, strides=[1, 1, 1, 1], padding='SAME') + B2)  # [n, 14, 14, 64]
Y2p = tf.nn.max_pool(Y2, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')  # [n, 7, 7, 64]
Y3 = tf.nn.relu(tf.nn.conv2d(Y2p, W3, strides=[1, 1, 1, 1], padding='SAME') + B3)  # [n, 7, 7, 128]
Y3p = tf.nn.max_pool(Y3, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')  # [n, 4, 4, 128]
YY = tf.reshape(Y3p, [-1, 4*4*128])                # [n, 2048]
Y4 = tf.matmul(YY, W4) + B4                        # [n, 1024]
Y5 = tf.matmul(Y4, W5) + B5                        # [n, 2048]
Ylogits = tf.matmul(Y5, W6) + B6                   # [n, 10]
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
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train))
for i in dashboard.loop(10*1200):     # text only: for i in range(10*1200 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(50, shuffle=False)
    train_data = {X: batch_X, Y_: batch_Y}

    # success?
    if dashboard.wants_train(i):
        a, c, rate, y, w_values, b_values = sess.run(
            [accuracy, cross_entropy, lr, Y, weights, biases], feed_dict=train_data)
        dashboard.show_train(i, a, c, batch_X, y, batch_Y, w_values, b_values, rate)

    # success on test data? at the start, after each epoch, and at the end of a shorter run
    if i % 1200 == 0 or i == options.iterations:
        test_data = {X: mnist.test.images, Y_: mnist.test.labels}
        a, c, y = run_in_chunks(sess, [accuracy, cross_entropy, Y], test_data, chunk_size=100)
        dashboard.show_test(i, a, c, mnist.test.images, y, mnist.test.labels)

    # train
    sess.run(train_step, feed_dict=train_data)

dashboard.finish()

# Things to try, and the final test accuracy that they gave:
# - --iterations 1200, one epoch: 0.9731 (seed 0); then with tf.nn.relu for Y4 and Y5
