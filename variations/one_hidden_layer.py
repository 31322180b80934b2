r"""Variation on stage 2.1: one hidden layer, whose weights start large and mostly positive.

Weights of 0.5 on average make each hidden neuron add up the digit's ink: it starts at 52 ± 7. No
test digit brings one below 0, not even after training, so ReLU cuts nothing and the network stays
linear; and the neurons say nearly the same (correlation 0.92). The logits start hundreds apart,
whatever the digit, and the loss at 24,000 to 156,000 (seeds 0 to 4). Near 300, it is still falling.

  · · · · · · · · · · ·   784 pixels                              XX [n, 784]
  \x/x\x/x\x/x\x/x\x/x/   fully connected layer, ReLU             W1 [784, 200]      B1 [200]
   · · · · · · · · · ·    200 neurons                             Y1 [n, 200]
    \x/x\x/x\x/x\x/x/     fully connected layer, softmax          W2 [200, 10]       B2 [10]
     · · · · · · · ·      10 probabilities                        Y [n, 10]

Run:     python variations/one_hidden_layer.py
Expect:  final test accuracy 0.8703 ± 0.0065 after 1,000 iterations, in 10 s on two AMD EPYC cores
         (mean and standard deviation of seeds 0 to 4);
         a right and a wrong digit with their probabilities in the folder pictures
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

# weights and biases: all random, around 0.5
W1 = tf.Variable(tf.random_normal([784, 200], mean=0.5, stddev=0.7))
B1 = tf.Variable(tf.random_normal([200], mean=0.5, stddev=0.7))
W2 = tf.Variable(tf.random_normal([200, 10], mean=0.5, stddev=0.7))
B2 = tf.Variable(tf.random_normal([10], mean=0.5, stddev=0.7))

# model
XX = tf.reshape(X, [-1, 784])                      # [n, 784]
Y1 = tf.nn.relu(tf.matmul(XX, W1) + B1)            # [n, 200]
Ylogits = tf.matmul(Y1, W2) + B2                   # [n, 10]
Y = tf.nn.softmax(Ylogits)                         # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = tf.constant(0.001)
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
for i in dashboard.loop(1_000):       # text only: for i in range(1_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(1000)
    train_data = {X: batch_X, Y_: batch_Y}

    # success?
    if dashboard.wants_train(i):
        a, c, rate, y, w_values, b_values = sess.run(
            [accuracy, cross_entropy, lr, Y, weights, biases], feed_dict=train_data)
        dashboard.show_train(i, a, c, batch_X, y, batch_Y, w_values, b_values, rate)

    # success on test data?
    if dashboard.wants_test(i):
        test_data = {X: mnist.test.images, Y_: mnist.test.labels}
        a, c, y = run_in_chunks(sess, [accuracy, cross_entropy, Y], feed_dict=test_data)
        dashboard.show_test(i, a, c, mnist.test.images, y, mnist.test.labels)

    # train
    sess.run(train_step, feed_dict=train_data)

dashboard.finish()

# Things to try, and the final test accuracy that they gave:
# - mean=0 for all weights and biases: 0.9166 (seed 0)
# - mean=0, stddev=0.1 for all of them: 0.9739 (seed 0)
