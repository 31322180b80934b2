"""Measure how well the networks read digits: every stage and variation, with several seeds.

    python benchmarks/accuracy.py                       all of them, with seeds 0 to 4
    python benchmarks/accuracy.py --seeds 3 --only 1.0 2
    python benchmarks/accuracy.py --results short.json -- --iterations 500

Each run is a process of its own, `SCRIPT --text --seed S`, and goes into the results file as soon
as it is done. So Ctrl-C costs no more than the run at hand; the same command goes on from there.
A run that is in the file is not repeated as long as the script's code is the same. After a change
to what the script takes from common/, say --again.
"""

import collections
import hashlib
import io
import os
import re
import statistics
import sys
import tokenize

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import shared
from common.options import above_zero
from common.terminal import UserError, end_clearly

SCRIPTS = shared.STAGES | shared.VARIATIONS


def code_of(text):
    """A hash of what a script does: 16 hexadecimal digits.

    Its docstring and comments do not count, because measured figures are written there; nor do
    line breaks within a statement, and where in common/ its helpers are.

    Args:
      text: str, the script.
    """
    text = re.sub(r"^from common.*\n", "", text, flags=re.MULTILINE)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    _docstring, *code = [token.string for token in tokens
                         if token.type not in (tokenize.COMMENT, tokenize.NL)]
    return hashlib.sha256("".join(code).encode()).hexdigest()[:16]


def current(results, name):
    """The runs of a script as it is now.

    Args:
      results: a dictionary, the content of accuracy.json.
      name: str, that of the script.

    Returns:
      A list of dictionaries, by seed.
    """
    code = code_of((shared.PROJECT / SCRIPTS[name]).read_text(encoding="utf-8"))
    return [run for run in results["runs"] if (run["script"], run["code"]) == (name, code)]


def measure(name, path, seed, options):
    """Run a script to its end.

    Args:
      name: str, what the results call it.
      path: pathlib.Path.
      seed: int.
      options: a list of str, more options for it.

    Returns:
      A dictionary: script; code; seed; date and load of the machine; iterations; accuracy and loss
      of the last test; wall, the seconds of the whole process; tests, a dictionary of three lists;
      misread, a dictionary from the numbers of the test digits misread last to the computed digits.

    Raises:
      UserError: the script failed.
    """
    about = {"script": name, "code": code_of(path.read_text(encoding="utf-8")), "seed": seed,
             **shared.present()}
    notes = shared.run_script(path, ["--text", "--seed", seed, *options])
    iterations, accuracies, losses, _ = zip(*notes["tests"])
    accuracies = [round(accuracy, 4) for accuracy in accuracies]
    losses = [round(loss, 3) for loss in losses]
    return {**about, "iterations": notes["iterations"], "accuracy": accuracies[-1],
            "loss": losses[-1], "wall": round(notes["wall"], 1),
            "tests": {"iterations": iterations, "accuracies": accuracies, "losses": losses},
            "misread": notes["misread"]}


def add(results, run, machine, order):
    """Add a run, what `measure` gave, to the results, in place of an older one of its seed.

    Args:
      results: as for `current`.
      run: a dictionary.
      machine: a dictionary, `shared.machine()`. A run has its number in the list of all machines.
      order: a list of str, the names of the scripts, in the order of the results.
    """
    if machine not in results["machines"]:
        results["machines"].append(machine)
    key = run["script"], run["seed"]
    runs = [old for old in results["runs"] if (old["script"], old["seed"]) != key]
    runs.append(run | {"machine": results["machines"].index(machine)})
    results["runs"] = sorted(runs, key=lambda run: (order.index(run["script"]), run["seed"]))


def misread_by_vote(runs):
    """The test digits that several runs misread by majority: a dictionary as a run's `misread`.

    Where two digits have as many votes, that of the earlier run wins.

    Args:
      runs: a list of what `measure` gave.
    """
    voted = {}
    for number in set().union(*(run["misread"] for run in runs)):
        votes = collections.Counter(run["misread"].get(number) for run in runs)
        voted[number] = votes.most_common(1)[0][0]
    return {number: digit for number, digit in voted.items() if digit is not None}  # None: correct


