"""How far the axes reach: in steps, so that they seldom change. numpy only."""

import numpy as np

RANGES = {  # of the y axes: as published, then narrower ones
    "accuracy": ((0, 1), (0.5, 1), (0.8, 1), (0.9, 1), (0.95, 1), (0.98, 1)),
    "loss": ((0, 100), (0, 50), (0, 20), (0, 10), (0, 5), (0, 2)),
}
SETTLED_TESTS = 8          # so many have to be in a narrower range before it is taken
HEADROOM = 0.15            # of a range: how far from its open end they have to be


def step_up(value):
    """The least of … 0.1, 0.2, 0.5, 1, 2, 5, 10 … that is not below `value`, a float above 0.

    Axes that grow in such steps seldom change, and so seldom have to be painted anew.
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(f"{step * power:.12g}" for step in (1, 2, 5, 10, 20)
                      if step * power >= value * (1 - 1e-9)))


def narrowest_range(quantity, tests):
    """The narrowest of the `RANGES` in which the test curve has settled.

    Args:
      quantity: "accuracy" or "loss".
      tests: a `run.Curve`.

    Returns:
      Two floats, the limits.
    """
    values = tests.values[tests.iterations >= tests.last_iteration / 2]
    ranges = RANGES[quantity]
    if len(values) < SETTLED_TESTS:
        return ranges[0]
    for low, high in reversed(ranges):
        margin = HEADROOM * (high - low)
        inside = values > low + margin if quantity == "accuracy" else values < high - margin
        if inside.all():
            return low, high
    return ranges[0]
