"""The cloud version's training as an engine runs it: several processes, killed and restarted.

All of them are started here, on the loopback address; every wait has a limit, and each test checks
that no process is left behind.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid

import pytest
from conftest import PROJECT, script_environment, wait_until

from cloud.trainer import cluster

slow = pytest.mark.slow
CHIEF, WORKER, ALONE = "chief", "worker", "alone"
RETRY, TERMINATED = 138, 143
LIMIT = 240   # seconds for one training with all its restarts; some twenty on an idle machine
TOKEN = "TRAINER_TEST"  # an environment variable by which all descendants are found
SETTINGS = ["--test-digits", 100, "--hp-channels-1", 3, "--hp-channels-2", 4,
            "--hp-channels-3", 6, "--hp-neurons", 16, "--hp-iterations", 120, "--test-every", 10,
            "--checkpoint-every", 25, "--patience", 90, "--hp-batch-norm"]


class Engine:
    """Starts the processes of a training, and again those that end with a status above 127.

    Its `before_start` is called before each start, with the task.
    """

    def __init__(self, folder, tasks=(CHIEF, WORKER), arguments=SETTINGS, restart=True,
                 command=(sys.executable, "-m", "cloud.trainer")):
        folder.mkdir(exist_ok=True)
        self.folder, self._arguments, self._restart = folder, arguments, restart
        self._command, self._token = command, str(uuid.uuid4())
        chief, worker = cluster.on_this_machine(2)
        self.clusters = {CHIEF: chief, WORKER: worker, ALONE: cluster.Cluster()}
        self.processes, self.statuses = {}, {task: [] for task in tasks}
        self.before_start = lambda task: None
        for task in tasks:
            self.start(task)

    def start(self, task):
        self.before_start(task)
        environment = {name: value for name, value in script_environment().items()
                       if not name.startswith(("AIP_", "CLUSTER_", "CLOUD_ML_", "TF_CONFIG"))}
        environment |= {TOKEN: self._token, "CLOUD_ML_HP_METRIC_FILE": str(self.folder / "metrics")}
        environment |= self.clusters[task].environment
        folders = [f"--{kind}-dir={self.folder / kind}" for kind in ("model", "checkpoint", "log")]
        with open(self.folder / f"{task}.txt", "a") as output:
            self.processes[task] = subprocess.Popen(
                [*self._command, *folders, *map(str, self._arguments)], cwd=PROJECT,
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

    def output(self, task):
        return (self.folder / f"{task}.txt").read_text()

    def rows(self, task=CHIEF):
        """What the chief printed: iterations, and for each the training loss and the test loss."""
        rows = re.findall(r"(\d+) +0\.0\d+ +[\d.]+ +([\d.]+) +[\d.]+ +([\d.]+)$",
                          self.output(task), re.MULTILINE)
        return [(int(iteration), float(train), float(test)) for iteration, train, test in rows]

    def digests(self, task):
        return re.findall(r"digest of weights +(\w+)", self.output(task))

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

    def wait_for(self, iteration, task=CHIEF):
        """Wait until the chief has shown an iteration."""
        assert wait_until(
            lambda: self.look() or any(row[0] >= iteration for row in self.rows(task)), LIMIT)

    def wait(self):
        """Wait until all have ended; gives the statuses of each."""
        done = wait_until(self.look, LIMIT)
        text = "\n".join(f"{task} {self.statuses[task]}\n{self.output(task)}"
                         for task in self.processes)
        assert done, text
        wait_until(lambda: not self.running(), 5)
        assert self.running() == [], text
        return self.statuses

    def running(self):
        """The numbers of all processes that descend from those started here and still run."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (f"{TOKEN}={self._token}".encode() in (path / "environ").read_bytes()
                        and " Z " not in (path / "stat").read_text()):
                    found.append(int(path.name))
            except OSError:
                pass  # ended meanwhile, or somebody else's
        return found

    def stop(self):
        for process in self.processes.values():
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def engine(tmp_path):
    """A function that makes an `Engine`, which is stopped in the end."""
    engines = []

    def make(*tasks, **options):
        engines.append(Engine(tmp_path / "training", tasks or (CHIEF, WORKER), **options))
        return engines[-1]

    yield make
    for each in engines:
        each.stop()


def finished(folder, *tasks):
    """An `Engine` whose processes have trained without a disturbance."""
    engine = Engine(folder / "training", tasks)
    try:
        engine.wait()
    finally:
        engine.stop()
    return engine


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("uninterrupted"), CHIEF, WORKER)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("alone"), ALONE)


