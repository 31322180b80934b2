"""The benchmarks: their arithmetic, their bookkeeping, and what the documents quote of them."""

import ast
import json
import math
import re
import statistics
import sys
import textwrap

import pytest
from conftest import PROJECT, STAGES, script_of
from test_scripts import run_on_terminal

from benchmarks import (
    accuracy,
    arithmetic,
    kinds,
    peers,
    plots,
    processes,
    profile_stage,
    profiles,
    results_file,
    run_output,
    scripts,
    speed,
    stage_code,
    summary,
    tables,
)
from common import text_output
from common.clean_exit import UserError

ALL = [*scripts.stages(), *scripts.variations()]
COMMITTED = results_file.read(PROJECT / "benchmarks" / "accuracy.json")


# --- what the documents say, and what was measured


def measured(script):
    """What accuracy.json says of a script, with five seeds."""
    entry = COMMITTED.get("summary", {}).get(script.name)
    if entry is None:
        pytest.skip(f"{script.name} is not in benchmarks/accuracy.json yet")
    if len(entry["seeds"]) < 5:
        pytest.skip(f"{script.name} has {len(entry['seeds'])} of 5 seeds in accuracy.json yet")
    return entry


def docstring_of(script):
    text = script.path.read_text(encoding="utf-8")
    return " ".join(ast.get_docstring(ast.parse(text)).split())


def table_row(script):
    """The row of a script in the README of its folder."""
    readme = (script.path.parent / "README.md").read_text(encoding="utf-8")
    (row,) = [line for line in readme.splitlines()
              if line.startswith(f"| `{script.path.name}`") and "nearest" not in line
              and line.count("|") > 4]
    return row


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
def test_documents_quote_what_was_measured(script):
    entry = measured(script)
    told = summary.mean_and_deviation(entry["accuracy"], 4)
    docstring = docstring_of(script)
    assert f"final test accuracy {told} after {entry['iterations']:,} iterations" in docstring
    assert told in table_row(script)
    if loss := re.search(r"test loss ([\d.]+ ± [\d.]+)", docstring):
        assert loss.group(1) == summary.mean_and_deviation(entry["loss"], 1)


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
def test_documents_quote_the_time(script):
    entry = measured(script)
    for text in (re.search(r"in ([\d.]+) (s|min) on two", docstring_of(script)),
                 re.search(r"\| ([\d.]+) (s|min) \|", table_row(script))):
        assert text is not None, "no time is told"
        unit = 60 if text.group(2) == "min" else 1
        rounding = 0.5 * unit / (10 if "." in text.group(1) else 1)
        assert (entry["wall"]["min"] - rounding <= float(text.group(1)) * unit
                <= entry["wall"]["max"] + rounding)


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
def test_figures_are_those_of_the_present_code(script):
    assert measured(script)["code"] == script.code, (
        f"{script.file} has changed: python benchmarks/accuracy.py --only {script.name}")


@pytest.mark.parametrize("script", ALL, ids=lambda script: script.name)
def test_summary_comes_from_the_runs(script):
    entry = measured(script)
    runs = [run for run in COMMITTED["runs"] if (run["script"], run["code"], run["iterations"])
            == (script.name, entry["code"], entry["iterations"])]
    assert [run["seed"] for run in runs] == entry["seeds"]
    for name in ("accuracy", "loss", "maximum", "wall"):
        assert entry[name] == summary.summarise([run[name] for run in runs])
    for run in runs:
        assert run["tests"]["accuracies"][-1] == run["accuracy"]
        assert max(run["tests"]["accuracies"]) == run["maximum"]


def test_readme_quotes_the_losses_of_dropout():
    without, with_dropout = (
        summary.mean_and_deviation(measured(script)["loss"], 1)
        for script in scripts.stages() if script.name in ("2.1", "2.2"))
    readme = " ".join((PROJECT / "README.md").read_text(encoding="utf-8").split())
    assert f"from {without} to {with_dropout}" in readme


def test_marks_are_in_the_stages_order():
    assert list(scripts.MARKS) == [script.name for script in scripts.stages()]
    marks = [mark for mark, _ in scripts.MARKS.values()]
    assert marks == sorted(marks) and 0.9 < marks[0] and marks[-1] < 1


# --- scripts and their hashes


