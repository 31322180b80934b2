"""The flags of the trainer, among them what can be tuned: --hp-learning-rate and so on.

A tuning service starts the program with such flags, so their names are those of the search space
in vertex/hptune.yaml.
"""

import argparse
import dataclasses
import math
import os

from common import mnist_data

BUCKETS, MOUNTED_BUCKETS = "gs://", "/gcs/"  # Vertex AI mounts every bucket as a folder
LARGEST_SEED = 2**31 - 2000  # leaves room below 2**31 for what is added to it


@dataclasses.dataclass(frozen=True)
class Hyperparameters:
    """The sizes of the network and how it is trained; the defaults are those of stage 3.1.

    Attributes:
      learning_rate: float, where the part of the learning rate that decays starts.
      learning_rate_floor: float, the part that does not decay and is added to it.
      decay_steps: float, after how many iterations the decaying part is down to 1/e.
      pkeep: float, the probability to keep a neuron of the fully connected layer in training.
      channels_1, channels_2, channels_3: int, of the three convolutional layers.
      neurons: int, of the fully connected layer.
      batch_norm: bool, normalise what the layers compute before their bias is added.
      batch_norm_decay: float, the share of the old mean and variance that an iteration keeps.
      iterations: int, how many batches to train on.
    """

    learning_rate: float = 0.003
    learning_rate_floor: float = 0.0001
    decay_steps: float = 2000.0
    pkeep: float = 0.75
    channels_1: int = 6
    channels_2: int = 12
    channels_3: int = 24
    neurons: int = 200
    batch_norm: bool = False
    batch_norm_decay: float = 0.993
    iterations: int = 10_000

    def rate(self, step):
        """The learning rate (float) of an iteration (int, 0 for the first)."""
        return self.learning_rate_floor + self.learning_rate * math.exp(-step / self.decay_steps)

    def by_flag(self):
        """A dictionary of all values by their flags, "--hp-learning-rate" and so on."""
        return {f"--{_flag_name(name)}": value for name, value in vars(self).items()}


def parser():
    """The argparse parser of all flags. `from_options` takes the hyperparameters from them."""
    result = argparse.ArgumentParser(
        prog="python -m cloud.trainer", usage="%(prog)s [options]",
        description="Train the network of stage 3.1 on one machine or many, and export it.")

    def flag(name, default, help_, metavar="DIR", type_=_folder):
        result.add_argument(name, metavar=metavar, type=type_, default=default,
                            help=f"{help_} (default: {default})")

    flag("--data-dir", mnist_data.DEFAULT_DIR, "folder of the data set, in MNIST's format")
    flag("--model-dir", os.environ.get("AIP_MODEL_DIR") or "cloud_output/model",
         "where to export to")
    flag("--checkpoint-dir", os.environ.get("AIP_CHECKPOINT_DIR") or "cloud_output/checkpoints",
         "where checkpoints are; a run goes on from the newest")
    flag("--log-dir", os.environ.get("AIP_TENSORBOARD_LOG_DIR") or "cloud_output/logs",
         "where to write summaries for TensorBoard")
    flag("--seed", 0, "for all random numbers", "N", _whole_number(0, LARGEST_SEED))
    large = _whole_number(1, 1_000_000_000)
    flag("--batch-size", 100, "training digits in an iteration, over all replicas", "N",
         _whole_number(1, 60_000))
    flag("--test-every", 500, "test every N iterations", "N", large)
    flag("--checkpoint-every", 500, "save every N iterations", "N", large)
    flag("--test-digits", 10_000, "test on the first N test digits", "N", large)
    flag("--validation-digits", 0, "test on N digits kept out of the training instead, to choose "
         "between trainings", "N", _whole_number(0, 59_000))
    flag("--workers", 0, "train with N processes on this machine; 0: as the environment says",
         "N", _whole_number(0, 64))
    flag("--patience", 300, "give up when nothing has moved for N seconds, for example while "
         "waiting for the other processes", "N", _number(0, 1_000_000, above=True))
    _add_hyperparameters(result.add_argument_group("hyperparameters"))
    return result


def _add_hyperparameters(group):
    def flag(name, type_, help_, **more):
        default = getattr(Hyperparameters, name)
        group.add_argument("--" + _flag_name(name), type=type_, default=default,
                           help=f"{help_} (default: {default})", **more)

    flag("learning_rate", _number(0, 1, above=True), "where the decaying learning rate starts",
         metavar="RATE")
    flag("learning_rate_floor", _number(0, 1), "added to it, does not decay", metavar="RATE")
    flag("decay_steps", _number(0, 1e9, above=True), "iterations until it is down to 1/e",
         metavar="N")
    flag("pkeep", _number(0, 1, above=True), "probability to keep a neuron in training",
         metavar="P")
    for layer in (1, 2, 3):
        flag(f"channels_{layer}", _whole_number(1, 1024), f"of convolution {layer}", metavar="N")
    flag("neurons", _whole_number(1, 10_000), "of the fully connected layer", metavar="N")
    flag("batch_norm", _yes_or_no, "normalise each layer over its batch", nargs="?", const=True,
         metavar="true|false")
    flag("batch_norm_decay", _number(0, 1, below=True),
         "how much of the running mean and variance an iteration keeps", metavar="SHARE")
    flag("iterations", _whole_number(1, 1_000_000_000), "number of batches to train on",
         metavar="N")


def from_options(options):
    """The `Hyperparameters` in what a parser with these flags has read, an argparse.Namespace."""
    return Hyperparameters(**{field.name: getattr(options, _flag_name(field.name).replace("-", "_"))
                              for field in dataclasses.fields(Hyperparameters)})


def _flag_name(name):
    """The flag of a hyperparameter, without its dashes: hp-channels-1 for channels_1."""
    return "hp-" + name.replace("_", "-")


def _number(low, high, above=False, below=False):
    """A type for argparse: a float from `low` to `high`; the ends are excluded where asked for."""
    def convert(text):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or (above and value == low) or (below and value == high):
            raise argparse.ArgumentTypeError(
                f"should be a number {'above' if above else 'from'} {low:g} "
                f"{'and below' if below else 'to'} {high:g}, not {text!r}")
        return value
    return convert


def _whole_number(low, high):
    """A type for argparse: an int from `low` to `high`."""
    def convert(text):
        try:
            value = float(text)  # tuning services write whole numbers as 24.0, too
        except ValueError:
            value = math.nan
        if not low <= value <= high or value != int(value):
            raise argparse.ArgumentTypeError(
                f"should be a whole number from {low} to {high}, not {text!r}")
        return int(value)
    return convert


def _yes_or_no(text):
    """A type for argparse: a bool, from a word."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"should be true or false, not {text!r}")
    return words[text.lower()]


def _folder(text):
    """A type for argparse: the path of a folder, that of a mounted bucket for a gs:// address."""
    if not text.strip():
        raise argparse.ArgumentTypeError("should be the name of a folder")
    if text.startswith(BUCKETS):
        return MOUNTED_BUCKETS + text[len(BUCKETS):]
    return text
