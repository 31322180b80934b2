"""MNIST, or another data set in its format, in batches.

The names, defaults and types are those of `tensorflow.examples.tutorials.mnist.input_data`, which
TensorFlow no longer has, so code written for it changes one import:

    from common import mnist_data as input_data

What is better here: the images stay in memory as bytes, and batches are converted as they are
asked for; an epoch visits every image exactly once, whatever the size of the batches.
"""

import collections
import contextlib
import operator
import os
import pathlib
import shutil

import numpy as np

from common import download
from common.clean_exit import UserError
from common.idx_files import IdxFileError, dimensions_of, read_idx

DEFAULT_DIR = "data"
NUM_CLASSES = 10
IMAGE_SHAPE = (28, 28)

# The files' names as published, without ".gz", and the name of their parts.
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
PROJECT_DIR = pathlib.Path(__file__).resolve().parent.parent
OWN_DIR = str(PROJECT_DIR / DEFAULT_DIR)  # where the clone keeps MNIST

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])


class DataError(UserError):
    """The data files do not make a data set. The text names the file and says what to do."""


class DataSet:
    """Images with their labels, whole or in batches."""

    def __init__(self, images, labels, one_hot=False, dtype=np.float32, reshape=True, seed=None):
        """Wrap two arrays, which are not copied.

        Args:
          images: uint8 [n, 28, 28].
          labels: uint8 [n], 0 to 9.
          one_hot: bool, give labels as float64 [n, 10] rather than uint8 [n].
          dtype: np.float32, give pixels as 0 to 1, or np.uint8, give them as 0 to 255.
          reshape: bool, give images as [n, 784] rather than [n, 28, 28, 1].
          seed: for the order of the batches, anything that `np.random.default_rng` takes; None
            gives another order each time.

        Raises:
          TypeError: `dtype` is neither float32 nor uint8.
        """
        self._dtype = np.dtype(getattr(dtype, "as_numpy_dtype", dtype))  # tf.float32 will do, too
        if self._dtype not in (np.float32, np.uint8):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        rows, columns = images.shape[1:]
        self._bytes = images.reshape(
            len(images), *((rows * columns,) if reshape else (rows, columns, 1)))
        self._label_bytes = labels
        self._one_hot = one_hot
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
        """All labels in the order of the file, uint8 [n] or one-hot float64 [n, 10]; read-only."""
        if self._labels is None:
            self._labels = self._convert_labels(self._label_bytes)
            self._labels.flags.writeable = False
        return self._labels

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

        A batch at an epoch's end goes on into the next one, so that an epoch visits every image
        exactly once.

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
                self._convert_labels(self._label_bytes[indices]))

    @property
    def place(self):
        """Where the batches are: a dictionary that json can write. Set it to go on from there."""
        return {"epochs_completed": self._epochs_completed, "position": self._position,
                "random": self._random_before}

    @place.setter
    def place(self, place):
        self._epochs_completed, self._position = place["epochs_completed"], place["position"]
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
        return np.eye(NUM_CLASSES)[labels] if self._one_hot else labels.copy()


def read_data_sets(data_dir=None, fake_data=False, one_hot=False, dtype=np.float32, reshape=True,
                   validation_size=5000, seed=None, source_url=None, *, train_dir=None):
    """Read the four files of a data set: MNIST, or another one in the same format.

    A file may be compressed (name ending in .gz) or not. Where one of MNIST's is missing or
    damaged, it is fetched; see `download.fetch`.

    Args:
      data_dir: str, the folder of the files. A relative one is looked for beside the scripts,
        then in the current folder.
      fake_data: bool, take no files: three data sets of 10,000 white images labelled 0.
      one_hot, dtype, reshape: how images and labels are given, see `DataSet`.
      validation_size: int, how many of the first training images to set apart for validation.
      seed: int for a repeatable order of the batches, or None.
      source_url: str, the folder's URL from which to fetch missing files of another data set.
      train_dir: the name of old for `data_dir`.

    Returns:
      A named tuple of three `DataSet`s: train, validation, test.

    Raises:
      DataError: a file is missing, damaged or does not fit the others, and cannot be fetched.
      ValueError: `validation_size` is negative or above the number of training images.
    """
    if fake_data:
        validation_size = 10_000
        train, test = ((np.full((n, *IMAGE_SHAPE), 255, np.uint8), np.zeros(n, np.uint8))
                       for n in (20_000, 10_000))
    else:
        directory = resolve(data_dir if train_dir is None else train_dir)
        train, test = (_read_part(directory, part, source_url or None) for part in FILES)
    if one_hot:
        for part, (_, labels) in zip(FILES, (train, test)):
            if labels.max() >= NUM_CLASSES:
                raise DataError(f"{FILES[part][1]} has labels up to {labels.max()}: one-hot "
                                f"labels are made for {NUM_CLASSES} classes, 0 to 9")
    images, labels = train
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"validation_size should be between 0 and {len(images)}, "
                         f"not {validation_size}")

    # One stream of random numbers each, so that using one data set does not disturb another.
    seeds = np.random.SeedSequence(seed).spawn(3)
    options = {"one_hot": one_hot, "dtype": dtype, "reshape": reshape}
    return Datasets(
        train=DataSet(images[validation_size:], labels[validation_size:], seed=seeds[0], **options),
        validation=DataSet(images[:validation_size], labels[:validation_size], seed=seeds[1],
                           **options),
        test=DataSet(*test, seed=seeds[2], **options))


