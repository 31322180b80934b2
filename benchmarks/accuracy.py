"""Measure how well the networks read digits: every stage and variation, with several seeds.

    python benchmarks/accuracy.py                       all of them, with seeds 0 to 4
    python benchmarks/accuracy.py --seeds 3 --only 1.0 2

Each run is a process of its own, `SCRIPT --text --seed S`, and goes into the results file as soon
as it is done. So Ctrl-C costs no more than the run at hand; the same command goes on from there.
A run that is in the file is not repeated, as long as the script's code, the seed and the number of
iterations are the same. The code is that of the script itself: after a change to the loader or to
what the dashboard measures, say --again.
"""

import argparse
import datetime
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import machine, results_file, run_output, scripts, tables
from benchmarks.summary import mean_and_deviation, median_and_range, summarise
from common import clean_exit, text_output
from common.arguments import above_zero

RESULTS = pathlib.Path(__file__).resolve().parent / "accuracy.json"
CURVES = "iterations", "accuracies", "losses"


class RunFailed(clean_exit.UserError):
    """A script ended without its results. The text says which one and what it said last."""


class Session:
    """The runs that are in a results file, and those that are still to be made.

    Attributes:
      runs: a list of dictionaries, in the file's order.
      machines: a list of dictionaries; a run has the number of its machine in it.
    """

    def __init__(self, path, wanted, iterations=None):
        """Read the file.

        Args:
          path: str or pathlib.Path; the file need not exist.
          wanted: a list of (`scripts.Script`, seed), the runs that should be in it at the end.
          iterations: int, how many each run shall train; None for the script's own number.

        Raises:
          UserError: the file cannot be read.
        """
        self._path = path
        results = results_file.read(path)
        self.machines = results.get("machines", [])
        self.runs = results.get("runs", [])
        self._wanted = wanted
        self._iterations = iterations

    def iterations_of(self, script):
        """How many iterations this session trains a script for, int."""
        return script.iterations if self._iterations is None else self._iterations

    def find(self, script, seed):
        """The run of this script and seed, a dictionary; None if it is missing or out of date."""
        for run in self.runs:
            if (run["script"], run["code"], run["seed"], run["iterations"]) == (
                    script.name, script.code, seed, self.iterations_of(script)):
                return run
        return None

    @property
    def missing(self):
        """The runs that are still to be made, a list of (`Script`, seed)."""
        return [(script, seed) for script, seed in self._wanted if self.find(script, seed) is None]

    def forget(self):
        """Count the wanted runs as missing, though they are in the file."""
        for script, seed in self._wanted:
            self._remove(script, seed)

    def add(self, script, seed, run, on):
        """Add a run, in place of one that is out of date, and write the file.

        Args:
          script, seed: a `Script` and an int.
          run: a dictionary, what `measure` returned.
          on: a dictionary, the machine.
        """
        self._remove(script, seed)
        if on not in self.machines:
            self.machines.append(on)
        self.runs.append({"script": script.name, "code": script.code, "seed": seed,
                          "iterations": self.iterations_of(script),
                          "machine": self.machines.index(on), **run})
        self.write()

    def write(self):
        """Write the file, with a summary of each script whose runs are up to date."""
        known = scripts.stages() + scripts.variations()
        known += [script for script, _ in self._wanted if script not in known]
        order = {script.name: number for number, script in enumerate(known)}
        self.runs.sort(key=lambda run: (order.get(run["script"], len(order)), run["iterations"],
                                        run["seed"]))
        results_file.write(self._path, {
            "measured by": "python benchmarks/accuracy.py",
            "deviation": "of a sample: divided by the number of runs less one",
            "machines": self.machines,
            "summary": {script.name: summary for script in known
                        if (summary := self.summary(script)) is not None},
            "runs": self.runs})

    def summary(self, script):
        """Summarise the runs of a script, all seeds of it that are up to date; None for no run."""
        runs = [run for run in self.runs if (run["script"], run["code"], run["iterations"]) == (
            script.name, script.code, self.iterations_of(script))]
        if not runs:
            return None
        summary = {
            "file": script.file, "code": script.code, "iterations": self.iterations_of(script),
            "seeds": [run["seed"] for run in runs],
            **{name: summarise([run[name] for run in runs])
               for name in ("accuracy", "loss", "maximum", "seconds", "wall")}}
        if script.mark is not None:
            first = [run["first_above"] for run in runs if run["first_above"] is not None]
            summary |= {"mark": script.mark, "mark_reached": len(first),
                        "first_above": summarise(first) if first else None}
        return summary

    def _remove(self, script, seed):
        self.runs = [run for run in self.runs
                     if (run["script"], run["seed"], run["iterations"])
                     != (script.name, seed, self.iterations_of(script))]


