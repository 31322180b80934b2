"""The search for hyperparameters on this machine."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from conftest import PROJECT, script_environment, wait_until

optuna = pytest.importorskip("optuna", reason="the search needs the package optuna")
search_space = pytest.importorskip("cloud.search_space", reason="it needs the package pyyaml")
yaml = pytest.importorskip("yaml")

PATIENCE = 240  # seconds: two trainings start TensorFlow each
SPACE = PROJECT / "cloud/vertex/hptune.yaml"
RESULT = re.compile(r"^ +(0\.\d{4}|failed)  +(\d+)  +\d+  (learning-rate=.*)$", re.MULTILINE)

# Stands in for cloud.trainer: the smaller the learning rate, the better. What else it does is in
# a file of its folder.
TRAINER = """
import json, os, pathlib, sys, time
flags = dict(word.removeprefix("--").split("=") for word in sys.argv[1:])
place = pathlib.Path(flags["model-dir"]).parent
runs = place / "runs"
runs.write_text(runs.read_text() + "again\\n" if runs.exists() else json.dumps(flags) + "\\n")
assert "TF_CONFIG" not in os.environ
number = os.environ["CLOUD_ML_TRIAL_ID"]
(place / "pid.part").write_text(str(os.getpid()))
(place / "pid.part").rename(place / "pid")
if number in os.environ.get("SLOW", "").split(","):
    time.sleep(300)
if number in os.environ.get("FAILING", "").split(","):
    sys.exit("the loss is nan: choose a smaller --hp-learning-rate")
