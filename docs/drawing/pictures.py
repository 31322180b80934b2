"""All drawings: those that the subjects register."""

from common.dashboard.drawing.style import use_style
from docs.drawing import convolutions, last_half_percent, layers, learning
from docs.drawing.tools import PICTURES, chosen, image_of, write

SUBJECTS = learning, layers, convolutions, last_half_percent


def main(names):
    """Draw those that are named, or all of them."""
    names = chosen(names, PICTURES, "picture")
    use_style()
    for name in names:
        write(image_of(PICTURES[name]()), f"{name}.png")
