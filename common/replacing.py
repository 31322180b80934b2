"""Writing files so that what is there under their name is always whole."""

import contextlib
import os
import pathlib

from common.clean_exit import UserError


@contextlib.contextmanager
def replacing(path):
    """Give the name of a file to write; it takes its place at `path` once it is complete.

    Raises:
      UserError: it cannot be written.
    """
    whole = pathlib.Path(path)
    partial = whole.with_name(f".{whole.stem}.{os.getpid()}{whole.suffix}")
    try:
        yield str(partial)
        os.replace(partial, whole)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # what has failed above may fail again
            partial.unlink(missing_ok=True)