def test_scripts_are_all_there():
    assert [script.file for script in scripts.stages()] == STAGES
    assert {script.iterations for script in scripts.stages()} == {2_000, 10_000}
    assert all(script.mark is None for script in scripts.variations())
    assert len(ALL) == 6 + len(list((PROJECT / "variations").glob("*.py")))


def test_choose_by_the_beginning_of_a_name():
    stages = scripts.stages()
    assert scripts.choose(stages, None) == stages
    assert [script.name for script in scripts.choose(stages, ["2", "1.0"])] == [
        "1.0", "2.0", "2.1", "2.2"]
    with pytest.raises(UserError, match="there is no script 4; there are 1.0, 2.0"):
        scripts.choose(stages, ["1.0", "4"])


CODE = '"""Says 0.9."""\n\nx = "# no comment"  # a comment\n# another\ny = """\ntext"""\n'


@pytest.mark.parametrize("change, same", [
    (lambda code: code.replace("Says 0.9.", "Says 0.91\nand more."), True),
    (lambda code: code.replace("a comment", "the comment"), True),
    (lambda code: code.replace("\n\nx", "\nx"), True),
    (lambda code: code.replace("no comment", "any comment"), False),
    (lambda code: code.replace("text", "texts"), False),
    (lambda code: code + "z = 1\n", False)])
def test_hash_of_code(change, same):
    assert (scripts.hash_of_code(change(CODE)) == scripts.hash_of_code(CODE)) is same
    assert re.fullmatch("[0-9a-f]{16}", scripts.hash_of_code(CODE))


# --- statistics


def test_summarise():
    values = [0.92, 0.93, 0.91, 0.95]
    result = summary.summarise(values)
    assert (result["number"], result["min"], result["max"]) == (4, 0.91, 0.95)
    assert result["mean"] == pytest.approx(0.9275) and result["median"] == pytest.approx(0.925)
    by_hand = math.sqrt(sum((value - 0.9275) ** 2 for value in values) / 3)  # of a sample
    assert result["deviation"] == pytest.approx(by_hand, rel=1e-4)
    assert by_hand == pytest.approx(statistics.stdev(values))
    assert summary.mean_and_deviation(result, 4) == "0.9275 ± 0.0171"
    assert summary.median_and_range(result, 2) == "0.93 (0.91–0.95)"


def test_summarise_a_single_value():
    result = summary.summarise([7])
    assert result["deviation"] is None and result["mean"] == result["median"] == 7
    assert summary.mean_and_deviation(result, 1) == "7.0"


def test_significant_digits():
    assert [summary.significant(value, 3) for value in (0.0, 1234.5, 0.00123456, math.inf)] == [
        0.0, 1230.0, 0.00123, math.inf]


# --- what scripts print


def test_output_is_read_as_it_is_printed(capsys):
    printer = text_output.TextOutput(100)
    for i, test in ((0, (0.098, 230.258)), (20, None), (120, (0.9214, 28.605)),
                    (140, None), (200, (0.9201, 1234.5))):
        printer.show_train(i, 1, 0.003, 0.5, 99.123)
        if test:
            printer.show_test(i, *test)
    printer.show_test(250, 0.91, 30.0)  # without a row of training
    printer.show_train(2000, 4, 0.003, 0.5, 99.123)
    printer.show_test(2000, 1.0, 0.25)
    printer.say("saved something")
    printer.print_results("final", 12.34)
    output = run_output.Output()
    for line in capsys.readouterr().out.splitlines(keepends=True):
        output.read(line)
    assert output.iterations == [0, 120, 200, 250, 2000]
    assert output.accuracies == [0.098, 0.9214, 0.9201, 0.91, 1.0]
    assert output.losses == [230.258, 28.605, 1234.5, 30.0, 0.25]
    assert output.final == (1.0, 0.25, 2000, 12.3) and output.maximum == (1.0, 2000)
    assert output.iteration == 2000 and "saved something" in output.rest
    assert output.first_above(0.92) == 120 and output.first_above(1.0) is None


def test_rows_without_a_test_are_no_tests():
    output = run_output.Output()
    output.read(text_output.row(100, 1, (0.003, 0.9, 40.0)))
    assert (output.iteration, output.iterations) == (100, [])


# --- runs that are made, kept and taken up again

