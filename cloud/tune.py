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
import shlex
import sqlite3
import subprocess
import sys
import time

from common.terminal import UserError, end_clearly, reason

if __name__ == "__main__":  # before the imports that take a while
    end_clearly()

from cloud.lock import lock
from cloud.trainer.hyperparameters import FOLDERS, flag_of
from cloud.trainer.launcher import ending_with_this_process, signals_to_end
from common.options import PROJECT, whole_number

try:
    import optuna
    import sqlalchemy.exc
    from optuna.trial import TrialState

    from cloud import search_space
except ImportError as error:
    sys.exit(f"cloud.tune: the search needs the package {error.name}: "
             f"python -m pip install -r cloud/requirements.txt")

SPACE = str(pathlib.Path(__file__).with_name("vertex") / "hptune.yaml")
LOOK_SECONDS = 0.2
FIRST_TRIALS = 4  # that are never ended early: there is little to compare them with

# A trial is a training of its own, whatever job this search may be a part of.
NOT_FOR_TRIALS = ("TF_CONFIG", "JOB_COMPLETION_INDEX",
                  *(variable for _, variable, _ in FOLDERS.values()))


class TrialFailed(Exception):
    """A trial has given no result. The text says why."""


class Interrupted(BaseException):
    """A signal ends the search. Optuna leaves the trial running, as if the search were killed."""


def main():
    """Run the trials that are missing, and print what all have given."""
    options = _parser().parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = search_space.read(options.space)
    _check(options.arguments, space)
    folder = pathlib.Path(options.dir).resolve()
    with lock(str(folder), "--dir"):
        try:
            search = _open(space, folder, options.seed)
            asked = _search(search, space, folder, options)
            print(_table(search, space, options), flush=True)
        except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            why = reason(error.__cause__ or error)
            raise UserError(f"{folder / 'trials.db'} cannot be used ({why}): remove {folder}, or "
                            f"name another folder by --dir") from None
    if asked:
        sys.exit(128 + asked[0])
    if not search.get_trials(states=[TrialState.COMPLETE]):
        raise UserError(f"no trial has given a result; {folder} has what each has printed")


def _check(arguments, space):
    """Refuse arguments for the trainer that this program chooses."""
    chosen = {f"--{parameter['parameterId']}": "is in the search space"
              for parameter in search_space.flattened(space.parameters)}
    chosen |= {flag_of(name): "is a folder of each trial" for name in ("dir", *FOLDERS)}
    for word in arguments:
        flag = word.partition("=")[0]
        if flag in chosen:
            raise UserError(f"{flag} {chosen[flag]}, so it cannot be set for all trials: leave it "
                            f"out")


def _open(space, folder, seed):
    """The optuna Study in a folder, new or as it was left."""
    # Not by an address of the file, in which a path with a "?" has no place.
    storage = optuna.storages.RDBStorage("sqlite:///trials.db", {"creator": lambda: sqlite3.connect(
        folder / "trials.db", timeout=60, check_same_thread=False)})
    search = optuna.create_study(
        study_name=space.metric, direction=space.direction, load_if_exists=True, storage=storage,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_TRIALS))
    # A search that goes on chooses anew; and trials at the same time choose different points.
    search.sampler = optuna.samplers.TPESampler(seed=seed + len(search.trials),
                                                constant_liar=True)
    search.sampler.reseed_rng = lambda: None  # which each thread does: --seed is to count
    if search.user_attrs.get("space", space.text) != space.text:
        raise UserError(f"{folder} has trials in another search space: name another folder by "
                        f"--dir, or remove that one")
    search.set_user_attr("space", space.text)
    for trial in search.get_trials(states=[TrialState.RUNNING]):
        # The search was interrupted or killed, and it with it: once more, in its folder.
        search.enqueue_trial(trial.params, user_attrs=trial.user_attrs)
        search.tell(trial.number, state=TrialState.FAIL)
    return search


def _finished(search):
    """The trials that count: interrupted ones are made again, and have no end."""
    return [trial for trial in search.trials
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
            or "failure" in trial.user_attrs]


def _search(search, space, folder, options):
    """Run the trials that are missing; gives the signals (a list of int) that have ended it."""
    asked = signals_to_end()

    def run(trial):
        try:
            return _run(trial, space, folder, options, asked)
        except (TrialFailed, OSError) as error:
            trial.set_user_attr("failure", str(error))
            raise

    if done := len(_finished(search)):
        print(f"{done} of {options.trials} trials are done already", flush=True)
    if done < options.trials:
        with contextlib.suppress(Interrupted):
            search.optimize(run, options.trials - done, n_jobs=options.jobs,
                            catch=(TrialFailed, OSError), callbacks=[_tell])
    return asked


