"""All drawings: those that the subjects register."""

import sys

from common.dashboard.drawing.style import use_style
from docs.drawing import convolutions, last_half_percent, layers, learning
from docs.drawing.tools import PICTURES, image_of, write

SUBJECTS = learning, layers, convolutions, last_half_percent


def main(names):
    """Draw those that are named, or all of them."""
    unknown = sorted(set(names) - set(PICTURES))
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    use_style()
    for name in names or PICTURES:
        write(image_of(PICTURES[name]()), f"{name}.png")
