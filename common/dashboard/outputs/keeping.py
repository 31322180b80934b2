"""Keeping a run in checkpoints (--save)."""

import time

from common.dashboard.link import notes
from common.dashboard.link.messages import Finished, Progress, Started
from common.dashboard.link.notes import CheckpointError
from common.dashboard.outputs.output import Output
from common.options import Option, folder_to_write
from common.terminal import UserError

SAVE_EVERY = 10.0  # seconds between two checkpoints


class Keeper(Output):
    """Saves a run again and again, and at its end."""

    option = Option("--save", "save what was learned in the folder DIR, at the end and every ten "
                    "seconds", "DIR", folder_to_write)
    needs = "checkpoints"

    def __init__(self, options):
        self._folder = options.save
        self._saved = None  # iteration, before which all is in the latest checkpoint
        self._has_failed = False
        self._next_time = time.monotonic() + SAVE_EVERY

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        try:
            notes.newest(self._folder)
        except CheckpointError as error:
            raise UserError(f"--save: {error}") from error

    def send(self, message):
        match message:
            case Started():
                self._next_time = time.monotonic() + SAVE_EVERY
            case Progress() if time.monotonic() >= self._next_time:
                self._try_to_save(message.iteration + 1, message.seconds)
            case Finished():
                self._end(message)

    def _try_to_save(self, done, seconds):
        """Save, if that can be done; else it is tried again later, and at the end."""
        self._next_time = time.monotonic() + SAVE_EVERY
        try:
            self._save(done, seconds)
        except CheckpointError as error:
            if not self._has_failed:
                self._terminal.say(f"{error}; this will be tried again")
            self._has_failed = True

    def _save(self, done, seconds):
        self._model.checkpoints.save(self._folder, self._run, done, seconds)
        self._saved, self._next_time = done, time.monotonic() + SAVE_EVERY

    def _end(self, finished):
        """Save what the last checkpoint has not, if it is known where the run is."""
        if finished.done:
            self._save(finished.done, finished.seconds)
        if self._saved is None:
            if self._run.iteration:
                self._terminal.say(f"nothing was saved in {self._folder}: the run ended in the "
                                   "middle of an iteration")
        elif finished.is_early:
            self._terminal.say(f"{self._folder} has all before iteration {self._saved:,}; to go "
                               f"on from there: --restore {self._folder}")
        else:
            self._terminal.say(f"saved a checkpoint in {self._folder}")
