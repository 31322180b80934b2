"""The colours of the drawings, which are the dashboard's: blue for training, orange for tests, red
for what is wrong.
"""

from matplotlib.colors import LinearSegmentedColormap

from common.dashboard.drawing import style
from common.dashboard.drawing.style import INK, PAPER

__all__ = ["BLUE", "FAINT", "FRAME", "GREY", "GRID", "INK", "INK_ON_PAPER", "ORANGE", "PALE_BLUE",
           "PAPER", "RED", "SIGNED", "TEXT"]
GREY, PALE_BLUE = "#c5cad3", "#dbe7f5"
BLUE, ORANGE, RED = style.TRAIN_COLOUR, style.TEST_COLOUR, style.WRONG_COLOUR
TEXT, FAINT, GRID = style.TEXT_COLOUR, style.FAINT_COLOUR, style.GRID_COLOUR
FRAME = style.FRAME_COLOUR
INK_ON_PAPER = LinearSegmentedColormap.from_list("ink", [PAPER, INK])
SIGNED = LinearSegmentedColormap.from_list("signed", style.NEGATIVE_TO_POSITIVE)