def measure(script, seed, iterations, show=lambda iteration: None):
    """Run a script to its end.

    Args:
      script: a `scripts.Script`.
      seed: int.
      iterations: int, or None for the script's own number.
      show: called with the iteration (int) for each row that the script prints.

    Returns:
      A dictionary that json can write: final accuracy and loss; maximum, and its iteration;
      first_above, the first iteration above the codelab's mark; seconds of training; wall, seconds
      of the whole process; load of the machine; date; tests, a dictionary of three lists.

    Raises:
      RunFailed: the script failed, was not trained to its end, or is no longer what it was.
    """
    command = [sys.executable, str(script.path), "--text", "--seed", str(seed)]
    if iterations is not None:
        command += ["--iterations", str(iterations)]
    output = run_output.Output()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:  # some scripts leave pictures behind
        errors = os.path.join(folder, "errors")
        with open(errors, "w+", encoding="utf-8", errors="replace") as stderr:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=stderr, text=True, errors="replace", encoding="utf-8",
                env=os.environ | {"PYTHONIOENCODING": "utf-8"},
                start_new_session=True)  # out of the reach of Ctrl-C, which is for this process
            try:
                for line in process.stdout:
                    output.read(line)
                    if output.iteration is not None:
                        show(output.iteration)
                status = process.wait()
            except BaseException:
                process.kill()
                process.wait()
                raise
            wall = time.monotonic() - start
            stderr.seek(0)
            said = stderr.read().strip().splitlines()
    if status != 0 or output.final is None:
        raise RunFailed(f"{script.file} --seed {seed} ended with status {status}"
                        + (f": {said[-1]}" if said else ", without results"))
    if scripts.hash_of_code(script.path.read_text(encoding="utf-8")) != script.code:
        raise RunFailed(f"{script.file} was changed since this session began: start it again")
    accuracy, loss, last, seconds = output.final
    if iterations is not None and last != iterations:
        raise RunFailed(f"{script.file} --seed {seed} ended after {last:,} iterations, "
                        f"not {iterations:,}")
    maximum, maximum_at = output.maximum
    return {"accuracy": accuracy, "loss": loss, "maximum": maximum, "maximum_at": maximum_at,
            "first_above": None if script.mark is None else output.first_above(script.mark),
            "seconds": seconds, "wall": round(wall, 1), "load": machine.load(),
            "date": machine.now(),
            "tests": {name: getattr(output, name) for name in CURVES}}


def seconds_left(missing, runs, iterations_of, done=0.0, elapsed=0.0):
    """Estimate how long the missing runs take.

    A script that was run before takes as long again, for each iteration; others are taken for
    average.

    Args:
      missing: a list of (`Script`, seed); the first one may be running.
      runs: a list of the runs that are done.
      iterations_of: a function that gives the iterations of a script.
      done: float, 0 to 1, how much of the first one is done.
      elapsed: float, the seconds that took.

    Returns:
      Seconds, float, or None where nothing is known yet.
    """
    rates = {}  # seconds for an iteration
    for run in runs:
        rates.setdefault(run["script"], []).append(run["wall"] / max(1, run["iterations"]))
    rates = {name: sum(values) / len(values) for name, values in rates.items()}
    if missing and done > 0:
        script = missing[0][0]
        rates[script.name] = elapsed / (done * max(1, iterations_of(script)))
    if not rates:
        return None if missing else 0.0
    average = sum(rates.values()) / len(rates)
    total = sum(rates.get(script.name, average) * iterations_of(script) for script, _ in missing)
    return max(0.0, total - elapsed)


def run_missing(session, on):
    """Make the runs that are missing, with a progress display.

    Args:
      session: a `Session`.
      on: a dictionary, the machine.

    Returns:
      A list of str, what the runs said that failed.
    """
    status = text_output.StatusLine()
    missing, failures = session.missing, []
    for number, (script, seed) in enumerate(missing):
        start = time.monotonic()
        total = session.iterations_of(script)

        def show(iteration, number=number, script=script, seed=seed, start=start, total=total):
            left = seconds_left(missing[number:], session.runs, session.iterations_of,
                                iteration / total if total else 0.0, time.monotonic() - start)
            status.show(f"run {number + 1} of {len(missing)}: {script.name} --seed {seed}, "
                        f"iteration {iteration:,} of {total:,}"
                        + ("" if left is None else f"; {text_output.hours(left)} left"))

        show(0)
        try:
            run = measure(script, seed, total, show)
        except RunFailed as error:
            failures.append(str(error))
            status.clear()
            print(error, file=sys.stderr, flush=True)
            continue
        session.add(script, seed, run, on)
        status.clear()
        left = seconds_left(missing[number + 1:], session.runs, session.iterations_of)
        print(f"{number + 1:3d}/{len(missing)}  {script.name}  seed {seed}  {run['accuracy']:.4f}  "
              f"loss {run['loss']:.3f}  {run['wall']:.1f} s; "
              f"{text_output.hours(left or 0)} left", flush=True)
    return failures


