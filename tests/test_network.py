"""Networks saved, restored, asked and looked into."""

import json
import os

import numpy as np
import pytest
from conftest import PROJECT, script_of

from common.mnist_data import DataSet, read_data_sets
from common.network import CheckpointError, Network

RANDOM = np.random.default_rng(0)


@pytest.fixture
def tf():
    """TensorFlow, with a graph of its own."""
    import tensorflow.compat.v1 as tf
    with tf.Graph().as_default():
        yield tf


@pytest.fixture
def train_set():
    return DataSet(RANDOM.integers(0, 256, (50, 28, 28), np.uint8), np.arange(50, dtype=np.uint8),
                   seed=3)


def softmax_network(tf, train_set=None, columns=784):
    """A session and a `Network` of one layer, whose weights are random; X is [None, `columns`]."""
    X = tf.placeholder(tf.float32, [None, columns])
    W = tf.Variable(tf.random_normal([columns, 10]), name="W")
    Y = tf.nn.softmax(tf.matmul(X, W))
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess, W, Network(sess, X, Y, train_set)


def test_classify_whatever_the_shape_of_the_placeholder(tf):
    sess, W, network = softmax_network(tf)
    images = RANDOM.random((3000, 28, 28, 1), np.float32)  # more than a chunk
    logits = images.reshape(-1, 784) @ sess.run(W)
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.classify(images), expected, atol=1e-4)


def test_convolutions_are_found_in_their_order(tf):
    X = tf.placeholder(tf.float32, [None, 28, 28, 1])
    pkeep = tf.placeholder(tf.float32)
    W1, W2 = (tf.Variable(tf.random_normal(shape)) for shape in ([5, 5, 1, 4], [3, 3, 4, 6]))
    bias = tf.constant(RANDOM.normal(size=4), tf.float32)
    Y1 = tf.nn.relu(tf.nn.conv2d(X, W1, strides=[1, 1, 1, 1], padding="SAME") + bias)
    pooled = tf.nn.max_pool(Y1, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    Y2 = tf.nn.conv2d(pooled, W2, strides=[1, 2, 2, 1], padding="SAME")  # no bias, no ReLU
    Y = tf.nn.softmax(tf.reduce_sum(tf.nn.dropout(Y2, pkeep), [1, 2]))
    tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(Y))  # its convolutions are not layers
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    image = RANDOM.random((28, 28, 1), np.float32)

    layers = Network(sess, X, Y, feed={pkeep: 1}).convolutions(image)
    expected = sess.run([(W1, Y1), (W2, Y2)], {X: image[None]})
    assert len(layers) == 2
    for (filters, outputs), (expected_filters, expected_outputs) in zip(layers, expected):
        np.testing.assert_array_equal(filters, expected_filters)
        np.testing.assert_array_equal(outputs, expected_outputs[0])
    assert layers[0][1].min() == 0 and layers[1][1].min() < 0
    with tf.Graph().as_default():
        assert softmax_network(tf)[2].convolutions(image) == []


def test_a_restored_run_goes_on_as_if_nothing_had_happened(tf, train_set, tmp_path):
    folder = str(tmp_path / "trained")
    sess, W, network = softmax_network(tf, train_set)
    train_set.next_batch(70)  # into the second epoch
    weights = sess.run(W)
    network.save(folder, {"title": "one", "iteration": 7, "more": [1, None]})
    following = [train_set.next_batch(30)[1].tolist() for _ in range(5)]

    sess.run(tf.global_variables_initializer())
    assert (sess.run(W) != weights).any()
    notes = network.restore(folder, "one")
    assert (notes["iteration"], notes["more"]) == (7, [1, None])
    np.testing.assert_array_equal(sess.run(W), weights)
    assert [train_set.next_batch(30)[1].tolist() for _ in range(5)] == following


def test_only_the_newest_checkpoint_stays_and_other_files_are_left_alone(tf, train_set, tmp_path):
    _, _, network = softmax_network(tf, train_set)
    (tmp_path / "network-notes.txt").write_text("mine")
    for iteration in (1, 20, 300):
        network.save(str(tmp_path), {"title": "one", "iteration": iteration})
    assert sorted(os.listdir(tmp_path)) == [
        "checkpoint", "network-300.data-00000-of-00001", "network-300.index", "network-300.json",
        "network-notes.txt"]


