"""Data files: reading them, telling MNIST's by their checksums, fetching those that are missing.

MNIST and its relatives are published as idx files, described at
http://yann.lecun.com/exdb/mnist/ (copies: search "idx3-ubyte"): four bytes of magic number (0, 0,
type of the values, number of dimensions), then each dimension as a 32-bit big-endian integer, then
the values, the last dimension varying fastest.
"""

import gzip
import hashlib
import http.client
import math
import os
import pathlib
import struct
import urllib.request
import zlib

import numpy as np

from common.terminal import UserError, reason, say, whole_file

UNSIGNED_BYTE = 0x08  # the third byte of the magic number; MNIST and its relatives have no other

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)

# The SHA-256 of the content of MNIST's files: the same however they are compressed.
MNIST_CHECKSUMS = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

SILENCE = 20  # seconds without a byte after which a mirror is given up


class DataError(UserError):
    """The data files do not make a data set. The text names the file and says what to do."""


def dimensions_of(name):
    """How many dimensions the file published as `name` (str) has: 3 for images, 1 for labels."""
    return 3 if "idx3" in name else 1


def read_idx(path, dimensions):
    """Read an idx file of unsigned bytes, compressed by gzip or plain (told by its content).

    Args:
      path: the file's path.
      dimensions: how many dimensions are expected, 3 for images and 1 for labels.

    Returns:
      A read-only uint8 array of the shape that the file's header gives: [images, rows, columns]
      or [labels].

    Raises:
      DataError: the file cannot be read, is no idx file, has other dimensions, is truncated,
        corrupt or longer than its header says.
    """
    try:
        return _values(_unpacked(pathlib.Path(path).read_bytes()), dimensions)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _unpacked(content):
    """What is in a file, bytes. Its errors, as those of `_values`, go on after the file's name."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except EOFError:
        raise DataError("the file is truncated") from None
    except (gzip.BadGzipFile, zlib.error):
        raise DataError("the compressed data is corrupt") from None


def _values(content, dimensions):
    """The values in the bytes of an idx file."""
    magic, expected = content[:4], bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if magic != expected:
        found = f"starts with {magic.hex(' ')}" if magic else "is empty"
        raise DataError(f"not an idx file of {'images' if dimensions == 3 else 'labels'}: "
                        f"it {found} instead of {expected.hex(' ')}")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError("the file is truncated in its header")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    size, found = math.prod(shape), len(content) - start
    if size == 0:
        raise DataError("its header announces no values")
    if size != found:
        raise DataError(f"the file is {'truncated' if found < size else 'too long'}: its header "
                        f"announces {size:,} values, it has {found:,}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def fetch(name, directory, mirrors, checked=True):
    """Download the file `name`.gz into `directory`, from the first of `mirrors` that has it.

    The file is checked before it is written; it is there whole or not at all. The directory is
    made if need be.

    Args:
      name: str, the file's name as published, without ".gz".
      directory: str, where the file goes.
      mirrors: the URLs of folders, each with a slash at its end.
      checked: bool, take only what has the checksum of MNIST's file.

    Returns:
      The values, as `read_idx` returns them.

    Raises:
      DataError: no mirror gave a good file.
      UserError: the directory cannot be written.
    """
    path = os.path.join(directory, name + ".gz")
    reasons = []
    for mirror in mirrors:
        say(f"fetching {path} from {mirror}")
        try:
            with urllib.request.urlopen(mirror + name + ".gz", timeout=SILENCE) as response:
                content = response.read()
            unpacked = _unpacked(content)
            values = _values(unpacked, dimensions_of(name))
            if checked and hashlib.sha256(unpacked).hexdigest() != MNIST_CHECKSUMS[name]:
                raise DataError("wrong checksum")
        except (OSError, http.client.HTTPException, ValueError, DataError) as error:
            reasons.append(f"{mirror}: {reason(getattr(error, 'reason', error))}")
            continue
        with whole_file(path) as partial:
            os.makedirs(directory, exist_ok=True)
            pathlib.Path(partial).write_bytes(content)
        return values
    raise DataError(f"{path} is missing and could not be fetched ({'; '.join(reasons)}): try again "
                    f"with a working network, or copy the file there by hand")