@slow
def test_two_workers_end_with_equal_weights(uninterrupted):
    assert uninterrupted.statuses == {CHIEF: [0], WORKER: [0]}
    assert uninterrupted.digests(CHIEF) == uninterrupted.digests(WORKER)
    assert "replicas: 2, process 1 of 2" in uninterrupted.output(WORKER)
    assert [row[0] for row in uninterrupted.rows()] == list(range(10, 120, 10))
    assert uninterrupted.rows(WORKER) == []  # the chief alone tests


@slow
def test_one_process_computes_the_same_losses(uninterrupted, alone):
    assert alone.statuses == {ALONE: [0]}
    # Only the first rows: sums in another order are rounded differently, which grows with time.
    both = zip(uninterrupted.rows()[:4], alone.rows(ALONE)[:4], strict=True)
    for (iteration, train, test), (same_iteration, train_alone, test_alone) in both:
        assert iteration == same_iteration
        assert train == pytest.approx(train_alone, rel=0.01)
        assert test == pytest.approx(test_alone, rel=0.01)


@slow
def test_what_a_training_leaves_in_its_folders(uninterrupted):
    folder = uninterrupted.folder
    assert {path.name for path in folder.iterdir()} == {
        "chief.txt", "worker.txt", "model", "checkpoint", "log", "metrics"}
    assert {path.name.partition(".")[0] for path in (folder / "checkpoint").glob("step*")} == {
        "step-100", "step-120"}
    assert {path.name for path in (folder / "model").iterdir()} == {".lock", "1"}
    final = re.search(r"final test accuracy ([\d.]+), loss [\d.]+, after 120 iterations",
                      uninterrupted.output(CHIEF))
    lines = [json.loads(line) for line in (folder / "metrics").read_text().splitlines()]
    assert [line["global_step"] for line in lines] == [str(n) for n in range(10, 121, 10)]
    assert float(lines[-1]["accuracy"]) == pytest.approx(float(final[1]), abs=0.0001)


@slow
def test_a_finished_training_needs_no_others(uninterrupted):
    """As after the chief was killed while it exported: the worker has ended by then."""
    digests = uninterrupted.digests(CHIEF)
    for task in (CHIEF, WORKER):
        uninterrupted.statuses[task].clear()
        (uninterrupted.folder / f"{task}.txt").unlink()
        uninterrupted.start(task)
        assert wait_until(uninterrupted.look, LIMIT)
    assert uninterrupted.statuses == {CHIEF: [0], WORKER: [0]}
    assert uninterrupted.digests(CHIEF) == digests
    assert "final test accuracy" in uninterrupted.output(CHIEF)
    assert "WARNING" not in uninterrupted.output(CHIEF)
    assert uninterrupted.output(WORKER) == "120 iterations are done already\n"


ROUNDS = [pytest.param(None, id="once", marks=slow), *(
    pytest.param(number, id=f"round {number}", marks=pytest.mark.recovery)
    for number in range(20))]


def iteration_of(number, first=10):
    """When to disturb a training, in its round of this number or None."""
    return 60 if number is None else random.Random(number).randrange(first, 111, 10)


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize("task, kill, is_damaged", [
    (WORKER, signal.SIGKILL, False), (CHIEF, signal.SIGKILL, False), (CHIEF, signal.SIGTERM, False),
    (CHIEF, signal.SIGKILL, True)],
    ids=["worker killed", "chief killed", "chief terminated", "checkpoint damaged"])