def make_runs(missing, make_run, order, results, path):
    """Make runs one by one; each goes into the results file as soon as it is done.

    Args:
      missing: a list of (name, seed).
      make_run: a function from a name and a seed to what `measure` gives.
      order, results: as for `add`.
      path: str, the results file.
    """
    machine = shared.machine()
    for name, seed in shared.one_by_one(missing, lambda run: f"{run[0]}, seed {run[1]}"):
        run = make_run(name, seed)
        add(results, run, machine, order)
        shared.write_results(path, results)
        print(f"  {run['accuracy']:.4f}, loss {run['loss']:.3f}, {run['wall']:.1f} s", flush=True)


def origin(runs, machines):
    """For the line below a table: when and where these runs were made, str."""
    days = [run["date"].partition(" ")[0] for run in runs]
    days = " to ".join(dict.fromkeys([min(days), max(days)]))
    return f"Measured {days} on {'; and on '.join(map(shared.in_words, machines))}."


def first_above(run, mark):
    """The first iteration at which the test accuracy of a run was above a mark, or None."""
    tests = run["tests"]
    return next((iteration for iteration, accuracy
                 in zip(tests["iterations"], tests["accuracies"]) if accuracy > mark), None)


def tables(results):
    """The table of the content of accuracy.json: a dictionary with a str in markdown."""
    rows, of_all = [], []
    for name, file in SCRIPTS.items():
        runs, mark = current(results, name), shared.MARKS.get(name)
        if not runs:
            continue
        of_all += runs
        accuracy = [run["accuracy"] for run in runs]
        reached = [first for run in runs if mark and (first := first_above(run, mark)) is not None]
        above = f"{shared.median_and_range(reached, 0)}, {len(reached)} of {len(runs)} runs"
        rows.append([
            f"`{file}`", f"{runs[0]['iterations']:,}", f"{mark:g}" if mark else "",
            shared.mean_and_deviation(accuracy, 4), f"{min(accuracy):.4f}–{max(accuracy):.4f}",
            shared.mean_and_deviation([run["loss"] for run in runs], 2),
            shared.mean_and_deviation([max(run["tests"]["accuracies"]) for run in runs], 4),
            above if reached else "not reached" if mark else "",
            f"{statistics.median(run['wall'] for run in runs):.0f}", str(len(runs))])
    table = shared.markdown(
        ["script", ">iterations", ">codelab's mark", ">final test accuracy", "min–max",
         ">final test loss", ">maximum over the run", "first above the mark, iteration", ">seconds",
         ">runs"], rows)
    return {"accuracy": f"{table}\n\n{origin(of_all, results['machines'])}"}


def main():
    """Read the options, make the runs that are missing, print the table."""
    end_clearly()
    parser = shared.parser("accuracy", __doc__)
    parser.add_argument("--seeds", metavar="N", type=above_zero, default=5,
                        help="make runs with the seeds 0 to N - 1 (default: 5 seeds)")
    parser.add_argument("--again", action="store_true",
                        help="repeat runs that are in the results file")
    options = shared.parse(parser)
    results = shared.read_results(options.results) or {
        "measured by": "python benchmarks/accuracy.py", "options": options.of_scripts,
        "machines": [], "runs": []}
    if results["options"] != options.of_scripts:
        raise UserError(f"the runs in {options.results} have other options: name another file "
                        "with --results")
    # Seed by seed, so that a session that is cut short has something of each script.
    names = shared.chosen(SCRIPTS, options.only)
    wanted = [(name, seed) for seed in range(options.seeds) for name in names]
    done = [(run["script"], run["seed"]) for name in names for run in current(results, name)]
    missing = [run for run in wanted if options.again or run not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them in {options.results}")
    make_runs(missing, lambda name, seed: measure(name, shared.PROJECT / SCRIPTS[name], seed,
                                                  options.of_scripts),
              list(SCRIPTS), results, options.results)
    print(f"\n{tables(results)['accuracy']}\n\nresults in {options.results}")


if __name__ == "__main__":
    main()
