"""The flags of the trainer, among them what can be tuned: --hp-learning-rate and so on.

A tuning service starts the program with such flags, so their names are those of the search space
in vertex/hptune.yaml.
"""

import argparse
import dataclasses
import math
import os

from cloud.buckets import local_path
from common import mnist_data
from common.options import folder, whole_number

LARGEST_SEED = 2**31 - 2000  # leaves room below 2**31 for what is added to it
MANY = 1_000_000_000

# Where they are below --dir, the variables of Vertex AI that name others, and what is there.
FOLDERS = {
    "model_dir": ("model", "AIP_MODEL_DIR", "where to export to"),
    "checkpoint_dir": ("checkpoints", "AIP_CHECKPOINT_DIR",
                       "where checkpoints are; a run goes on from the newest"),
    "log_dir": ("logs", "AIP_TENSORBOARD_LOG_DIR", "where to write summaries for TensorBoard")}


def number(low, high):
    """The type of numbers from `low` to `high`."""
    def convert(text):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value
    return convert


def yes_or_no(text):
    """The type of a bool, from a word."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _flag(default, type_, help_, metavar="N", **more):
    return dataclasses.field(default=default, metadata={
        "type": type_, "metavar": metavar, "help": f"{help_} (default: {default})", **more})


@dataclasses.dataclass(frozen=True)
class Hyperparameters:
    """The sizes of the network and how it is trained; the defaults are those of stage 3.1.

    Each is a flag: --hp-learning-rate, and so on.
    """

    learning_rate: float = _flag(0.003, number(1e-9, 1),
                                 "where the decaying learning rate starts", "RATE")
    learning_rate_floor: float = _flag(0.0001, number(0, 1), "added to it, does not decay", "RATE")
    decay_steps: float = _flag(2000.0, number(1e-3, 1e9),
                               "iterations until it is down to 1/e")
    pkeep: float = _flag(0.75, number(1e-3, 1), "probability to keep a neuron in training", "P")
    channels_1: int = _flag(6, whole_number(1, 1024), "of convolution 1")
    channels_2: int = _flag(12, whole_number(1, 1024), "of convolution 2")
    channels_3: int = _flag(24, whole_number(1, 1024), "of convolution 3")
    neurons: int = _flag(200, whole_number(1, 10_000), "of the fully connected layer")
    batch_norm: bool = _flag(False, yes_or_no, "normalise each layer over its batch",
                             "true|false", nargs="?", const=True)
    batch_norm_decay: float = _flag(
        0.993, number(0, 0.999999),
        "how much of the running mean and variance an iteration keeps", "SHARE")
    iterations: int = _flag(10_000, whole_number(1, MANY), "number of batches to train on")

    def by_flag(self):
        """A dictionary of all values by their flags, "--hp-learning-rate" and so on."""
        return {flag_of("hp_" + name): value for name, value in vars(self).items()}


def read(arguments=None):
    """All flags, an argparse.Namespace, from a list of str; by default the command line.

    `from_options` takes the hyperparameters from it.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cloud.trainer", usage="%(prog)s [options]", allow_abbrev=False,
        description="Train the network of stage 3.1 on one machine or many, and export it.")

    def flag(name, default, help_, type_, metavar="N"):
        parser.add_argument(name, metavar=metavar, type=type_, default=default,
                            help=f"{help_} (default: {default})")

    flag("--data-dir", mnist_data.DEFAULT_DIR, "folder of the data set, in MNIST's format",
         lambda text: folder(local_path(text)), "DIR")
    flag("--dir", "cloud_output", "where model/, checkpoints/ and logs/ are", _folder, "DIR")
    for name, (_, variable, what) in FOLDERS.items():
        parser.add_argument(flag_of(name), metavar="DIR", type=_folder,
                            default=os.environ.get(variable) or None,
                            help=f"{what} (default: {variable}, or in --dir)")
    flag("--seed", 0, "for all random numbers", whole_number(0, LARGEST_SEED))
    flag("--batch-size", 100, "training digits in an iteration, over all replicas",
         whole_number(1, 60_000))
    flag("--test-every", 500, "test every N iterations", whole_number(1, MANY))
    flag("--checkpoint-every", 500, "save every N iterations", whole_number(1, MANY))
    flag("--test-digits", 10_000, "test on the first N test digits", whole_number(1, MANY))
    flag("--validation-digits", 0, "test on N digits kept out of the training instead, to choose "
         "between trainings", whole_number(0, 59_000))
    flag("--workers", 0, "train with N processes on this machine; 0: as the environment says",
         whole_number(0, 64))
    flag("--patience", 300, "give up when nothing has moved for N seconds, for example while "
         "waiting for the other processes", number(0.001, 1_000_000))
    group = parser.add_argument_group("hyperparameters")
    for field in dataclasses.fields(Hyperparameters):
        group.add_argument(flag_of("hp_" + field.name), dest=field.name, default=field.default,
                           **field.metadata)
    options = parser.parse_args(arguments)
    for name, (place, *_) in FOLDERS.items():
        if getattr(options, name) is None:
            setattr(options, name, os.path.join(options.dir, place))
    return options


def from_options(options):
    """The `Hyperparameters` among the flags that `read` has read."""
    return Hyperparameters(**{field.name: getattr(options, field.name)
                              for field in dataclasses.fields(Hyperparameters)})


def flag_of(name):
    """The flag (str) that sets what argparse calls `name` (str): --model-dir for model_dir."""
    return "--" + name.replace("_", "-")


def _folder(text):
    """The type of folders and of buckets' addresses."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it should be the name of a folder")
    return local_path(text)
