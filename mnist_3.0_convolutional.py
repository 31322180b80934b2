r"""Stage 3.0: convolutional layers, which see shapes.

A neuron weighs only the pixels under a small patch, and slides the same weights over the whole
image. A stride of 2 halves the image's sides. No dropout here: it is back in stage 3.1.

  · · · · · · · · · · ·   28×28 pixels, 1 channel                 X [n, 28, 28, 1]
  @ @ @ @ @ @ @ @ @ @ @   convolution 5×5, stride 1, ReLU         W1 [5, 5, 1, 4]    B1 [4]
  :::::::::::::::::::::   28×28 pixels, 4 channels                Y1 [n, 28, 28, 4]
    @ @ @ @ @ @ @ @ @     convolution 5×5, stride 2, ReLU         W2 [5, 5, 4, 8]    B2 [8]
    :::::::::::::::::     14×14 pixels, 8 channels                Y2 [n, 14, 14, 8]
      @ @ @ @ @ @ @       convolution 4×4, stride 2, ReLU         W3 [4, 4, 8, 12]   B3 [12]
      :::::::::::::       7×7 pixels, 12 channels                 Y3 [n, 7, 7, 12]   = YY [n, 588]
      \x/x\x/x\x/x/       fully connected layer, ReLU             W4 [588, 200]      B4 [200]
       · · · · · ·        200 neurons                             Y4 [n, 200]
        \x/x\x/x/         fully connected layer, softmax          W5 [200, 10]       B5 [10]
         · · · ·          10 probabilities                        Y [n, 10]

Run:     python mnist_3.0_convolutional.py
Expect:  final test accuracy 0.9900 ± 0.0006 after 10,000 iterations (mean and standard deviation
         of seeds 0 to 4), in 89 s on two AMD EPYC cores
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

# weights and biases: small random weights, small positive biases for ReLU
W1 = tf.Variable(tf.truncated_normal([5, 5, 1, 4], stddev=0.1))
B1 = tf.Variable(tf.ones([4])/10)
W2 = tf.Variable(tf.truncated_normal([5, 5, 4, 8], stddev=0.1))
B2 = tf.Variable(tf.ones([8])/10)
W3 = tf.Variable(tf.truncated_normal([4, 4, 8, 12], stddev=0.1))
B3 = tf.Variable(tf.ones([12])/10)
W4 = tf.Variable(tf.truncated_normal([7*7*12, 200], stddev=0.1))
B4 = tf.Variable(tf.ones([200])/10)
W5 = tf.Variable(tf.truncated_normal([200, 10], stddev=0.1))
B5 = tf.Variable(tf.ones([10])/10)

# model
Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding='SAME') + B1)  # [n, 28, 28, 4]
Y2 = tf.nn.relu(tf.nn.conv2d(Y1, W2, strides=[1, 2, 2, 1], padding='SAME') + B2)  # [n, 14, 14, 8]
Y3 = tf.nn.relu(tf.nn.conv2d(Y2, W3, strides=[1, 2, 2, 1], padding='SAME') + B3)  # [n, 7, 7, 12]
YY = tf.reshape(Y3, [-1, 7*7*12])                  # [n, 588]
Y4 = tf.nn.relu(tf.matmul(YY, W4) + B4)            # [n, 200]
Ylogits = tf.matmul(Y4, W5) + B5                   # [n, 10]
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
dashboard = Dashboard(options, network=Network(sess, X, Y, mnist.train))
for i in dashboard.loop(10_000):      # text only: for i in range(10_000 + 1):
    # load batch of images and correct answers
    batch_X, batch_Y = mnist.train.next_batch(100)
    train_data = {X: batch_X, Y_: batch_Y, step: i}

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
# - stride 1 in layers 2 and 3, with tf.nn.max_pool(Y2, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME') and
#   the same for Y3: 0.9916 ± 0.0005 (seeds 0 to 2)
# - 8 channels instead of 4 in the first layer: 0.9899 ± 0.0003
