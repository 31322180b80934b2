"""The search for hyperparameters on this machine."""

import contextlib
import json
import os
import re
import signal
import sys

import pytest
from conftest import PROJECT, wait_until

from cloud.trainer import hyperparameters
from common.terminal import UserError

optuna = pytest.importorskip("optuna", reason="the search needs the package optuna")
yaml = pytest.importorskip("yaml", reason="the search needs the package pyyaml")
PATIENCE = 240  # seconds: two trainings start TensorFlow each
SPACE = PROJECT / "cloud/vertex/hptune.yaml"
RESULT = re.compile(r"^ *(0\.\d{4}|failed|ended early)  +(\d+)  +\d+  (learning-rate=.*)$",
                    re.MULTILINE)

# Stands in for cloud.trainer, as the program that a search space names: the smaller the learning
# rate, the better. What else it does is in a file of its folder.
TRAINER = """
import json, os, pathlib, sys, time
flags = dict(word.removeprefix("--").split("=") for word in sys.argv[1:])
place = pathlib.Path(flags["dir"])
runs = place / "runs"
runs.write_text(runs.read_text() + "again\\n" if runs.exists() else json.dumps(flags) + "\\n")
assert "TF_CONFIG" not in os.environ
number = os.environ["CLOUD_ML_TRIAL_ID"]
(place / "pid.part").write_text(str(os.getpid()))
(place / "pid.part").rename(place / "pid")
is_one = lambda name: number in os.environ.get(name, "").split(",")
if is_one("FAILING"):
    sys.exit("the loss is nan: choose a smaller --hp-learning-rate")
results = [0.9, 0.99 - float(flags["hp-learning-rate"])] if not is_one("POOR") else [0.1]
with open(os.environ["CLOUD_ML_HP_METRIC_FILE"], "w") as file:
    for step, result in enumerate(results if not is_one("SILENT") else []):
        print(json.dumps({"trial": number, "accuracy": str(result), "timestamp": 1.0,
                          "global_step": str(step)}), file=file)
if is_one("SLOW") or is_one("POOR"):
    time.sleep(300)
"""


@pytest.fixture
def start(start_python, tmp_path):
    """A function that starts a search in the folder tmp_path/"search"."""
    (tmp_path / "stand_in.py").write_text(TRAINER)
    (tmp_path / "space.yaml").write_text(SPACE.read_text().replace("- cloud.trainer", "- stand_in"))
    return lambda *arguments, space=tmp_path / "space.yaml", **variables: start_python(
        "-m", "cloud.tune", "--dir", tmp_path / "search", "--space", space, *arguments,
        environment={"PYTHONPATH": str(tmp_path), "TF_CONFIG": "{}"} | variables)


@pytest.fixture
def search(start):
    """A function that runs a search to its end: exit status, output, errors."""
    def search(*arguments, **variables):
        process = start(*arguments, **variables)
        output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors
    return search


@pytest.mark.slow
def test_results_failures_and_going_on(search, tmp_path):
    """The best trial comes first, failed ones last with the reason; a search can be continued."""
    status, output, errors = search("--trials", 4, "--jobs", 4,
                                    "--", "--seed=7", FAILING="1", SILENT="2")
    assert (status, errors) == (0, "")
    assert [row[0] for row in RESULT.findall(output)][2:] == ["failed"] * 2
    assert "exit status 1: the loss is nan: choose a smaller --hp-learning-rate" in output
    assert "nothing reported as accuracy" in output
    flags = json.loads((tmp_path / "search/trial-0/runs").read_text())
    assert flags["seed"] == "7" and flags["hp-iterations"] == "3000"
    assert flags["validation-digits"] == "5000"  # the test digits choose nothing

    status, output, errors = search("--trials", 6)
    assert (status, errors) == (0, "")
    assert output.startswith("4 of 6 trials are done already\n")
    rows = RESULT.findall(output)
    assert sorted(row[1] for row in rows) == list("012345")
    results = [float(row[0]) for row in rows[:4]]
    assert results == sorted(results, reverse=True)
    rates = [float(re.match(r"learning-rate=(\S+)", row[2])[1]) for row in rows[:4]]
    assert results == pytest.approx([0.99 - rate for rate in rates], abs=6e-5)
    assert len(set(rates)) == 4

    space = yaml.safe_load(SPACE.read_text())
    space["studySpec"]["parameters"][0]["doubleValueSpec"]["maxValue"] = 0.05
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(space))
    status, _, errors = search("--trials", 7, space=tmp_path / "other.yaml")
    assert status == 1 and "has trials in another search space" in errors
    assert errors.count("\n") == 1


