"""What is kept of a run on disk (--save): the newest checkpoint of a folder, and its notes.

A checkpoint is TensorFlow's own (the variables, the optimizer's among them) with a file of notes
beside it. TensorFlow's file `checkpoint` names the newest, and is written last. Everything here
does without TensorFlow.
"""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import re

import numpy as np

from common.dashboard.link.messages import CURVES
from common.terminal import UserError, reason, whole_file

FILE = "network"      # the beginning of a checkpoint's file names; its iteration follows
NEWEST = "checkpoint"  # the file that names the newest one
NAME = re.compile(rb'^model_checkpoint_path: "(' + FILE.encode() + rb'-\d+(?:-\d+)?)"$', re.M)
UNFIT = AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError


class CheckpointError(UserError):
    """A checkpoint cannot be written or does not fit. The text says why and what to do."""


@dataclasses.dataclass(frozen=True, eq=False)
class Notes:
    """What a checkpoint says of its run.

    title: str, the name of the script or model.
    iteration: int, all before it is done.
    seconds: float, how long that took.
    curves: as `messages.Restored` has them.
    train_set: where the batches are, as `mnist_data.DataSet.place` has it.
    weights: str, the checksum of the weights that they belong to; None in notes of old.
    """

    title: str
    iteration: int
    seconds: float
    curves: dict
    train_set: dict
    weights: str | None = None


def newest(folder):
    """The newest checkpoint in a folder: its files' path without their endings; None if none.

    Raises:
      CheckpointError: its file `checkpoint` is damaged, or somebody else's.
    """
    path = pathlib.Path(folder, NEWEST)
    try:
        named = NAME.search(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)})") from error
    if named is None:
        raise CheckpointError(f"{path} is damaged, or not a file of --save: choose another folder")
    return os.path.join(folder, named[1].decode())


def read(folder, flag):
    """The newest checkpoint of a folder.

    Args:
      folder: str.
      flag: str, the option that asks for it, for the error's text.

    Returns:
      Its files' path without their endings, and its `Notes`.

    Raises:
      CheckpointError: there is none, or it is damaged.
    """
    try:
        prefix = newest(folder)
    except CheckpointError as error:
        raise CheckpointError(f"{flag}: {error}") from error
    if prefix is None:
        raise CheckpointError(f"{flag}: there is no checkpoint in {folder}; "
                              f"--save {folder} puts one there")
    try:
        with open(prefix + ".json", encoding="utf-8") as file:
            notes = _checked(json.load(file))
        if notes.weights not in (None, checksum(prefix)):
            raise ValueError(f"{prefix}.index belongs to other notes")
    except OSError as error:
        raise CheckpointError(f"{flag}: {error.filename} cannot be read ({reason(error)})"
                              ) from error
    except UNFIT as error:
        raise CheckpointError(f"{flag}: {prefix}.json is damaged ({reason(error)})") from error
    return prefix, notes


def write(prefix, notes):
    """Write `Notes` beside the weights of a checkpoint."""
    content = dataclasses.asdict(notes) | {"weights": checksum(prefix), "curves": {
        name: [np.asarray(iterations, int).tolist(), np.asarray(values).tolist()]
        for name, (iterations, values) in notes.curves.items()}}
    with open(prefix + ".json", "w", encoding="utf-8") as file:
        json.dump(content, file)


def make_newest(prefix):
    """Say that a checkpoint is the newest of its folder, in TensorFlow's own words."""
    folder, name = os.path.split(prefix)
    with whole_file(os.path.join(folder, NEWEST)) as path:
        pathlib.Path(path).write_text(f'model_checkpoint_path: "{name}"\n'
                                      f'all_model_checkpoint_paths: "{name}"\n', encoding="utf-8")


def checksum(prefix):
    """The checksum, a str, of a checkpoint's weights: of their index, which has those of all."""
    return hashlib.sha256(pathlib.Path(prefix + ".index").read_bytes()).hexdigest()


def free_prefix(folder, iteration):
    """A path for the files of a new checkpoint, without their endings, which none has yet."""
    taken = {name.partition(".")[0] for name in os.listdir(folder)}
    name, number = f"{FILE}-{iteration}", 1
    while name in taken:
        number += 1
        name = f"{FILE}-{iteration}-{number}"
    return os.path.join(folder, name)


def remove(prefix):
    """Remove the files of a checkpoint, as far as they are there."""
    for path in pathlib.Path(prefix).parent.glob(os.path.basename(prefix) + ".*"):
        if re.match(r"\.(json|index|data-\d+-of-\d+)", path.name.removeprefix(
                os.path.basename(prefix))):
            path.unlink(missing_ok=True)


def _checked(content):
    """`Notes` of what json has read; one of `UNFIT` where that cannot be right."""
    notes = Notes(content["title"], content["iteration"], content["seconds"],
                  {name: _curve(*curve) for name, curve in content["curves"].items()
                   if name in CURVES}, content["train_set"], content.get("weights"))
    _require(isinstance(notes.title, str), "title")
    _require(_is_count(notes.iteration), "iteration")
    _require(type(notes.seconds) in (int, float) and 0 <= notes.seconds < math.inf, "seconds")
    _require(isinstance(notes.train_set, dict), "train_set")
    return notes


def _curve(iterations, values):
    values = np.array(values, float)
    _require(isinstance(iterations, list) and all(map(_is_count, iterations))
             and iterations == sorted(iterations), "iterations")
    _require(len(values) == len(iterations) and values.shape[1:] in ((), (8,)), "curves")
    return iterations, values


def _is_count(number):
    return type(number) is int and 0 <= number < 2**53


def _require(is_right, what):
    if not is_right:
        raise ValueError(f"{what} cannot be right")
