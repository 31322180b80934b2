"""What a training leaves behind: checkpoints, the exported network, curves and measurements."""

import collections
import contextlib
import json
import pathlib
import re
import shutil
import time

import numpy as np
import tensorflow as tf

from cloud.trainer.network import Network
from common.terminal import UserError, reason, room_left, say

KEPT = 2  # checkpoints, and exports
BUCKETS = 30  # of a histogram
DATA_CLASSES = {"scalars": 1, "histograms": 2}  # DATA_CLASS_SCALAR and DATA_CLASS_TENSOR
METRIC = "accuracy"  # the "metricId" in vertex/hptune.yaml
METRIC_FILE = "/tmp/hypertune/output.metrics"
METRIC_FILE_VARIABLE, TRIAL_VARIABLE = "CLOUD_ML_HP_METRIC_FILE", "CLOUD_ML_TRIAL_ID"

Measure = collections.namedtuple("Measure", ["accuracy", "loss"])  # two floats


class Checkpoints:
    """The newest checkpoints of one training, step-100 and so on, each with its settings."""

    def __init__(self, folder, settings):
        """Name the folder; nothing is read or written yet.

        Args:
          folder: str.
          settings: a dictionary that json can write: all that the trained weights depend on,
            apart from the number of iterations.
        """
        self._folder, self._settings = pathlib.Path(folder), settings

    def newest(self):
        """Look for the newest whole checkpoint.

        Returns:
          Its iteration, an int, 0 where there are no checkpoints at all; and a list of sentences
          about newer ones that are damaged.

        Raises:
          UserError: none is whole, or it was trained with other settings.
        """
        damaged = []
        for step in sorted(set(self._files().values()), reverse=True):
            try:
                saved = self._read_settings(step)
            except (tf.errors.OpError, ValueError, RuntimeError, KeyError, IndexError) as error:
                damaged.append(f"{self._path(step)} is damaged ({reason(error)})")
                continue
            for name, value in self._settings.items():
                if saved.get(name) != value:
                    raise UserError(
                        f"the checkpoints in {self._folder} were trained with {name} "
                        f"{saved.get(name)}, not {value}: remove that folder, or name another one "
                        f"with --checkpoint-dir")
            return step, damaged
        if damaged:
            raise UserError(f"{damaged[0]}, and there is no older one that is whole: remove the "
                            f"folder {self._folder} to train from the start")
        return 0, []

    def restore(self, state, step):
        """Bring a whole checkpoint back into the tf.train.Checkpoint of a training."""
        whole = tf.train.Checkpoint(training=state)
        whole.read(self._path(step)).assert_existing_objects_matched().expect_partial()

    def save(self, state, step):
        """Write a checkpoint; all but this one and the one before are removed.

        Args:
          state: the training's tf.train.Checkpoint.
          step: int, its iteration.

        Raises:
          UserError: it cannot be written.
        """
        settings = tf.Variable(json.dumps(self._settings))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            tf.train.Checkpoint(training=state, settings=settings).write(self._path(step))
        except (OSError, tf.errors.OpError) as error:
            for rest in self._folder.glob(f"step-{step}_temp*"):
                shutil.rmtree(rest, ignore_errors=True)
            raise UserError(f"--checkpoint-dir: no checkpoint can be written to {self._folder} "
                            f"({reason(error)}){room_left(self._folder)}") from error
        files = self._files()
        kept = sorted(other for other in set(files.values()) if other <= step)[-KEPT:]
        for file, other in files.items():
            if other not in kept:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _path(self, step):
        return str(self._folder / f"step-{step}")

    def _files(self):
        """The files of all checkpoints, whole or not, each with its iteration."""
        return {file: int(name[1]) for file in self._folder.glob("step-*")
                if (name := re.match(r"step-(\d+)\.", file.name))}

    def _read_settings(self, step):
        """Read all of a checkpoint, by which TensorFlow compares checksums; gives its settings."""
        reader = tf.train.load_checkpoint(self._path(step))
        values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
        return json.loads(values["settings/.ATTRIBUTES/VARIABLE_VALUE"])