FAKE = """
    import sys
    from common.text_output import TextOutput

    arguments = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    assert sys.argv[1] == "--text"
    seed, iterations = int(arguments["--seed"]), int(arguments.get("--iterations", 40))
    with open({log!r}, "a") as file:
        file.write(f"{name} {{seed}}\\n")
    if seed in {fails!r}:
        sys.exit("out of paper")
    printer = TextOutput(100)
    for i in range(0, iterations + 1, 20):
        printer.show_train(i, 1, 0.003, 0.5, 99.0)
        printer.show_test(i, 0.5 + i / 1000 + seed / 100, 10.0 - seed)
    open("left behind.png", "w").close()
    printer.print_results("final", 0.1)
    # dashboard.loop(40)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A function that writes a fake script and returns it; fake.log() tells who has run."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    log = tmp_path / "log"

    def fake(name, fails=(), more="", mark=None):
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(FAKE.format(log=str(log), name=name, fails=fails)) + more)
        script = scripts.read_script(path, tmp_path)
        return scripts.Script(**{**vars(script), "mark": mark})

    fake.log = lambda: log.read_text().splitlines() if log.exists() else []
    return fake


def session_of(tmp_path, which, seeds=2, iterations=None):
    wanted = [(script, seed) for seed in range(seeds) for script in which]
    return accuracy.Session(tmp_path / "results.json", wanted, iterations)


MACHINE = {"processor": "abacus", "threads": 1, "system": "wood", "python": "3"}


def test_runs_are_made_once(fake, tmp_path):
    which = [fake("one", mark=0.535), fake("two")]
    session = session_of(tmp_path, which)
    assert accuracy.run_missing(session, MACHINE) == []
    assert fake.log() == ["one 0", "two 0", "one 1", "two 1"]  # seed by seed
    assert not list(tmp_path.rglob("left behind.png"))

    again = session_of(tmp_path, which)
    assert again.missing == [] and accuracy.run_missing(again, MACHINE) == []
    assert len(fake.log()) == 4
    assert session_of(tmp_path, which, seeds=3).missing == [(which[0], 2), (which[1], 2)]
    assert len(session_of(tmp_path, which, iterations=20).missing) == 4

    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["machines"] == [MACHINE]
    one = results["summary"]["one"]
    assert one["accuracy"]["mean"] == pytest.approx(0.545) and one["loss"]["mean"] == 9.5
    assert one["seeds"] == [0, 1] and one["mark_reached"] == 2
    assert one["first_above"]["min"] == 40 and one["first_above"]["max"] == 40
    assert "mark" not in results["summary"]["two"]
    assert results["runs"][0]["tests"]["iterations"] == [0, 20, 40]


def test_a_changed_script_is_measured_anew(fake, tmp_path):
    one, two = fake("one"), fake("two")
    accuracy.run_missing(session_of(tmp_path, [one, two]), MACHINE)
    one = fake("one", more="# a remark\n")
    assert session_of(tmp_path, [one, two]).missing == []
    one = fake("one", more="done = True\n")
    session = session_of(tmp_path, [one, two])
    assert session.missing == [(one, 0), (one, 1)] and session.summary(one) is None
    accuracy.run_missing(session, MACHINE)
    assert fake.log()[4:] == ["one 0", "one 1"]
    assert len(session_of(tmp_path, [one, two]).runs) == 4  # the old ones are gone


def test_again_repeats_what_is_wanted(fake, tmp_path):
    one, two = fake("one"), fake("two")
    accuracy.run_missing(session_of(tmp_path, [one, two]), MACHINE)
    session = session_of(tmp_path, [two], seeds=1)
    session.forget()
    assert session.missing == [(two, 0)]
    accuracy.run_missing(session, MACHINE)
    assert fake.log()[4:] == ["two 0"] and len(session.runs) == 4


def test_a_failing_run_does_not_stop_the_others(fake, tmp_path, capsys):
    session = session_of(tmp_path, [fake("one", fails=(0,)), fake("two")])
    (failure,) = accuracy.run_missing(session, MACHINE)
    assert failure == "one.py --seed 0 ended with status 1: out of paper"
    assert failure in capsys.readouterr().err
    assert fake.log() == ["one 0", "two 0", "one 1", "two 1"]
    assert [seed for _, seed in session.missing] == [0]


def test_a_script_that_changes_meanwhile_is_not_recorded(fake, tmp_path):
    session = session_of(tmp_path, [fake("one")], seeds=1)
    fake("one", more="done = True\n")
    (failure,) = accuracy.run_missing(session, MACHINE)
    assert "was changed since this session began" in failure and session.runs == []


def test_ctrl_c_keeps_what_is_done(fake, tmp_path, monkeypatch):
    which = [fake("one"), fake("two")]
    real = accuracy.measure

    def interrupted(script, *arguments):
        if script.name == "two":
            raise KeyboardInterrupt
        return real(script, *arguments)

    monkeypatch.setattr(accuracy, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        accuracy.run_missing(session_of(tmp_path, which), MACHINE)
    monkeypatch.setattr(accuracy, "measure", real)
    session = session_of(tmp_path, which)
    assert [(script.name, seed) for script, seed in session.missing] == [
        ("two", 0), ("one", 1), ("two", 1)]
    accuracy.run_missing(session, MACHINE)
    assert fake.log() == ["one 0", "two 0", "one 1", "two 1"]


def test_time_left(fake):
    one, two = fake("one"), fake("two")
    missing = [(one, 1), (two, 1), (two, 2)]

    def left(runs, *now):
        return accuracy.seconds_left(missing, runs, lambda script: script.iterations, *now)

    assert left([]) is None
    assert left([], 0.5, 5.0) == pytest.approx(25)  # the others are taken for alike
    run = {"script": "one", "wall": 10.0, "iterations": 40}
    assert left([run]) == pytest.approx(30)
    assert left([run, run | {"script": "two", "wall": 2.0}]) == pytest.approx(14)
    assert left([run, run | {"script": "two", "wall": 2.0}], 0.25, 4.0) == pytest.approx(16)
    assert accuracy.seconds_left([], [run], None) == 0


def test_accuracy_table(fake, tmp_path):
    which = [fake("one", mark=0.545), fake("two"), fake("three", mark=0.9)]
    session = session_of(tmp_path, which)
    assert len(accuracy.table(session, which).splitlines()) == 2
    accuracy.run_missing(session, MACHINE)
    lines = accuracy.table(session, which).splitlines()
    assert len(lines) == 5 and len(set(map(len, lines))) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2][:6] == ["`one.py`", "40", "0.545", "0.5450 ± 0.0071", "0.5400–0.5500",
                            "9.50 ± 0.71"]
    assert cells[2][7] == "40 (40–40), 1 of 2 runs" and cells[2][9] == "2"
    assert (cells[3][2], cells[3][7]) == ("", "") and cells[4][7] == "not reached"


@pytest.mark.parametrize("arguments, message", [
    (["--only", "9.9"], "there is no script 9.9; there are 1.0"),
    (["--seeds", "0"], "'0' is no whole number above 0"),
    (["--iterations", "3"], "name a file for such results with --results"),
    (["--results", "{tmp}/broken.json"], "broken.json is no file of results"),
    (["--results", "{tmp}/no/where.json"], "where.json cannot be written: there is no folder")])
def test_user_errors_of_accuracy(run_script, tmp_path, arguments, message):
    (tmp_path / "broken.json").write_text('{"runs": [')
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    result = run_script("benchmarks/accuracy.py", *arguments)
    assert result.returncode in (1, 2) and message in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_progress_on_a_terminal(tmp_path):
    pytest.importorskip("tensorflow")
    status, output = run_on_terminal(
        "benchmarks/accuracy.py", "--only", "1.0", "--seeds", "1", "--iterations", "20",
        "--results", str(tmp_path / "tiny.json"), cwd=tmp_path)
    assert status == 0 and "run 1 of 1: 1.0 --seed 0, iteration 0 of 20" in output
    assert "| `mnist_1.0_softmax.py` |" in output
    assert json.loads((tmp_path / "tiny.json").read_text(encoding="utf-8"))["summary"]["1.0"]


# --- files and tables


def test_results_are_a_line_for_each_entry(tmp_path):
    path = tmp_path / "results.json"
    assert results_file.read(path) == {}
    results = {"of": "é", "runs": [{"a": 1}, {"a": 2}], "summary": {"1.0": {"b": [1, 2]}},
               "none": [], "nothing": {}}
    results_file.write(path, results)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == results == results_file.read(path)
    assert '\n  {"a": 1},\n  {"a": 2}\n' in text and [*tmp_path.iterdir()] == [path]


def test_unreadable_results(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    for path in (tmp_path, tmp_path / "list.json"):
        with pytest.raises(UserError):
            results_file.read(path)
    with pytest.raises(UserError, match="cannot write"):
        results_file.write(tmp_path / "no" / "results.json", {})


def test_tables_in_readme(tmp_path):
    table = tables.markdown(["name", ">number"], [["a", "1"], ["long name", None]])
    assert table.splitlines() == ["| name      | number |", "|-----------|-------:|",
                                  "| a         |      1 |", "| long name |        |"]
    readme = tmp_path / "README.md"
    text = (PROJECT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    readme.write_text(text, encoding="utf-8")
    for name in ("accuracy", "speed", "start-up", "peers", "marks", "profiles"):
        tables.fill(name, table + r"\1", readme)
        tables.fill(name, table, readme)
    filled = readme.read_text(encoding="utf-8")
    assert filled.count(table) == 6 and r"\1" not in filled
    with pytest.raises(UserError, match="table: weather"):
        tables.fill("weather", table, readme)


# --- a stage taken apart, and its arithmetic


@pytest.mark.parametrize("script", STAGES)
def test_stage_is_taken_apart(script):
    stage = stage_code.take_apart((PROJECT / script).read_text(encoding="utf-8"), script)
    sections = [section for section, _ in stage.before]
    assert list(dict.fromkeys(sections)) == ["python", "tensorflow", "data", "graph", "session"]
    assert sections.count("data") == 1
    assert {"batch_X", "batch_Y", "train_data"} <= set(stage.load.co_names)
    assert {"sess", "train_step", "train_data"} == set(stage.train.co_names) - {"run"}
    assert "run_in_chunks" in stage.test.co_names and "rate" in stage.measure.co_names
    assert not {"dashboard", "show_test"} & set(stage.test.co_names + stage.measure.co_names)
    assert "_begin" in stage.loop.co_names and "finish" in stage.after.co_names


def test_what_is_no_stage_cannot_be_taken_apart():
    with pytest.raises(ValueError, match="one loop"):
        stage_code.take_apart('"""No stage."""\nx = 1\n', "no_stage.py")


def test_multiply_adds_by_hand(run_stage):
    assert arithmetic.of_dense(784, 10) == 7_840
    assert arithmetic.of_convolution(28, 28, (6, 6, 1, 6)) == 169_344
    # Forward, then twice that backward, but for the gradient of the image.
    assert arithmetic.of_step([7_840], 100) == 100 * 2 * 7_840
    assert arithmetic.of_step([20, 3], 10) == 10 * (20 + 3 + 20 + 3 + 3)
    expected = {"1.0": [7_840], "2.2": [156_800, 20_000, 6_000, 1_800, 300],
                "3.1": [169_344, 352_800, 225_792, 235_200, 2_000]}
    for version, layers in expected.items():
        stage = run_stage(PROJECT / script_of(version), "--iterations", 0)
        assert arithmetic.layers_of(stage["sess"].graph) == layers
        stage["sess"].close()


def test_times_of_a_run():
    notes = {"python_is_up": 10.5, "first_step": 16.0, "last": 100, "tests": 5,
             "sections": [["taken apart", 10.7], ["python", 11.0], ["tensorflow", 13.0],
                          ["data", 13.5], ["graph", 13.7], ["graph", 14.0], ["session", 14.25]]}
    seconds = speed.start_up(notes, 10.0)
    assert seconds == pytest.approx({"python": 0.8, "tensorflow": 2.0, "data": 0.5, "graph": 0.5,
                                     "session": 0.25, "first step": 1.75, "total": 5.8})
    # Steps and tests took 3 of 4 seconds, and are 3 of 6 with a window.
    notes |= {"activities": {"load": 0.5, "train": 2.0, "test": 1.0, "else": 0.3},
              "finished": 20.0}
    assert speed.efficiency(notes, notes) == pytest.approx(0.75)
    assert speed.efficiency(notes, {"first_step": 17.0, "finished": 23.0}) == pytest.approx(0.5)


def test_activities_fill_the_loop(tmp_path):
    notes_file = tmp_path / "notes.json"
    stage = PROJECT / script_of("1.0")
    processes.run(stage.name, [PROJECT / "benchmarks" / "timed_run.py", notes_file, stage, "--text",
                               "--iterations", 40])
    notes = json.loads(notes_file.read_text(encoding="utf-8"))
    assert (notes["last"], notes["tests"], notes["measures"]) == (40, 2, 2)
    activities = notes["activities"]
    assert tuple(activities) == stage_code.ACTIVITIES and min(activities.values()) > 0
    loop = notes["loop_is_over"] - notes["first_step"]
    assert sum(activities.values()) == pytest.approx(loop, rel=0.01)
    assert 0 < speed.efficiency(notes, notes) < 1


def test_peers_bound_and_tables():
    steps = [{"network": "1.0", "who": peers.STAGE, "step": 0.6, "multiply_adds": 1_568_000},
             {"network": "1.0", "who": peers.STAGE, "step": 0.8, "multiply_adds": 1_568_000},
             {"network": "1.0", "who": "abacus", "step": 0.35}]
    rates = peers.best_rates({"numpy": 20.0, "TensorFlow": 30.0},
                             {"numpy": 9.0, "TensorFlow": 40.0})
    assert rates == {"numpy": 20.0, "TensorFlow": 40.0}
    bound = peers.bounds(steps, rates)
    assert bound == {"1.0": pytest.approx(1.568 / 40)}
    lines = peers.step_table(steps, bound).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[2:] == [[peers.STAGE, "0.70 (0.60–0.80)"], ["abacus", "0.35 (0.35–0.35)"],
                         ["the stage ÷ the fastest peer", "2.00"], [peers.BOUND, "0.04"]]
    marks = [{"who": "abacus", "network": "1.0", "seconds": 3.21, "iterations": 1_200},
             {"who": "fingers", "network": "1.0", "seconds": None, "iterations": None}]
    assert "| abacus                           | 3.2 (1,200) |" in peers.mark_table(marks)
    assert "not reached" in peers.mark_table(marks)


def test_profile_of_a_stage():
    script = {script.name: script for script in scripts.stages()}["2.2"]
    entry = profiles.profile(peers.STAGE, script, 5)
    assert set(entry) == {"network", "who", "load", "step", "empty", "kernels", *kinds.NAMES}
    assert min(entry[name] for name in ("step", "empty", *kinds.NAMES)) > 0
    assert entry["empty"] < entry["step"] and entry["kernels"] > 100
    table = profiles.table_of([entry, entry | {"step": entry["step"] + 2}])
    assert f"{entry['step'] + 1:.2f}" in table


@pytest.mark.parametrize("operation, kind", [
    ("_MklNativeFusedMatMul", "products"), ("ResourceApplyAdam", "optimizer"),
    ("RandomUniform", "random numbers"), ("Softmax", "all else")])
def test_what_a_kernel_is_for(operation, kind):
    assert profile_stage.kind_of(operation) == kind


def test_peers_have_their_files_and_networks():
    for peer in peers.PEERS:
        assert (PROJECT / "benchmarks" / "peers" / peer.file).exists()
        assert set(peer.networks) <= set(peers.NETWORKS)
    missing = peers.Peer("abacus", ("sys", "no_such_module"), "abacus.py")
    assert missing.missing == ["no_such_module"]


def test_plots_are_drawn_from_what_there_is(fake, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    plots.main(tmp_path)
    assert capsys.readouterr().out.count("yet: run benchmarks/") == 3
    runs = [{"script": "1.0", "code": "c", "iterations": 40,
             "tests": {"iterations": [0, 20, 40], "accuracies": [0.1, 0.9, 0.92]}}] * 2
    results_file.write(tmp_path / "accuracy.json", {"runs": runs, "summary": {
        "1.0": {"code": "c", "iterations": 40, "mark": 0.92,
                "accuracy": summary.summarise([0.92, 0.93])}}})
    values = {"start total": 3.0, "text train": 0.5, "text test": 0.2, "text load": 0.1,
              "text_wall": 5.0}
    results_file.write(tmp_path / "speed.json", {
        "summary": {"1.0": {name: summary.summarise([value]) for name, value in values.items()}}})
    results_file.write(tmp_path / "peers.json", {"bounds": {"1.0": 0.1}, "steps": [
        {"network": "1.0", "who": who, "step": 0.5} for who in (peers.STAGE, "abacus")]})
    plots.main(tmp_path)
    assert capsys.readouterr().out.count("saved ") == 3
    sizes = [(tmp_path / f"{name}.png").stat().st_size for name in ("accuracy", "speed", "peers")]
    assert all(1_000 < size < 200_000 for size in sizes)
