"""Measure how fast the six stages train, and what of the time is training.

    python benchmarks/speed.py                          in full: this takes a while
    python benchmarks/speed.py --rounds 1 --only 1.0 2.0 -- --iterations 200
    python benchmarks/speed.py --before ../older        another clone's stages, in turn with these

Each round runs of each stage, one after the other and in processes of their own,

- the whole script in text mode, and that of the other clone;
- the whole script with its window, on a virtual screen, where the program Xvfb is installed.

Nothing else should run meanwhile; the load of the machine is kept beside each measurement. Threads
can be set by environment variables of TensorFlow, as in TF_NUM_INTRAOP_THREADS=1.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

import numpy as np

from benchmarks import options, results, scripts, tables
from common.options import whole_number
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


def run_whole(path, of_script, environment=None):
    """Run a stage from its start to its end.

    Args:
      path, of_script, environment: as for `scripts.run_script`.

    Returns:
      A dictionary as of `scripts.run_script`, but without misread, and tests is their number, int;
      like the seconds of the loop it begins after the first step.
    """
    notes = scripts.run_script(path, of_script, environment)
    del notes["misread"]
    return notes | {"tests": len(notes["tests"]) - 1}


def run_in_window(path, of_script, environment, pixels):
    """Run a stage with its window.

    Args:
      path, of_script: as for `run_whole`.
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
        run = run_whole(path, ["--close", *of_script], environment)
    finally:
        over.set()
        watch.join()
    return run | {"first digits": seen[0] if seen else None}


def measure(stage, chosen, screen):
    """Measure a stage once.

    Args:
      stage: str, its name.
      chosen: the options of the command line.
      screen: what `virtual_screen` gave, or None for no window.

    Returns:
      A dictionary that json can write.
    """
    file, of_scripts = scripts.STAGES[stage], chosen.of_scripts
    entry = {"stage": stage, **results.present(),
             "import": float(scripts.run("import tensorflow", ["-c", IMPORT])),
             "text": run_whole(scripts.PROJECT / file, ["--text", *of_scripts])}
    if chosen.before:
        entry["before"] = run_whole(chosen.before / file, ["--text", *of_scripts])
    if screen:
        entry["window"] = run_in_window(scripts.PROJECT / file, of_scripts, *screen)
    return results.rounded(entry)


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


def all_tables(measured):
    """Two tables of the content of speed.json: a dictionary of str in markdown."""
    stages = results.grouped(measured["rounds"], "stage")
    speed, start = [], []
    for stage, entries in stages.items():
        texts = [entry["text"] for entry in entries]
        windows = [entry for entry in entries if "window" in entry]
        before = [entry for entry in entries if "before" in entry]
        speed.append([stage, f"{texts[0]['iterations']:,}", *(
            tables.median_and_range(values, decimals) for values, decimals in (
                ([milliseconds(text, "step", "iterations") for text in texts], 2),
                ([milliseconds(text, "test", "tests") for text in texts], 0),
                ([text["wall"] for text in texts], 1),
                ([efficiency(text) for text in texts], 2),
                ([entry["window"]["wall"] for entry in windows], 1),
                ([entry["window"]["wall"] / entry["text"]["wall"] for entry in windows], 2),
                ([entry["text"]["wall"] / entry["before"]["wall"] for entry in before], 2),
                ([text["megabytes"] for text in texts], 0)))])
        start.append([stage, *(
            tables.median_and_range(values, 2) for values in (
                [text["start"] for text in texts], [entry["import"] for entry in entries],
                [entry["text"]["start"] - entry["import"] for entry in entries],
                [entry["window"]["first digits"] for entry in windows
                 if entry["window"]["first digits"]]))])
    rounds = max(map(len, stages.values()))
    return {
        "speed": tables.markdown(
            ["stage", ">iterations", ">step, ms", ">test, ms", ">text: seconds", ">efficiency",
             ">window: seconds", ">window ÷ text", ">after ÷ before", ">text: peak MB"], speed)
        + f"\n\nMedians of {rounds} rounds (least–largest) of {results.origin(measured)}",
        "start-up": tables.markdown(
            ["stage, seconds", ">first step done", ">TensorFlow's own import", ">over it",
             ">window: first digits"], start)}


def main():
    """Read the options, measure, print the tables."""
    end_clearly()
    parser = options.parser("speed", __doc__)
    parser.add_argument("--rounds", metavar="N", type=whole_number(1), default=5,
                        help="measure everything N times, in turn (default: 5)")
    parser.add_argument("--before", metavar="FOLDER", type=pathlib.Path,
                        help="run the stages of the project's clone in FOLDER, too")
    parser.add_argument("--no-window", action="store_true", help="leave out runs with the window")
    chosen = options.parse(parser)
    stages = scripts.chosen(scripts.STAGES, chosen.only)
    for stage in stages:
        if chosen.before and not (chosen.before / scripts.STAGES[stage]).exists():
            raise UserError(f"--before: there is no {scripts.STAGES[stage]} in {chosen.before}")
    measured = {"measured by": chosen.command, **results.present(), "machine": results.machine(),
                "rounds": []}
    with contextlib.nullcontext() if chosen.no_window else virtual_screen() as screen:
        for stage in scripts.one_by_one(stages * chosen.rounds, str):
            entry = measure(stage, chosen, screen)
            measured["rounds"].append(entry)
            results.write(chosen.results, measured)
            step = milliseconds(entry["text"], "step", "iterations")
            print(f"  step {step:.2f} ms, text {entry['text']['wall']:.1f} s, load {entry['load']}",
                  flush=True)
    print("\n\n".join(["", *all_tables(measured).values(), f"results in {chosen.results}"]))


if __name__ == "__main__":
    main()