@pytest.mark.slow
def test_a_poor_trial_is_ended_early(search):
    """Its time is better spent on another one."""
    status, output, errors = search("--trials", 6, "--jobs", 1, POOR="5")
    assert (status, errors) == (0, "")
    assert [row[:2] for row in RESULT.findall(output)][-1] == ("ended early", "5")


def is_running(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True


@pytest.mark.slow
@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143),
                                            (signal.SIGKILL, -9)])
def test_an_interrupted_trial_is_made_again(start, search, tmp_path, number, status):
    """In its folder, where the trainer finds its checkpoint; and no process is left."""
    process = start("--trials", 2, "--jobs", 1, SLOW="1")
    assert wait_until((tmp_path / "search/trial-1/pid").exists, PATIENCE)
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == status and "Traceback" not in errors
    pid = int((tmp_path / "search/trial-1/pid").read_text())
    if number != signal.SIGKILL:
        assert [row[1] for row in RESULT.findall(output)] == ["0"]  # what is known is shown
    elif sys.platform != "linux":
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(pid), 5)

    status, output, errors = search("--trials", 2)
    assert (status, errors) == (0, "")
    assert output.startswith("1 of 2 trials are done already\n")
    assert len(RESULT.findall(output)) == 2 and "failed" not in output
    assert (tmp_path / "search/trial-1/runs").read_text().endswith("}\nagain\n")
    assert not (tmp_path / "search/trial-2").exists()


@pytest.mark.slow
def test_one_search_at_a_time_in_a_folder(start, search, tmp_path):
    """The second one says who is there, and the first goes on undisturbed."""
    first = start("--trials", 1, SLOW="0")
    assert wait_until((tmp_path / "search/trial-0/pid").exists, PATIENCE)
    status, output, errors = search("--trials", 2)
    assert (status, output) == (1, "") and errors.count("\n") == 1
    assert f"process {first.pid} on " in errors and "works in" in errors
    assert first.poll() is None
    assert (tmp_path / "search/trial-0/runs").read_text().count("\n") == 1


