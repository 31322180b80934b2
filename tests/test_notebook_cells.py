"""Code written for the loader of old: the cells of a notebook around the codelab, shortened.

It takes our loader in place of `tensorflow.examples.tutorials.mnist.input_data` and is left as it
is otherwise, but for the number of its iterations.
"""

import numpy as np

from common import mnist_data as input_data


def test_softmax_in_an_interactive_session():
    """The split of old, 55,000 of 60,000 for training; operations that run themselves."""
    import tensorflow.compat.v1 as tf
    with tf.Graph().as_default():
        mnist = input_data.read_data_sets('MNIST_data', one_hot=True)
        sess = tf.InteractiveSession()
        x = tf.placeholder(tf.float32, shape=[None, 784])
        y_ = tf.placeholder(tf.float32, shape=[None, 10])
        W = tf.Variable(tf.zeros([784, 10], tf.float32))
        b = tf.Variable(tf.zeros([10], tf.float32))
        sess.run(tf.initialize_all_variables())
        y = tf.nn.softmax(tf.matmul(x, W) + b)
        cross_entropy = tf.reduce_mean(-tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1]))
        train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
        batch = mnist.train.next_batch(50)
        assert type(batch[0]) is np.ndarray and batch[0].shape == (50, 784)
        assert mnist.train.images.shape == (55000, 784)
        for _ in range(200):
            batch = mnist.train.next_batch(50)
            train_step.run(feed_dict={x: batch[0], y_: batch[1]})
        correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
        acc = accuracy.eval(feed_dict={x: mnist.test.images, y_: mnist.test.labels}) * 100
        assert 85 < acc < 93

        sampleimage = mnist.test.images[1]
        probabilities = sess.run(y, feed_dict={x: np.reshape(sampleimage, [1, 784], order='F')})
        assert probabilities.argmax() == 2
        sess.close()
