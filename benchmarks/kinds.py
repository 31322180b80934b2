"""What the profiles have in common: a clock, and sums of kernels by what they are for."""

import time

NAMES = "products", "optimizer", "random numbers", "all else"


def median_time(call, steps):
    """The median milliseconds (float) of `call(number)`, so many times, after as many to warm up.

    Args:
      call: a function of an int, which counts from 0.
      steps: int.
    """
    times = []
    for number in range(2 * steps):
        start = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times[steps:])[steps // 2]


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
