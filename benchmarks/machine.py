"""On what something was measured, and by which command: versions, processor, threads."""

import importlib.metadata
import os
import platform
import shlex
import sys
import time

PACKAGES = "tensorflow", "numpy"


def describe(packages=PACKAGES):
    """Describe the machine, in a dictionary that json can write.

    Args:
      packages: names of packages (str) whose versions count.

    Returns:
      A dictionary of str and int: python, the packages, processor, threads, system. Packages that
      are not installed are left out.
    """
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return {"python": platform.python_version(), **versions, "processor": processor(),
            "threads": threads(), "system": f"{platform.system()} {platform.machine()}"}


def in_words(machine):
    """What `describe` gave, as one line of text."""
    names = {"python": "Python", "numpy": "NumPy", "tensorflow": "TensorFlow", "torch": "PyTorch",
             "jax": "JAX", "keras": "Keras"}
    versions = [f"{names.get(key, key)} {value}" for key, value in machine.items()
                if key not in ("processor", "threads", "system")]
    return (f"{machine['processor']}, {machine['threads']} threads, {machine['system']}; "
            f"{', '.join(versions)}")


def processor():
    """The processor's name, str, as far as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def threads():
    """How many threads this process may run at once, int."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def command(script):
    """The command that started this program, str: `script` (its path) and the options."""
    return shlex.join(["python", script, *sys.argv[1:]])


def origin(command, date, machine):
    """Where a table is from, a str for the line below it: a command, a date and a machine.

    Args:
      command: str, what `command` gave.
      date: str, what `now` gave.
      machine: a dictionary, what `describe` gave.
    """
    return f"`{command}`, measured {date.partition(' ')[0]} on {in_words(machine)}."


def load():
    """How many processes wanted to run in the last minute (float), or None where nobody tells.

    What is measured on a busy machine says little: this is kept beside it.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def now():
    """The present date and time, str, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S")
