"""The dashboard's look: colours, sizes, and matplotlib's settings."""

import matplotlib

TRAIN_COLOUR, TEST_COLOUR = "#3b82c4", "#d9480f"
BANDS_COLOUR = "#0f766e"
INK, PAPER, WRONG_COLOUR = "#111827", "#ffffff", "#eb5748"  # a misread digit is on red
TEXT_COLOUR, FAINT_COLOUR, GRID_COLOUR = "#1f2937", "#6b7280", "#e5e7eb"
POINTED_COLOUR = "#c026d3"  # around what is looked at: no colour of numbers
FRAME_COLOUR, BUTTON_COLOUR = "#9ca3af", "#f3f4f6"
NEGATIVE_TO_POSITIVE = ["#7c2d12", TEST_COLOUR, "#ffffff", TRAIN_COLOUR, "#1e3a8a"]

WIDTH, HEIGHT, DPI = 1280, 720, 100  # of a window on a common screen, in pixels
POINTS = 9.0                         # font size at that size of window
LETTER = 0.6                         # a letter's width, as a share of the font's size

STYLE = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so the same on every machine
    "text.parse_math": False,        # a name may have dollars in it
    # What rcdefaults leaves as the user has it:
    "interactive": False, "toolbar": "toolbar2",
    "keymap.quit": ["ctrl+w", "cmd+w"], "keymap.fullscreen": ["f"],
    # The keys of the dashboard are its own; the others should do nothing by accident.
    **{f"keymap.{name}": [] for name in ("home", "back", "forward", "help", "copy", "grid", "pan",
                                         "save", "zoom", "grid_minor", "yscale", "xscale",
                                         "quit_all")},
}


def use_style():
    """Set matplotlib's settings for the dashboard, whatever they are: how it looks is its own."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(STYLE)