def test_an_interrupted_save_leaves_the_one_before(tf, train_set, tmp_path, monkeypatch):
    sess, W, network = softmax_network(tf, train_set)
    network.save(str(tmp_path), {"title": "one", "iteration": 1})
    weights = sess.run(W)
    sess.run(tf.global_variables_initializer())

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(network._saver, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        network.save(str(tmp_path), {"title": "one", "iteration": 2})
    assert network.restore(str(tmp_path), "one")["iteration"] == 1
    np.testing.assert_array_equal(sess.run(W), weights)


def damage(folder, ending):
    (path,) = (path for path in folder.iterdir() if path.name.endswith(ending))
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("problem, sentence", [
    ("another network", "is one of one, and this is other"),
    ("nothing there", "there is no checkpoint in"),
    ("notes cut off", "cannot be read"),
    ("values cut off", "is damaged"),
    ("index cut off", "is damaged"),
    ("another shape", "does not fit this network, whose W is another"),
])
def test_what_cannot_be_restored(tf, train_set, tmp_path, problem, sentence):
    _, _, network = softmax_network(tf, train_set)
    if problem != "nothing there":
        network.save(str(tmp_path), {"title": "one", "iteration": 1})
    if problem.endswith("cut off"):
        damage(tmp_path, {"n": ".json", "v": "00001", "i": ".index"}[problem[0]])
    if problem == "another shape":
        with tf.Graph().as_default():
            _, _, network = softmax_network(tf, train_set, columns=392)
    with pytest.raises(CheckpointError, match=sentence) as error:
        network.restore(str(tmp_path), "other" if problem == "another network" else "one")
    assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)


def test_a_place_that_cannot_be_written(tf, train_set, tmp_path):
    _, _, network = softmax_network(tf, train_set)
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="no checkpoint can be written to"):
        network.save(str(tmp_path / "file" / "folder"), {"title": "one", "iteration": 1})


def test_the_place_in_a_data_set_before_its_first_batch(train_set):
    place = json.loads(json.dumps(train_set.place))
    first = train_set.next_batch(20)[1].tolist()
    train_set.place = place
    assert train_set.next_batch(20)[1].tolist() != first  # the random numbers have gone on
    other = DataSet(np.zeros((50, 28, 28), np.uint8), np.arange(50, dtype=np.uint8), seed=3)
    other.place = place
    assert other.next_batch(20)[1].tolist() == first


@pytest.mark.parametrize("version", ["1.0", "2.1", "3.0"])
def test_half_a_run_and_the_other_half_are_the_whole(version, run_stage, capsys, tmp_path):
    """To the last printed digit; the stages with dropout draw other random numbers."""
    whole, half = (12, 5) if version == "3.0" else (60, 30)
    script, folder = PROJECT / script_of(version), tmp_path / "trained"

    def rows_and_results(*arguments):
        capsys.readouterr()
        run_stage(script, *arguments)
        lines = capsys.readouterr().out.splitlines()
        return [line.partition(" in ")[0] for line in lines if line[:1] in "0123456789 fm"]

    expected = rows_and_results("--iterations", whole)
    rows_and_results("--iterations", half, "--save", folder)
    resumed = rows_and_results("--iterations", whole, "--restore", folder)
    assert resumed[-3:] == expected[-3:]  # the last row, the result, the maximum of both parts
    assert f"after {whole} iterations" in resumed[-2]


def test_a_stage_refuses_the_checkpoint_of_another(run_script, tmp_path):
    assert run_script(script_of("1.0"), "--text", "--iterations", 1, "--save",
                      tmp_path / "trained").returncode == 0
    result = run_script(script_of("2.0"), "--text", "--restore", tmp_path / "trained")
    assert result.returncode == 1 and "Traceback" not in result.stderr
    assert script_of("1.0")[:-3] in result.stderr and script_of("2.0")[:-3] in result.stderr


def test_stages_know_their_networks(run_stage):
    names = run_stage(PROJECT / script_of("3.1"), "--iterations", 1)
    mnist = read_data_sets("data", one_hot=True, reshape=False, validation_size=0)
    network = names["dashboard"]._network
    assert network.num_examples == 60_000
    layers = network.convolutions(mnist.test.images[0])
    assert [filters.shape for filters, _ in layers] == [(6, 6, 1, 6), (5, 5, 6, 12), (4, 4, 12, 24)]
    assert [outputs.shape for _, outputs in layers] == [(28, 28, 6), (14, 14, 12), (7, 7, 24)]
    assert all(outputs.min() >= 0 for _, outputs in layers)
    feed = {names["X"]: mnist.test.images[:20], names["pkeep"]: 1}
    np.testing.assert_allclose(network.classify(mnist.test.images[:20]),
                               names["sess"].run(names["Y"], feed), rtol=1e-5)
