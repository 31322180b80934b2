"""MNIST, or another data set in its format, in batches.

The names, defaults and types are those of `tensorflow.examples.tutorials.mnist.input_data`, which
TensorFlow no longer has, so code written for it changes one import:

    from common import mnist_data as input_data

What is better here: the images stay in memory as bytes, and batches are converted as they are
asked for; an epoch visits every image exactly once, whatever the size of the batches.
"""

import collections
import itertools
import math
import operator
import os
import pathlib

import numpy as np

from common import data_files
from common.data_files import DataError
from common.terminal import say

PROJECT_DIR = pathlib.Path(__file__).resolve().parent.parent
DEFAULT_DIR = str(PROJECT_DIR / "data")  # where the clone keeps MNIST
NUM_CLASSES = 10
IMAGE_SHAPE = (28, 28)
FAKE_EXAMPLES = 10_000  # as many as the loader of old pretends to have

# The files' names as published, without ".gz", and the name of their parts.
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
ONE_HOT = np.eye(NUM_CLASSES, dtype=np.float32)  # a row for each label

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])


class DataSet:
    """Images with their labels, whole or in batches."""

    def __init__(self, images, labels, fake_data=False, one_hot=False, dtype=np.float32,
                 reshape=True, seed=None):
        """Wrap two arrays, which are not copied.

        Args:
          images: uint8 [n, 28, 28] or [n, 28, 28, 1].
          labels: uint8 [n], 0 to 9; those that are one-hot already stay as they are.
          fake_data: bool, have 10,000 white images labelled 0, whatever `images` and `labels` are.
          one_hot: bool, give labels as float32 [n, 10] rather than uint8 [n].
          dtype: np.float32, give pixels as 0 to 1, or np.uint8, give them as 0 to 255.
          reshape: bool, give images as [n, 784] rather than [n, 28, 28, 1].
          seed: for the order of the batches, anything that `np.random.default_rng` takes; None
            gives another order each time.

        Raises:
          TypeError: `dtype` is neither float32 nor uint8.
          ValueError: there are not as many labels as images.
        """
        self._dtype = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))  # tf.float32 will do, too
        if self._dtype not in (np.float32, np.uint8):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        if fake_data:
            images = np.full((FAKE_EXAMPLES, *IMAGE_SHAPE), 255, np.uint8)
            labels = np.zeros(FAKE_EXAMPLES, np.uint8)
        images, labels = np.asarray(images), np.asarray(labels)
        if len(images) != len(labels):
            raise ValueError(f"there are {len(images)} images, but {len(labels)} labels")
        if reshape:
            self._bytes = images.reshape(len(images), math.prod(images.shape[1:]))
        else:
            self._bytes = images[..., np.newaxis] if images.ndim == 3 else images
        self._label_bytes = labels
        self._one_hot = one_hot and labels.ndim == 1
        self._random = np.random.default_rng(seed)
        self._random_before = None  # its state before it gave the present order
        self._order = np.arange(len(images))
        self._position = 0          # in self._order, of the next batch
        self._epochs_completed = 0
        self._images = None         # all of them converted, once somebody has asked for that
        self._labels = None

    @property
    def images(self):
        """All images in the order of the file, [n, 784] or [n, 28, 28, 1]; read-only.

        Converted when first asked for, then kept: 188 MB for 60,000 images as float32.
        """
        if self._images is None:
            self._images = self._convert_images(self._bytes)
            self._images.flags.writeable = False  # a change here would not reach the batches
        return self._images

    @property
    def labels(self):
        """All labels in the order of the file, uint8 [n] or one-hot float32 [n, 10]; read-only."""
        if self._labels is None:
            self._labels = self._convert_labels(self._label_bytes)
            self._labels.flags.writeable = False
        return self._labels

    def first(self, count):
        """The first images and labels in the order of the file, as `next_batch` gives them."""
        return (self._convert_images(self._bytes[:count]),
                self._convert_labels(self._label_bytes[:count]))

    @property
    def num_examples(self):
        """The number of images, an int."""
        return len(self._bytes)

    @property
    def epochs_completed(self):
        """How many epochs the batches have left behind, an int."""
        return self._epochs_completed

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """Return the next images and their labels, in a new order each epoch.

        A batch at an epoch's end goes on into the next one: an epoch visits each image once.

        Args:
          batch_size: int above 0.
          fake_data: bool, return white images labelled 0, as the loader of old does for tests.
          shuffle: bool, shuffle at the start of an epoch; where False, the order stays as it is,
            at first that of the file.

        Returns:
          Two arrays, of `batch_size` images and labels, of the types of `images` and `labels`.

        Raises:
          ValueError: `batch_size` is below 1, or there are no images.
        """
        batch_size = operator.index(batch_size)
        if batch_size < 1 or self.num_examples == 0:
            raise ValueError(f"cannot take {batch_size} of {self.num_examples} images")
        if fake_data:
            return (self._convert_images(np.full_like(self._bytes[:1], 255).repeat(batch_size, 0)),
                    self._convert_labels(np.zeros(batch_size, np.uint8)))

        if shuffle and self._epochs_completed == 0 and self._position == 0:
            self._shuffle()
        indices = self._order[self._position:self._position + batch_size]
        self._position += len(indices)
        while len(indices) < batch_size:
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
            self._position = min(batch_size - len(indices), self.num_examples)
            indices = np.concatenate([indices, self._order[:self._position]])
        # take() copies whole images; indexing with [indices] takes two to three times as long.
        return (self._convert_images(self._bytes.take(indices, axis=0)),
                self._convert_labels(self._label_bytes.take(indices, axis=0)))

    @property
    def place(self):
        """Where the batches are: a dictionary that json can write. Set it to go on from there."""
        return {"epochs_completed": self._epochs_completed, "position": self._position,
                "random": self._random_before}

    @place.setter
    def place(self, place):
        self._epochs_completed, self._position = place["epochs_completed"], place["position"]
        if self._epochs_completed < 0 or not 0 <= self._position <= self.num_examples:
            raise ValueError("no place in these examples")
        if place["random"] is not None:
            self._random.bit_generator.state = place["random"]
            self._shuffle()

    def _shuffle(self):
        self._random_before = self._random.bit_generator.state
        self._order = self._random.permutation(self.num_examples)

    def _convert_images(self, images):
        if self._dtype == np.uint8:
            return images.copy()
        return np.divide(images, 255, dtype=np.float32)

    def _convert_labels(self, labels):
        return ONE_HOT.take(labels, axis=0) if self._one_hot else labels.copy()


