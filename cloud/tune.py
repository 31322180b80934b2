"""Searches for better hyperparameters on this machine, several trials at once where it has cores.

It takes the search space of vertex/hptune.yaml and has Optuna choose in it. Each trial is a
process of its own, `python -m cloud.trainer`, and reports as it would to Vertex AI; one that does
worse half-way than most did is ended. What was tried is kept in a folder; started again with the
same folder, the search goes on, interrupted trials with the checkpoints that they have left.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from common.options import PROJECT, above_zero, whole_number
from common.terminal import UserError, end_clearly

try:
    import optuna

    from cloud import search_space
except ImportError as error:
    sys.exit(f"cloud.tune: the search needs the package {error.name}: "
             f"python -m pip install -r cloud/requirements.txt")

SPACE = str(pathlib.Path(__file__).with_name("vertex") / "hptune.yaml")
TRAINER = "cloud.trainer"
GRACE = 30          # seconds for a trial to end when it is told to
LOOK_SECONDS = 0.2
FIRST_TRIALS = 4    # that are never ended early: there is little to compare them with

# A trial is a training of its own, whatever job this search may be a part of.
NOT_FOR_TRIALS = ("TF_CONFIG", "JOB_COMPLETION_INDEX", "CLUSTER_SIZE", "AIP_MODEL_DIR",
                  "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR")


def main():
    """Run the trials that are missing, and print what all have given."""
    end_clearly()
    options = _parser().parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = search_space.read(options.space)
    folder = pathlib.Path(options.dir).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--dir {options.dir} cannot be made: {error.strerror}") from None
    search = _open(space, folder, options.seed)
    asked = []  # by signals: from here on they end the search, not this process
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: asked.append(number))
    _search(search, space, folder, options, asked)
    print(_table(search, space), flush=True)
    if asked:
        sys.exit(128 + asked[0])
    if not any(trial.state.name == "COMPLETE" for trial in search.trials):
        raise UserError(f"no trial has given a result; {folder} has what each has printed")


def _open(space, folder, seed):
    """The optuna Study in a folder, new or as it was left."""
    search = optuna.create_study(
        study_name=space.metric, direction=space.direction, load_if_exists=True,
        storage=f"sqlite:///{folder / 'trials.db'}",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS))
    # A search that goes on chooses anew; and trials at the same time choose different points.
    search.sampler = optuna.samplers.TPESampler(seed=seed + len(search.trials),
                                                constant_liar=True)
    if search.user_attrs.get("space", space.digest) != space.digest:
        raise UserError(f"{folder} has trials in another search space: name another folder by "
                        f"--dir, or remove that one")
    search.set_user_attr("space", space.digest)
    for trial in search.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        # Nobody runs it any more. It is made again, in the folder of the first attempt.
        first = trial.user_attrs.get("folder", f"trial-{trial.number}")
        search.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        search.enqueue_trial(trial.params, user_attrs={"folder": first})
    return search


def _finished(search):
    """The trials that count: interrupted ones have been made again, and have no end."""
    return [trial for trial in search.trials
            if trial.state.is_finished() and "seconds" in trial.user_attrs]


def _search(search, space, folder, options, asked):
    """Run trials, as many at a time as `options` say, until there are enough or it is `asked`."""
    if done := len(_finished(search)):
        print(f"{done} of {options.trials} trials are done already", flush=True)
    left, running = options.trials - done, []
    try:
        while (left > 0 or running) and not asked:
            while left > 0 and len(running) < options.jobs:
                running.append(_Trial(search, space, folder, options))
                left -= 1
            time.sleep(LOOK_SECONDS)
            running = [trial for trial in running if not trial.look()]
    finally:
        for trial in running:
            trial.end()


class _Trial:
    """A trial under way: a process of the trainer, and what Optuna is told of it."""

    def __init__(self, search, space, folder, options):
        self._search, self._space, self._seconds = search, space, options.trial_seconds
        self._trial = search.ask()
        values = search_space.suggest(self._trial, space.parameters)
        self._name = self._trial.user_attrs.get("folder", f"trial-{self._trial.number}")
        self._place, self._start = folder / self._name, time.monotonic()
        try:
            self._place.mkdir(exist_ok="folder" in self._trial.user_attrs)
        except OSError as error:
            raise UserError(f"{self._place} cannot be made ({error.strerror}): remove it, or name "
                            f"another folder by --dir") from None
        self._trial.set_user_attr("folder", self._name)
        self._trial.set_user_attr("values", values)
        print(f"trial {self._trial.number}: {_words(values)}", flush=True)

        self._metrics, self._results = self._place / "metrics", {}
        self._metrics.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items()
                       if name not in NOT_FOR_TRIALS}
        environment |= {"CLOUD_ML_HP_METRIC_FILE": str(self._metrics),
                        "CLOUD_ML_TRIAL_ID": str(self._trial.number)}
        command = [sys.executable, "-m", options.trainer,
                   *[word for word in space.arguments if word != TRAINER],
                   *(f"--{name}={value}" for name, value in values.items()),
                   *(f"--{kind}-dir={self._place / folder}" for kind, folder in (
                       ("model", "model"), ("checkpoint", "checkpoints"), ("log", "logs"))),
                   *options.arguments]
        with open(self._place / "output.txt", "ab") as output:
            # In a session of its own, out of the reach of a terminal's Ctrl-C.
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True)

    def look(self):
        """Tell Optuna the news; gives whether the trial is done."""
        status = self._process.poll()
        self._report()
        if status is None and time.monotonic() > self._start + self._seconds:
            self.end()
            self._finish("FAIL", f"not done after {self._seconds:g} seconds")
        elif status is None and self._results and self._trial.should_prune():
            self.end()
            self._finish("PRUNED")
        elif status is None:
            return False
        elif status:
            self._finish("FAIL", f"exit status {status}: {self._last_line()}")
        elif not self._results:
            self._finish("FAIL", f"nothing reported as {self._space.metric}")
        else:
            self._finish("COMPLETE")
        return True

    def _report(self):
        """Hand on what is new in the file of metrics, in cloudml-hypertune's format."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # half a line, say
            for line in self._metrics.read_text(encoding="utf-8").splitlines():
                result = json.loads(line)
                step, value = int(result["global_step"]), float(result[self._space.metric])
                if step not in self._results:
                    self._trial.report(value, step)
                self._results[step] = value

    def _finish(self, state, failure=None):
        seconds = time.monotonic() - self._start
        self._trial.set_user_attr("seconds", seconds)
        if failure:
            self._trial.set_user_attr("failure", failure)
        value = self._results[max(self._results)] if state == "COMPLETE" else None
        self._search.tell(self._trial, value, state=optuna.trial.TrialState[state])
        outcome = (f"{self._space.metric} {value:.4f}" if state == "COMPLETE" else
                   f"failed: {failure}" if failure else
                   f"ended early, {self._space.metric} {self._results[max(self._results)]:.4f}")
        print(f"trial {self._trial.number}: {outcome}, {seconds:.0f} s", flush=True)

    def end(self):
        """See to it that the process is no more; it saves its state first."""
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_line(self):
        text = (self._place / "output.txt").read_text(encoding="utf-8", errors="replace")
        return next((line for line in reversed(text.splitlines()) if line.strip()), "no output")


