"""The loader: batches, epochs, the names and types of old, and files that are wrong or missing."""

import shutil
import tracemalloc

import numpy as np
import pytest
from conftest import PROJECT, write_idx

from common import mnist_data
from common.mnist_data import DataError, DataSet, read_data_sets

FILES = [name for pair in mnist_data.FILES.values() for name in pair]


def make_data_set(directory, ending=".gz", size=28):
    """Write a small data set that is not MNIST: the brightness of an image is its number."""
    directory.mkdir(exist_ok=True)
    for name, count in zip(FILES, (50, 50, 20, 20)):
        numbers = np.arange(count, dtype=np.uint8)
        values = np.repeat(numbers, size * size).reshape(count, size, size)
        write_idx(directory / (name + ending), values if "idx3" in name else numbers % 10)
    return directory


def numbers_of(images):
    """The numbers of the images of `make_data_set`."""
    return np.round(images.reshape(len(images), -1)[:, 0] * 255).astype(int)


def test_mnist_comes_with_the_clone():
    mnist = read_data_sets()
    assert [part.num_examples for part in mnist] == [55_000, 5_000, 10_000]
    np.testing.assert_array_equal(mnist.test.labels[:8], [7, 2, 1, 0, 4, 1, 4, 9])
    np.testing.assert_array_equal(mnist.validation.labels[:5], [5, 0, 4, 1, 9])  # the file's first
    # The mean and standard deviation that everybody quotes, of all 60,000.
    everything = read_data_sets(validation_size=0).train.images
    assert everything.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert everything.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)


def test_images_are_kept_as_bytes():
    """Otherwise a stage takes 188 MB more: 60,000 images as floats."""
    tracemalloc.start()
    mnist = read_data_sets(reshape=False)
    mnist.train.next_batch(100)
    most = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 50e6 < most < 100e6


@pytest.mark.parametrize("ending", [".gz", ""])
def test_types_and_shapes_of_old(tmp_path, ending):
    """Otherwise code written for the old loader does not run with this one."""
    make_data_set(tmp_path, ending=ending)
    mnist = read_data_sets(tmp_path, one_hot=True, reshape=False, validation_size=10, seed=3)
    assert mnist._fields == ("train", "validation", "test")
    assert [part.num_examples for part in mnist] == [40, 10, 20]
    images, labels = mnist.train.next_batch(7)
    assert (images.shape, images.dtype) == ((7, 28, 28, 1), np.float32)
    assert (labels.shape, labels.dtype) == ((7, 10), np.float32)
    np.testing.assert_array_equal(labels.argmax(1), numbers_of(images) % 10)
    assert mnist.test.next_batch(1)[1].shape == (1, 10)

    mnist = read_data_sets(train_dir=tmp_path, validation_size=0)
    assert (mnist.train.images.shape, mnist.train.labels.dtype) == ((50, 784), np.uint8)
    np.testing.assert_array_equal(mnist.train.images[:, 0], np.arange(50, dtype=np.float32) / 255)
    assert read_data_sets(tmp_path, dtype=np.uint8, validation_size=0).test.images.max() == 19


def test_wrong_arguments(tmp_path):
    make_data_set(tmp_path)
    with pytest.raises(TypeError, match="dtype"):
        read_data_sets(tmp_path, dtype=np.float16, validation_size=0)
    with pytest.raises(ValueError, match="between 0 and 50"):
        read_data_sets(tmp_path, validation_size=51)
    with pytest.raises(ValueError, match="cannot take 0 of 1 images"):
        DataSet(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)).next_batch(0)
    with pytest.raises(ValueError, match="there are 2 images, but 1 labels"):
        DataSet(np.zeros((2, 28, 28), np.uint8), [0])


def test_fake_data():
    mnist = read_data_sets("nowhere", fake_data=True, one_hot=True)
    images, labels = mnist.train.next_batch(3, fake_data=True)
    assert images.shape == (3, 784) and (images == 1).all()
    assert (labels == np.eye(10)[[0, 0, 0]]).all()
    assert [part.num_examples for part in mnist] == [10_000] * 3
    assert DataSet([], [], fake_data=True, one_hot=True).next_batch(3)[1].shape == (3, 10)


@pytest.mark.parametrize("shape, named, batch", [
    ((28, 28), {}, (5, 784)), ((28, 28), {"reshape": False}, (5, 28, 28, 1)),
    ((28, 28, 1), {}, (5, 784)), ((28, 28, 1), {"reshape": False}, (5, 28, 28, 1)),
    ((784,), {"reshape": False}, (5, 784)), ((32, 32, 3), {"reshape": False}, (5, 32, 32, 3))])
def test_data_set_of_ones_own_arrays(shape, named, batch):
    """Otherwise arrays that the old class took end in a traceback."""
    numbers = np.arange(50, dtype=np.uint8) % 10
    images = np.broadcast_to(numbers.reshape(-1, *[1] * len(shape)), (50, *shape))
    for labels in (np.eye(10)[numbers], numbers):
        images_given, labels_given = DataSet(images, labels, one_hot=True, **named).next_batch(5)
        assert images_given.shape == batch
        np.testing.assert_array_equal(labels_given.argmax(axis=1), numbers_of(images_given))


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


