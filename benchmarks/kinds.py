"""What the kernels of a training step are for: the sums that a profile adds up."""

NAMES = "products", "optimizer", "random numbers", "all else"


class Kinds:
    """Adds up kernels by what they are for."""

    def __init__(self):
        self._microseconds = dict.fromkeys(NAMES, 0.0)
        self._kernels = 0

    def add(self, kind, microseconds):
        """Add a kernel: its kind (one of `NAMES`) and how long it took (float)."""
        self._microseconds[kind] += microseconds
        self._kernels += 1

    def a_step(self, steps):
        """A dictionary: milliseconds of a step by kind (float), and kernels, their number."""
        return {"kernels": self._kernels / steps,
                **{kind: value / 1000 / steps for kind, value in self._microseconds.items()}}
