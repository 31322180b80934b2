"""Results as JSON files: read, and written so that a crash leaves the old file or the new one."""

import json
import os
import pathlib

from common.clean_exit import UserError
from common.replacing import replacing


def read(path):
    """Read a file of results.

    Args:
      path: str or pathlib.Path.

    Returns:
      A dictionary, empty if there is no such file yet.

    Raises:
      UserError: the file is there but cannot be read, or is no file of results.
    """
    try:
        results = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        results = None
    if not isinstance(results, dict):
        raise UserError(f"{path} is no file of results: name another one, or remove it")
    return results


def check(path):
    """Find out whether a file can be written, before hours are spent on what goes into it.

    Raises:
      UserError: it cannot.
    """
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise UserError(f"{path} cannot be written: there is no folder {folder}")
    if os.path.isdir(path) or not os.access(folder, os.W_OK):
        raise UserError(f"{path} cannot be written")


def write(path, results):
    """Write results, a dictionary; each entry of a list in it gets a line of its own.

    Raises:
      UserError: the file cannot be written.
    """
    with replacing(path) as partial:
        pathlib.Path(partial).write_text(_format(results) + "\n", encoding="utf-8")


def _format(results):
    """A JSON text in which a measurement more is a line more for `diff`."""
    entries = []
    for key, value in results.items():
        if isinstance(value, list) and value:
            lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in value)
            text = f"[\n{lines}\n ]"
        elif isinstance(value, dict) and value:
            lines = ",\n".join(f"  {json.dumps(name, ensure_ascii=False)}: "
                               f"{json.dumps(entry, ensure_ascii=False)}"
                               for name, entry in value.items())
            text = f"{{\n{lines}\n }}"
        else:
            text = json.dumps(value, ensure_ascii=False)
        entries.append(f" {json.dumps(key, ensure_ascii=False)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}"
