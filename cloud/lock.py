"""One program at a time in a folder.

The lock is the operating system's (flock), so it ends with whoever holds it, however that ends. It
counts on one machine, and on several that share a folder by NFS version 4 or another file system
that passes locks on. Buckets that are mounted do not: there it counts on one machine only.
"""

import fcntl
import os
import pathlib
import socket
import time

from cloud.buckets import BUCKETS
from common.terminal import UserError

FILE = ".lock"
SECONDS = 5  # to wait: a program that was killed takes a moment to be gone


class InUse(UserError):
    """Another program works in the folder. The text says which."""


def lock(folder, flag):
    """Keep a folder to this process, and to those that inherit the file, until all have ended.

    Args:
      folder: str, made if there is none.
      flag: str, the flag that names it, for errors.

    Returns:
      An open file, which holds the lock.

    Raises:
      InUse: another program holds it.
      UserError: nothing can be written there.
    """
    if folder.startswith(BUCKETS):
        raise UserError(f"{flag}: the bucket of {folder} is not mounted on this machine (below "
                        f"/gcs): mount it there, or name a folder")
    try:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        file = open(pathlib.Path(folder, FILE), "a+", encoding="utf-8")
        deadline = time.monotonic() + SECONDS
        while not _is_ours(file):
            if time.monotonic() > deadline:
                file.seek(0)
                who = file.read().strip() or "another program"
                raise InUse(f"{flag}: {who} works in {folder}: wait for its end, or name another "
                            f"folder")
            time.sleep(0.1)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}, "
                   f"since {time.strftime('%Y-%m-%d %H:%M')},\n")
        file.flush()
    except OSError as error:
        raise UserError(f"{flag}: nothing can be written to {folder} ({error.strerror})") from None
    return file


def _is_ours(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    return True