def test_seed_fixes_the_order(tmp_path):
    """Otherwise no run can be repeated."""
    make_data_set(tmp_path)
    orders = [tuple(read_data_sets(tmp_path, validation_size=0, seed=seed).train.next_batch(50)[1])
              for seed in (1, 1, 2, None, None)]
    assert orders[0] == orders[1] and len(set(orders)) == 4


def test_batches_do_not_change_the_data(tmp_path):
    train = read_data_sets(make_data_set(tmp_path), validation_size=0).train
    before = train.images.copy()
    images, labels = train.next_batch(50)
    images[:], labels[:] = 0.5, 3
    np.testing.assert_array_equal(train.images, before)
    with pytest.raises(ValueError, match="read-only"):
        train.images[0] = 0  # would not reach the batches


def test_which_folder_is_meant(tmp_path, monkeypatch):
    """Otherwise a network is trained on other digits than its user has named."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert mnist_data.resolve("data") == str(tmp_path / "data")
    assert mnist_data.resolve("tests") == str(PROJECT / "tests")
    assert mnist_data.resolve("new") == str(tmp_path / "new")


@pytest.mark.parametrize("files", [None, [], [".DS_Store"]], ids=["none", "empty", "hidden file"])
def test_without_files_it_is_mnist_of_the_clone(tmp_path, capsys, files):
    """Otherwise the old tutorials' "MNIST_data/" needs a network, or 11 MB more."""
    if files is not None:
        (tmp_path / "new").mkdir()
        for name in files:
            (tmp_path / "new" / name).write_text("")
    for source_url in (None, "http://yann.lecun.com/exdb/mnist/"):
        mnist = read_data_sets(tmp_path / "new", source_url=source_url)
        assert mnist.train.num_examples == 55_000
        assert capsys.readouterr().err == (f"there are no data files in {tmp_path / 'new'}: MNIST "
                                           f"is read from {PROJECT / 'data'}\n")
    assert (tmp_path / "new").exists() == (files is not None)
    assert files is None or [path.name for path in (tmp_path / "new").iterdir()] == files


def labels_of_another_file(old):
    return (PROJECT / "data" / "t10k-labels-idx1-ubyte.gz").read_bytes()


@pytest.mark.parametrize("folder, damage, problem", [
    ("another data set", lambda old: old[:-20], "truncated"),
    ("another data set", labels_of_another_file, "10,000 labels"),
    ("a copy of MNIST", lambda old: old[:-8] + b"\x55" * 8, "corrupt"),
    ("the clone's own", lambda old: b"<!DOCTYPE html><html></html>", "not an idx file"),
    ("the clone's own", labels_of_another_file, "10,000 labels")])
def test_wrong_file_is_named_and_stays(tmp_path, monkeypatch, folder, damage, problem):
    """Otherwise a user trains on rubbish, does not learn what to do, or loses a file of theirs."""
    directory = (make_data_set(tmp_path / "mine") if folder == "another data set"
                 else shutil.copytree(PROJECT / "data", tmp_path / "copy"))
    cure = "Get that file again"
    if folder == "the clone's own":
        monkeypatch.setattr(mnist_data, "DEFAULT_DIR", str(directory))
        cure = "Run 'git checkout data', or delete that file"
    path = directory / "train-labels-idx1-ubyte.gz"
    content = damage(path.read_bytes())
    path.write_bytes(content)
    files = sorted(directory.iterdir())
    with pytest.raises(DataError, match=f"train-labels.*{problem}.*{cure}"):
        read_data_sets(directory)
    assert path.read_bytes() == content and sorted(directory.iterdir()) == files


def test_other_sizes_and_more_classes_are_refused(tmp_path):
    with pytest.raises(DataError, match="16 x 16 pixels"):
        read_data_sets(make_data_set(tmp_path / "small", size=16))
    directory = make_data_set(tmp_path / "letters")
    write_idx(directory / "train-labels-idx1-ubyte.gz", np.arange(50, dtype=np.uint8))
    with pytest.raises(DataError, match="train-labels.*labels up to 49"):
        read_data_sets(directory, one_hot=True)


@pytest.mark.parametrize("others", [["train-images-idx3-ubyte.gz"], ["letters.txt"]])
def test_mnist_does_not_stand_in_for_a_file_of_another_set(tmp_path, others):
    """Otherwise a network is trained on one data set and tested on another."""
    make_data_set(tmp_path / "complete")
    (tmp_path / "complete" / "letters.txt").write_text("")
    (tmp_path / "other").mkdir()
    for name in others:
        shutil.copy(tmp_path / "complete" / name, tmp_path / "other")
    with pytest.raises(DataError, match="ubyte.gz is missing: put that file of its data set there"):
        read_data_sets(tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == others


def test_missing_file_from_the_url_of_another_data_set(tmp_path):
    published = make_data_set(tmp_path / "published")
    here = shutil.copytree(published, tmp_path / "here")
    (here / "t10k-labels-idx1-ubyte.gz").unlink()
    data = read_data_sets(here, validation_size=0, source_url=published.as_uri())
    np.testing.assert_array_equal(data.test.labels, np.arange(20) % 10)
