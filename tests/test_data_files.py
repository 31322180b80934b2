"""Reading data files made by hand; fetching them from servers that behave well and badly."""

import gzip
import http.server
import threading
import time

import numpy as np
import pytest
from conftest import NOWHERE, PROJECT

from common import data_files
from common.data_files import DataError, fetch, read_idx
from common.terminal import UserError

IMAGES = bytes([0, 0, 8, 3,  0, 0, 0, 2,  0, 0, 0, 2,  0, 0, 0, 3]) + bytes(range(12))
BAD_FILES = {
    "empty": (b"", "it is empty"),
    "text": (b"<html>not found</html>", "not an idx file of images: it starts with 3c 68"),
    "labels": (b"\0\0\x08\1\0\0\0\1\7", "not an idx file of images"),
    "float values": (b"\0\0\x0d\3" + IMAGES[4:], "not an idx file"),
    "header cut": (IMAGES[:11], "truncated in its header"),
    "values cut": (IMAGES[:-1], "truncated: its header announces 12 values, it has 11"),
    "too long": (IMAGES + b"\0", "too long: its header announces 12 values, it has 13"),
    "no images": (IMAGES[:4] + bytes(12), "announces no values"),
    "absurd sizes": (IMAGES[:4] + b"\xff" * 12, "truncated"),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("content, message", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file_is_one_sentence(tmp_path, content, message, pack):
    """Otherwise a user sees a traceback, or trains on rubbish."""
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(pack(content))
    with pytest.raises(DataError) as caught:
        read_idx(path, dimensions=3)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and message in text and "\n" not in text


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_idx(tmp_path, dimensions=3)  # in place of a file without read permission


def test_compressed_file_cut_or_changed_anywhere(tmp_path):
    """Otherwise half a download, or a bad disk, ends in a traceback or goes unnoticed."""
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    whole = gzip.compress(IMAGES)
    for place in range(10, len(whole)):
        path.write_bytes(whole[:place])
        with pytest.raises(DataError, match="truncated"):
            read_idx(path, dimensions=3)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
        with pytest.raises(DataError, match="truncated|corrupt"):
            read_idx(path, dimensions=3)


NAME = "t10k-labels-idx1-ubyte"
GOOD = (PROJECT / "data" / (NAME + ".gz")).read_bytes()
CHANGED = gzip.compress(gzip.decompress(GOOD).replace(b"\7", b"\1"))

# What a server's folders answer: the status, what is sent, how the user is told.
ANSWERS = {
    "good": (200, GOOD, ""),
    "missing": (404, b"not here", "Not Found"),
    "page": (200, b"<!DOCTYPE html>Please log in", "not an idx file of labels: it starts with 3c"),
    "cut": (200, GOOD[:1000], "the file is truncated"),
    "changed": (200, CHANGED, "wrong checksum"),
    "silent": (200, b"", "timed out"),
    "nonsense": (7, b"", "HTTP/1.0 7"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, folder, _ = self.path.split("/")
        status, body, _ = ANSWERS[folder]
        if folder == "silent":
            time.sleep(1)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    """The URL of a server whose folders are the keys of `ANSWERS`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}/"
        http_server.shutdown()


@pytest.fixture(autouse=True)
def no_proxy_of_the_tester(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_mirrors_are_tried_in_turn(server, tmp_path):
    """Otherwise one mirror that is down, or sends something else, keeps a user from starting."""
    folder = tmp_path / "new" / "folder"
    mirrors = [NOWHERE, *(server + name + "/" for name in ("missing", "page", "changed", "good"))]
    labels = fetch(NAME, str(folder), mirrors)
    np.testing.assert_array_equal(labels[:8], [7, 2, 1, 0, 4, 1, 4, 9])
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {NAME + ".gz": GOOD}


@pytest.mark.parametrize("folder", [*(folder for folder in ANSWERS if folder != "good"), None])
def test_failure_is_one_sentence_and_leaves_nothing(server, tmp_path, monkeypatch, folder):
    """Otherwise a user does not learn what to do, or keeps a file that is not MNIST's."""
    monkeypatch.setattr(data_files, "SILENCE", 0.5)
    mirror, reason = ((f"{server}{folder}/", ANSWERS[folder][2]) if folder
                      else (NOWHERE, "Connection refused"))
    with pytest.raises(DataError) as caught:
        fetch(NAME, str(tmp_path), [mirror])
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / NAME}.gz is missing and could not be fetched ({mirror}: ")
    assert reason in text and text.endswith("copy the file there by hand") and "\n" not in text
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written(server, tmp_path):
    """Otherwise a full disk or a read-only folder is a traceback."""
    (tmp_path / "file").write_text("in the way of a folder")
    with pytest.raises(UserError, match="cannot write .*Not a directory"):
        fetch(NAME, str(tmp_path / "file" / "data"), [server + "good/"])
