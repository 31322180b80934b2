"""Measure how fast the six stages train, and what of the time is training.

    python benchmarks/speed.py                          in full: this takes a while
    python benchmarks/speed.py --rounds 1 --only 1.0 2.0 -- --iterations 200
    python benchmarks/speed.py --before ../older        another clone's stages, in turn with these

Each round runs of each stage, one after the other and in processes of their own,

- the whole script in text mode, and that of the other clone;
- the whole script with its window, on a virtual screen, where the program Xvfb is installed.

A stage runs as it is, on a session and a dashboard that look at the clock. Nothing else should run
meanwhile; the load of the machine is kept beside each measurement. Threads can be set by
environment variables of TensorFlow, as in TF_NUM_INTRAOP_THREADS=1.
"""

import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

import numpy as np

from benchmarks import shared
from benchmarks.timed_run import START
from common.options import above_zero
from common.terminal import UserError, end_clearly

INK = 0x111827  # the window's digits are of this colour, and nothing else is
LOOK_EVERY, LOOK_AT = 0.02, 37  # seconds between two looks at the screen; one pixel in so many
IMPORT = "import time; start = time.monotonic(); import tensorflow; print(time.monotonic() - start)"


@contextlib.contextmanager
def virtual_screen():
    """Open a virtual screen of 1920×1200 pixels.

    Gives its environment, a dictionary, and the file (pathlib.Path) that holds its pixels; or None
    where there is no Xvfb.
    """
    if shutil.which("Xvfb") is None:
        print("There is no Xvfb: runs with the window are left out.")
        yield None
        return
    read, write = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1200x24", "-dpi", "96",
             "-nolisten", "tcp", "-noreset", "-fbdir", folder],
            pass_fds=[write], stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(write)
        try:
            with os.fdopen(read) as number:
                display = ":" + number.readline().strip()
            yield {"DISPLAY": display}, pathlib.Path(folder, "Xvfb_screen0")
        finally:
            server.terminate()
            server.wait()


def run_whole(path, options, environment=None):
    """Run a stage from its start to its end.

    Args:
      path, options, environment: as for `shared.run_script`.

    Returns:
      A dictionary as of `shared.run_script`, but without steps and misread, and tests is their
      number, int; like the seconds of the loop it begins after the first step.
    """
    notes = shared.run_script(path, options, environment=environment)
    del notes["steps"], notes["misread"]
    return notes | {"tests": len(notes["tests"]) - 1}


def run_in_window(path, options, environment, pixels):
    """Run a stage with its window.

    Args:
      path, options: as for `run_whole`.
      environment, pixels: what `virtual_screen` gave.

    Returns:
      A dictionary as of `run_whole`; and first digits, the seconds until there were some on the
      screen, None if there never were.
    """
    over, seen = threading.Event(), []
    began = time.monotonic()

    def look():
        screen = np.memmap(pixels, "<u4", mode="r")[::LOOK_AT]
        while not seen and not over.wait(LOOK_EVERY):
            if np.any(screen == INK):
                seen.append(time.monotonic() - began)

    watch = threading.Thread(target=look)
    watch.start()
    try:
        run = run_whole(path, ["--close", *options], environment)
    finally:
        over.set()
        watch.join()
    return run | {"first digits": seen[0] if seen else None}


def measure(stage, options, screen):
    """Measure a stage once.

    Args:
      stage: str, its name.
      options: those of the command line.
      screen: what `virtual_screen` gave, or None for no window.

    Returns:
      A dictionary that json can write.
    """
    file, of_scripts = shared.STAGES[stage], options.of_scripts
    entry = {"stage": stage, **shared.present(),
             "import": float(shared.run("import tensorflow", ["-c", IMPORT])),
             "text": run_whole(shared.PROJECT / file, ["--text", *of_scripts])}
    if options.before:
        entry["before"] = run_whole(options.before / file, ["--text", *of_scripts])
    if screen:
        entry["window"] = run_in_window(shared.PROJECT / file, of_scripts, *screen)
    return shared.rounded(entry)


def milliseconds(run, activity, number):
    """Those of a step or test in the loop of a run, float, a mean.

    Args:
      run: a dictionary, what `run_whole` gave.
      activity: str, "step" or "test".
      number: str, what `run` has their number under.
    """
    return 1000 * run["loop"][activity] / run[number]


