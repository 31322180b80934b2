"""Fetching a data file that is missing: checked, and put in place only when whole."""

import hashlib
import http.client
import os
import pathlib
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from common.clean_exit import UserError
from common.idx_files import IdxFileError, dimensions_of, read_idx
from common.text_output import StatusLine

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

SILENCE = 20         # seconds without a byte after which a mirror is given up
TOO_LONG = 900       # seconds after which a mirror is given up though bytes still trickle in
MAX_BYTES = 1 << 28  # of one compressed file; MNIST's largest has 10 million
READ_SIZE = 1 << 16


class DownloadError(UserError):
    """No mirror gave the file, or there is no place to put it. The text says what to do."""


def is_mnist(name, values):
    """Whether `values` (a uint8 array as `read_idx` returns it) is what MNIST's file `name` holds.

    `name` is the file's name as published, without ".gz".
    """
    # The shape is part of the file: without it the checksum would not be that of the content.
    header = bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape)
    content = hashlib.sha256(header)
    content.update(values)
    return content.hexdigest() == MNIST_CHECKSUMS[name]


def fetch(name, directory, mirrors=MIRRORS, check=is_mnist):
    """Download the file `name`.gz into `directory`, from the first of `mirrors` that has it.

    The file is written under a temporary name, checked, and renamed: it is there whole or not at
    all, also when two processes fetch it at once. The directory is created if need be. Progress
    is shown on a terminal.

    Args:
      name: str, a key of `MNIST_CHECKSUMS`.
      directory: str, where the file goes.
      mirrors: the URLs of folders, each with a slash at its end.
      check: a function of `name` and the file's values (uint8 array) that tells whether they are
        the right ones.

    Returns:
      The path of the file (str).

    Raises:
      DownloadError: no mirror gave a good file, or the directory cannot be written.
    """
    path = os.path.join(directory, name + ".gz")
    reasons = []
    try:
        os.makedirs(directory, exist_ok=True)
        _remove_leftovers(directory, name)
        for mirror in mirrors:
            host = urllib.parse.urlsplit(mirror).netloc or "this computer"
            print(f"fetching {path} from {host}", file=sys.stderr)
            try:
                _fetch_from(mirror + name + ".gz", path, name, check)
                return path
            except _MirrorError as error:
                reasons.append(f"{host} {error}")
    except OSError as error:  # of the disk: those of the network are _MirrorErrors
        raise DownloadError(
            f"cannot write {path} ({error.strerror}): make that folder writable and its disk not "
            f"full, or put the four data files into another folder and name it with --data-dir"
        ) from None
    raise DownloadError(
        f"{name}.gz could not be fetched: {'; '.join(reasons)}. Try again with a working network, "
        f"or copy the file to {directory} by hand")


class _MirrorError(Exception):
    """What a mirror did wrong, a phrase of which it is the subject."""


def _fetch_from(url, path, name, check):
    """Fetch `url`, check it and put it at `path`. Raises _MirrorError, or OSError of the disk."""
    handle, part = tempfile.mkstemp(prefix=name + ".", suffix=".part", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in _download(url):
                file.write(piece)
        _check_content(part, name, check)
        os.chmod(part, 0o644)  # a temporary file starts out as its owner's alone
        try:
            os.replace(part, path)
        except PermissionError:  # on Windows, while another process reads the file it has fetched
            _check_content(path, name, check)
    finally:
        if os.path.exists(part):
            os.remove(part)


def _remove_leftovers(directory, name):
    """Remove what a process that was killed has left, long enough ago to be sure that it was."""
    for file in pathlib.Path(directory).glob(name + ".*.part"):
        if time.time() - file.stat().st_mtime > 2 * TOO_LONG:
            file.unlink(missing_ok=True)


def _download(url):
    """Yield what `url` answers piece by piece, showing progress."""
    status = StatusLine(sys.stderr)
    deadline = time.monotonic() + TOO_LONG
    received = 0
    try:
        with urllib.request.urlopen(url, timeout=SILENCE) as response:
            announced = int(response.headers.get("Content-Length") or 0)
            while piece := response.read1(READ_SIZE):  # what is there, without waiting for more
                yield piece
                received += len(piece)
                if received > MAX_BYTES:
                    raise _MirrorError(f"sends more than {MAX_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise _MirrorError(f"is too slow: {received:,} bytes in {TOO_LONG} seconds")
                of_all = f" of {announced / 1e6:.1f}" if announced else ""
                status.show(f"{os.path.basename(url)}: {received / 1e6:.1f}{of_all} MB")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(_explain(error)) from None
    finally:
        status.clear()
    if received < announced:
        raise _MirrorError(f"broke off after {received:,} of {announced:,} bytes")


def _explain(error):
    """Say in a few words what a failed request means and, where it is known, what cures it."""
    if isinstance(error, urllib.error.HTTPError):
        proxy = error.code in (407, 502, 503, 504)
        return f"answered {error.code} {error.reason}" + (
            " (a proxy? see the environment variable HTTPS_PROXY)" if proxy else "")
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ("has a certificate that this Python does not trust (on macOS, open the folder "
                "Applications/Python 3 and run 'Install Certificates.command'; behind a company's "
                "proxy, set SSL_CERT_FILE to its certificate)")
    if isinstance(reason, TimeoutError):
        return f"did not answer within {SILENCE} seconds"
    if isinstance(reason, OSError):
        proxied = "https" in urllib.request.getproxies()
        way = " through the proxy of HTTPS_PROXY" if proxied else ""
        return f"cannot be reached{way} ({reason.strerror or reason})"
    return f"gave no usable answer ({type(error).__name__})"


def _check_content(path, name, check):
    """Raise _MirrorError unless the file at `path` holds what `name` should."""
    with open(path, "rb") as file:
        start = file.read(64).lstrip()
    if start.startswith(b"<"):
        raise _MirrorError("sent a web page in place of data (a network's log-in page?)")
    try:
        values = read_idx(path, dimensions_of(name))
    except IdxFileError as error:
        raise _MirrorError(f"sent a file that is no good: {error.reason}") from None
    if not check(name, values):
        raise _MirrorError("sent a file with the wrong checksum")
