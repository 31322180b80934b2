"""Networks asked and looked into, saved and restored."""

import errno
import json

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of

from common.dashboard.link import messages, notes
from common.dashboard.link.notes import CheckpointError
from common.dashboard.link.run import Run
from common.mnist_data import DataSet
from common.network import Network, run_in_chunks
from common.terminal import UserError

RANDOM = np.random.default_rng(0)


class Session:
    """Computes the mean of x and the rows of 2 * x, and notes what it was fed."""

    def __init__(self):
        self.fed = []

    def run(self, fetches, feed_dict):
        self.fed.append((len(feed_dict["x"]), len(feed_dict["y"]), feed_dict["pkeep"]))
        return [np.float32(feed_dict["x"].mean()), 2 * feed_dict["x"]]


@pytest.mark.parametrize("chunk_size, lengths", [(1000, [10]), (5, [5, 5]), (4, [4, 4, 2])])
def test_chunks_give_what_one_run_gives(chunk_size, lengths):
    """Otherwise the test accuracy is wrong wherever the chunks are not all of one size."""
    x = np.arange(20, dtype=np.float32).reshape(10, 2) ** 2
    sess = Session()
    mean, rows = run_in_chunks(
        sess, ["mean", "rows"], {"x": x, "y": x, "pkeep": 1.0}, chunk_size)
    assert mean == pytest.approx(x.mean())
    np.testing.assert_array_equal(rows, 2 * x)
    assert sess.fed == [(length, length, 1.0) for length in lengths]


@pytest.mark.parametrize("x, y", [(3, 4), (0, 0)])
def test_chunks_refuse_unequal_and_empty(x, y):
    """Otherwise labels of other digits are compared, or a mean of nothing is shown."""
    with pytest.raises(ValueError, match="same number of examples"):
        run_in_chunks(Session(), ["mean", "rows"], {"x": np.ones(x), "y": np.ones(y), "pkeep": 1})


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
    """Otherwise digits of one's own are read by some networks only."""
    sess, W, network = softmax_network(tf)
    images = RANDOM.random((3000, 28, 28, 1), np.float32)  # more than a chunk
    logits = images.reshape(-1, 784) @ sess.run(W)
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.classify(images), expected, atol=1e-4)


def test_what_cannot_read_digits_is_told_in_one_sentence(tf):
    """Otherwise a digit is read with "174.7 %", or an invented value makes all digits the same."""
    X, training = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.bool)
    Ylogits = tf.matmul(X, tf.Variable(tf.random_normal([784, 10], seed=0)), name="Ylogits")
    Y = tf.nn.softmax(tf.cond(training, lambda: Ylogits, lambda: 2 * Ylogits))
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    image = RANDOM.random((1, 28, 28, 1), np.float32)
    with pytest.raises(UserError, match="^Network: Ylogits has values from -.* a probability"):
        Network(sess, X, Ylogits).classify(image)
    with pytest.raises(UserError, match=r"that it has in test_data: .*, \{Placeholder_1: …\}\)"):
        Network(sess, X, Y).classify(image)


def run_of(title):
    """A `Run` in which something was measured."""
    run = Run()
    for message in (messages.Started(title, 100), messages.Tested(0, 0.125, 230.25),
                    messages.Tested(20, 0.5, 90.5)):
        run.apply(message)
    return run


def test_a_restored_run_goes_on_as_if_nothing_had_happened(tf, train_set, tmp_path, monkeypatch):
    """Otherwise a resumed training repeats digits, or loses its curves or what it has learned."""
    monkeypatch.chdir(tmp_path)
    folder = "trained"
    sess, W, network = softmax_network(tf, train_set)
    train_set.next_batch(70)  # into the second epoch
    weights = sess.run(W)
    network.checkpoints.save(folder, run_of("one"), 7, 1.5)
    following = [train_set.next_batch(30)[1].tolist() for _ in range(5)]

    sess.run(tf.global_variables_initializer())
    assert (sess.run(W) != weights).any()
    restored = network.checkpoints.restore(folder, "one")
    assert (restored.iteration, restored.seconds) == (7, 1.5)
    iterations, accuracies = restored.curves["test_accuracy"]
    assert (iterations, accuracies.tolist()) == ([0, 20], [0.125, 0.5])
    np.testing.assert_array_equal(sess.run(W), weights)
    assert [train_set.next_batch(30)[1].tolist() for _ in range(5)] == following


def test_only_the_newest_checkpoint_stays_and_other_files_are_left_alone(tf, train_set, tmp_path):
    """Otherwise --save fills the disk, or removes a file of the user's."""
    _, _, network = softmax_network(tf, train_set)
    foreign = ["network-20.tar.gz", "network-300.csv", "network-notes.txt"]
    for name in foreign:
        (tmp_path / name).write_text("mine")
    (tmp_path / "network-300").mkdir()
    for iteration in (1, 20, 300):
        network.checkpoints.save(str(tmp_path), run_of("one"), iteration, 1.0)
    ours = ["network-300-2.data-00000-of-00001", "network-300-2.index", "network-300-2.json"]
    assert {file.name for file in tmp_path.iterdir()} == {
        "checkpoint", "network-300", *ours, *foreign}
    assert network.checkpoints.restore(str(tmp_path), "one").iteration == 300


def test_where_nothing_can_be_saved(tf, train_set, tmp_path):
    """Otherwise --save costs its user a file, or takes the training along."""
    _, _, network = softmax_network(tf, train_set)
    (tmp_path / "checkpoint").write_bytes(b'model_checkpoint_path: "model-7"\n')
    for folder, sentence in ((tmp_path, "or not a file of --save: choose another folder"),
                             (tmp_path / "checkpoint" / "in", "no checkpoint can be written to")):
        with pytest.raises(CheckpointError, match=sentence):
            network.checkpoints.save(str(folder), run_of("one"), 1, 1.0)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]