def efficiency(run):
    """The share of a run's loop that goes into training steps and tests, float, 0 to 1."""
    return (run["loop"]["step"] + run["loop"]["test"]) / sum(run["loop"].values())


def tables(results):
    """Two tables of the content of speed.json: a dictionary of str in markdown."""
    rounds = max(map(len, shared.grouped(results["rounds"], "stage").values()))
    return {"speed": f"{run_table(results)}\n\nMedians of {rounds} rounds (least–largest) of "
                     f"{shared.origin(results)}",
            "start-up": start_table(results)}


def run_table(results):
    """Steps, whole runs and memory: a str in markdown."""
    rows = []
    for stage, entries in shared.grouped(results["rounds"], "stage").items():
        texts = [entry["text"] for entry in entries]
        windows = [entry for entry in entries if "window" in entry]
        before = [entry for entry in entries if "before" in entry]
        rows.append([stage, f"{texts[0]['iterations']:,}", *(
            shared.median_and_range(values, decimals) for values, decimals in (
                ([milliseconds(text, "step", "iterations") for text in texts], 2),
                ([milliseconds(text, "test", "tests") for text in texts], 0),
                ([text["wall"] for text in texts], 1),
                ([efficiency(text) for text in texts], 2),
                ([entry["window"]["wall"] for entry in windows], 1),
                ([entry["window"]["wall"] / entry["text"]["wall"] for entry in windows], 2),
                ([entry["text"]["wall"] / entry["before"]["wall"] for entry in before], 2),
                ([text["megabytes"] for text in texts], 0)))])
    return shared.markdown(
        ["stage", ">iterations", ">step, ms", ">test, ms", ">text: seconds", ">efficiency",
         ">window: seconds", ">window ÷ text", ">after ÷ before", ">text: peak MB"], rows)


def start_table(results):
    """What the start takes: a str in markdown."""
    parts = [*(part for part in START if part != "dashboard"), "first step"]
    rows = []
    for stage, entries in shared.grouped(results["rounds"], "stage").items():
        starts = [entry["text"]["start"] for entry in entries]
        totals = [sum(start.values()) for start in starts]
        windows = [window for entry in entries
                   if (window := entry.get("window", {})).get("first digits")]
        rows.append([
            stage,
            *(f"{statistics.median(start[part] for start in starts):.2f}" for part in parts),
            *(shared.median_and_range(values, 2) for values in (
                totals,
                [entry["import"] for entry in entries],
                [total - entry["import"] for total, entry in zip(totals, entries)],
                [window["start"]["dashboard"] for window in windows],
                [window["first digits"] for window in windows]))])
    return shared.markdown(
        ["stage, seconds", *(f">{part}" for part in parts), ">total", ">TensorFlow's own import",
         ">over it", ">window: waited for", ">window: first digits"], rows)


def main():
    """Read the options, measure, print the tables."""
    end_clearly()
    parser = shared.parser("speed", __doc__)
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=5,
                        help="measure everything N times, in turn (default: 5)")
    parser.add_argument("--before", metavar="FOLDER", type=pathlib.Path,
                        help="run the stages of the project's clone in FOLDER, too")
    parser.add_argument("--no-window", action="store_true", help="leave out runs with the window")
    options = shared.parse(parser)
    stages = shared.chosen(shared.STAGES, options.only)
    for stage in stages:
        if options.before and not (options.before / shared.STAGES[stage]).exists():
            raise UserError(f"--before: there is no {shared.STAGES[stage]} in {options.before}")
    results = {"measured by": options.command, **shared.present(), "machine": shared.machine(),
               "rounds": []}
    with contextlib.nullcontext() if options.no_window else virtual_screen() as screen:
        for stage in shared.one_by_one(stages * options.rounds, str):
            entry = measure(stage, options, screen)
            results["rounds"].append(entry)
            shared.write_results(options.results, results)
            step = milliseconds(entry["text"], "step", "iterations")
            print(f"  step {step:.2f} ms, text {entry['text']['wall']:.1f} s, load {entry['load']}",
                  flush=True)
    print("\n\n".join(["", *tables(results).values(), f"results in {options.results}"]))


if __name__ == "__main__":
    main()
