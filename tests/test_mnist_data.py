"""The loader: batches, epochs, the names and types of old, and every bad file."""

import os
import shutil

import numpy as np
import pytest
from conftest import PROJECT, write_idx

from common import mnist_data
from common.mnist_data import DataError, DataSet, read_data_sets

FILES = [name for pair in mnist_data.FILES.values() for name in pair]


def make_data_set(directory, train=50, test=20, ending=".gz", size=28):
    """Write a small data set that is not MNIST: the brightness of an image is its number."""
    directory.mkdir(exist_ok=True)
    for name, count in zip(FILES, (train, train, test, test)):
        numbers = np.arange(count, dtype=np.uint8)
        values = np.repeat(numbers, size * size).reshape(count, size, size)
        write_idx(directory / (name + ending), values if "idx3" in name else numbers % 10)
    return directory


def numbers_of(images):
    """The numbers of the images of `make_data_set`."""
    return np.round(images.reshape(len(images), -1)[:, 0] * 255).astype(int)


def test_mnist_comes_with_the_clone():
    mnist = read_data_sets("data")
    assert [len(part.images) for part in mnist] == [55_000, 5_000, 10_000]
    assert mnist.train.images.shape == (55_000, 784)
    assert mnist.train.images.dtype == np.float32
    assert (mnist.train.images.min(), mnist.train.images.max()) == (0, 1)
    assert mnist.test.labels.dtype == np.uint8
    np.testing.assert_array_equal(mnist.test.labels[:8], [7, 2, 1, 0, 4, 1, 4, 9])
    # The first of the file go to validation.
    np.testing.assert_array_equal(mnist.validation.labels[:5], [5, 0, 4, 1, 9])
    # The mean and standard deviation that everybody quotes, of all 60,000.
    everything = read_data_sets("data", validation_size=0).train.images
    assert everything.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert everything.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


def test_divides_by_255(tmp_path):
    mnist = read_data_sets(make_data_set(tmp_path), validation_size=0)
    np.testing.assert_array_equal(mnist.train.images[:, 0], np.arange(50, dtype=np.float32) / 255)


def test_types_and_shapes_of_old(tmp_path):
    make_data_set(tmp_path)
    options = dict(one_hot=True, reshape=False, validation_size=10, seed=3)
    mnist = read_data_sets(tmp_path, **options)
    assert mnist._fields == ("train", "validation", "test")
    assert [part.num_examples for part in mnist] == [40, 10, 20]
    batch = mnist.train.next_batch(7)
    assert type(batch) is tuple
    images, labels = batch
    assert (images.shape, images.dtype) == ((7, 28, 28, 1), np.float32)
    assert (labels.shape, labels.dtype) == ((7, 10), np.float64)
    np.testing.assert_array_equal(labels.argmax(1), numbers_of(images) % 10)
    assert read_data_sets(tmp_path, dtype=np.uint8, validation_size=0).test.images.max() == 19
    assert read_data_sets(train_dir=tmp_path, validation_size=5).train.num_examples == 45
    with pytest.raises(TypeError, match="dtype"):
        read_data_sets(tmp_path, dtype=np.float16, validation_size=0)
    with pytest.raises(ValueError, match="between 0 and 50"):
        read_data_sets(tmp_path, validation_size=51)


def test_fake_data():
    mnist = read_data_sets("nowhere", fake_data=True, one_hot=True)
    images, labels = mnist.train.next_batch(3, fake_data=True)
    assert images.shape == (3, 784) and (images == 1).all()
    assert (labels == np.eye(10)[[0, 0, 0]]).all()
    assert [part.num_examples for part in mnist] == [10_000] * 3


