"""The cloud version's training as an engine runs it: several processes, killed and restarted.

All of them are started here, on the loopback address; every wait has a limit, and each test checks
that no process is left behind.
"""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import uuid

import numpy as np
import pytest
from conftest import PROJECT, script_environment, wait_until

from cloud.benchmark_workers import free_address
from common.idx_files import read_idx

CHIEF, WORKER = "chief", "worker"
RETRY, TERMINATED, TIMED_OUT = 138, 143, 142
LIMIT = 240   # seconds for one training with all its restarts; some ten on an idle machine
TOKEN = "TRAINER_TEST"  # an environment variable by which all descendants are found
SETTINGS = ["--test-digits", 100, "--hp-channels-1", 3, "--hp-channels-2", 4,
            "--hp-channels-3", 6, "--hp-neurons", 16, "--hp-iterations", 120, "--test-every", 10,
            "--checkpoint-every", 25, "--patience", 90, "--hp-batch-norm"]


class Engine:
    """Starts the processes of a training, and again those that end with a status above 127."""

    def __init__(self, folder, tasks=(CHIEF, WORKER), arguments=SETTINGS, restart=True):
        folder.mkdir(exist_ok=True)
        self.folder, self._arguments, self._restart = folder, arguments, restart
        self._token = str(uuid.uuid4())
        self._cluster = {CHIEF: [free_address()], WORKER: [free_address()]}
        self.processes, self.statuses = {}, {task: [] for task in tasks}
        for task in tasks:
            self.start(task)

    def start(self, task):
        environment = {name: value for name, value in script_environment().items()
                       if not name.startswith(("AIP_", "CLUSTER_", "CLOUD_ML_", "TF_CONFIG"))}
        environment |= {TOKEN: self._token, "PYTHONUNBUFFERED": "1",
                        "CLOUD_ML_HP_METRIC_FILE": str(self.folder / "metrics")}
        if task is not None:
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": self._cluster, "task": {"type": task, "index": 0}})
        folders = [f"--{kind}-dir={self.folder / kind}" for kind in ("model", "checkpoint", "log")]
        with open(self.folder / f"{task}.txt", "a") as output:
            self.processes[task] = subprocess.Popen(
                [sys.executable, "-m", "cloud.trainer", *folders, *map(str, self._arguments)],
                cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)

    def output(self, task):
        return (self.folder / f"{task}.txt").read_text()

    def rows(self, task=CHIEF):
        """What the chief printed: iterations, and for each the training loss and the test loss."""
        return [(int(row[0]), float(row[3]), float(row[5]))
                for row in map(str.split, self.output(task).splitlines())
                if len(row) == 6 and row[0].isdigit()]

    def digest(self, task):
        return re.findall(r"digest of weights +(\w+)", self.output(task))[-1]

    def look(self):
        """Note who has ended, and start again who should be. Gives whether all are done."""
        for task, process in self.processes.items():
            if process is not None and (status := process.poll()) is not None:
                status = 128 - status if status < 0 else status
                self.statuses[task].append(status)
                self.processes[task] = None
                if status > 127 and self._restart and len(self.statuses[task]) < 12:
                    self.start(task)
        return not any(self.processes.values())

    def kill_at(self, task, number, iteration):
        """Send a signal to a process once the chief has shown an iteration."""
        assert wait_until(lambda: self.look() or any(row[0] >= iteration for row in self.rows()),
                          LIMIT)
        self.processes[task].send_signal(number)

    def wait(self):
        """Wait until all have ended; gives the statuses of each."""
        done = wait_until(self.look, LIMIT)
        text = "\n".join(f"{task} {self.statuses[task]}\n{self.output(task)}"
                         for task in self.processes)
        assert done, text
        assert self.left_behind() == [], text
        return self.statuses

    def left_behind(self):
        """The numbers of all processes that descend from those started here and still run."""
        def running():
            found = []
            for path in pathlib.Path("/proc").glob("[0-9]*"):
                try:
                    if (f"{TOKEN}={self._token}".encode() in (path / "environ").read_bytes()
                            and " Z " not in (path / "stat").read_text()):
                        found.append(int(path.name))
                except OSError:
                    pass  # ended meanwhile, or somebody else's
            return found
        wait_until(lambda: not running(), 5)
        return running()

    def stop(self):
        for process in self.processes.values():
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def engine(tmp_path):
    """A function that makes an `Engine`, which is stopped in the end."""
    engines = []

    def make(*arguments, **options):
        engines.append(Engine(tmp_path / "training", *arguments, **options))
        return engines[-1]

    yield make
    for each in engines:
        each.stop()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """An `Engine` whose two processes have trained without a disturbance."""
    engine = Engine(tmp_path_factory.mktemp("uninterrupted") / "training")
    try:
        engine.wait()
    finally:
        engine.stop()
    return engine


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """An `Engine` whose one process has trained alone."""
    engine = Engine(tmp_path_factory.mktemp("alone") / "training", tasks=[None])
    try:
        engine.wait()
    finally:
        engine.stop()
    return engine


