"""The state of a training in files, for a run that goes on where an interrupted one was.

The folder holds the newest two checkpoints, and in `settings.json` what they were trained with.
"""

import json
import os

import tensorflow as tf

from common.clean_exit import UserError, reason
from common.replacing import replacing

SETTINGS = "settings.json"


class CheckpointError(UserError):
    """A checkpoint cannot be written, or does not fit. The text says what to do."""


class Checkpoints:
    """The checkpoints of one training."""

    def __init__(self, folder, settings):
        """Look into a folder; nothing is written yet.

        Args:
          folder: str.
          settings: a dictionary that json can write: all that the trained weights depend on,
            apart from the number of iterations.

        Raises:
          CheckpointError: the folder holds checkpoints of a training with other settings.
        """
        self._folder, self._settings = folder, settings
        self._check_settings()

    def newest_step(self):
        """The iteration (int) of the newest checkpoint, or None where there is none."""
        newest = tf.train.latest_checkpoint(self._folder)
        return int(newest.rpartition("-")[2]) if newest else None

    def restore(self, state):
        """Bring back the newest checkpoint.

        Args:
          state: the tf.train.Checkpoint of a training with the same settings.

        Raises:
          CheckpointError: it is damaged.
        """
        newest = tf.train.latest_checkpoint(self._folder)
        try:
            state.read(newest).assert_existing_objects_matched()
        except (tf.errors.OpError, AssertionError, IndexError, ValueError) as error:
            raise CheckpointError(
                f"{newest} cannot be read ({reason(error)}): remove the folder "
                f"{self._folder} to train from the start") from error

    def save(self, state, step):
        """Write a checkpoint; all but the newest two are removed.

        Args:
          state: the training's tf.train.Checkpoint.
          step: int, its iteration.

        Raises:
          CheckpointError: it cannot be written.
        """
        try:
            os.makedirs(self._folder, exist_ok=True)
            with (replacing(os.path.join(self._folder, SETTINGS)) as partial,
                  open(partial, "w", encoding="utf-8") as file):
                json.dump(self._settings, file, indent=1)
            manager = tf.train.CheckpointManager(state, self._folder, max_to_keep=2,
                                                 checkpoint_name="step")
            manager.save(checkpoint_number=step)
        except (OSError, UserError, tf.errors.OpError) as error:
            raise CheckpointError(f"--checkpoint-dir: no checkpoint can be written to "
                                  f"{self._folder} ({reason(error)})") from error

    def _check_settings(self):
        path = os.path.join(self._folder, SETTINGS)
        try:
            with open(path, encoding="utf-8") as file:
                saved = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return  # what is wrong with the folder, if anything, shows when it is written
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path} cannot be read ({reason(error)}): remove the "
                                  f"folder {self._folder} to train from the start") from error
        for name, value in self._settings.items():
            if saved.get(name) != value:
                raise CheckpointError(
                    f"the checkpoints in {self._folder} were trained with {name} "
                    f"{saved.get(name)}, not {value}: remove that folder, or name another one "
                    f"with --checkpoint-dir")
