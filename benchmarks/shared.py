"""What the benchmarks share: scripts and how to run them, the machine, results, tables, options."""

import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from common.options import file_to_write
from common.terminal import UserError, hours, whole_file

FOLDER = pathlib.Path(__file__).resolve().parent
PROJECT = FOLDER.parent

# The test accuracy that the codelab's text names for each of its stages.
MARKS = {"1.0": 0.92, "2.0": 0.97, "2.1": 0.98, "2.2": 0.98, "3.0": 0.989, "3.1": 0.99}
NAMES = {"python": "Python", "numpy": "NumPy", "tensorflow": "TensorFlow", "torch": "PyTorch",
         "jax": "JAX", "keras": "Keras"}

# The scripts, by short names: their files, seen from the project's folder.
STAGES = {path.name.split("_")[1]: path.name for path in sorted(PROJECT.glob("mnist_*.py"))}
VARIATIONS = {path.stem: f"variations/{path.name}"
              for path in sorted((PROJECT / "variations").glob("*.py"))}


# running the scripts


def chosen(scripts, beginnings):
    """Those of some names of scripts that begin with one of `beginnings`; all where that is None.

    Raises:
      UserError: there is no script of such a name.
    """
    for beginning in beginnings or []:
        if not any(name.startswith(beginning) for name in scripts):
            raise UserError(f"there is no script {beginning}; there are {', '.join(scripts)}")
    return [name for name in scripts if beginnings is None or name.startswith(tuple(beginnings))]


class Failed(UserError):
    """A program that was to be measured failed. The text says what it said last."""


def run(name, command, environment=None, folder=None):
    """Run a Python program to its end.

    Args:
      name: str, what to call it if it fails.
      command: a list, what follows "python".
      environment: a dictionary of variables to set beside the present ones.
      folder: the folder to run it in; None for the present one.

    Returns:
      The last line that it printed, str.

    Raises:
      Failed: its exit status is not 0.
    """
    done = subprocess.run(
        [sys.executable, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", errors="replace", cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | (environment or {}))
    if done.returncode != 0:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise Failed(f"{name} ended with status {done.returncode}: {said}")
    return (done.stdout.splitlines() or [""])[-1]


def run_script(path, options, mark=1.0, environment=None):
    """Run a stage or a variation through timed_run.py.

    Args:
      path: pathlib.Path, the script.
      options: a list, its options.
      mark: float, a test accuracy; the first test above it ends the run.
      environment: as for `run`.

    Returns:
      A dictionary: wall, the seconds of the whole process; start, those up to the end of the first
      training step, by part; loop, those after it, by activity; steps, those of each training step;
      tests, a list of [iteration, accuracy, loss, seconds]; misread, as `accuracy.measure` has it;
      iterations; megabytes, the most memory.

    Raises:
      Failed: its exit status is not 0.
    """
    with tempfile.TemporaryDirectory() as folder:  # some scripts leave pictures behind
        notes = pathlib.Path(folder, "notes.json")
        started = time.monotonic()
        run(path.name, [FOLDER / "timed_run.py", notes, started, mark, path, *options],
            environment, folder)
        wall = time.monotonic() - started
        return json.loads(notes.read_text(encoding="utf-8")) | {"wall": wall}


def one_by_one(jobs, words):
    """Yield jobs, and tell before each one how far we are and how long the rest may take.

    Args:
      jobs: a list.
      words: a function from a job to a str.
    """
    began = time.monotonic()
    for done, job in enumerate(jobs):
        left = (time.monotonic() - began) / done * (len(jobs) - done) if done else None
        print(f"{done + 1} of {len(jobs)}: {words(job)}"
              + (f"; about {hours(left)} left" if done else ""), flush=True)
        yield job


# the machine


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


def present():
    """The date, str, and the load: how many processes wanted to run in the last minute, float.

    What is measured on a busy machine says little. The load is None where nobody tells.
    """
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {"date": time.strftime("%Y-%m-%d %H:%M:%S"), "load": load}


# files of results


def read_results(path):
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


def write_results(path, results):
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


# tables


def mean_and_deviation(values, decimals):
    """Format as "0.9206 ± 0.0010": mean and standard deviation of a sample of floats."""
    text = f"{statistics.fmean(values):.{decimals}f}"
    return text if len(values) < 2 else f"{text} ± {statistics.stdev(values):.{decimals}f}"


def median_and_range(values, decimals):
    """Format as "2.51 (2.48–2.60)": median, least and largest of some floats; "–" for none."""
    if not values:
        return "–"
    text = f"{statistics.median(values):,.{decimals}f}"
    return text if len(values) < 2 else (
        f"{text} ({min(values):,.{decimals}f}–{max(values):,.{decimals}f})")


def markdown(columns, rows):
    """Format a table.

    Args:
      columns: a list of str, the titles; the numbers of a column whose title begins with ">" are
        set to the right.
      rows: a list of lists of str, one for each column.

    Returns:
      A str of several lines. The columns are as wide as those who read it as text need them.
    """
    cells = [[column.lstrip(">") for column in columns], *rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    sides = [">" if column.startswith(">") else "<" for column in columns]
    lines = ["| " + " | ".join(f"{cell:{side}{width}}" for cell, side, width
                               in zip(row, sides, widths)) + " |" for row in cells]
    rule = "|".join("-" * (width + 1) + ("-" if side == "<" else ":")
                    for side, width in zip(sides, widths))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def origin(results):
    """For the line below a table: by which command it was measured, when and where, str."""
    return (f"`{results['measured by']}`, measured {results['date'].partition(' ')[0]} on "
            f"{in_words(results['machine'])}.")


# the command line


def parser(name, description):
    """An `argparse` parser with the options of all benchmarks: --only and --results.

    Args:
      name: str, the program: "speed" has its results in speed.json.
      description: str, for --help.
    """
    made = argparse.ArgumentParser(
        usage=f"python benchmarks/{name}.py [options] [-- options of the scripts]",
        description=description.partition("\n")[0])
    made.add_argument("--only", metavar="NAME", nargs="+",
                      help="only these: 1.0, or 2 for all whose names begin so")
    made.add_argument("--results", metavar="FILE", type=file_to_write((".json",)),
                      default=str(FOLDER / f"{name}.json"),
                      help=f"keep the results there (default: benchmarks/{name}.json)")
    return made


def parse(made):
    """Read the command line.

    Args:
      made: what `parser` made, with more options.

    Returns:
      An argparse.Namespace: the options; of_scripts, a list of str, what follows "--"; command, the
      whole command line, str.
    """
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = made.parse_args(arguments[:end])
    options.of_scripts = arguments[end + 1:]
    options.command = shlex.join(["python", f"benchmarks/{pathlib.Path(sys.argv[0]).name}",
                                  *arguments])
    return options
