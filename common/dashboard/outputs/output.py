"""What shows or keeps a run: the contract of an output."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Model:
    """What a run's model can do when asked; None for what it cannot.

    classify: a function from images, float32 [n, 28, 28, 1], to probabilities, float [n, 10].
    inside: an object with the methods of `layers.Inside`, to look into its layers.
    checkpoints: an object with methods `save` and `restore` like those of `Checkpoints`.
    """

    classify: Callable | None = None
    inside: object = None
    checkpoints: object = None


class Output:
    """One way to show or keep a run. It knows no other output, and may fail without harm to them.

    Attributes:
      option: the `Option` that asks for it; None where it is not asked for that way.
      needs: str, the name of what of a `Model` it cannot do without; "" for nothing.
      has_pictures: bool, whether it shows digits, weights and biases.
      is_closed: bool, whether its user has closed it, who wants the run to end.
    """

    option = None
    needs = ""
    has_pictures = True
    is_closed = False

    def start(self, run, model, terminal):
        """Begin.

        Args:
          run: the `Run`, to which each message is applied before it is sent.
          model: a `Model`.
          terminal: a `terminal.StatusLine`, to say something.

        Raises:
          UserError: it cannot be done; the script ends.
        """
        self._run, self._model, self._terminal = run, model, terminal

    def send(self, message):
        """Take in one of the `messages`.

        Raises:
          UserError: it cannot go on. It is left out from now on.
        """

    def finish(self):
        """Do what is left to do when the training is over. Called once, however it ended.

        Raises:
          UserError: something could not be done.
        """
