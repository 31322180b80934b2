"""Searches for better hyperparameters on this machine, one trial after the other.

It takes the search space of vertex/hptune.yaml and has Optuna choose in it. Each trial is a
process of its own, `python -m cloud.trainer`, and reports as it would to Vertex AI. What was tried
is kept in a folder; started again with the same folder, the search goes on, an interrupted trial
with the checkpoint that it has left.
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

from cloud import search_space
from common import errors as clean_exit
from common.errors import UserError

SPACE = str(pathlib.Path(__file__).with_name("vertex") / "hptune.yaml")
TRAINER = "cloud.trainer"
PROJECT = str(pathlib.Path(__file__).resolve().parent.parent)
GRACE = 30  # seconds for a trial to end when it is told to

# A trial is a training of its own, whatever job this search may be a part of.
NOT_FOR_TRIALS = ("TF_CONFIG", "JOB_COMPLETION_INDEX", "CLUSTER_SIZE", "AIP_MODEL_DIR",
                  "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR")


class TrialError(Exception):
    """A trial that has given no result. The text says why."""


def main():
    """Run the trials that are missing, and print what all have given."""
    clean_exit.end_clearly()
    options = _parser().parse_args()
    optuna = _import_optuna()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    study = search_space.read(options.space)
    folder = pathlib.Path(options.dir).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--dir {options.dir} cannot be made: {error.strerror}") from None

    search = _open(optuna, study, folder, options)
    finished = _finished(optuna, search)
    if finished:
        print(f"{len(finished)} of {options.trials} trials are done already", flush=True)
    try:
        for _ in range(len(finished), options.trials):
            _run(optuna, search, study, folder, options)
    finally:
        print(_table(optuna, search, study), flush=True)
    if not any(trial.state == optuna.trial.TrialState.COMPLETE for trial in search.trials):
        raise UserError(f"no trial has given a result; {folder} has what each has printed")


def _import_optuna():
    try:
        import optuna
    except ImportError:
        raise UserError("the search needs the package optuna: python -m pip install -r "
                        "cloud/requirements.txt") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _open(optuna, study, folder, options):
    """The optuna Study in a folder, new or as it was left."""
    samplers = optuna.samplers
    name = f"sqlite:///{folder / 'trials.db'}"
    search = optuna.create_study(study_name=study.metric, direction=study.direction, storage=name,
                                 load_if_exists=True)
    seed = options.seed + len(search.trials)  # so that a search that goes on chooses anew
    search.sampler = (samplers.RandomSampler(seed=seed) if study.is_random
                      else samplers.TPESampler(seed=seed))
    if search.user_attrs.get("space", study.digest) != study.digest:
        raise UserError(f"{folder} has trials in another search space: name another folder by "
                        f"--dir, or remove that one")
    search.set_user_attr("space", study.digest)

    for trial in search.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        # Nobody runs it any more. It is made again, with the folder of the first attempt.
        first = trial.user_attrs.get("folder", f"trial-{trial.number}")
        search.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        search.enqueue_trial(trial.params, user_attrs={"folder": first})
    return search


def _finished(optuna, search):
    """The trials that count: interrupted ones have been made again, and have no end."""
    return [trial for trial in search.trials
            if trial.state.is_finished() and "seconds" in trial.user_attrs]


def _run(optuna, search, study, folder, options):
    """Make a trial, and keep its result."""
    trial = search.ask()
    values = search_space.suggest(trial, study.parameters)
    made_again = "folder" in trial.user_attrs
    place = folder / trial.user_attrs.get("folder", f"trial-{trial.number}")
    try:
        place.mkdir(exist_ok=made_again)
    except OSError as error:
        raise UserError(f"{place} cannot be made ({error.strerror}): remove it, or name another "
                        f"folder by --dir") from None
    trial.set_user_attr("folder", place.name)
    trial.set_user_attr("values", values)
    print(f"trial {trial.number}: {_words(values)}", flush=True)

    start = time.monotonic()
    try:
        result = _train(trial.number, values, place, study, options)
    except TrialError as error:
        trial.set_user_attr("failure", str(error))
        print(f"    failed: {error}", flush=True)
        result = None
    trial.set_user_attr("seconds", time.monotonic() - start)
    if result is None:
        search.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        search.tell(trial, result)
        print(f"    {study.metric} {result:.4f} in {time.monotonic() - start:.0f} s", flush=True)


def _train(number, values, place, study, options):
    """Run the trainer, and return what it has reported (float).

    Raises:
      TrialError: it has failed, or taken too long, or reported nothing.
    """
    report = place / "metrics"
    report.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items()
                   if name not in NOT_FOR_TRIALS}
    environment |= {"CLOUD_ML_HP_METRIC_FILE": str(report), "CLOUD_ML_TRIAL_ID": str(number)}
    # In a container's arguments, the name of the program comes first.
    arguments = study.arguments[1:] if study.arguments[:1] == [TRAINER] else study.arguments
    command = [sys.executable, "-m", options.trainer, *arguments,
               *(f"--{name}={value}" for name, value in values.items()),
               f"--model-dir={place / 'model'}", f"--checkpoint-dir={place / 'checkpoints'}",
               f"--log-dir={place / 'logs'}", *options.arguments]
    process = None
    with open(place / "output.txt", "ab") as output:
        try:
            with _signals_waiting():
                # Out of the reach of Ctrl-C, which comes to this process, and ends that one then.
                process = subprocess.Popen(
                    command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            status = process.wait(options.trial_seconds)
        except subprocess.TimeoutExpired:
            raise TrialError(f"not done after {options.trial_seconds:g} seconds") from None
        finally:
            if process is not None:
                _end(process)
    if status:
        raise TrialError(f"exit status {status}: {_last_line(place / 'output.txt')}")
    return _reported(report, study)


@contextlib.contextmanager
def _signals_waiting():
    """Let Ctrl-C and SIGTERM take effect afterwards: a process may start, but not get lost."""
    received = []
    handlers = {number: signal.signal(number, lambda *signal_: received.append(signal_))
                for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in received:
            handlers[number](number, frame)


def _end(process):
    """See to it that a process is no more, a second Ctrl-C or not."""
    try:
        if process.poll() is None:
            process.terminate()
            process.wait(GRACE)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _last_line(path):
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def _reported(path, study):
    """What a trial has reported (float), in the format of the package cloudml-hypertune."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        results = [float(json.loads(line)[study.metric]) for line in lines if line.strip()]
    except (OSError, ValueError, KeyError, TypeError):
        results = []
    if not results:
        raise TrialError(f"nothing reported as {study.metric}")
    if not study.takes_best:
        return results[-1]
    return max(results) if study.direction == "maximize" else min(results)


