"""What has been measured, where and when: the JSON files."""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import time

from common.terminal import UserError, whole_file

NAMES = {"python": "Python", "numpy": "NumPy", "tensorflow": "TensorFlow", "torch": "PyTorch",
         "jax": "JAX", "keras": "Keras"}


def read(path):
    """Read a file of results: a dictionary, empty if there is no such file yet.

    Raises:
      UserError: the file cannot be read, or is no file of results.
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


def write(path, results):
    """Write results, a dictionary; each entry of a list in it has a line of its own, for `diff`.

    Raises:
      UserError: the file cannot be written.
    """
    def text(value):
        return json.dumps(value, ensure_ascii=False)

    entries = []
    for key, value in results.items():
        lines = ",\n".join(f"  {text(entry)}" for entry in value) if isinstance(value, list) else ""
        entries.append(f" {text(key)}: " + (f"[\n{lines}\n ]" if lines else text(value)))
    with whole_file(path) as partial:
        pathlib.Path(partial).write_text("{\n" + ",\n".join(entries) + "\n}\n", encoding="utf-8")


def rounded(value):
    """A float or a dictionary with all its floats at six digits: no more than was measured."""
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    return float(f"{value:.6g}") if isinstance(value, float) else value


def grouped(entries, *names):
    """Sort dictionaries by what they have under some names: a dictionary of lists.

    Its keys are values for one name, tuples for several, in the order in which they are met.
    """
    groups = {}
    for entry in entries:
        key = tuple(entry[name] for name in names)
        groups.setdefault(key if len(names) > 1 else key[0], []).append(entry)
    return groups


def present():
    """The date, str, and the load: how many processes wanted to run in the last minute, float.

    What is measured on a busy machine says little. The load is None where nobody tells.
    """
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"date": time.strftime("%Y-%m-%d %H:%M:%S"), "load": load}


def machine(packages=("tensorflow", "numpy")):
    """A dictionary of str and int: versions of some packages, processor, threads, system."""
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"python": platform.python_version(), **versions, "processor": _processor(),
            "threads": threads, "system": f"{platform.system()} {platform.machine()}"}


def _processor():
    with contextlib.suppress(OSError):
        information = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
        if name := re.search(r"^model name\s*: (.+)$", information, re.MULTILINE):
            return name.group(1)
    return platform.processor() or platform.machine()


def in_words(description):
    """What `machine` gave, as a line of text."""
    versions = [f"{NAMES.get(key, key)} {value}" for key, value in description.items()
                if key not in ("processor", "threads", "system")]
    threads = description["threads"]
    return (f"{description['processor']}, {threads} thread{'s' if threads > 1 else ''}, "
            f"{description['system']}; {', '.join(versions)}")


def origin(results):
    """For the line below a table: by which command it was measured, when and where, str."""
    return (f"`{results['measured by']}`, measured {results['date'].partition(' ')[0]} on "
            f"{in_words(results['machine'])}.")