if number not in os.environ.get("SILENT", "").split(","):
    with open(os.environ["CLOUD_ML_HP_METRIC_FILE"], "w") as file:
        for result in (0.9, 0.99 - float(flags["hp-learning-rate"])):
            print(json.dumps({"trial": number, "accuracy": str(result), "timestamp": 1.0,
                              "global_step": "5"}), file=file)
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a search in the folder tmp_path/"search"; none is left behind."""
    (tmp_path / "stand_in.py").write_text(TRAINER)
    started = []

    def start(*arguments, trainer="stand_in", **variables):
        started.append(subprocess.Popen(
            [sys.executable, "-m", "cloud.tune_local", "--dir", tmp_path / "search",
             "--trainer", trainer, *map(str, arguments)], cwd=PROJECT, text=True,
            env=script_environment() | {"PYTHONPATH": str(tmp_path), "TF_CONFIG": "{}"} | variables,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.terminate()  # which ends its trial, too
        try:
            process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture
def search(start):
    """A function that runs a search to its end: exit status, output, errors."""
    def search(*arguments, **variables):
        process = start(*arguments, **variables)
        output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors
    return search


def test_results_failures_and_going_on(search, tmp_path):
    """The best trial comes first, failed ones last with the reason; a search can be continued."""
    status, output, errors = search("--trials", 4, "--trial-seconds", 3,
                                    "--", "--seed=7", FAILING="1", SILENT="2", SLOW="3")
    assert (status, errors) == (0, "")
    assert [row[0] for row in RESULT.findall(output)][1:] == ["failed"] * 3
    assert "exit status 1: the loss is nan: choose a smaller --hp-learning-rate" in output
    assert "nothing reported as accuracy" in output and "not done after 3 seconds" in output
    flags = json.loads((tmp_path / "search/trial-0/runs").read_text())
    assert flags["seed"] == "7" and flags["hp-iterations"] == "3000"
    assert flags["model-dir"] == str(tmp_path / "search/trial-0/model")

    status, output, errors = search("--trials", 6)
    assert (status, errors) == (0, "")
    assert output.startswith("4 of 6 trials are done already\n")
    rows = RESULT.findall(output)
    assert sorted(row[1] for row in rows) == list("012345")
    results = [float(row[0]) for row in rows[:3]]
    assert results == sorted(results, reverse=True)
    rates = [float(re.match(r"learning-rate=(\S+)", row[2])[1]) for row in rows[:3]]
    assert results == pytest.approx([0.99 - rate for rate in rates], abs=6e-5)
    assert len(set(rates)) == 3

    space = yaml.safe_load(SPACE.read_text())
    space["studySpec"]["parameters"][0]["doubleValueSpec"]["maxValue"] = 0.05
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(space))
    status, _, errors = search("--trials", 7, "--space", tmp_path / "other.yaml")
    assert status == 1 and "has trials in another search space" in errors
    assert errors.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals that reach one process")
@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143),
                                            (signal.SIGKILL, -9)])
def test_an_interrupted_trial_is_made_again(start, search, tmp_path, number, status):
    """In its folder, where the trainer finds its checkpoint; and no process is left."""
    process = start("--trials", 2, SLOW="1")
    assert wait_until((tmp_path / "search/trial-1/pid").exists, PATIENCE)
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == status and "Traceback" not in errors
    pid = int((tmp_path / "search/trial-1/pid").read_text())
    if number == signal.SIGKILL:
        os.kill(pid, signal.SIGKILL)  # nobody was there to end it
    else:
        assert [row[1] for row in RESULT.findall(output)] == ["0"]  # what is known is shown
        assert not _is_there(pid)

    status, output, errors = search("--trials", 2)
    assert (status, errors) == (0, "")
    assert output.startswith("1 of 2 trials are done already\n")
    assert len(RESULT.findall(output)) == 2 and "failed" not in output
    assert (tmp_path / "search/trial-1/runs").read_text().endswith("}\nagain\n")
    assert not (tmp_path / "search/trial-2").exists()


def _is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_when_all_fail(search):
    status, output, errors = search("--trials", 1, FAILING="0")
    assert status == 1 and "failed" in output
    assert "no trial has given a result" in errors and errors.count("\n") == 1


@pytest.mark.parametrize("text, sentence", [
    (None, "cannot be read"),
    ("a: [", "is not YAML"),
    ("- 1", "is no tuning job"),
    ("studySpec: {metrics: [], parameters: []}", "is no tuning job"),
    ("studySpec: {metrics: [{metricId: a, goal: MOST}], parameters: []}", "is no tuning job"),
])
def test_broken_tuning_files(tmp_path, text, sentence):
    path = tmp_path / "space.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(search_space.SearchSpaceError, match=sentence):
        search_space.read(str(path))


@pytest.mark.parametrize("parameter", [
    {"parameterId": "a"},
    {"parameterId": "a", "doubleValueSpec": {"minValue": 2, "maxValue": 1}},
    {"parameterId": "a", "doubleValueSpec": {"minValue": 0, "maxValue": 1},
     "scaleType": "UNIT_LOG_SCALE"},
    {"parameterId": "a", "doubleValueSpec": {"minValue": 0, "maxValue": 1}, "scaleType": "LOG"},
    {"parameterId": "a", "categoricalValueSpec": {"values": [True, False]}},
    {"parameterId": "a", "discreteValueSpec": {"values": []}},
    {"parameterId": "a", "integerValueSpec": {"minValue": "one", "maxValue": 1}},
    {"parameterId": "a", "categoricalValueSpec": {"values": ["x"]}, "conditionalParameterSpecs": [
        {"parentCategoricalValues": {"values": ["x"]}, "parameterSpec": {"parameterId": "b"}}]},
])
def test_broken_parameters(tmp_path, parameter):
    path = tmp_path / "space.yaml"
    path.write_text(yaml.safe_dump({"studySpec": {
        "metrics": [{"metricId": "m", "goal": "MINIMIZE"}], "parameters": [parameter]}}))
    with pytest.raises(search_space.SearchSpaceError, match="the parameter [ab] of the search"):
        search_space.read(str(path))


def test_all_kinds_of_parameters(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_text("""
studySpec:
  algorithm: RANDOM_SEARCH
  measurementSelectionType: BEST_MEASUREMENT
  metrics: [{metricId: loss, goal: MINIMIZE}]
  parameters:
  - {parameterId: double, doubleValueSpec: {minValue: -1, maxValue: 1}}
  - {parameterId: log, scaleType: UNIT_LOG_SCALE, doubleValueSpec: {minValue: 1, maxValue: 1.0e+4}}
  - {parameterId: reverse, scaleType: UNIT_REVERSE_LOG_SCALE,
     doubleValueSpec: {minValue: 1, maxValue: 1.0e+4}}
  - {parameterId: whole, scaleType: UNIT_REVERSE_LOG_SCALE,
     integerValueSpec: {minValue: "1", maxValue: "100"}}
  - {parameterId: discrete, scaleType: UNIT_LOG_SCALE, discreteValueSpec: {values: [10, 0.5, 1]},
     conditionalParameterSpecs: [{parentDiscreteValues: {values: [0.5]}, parameterSpec: {
       parameterId: child, categoricalValueSpec: {values: [x, y]}, conditionalParameterSpecs: [
         {parentCategoricalValues: {values: [y]}, parameterSpec: {
            parameterId: grandchild, integerValueSpec: {minValue: 3, maxValue: 4}}}]}}]}