def _table(search, space):
    """All trials that count, as text: the best first, then those ended early and the failed."""
    def rank(trial):
        value = trial.value or 0
        return (["COMPLETE", "PRUNED", "FAIL"].index(trial.state.name),
                -value if space.direction == "maximize" else value)

    lines = ["", f"{space.metric:>11}  trial  seconds  hyperparameters"]
    for trial in sorted(_finished(search), key=rank):
        result = f"{trial.value:.4f}" if trial.state.name == "COMPLETE" else (
            "failed" if "failure" in trial.user_attrs else "ended early")
        lines.append(f"{result:>11}  {trial.number:>5}  {trial.user_attrs['seconds']:>7.0f}  "
                     f"{_words(trial.user_attrs['values'])}")
        if "failure" in trial.user_attrs:
            lines.append(f"{'':>28}{trial.user_attrs['failure']}")
    return "\n".join(lines)


def _words(values):
    return " ".join(f"{name.removeprefix('hp-')}={value:.4g}" if isinstance(value, float)
                    else f"{name.removeprefix('hp-')}={value}" for name, value in values.items())


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m cloud.tune", description=(__doc__ or "").partition("\n\n")[0],
        epilog="What follows -- is for the trainer, in all trials: "
               "python -m cloud.tune --trials 4 -- --hp-iterations 500")

    def flag(name, metavar, default, help_, type_=str):
        parser.add_argument(name, metavar=metavar, type=type_, default=default,
                            help=f"{help_} (default: {default})")

    parser.add_argument("--trials", metavar="N", type=above_zero, required=True,
                        help="how many trials there should be in the end")
    flag("--jobs", "N", max(1, (os.cpu_count() or 1) // 2),
         "trials at once; two cores are enough for one", above_zero)
    flag("--dir", "DIR", "tuning", "where the trials are kept")
    flag("--space", "FILE", SPACE, "the search space")
    flag("--trial-seconds", "S", 3600, "a trial that takes longer has failed", above_zero)
    flag("--seed", "N", 0, "of what is chosen", whole_number(0, 2**31 - 1))
    flag("--trainer", "MODULE", TRAINER, "the program to tune")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
