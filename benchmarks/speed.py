"""Measure how fast the six stages train, and what of the time is training.

    python benchmarks/speed.py                          in full: this takes a while
    python benchmarks/speed.py --rounds 1 --iterations 200 --only 1.0 2.0

Each round measures, of each stage in turn and in processes of their own,

- its own lines on batches that are ready: the training step, the test, and so on (probe.py);
- the whole script in text mode (timed_run.py);
- the whole script with its window, on a virtual screen, where the program Xvfb is installed.

What is reported are medians over the rounds, with the least and the largest value. Nothing else
should run meanwhile; the load of the machine at the start of each measurement is kept beside it.

Start-up is all from the start of the process to the end of the first training step. Efficiency
is the time that the remaining steps and tests take in the text run, over the time from there to the
end of the run (its results printed), in text or with the window. Looks at the training batch are
none of what the run needs, and neither is loading batches.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import machine, processes, results_file, scripts, tables
from benchmarks.summary import median_and_range, significant, summarise
from common import clean_exit, text_output
from common.arguments import above_zero

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "speed.json"
SECTIONS = "python", "tensorflow", "data", "graph", "session", "first step"
IMPORT = """\
import time
start = time.monotonic()
import tensorflow
print(time.monotonic() - start)
"""


def start_up(notes, started):
    """Split the time up to the first training step.

    Args:
      notes: a dictionary, what timed_run.py wrote.
      started: float, when its process was started.

    Returns:
      A dictionary of seconds: each of `SECTIONS`, and "total". What the measurement itself took
      (reading the script) is left out.
    """
    seconds = dict.fromkeys(SECTIONS, 0.0)
    seconds["python"] = notes["python_is_up"] - started
    (_, before), *sections = notes["sections"]
    for section, when in sections:
        seconds[section] += when - before
        before = when
    seconds["first step"] = notes["first_step"] - before
    return seconds | {"total": sum(seconds.values())}


def efficiency(needing, notes):
    """The share of a run after its start-up that went into what it needs.

    Args:
      needing, notes: dictionaries, what timed_run.py wrote of a run in text mode and of the run
        in question, which may be the same one. In text mode nothing works beside the steps and
        tests, so what they take there is what they need.

    Returns:
      A float; for a run in text mode at most 1.
    """
    needed = needing["activities"]["train"] + needing["activities"]["test"]
    return needed / (notes["finished"] - notes["first_step"])


def measure_lines(script, options):
    """What probe.py prints of a stage, a dictionary."""
    printed, _, _ = processes.run(script.file, [
        FOLDER / "probe.py", script.path, "--steps", options.steps,
        "--warm-up", max(1, options.steps // 10), "--tests", options.tests])
    return json.loads(printed.splitlines()[-1])


def measure_run(script, iterations, screen=None):
    """Run a whole stage.

    Args:
      script: a `scripts.Script`.
      iterations: int, or None for its own number.
      screen: a dictionary, the environment of a screen to show its window on; None for text.

    Returns:
      A dictionary: notes, those of timed_run.py; started and ended, seconds of time.monotonic().
    """
    arguments = ["--text"] if screen is None else ["--close"]
    if iterations is not None:
        arguments += ["--iterations", iterations]
    with tempfile.TemporaryDirectory() as folder:
        notes = os.path.join(folder, "notes.json")
        _, started, ended = processes.run(
            script.file, [FOLDER / "timed_run.py", notes, script.path, *arguments], screen)
        with open(notes, encoding="utf-8") as file:
            return {"notes": json.load(file), "started": started, "ended": ended}


def import_tensorflow():
    """How many seconds TensorFlow's own import takes, in a process that does nothing else."""
    printed, _, _ = processes.run("import tensorflow", ["-c", IMPORT])
    return float(printed.splitlines()[-1])


def measure_stage(script, options, screen, imported, show):
    """Make all measurements of one stage in one round.

    Args:
      script: a `scripts.Script`.
      options: those of the command line.
      screen: a dictionary, or None for no window; see `measure_run`.
      imported: float, what `import_tensorflow` gave in this round.
      show: called with a str, what comes next.

    Returns:
      A dictionary that json can write, all numbers.
    """
    load = machine.load()
    show(f"{script.name}, its lines")
    lines = measure_lines(script, options)
    entry = {"stage": script.name, "load": load, "import": imported, "date": machine.now(),
             **{name: lines[name] for name in ("step", "step_median", "measure", "test")},
             "load_batch": lines["load"], "multiply_adds": lines["multiply_adds"]}
    for kind, on in (("text", None), ("window", screen)):
        if kind == "window" and screen is None:
            continue
        show(f"{script.name}, {kind}")
        run = measure_run(script, options.iterations, on)
        notes = run["notes"]
        entry |= {
            f"{kind}_wall": run["ended"] - run["started"],
            f"{kind}_after_start_up": notes["finished"] - notes["first_step"],
            f"{kind}_exit": run["ended"] - notes["finished"],
            f"{kind}_megabytes": notes["megabytes"]}
        if kind == "text":
            in_text = notes
            seconds = start_up(notes, run["started"])
            entry |= {f"start {section}": value for section, value in seconds.items()}
            entry |= {"start_over_import": seconds["total"] - imported,
                      "iterations": notes["last"], "tests": notes["tests"],
                      "measures": notes["measures"]}
        entry |= {f"{kind}_efficiency": efficiency(in_text, notes),
                  **{f"{kind} {activity}": seconds
                     for activity, seconds in notes["activities"].items()}}
    return {name: significant(value) if isinstance(value, float) else value
            for name, value in entry.items()}


