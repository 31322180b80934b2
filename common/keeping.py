"""Keeping a run in checkpoints: the network, and the curves that lead to it."""

import time

import numpy as np

SAVE_EVERY = 10.0  # seconds between two checkpoints


class Keeper:
    """Saves a run again and again.

    Attributes:
      saved: int, the iteration before which all is in the latest checkpoint; None if there is none.
    """

    def __init__(self, network, folder, title):
        """Save `network` (a `network.Network`) in `folder` (str), as that of the run `title`."""
        self._network, self._folder, self._title = network, folder, title
        self.saved = None
        self._next_time = time.monotonic() + SAVE_EVERY

    @property
    def is_due(self):
        """Whether it is time for a checkpoint."""
        return time.monotonic() >= self._next_time

    def save(self, iteration, seconds, run):
        """Write a checkpoint.

        Args:
          iteration: int, all before it is done.
          seconds: float, how long that took.
          run: a `RunState`, whose curves are kept, too.

        Raises:
          UserError: it cannot be written.
        """
        curves = {name: [curve.iterations.astype(int).tolist(), curve.values.tolist()]
                  for name, curve in run.curves.items()}
        self._network.save(self._folder, {"title": self._title, "iteration": iteration,
                                          "seconds": seconds, "curves": curves})
        self.saved, self._next_time = iteration, time.monotonic() + SAVE_EVERY


def restore(network, folder, title):
    """Bring back a run that a `Keeper` has saved.

    Args:
      network: a `network.Network`, into which it goes.
      folder, title: as for `Keeper`.

    Returns:
      The iteration at which the run goes on, an int; the seconds that it has taken so far, a
      float; and a list of messages for a `RunState`, which make its curves.

    Raises:
      UserError: there is no such checkpoint, or it does not fit.
    """
    notes = network.restore(folder, title)
    messages = [{"iteration": iteration, name: np.array(value) if np.ndim(value) else value}
                for name, curve in notes["curves"].items() for iteration, value in zip(*curve)]
    return notes["iteration"], notes["seconds"], messages
