"""What the drawings are made of: a page of a common width, axes, words, arrows, neurons.

The colours are the dashboard's: blue for training, orange for tests, red for what is wrong.
"""

import functools
import io
import pathlib

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from PIL import Image

from common.canvas import GREY, INK, PAPER
from common.dashboard.drawing.style import (
    FAINT_COLOUR,
    NEGATIVE_TO_POSITIVE,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)
from common.mnist_data import read_data_sets
from common.terminal import whole_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "pictures"
DARK = FOLDER / "dark"  # the same pictures, for dark pages
WIDTH, DPI = 8, 140     # inches; a page of print, and sharp on a screen
UNITS = 100             # of drawings' coordinates, in an inch
COLOURS = 256           # of a picture
INK_ON_PAPER = LinearSegmentedColormap.from_list("ink", [PAPER, INK])
SIGNED = LinearSegmentedColormap.from_list("signed", NEGATIVE_TO_POSITIVE)
PICTURES = {}           # from a name to the function that draws it
DARKEST = 22            # what white becomes on a dark page: not quite black
# Inverted and turned by half the colour circle, so that blue stays blue: CSS's hue-rotate(180deg).
HALF_TURN = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def picture(height):
    """Register a function that draws on a figure of the common width and so many inches."""
    def register(draw):
        def make():
            figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)
            draw(figure)
            figure.add_artist(Rectangle((0, 0), 1, 1, transform=figure.transFigure, fill=False,
                                        edgecolor=GREY, linewidth=2))
            return figure
        PICTURES[draw.__name__] = make
        return make
    return register


def write(image, name, notes=None):
    """Write a picture twice, for light and for dark pages, with palettes: a third of the size.

    Args:
      image: a Pillow image, RGB.
      name: str, of its file in docs/pictures/ and docs/pictures/dark/.
      notes: a `PIL.PngImagePlugin.PngInfo` for the light one, or None.
    """
    for path, shown in ((FOLDER / name, image), (DARK / name, dark(image))):
        path.parent.mkdir(exist_ok=True)
        with whole_file(path) as partial:
            shown.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
                partial, format="PNG", optimize=True, pnginfo=notes)
        print(f"{path.relative_to(FOLDER.parent)}: {path.stat().st_size // 1000} kB", flush=True)


def dark(image):
    """A Pillow image, RGB, as a dark page shows it: light and dark swapped, the hues kept."""
    turned = (255 - np.asarray(image, float)) @ HALF_TURN.T
    lifted = DARKEST + np.clip(turned, 0, 255) * (255 - DARKEST) / 255
    return Image.fromarray(lifted.round().astype(np.uint8))


def image_of(figure):
    """A figure as a Pillow image, RGB."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")


# a network to draw


@functools.cache
def trained_softmax():
    """Stage 1.0 in numpy, as the dashboard has it: the test set, W [784, 10] and b [10]."""
    mnist = read_data_sets(one_hot=True, validation_size=0, seed=0)
    W, b = np.zeros((784, 10)), np.zeros(10)
    for _ in range(2000):
        batch_X, batch_Y = mnist.train.next_batch(100)
        Y = softmax_of(batch_X @ W + b)
        W += 0.003 * batch_X.T @ (batch_Y - Y)
        b += 0.003 * (batch_Y - Y).sum(axis=0)
    return mnist.test, W, b


def softmax_of(logits):
    """The softmax of float [..., 10]."""
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# axes, words, shapes


def canvas(figure):
    """Axes over the whole figure, `UNITS` to the inch, x to the right and y up."""
    axes = figure.add_axes((0, 0, 1, 1))
    width, height = figure.get_size_inches() * UNITS
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    return axes


def plot(figure, left, bottom, width, height, title="", xlabel="", ylabel=""):
    """Axes for a plot, its box in units of the figure."""
    across, up = figure.get_size_inches() * UNITS
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=TEXT_COLOUR)
    axes.set_xlabel(xlabel, fontsize=9, color=TEXT_COLOUR)
    axes.set_ylabel(ylabel, fontsize=9, color=TEXT_COLOUR)
    axes.tick_params(colors=FAINT_COLOUR, length=0, labelsize=8.5)
    axes.spines[:].set_color("#9ca3af")
    axes.set_axisbelow(True)
    return axes


def say(axes, x, y, words, size=9.5, colour=TEXT_COLOUR, align="center", **style):
    """Words with their middle, or an end, at a place."""
    return axes.text(x, y, words, ha=align, va="center", fontsize=size, color=colour, **style)


def arrow(axes, start, end, colour=FAINT_COLOUR, **style):
    """An arrow from one place to another."""
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, color=colour,
                                   linewidth=1.3, shrinkA=0, shrinkB=0, **style))


def image(figure, values, left, bottom, side, colours=INK_ON_PAPER, low=0, high=1):
    """Show float [rows, columns] in a square box with a thin frame."""
    axes = plot(figure, left, bottom, side, side)
    axes.set(xticks=[], yticks=[])
    axes.imshow(values, colours, vmin=low, vmax=high, interpolation="nearest")
    return axes


def bars(axes, values, correct, highest=1.0, places=2):
    """Ten bars with their values above, the correct digit's in blue."""
    axes.bar(range(10), values, color=[TRAIN_COLOUR if n == correct else GREY for n in range(10)])
    for n, value in enumerate(values):
        up = value >= 0
        axes.text(n, value + (0.02 if up else -0.02) * highest,
                  f"{value:.{places}f}".replace("-", "−"), ha="center",
                  va="bottom" if up else "top", fontsize=7, color=TEXT_COLOUR)
    axes.set_xticks(range(10))
    axes.set_yticks([])
    axes.spines[["left", "right", "top"]].set_visible(False)


def neurons(axes, x, heights, radius, colour=TRAIN_COLOUR):
    """A column of neurons."""
    for y in heights:
        axes.add_patch(Circle((x, y), radius, facecolor=PAPER, edgecolor=colour, linewidth=1.4,
                              zorder=3))


def pixels(axes, x, heights):
    """A column of pixels."""
    for y in heights:
        axes.add_patch(Circle((x, y), 3, facecolor=INK, edgecolor="none", zorder=3))


def column(middle, shown, apart, is_cut=True):
    """Heights for a column of neurons, with a gap in the middle for those that are not drawn.

    Returns:
      float [shown]; the gap is in the middle, one and a half places wide more.
    """
    places = np.arange(shown) - (shown - 1) / 2
    return middle - apart * (places + 0.75 * np.sign(places) * is_cut)


def connect(axes, x, heights, other_x, other_heights, colour=GREY, width=0.35):
    """A line from each to each."""
    for y in heights:
        for other_y in other_heights:
            axes.plot([x, other_x], [y, other_y], color=colour, linewidth=width, zorder=1)