def summarise_rounds(rounds):
    """Summarise the rounds of each stage.

    Args:
      rounds: a list of dictionaries, what `measure_stage` returned.

    Returns:
      A dictionary: for each stage one with a summary for each number.
    """
    stages = {}
    for entry in rounds:
        stages.setdefault(entry["stage"], []).append(entry)
    return {stage: {name: summarise([entry[name] for entry in entries])
                    for name, value in entries[0].items()
                    if isinstance(value, (int, float))
                    and all(entry.get(name) is not None for entry in entries)}
            for stage, entries in stages.items()}


def speed_table(summary):
    """Steps, runs, efficiency and memory, a table in markdown."""
    def cell(values, name, decimals):
        return median_and_range(values[name], decimals) if name in values else "–"

    return tables.markdown(
        ["stage", ">iterations", ">bare step, ms", ">test, ms", ">text: seconds", ">efficiency",
         ">window: seconds", ">efficiency", ">text: peak MB"],
        [[stage, f"{values['iterations']['median']:,.0f}", cell(values, "step", 2),
          cell(values, "test", 0), cell(values, "text_wall", 1),
          cell(values, "text_efficiency", 2), cell(values, "window_wall", 1),
          cell(values, "window_efficiency", 2), cell(values, "text_megabytes", 0)]
         for stage, values in summary.items()])


def start_table(summary):
    """What the start-up takes, a table in markdown."""
    return tables.markdown(
        ["stage, seconds", *(f">{section}" for section in SECTIONS), ">total",
         ">TensorFlow's own import", ">over it"],
        [[stage, *(f"{values[f'start {section}']['median']:.2f}" for section in SECTIONS),
          median_and_range(values["start total"], 2), median_and_range(values["import"], 2),
          median_and_range(values["start_over_import"], 2)]
         for stage, values in summary.items()])


def main():
    """Read the options, measure, print the tables."""
    clean_exit.install()
    options = _parser().parse_args()
    stages = scripts.choose(scripts.stages(), options.only)
    results_file.check(options.results)
    results = {"measured by": machine.command("benchmarks/speed.py"),
               "machine": machine.describe(),
               "steps": options.steps, "summary": {}, "rounds": []}
    print(machine.in_words(results["machine"]), flush=True)
    status, began = text_output.StatusLine(), time.monotonic()

    with processes.virtual_screen() as screen:
        if screen is None and not options.no_window:
            print("There is no Xvfb: runs with the window are left out.")
        if options.no_window:
            screen = None
        parts = options.rounds * (1 + len(stages) * (2 if screen is None else 3))
        done = 0

        def show(what):
            nonlocal done
            left = text_output.seconds_left(done, parts, time.monotonic() - began)
            status.show(f"measurement {done + 1} of {parts}: {what}"
                        + ("" if left is None else f"; about {text_output.hours(left)} left"))
            done += 1

        for number in range(options.rounds):
            show("TensorFlow's import")
            imported = import_tensorflow()
            for script in stages:
                entry = measure_stage(script, options, screen, imported, show)
                results["rounds"].append(entry)
                results["summary"] = summarise_rounds(results["rounds"])
                results_file.write(options.results, results)
                status.clear()
                print(f"round {number + 1} of {options.rounds}  {script.name}  "
                      f"step {entry['step']:.2f} ms  text {entry['text_wall']:.1f} s, efficiency "
                      f"{entry['text_efficiency']:.2f}  load {entry['load']}", flush=True)
    _report(options, results)


def _report(options, results):
    speed, start = speed_table(results["summary"]), start_table(results["summary"])
    print(f"\n{speed}\n\n{start}\n\nresults in {options.results}")
    if pathlib.Path(options.results).resolve() == RESULTS:
        when = (f"Medians of {options.rounds} rounds (least–largest) of "
                + machine.origin(results["measured by"], machine.now(), results["machine"]))
        tables.fill("speed", f"{speed}\n\n{when}")
        tables.fill("start-up", start)


def _parser():
    parser = argparse.ArgumentParser(
        usage="python benchmarks/speed.py [options]", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=5,
                        help="measure everything N times, in turn (default: 5)")
    parser.add_argument("--only", metavar="NAME", nargs="+",
                        help="only these stages: 1.0, or 2 for all that begin so")
    parser.add_argument("--iterations", metavar="N", type=above_zero,
                        help="train the whole scripts for N iterations instead of their own number")
    parser.add_argument("--steps", metavar="N", type=above_zero, default=500,
                        help="measure N bare training steps a round (default: 500)")
    parser.add_argument("--tests", metavar="N", type=above_zero, default=5,
                        help="measure N tests a round (default: 5)")
    parser.add_argument("--no-window", action="store_true", help="leave out runs with the window")
    parser.add_argument("--results", metavar="FILE", default=str(RESULTS),
                        help="keep the results there (default: benchmarks/speed.json)")
    return parser


if __name__ == "__main__":
    main()