@pytest.mark.parametrize("batch_size", [1, 7, 49, 50, 51, 120])
def test_an_epoch_visits_every_image_once(tmp_path, batch_size):
    train = read_data_sets(make_data_set(tmp_path), validation_size=0, seed=0).train
    images, labels = zip(*(train.next_batch(batch_size) for _ in range(300 // batch_size)))
    numbers = numbers_of(np.concatenate(images))
    np.testing.assert_array_equal(np.concatenate(labels), numbers % 10)
    orders = [tuple(numbers[start:start + 50]) for start in range(0, len(numbers) - 49, 50)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len(set(orders)) == len(orders) >= 4  # a new order each epoch
    assert train.epochs_completed == (len(numbers) - 1) // 50


def test_without_shuffling_the_order_is_that_of_the_file(tmp_path):
    train = read_data_sets(make_data_set(tmp_path), validation_size=0).train
    images = np.concatenate([train.next_batch(20, shuffle=False)[0] for _ in range(5)])
    np.testing.assert_array_equal(numbers_of(images), list(range(50)) * 2)


def test_seed_fixes_the_order(tmp_path):
    make_data_set(tmp_path)

    def order(seed):
        return tuple(numbers_of(
            read_data_sets(tmp_path, validation_size=0, seed=seed).train.next_batch(50)[0]))

    assert order(1) == order(1)
    assert len({order(1), order(2), order(None), order(None)}) == 4


def test_batches_do_not_change_the_data(tmp_path):
    train = read_data_sets(make_data_set(tmp_path), validation_size=0).train
    before = train.images.copy()
    images, labels = train.next_batch(50)
    images[:], labels[:] = 0.5, 3
    np.testing.assert_array_equal(train.images, before)
    with pytest.raises(ValueError):
        train.images[0] = 0  # would not reach the batches, so it is refused


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batch_size_must_be_positive(batch_size):
    with pytest.raises(ValueError, match="cannot take"):
        DataSet(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)).next_batch(batch_size)


@pytest.mark.parametrize("ending", [".gz", ""])
def test_another_data_set_in_the_same_format(tmp_path, ending):
    mnist = read_data_sets(make_data_set(tmp_path, ending=ending), validation_size=0)
    assert (mnist.train.num_examples, mnist.test.num_examples) == (50, 20)


def test_relative_folder_is_looked_for_beside_the_scripts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()  # somebody else's: not to be touched
    assert mnist_data.resolve("data") == str(PROJECT / "data")
    (tmp_path / "mine").mkdir()
    assert mnist_data.resolve("mine") == str(tmp_path / "mine")
    assert mnist_data.resolve("new") == str(PROJECT / "new")


def damage(directory, name, content):
    """Replace the content of a file by what the function `content` makes of it."""
    path = directory / (name + ".gz")
    path.write_bytes(content(path.read_bytes()))
    return path


DAMAGES = {
    "truncated": (lambda old: old[:-20], "truncated"),
    "corrupt": (lambda old: old[:30] + b"\x55" * 9 + old[39:], "corrupt|truncated|announces"),
    "empty": (lambda old: b"", "empty"),
    "web page": (lambda old: b"<!DOCTYPE html><html></html>", "not an idx file"),
}


@pytest.mark.parametrize("content, message", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_damaged_file_of_another_data_set(tmp_path, name, content, message):
    make_data_set(tmp_path)
    path = damage(tmp_path, name, content)
    damaged = path.read_bytes()
    with pytest.raises(DataError, match=message) as caught:
        read_data_sets(tmp_path, validation_size=0)
    assert str(path) in str(caught.value) and "Get that file again" in str(caught.value)
    assert path.read_bytes() == damaged  # never replaced by one of MNIST's


@pytest.mark.parametrize("content, message", DAMAGES.values(), ids=DAMAGES)
def test_damaged_file_of_mnist_is_fetched_anew(tmp_path, content, message):
    directory = shutil.copytree(PROJECT / "data", tmp_path / "copy")
    damage(directory, "t10k-labels-idx1-ubyte", content)
    mnist = read_data_sets(directory, validation_size=0)  # the clone's own data/ is a mirror
    assert mnist.test.num_examples == 10_000
    assert {path.name for path in directory.iterdir()} == {
        *(path.name for path in (PROJECT / "data").iterdir()),
        "t10k-labels-idx1-ubyte.gz.replaced"}


def test_damaged_file_of_mnist_without_network(tmp_path, monkeypatch):
    directory = shutil.copytree(PROJECT / "data", tmp_path / "copy")
    monkeypatch.setattr(mnist_data, "OWN_DIR", str(directory))  # as if it were the clone's
    path = damage(directory, "t10k-labels-idx1-ubyte", lambda old: old[:1000])
    with pytest.raises(DataError, match="truncated; .* could not be fetched: 127.*by hand"):
        read_data_sets(directory)
    assert len(path.read_bytes()) == 1000
    assert len(list(directory.iterdir())) == len(list((PROJECT / "data").iterdir()))


def test_missing_file_of_another_data_set(tmp_path):
    make_data_set(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="train-labels.* is missing.*not one of MNIST's"):
        read_data_sets(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_images_and_labels_that_do_not_match(tmp_path):
    make_data_set(tmp_path, train=50, test=20)
    shutil.copy(tmp_path / "t10k-labels-idx1-ubyte.gz", tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match="has 50 images, but train-labels.* has 20 labels"):
        read_data_sets(tmp_path)


@pytest.mark.parametrize("wrong, source", [("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"),
                                           ("t10k-images-idx3-ubyte", "train-images-idx3-ubyte")])
def test_mnist_file_under_the_name_of_another_is_fetched_anew(tmp_path, wrong, source):
    directory = shutil.copytree(PROJECT / "data", tmp_path / "copy")
    shutil.copy(directory / (source + ".gz"), directory / (wrong + ".gz"))
    mnist = read_data_sets(directory, validation_size=0)
    assert (mnist.train.num_examples, mnist.test.num_examples) == (60_000, 10_000)


def test_other_sizes_and_more_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match="16 x 16 pixels"):
        read_data_sets(make_data_set(tmp_path / "small", size=16))
    directory = make_data_set(tmp_path / "letters")
    write_idx(directory / "train-labels-idx1-ubyte.gz", np.arange(50, dtype=np.uint8))
    with pytest.raises(DataError, match="labels up to 49"):
        read_data_sets(directory, one_hot=True)


def test_unreadable_file(tmp_path):
    make_data_set(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.unlink()
    path.mkdir()  # in place of a file without read permission, which root may read
    with pytest.raises(DataError, match="not a file that can be read"):
        read_data_sets(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_named_pipe_does_not_hang(tmp_path):
    make_data_set(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").unlink()
    os.mkfifo(tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match="not a file that can be read"):
        read_data_sets(tmp_path)


def test_missing_files_of_mnist_are_fetched_into_an_empty_folder(tmp_path, capsys):
    assert read_data_sets(tmp_path / "new").train.num_examples == 55_000
    (tmp_path / "new" / "t10k-images-idx3-ubyte.gz").unlink()
    assert read_data_sets(tmp_path / "new").test.num_examples == 10_000
    assert capsys.readouterr().err.count("fetching ") == 5  # nothing happens unsaid


def test_nothing_of_mnist_goes_into_a_folder_of_other_things(tmp_path):
    (tmp_path / "emnist-letters-train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match="train-images-idx3-ubyte.gz is missing, and the folder"):
        read_data_sets(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_own_file_beside_those_of_mnist_is_kept(tmp_path):
    directory = shutil.copytree(PROJECT / "data", tmp_path / "copy")
    own = directory / "train-images-idx3-ubyte.gz"
    shutil.copy(make_data_set(tmp_path / "own") / own.name, own)
    content = own.read_bytes()
    assert read_data_sets(directory, validation_size=0).train.num_examples == 60_000
    assert own.with_name(own.name + ".replaced").read_bytes() == content


def test_missing_file_from_the_url_of_another_data_set(tmp_path):
    make_data_set(tmp_path / "published")
    shutil.copytree(tmp_path / "published", tmp_path / "here")
    (tmp_path / "here" / "t10k-labels-idx1-ubyte.gz").unlink()
    url = (tmp_path / "published").as_uri()
    data = read_data_sets(tmp_path / "here", validation_size=0, source_url=url)
    np.testing.assert_array_equal(data.test.labels, np.arange(20) % 10)
    write_idx(tmp_path / "published" / "t10k-labels-idx1-ubyte.gz", np.zeros(7, np.uint8))
    (tmp_path / "here" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match="7 labels, also when fetched anew"):
        read_data_sets(tmp_path / "here", validation_size=0, source_url=url)
