"""Measure what each idea of variations/batch_norm_augmented.py is worth: the script less some.

    python benchmarks/ideas.py                          every row, with seeds 0 to 2
    python benchmarks/ideas.py --only all --seeds 5

A row is the script with a few lines replaced, those of `IDEAS`. Most runs are short. Like
accuracy.py, this goes on where it was stopped.
"""

import os
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import accuracy, shared
from common.options import above_zero
from common.terminal import UserError, end_clearly

SHORT = 1500      # iterations: five epochs
LONG = 32_400     # half an hour
TEST_DIGITS = 10_000
NAME = "batch_norm_augmented"
SCRIPT = shared.VARIATIONS[NAME]

# What to put in place of what, so that an idea is gone.
IDEAS = {
    "batch normalisation": ("(Z - mean)*(gamma/tf.sqrt(variance + 0.001)) + beta", "Z + beta"),
    "distortion": ("batch_X = sess.run(X_distorted, feed_dict={X: batch_X})", "pass"),
    "falling rate": ("tf.train.cosine_decay(0.004, step, options.iterations or 36*300)",
                     "0.0001 + 0.004*tf.exp(-step/2000)"),
}
ROWS = {  # names; the ideas that are gone, None for stage 3.1 as it is; iterations
    "stage 3.1": (None, 2 * SHORT),  # its batches are half as large
    "the network": (("batch normalisation", "distortion", "falling rate"), SHORT),
    "+ batch normalisation": (("distortion", "falling rate"), SHORT),
    "+ distortion": (("falling rate",), SHORT),  # so this is all less the falling rate, too
    "+ falling rate: all": ((), SHORT),
    "all less batch normalisation": (("batch normalisation",), SHORT),
    "all less distortion": (("distortion",), SHORT),
    "all, trained longer": ((), LONG),
}


def text_of(row):
    """The code of a row of the table, str: the script, with the ideas that are gone replaced."""
    gone, _ = ROWS[row]
    if gone is None:
        return (shared.PROJECT / shared.STAGES["3.1"]).read_text(encoding="utf-8")
    text = (shared.PROJECT / SCRIPT).read_text(encoding="utf-8")
    for idea in gone:
        old, new = IDEAS[idea]
        if text.count(old) != 1:
            raise UserError(f"{SCRIPT} does not have the line of the {idea} once: {old}")
        text = text.replace(old, new)
    return text


def current(results, row):
    """The runs of a row as the script is now, a list as `accuracy.current` gives it."""
    key = row, accuracy.code_of(text_of(row)), ROWS[row][1]
    return [run for run in results["runs"]
            if (run["script"], run["code"], run["iterations"]) == key]


def tables(results):
    """The table of the content of ideas.json, and of whole runs: a dictionary of markdown, str."""
    rows = [_cells(row, runs) for row in ROWS if (runs := current(results, row))]
    whole_runs = accuracy.current(shared.read_results(shared.FOLDER / "accuracy.json"), NAME)
    if whole_runs:
        rows.append(_cells("all, the script as it is", whole_runs))
        together = 1 - len(accuracy.misread_by_vote(whole_runs)) / TEST_DIGITS
        rows.append([f"a vote of these {len(whole_runs)} networks", "", f"{together:.4f}",
                     *[""] * 4])
    table = shared.markdown(["", ">iterations", ">final test accuracy", "min–max",
                             ">final test loss", ">seconds", ">runs"], rows)
    origin = accuracy.origin(results["runs"], results["machines"])
    return {"ideas": f"{table}\n\n{origin} The script as it is: see above."}


def _cells(name, runs):
    values = [run["accuracy"] for run in runs]
    return [name, f"{runs[0]['iterations']:,}", shared.mean_and_deviation(values, 4),
            f"{min(values):.4f}–{max(values):.4f}",
            shared.mean_and_deviation([run["loss"] for run in runs], 2),
            f"{statistics.median(run['wall'] for run in runs):.0f}", str(len(runs))]


def measure(row, seed):
    """Run a row's script with a seed: what `accuracy.measure` gives."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, pathlib.Path(SCRIPT).name)
        path.write_text(text_of(row), encoding="utf-8")
        return accuracy.measure(row, path, seed, ["--iterations", ROWS[row][1]])


def main():
    """Read the options, make the runs that are missing, print the table."""
    end_clearly()
    parser = shared.parser("ideas", __doc__)
    parser.add_argument("--seeds", metavar="N", type=above_zero, default=3,
                        help="make runs with the seeds 0 to N - 1 (default: 3 seeds)")
    options = shared.parse(parser)
    results = shared.read_results(options.results) or {
        "measured by": "python benchmarks/ideas.py", "machines": [], "runs": []}
    rows = shared.chosen(ROWS, options.only)
    done = [(row, run["seed"]) for row in rows for run in current(results, row)]
    missing = [(row, seed) for seed in range(options.seeds) for row in rows
               if (row, seed) not in done]
    accuracy.make_runs(missing, measure, list(ROWS), results, options.results)
    print(f"\n{tables(results)['ideas']}\n\nresults in {options.results}")


if __name__ == "__main__":
    main()
