"""What a viewer asks of the network: one question at a time, that of the view that is shown."""

import dataclasses
import time

from common.dashboard.link.looks import AskDigit, AskEvidence, AskLayers
from common.dashboard.link.messages import Question

ASK = 0.1  # seconds from one question to the next, while the user writes

# Where a digit's probabilities are in what was found.
PROBABILITIES = {
    AskDigit: lambda found: found,
    AskLayers: lambda found: found[-1].outputs,
    AskEvidence: lambda found: found.probabilities,
}


class Asker:
    """Takes a viewer's question to the script, and what comes back into the scene.

    Attributes:
      is_waiting: bool, for a first answer.
    """

    def __init__(self, number, scene, tell):
        """Ask for the viewer with this number, by `tell`, which sends a message to the script."""
        self._number, self._scene, self._tell = number, scene, tell
        self._question, self._last_time = None, 0.0
        self.is_waiting = False

    def ask(self, question):
        """Have it answered, now and with each new state of the network; None for no question."""
        if question == self._question:
            return
        is_of_a_kind = type(question) is type(self._question)
        if is_of_a_kind and time.monotonic() - self._last_time < ASK:
            return  # this is called again soon
        if not is_of_a_kind:
            self._scene.answers.clear()
        self._question, self._last_time = question, time.monotonic()
        self.is_waiting = question is not None
        self._tell(Question(self._number, question))

    def take(self, answer):
        """Show an `Answer`; while the user writes, it is about the digit of a moment ago."""
        kind = type(answer.question)
        if kind is not type(self._question):
            return
        if answer.question == self._question:
            self.is_waiting = False
        self._scene.answers[kind] = answer.found
        has_probabilities = kind in PROBABILITIES and answer.found is not None
        if has_probabilities and self._scene.sample is not None:
            self._scene.sample = dataclasses.replace(
                self._scene.sample, probabilities=PROBABILITIES[kind](answer.found))