@pytest.mark.parametrize("arguments, sentence", [
    (("--", "--hp-channels-1", "4"), "--hp-channels-1 is in the search space"),
    (("--", "--hp-channels-1=4"), "--hp-channels-1 is in the search space"),
    (("--", "--hp-batch-norm-decay=0.9"), "--hp-batch-norm-decay is in the search space"),
    (("--", "--model-dir=x"), "--model-dir is a folder of each trial"),
    (("--dir", "/proc/nowhere"), "nothing can be written to /proc/nowhere"),
    (("--dir", __file__), "nothing can be written to"),
])
def test_what_would_make_a_table_that_lies(tmp_path, monkeypatch, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        tune(monkeypatch, "--dir", tmp_path / "search", *arguments)


def tune(monkeypatch, *arguments):
    """Run the program in this process, for one trial."""
    from cloud import tune
    monkeypatch.setattr(sys, "argv", ["tune", "--trials", "1", *map(str, arguments)])
    tune.main()


def test_a_folder_of_any_name_and_a_damaged_list_of_trials(tmp_path, monkeypatch):
    from cloud import search_space
    from cloud.tune import _open
    folder = tmp_path / "what? 100% #1"
    folder.mkdir()
    space = search_space.read(str(SPACE))
    _open(space, folder, 0).ask()
    assert [path.name for path in folder.iterdir()] == ["trials.db"]
    (trial, again) = _open(space, folder, 0).trials  # the search was killed meanwhile
    assert (trial.state.name, again.state.name) == ("FAIL", "WAITING")

    (folder / "trials.db").write_bytes((folder / "trials.db").read_bytes()[:20_000])
    with pytest.raises(UserError, match=r"trials.db cannot be used \(.*malformed\): remove"):
        tune(monkeypatch, "--dir", folder)


@pytest.mark.slow
def test_when_all_fail(search):
    status, output, errors = search("--trials", 1, FAILING="0")
    assert status == 1 and "failed" in output
    assert "no trial has given a result" in errors and errors.count("\n") == 1


def tuning_file(*parameters, goal="MAXIMIZE"):
    return yaml.safe_dump({
        "studySpec": {"metrics": [{"metricId": "accuracy", "goal": goal}],
                      "parameters": list(parameters)},
        "trialJobSpec": {"workerPoolSpecs": [{"containerSpec": {"args": ["cloud.trainer", 2]}}]}})


NUMBER = {"parameterId": "a", "scaleType": "UNIT_LINEAR_SCALE",
          "doubleValueSpec": {"minValue": 0, "maxValue": 1}}


@pytest.mark.parametrize("text, sentence", [
    (None, "cannot be read"),
    ("a: [", "is not YAML"),
    ("- 1", "is no search"),
    ("studySpec: {metrics: [], parameters: []}", "is no search"),
    (tuning_file(NUMBER, goal="MOST"), "is no search"),
    (tuning_file({"parameterId": "a"}), "is no search"),
    (tuning_file(NUMBER | {"doubleValueSpec": {"minValue": 2, "maxValue": 1}}), "is no search"),
    (tuning_file(NUMBER | {"scaleType": "UNIT_LOG_SCALE"}), "is no search"),
    (tuning_file({"parameterId": "a", "scaleType": "UNIT_LINEAR_SCALE",
                  "discreteValueSpec": {"values": [1, 2]}}), "is no search"),
])
def test_broken_tuning_files(tmp_path, text, sentence):
    from cloud import search_space
    path = tmp_path / "space.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=sentence) as raised:
        search_space.read(str(path))
    assert "\n" not in str(raised.value)


def test_all_kinds_of_parameters(tmp_path):
    from cloud import search_space
    path = tmp_path / "space.yaml"
    path.write_text(tuning_file(
        NUMBER,
        {"parameterId": "log", "scaleType": "UNIT_LOG_SCALE",
         "doubleValueSpec": {"minValue": 1, "maxValue": 1e4}},
        {"parameterId": "whole", "scaleType": "UNIT_LINEAR_SCALE",
         "integerValueSpec": {"minValue": "1", "maxValue": "9"}},
        {"parameterId": "parent", "categoricalValueSpec": {"values": ["x", "y"]},
         "conditionalParameterSpecs": [{"parentCategoricalValues": {"values": ["y"]},
                                        "parameterSpec": NUMBER | {"parameterId": "child"}}]}))
    space = search_space.read(str(path))
    assert (space.metric, space.direction) == ("accuracy", "maximize")
    assert space.arguments == ["cloud.trainer", "2"]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    trials = [study.ask() for _ in range(200)]
    for trial in trials:
        search_space.suggest(trial, space.parameters)
    points = [trial.params for trial in trials]
    assert all(0 <= point["a"] <= 1 for point in points)
    assert 0.3 < sum(1 <= point["log"] < 100 for point in points) / 200 < 0.7
    assert {point["whole"] for point in points} == set(range(1, 10))
    assert all(("child" in point) == (point["parent"] == "y") for point in points)


def test_parameters_are_flags_of_the_trainer():
    """Every parameter with its lowest, highest and every listed value, as engines write them."""
    from cloud import search_space
    space = search_space.read(str(SPACE))
    parameters = list(search_space.flattened(space.parameters))
    for parameter in parameters:
        (spec,) = (value for name, value in parameter.items() if name.endswith("ValueSpec"))
        for value in spec.get("values", spec.values()):
            options = hyperparameters.read(
                [*space.arguments[1:], f"--{parameter['parameterId']}={value}"])
    assert len(parameters) == 10 and options.validation_digits == 5000
