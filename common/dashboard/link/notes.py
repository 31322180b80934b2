"""What is kept of a run on disk (--save): the newest checkpoint of a folder, and its notes.

A checkpoint is TensorFlow's own (the variables, the optimizer's among them) with a file of notes
beside it. TensorFlow's file `checkpoint` names the newest, and is written last. Everything here
does without TensorFlow.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import re

import numpy as np

from common.terminal import UserError, reason, whole_file

FILE = "network"      # the beginning of a checkpoint's file names; its iteration follows
NEWEST = "checkpoint"  # the file that names the newest one
NAME = re.compile(rb'^model_checkpoint_path: "(' + FILE.encode() + rb'-\d+(?:-\d+)?)"$', re.M)
UNFIT = KeyError, RecursionError, TypeError, ValueError  # what comes of notes that are not ours


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
    """

    title: str
    iteration: int
    seconds: float
    curves: dict
    train_set: dict


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


def read(folder):
    """The newest checkpoint of a folder (str).

    Returns:
      Its files' path without their endings, and its `Notes`.

    Raises:
      CheckpointError: there is none, or it is damaged.
    """
    prefix = newest(folder)
    if prefix is None:
        raise CheckpointError(f"there is no checkpoint in {folder}; --save {folder} puts one there")
    try:
        with open(prefix + ".json", encoding="utf-8") as file:
            content = json.load(file)
        notes = content["notes"]
        if content["checksum"] != checksum(prefix, notes):
            raise ValueError("its checksum is another")
        curves = {name: (iterations, np.array(values, float))
                  for name, (iterations, values) in notes["curves"].items()}
        return prefix, Notes(**notes | {"curves": curves})
    except OSError as error:
        raise CheckpointError(f"{error.filename} cannot be read ({reason(error)})") from error
    except UNFIT as error:
        raise CheckpointError(f"{prefix}.json is damaged ({reason(error)})") from error


def write(prefix, notes):
    """Write `Notes` beside the weights of a checkpoint."""
    content = dataclasses.asdict(notes) | {"curves": {
        name: [np.asarray(iterations, int).tolist(), np.asarray(values).tolist()]
        for name, (iterations, values) in notes.curves.items()}}
    with open(prefix + ".json", "w", encoding="utf-8") as file:
        json.dump({"checksum": checksum(prefix, content), "notes": content}, file)


def checksum(prefix, content):
    """The checksum, a str, of what notes hold, and of the index of the weights beside them.

    So neither can be damaged, or come from another checkpoint, without being noticed. The index
    has the checksums of all weights.
    """
    weights = pathlib.Path(prefix + ".index").read_bytes()
    return hashlib.sha256(json.dumps(content).encode() + weights).hexdigest()


def make_newest(prefix):
    """Say that a checkpoint is the newest of its folder, in TensorFlow's own words."""
    folder, name = os.path.split(prefix)
    with whole_file(os.path.join(folder, NEWEST)) as path:
        pathlib.Path(path).write_text(f'model_checkpoint_path: "{name}"\n'
                                      f'all_model_checkpoint_paths: "{name}"\n', encoding="utf-8")


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
