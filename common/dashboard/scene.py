"""What a viewer shows: a run, and the digit that its user looks at. numpy only."""

import dataclasses

import numpy as np

from common.dashboard.run import Run


@dataclasses.dataclass(frozen=True, eq=False)
class Sample:
    """One digit to be looked at closely.

    image: uint8 [28, 28], ink from 0 to 255.
    title: str, where it comes from.
    label: int, the correct digit; None if that is not known.
    probabilities: float32 [10], the network's; None if not known yet.
    """

    image: np.ndarray
    title: str
    label: int | None = None
    probabilities: np.ndarray | None = None


@dataclasses.dataclass
class Scene:
    """The `Run`; the `Sample` that the user looks at, or None; and what the user is doing.

    hint: str, what to do next; "" where there is nothing to say.
    """

    run: Run
    sample: Sample | None = None
    hint: str = ""
