"""Fetching a missing file, from servers on this machine that behave well and badly."""

import contextlib
import gzip
import http.server
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from conftest import NOWHERE, PROJECT, script_environment

from common import download
from common.download import DownloadError, fetch

NAME = "t10k-labels-idx1-ubyte"
GOOD = (PROJECT / "data" / (NAME + ".gz")).read_bytes()


def answer(request, body, status=200, announced=None):
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if announced is None else announced))
    request.end_headers()
    request.wfile.write(body)


def trickle(request):
    """Send the right bytes, far too slowly."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(GOOD)))
    request.end_headers()
    with contextlib.suppress(ConnectionError):
        for byte in GOOD:
            request.wfile.write(bytes([byte]))
            request.wfile.flush()
            time.sleep(0.05)


FOUR_ARE_HERE = threading.Barrier(4)


def together(request):
    """Answer four requests at the same moment."""
    FOUR_ARE_HERE.wait(timeout=30)
    answer(request, GOOD)


CHANGED = bytearray(gzip.decompress(GOOD))
CHANGED[100] ^= 1

ANSWERS = {
    "good": lambda request: answer(request, GOOD),
    "missing": lambda request: answer(request, b"not here", 404),
    "proxy": lambda request: answer(request, b"who are you?", 407),
    "page": lambda request: answer(request, b"\n<!DOCTYPE html><html>Please log in</html>"),
    "short": lambda request: answer(request, GOOD[:1000], announced=len(GOOD)),
    "cut": lambda request: answer(request, GOOD[:1000]),
    "changed": lambda request: answer(request, gzip.compress(bytes(CHANGED))),
    "silent": lambda request: time.sleep(1),
    "trickle": trickle,
    "together": together,
    "nonsense": lambda request: request.wfile.write(b"\0\1\2\3\r\n\r\n"),
}


@pytest.fixture(autouse=True)
def no_proxy_of_the_tester(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def server():
    """The URL of a server whose folders are the keys of `ANSWERS`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            folder, name = self.path.strip("/").split("/")
            assert name == NAME + ".gz"
            ANSWERS[folder](self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}/"
        http_server.shutdown()


def test_fetches_checks_and_puts_in_place(server, tmp_path):
    path = fetch(NAME, str(tmp_path / "new" / "folder"), [server + "good/"])
    assert path == str(tmp_path / "new" / "folder" / (NAME + ".gz"))
    assert [file.read_bytes() for file in (tmp_path / "new" / "folder").iterdir()] == [GOOD]


FAILURES = {
    "missing": "answered 404",
    "proxy": "answered 407.*HTTPS_PROXY",
    "page": "sent a web page in place of data",
    "short": "broke off after 1,000 of 4,517 bytes",
    "cut": "sent a file that is no good: the file is truncated",
    "changed": "wrong checksum",
    "silent": "did not answer within 0.2 seconds",
    "nonsense": "gave no usable answer",
}


@pytest.mark.parametrize("folder, message", FAILURES.items(), ids=FAILURES)
def test_failure_is_explained_and_leaves_nothing(
        server, tmp_path, monkeypatch, folder, message):
    if folder == "silent":
        monkeypatch.setattr(download, "SILENCE", 0.2)
    with pytest.raises(DownloadError, match=message) as caught:
        fetch(NAME, str(tmp_path), [server + folder + "/"])
    text = str(caught.value)
    assert text.startswith(NAME + ".gz could not be fetched: ") and "\n" not in text
    assert text.endswith(f"copy the file to {tmp_path} by hand")
    assert list(tmp_path.iterdir()) == []


def test_slow_mirror_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TOO_LONG", 0.3)
    with pytest.raises(DownloadError, match="is too slow"):
        fetch(NAME, str(tmp_path), [server + "trickle/"])
    assert list(tmp_path.iterdir()) == []


def test_endless_mirror_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    with pytest.raises(DownloadError, match="sends more than 1,000 bytes"):
        fetch(NAME, str(tmp_path), [server + "good/"])
    assert list(tmp_path.iterdir()) == []


def test_mirrors_are_tried_in_turn(server, tmp_path):
    mirrors = [NOWHERE, *(server + folder + "/" for folder in ("missing", "page", "changed")),
               server + "good/"]
    fetch(NAME, str(tmp_path), mirrors)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [GOOD]


def test_no_network(tmp_path):
    with pytest.raises(DownloadError, match=r"cannot be reached \(Connection refused\)"):
        fetch(NAME, str(tmp_path), [NOWHERE])


def test_dead_proxy(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", NOWHERE)
    with pytest.raises(DownloadError, match="cannot be reached through the proxy of HTTPS_PROXY"):
        fetch(NAME, str(tmp_path), ["https://mirror.invalid/"])


def test_untrusted_certificate(tmp_path, monkeypatch):
    def urlopen(url, timeout):
        raise urllib.error.URLError(ssl.SSLCertVerificationError(1, "self-signed certificate"))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(DownloadError, match="Install Certificates.command"):
        fetch(NAME, str(tmp_path), download.MIRRORS)


def test_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "file").write_text("in the way of a folder")
    with pytest.raises(DownloadError, match="cannot write .*--data-dir"):
        fetch(NAME, str(tmp_path / "file" / "data"), [server + "good/"])


def test_damaged_file_is_replaced_only_by_a_good_one(server, tmp_path):
    path = tmp_path / (NAME + ".gz")
    path.write_bytes(b"damaged")
    with pytest.raises(DownloadError):
        fetch(NAME, str(tmp_path), [server + "changed/"])
    assert path.read_bytes() == b"damaged"
    fetch(NAME, str(tmp_path), [server + "good/"])
    assert path.read_bytes() == GOOD


def start_fetching(directory, url):
    """Start another process that fetches the file."""
    code = (f"from common import clean_exit, download; clean_exit.install(); "
            f"download.fetch({NAME!r}, {str(directory)!r}, [{url!r}])")
    environment = script_environment()
    environment = {name: value for name, value in environment.items()
                   if "proxy" not in name.lower()}
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=environment,
                            stderr=subprocess.PIPE, text=True)


def test_two_processes_at_once(server, tmp_path):
    processes = [start_fetching(tmp_path, server + "together/") for _ in range(4)]
    messages = [process.communicate(timeout=60)[1] for process in processes]
    assert all(message.startswith("fetching ") for message in messages)
    assert [process.returncode for process in processes] == [0] * 4
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [GOOD]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_interrupted_download_leaves_nothing(server, tmp_path):
    process = start_fetching(tmp_path, server + "trickle/")
    while not list(tmp_path.iterdir()):  # until the temporary file is there
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1].endswith("\nStopped by Ctrl-C.\n")
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
