r"""Stage 1.0: one layer of ten neurons, with softmax.

Each neuron weighs every pixel of the digit and adds its bias; softmax turns the ten sums into
ten probabilities. Training follows the gradient of the cross-entropy, 100 digits at a time.

  · · · · · · · · · · ·   784 pixels                              XX [n, 784]
  \x/x\x/x\x/x\x/x\x/x/   fully connected layer, softmax          W [784, 10]        b [10]
   · · · · · · · · · ·    10 probabilities                        Y [n, 10]

Run:     python mnist_1.0_softmax.py
Expect:  final test accuracy 0.9206 ± 0.0010 after 2,000 iterations (mean and standard deviation
         of seeds 0 to 4), in 4 s on two AMD EPYC cores
"""

import math  # for 1/math.e in the learning rate's decay, from stage 2.1 on

from common import command_line
from common.dashboard import Dashboard
from common.mnist_data import read_data_sets
from common.network import Network, run_in_chunks

options = command_line.start(__doc__, threads=1)  # before TensorFlow; one thread suits small layers

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

# weights and biases
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))

# model
XX = tf.reshape(X, [-1, 784])                      # [n, 784]
Y = tf.nn.softmax(tf.matmul(XX, W) + b)            # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = -tf.reduce_sum(Y_ * tf.log(Y), axis=1)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = tf.constant(0.003)
optimizer = tf.train.GradientDescentOptimizer(lr)
train_step = optimizer.minimize(cross_entropy)

# session
init = tf.global_variables_initializer()
sess = tf.Session()
sess.run(init)

# training loop
weights = [v for v in tf.trainable_variables() if len(v.shape) > 1]    # for display only
biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train))
for i in dashboard.loop(2_000):       # text only: for i in range(2_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)
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
# - --iterations 10000: 0.9241 ± 0.0010 (seeds 0 to 4)
# - a learning rate of 0.0003: 0.9039 ± 0.0006, and still rising; of 0.03: the loss becomes NaN
# - random weights as in stage 2.0: 0.9205 ± 0.0011, no better; one layer learns from zero, too