@pytest.fixture
def kept(tf, train_set, tmp_path):
    """A session, its weights and a `Network`, of which there is a checkpoint in `tmp_path`."""
    sess, W, network = softmax_network(tf, train_set)
    network.checkpoints.save(str(tmp_path), run_of("one"), 1, 1.0)
    return sess, W, network


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "no room")])
@pytest.mark.parametrize("cut_at", ["Saver.save", "write", "make_newest"])
@pytest.mark.parametrize("iteration", [1, 2])
def test_an_interrupted_save_leaves_the_one_before(tf, kept, tmp_path, monkeypatch, error, cut_at,
                                                   iteration):
    """Otherwise a second Ctrl-C at the wrong moment, or a full disk, costs the whole training."""
    sess, W, network = kept
    weights = sess.run(W)
    sess.run(tf.global_variables_initializer())

    def interrupt(*arguments, **options):
        raise error

    with monkeypatch.context() as patch, pytest.raises((KeyboardInterrupt, CheckpointError)):
        patch.setattr(tf.train.Saver if cut_at == "Saver.save" else notes,
                      cut_at.rpartition(".")[2], interrupt)
        network.checkpoints.save(str(tmp_path), run_of("two"), iteration, 2.0)
    assert network.checkpoints.restore(str(tmp_path), "one").iteration == 1
    np.testing.assert_array_equal(sess.run(W), weights)
    network.checkpoints.save(str(tmp_path), run_of("two"), iteration, 2.0)
    assert network.checkpoints.restore(str(tmp_path), "two").seconds == 2.0


def refusal(network, folder, title="one"):
    """The sentence with which a checkpoint is refused."""
    with pytest.raises(CheckpointError) as error:
        network.checkpoints.restore(str(folder), title)
    assert "\n" not in str(error.value) and str(folder) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("old, new", [
    ("90.5", "90.6"), ("[0, 20]", "[20, 0]"), ('"title": "one"', '"title": 7'), ("", "[]"),
    ("", "null"), ("", '{"title": "one"}'), ("", "{"), ("", "[" * 100_000)])
def test_damaged_notes_are_told_in_a_sentence(kept, tmp_path, old, new):
    """Otherwise --restore ends in a traceback, or goes on with other numbers."""
    path = tmp_path / "network-1.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new) if old else new)
    assert "is damaged" in refusal(kept[-1], tmp_path)


def test_notes_of_other_weights_are_told_in_a_sentence(tf, kept, tmp_path):
    """Otherwise --restore mixes new curves with old weights."""
    notes_before = (tmp_path / "network-1.json").read_bytes()
    sess, _, network = kept
    sess.run(tf.global_variables_initializer())
    network.checkpoints.save(str(tmp_path), run_of("one"), 2, 1.0)
    (tmp_path / "network-2.json").write_bytes(notes_before)
    assert "is damaged" in refusal(network, tmp_path)


@pytest.mark.parametrize("name", ["network-1.json", "network-1.index",
                                  "network-1.data-00000-of-00001"])
def test_a_file_that_was_cut_is_told_in_a_sentence(kept, tmp_path, name):
    """Otherwise --restore ends in a traceback, or goes on with rubbish."""
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-20])
    assert "is damaged" in refusal(kept[-1], tmp_path)


def test_a_checkpoint_of_another_network_or_none(tf, kept, train_set, tmp_path):
    """Otherwise a reader who has changed a layer restores half of the old network."""
    assert "is one of one, and this is other" in refusal(kept[-1], tmp_path, "other")
    (tmp_path / "empty").mkdir()
    assert "there is no checkpoint in" in refusal(kept[-1], tmp_path / "empty")
    with tf.Graph().as_default():
        _, _, narrow = softmax_network(tf, train_set, columns=392)
    assert "does not fit this network, whose W is another" in refusal(narrow, tmp_path)


def test_the_place_in_a_data_set_before_its_first_batch(train_set):
    """Otherwise a run that was saved before it began trains in another order."""
    place = json.loads(json.dumps(train_set.place))
    first = train_set.next_batch(20)[1].tolist()
    train_set.place = place
    assert train_set.next_batch(20)[1].tolist() != first  # the random numbers have gone on
    other = DataSet(np.zeros((50, 28, 28), np.uint8), np.arange(50, dtype=np.uint8), seed=3)
    other.place = place
    assert other.next_batch(20)[1].tolist() == first


@pytest.mark.parametrize("version, half, whole", [
    ("1.0", 30, 60),
    pytest.param("2.1", 30, 60, marks=pytest.mark.slow),
    pytest.param("3.0", 5, 12, marks=pytest.mark.slow),
])
def test_half_a_run_and_the_other_half_are_the_whole(version, half, whole, capsys, tmp_path):
    """To the last printed digit; the stages with dropout draw other random numbers."""
    folder = tmp_path / "trained"

    def rows_and_results(*arguments):
        capsys.readouterr()
        run_stage(PROJECT / script_of(version), *arguments)
        lines = capsys.readouterr().out.splitlines()
        return [line.partition(" in ")[0] for line in lines if line[:1] in "0123456789 fm"]

    expected = rows_and_results("--iterations", whole)
    rows_and_results("--iterations", half, "--save", folder)
    resumed = rows_and_results("--iterations", whole, "--restore", folder)
    assert resumed[-3:] == expected[-3:]  # the last row, the result, the maximum of both parts
    assert f"after {whole} iterations" in resumed[-2]