def resolve(data_dir):
    """The absolute path (str) of a data folder: a relative one is looked for beside the scripts.

    Only where there is none does the current folder count; where there is none either, it is
    the place beside the scripts.
    """
    beside_scripts = PROJECT_DIR / data_dir
    if not beside_scripts.is_dir() and os.path.isdir(data_dir):
        return os.path.abspath(data_dir)
    return str(beside_scripts)


def _read_part(directory, part, source_url):
    """Read images (uint8 [n, 28, 28]) and labels (uint8 [n]) of "train" or "test"."""
    images_name, labels_name = FILES[part]
    images = _read_file(directory, images_name, source_url)
    labels = _read_file(directory, labels_name, source_url)
    if len(images) != len(labels):
        # One of the two belongs to another data set; if the other is MNIST's, that one is wrong.
        wrong = labels_name if download.is_mnist(images_name, images) else images_name
        mismatch = (f"{_find(directory, images_name)} has {len(images):,} images, but "
                    f"{labels_name} has {len(labels):,} labels")
        repaired = _repair(directory, wrong, source_url, mismatch)
        images, labels = (images, repaired) if wrong == labels_name else (repaired, labels)
        if len(images) != len(labels):
            raise DataError(f"{mismatch}, also when fetched anew")
    if images.shape[1:] != IMAGE_SHAPE:
        raise DataError(f"{_find(directory, images_name)} has images of "
                        f"{' x '.join(map(str, images.shape[1:]))} pixels: these networks read "
                        f"images of 28 x 28")
    return images, labels


def _read_file(directory, name, source_url):
    """Read one file into a uint8 array, fetching it where it is missing or damaged."""
    path = _find(directory, name)
    if path is None:
        missing = f"{os.path.join(directory, name)}.gz is missing"
        if source_url is None and not _is_for_mnist(directory, name):
            raise DataError(f"{missing}, and the folder is not one of MNIST's: put that file of "
                            f"its data set there, under that name, with or without .gz")
        return _fetch(directory, name, source_url, missing)
    try:
        return _read(path, name)
    except IdxFileError as error:
        return _repair(directory, name, source_url, str(error))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _read(path, name):
    return read_idx(path, dimensions_of(name))


def _find(directory, name):
    """The path of the file `name`, compressed or not; None where there is neither."""
    for path in (os.path.join(directory, name + ".gz"), os.path.join(directory, name)):
        if os.path.exists(path):
            return path
    return None


def _repair(directory, name, source_url, problem):
    """Fetch a wrong file anew, if its folder is known to hold MNIST, and return its values.

    The wrong one is kept beside it, with ".replaced" after its name: it may be somebody's work.
    """
    path = _find(directory, name)
    known = source_url is not None or _is_for_mnist(directory, name)
    if not known or not os.path.isfile(path):
        raise DataError(f"{problem}. Get that file again and put it in its place")
    with contextlib.suppress(OSError):  # a folder that cannot be written: what follows says so
        shutil.copyfile(path, path + ".replaced")
    try:
        return _fetch(directory, name, source_url, problem)
    except DataError:
        if os.path.exists(path + ".replaced"):
            os.remove(path + ".replaced")
        raise


def _fetch(directory, name, source_url, problem):
    """Fetch a file and return its values; `problem` says what is wrong without it."""
    if source_url is not None:
        mirrors, check = [source_url.rstrip("/") + "/"], lambda name, values: True
    else:
        mirrors, check = list(download.MIRRORS), download.is_mnist
        if directory != OWN_DIR and os.path.exists(os.path.join(OWN_DIR, name + ".gz")):
            mirrors.insert(0, pathlib.Path(OWN_DIR).as_uri() + "/")  # the nearest mirror
    try:
        return _read(download.fetch(name, directory, mirrors, check), name)
    except download.DownloadError as error:
        raise DataError(f"{problem}; {error}") from None


def _is_for_mnist(directory, name):
    """Whether MNIST's file `name` may go into a folder: nothing there is of another data set.

    The clone's own folder and an empty one are; any other has to hold at least one file of
    MNIST's, judged by checksum.
    """
    found = 0
    for other in download.MNIST_CHECKSUMS:
        path = _find(directory, other)
        if other != name and path is not None:
            try:
                if not download.is_mnist(other, _read(path, other)):
                    return False
                found += 1
            except (IdxFileError, OSError):
                pass  # damaged too: it says nothing of what it was
    return found > 0 or directory == OWN_DIR or _is_empty(directory)


def _is_empty(directory):
    """Whether a folder has no files yet, or none but those that are being fetched."""
    return not os.path.isdir(directory) or all(
        file.startswith(".") or file.endswith(".part") for file in os.listdir(directory))