def table(session, which):
    """The results as a table in markdown.

    Args:
      session: a `Session`.
      which: a list of `Script`; those without a run are left out.

    Returns:
      A str of several lines.
    """
    rows = []
    for script in which:
        summary = session.summary(script)
        if summary is None:
            continue
        mark, first = None, None
        if script.mark is not None:
            mark = f"{script.mark:g}"
            first = "not reached"
            if summary["first_above"]:
                first = (f"{median_and_range(summary['first_above'], 0)}, "
                         f"{summary['mark_reached']} of {len(summary['seeds'])} runs")
        rows.append([
            f"`{script.file}`", f"{summary['iterations']:,}", mark,
            mean_and_deviation(summary["accuracy"], 4),
            f"{summary['accuracy']['min']:.4f}–{summary['accuracy']['max']:.4f}",
            mean_and_deviation(summary["loss"], 2),
            mean_and_deviation(summary["maximum"], 4), first,
            f"{summary['wall']['median']:.0f}", str(len(summary["seeds"]))])
    return tables.markdown(
        ["script", ">iterations", ">codelab's mark", ">final test accuracy", "min–max",
         ">final test loss", ">maximum over the run", "first above the mark, iteration", ">seconds",
         ">runs"], rows)


def main():
    """Read the options, make the runs, print the table."""
    clean_exit.install()
    parser = _parser()
    options = parser.parse_args()
    if options.iterations is not None and pathlib.Path(options.results).resolve() == RESULTS:
        parser.error("--iterations: name a file for such results with --results")
    which = scripts.choose(scripts.stages() + scripts.variations(), options.only)
    # Seed by seed, so that a session that is cut short has something of each script.
    wanted = [(script, seed) for seed in range(options.seeds) for script in which]
    results_file.check(options.results)
    session = Session(options.results, wanted, options.iterations)
    if options.again:
        session.forget()
    missing = session.missing
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them in {options.results}",
          flush=True)
    on = machine.describe()
    print(machine.in_words(on), flush=True)
    try:
        failures = run_missing(session, on)
    except KeyboardInterrupt:
        print(f"\n{len(wanted) - len(session.missing)} of {len(wanted)} runs are in "
              f"{options.results}; the same command goes on from there.")
        raise
    session.write()  # the scripts may have changed since the latest run
    everything = table(session, which)
    print(f"\n{everything}\n\nresults in {options.results}")
    if pathlib.Path(options.results).resolve() == RESULTS:
        complete = table(session, scripts.stages() + scripts.variations())
        tables.fill("accuracy", f"{complete}\n\n{_when(session)}")
    if failures:
        raise clean_exit.UserError(f"{len(failures)} runs failed: {failures[-1]}")


def _when(session):
    """One sentence on where and when the runs were made."""
    dates = sorted(datetime.datetime.strptime(run["date"], "%Y-%m-%d %H:%M:%S").date()
                   for run in session.runs)
    machines = [session.machines[number]
                for number in sorted({run["machine"] for run in session.runs})]
    days = " to ".join(dict.fromkeys((str(dates[0]), str(dates[-1])))) if dates else ""
    return f"Measured {days} on {'; and on '.join(map(machine.in_words, machines))}."


def _parser():
    parser = argparse.ArgumentParser(
        usage="python benchmarks/accuracy.py [options]", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", metavar="N", type=above_zero, default=5,
                        help="make runs with the seeds 0 to N - 1 (default: 5 seeds)")
    parser.add_argument("--only", metavar="NAME", nargs="+",
                        help="only these scripts: 1.0, 2 for all that begin so, one_hidden_layer")
    parser.add_argument("--iterations", metavar="N", type=above_zero,
                        help="train for N iterations instead of each script's own number; needs "
                             "--results")
    parser.add_argument("--again", action="store_true",
                        help="repeat runs that are in the results file")
    parser.add_argument("--results", metavar="FILE", default=str(RESULTS),
                        help="keep the results there (default: benchmarks/accuracy.json)")
    return parser


if __name__ == "__main__":
    main()
