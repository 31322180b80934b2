"""Reading idx files, the format in which MNIST and its relatives are published.

The format is described at http://yann.lecun.com/exdb/mnist/ (copies: search "idx3-ubyte"): four
bytes of magic number (0, 0, type of the values, number of dimensions), then each dimension as a
32-bit big-endian integer, then the values, the last dimension varying fastest.
"""

import gzip
import math
import os
import struct
import zlib

import numpy as np

from common.clean_exit import UserError

UNSIGNED_BYTE = 0x08     # the third byte of the magic number; MNIST and its relatives have no other
MAX_BYTES = 600_000_000  # of values in one file: EMNIST's largest has 547 million
READ_SIZE = 1 << 20


class IdxFileError(UserError):
    """An idx file that cannot be used. `reason` says why, without the file's name."""

    def __init__(self, path, reason):
        super().__init__(f"{path}: {reason}")
        self.reason = reason


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
      IdxFileError: the file is no idx file, has other dimensions, is truncated, corrupt or longer
        than its header says. Sizes are checked before anything of that size is allocated.
      OSError: the file cannot be opened or read.
    """
    if not os.path.isfile(path):  # a folder, or a pipe that would keep us waiting
        raise IdxFileError(path, "not a file that can be read" if os.path.exists(path)
                           else "there is no such file")
    with open(path, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file = gzip.GzipFile(fileobj=raw) if compressed else raw
        try:
            return _parse(path, file, dimensions)
        except EOFError:
            raise IdxFileError(path, "the file is truncated") from None
        except (gzip.BadGzipFile, zlib.error):
            raise IdxFileError(path, "the compressed data is corrupt") from None


def _parse(path, file, dimensions):
    """Read an open idx file from its magic number to its last byte."""
    expected_magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    magic = file.read(4)
    if magic != expected_magic:
        found = f"starts with {magic.hex(' ')}" if magic else "is empty"
        raise IdxFileError(path, f"not an idx file of {'images' if dimensions == 3 else 'labels'}: "
                                 f"it {found} instead of {expected_magic.hex(' ')}")

    header = file.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise IdxFileError(path, "the file is truncated in its header")
    shape = struct.unpack(f">{dimensions}I", header)
    size = math.prod(shape)
    if not 0 < size <= MAX_BYTES:
        raise IdxFileError(path, f"its header announces {' x '.join(map(str, shape))} values, "
                                 f"which cannot be right")

    values = bytearray()  # grows with what is there, not with what the header claims
    while len(values) <= size and (piece := file.read(READ_SIZE)):
        values += piece
    if len(values) < size:
        raise IdxFileError(path, f"the file is truncated: its header announces {size:,} values, "
                                 f"it has {len(values):,}")
    if len(values) > size:
        raise IdxFileError(path, f"the file is longer than the {size:,} values that its header "
                                 f"announces")
    array = np.frombuffer(values, dtype=np.uint8).reshape(shape)
    array.flags.writeable = False
    return array