def test_two_workers_end_with_equal_weights(uninterrupted):
    assert uninterrupted.statuses == {CHIEF: [0], WORKER: [0]}
    assert uninterrupted.digest(CHIEF) == uninterrupted.digest(WORKER)
    assert "replicas: 2, process 1 of 2" in uninterrupted.output(WORKER)
    assert [row[0] for row in uninterrupted.rows()] == list(range(10, 120, 10))
    assert uninterrupted.rows(WORKER) == []  # the chief alone tests


def test_one_process_computes_the_same_losses(uninterrupted, alone):
    assert alone.statuses == {None: [0]}
    both = zip(uninterrupted.rows(), alone.rows(None))
    for (iteration, train, test), (same_iteration, train_alone, test_alone) in both:
        assert iteration == same_iteration
        # Sums in another order are rounded differently, which grows with the iterations.
        assert train == pytest.approx(train_alone, rel=0.002 * iteration / 10)
        assert test == pytest.approx(test_alone, rel=0.002 * iteration / 10)


def test_what_a_training_leaves_in_its_folders(uninterrupted):
    folder = uninterrupted.folder
    assert {path.name for path in folder.iterdir()} == {
        "chief.txt", "worker.txt", "model", "checkpoint", "log", "metrics"}
    assert {path.name.partition(".")[0] for path in (folder / "checkpoint").iterdir()} == {
        "checkpoint", "settings", "step-100", "step-120"}
    final = re.search(r"final test accuracy ([\d.]+), loss [\d.]+, after 120 iterations",
                      uninterrupted.output(CHIEF))
    lines = [json.loads(line) for line in (folder / "metrics").read_text().splitlines()]
    assert [line["global_step"] for line in lines] == [str(n) for n in range(10, 121, 10)]
    assert float(lines[-1]["accuracy"]) == pytest.approx(float(final[1]), abs=0.0001)


def test_a_finished_training_needs_no_others(uninterrupted):
    """As after the chief was killed while it exported: the worker has ended by then."""
    digest = uninterrupted.digest(CHIEF)
    for task in (CHIEF, WORKER):
        uninterrupted.statuses[task].clear()
        (uninterrupted.folder / f"{task}.txt").unlink()
        uninterrupted.start(task)
        assert wait_until(uninterrupted.look, LIMIT)
    assert uninterrupted.statuses == {CHIEF: [0], WORKER: [0]}
    assert uninterrupted.digest(CHIEF) == digest
    assert "final test accuracy" in uninterrupted.output(CHIEF)
    assert "120 iterations are done already" in uninterrupted.output(WORKER)


def test_the_export_in_a_fresh_process(uninterrupted, tmp_path):
    """Loaded far away from this code, it computes what the trained network has computed."""
    images = read_idx(PROJECT / "data" / "t10k-images-idx3-ubyte.gz", 3)[:100]
    labels = read_idx(PROJECT / "data" / "t10k-labels-idx1-ubyte.gz", 1)[:100]
    np.save(tmp_path / "images.npy", np.float32(images) / 255)
    code = """if True:
        import numpy as np, sys, tensorflow as tf
        folder, images = sys.argv[1:]
        model = tf.saved_model.load(folder, tags=["serve"])
        predict = model.signatures["serving_default"]
        print(predict.structured_input_signature[1], predict.structured_outputs)
        found = predict(image=np.load(images))
        np.savez(images, **{name: value.numpy() for name, value in found.items()})
        """
    ran = subprocess.run(
        [sys.executable, "-c", code, uninterrupted.folder / "model", tmp_path / "images.npy"],
        cwd=tmp_path, env=script_environment(), capture_output=True, text=True, timeout=LIMIT)
    assert ran.returncode == 0, ran.stderr
    assert "'image': TensorSpec(shape=(None, 28, 28), dtype=tf.float32" in ran.stdout
    found = np.load(tmp_path / "images.npy.npz")
    assert set(found) == {"classes", "predictions"}
    assert found["classes"].dtype == np.int64 and found["classes"].shape == (100,)
    assert found["predictions"].dtype == np.float32 and found["predictions"].shape == (100, 10)
    assert np.allclose(found["predictions"].sum(1), 1, atol=1e-5)
    assert np.array_equal(found["predictions"].argmax(1), found["classes"])
    final = re.search(r"final test accuracy ([\d.]+)", uninterrupted.output(CHIEF))
    assert np.mean(found["classes"] == labels) == pytest.approx(float(final[1]), abs=0.0001)


