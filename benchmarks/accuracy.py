"""Measure how well the networks read digits: every stage and variation, with several seeds.

    python benchmarks/accuracy.py                       all of them, with seeds 0 to 4
    python benchmarks/accuracy.py --seeds 3 --only 1.0 2
    python benchmarks/accuracy.py --results short.json -- --iterations 500
    python benchmarks/accuracy.py --ideas --seeds 3     what each idea of a variation is worth

Each run is a process of its own, `SCRIPT --text --seed S`, and goes into the results file as soon
as it is done. So Ctrl-C costs no more than the run at hand; the same command goes on from there.
A run that is in the file is not repeated as long as the script's code is the same. After a change
to what the script takes from common/, say --again.
"""

import collections
import hashlib
import io
import os
import pathlib
import re
import statistics
import sys
import tempfile
import tokenize

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import options, results, scripts, tables
from common.options import whole_number
from common.terminal import UserError, end_clearly

SCRIPTS = scripts.STAGES | scripts.VARIATIONS
TEST_DIGITS = 10_000

# The variation whose ideas are measured, and what to put in place of what, so that one is gone.
AUGMENTED = "batch_norm_augmented"
REPLACED = {
    "batch normalisation": ("(Z - mean)*(gamma/tf.sqrt(variance + 0.001)) + beta", "Z + beta"),
    "distortion": ("batch_X = sess.run(X_distorted, feed_dict={X: batch_X})", "pass"),
    "falling rate": ("tf.train.cosine_decay(0.004, step, options.iterations or 36*300)",
                     "0.0001 + 0.004*tf.exp(-step/2000)"),
}
SHORT, LONG = 1500, 32_400  # iterations: five epochs, half an hour
# Names of rows; the script, the ideas that are gone from it, iterations.
IDEAS = {
    "stage 3.1": ("3.1", (), 2 * SHORT),  # its batches are half as large
    "the network": (AUGMENTED, ("batch normalisation", "distortion", "falling rate"), SHORT),
    "+ batch normalisation": (AUGMENTED, ("distortion", "falling rate"), SHORT),
    "+ distortion": (AUGMENTED, ("falling rate",), SHORT),  # so all less the falling rate, too
    "+ falling rate: all": (AUGMENTED, (), SHORT),
    "all less batch normalisation": (AUGMENTED, ("batch normalisation",), SHORT),
    "all less distortion": (AUGMENTED, ("distortion",), SHORT),
    "all, trained longer": (AUGMENTED, (), LONG),
}
ROWS = {name: (name, (), None) for name in SCRIPTS} | IDEAS


def text_of(row):
    """The code of a row (str, its name), str: that of its script, without the ideas that are gone.

    Raises:
      UserError: the script does not have the lines of an idea.
    """
    name, gone, _ = ROWS[row]
    text = (scripts.PROJECT / SCRIPTS[name]).read_text(encoding="utf-8")
    for idea in gone:
        old, new = REPLACED[idea]
        if text.count(old) != 1:
            raise UserError(f"{SCRIPTS[name]} does not have the line of the {idea} once: {old}")
        text = text.replace(old, new)
    return text


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


def current(measured, row):
    """The runs of a row as its script is now.

    Args:
      measured: a dictionary, the content of accuracy.json.
      row: str, its name.

    Returns:
      A list of dictionaries, by seed.
    """
    code, (_, _, iterations) = code_of(text_of(row)), ROWS[row]
    return [run for run in measured["runs"] if (run["script"], run["code"]) == (row, code)
            and iterations in (None, run["iterations"])]


def measure(row, seed, of_script):
    """Run a row's script to its end.

    Args:
      row: str, its name.
      seed: int.
      of_script: a list of str, more options for it.

    Returns:
      A dictionary: script; code; seed; date and load of the machine; iterations; accuracy and loss
      of the last test; wall, the seconds of the whole process; tests, a dictionary of three lists;
      misread, as `scripts.run_script` has it.

    Raises:
      UserError: the script failed.
    """
    (name, _, iterations), text = ROWS[row], text_of(row)
    about = {"script": row, "code": code_of(text), "seed": seed, **results.present()}
    if iterations:
        of_script = [*of_script, "--iterations", iterations]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, os.path.basename(SCRIPTS[name]))
        path.write_text(text, encoding="utf-8")
        notes = scripts.run_script(path, ["--text", "--seed", seed, *of_script])
    iterations, accuracies, losses = zip(*notes["tests"])
    accuracies = [round(accuracy, 4) for accuracy in accuracies]
    losses = [round(loss, 3) for loss in losses]
    return {**about, "iterations": notes["iterations"], "accuracy": accuracies[-1],
            "loss": losses[-1], "wall": round(notes["wall"], 1),
            "tests": {"iterations": iterations, "accuracies": accuracies, "losses": losses},
            "misread": notes["misread"]}


def add(measured, run, machine):
    """Add a run, what `measure` gave, to the results, in place of an older one of its seed.

    Args:
      measured: as for `current`.
      run: a dictionary.
      machine: a dictionary, `results.machine()`. A run has its number in the list of all machines.
    """
    if machine not in measured["machines"]:
        measured["machines"].append(machine)
    key, order = (run["script"], run["seed"]), list(ROWS)
    runs = [old for old in measured["runs"] if (old["script"], old["seed"]) != key]
    runs.append(run | {"machine": measured["machines"].index(machine)})
    measured["runs"] = sorted(runs, key=lambda run: (order.index(run["script"]), run["seed"]))


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


