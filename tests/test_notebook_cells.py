"""Code written for the loader of old: the cells of the notebooks around the codelab, shortened.

Each takes our loader in place of `tensorflow.examples.tutorials.mnist.input_data` and is left as
it is otherwise, but for the number of its iterations.
"""

import numpy as np
import pytest

from common import mnist_data as input_data


@pytest.fixture
def tf():
    """TensorFlow's v1 API with an empty graph."""
    import tensorflow.compat.v1 as tf
    tf.disable_eager_execution()
    with tf.Graph().as_default():
        yield tf


def test_softmax_in_an_interactive_session(tf):
    """The split of old, 55,000 of 60,000 for training; operations that run themselves."""
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


def test_one_hidden_layer_on_large_batches(tf):
    """Batches of 1,000, and one digit at a time of the test set."""
    mnist = input_data.read_data_sets("/".join(["MNIST", "data/"]), one_hot=True)
    x_data = tf.placeholder(dtype=tf.float32, shape=[None, 784], name="input")
    y_data = tf.placeholder(dtype=tf.float32, shape=[None, 10], name="output")
    weight = tf.Variable(tf.random_normal([784, 10], mean=0.5, stddev=0.7), name='W1')
    y = tf.matmul(x_data, weight)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=y, labels=y_data))
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    losses = []
    for _ in range(30):
        batch_x, batch_y = mnist.train.next_batch(1000)
        _, out_loss = session.run([train, loss], feed_dict={x_data: batch_x, y_data: batch_y})
        losses.append(out_loss)
    assert losses[-1] < losses[0]
    x1, y1 = mnist.test.next_batch(1)
    assert session.run(tf.argmax(y1, 1)).shape == (1,)
    inverted = np.array((1 - x1) * 255, dtype='uint8').reshape((28, 28))
    assert inverted[0, 0] == 255  # paper, white again
