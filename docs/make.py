"""Draws the pictures of the guide into docs/pictures/, and for dark pages into its folder dark/.

Run:  python docs/make_pictures.py              all of them
      python docs/make_pictures.py softmax      those that are named

What is in them is in docs/drawing/. The pictures of the window, in the same folders, come from
make_dashboards.py and make_views.py, which run the stages.
"""

import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # has common/ and docs/

from common.dashboard.drawing.style import use_style
from docs.drawing import convolutions, last_half_percent, layers, learning
from docs.drawing.tools import PICTURES, image_of, write

SUBJECTS = learning, layers, convolutions, last_half_percent  # each registers its pictures


def main(names):
    unknown = sorted(set(names) - set(PICTURES))
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    use_style()
    for name in names or PICTURES:
        write(image_of(PICTURES[name]()), f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