KILLS = [(WORKER, signal.SIGKILL), (CHIEF, signal.SIGKILL), (CHIEF, signal.SIGTERM)]
ROUNDS = [pytest.param(None, id="once"), *(
    pytest.param(number, id=f"round {number}", marks=pytest.mark.recovery)
    for number in range(20))]


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize("task, kill", KILLS,
                         ids=["worker killed", "chief killed", "chief terminated"])
def test_recovery(uninterrupted, engine, task, kill, number):
    """Whoever is stopped, whenever: restarted, both end with the weights of undisturbed ones."""
    iteration = 40 if number is None else random.Random(number).randrange(10, 111, 10)
    training = engine()
    training.kill_at(task, kill, iteration)
    statuses = training.wait()
    assert training.digest(CHIEF) == training.digest(WORKER) == uninterrupted.digest(CHIEF)
    other = WORKER if task == CHIEF else CHIEF
    assert [statuses[name][-1] for name in (task, other)] == [0, 0]
    if number is None:  # at the very end nobody may be left to miss the other
        assert statuses[task][0] == 128 + kill
        assert statuses[other][0] == RETRY  # later ones may miss each other while they start
        assert "another process is gone" in training.output(other)
        if kill == signal.SIGTERM:
            saved = re.search(r"asked to end, saved after (\d+) iter", training.output(CHIEF))
            assert f"going on after {saved[1]} iterations" in training.output(WORKER)


def test_sigterm_alone(alone, engine):
    training = engine(tasks=[None])
    assert wait_until(lambda: training.look() or training.rows(None), LIMIT)
    training.processes[None].send_signal(signal.SIGTERM)
    assert training.wait()[None] == [TERMINATED, 0]
    assert training.digest(None) == alone.digest(None)


PATIENCE = 30  # also enough to import TensorFlow on a busy machine
WAITING = f"waiting for the other 1 of 2 processes, at most {PATIENCE} seconds (--patience)\n"


def test_waiting_for_others_has_a_limit(engine):
    training = engine(tasks=[WORKER], arguments=["--patience", PATIENCE], restart=False)
    assert training.wait() == {WORKER: [TIMED_OUT]}
    assert training.output(WORKER) == WAITING


def test_sigterm_while_waiting_for_others(engine):
    """TensorFlow waits in C++ and may swallow the signal; then the alarm ends the process."""
    training = engine(tasks=[CHIEF], arguments=["--patience", PATIENCE], restart=False)
    assert wait_until(lambda: training.look() or training.output(CHIEF), LIMIT)
    time.sleep(1)
    training.processes[CHIEF].send_signal(signal.SIGTERM)
    assert training.wait()[CHIEF] in ([TERMINATED], [TIMED_OUT])
    assert training.output(CHIEF) == WAITING


def test_user_errors_get_one_sentence(tmp_path):
    def run(*arguments, **variables):
        ran = subprocess.run(
            [sys.executable, "-m", "cloud.trainer", *arguments], cwd=PROJECT, timeout=LIMIT,
            env=script_environment() | variables, capture_output=True, text=True)
        return ran.returncode, ran.stderr

    status, text = run(TF_CONFIG="{")
    assert status == 1
    assert text.startswith("cloud.trainer: TF_CONFIG is not JSON") and text.count("\n") == 1
    (tmp_path / "notes.txt").touch()  # a folder of somebody's, where MNIST is not fetched to
    status, text = run("--data-dir", str(tmp_path), "--checkpoint-dir",
                       str(tmp_path / "checkpoints"))
    assert status == 1
    assert text.startswith("cloud.trainer: ") and text.count("\n") == 1
    assert "Traceback" not in text
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
                    reason="needs two cores to choose from")
def test_benchmark_of_workers():
    ran = subprocess.run([sys.executable, "-m", "cloud.benchmark_workers", "--rounds", "1",
                          "--iterations", "30"], cwd=PROJECT, env=script_environment(),
                         capture_output=True, text=True, timeout=LIMIT)
    assert ran.returncode == 0, ran.stderr
    alone, half, both = map(float, re.findall(r"[a-z]  +([\d.]+)  [\d.]+ to", ran.stdout))
    assert min(alone, half, both) > 0
    told = re.search(r"throughput of two workers: ([\d.]+) of", ran.stdout)
    assert float(told[1]) == pytest.approx(alone / both, rel=0.05)