trialJobSpec:
  workerPoolSpecs: [{containerSpec: {args: [one, 2]}}]
""")
    study = search_space.read(str(path))
    assert (study.metric, study.direction, study.takes_best, study.is_random) == (
        "loss", "minimize", True, True)
    assert study.arguments == ["one", "2"]
    names = ["double", "log", "reverse", "whole", "discrete", "child", "grandchild"]
    assert list(search_space.names(study.parameters)) == names

    search = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    points = [search_space.suggest(search.ask(), study.parameters) for _ in range(200)]
    values = {name: [point[name] for point in points if name in point] for name in names}
    assert all(-1 <= value <= 1 for value in values["double"])
    assert 0.3 < sum(1 <= value < 100 for value in values["log"]) / 200 < 0.7
    assert 0.3 < sum(1e4 - 100 < value <= 1e4 for value in values["reverse"]) / 200 < 0.7
    assert set(values["whole"]) <= set(range(1, 101)) and 100 in values["whole"]
    assert set(values["discrete"]) == {0.5, 1, 10}
    assert all(("child" in point) == (point["discrete"] == 0.5) for point in points)
    assert all(("grandchild" in point) == (point.get("child") == "y") for point in points)
    assert set(values["grandchild"]) == {3, 4}


def test_parameters_are_flags_of_the_trainer():
    """Every parameter with its lowest, highest and every listed value, as engines write them."""
    trainer = pytest.importorskip("cloud.trainer.__main__")
    study = search_space.read(str(SPACE))
    assert study.arguments[0] == "cloud.trainer"
    parser = trainer._parser()

    def words(parameters):
        for parameter in parameters:
            for kind in search_space.KINDS:
                spec = parameter.get(kind, {})
                for value in [*spec.get("values", []), *spec.values()]:
                    if not isinstance(value, list):
                        yield f"--{parameter['parameterId']}={value}"
            yield from words(condition["parameterSpec"] for condition in
                             parameter.get("conditionalParameterSpecs", []))

    for word in words(study.parameters):
        parser.parse_args([*study.arguments[1:], word])
    assert len(list(search_space.names(study.parameters))) == 10

    from cloud.trainer.tuning_metric import METRIC
    assert study.metric == METRIC


def test_two_trials_of_the_real_trainer(search, tmp_path):
    pytest.importorskip("cloud.trainer.__main__")
    status, output, errors = search(
        "--trials", 2, "--", "--hp-iterations=3", "--batch-size=20", "--test-digits=200",
        trainer="cloud.trainer")
    assert (status, errors) == (0, ""), output
    assert len(RESULT.findall(output)) == 2 and "failed" not in output, output
    for number in (0, 1):
        assert (tmp_path / f"search/trial-{number}/model/saved_model.pb").exists()