def first_above(run, mark):
    """The first iteration at which the test accuracy of a run was above a mark, or None."""
    tests = run["tests"]
    return next((iteration for iteration, accuracy
                 in zip(tests["iterations"], tests["accuracies"]) if accuracy > mark), None)


def all_tables(measured):
    """The tables of the content of accuracy.json: a dictionary of str in markdown."""
    scripts_rows, idea_rows, of_scripts, of_ideas = [], [], [], []
    for name, file in SCRIPTS.items():
        runs, mark = current(measured, name), scripts.MARKS.get(name)
        if not runs:
            continue
        of_scripts += runs
        reached = [first for run in runs if mark and (first := first_above(run, mark)) is not None]
        above = f"{tables.median_and_range(reached, 0)}, {len(reached)} of {len(runs)} runs"
        iterations, accuracy, least_most, loss, *rest = _cells(runs)
        scripts_rows.append([
            f"`{file}`", iterations, f"{mark:g}" if mark else "", accuracy, least_most, loss,
            tables.mean_and_deviation([max(run["tests"]["accuracies"]) for run in runs], 4),
            above if reached else "not reached" if mark else "", *rest])
    for row in IDEAS:
        if runs := current(measured, row):
            of_ideas += runs
            idea_rows.append([row, *_cells(runs)])
    if whole_runs := current(measured, AUGMENTED):
        together = 1 - len(misread_by_vote(whole_runs)) / TEST_DIGITS
        idea_rows += [["all, the script as it is", *_cells(whole_runs)],
                      [f"a vote of these {len(whole_runs)} networks", "", f"{together:.4f}",
                       *[""] * 4]]
    columns = [">iterations", ">final test accuracy", "min–max", ">final test loss", ">seconds",
               ">runs"]
    made = {"accuracy": tables.markdown(
        ["script", columns[0], ">codelab's mark", *columns[1:4], ">maximum over the run",
         "first above the mark, iteration", *columns[4:]], scripts_rows)
        + _origin(of_scripts, measured)}
    if of_ideas:
        made["ideas"] = (tables.markdown(["", *columns], idea_rows) + _origin(of_ideas, measured)
                         + " The script as it is: see above.")
    return made


def _cells(runs):
    """Iterations, accuracy, least and most, loss, seconds, number of some runs: a list of str."""
    values = [run["accuracy"] for run in runs]
    return [f"{runs[0]['iterations']:,}", tables.mean_and_deviation(values, 4),
            f"{min(values):.4f}–{max(values):.4f}",
            tables.mean_and_deviation([run["loss"] for run in runs], 2),
            f"{statistics.median(run['wall'] for run in runs):.0f}", str(len(runs))]


def _origin(runs, measured):
    """When and where these runs were made, below a table."""
    days = [run["date"].partition(" ")[0] for run in runs]
    days = " to ".join(dict.fromkeys([min(days), max(days)]))
    machines = [measured["machines"][number] for number in sorted({run["machine"] for run in runs})]
    return f"\n\nMeasured {days} on {'; and on '.join(map(results.in_words, machines))}."


def main():
    """Read the options, make the runs that are missing, print the tables."""
    end_clearly()
    parser = options.parser("accuracy", __doc__)
    parser.add_argument("--seeds", metavar="N", type=whole_number(1), default=5,
                        help="make runs with the seeds 0 to N - 1 (default: 5 seeds)")
    parser.add_argument("--ideas", action="store_true",
                        help=f"measure {SCRIPTS[AUGMENTED]} less some of its ideas, in place of "
                             "the scripts as they are")
    parser.add_argument("--again", action="store_true",
                        help="repeat runs that are in the results file")
    chosen = options.parse(parser)
    measured = results.read(chosen.results) or {
        "measured by": "python benchmarks/accuracy.py", "options": chosen.of_scripts,
        "machines": [], "runs": []}
    if measured["options"] != chosen.of_scripts:
        raise UserError(f"the runs in {chosen.results} have other options: name another file "
                        "with --results")
    # Seed by seed, so that a session that is cut short has something of each script.
    rows = scripts.chosen(IDEAS if chosen.ideas else SCRIPTS, chosen.only)
    wanted = [(row, seed) for seed in range(chosen.seeds) for row in rows]
    done = [(run["script"], run["seed"]) for row in rows for run in current(measured, row)]
    missing = [run for run in wanted if chosen.again or run not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them in {chosen.results}")
    machine = results.machine()
    for row, seed in scripts.one_by_one(missing, lambda run: f"{run[0]}, seed {run[1]}"):
        run = measure(row, seed, chosen.of_scripts)
        add(measured, run, machine)
        results.write(chosen.results, measured)
        print(f"  {run['accuracy']:.4f}, loss {run['loss']:.3f}, {run['wall']:.1f} s", flush=True)
    print("\n\n".join(["", *all_tables(measured).values(), f"results in {chosen.results}"]))


if __name__ == "__main__":
    main()
