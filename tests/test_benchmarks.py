"""The benchmarks: their arithmetic, their bookkeeping, and what the documents quote of them."""

import ast
import re
import shutil
import statistics
import sys

import pytest
from conftest import PROJECT

from benchmarks import accuracy, peers, report, results, scripts, speed, tables
from common.terminal import UserError

FOLDER = PROJECT / "benchmarks"
COMMITTED = {name: results.read(FOLDER / f"{name}.json") for name in report.REPORTS}


# what the documents say, and what was measured


@pytest.mark.parametrize("name", accuracy.SCRIPTS)
def test_documents_quote_what_was_measured(name):
    """A reader would expect an accuracy, a loss or a time that nobody has measured, or an older
    network's: python benchmarks/accuracy.py measures the present one.
    """
    runs, path = accuracy.current(COMMITTED["accuracy"], name), PROJECT / accuracy.SCRIPTS[name]
    if name in scripts.STAGES:
        assert [run["seed"] for run in runs] == [*range(5)]
    elif len(runs) < 5:
        pytest.skip(f"{name} has {len(runs)} of 5 runs in accuracy.json")
    docstring = " ".join(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).split())
    readme = (path.parent / "README.md").read_text(encoding="utf-8")
    row, *_ = re.findall(rf"^\| `{path.name}`.*\|.*\|.*\|", readme, re.MULTILINE)
    told = tables.mean_and_deviation([run["accuracy"] for run in runs], 4)
    assert f"final test accuracy {told} after {runs[0]['iterations']:,} iterations" in docstring
    assert told in row
    if loss := re.search(r"test loss ([\d.]+ ± [\d.]+)", docstring):
        assert loss.group(1) == tables.mean_and_deviation([run["loss"] for run in runs], 1)
    median = statistics.median(run["wall"] for run in runs)
    times = [re.search(r"in ([\d.]+) (s|min) on two", docstring)]
    if name in scripts.STAGES:
        times.append(re.search(r"\| ([\d.]+) (s|min) \|", row))
    for text in times:
        unit = 60 if text.group(2) == "min" else 1
        assert float(text.group(1)) * unit == pytest.approx(median, abs=0.51 * unit)


def test_report_writes_all_and_draws_all(tmp_path, capsys):
    """README would not have the tables of the results, or nobody could make them and draw them."""
    shutil.copy(FOLDER / "README.md", tmp_path)
    report.report(tmp_path)
    assert capsys.readouterr().out.count("there is no ") == len(COMMITTED)
    for name, measured in COMMITTED.items():
        results.write(tmp_path / f"{name}.json", measured)
        assert (tmp_path / f"{name}.json").read_text() == (FOLDER / f"{name}.json").read_text()
    report.report(tmp_path)
    drawn = sorted(name for name, (_, draw) in report.REPORTS.items() if draw)
    assert sorted(path.stem for path in tmp_path.glob("*.png")) == drawn
    assert (tmp_path / "README.md").read_text() == (FOLDER / "README.md").read_text()
    with pytest.raises(UserError, match="table: weather"):
        report.fill("a page", "weather", "rain")


# scripts and their hashes


CODE = '''"""Says 0.9."""
from common import x

x = "# no comment"  # a comment
y = """
text"""
'''


@pytest.mark.parametrize("old, new, same", [
    ("Says 0.9.", "Says 0.91\nand more.", True), ("a comment", "the comment", True),
    ("\n\nx", "\nx", True), ("from common import", "from common.more import", True),
    ("no comment", "any comment", False), ("text", "texts", False), ("x =", "z =", False)])
def test_measured_runs_count_as_long_as_the_code_is_the_same(old, new, same):
    """Hours of training would be repeated for a comment, or an old figure kept for new code."""
    assert (accuracy.code_of(CODE.replace(old, new)) == accuracy.code_of(CODE)) is same


# runs that are made, kept and taken up again


@pytest.fixture
def run_program(monkeypatch, capsys):
    """A function that runs a program in this process and gives what it has printed."""
    def run(program, *arguments):
        monkeypatch.setattr(sys, "argv", [program.__file__, *map(str, arguments)])
        program.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def run_accuracy(tmp_path, monkeypatch, run_program):
    """A function that runs accuracy.py on scripts that take no time; it gives those that ran."""
    ran = []

    def run_script(path, options):
        name, seed = path.name.split("_")[1], options[2]
        if (name, seed) == run.interrupted:
            raise KeyboardInterrupt
        ran.append((name, seed))
        return {"tests": [[0, 0.1, 230.0], [40, 0.5 + seed / 100, 10.0 - seed]],
                "misread": {"7": seed}, "iterations": 40, "wall": 2.0}

    def run(*arguments):
        ran.clear()
        printed = run_program(accuracy, "--results", tmp_path / "runs.json",
                              "--only", "1.0", "2.0", *arguments)
        return list(ran), printed

    run.interrupted = None
    monkeypatch.setattr(scripts, "run_script", run_script)
    return run