def test_recovery(uninterrupted, engine, task, kill, is_damaged, number):
    """Whoever is stopped, whenever: restarted, both end with the weights of undisturbed ones. Where
    the newest checkpoint is no good, they go on from the one before.
    """
    def damage(task):
        files = sorted(training.folder.glob("checkpoint/step-*.data*"), key=os.path.getmtime)
        if is_damaged and task == CHIEF and len(training.statuses[CHIEF]) == 1:
            content = files[-1].read_bytes()
            files[-1].write_bytes(content[:len(content) // 2])

    training = engine()
    training.before_start = damage
    # After 60 iterations there are two checkpoints.
    training.wait_for(iteration_of(number, first=60 if is_damaged else 10))
    training.processes[task].send_signal(kill)
    statuses = training.wait()
    assert training.digests(CHIEF)[-1] == training.digests(WORKER)[-1]
    assert training.digests(CHIEF)[-1] == uninterrupted.digests(CHIEF)[-1]
    other = WORKER if task == CHIEF else CHIEF
    assert [statuses[name][-1] for name in (task, other)] == [0, 0]
    if is_damaged:
        assert re.search(r"step-\d+ is damaged .*: going on from the one of",
                         training.output(CHIEF))
    if number is None:  # at the very end nobody may be left to miss the other
        assert statuses[task][0] == 128 + kill
        assert statuses[other][0] == RETRY  # later ones may miss each other while they start
        assert "another process is gone" in training.output(other)
        if kill == signal.SIGTERM:
            saved = re.search(r"asked to end, saved after (\d+) iter", training.output(CHIEF))
            assert f"going on after {saved[1]} iterations" in training.output(WORKER)


@slow
def test_sigterm_alone(alone, engine):
    training = engine(ALONE)
    training.wait_for(10, ALONE)
    training.processes[ALONE].send_signal(signal.SIGTERM)
    assert training.wait()[ALONE] == [TERMINATED, 0]
    assert training.digests(ALONE) == alone.digests(ALONE)


@slow
@pytest.mark.parametrize("kill", [None, signal.SIGKILL])
def test_workers_on_this_machine(uninterrupted, engine, kill):
    """One command trains with two processes, starts them again, and says whose words are whose."""
    training = engine(ALONE, arguments=[*SETTINGS, "--workers", 2])
    if kill:
        training.wait_for(60, ALONE)
        os.kill(max(training.running()), kill)
    assert training.wait() == {ALONE: [0]}
    assert training.digests(ALONE)[-2:] == 2 * uninterrupted.digests(CHIEF)[-1:]
    lines = training.output(ALONE).splitlines()
    assert all(re.match(r"worker [01] \| ", line) for line in lines), lines
    assert ("another process is gone" in training.output(ALONE)) == bool(kill)


@slow
def test_workers_that_fail_for_good_end_all(engine):
    training = engine(ALONE, arguments=["--workers", 2, "--batch-size", 33])
    assert training.wait() == {ALONE: [1]}
    assert "--batch-size 33: choose a multiple of 2" in training.output(ALONE)
    assert "Traceback" not in training.output(ALONE)


PATIENCE = 30  # also enough to import TensorFlow on a busy machine
WAITING = f"waiting for the other 1 of 2 processes, at most {PATIENCE} seconds (--patience)\n"
AS_PROCESS_1 = ("unshare", "--pid", "--fork", "--mount-proc")  # as in a container


def can_be_process_1():
    return shutil.which("unshare") and subprocess.run([*AS_PROCESS_1, "true"]).returncode == 0


@slow
@pytest.mark.parametrize("prefix", [(), AS_PROCESS_1], ids=["a process", "process 1"])
def test_waiting_for_others_has_a_limit(engine, prefix):
    """And the sentence at its end names who was waited for."""
    if prefix and not can_be_process_1():
        pytest.skip("needs unshare, and to be root")
    start = time.monotonic()
    training = engine(WORKER, arguments=["--patience", PATIENCE], restart=False,
                      command=[*prefix, sys.executable, "-m", "cloud.trainer"])
    assert training.wait() == {WORKER: [RETRY]}
    assert time.monotonic() - start < 3 * PATIENCE
    assert training.output(WORKER) == WAITING + (
        f"cloud.trainer: waited {PATIENCE} seconds (--patience) for "
        f"{training.clusters[WORKER].addresses[0]}\n")


@slow
def test_sigterm_while_waiting_for_others(engine):
    training = engine(CHIEF, arguments=["--patience", PATIENCE], restart=False)
    assert wait_until(lambda: training.look() or training.output(CHIEF), LIMIT)
    time.sleep(1)
    training.processes[CHIEF].send_signal(signal.SIGTERM)
    assert training.wait()[CHIEF] == [TERMINATED]
    assert training.output(CHIEF) == WAITING


@slow
def test_two_trainings_in_one_folder(engine, alone):
    """The second one says who is there; the first ends as if it had been alone."""
    first = engine(ALONE)
    first.wait_for(10, ALONE)
    first.processes[ALONE].send_signal(signal.SIGSTOP)  # it must not end before the second asks
    ran = subprocess.run(
        [sys.executable, "-m", "cloud.trainer", "--seed", "1", "--dir", first.folder / "other",
         "--checkpoint-dir", first.folder / "checkpoint"],
        cwd=PROJECT, env=script_environment(), capture_output=True, text=True, timeout=LIMIT)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (RETRY, "", 1)
    assert re.match(rf"cloud.trainer: --checkpoint-dir: process {first.processes[ALONE].pid} on .* "
                    r"works in .*: wait for its end, or name another folder\n", ran.stderr)
    first.processes[ALONE].send_signal(signal.SIGCONT)
    assert first.wait() == {ALONE: [0]}
    assert first.digests(ALONE) == alone.digests(ALONE)


@slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start(engine, number):
    """It went on where the signal came while its processes were being started."""
    for delay in (0.3, 0.6, 0.9, 1.2):
        training = engine(ALONE, arguments=["--workers", 2], restart=False)
        time.sleep(delay)
        training.processes[ALONE].send_signal(number)
        assert training.wait()[ALONE] in ([128 + number],)
    assert "Traceback" not in training.output(ALONE)
