"""Keeping a run in checkpoints (--save)."""

import time

from common.dashboard.link.messages import Finished, Progress, Started
from common.dashboard.outputs.output import Output
from common.options import Option, folder_to_write

SAVE_EVERY = 10.0  # seconds between two checkpoints


class Keeper(Output):
    """Saves a run again and again, and at its end."""

    option = Option("--save", "save what was learned in the folder DIR, at the end and every ten "
                    "seconds", "DIR", folder_to_write)
    needs = "checkpoints"

    def __init__(self, options):
        self._folder = options.save
        self._saved = None  # iteration, before which all is in the latest checkpoint
        self._next_time = time.monotonic() + SAVE_EVERY

    def send(self, message):
        match message:
            case Started():
                self._next_time = time.monotonic() + SAVE_EVERY
            case Progress() if time.monotonic() >= self._next_time:
                self._save(message.iteration + 1, message.seconds)
            case Finished():
                self._end(message)

    def _save(self, done, seconds):
        self._model.checkpoints.save(self._folder, self._run, done, seconds)
        self._saved, self._next_time = done, time.monotonic() + SAVE_EVERY

    def _end(self, finished):
        """Save what the last checkpoint has not, if it is known where the run is."""
        if finished.done:
            self._save(finished.done, finished.seconds)
        if self._saved is None:
            return
        if finished.is_early:
            self._terminal.say(f"{self._folder} has all before iteration {self._saved:,}; to go "
                               f"on from there: --restore {self._folder}")
        else:
            self._terminal.say(f"saved a checkpoint in {self._folder}")
