"""Measure how fast the six stages train, and what of the time is training.

    python benchmarks/speed.py                          in full: this takes a while
    python benchmarks/speed.py --rounds 1 --iterations 200 --only 1.0 2.0
    python benchmarks/speed.py --before ../older        another clone's stages, in turn with these

Each round measures of each stage, one after the other and in processes of their own,

- its training step, again and again on batches that are ready, and its tests;
- the whole script in text mode, and that of the other clone;
- the whole script with its window, on a virtual screen, where the program Xvfb is installed.

Nothing else should run meanwhile; the load of the machine at the start of each is kept beside it.
Threads can be set by environment variables of TensorFlow, as in TF_NUM_INTRAOP_THREADS=1.
"""

import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

import numpy as np

from benchmarks import processes, shared, tables
from common.errors import UserError, end_clearly
from common.options import above_zero

INK = 0x111827  # the window's digits are of this colour, and nothing else is
LOOK_EVERY, LOOK_AT = 0.02, 37  # seconds between two looks at the screen; one pixel in so many
IMPORT = "import time; start = time.monotonic(); import tensorflow; print(time.monotonic() - start)"


def import_tensorflow():
    """How many seconds TensorFlow's own import takes in a process that does nothing else, float."""
    return shared.rounded(float(processes.run("import tensorflow", ["-c", IMPORT])))


def measure_step(script, steps):
    """Measure the training step and the test of a stage.

    Args:
      script: a `shared.Script`.
      steps: int, how many training steps.

    Returns:
      Milliseconds of a step on batches that are ready, and of a test on 10,000 digits, floats.
    """
    notes = processes.run_script(script.path, ["--text", "--iterations", 100], ["--repeat", steps])
    tests = len(notes["tests"]) - 1  # the first one is before the first step
    return notes["step"], 1000 * notes["loop"]["test"] / tests


def start_up(notes):
    """Split the time up to the end of the first training step.

    Args:
      notes: a dictionary, what `processes.run_script` returned.

    Returns:
      A dictionary of seconds by `tables.START_PARTS`.
    """
    moments = [notes["started"], *(notes["marks"][part] for part in tables.START_PARTS)]
    return {part: end - begin
            for part, begin, end in zip(tables.START_PARTS, moments, moments[1:])}


def run_whole(path, options, environment=None):
    """Run a stage from its start to its end.

    Args:
      path: pathlib.Path, the stage.
      options: a list of str, its options.
      environment: a dictionary, as for `processes.run`.

    Returns:
      A dictionary: wall, seconds of the whole process; start, see `start_up`; loop, seconds of it
      by activity after the first step; iterations; processor seconds; megabytes, the most memory.
    """
    notes = processes.run_script(path, options, environment=environment)
    return {"wall": notes["wall"], "start": start_up(notes),
            **{name: notes[name]
               for name in ("loop", "iterations", "processor seconds", "megabytes")}}


def run_in_window(path, options, environment, pixels):
    """Run a stage with its window.

    Args:
      path, options: as for `run_whole`.
      environment, pixels: what `processes.virtual_screen` gave.

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


def measure(script, options, screen, progress):
    """Measure a stage once.

    Args:
      script: a `shared.Script`.
      options: those of the command line.
      screen: what `processes.virtual_screen` gave, or None for no window.
      progress: a `shared.Progress`.

    Returns:
      A dictionary that json can write.
    """
    load, of_scripts = shared.load(), shared.options_of_scripts(options)
    progress.begin(f"{script.name}, its training step")
    step, test = measure_step(script, options.steps)
    entry = {"stage": script.name, "date": shared.now(), "load": load, "step": step, "test": test}
    progress.begin(f"{script.name}, text")
    entry["text"] = run_whole(script.path, ["--text", *of_scripts])
    if options.before:
        progress.begin(f"{script.name} of {options.before}, text")
        entry["before"] = run_whole(options.before / script.file, ["--text", *of_scripts])
    if screen:
        progress.begin(f"{script.name}, window")
        entry["window"] = run_in_window(script.path, of_scripts, *screen)
    return shared.rounded(entry)


def measure_all(options, stages, screen):
    """Measure some stages in rounds; write the results file.

    Args:
      options, screen: as for `measure`.
      stages: a list of `shared.Script`.

    Returns:
      The results, a dictionary.
    """
    parts = 1 + len(stages) * (2 + bool(options.before) + bool(screen))
    progress = shared.Progress(options.rounds * parts)
    results = {"measured by": shared.command("speed"), "date": shared.now(),
               "machine": shared.machine(), "rounds": []}
    progress.say(shared.in_words(results["machine"]))
    for number in range(options.rounds):
        progress.begin("TensorFlow's import")
        imported = import_tensorflow()
        for script in stages:
            entry = measure(script, options, screen, progress) | {"import": imported}
            results["rounds"].append(entry)
            shared.write_results(options.results, results)
            progress.say(f"round {number + 1}, {script.name}: step {entry['step']:.2f} ms, "
                         f"text {entry['text']['wall']:.1f} s, load {entry['load']}")
    return results


def main():
    """Read the options, measure, print the tables."""
    end_clearly()
    parser = shared.parser("speed", __doc__)
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=5,
                        help="measure everything N times, in turn (default: 5)")
    parser.add_argument("--iterations", metavar="N", type=above_zero,
                        help="train the whole scripts for N iterations instead of their own number")
    parser.add_argument("--steps", metavar="N", type=above_zero, default=500,
                        help="measure N training steps a round (default: 500)")
    parser.add_argument("--before", metavar="FOLDER", type=pathlib.Path,
                        help="run the stages of the project's clone in FOLDER, too")
    parser.add_argument("--no-window", action="store_true", help="leave out runs with the window")
    options = shared.parse(parser)
    stages = shared.chosen(shared.stages(), options.only)
    for script in stages:
        if options.before and not (options.before / script.file).exists():
            raise UserError(f"--before: there is no {script.file} in {options.before}")
    with processes.virtual_screen() as screen:
        if screen is None and not options.no_window:
            print("There is no Xvfb: runs with the window are left out.")
        results = measure_all(options, stages, None if options.no_window else screen)
    print(f"\n{tables.speed_table(results)}\n\n{tables.start_table(results)}\n\n"
          f"results in {options.results}")


if __name__ == "__main__":
    main()
