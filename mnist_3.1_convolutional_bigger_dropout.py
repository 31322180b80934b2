r"""Stage 3.1: a bigger convolutional network, with dropout.

A little more room than the digits need: larger patches, more channels; then dropout on the fully
connected layer, so that the room is not used to learn the training digits by heart.

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

Run:     python mnist_3.1_convolutional_bigger_dropout.py
Expect:  final test accuracy 0.9920 ± 0.0008 after 10,000 iterations, test loss 3.5 ± 0.6 (mean
         and standard deviation of seeds 0 to 4), in 116 s on two AMD EPYC cores
"""

import math  # for 1/math.e in the learning rate's decay, from stage 2.1 on

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
step = tf.placeholder(tf.int32)                    # the iteration, for the learning rate
pkeep = tf.placeholder(tf.float32)                 # probability to keep a neuron, in tests 1

# weights and biases: small random weights, small positive biases for ReLU
W1 = tf.Variable(tf.truncated_normal([6, 6, 1, 6], stddev=0.1))
B1 = tf.Variable(tf.ones([6])/10)
W2 = tf.Variable(tf.truncated_normal([5, 5, 6, 12], stddev=0.1))
B2 = tf.Variable(tf.ones([12])/10)
W3 = tf.Variable(tf.truncated_normal([4, 4, 12, 24], stddev=0.1))
B3 = tf.Variable(tf.ones([24])/10)
W4 = tf.Variable(tf.truncated_normal([7*7*24, 200], stddev=0.1))
B4 = tf.Variable(tf.ones([200])/10)
W5 = tf.Variable(tf.truncated_normal([200, 10], stddev=0.1))
B5 = tf.Variable(tf.ones([10])/10)

# model
Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding='SAME') + B1)  # [n, 28, 28, 6]
Y2 = tf.nn.relu(tf.nn.conv2d(Y1, W2, strides=[1, 2, 2, 1], padding='SAME') + B2)  # [n, 14, 14, 12]
Y3 = tf.nn.relu(tf.nn.conv2d(Y2, W3, strides=[1, 2, 2, 1], padding='SAME') + B3)  # [n, 7, 7, 24]
YY = tf.reshape(Y3, [-1, 7*7*24])                  # [n, 1176]
Y4 = tf.nn.relu(tf.matmul(YY, W4) + B4)            # [n, 200]
Y4d = tf.nn.dropout(Y4, pkeep)                     # [n, 200]
Ylogits = tf.matmul(Y4d, W5) + B5                  # [n, 10]
Y = tf.nn.softmax(Ylogits)                         # [n, 10]

# loss: cross-entropy, the mean over the images × 100 to read as that of a batch of 100
cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
cross_entropy = tf.reduce_mean(cross_entropy)*100

# accuracy: the share of the images whose most probable digit is the correct one
is_correct = tf.equal(tf.argmax(Y, 1), tf.argmax(Y_, 1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))

# optimizer
lr = 0.0001 + tf.train.exponential_decay(0.003, step, 2000, 1/math.e)
optimizer = tf.train.AdamOptimizer(lr)
train_step = optimizer.minimize(cross_entropy)

# session
init = tf.global_variables_initializer()
sess = tf.Session()
sess.run(init)

# training loop
weights = [v for v in tf.trainable_variables() if len(v.shape) > 1]    # for display only
biases = [v for v in tf.trainable_variables() if len(v.shape) == 1]
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train, {pkeep: 1}))
for i in dashboard.loop(10_000):      # text only: for i in range(10_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)
    train_data = {X: batch_X, Y_: batch_Y, pkeep: 0.75, step: i}

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

# Things to try, and the final test accuracy that they gave:
# - pkeep: 1, no dropout: 0.9907 ± 0.0005 (seeds 0 to 2), test loss 5.0
# - pkeep: 0.5 in training: 0.9920 ± 0.0005, test loss 3.1