def read_data_sets(data_dir=None, fake_data=False, one_hot=False, dtype=np.float32, reshape=True,
                   validation_size=5000, seed=None, source_url=None, *, train_dir=None):
    """Read the four files of a data set: MNIST, or another one in the same format.

    A file may be compressed (name ending in .gz) or not. Where the folder is empty, or there is
    none, MNIST is read from the clone.

    Args:
      data_dir: str, the folder of the files, as `resolve` finds it; None for the clone's MNIST.
      fake_data: bool, take no files: three data sets of 10,000 white images labelled 0.
      one_hot, dtype, reshape: how images and labels are given, see `DataSet`.
      validation_size: int, how many of the first training images to set apart for validation.
      seed: int for a repeatable order of the batches, or None.
      source_url: str, the folder's URL from which to fetch missing files of another data set.
      train_dir: the name of old for `data_dir`.

    Returns:
      A named tuple of three `DataSet`s: train, validation, test.

    Raises:
      DataError: a file is damaged, does not fit the others, or is missing and cannot be fetched.
      ValueError: `validation_size` is negative or above the number of training images.
    """
    if fake_data:
        parts = [((), ())] * 3
    else:
        directory = _folder_to_read(data_dir or train_dir or DEFAULT_DIR, source_url)
        (images, labels), test = _read_parts(directory, source_url, one_hot)
        if not 0 <= validation_size <= len(images):
            raise ValueError(f"validation_size should be between 0 and {len(images)}, "
                             f"not {validation_size}")
        parts = ((images[validation_size:], labels[validation_size:]),
                 (images[:validation_size], labels[:validation_size]), test)
    # One stream of random numbers each, so that using one data set does not disturb another.
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    return Datasets(*(DataSet(*part, fake_data, one_hot, dtype, reshape, part_seed)
                      for part, part_seed in zip(parts, seeds)))


