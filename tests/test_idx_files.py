"""The parser, on bytes made by hand."""

import gzip
import tracemalloc

import numpy as np
import pytest

from common.idx_files import IdxFileError, read_idx

IMAGES = bytes([0, 0, 8, 3,  0, 0, 0, 2,  0, 0, 0, 2,  0, 0, 0, 3]) + bytes(range(12))
LABELS = bytes([0, 0, 8, 1,  0, 0, 0, 4]) + bytes([7, 2, 1, 0])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_reads_images_and_labels(tmp_path, pack):
    path = tmp_path / "any name will do"
    path.write_bytes(pack(IMAGES))
    images = read_idx(path, dimensions=3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, np.arange(12).reshape(2, 2, 3))
    path.write_bytes(pack(LABELS))
    np.testing.assert_array_equal(read_idx(path, dimensions=1), [7, 2, 1, 0])


BAD_FILES = {
    "empty": (b"", "it is empty"),
    "text": (b"<html>not found</html>", "not an idx file"),
    "labels for images": (LABELS, "not an idx file of images"),
    "float values": (b"\0\0\x0d\3" + IMAGES[4:], "not an idx file"),
    "short magic number": (IMAGES[:3], "not an idx file"),
    "header cut": (IMAGES[:11], "truncated in its header"),
    "values cut": (IMAGES[:-1], "announces 12 values, it has 11"),
    "no values": (IMAGES[:16], "announces 12 values, it has 0"),
    "too long": (IMAGES + b"\0", "longer than the 12 values"),
    "no images": (IMAGES[:4] + bytes(12), "announces 0 x 0 x 0 values"),
    "absurd sizes": (IMAGES[:4] + b"\xff" * 12, "which cannot be right"),
    "many announced, few there": (b"\0\0\x08\3\0\0\xff\xff\0\0\0\x40\0\0\0\x40" + b"\1" * 100,
                                  "it has 100"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("content, message", BAD_FILES.values(), ids=BAD_FILES)
def test_says_what_is_wrong(tmp_path, content, message, pack):
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(pack(content))
    tracemalloc.start()
    try:
        with pytest.raises(IdxFileError) as caught:
            read_idx(path, dimensions=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert peak < 4 << 20  # however much the header announces


def test_compressed_file_cut_or_changed(tmp_path):
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    whole = gzip.compress(IMAGES)
    for length in range(2, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(IdxFileError, match="truncated"):
            read_idx(path, dimensions=3)
    for place in range(10, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
        with pytest.raises(IdxFileError):
            read_idx(path, dimensions=3)