def test_runs_are_made_once(run_accuracy):
    """Hours of training would be repeated; or not, where --again asks for it."""
    ran, printed = run_accuracy("--seeds", "2")
    assert ran == [("1.0", 0), ("2.0", 0), ("1.0", 1), ("2.0", 1)]  # seed by seed
    assert "0.5050 ± 0.0071 | 0.5000–0.5100 |     9.50 ± 0.71" in printed
    assert run_accuracy("--seeds", "2")[0] == []
    assert run_accuracy("--seeds", "3")[0] == [("1.0", 2), ("2.0", 2)]
    assert run_accuracy("--seeds", "1", "--again")[0] == [("1.0", 0), ("2.0", 0)]
    with pytest.raises(UserError, match="have other options: name another file"):
        run_accuracy("--", "--iterations", "20")


def test_ctrl_c_keeps_what_is_done(run_accuracy):
    run_accuracy.interrupted = "1.0", 1
    with pytest.raises(KeyboardInterrupt):
        run_accuracy("--seeds", "2")
    run_accuracy.interrupted = None
    assert run_accuracy("--seeds", "2")[0] == [("1.0", 1), ("2.0", 1)]


def test_a_vote_is_of_the_majority():
    """The vote of several networks would look better, or worse, than it is."""
    runs = [{"misread": misread} for misread in (
        {"1": 5, "2": 5, "3": 7, "4": 1}, {"1": 5, "2": 6, "4": 2}, {"1": 5, "4": 3})]
    # 3 is read by two; for 2 and 4, all differ: the first one wins
    assert accuracy.misread_by_vote(runs) == {"1": 5, "2": 5, "4": 1}
    assert accuracy.misread_by_vote([{"misread": {"1": 5, "9": 3}}]) == {"1": 5, "9": 3}


def test_each_row_of_the_ideas_is_another_script_that_runs():
    """A row would be named after an idea that is still there, or end in a traceback."""
    texts = {row: accuracy.text_of(row) for row in accuracy.IDEAS}
    assert len(set(texts.values())) == len(texts) - 1  # one is of a run that is only longer
    for row, text in texts.items():
        compile(text, row, "exec")


# the programs themselves


@pytest.mark.slow
def test_a_timed_run_is_the_run():
    """Figures would be of something else than what a user runs."""
    path = PROJECT / scripts.STAGES["1.0"]
    notes = scripts.run_script(path, ["--text", "--seed", "0", "--iterations", "200"])
    iterations, accuracies, _ = zip(*notes["tests"])
    (run, *_) = accuracy.current(COMMITTED["accuracy"], "1.0")
    assert iterations == (0, 20, 40, 60, 80, 100, 200)
    assert accuracies == pytest.approx(run["tests"]["accuracies"][:7], abs=0.002)
    assert len(notes["misread"]) == round(10_000 * (1 - accuracies[-1]))
    assert notes["iterations"] == 200 and min(notes["loop"].values()) > 0
    seconds = notes["start"] + sum(notes["loop"].values())
    assert 0.5 * notes["wall"] < seconds < notes["wall"]


@pytest.mark.slow
@pytest.mark.parametrize("network", peers.NETWORKS)
def test_the_stage_among_peers_learns(network):
    """The stage would be compared by steps that train nothing."""
    measured = peers.Contestant(network, peers.STAGE).measure("--steps", 50)
    assert measured["accuracy"] > 0.85 and measured["step"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("program, options, words", [
    (speed, ["--rounds", "1", "--", "--iterations", "60"], "| 1.0   |         60 |"),
    (peers, ["--rounds", "1", "--steps", "20", "--peers", "keras"],
     "| Keras, model.fit, 1 thread")], ids=["speed", "peers"])
def test_programs_run(run_program, tmp_path, program, options, words):
    """Nobody could measure again."""
    path = tmp_path / "results.json"
    assert words in run_program(program, "--only", "1.0", "--results", path, *options)
    assert results.read(path)["machine"]