def _table(optuna, search, study):
    """All trials that count, the best first, as text."""
    complete = [trial for trial in _finished(optuna, search) if trial.value is not None]
    failed = [trial for trial in _finished(optuna, search) if trial.value is None]
    complete.sort(key=lambda trial: trial.value, reverse=study.direction == "maximize")
    lines = ["", f"{study.metric:>10}  trial  seconds  hyperparameters"]
    for trial in complete + failed:
        result = "failed" if trial.value is None else f"{trial.value:.4f}"
        lines.append(f"{result:>10}  {trial.number:>5}  {trial.user_attrs['seconds']:>7.0f}  "
                     f"{_words(trial.user_attrs['values'])}")
        if "failure" in trial.user_attrs:
            lines.append(f"{'':>27}{trial.user_attrs['failure']}")
    return "\n".join(lines)


def _words(values):
    return " ".join(f"{name.removeprefix('hp-')}={value:.4g}" if isinstance(value, float)
                    else f"{name.removeprefix('hp-')}={value}" for name, value in values.items())


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m cloud.tune_local", description=__doc__.partition("\n\n")[0],
        epilog="What follows -- is for the trainer, in all trials: "
               "python -m cloud.tune_local --trials 4 -- --hp-iterations 500")
    parser.add_argument("--trials", metavar="N", type=_whole_number, required=True,
                        help="how many trials there should be in the end")
    parser.add_argument("--dir", metavar="DIR", default="tuning",
                        help="where the trials are kept (default: tuning)")
    parser.add_argument("--space", metavar="FILE", default=SPACE,
                        help="the search space (default: cloud/vertex/hptune.yaml)")
    parser.add_argument("--trial-seconds", metavar="S", type=_whole_number, default=3600,
                        help="a trial that takes longer has failed (default: 3600)")
    parser.add_argument("--seed", metavar="N", type=_whole_number, default=0,
                        help="of what is chosen (default: 0)")
    parser.add_argument("--trainer", metavar="MODULE", default=TRAINER,
                        help=f"the program to tune (default: {TRAINER})")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help=argparse.SUPPRESS)
    return parser


def _whole_number(text):
    if not (text.isascii() and text.isdecimal() and int(text) < 2 ** 31):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number, 0 or above")
    return int(text)


if __name__ == "__main__":
    main()