def _run(trial, space, folder, options, asked):
    """Run a trial, a process of the trainer; gives what it has reached in the end, a float."""
    search_space.suggest(trial, space.parameters)
    place = folder / trial.user_attrs.get("folder", f"trial-{trial.number}")
    metrics, output, results = place / "metrics", place / "output.txt", {}
    arguments = [*space.arguments, *(f"--{name}={value}" for name, value in trial.params.items()),
                 *options.arguments]
    trial.set_user_attr("folder", place.name)
    trial.set_user_attr("arguments", arguments)
    if asked:
        raise Interrupted
    print(f"trial {trial.number}: {_words(trial)}", flush=True)
    place.mkdir(exist_ok=True)
    metrics.unlink(missing_ok=True)
    process = _start([*arguments, f"--dir={place}"], output, {
        "CLOUD_ML_HP_METRIC_FILE": str(metrics), "CLOUD_ML_TRIAL_ID": str(trial.number)})
    try:
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            _report(trial, metrics, space.metric, results)
            if asked:
                raise Interrupted
            if results and trial.should_prune():
                raise optuna.TrialPruned
    finally:
        process.terminate()  # it saves its state first
        process.wait()
    _report(trial, metrics, space.metric, results)
    if process.returncode:
        text = output.read_text(encoding="utf-8", errors="replace")
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "no output")
        raise TrialFailed(f"exit status {process.returncode}: {last}")
    if not results:
        raise TrialFailed(f"nothing reported as {space.metric}")
    return results[max(results)]


def _start(command, output, variables):
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_TRIALS}
    with open(output, "ab") as file:
        # In a session of its own, out of the reach of a terminal's Ctrl-C.
        return subprocess.Popen(
            [sys.executable, "-m", *command], cwd=PROJECT, env=environment | variables,
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=ending_with_this_process())


def _report(trial, metrics, name, results):
    """Hand on what is new in the file of metrics, in cloudml-hypertune's format."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # half a line, say
        for line in metrics.read_text(encoding="utf-8").splitlines():
            result = json.loads(line)
            step, value = int(result["global_step"]), float(result[name])
            if step not in results:
                trial.report(value, step)
            results[step] = value


def _outcome(trial):
    """How a trial has ended, in a word or as a number."""
    if trial.state == TrialState.COMPLETE:
        return f"{trial.value:.4f}"
    return "ended early" if trial.state == TrialState.PRUNED else "failed"


def _tell(search, trial):
    why = trial.user_attrs.get("failure")
    print(f"trial {trial.number}: {_outcome(trial)}{f' ({why})' if why else ''}, "
          f"{trial.duration.total_seconds():.0f} s", flush=True)


def _table(search, space, options):
    """All trials that count, as text: the best first, then those ended early and the failed. Last,
    how to make the best one again.
    """
    sign = -1 if space.direction == "maximize" else 1
    trials = sorted(_finished(search), key=lambda trial: (trial.state, sign * (trial.value or 0)))
    lines = ["", f"{space.metric:>11}  trial  seconds  hyperparameters"]
    for trial in trials:
        lines.append(f"{_outcome(trial):>11}  {trial.number:>5}  "
                     f"{trial.duration.total_seconds():>7.0f}  {_words(trial)}")
        if "failure" in trial.user_attrs:
            lines.append(f"{'':>28}{trial.user_attrs['failure']}")
    if trials and (best := trials[0]).state == TrialState.COMPLETE:
        place = os.path.join(options.dir, f"trial-{best.number}-again")
        lines += ["", f"To train trial {best.number} again:", shlex.join([
            "python", "-m", *best.user_attrs["arguments"], "--dir", place])]
    return "\n".join(lines)


def _words(trial):
    """The hyperparameters of a trial, as text."""
    return " ".join(f"{name.removeprefix('hp-')}={value:.4g}" if isinstance(value, float)
                    else f"{name.removeprefix('hp-')}={value}"
                    for name, value in trial.params.items())


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m cloud.tune", allow_abbrev=False,
        description="Search for better hyperparameters on this machine, several trials at once "
                    "where it has cores.",
        epilog="What follows -- is for the trainer, in all trials: "
               "python -m cloud.tune --trials 4 -- --hp-iterations 500")

    def flag(name, metavar, default, help_, type_=str):
        parser.add_argument(name, metavar=metavar, type=type_, default=default,
                            help=f"{help_} (default: {default})")

    parser.add_argument("--trials", metavar="N", type=whole_number(1, 100_000), required=True,
                        help="how many trials there should be in the end")
    flag("--jobs", "N", max(1, (os.cpu_count() or 1) // 2),
         "trials at once; two cores are enough for one", whole_number(1, 1024))
    flag("--dir", "DIR", "tuning", "where the trials are kept")
    flag("--space", "FILE", SPACE, "the search space and the program")
    flag("--seed", "N", 0, "of what is chosen", whole_number(0, 2**31 - 1))
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
