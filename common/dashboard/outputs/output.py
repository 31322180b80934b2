"""What shows or keeps a run: the contract of an output, and the list of them."""

import dataclasses
import traceback
from collections.abc import Callable

from common.terminal import UserError


@dataclasses.dataclass(frozen=True)
class Model:
    """What a run's model can do when asked; None for what it cannot.

    classify: a function from images, float32 [n, 28, 28, 1], to probabilities, float [n, 10].
    inside: an object with the methods of `inside.Inside`, to look into its layers.
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
    """

    option = None
    needs = ""
    has_pictures = True

    def start(self, run, model, terminal):
        """Begin.

        Args:
          run: the `Run`, to which each message is applied before it is sent.
          model: a `Model`.
          terminal: a `text.StatusLine`, to say something.

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


class Outputs:
    """Outputs, of which a broken one is dropped, with a sentence, while the others go on.

    Attributes:
      failures: a list of str, the sentences.
    """

    def __init__(self, terminal):
        self._terminal = terminal
        self._outputs, self.failures = [], []

    @property
    def have_pictures(self):
        """bool, whether digits, weights and biases are shown anywhere"""
        return any(output.has_pictures for output in self._outputs)

    def start(self, output, run, model):
        """Start an output; what it raises is for the caller."""
        output.start(run, model, self._terminal)
        self._outputs.append(output)

    def drop(self, output):
        """Leave an output out from now on."""
        self._outputs.remove(output)

    def send(self, message):
        """Hand a message to all."""
        for output in list(self._outputs):
            if not self._is_well(output.send, message):
                self._outputs.remove(output)

    def finish(self):
        """Have all of them finish, the last one started last."""
        outputs, self._outputs = self._outputs, []
        for output in outputs:
            self._is_well(output.finish)

    def _is_well(self, action, *arguments):
        """Whether an output's action went well."""
        try:
            action(*arguments)
        except BrokenPipeError:  # nobody reads what the script prints: it ends
            raise
        except UserError as error:
            self._note(str(error))
        except OSError as error:  # the terminal is gone, for example
            self._note(f"{action.__self__.__class__.__name__}: {error.strerror or error}")
        except Exception as error:  # a bug: tell it whole
            traceback.print_exc()
            self._note(f"{action.__self__.__class__.__name__} is broken ({error!r})")
        else:
            return True
        return False

    def _note(self, failure):
        self.failures.append(failure)
        self._terminal.say(failure)
