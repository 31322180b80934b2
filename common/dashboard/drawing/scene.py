"""What a viewer shows: a run, and the digit that its user looks at. numpy only."""

import dataclasses

import numpy as np

from common.dashboard.link.run import Run


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """One digit to be looked at closely.

    image: uint8 [28, 28], ink from 0 to 255.
    origin: str, where it comes from.
    label: int, the correct digit; None if that is not known.
    probabilities: float32 [10], the network's; None if not known yet.
    """

    image: np.ndarray
    origin: str
    label: int | None = None
    probabilities: np.ndarray | None = None

    @property
    def title(self):
        """str, where it comes from and, where that is known, what it is and is read as."""
        if self.label is None or self.probabilities is None:
            return self.origin
        computed = self.probabilities.argmax()
        reading = "read correctly" if self.label == computed else f"read as {computed}"
        return f"{self.origin}: {self.label}, {reading}"

    @property
    def caption(self):
        """str, in few letters what it is and is read as, or where it comes from, and how surely."""
        computed, sure = self.probabilities.argmax(), 100 * self.probabilities.max()
        digit = f"{self.origin}: " if self.label is None else f"{self.label} read as "
        return f"{digit}{computed}, {sure:.1f} %"


@dataclasses.dataclass
class Scene:
    """All that is shown.

    run: the `Run`.
    sample: the `Sample` that the user looks at, or None.
    neuron: (layer, neuron), the numbers of the neuron that the user looks at.
    pair: (correct digit, computed digit), the cell of the confusion matrix that the user has
      clicked, or None.
    own: a list of `Sample`, digits of the user's own from files.
    pointed: where in the picture of the layers the mouse is: (layer, tile, row, column), or None.
    is_kept: bool, whether that stays when the mouse goes elsewhere.
    answers: what the network was asked and has answered: a dictionary from the question's class,
      of `questions`, to what was found.
    hint: str, what to do next; "" where there is nothing to say.
    buttons: a tuple of `keys.Button`.
    """

    run: Run
    sample: Sample | None = None
    neuron: tuple = (0, 0)
    pair: tuple | None = None
    own: list = dataclasses.field(default_factory=list)
    pointed: tuple | None = None
    is_kept: bool = False
    answers: dict = dataclasses.field(default_factory=dict)
    hint: str = ""
    buttons: tuple = ()

    def look_at(self, sample):
        """Look at a `Sample`; return the view that shows it."""
        self.sample = sample
        return "inside" if self.run.has_inside else "look"

    def take(self, question, found):
        """Take in what was found for one of the `questions`."""
        self.answers[type(question)] = found
        if self.sample is not None and found is not None:
            probabilities = question.probabilities(found)
            if probabilities is not None:
                self.sample = dataclasses.replace(self.sample, probabilities=probabilities)

    def choose_sample(self):
        """Look at some digit, if at none: the first test digit, which may be a misread one."""
        digits = self.run.test_digits or self.run.train_digits
        if self.sample is None and digits is not None:
            self.sample = sample_of(digits, 0, "Test digits" if self.run.test_digits else
                                    "Training digits")


def sample_of(digits, number, title):
    """One of some `Digits`, as a `Sample`; their title ends in an s."""
    return Sample(digits.images[number], title[:-1], int(digits.labels[number]),
                  digits.probabilities[number])