def export(network, hyperparameters, folder):
    """Write a SavedModel, which servers load without this code: signature "serving_default".

    Its input is `image`, float32 [n, 28, 28], values 0 to 1; its outputs are `classes`,
    int64 [n], the digits, and `predictions`, float32 [n, 10], the probability of each digit.

    It gets a folder of its own, 1, 2 and so on, as servers want versions of a model. What makes it
    a model, the file saved_model.pb, is written last: nobody loads half of one, or mixed files.

    Args:
      network: the trained `Network`, with variables on however many devices.
      hyperparameters: its `Hyperparameters`.
      folder: str, of all exports, made if there is none. This one and the one before are kept.

    Returns:
      str, the folder of this one.

    Raises:
      UserError: it cannot be written.
    """
    served = Network(hyperparameters, seed=0)  # variables of its own, on no device in particular
    for own, trained in zip(served.variables, network.variables):
        own.assign(trained.numpy())

    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.float32, name="image")])
    def predict(image):
        predictions = tf.nn.softmax(served.logits(image))
        return {"classes": tf.argmax(predictions, 1), "predictions": predictions}

    older = sorted((int(path.name), path) for path in pathlib.Path(folder).glob("*")
                   if path.name.isdecimal())
    place = pathlib.Path(folder, str(older[-1][0] + 1 if older else 1))
    try:
        tf.saved_model.save(served, str(place), signatures={"serving_default": predict})
    except (OSError, tf.errors.OpError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise UserError(f"--model-dir: nothing can be written to {folder} "
                        f"({reason(error)}){room_left(folder)}") from error
    for _, path in older[:1 - KEPT]:
        shutil.rmtree(path, ignore_errors=True)
    return str(place)


class Summaries:
    """Curves and histograms in a folder: `tensorboard --logdir FOLDER` shows them."""

    def __init__(self, folder):
        """Open two files in a folder (str), which is made if there is none.

        Raises:
          UserError: nothing can be written there.
        """
        self._folder = pathlib.Path(folder)
        self._size, self._failed = 0, False
        try:
            self._writers = {part: tf.summary.create_file_writer(str(self._folder / part))
                             for part in ("train", "test")}
        except (OSError, tf.errors.OpError) as error:
            raise UserError(f"--log-dir: nothing can be written to {folder}") from error

    def write(self, part, step, network=None, **numbers):
        """Write what was measured, or give the log up where its disk is full.

        Args:
          part: "train" or "test".
          step: int, the iteration.
          network: a `Network`, for histograms of its variables, or None.
          numbers: by their names, what else was measured, each a point of a curve.
        """
        if self._failed:
            return
        try:
            with self._writers[part].as_default(step):
                for name, value in numbers.items():
                    tf.summary.write(name, float(value), metadata=_metadata("scalars"))
                for variable in network.variables if network else ():
                    tf.summary.write(variable.name.partition(":")[0],
                                     _histogram(variable.numpy()),
                                     metadata=_metadata("histograms"))
                self._writers[part].flush()
            size = sum(file.stat().st_size for file in self._folder.glob("*/events.*"))
        except (OSError, tf.errors.OpError):
            size = 0
        if size <= self._size:  # a flush that fails says nothing
            self._failed = True
            say(f"cloud.trainer: --log-dir: {self._folder} can be written no longer (is the disk "
                f"full?): from iteration {step:,} on nothing is logged")
        self._size = size


def _metadata(plugin):
    """By which TensorBoard knows what to draw: tf.summary's own would need its package."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=DATA_CLASSES[plugin])
    metadata.plugin_data.plugin_name = plugin
    return metadata


def _histogram(values):
    """Float64 [buckets, 3]: where each begins and ends, and how many values are in it."""
    counts, edges = np.histogram(values, BUCKETS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


class TuningMetric:
    """Reports the accuracy to a tuning service, in the file that Vertex AI's tuner reads.

    The format is that of the package cloudml-hypertune: a line in JSON for each measurement, all
    values but the time as texts. It has had no release for current Pythons, so this is here.
    """

    def __init__(self, environment):
        """Read where to report from a mapping such as os.environ; nothing is written yet."""
        self._is_asked_for = METRIC_FILE_VARIABLE in environment
        self._path = pathlib.Path(environment.get(METRIC_FILE_VARIABLE) or METRIC_FILE)
        self._trial = environment.get(TRIAL_VARIABLE, "0")
        self._lines = []

    def report(self, accuracy, step):
        """Add a measurement.

        Args:
          accuracy: float, 0 to 1.
          step: int, the iteration.

        Raises:
          UserError: the file that the environment names cannot be written.
        """
        self._lines.append(json.dumps({
            "timestamp": time.time(), "trial": self._trial, METRIC: str(float(accuracy)),
            "global_step": str(step), "checkpoint_path": ""}, sort_keys=True) + "\n")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("".join(self._lines), encoding="utf-8")
        except OSError as error:
            if self._is_asked_for:  # otherwise no tuner is there that would miss it
                raise UserError(f"{METRIC_FILE_VARIABLE}: {self._path} cannot be written "
                                f"({error.strerror})") from None
