"""Measure how well the networks read digits: every stage and variation, with several seeds.

    python benchmarks/accuracy.py                       all of them, with seeds 0 to 4
    python benchmarks/accuracy.py --seeds 3 --only 1.0 2

Each run is a process of its own, `SCRIPT --text --seed S`, and goes into the results file as soon
as it is done. So Ctrl-C costs no more than the run at hand; the same command goes on from there.
A run that is in the file is not repeated as long as the script's code, its options and the seed are
the same. After a change to what the script takes from common/, say --again.
"""

import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import processes, shared, tables
from common.errors import UserError, end_clearly
from common.options import above_zero


class Runs:
    """The runs in a results file.

    Attributes:
      rows: a list of dictionaries, one for each run.
      machines: a list of dictionaries; a run has the number of its machine in it.
    """

    def __init__(self, path, options=()):
        """Read a file, which need not exist.

        Args:
          path: str or pathlib.Path.
          options: a list of str, options of the scripts; runs with others do not count.

        Raises:
          UserError: the file cannot be read.
        """
        self._path, self._options = path, list(options)
        results = shared.read_results(path)
        self.machines, self.rows = results.get("machines", []), results.get("runs", [])

    def of(self, script, seed=None):
        """The runs of a script as it is now, a list; only that with `seed` where that is given."""
        return [row for row in tables.current(self.rows, script, self._options)
                if seed in (None, row["seed"])]

    def remove(self, script, seed):
        """Forget the run of a script and seed with these options, also of older code."""
        key = script.name, seed, self._options
        self.rows = [row for row in self.rows
                     if (row["script"], row["seed"], row["options"]) != key]

    def add(self, script, seed, machine, measured):
        """Add a run, what `measure` gave, in place of an older one; write the file."""
        self.remove(script, seed)
        if machine not in self.machines:
            self.machines.append(machine)
        self.rows.append({"script": script.name, "code": script.code, "seed": seed,
                          "options": self._options, "machine": self.machines.index(machine),
                          **measured})
        order = [known.name for known in shared.stages() + shared.variations()]
        self.rows.sort(key=lambda row: (order.index(row["script"]), row["options"], row["seed"]))
        shared.write_results(self._path, {"measured by": "python benchmarks/accuracy.py",
                                          "machines": self.machines, "runs": self.rows})


def measure(script, seed, options):
    """Run a script to its end.

    Args:
      script: a `shared.Script`.
      seed: int.
      options: a list of str, more options for it.

    Returns:
      A dictionary: iterations; accuracy and loss of the last test; wall, the seconds of the whole
      process; load of the machine before it; date; tests, a dictionary of three lists.

    Raises:
      Failed: the script failed, or is no longer what it was.
    """
    load = shared.load()
    notes = processes.run_script(script.path, ["--text", "--seed", seed, *options])
    if shared.read_script(script.path) != script:
        raise processes.Failed(f"{script.path.name} was changed while it ran: start again")
    iterations, accuracies, losses, _ = zip(*notes["tests"])
    accuracies = [round(accuracy, 4) for accuracy in accuracies]
    losses = [round(loss, 3) for loss in losses]
    return {"iterations": notes["iterations"], "accuracy": accuracies[-1], "loss": losses[-1],
            "wall": round(notes["wall"], 1), "load": load, "date": shared.now(),
            "tests": {"iterations": iterations, "accuracies": accuracies, "losses": losses}}


def seconds_left(missing, rows):
    """Estimate how long runs take, from those that were made.

    Args:
      missing: a list of (`Script`, seed).
      rows: as in `Runs`.

    Returns:
      Seconds, float; None where there is nothing to go by. A new script is taken for average.
    """
    walls = {}
    for row in rows:
        walls.setdefault(row["script"], []).append(row["wall"])
    if not walls:
        return None
    means = {name: statistics.fmean(seconds) for name, seconds in walls.items()}
    average = statistics.fmean(means.values())
    return sum(means.get(script.name, average) for script, _ in missing)


def make(runs, missing, options):
    """Make the runs that are missing, one after the other.

    Args:
      runs: a `Runs`, to which they are added.
      missing: a list of (`Script`, seed).
      options: a list of str, more options for the scripts.

    Returns:
      A list of str, what was said of runs that failed.
    """
    progress, failures, machine = shared.Progress(len(missing)), [], shared.machine()
    progress.say(shared.in_words(machine))
    for number, (script, seed) in enumerate(missing):
        words = f"{script.name}, seed {seed}"
        progress.begin(words, seconds_left(missing[number:], runs.rows))
        try:
            measured = measure(script, seed, options)
        except processes.Failed as error:
            failures.append(str(error))
            progress.say(f"{words}: {error}")
            continue
        runs.add(script, seed, machine, measured)
        progress.say(f"{words}: {measured['accuracy']:.4f}, loss {measured['loss']:.3f}, "
                     f"{measured['wall']:.1f} s")
    return failures


def main():
    """Read the options, make the runs, print the table."""
    end_clearly()
    parser = shared.parser("accuracy", __doc__)
    parser.add_argument("--seeds", metavar="N", type=above_zero, default=5,
                        help="make runs with the seeds 0 to N - 1 (default: 5 seeds)")
    parser.add_argument("--iterations", metavar="N", type=above_zero,
                        help="train for N iterations instead of each script's own number")
    parser.add_argument("--again", action="store_true",
                        help="repeat runs that are in the results file")
    options = shared.parse(parser)
    of_scripts = shared.options_of_scripts(options)
    if of_scripts and options.results == parser.get_default("results"):
        parser.error("for runs with other options, name another file with --results")
    which = shared.chosen(shared.stages() + shared.variations(), options.only)
    # Seed by seed, so that a session that is cut short has something of each script.
    wanted = [(script, seed) for seed in range(options.seeds) for script in which]
    runs = Runs(options.results, of_scripts)
    if options.again:
        for script, seed in wanted:
            runs.remove(script, seed)
    missing = [(script, seed) for script, seed in wanted if not runs.of(script, seed)]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them in {options.results}",
          flush=True)
    failures = make(runs, missing, of_scripts) if missing else []
    print(f"\n{tables.accuracy_table({script: runs.of(script) for script in which})}\n\n"
          f"results in {options.results}")
    if failures:
        raise UserError(f"{len(failures)} runs failed, the last one: {failures[-1]}")


if __name__ == "__main__":
    main()