def resolve(data_dir):
    """The absolute path (str) of a data folder.

    A relative one is seen from the current folder or, if it is not there, from the scripts'.
    """
    beside_scripts = PROJECT_DIR / data_dir
    if beside_scripts.is_dir() and not os.path.isdir(data_dir):
        return str(beside_scripts)
    return os.path.abspath(data_dir)


def _folder_to_read(data_dir, source_url):
    directory = resolve(data_dir)
    # A folder named so has MNIST, and most that were are gone, such as yann.lecun.com/exdb/mnist/.
    is_for_mnist = not source_url or source_url.rstrip("/").endswith("/mnist")
    is_empty = not os.path.exists(directory) or os.path.isdir(directory) and all(
        name.startswith(".") for name in os.listdir(directory))
    if is_for_mnist and is_empty and directory != DEFAULT_DIR:
        say(f"there are no data files in {directory}: MNIST is read from {DEFAULT_DIR}")
        return DEFAULT_DIR
    return directory


def _read_parts(directory, source_url, one_hot):
    """Images (uint8 [n, 28, 28]) and labels (uint8 [n]) of the training and the test files."""
    files = _read_files(directory, source_url)
    parts = []
    for images_name, labels_name in FILES.values():
        images, labels = files[images_name], files[labels_name]
        where = _find(directory, images_name)
        if len(images) != len(labels):
            raise DataError(f"{where} has {len(images):,} images, but {labels_name} has "
                            f"{len(labels):,} labels: one of them is the wrong file. "
                            f"{_cure(directory)}")
        if images.shape[1:] != IMAGE_SHAPE:
            raise DataError(f"{where} has images of {' x '.join(map(str, images.shape[1:]))} "
                            f"pixels: these networks read images of 28 x 28")
        if one_hot and labels.max() >= NUM_CLASSES:
            raise DataError(f"{_find(directory, labels_name)} has labels up to {labels.max()}: "
                            f"one-hot labels are made for {NUM_CLASSES} classes, 0 to 9")
        parts.append((images, labels))
    return parts


def _read_files(directory, source_url):
    """The values of the four files by their names."""
    files = {}
    for name in itertools.chain(*FILES.values()):
        if _find(directory, name):
            files[name] = _read(directory, name)
        elif directory == DEFAULT_DIR:
            files[name] = data_files.fetch(name, directory, data_files.MIRRORS)
        elif source_url:
            mirror = source_url.rstrip("/") + "/"
            files[name] = data_files.fetch(name, directory, [mirror], checked=False)
        else:
            raise DataError(f"{os.path.join(directory, name)}.gz is missing: put that file of its "
                            f"data set there, under that name, with or without .gz")
    return files


def _read(directory, name):
    try:
        return data_files.read_idx(_find(directory, name), data_files.dimensions_of(name))
    except DataError as error:
        raise DataError(f"{error}. {_cure(directory)}") from None


def _find(directory, name):
    """The path of the file `name`, compressed or not; None where there is neither."""
    for path in (os.path.join(directory, name + ".gz"), os.path.join(directory, name)):
        if os.path.exists(path):
            return path
    return None


def _cure(directory):
    """What to do about a wrong file: a sentence."""
    if directory == DEFAULT_DIR:
        return "Run 'git checkout data', or delete that file and start again: it is fetched anew"
    return "Get that file again and put it in its place"
