"""What the drawings are made of: a page of a common width, axes, words, arrows, neurons."""

import contextlib
import functools
import io
import pathlib
import runpy
import sys

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from PIL import Image

from benchmarks import accuracy, results, scripts
from common.mnist_data import read_data_sets
from common.terminal import whole_file
from docs.drawing.colours import BLUE, FAINT, FRAME, GREY, INK, INK_ON_PAPER, PAPER, RED, TEXT

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "pictures"
DARK = FOLDER / "dark"  # the same pictures, for dark pages
WIDTH, DPI = 8, 140     # inches; a page of print, and sharp on a screen
UNITS = 100             # of drawings' coordinates, in an inch
COLOURS = 256           # of a picture
PICTURES = {}           # from a name to the function that draws it
DARKEST = 22            # what white becomes on a dark page: not quite black
RED_DARKER = 0.4        # of it: or pale digits would hardly be seen on it
# Inverted and turned by half the colour circle, so that blue stays blue: CSS's hue-rotate(180deg).
HALF_TURN = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


class Drawing(Axes):
    """Axes with words, arrows and neurons."""

    def say(self, x, y, words, size=9.5, colour=TEXT, align="center", **style):
        """Words with their middle, or an end, at a place."""
        return self.text(x, y, words, ha=align, va="center", fontsize=size, color=colour, **style)

    def draw_arrow(self, start, end, colour=FAINT, **style):
        """An arrow from one place to another."""
        self.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12,
                                       color=colour, linewidth=1.3, shrinkA=0, shrinkB=0, **style))

    def neurons(self, x, heights, radius, colour=BLUE):
        """A column of neurons."""
        for y in heights:
            self.add_patch(Circle((x, y), radius, facecolor=PAPER, edgecolor=colour, linewidth=1.4,
                                  zorder=3))

    def pixels(self, x, heights):
        """A column of pixels."""
        for y in heights:
            self.add_patch(Circle((x, y), 3, facecolor=INK, edgecolor="none", zorder=3))

    def connect(self, x, heights, other_x, other_heights, colour=GREY, width=0.35):
        """A line from each to each."""
        for y in heights:
            for other_y in other_heights:
                self.plot([x, other_x], [y, other_y], color=colour, linewidth=width, zorder=1)

    def bars(self, values, correct, highest=1.0, places=2):
        """Ten bars with their values above, the correct digit's in blue."""
        self.bar(range(10), values, color=[BLUE if n == correct else GREY for n in range(10)])
        for n, value in enumerate(values):
            up = value >= 0
            self.text(n, value + (0.02 if up else -0.02) * highest,
                      f"{value:.{places}f}".replace("-", "−"), ha="center",
                      va="bottom" if up else "top", fontsize=7, color=TEXT)
        self.set_xticks(range(10))
        self.set_yticks([])
        self.spines[["left", "right", "top"]].set_visible(False)


class Page(Figure):
    """A figure of the common width; places are in units, x to the right and y up."""

    def __init__(self, height):
        """A page of so many inches."""
        super().__init__(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)
        self.add_artist(Rectangle((0, 0), 1, 1, transform=self.transFigure, fill=False,
                                  edgecolor=GREY, linewidth=2))

    def sheet(self):
        """A `Drawing` over the whole page."""
        axes = self.add_axes((0, 0, 1, 1), axes_class=Drawing)
        width, height = self.get_size_inches() * UNITS
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.set_axis_off()
        return axes

    def plot(self, left, bottom, width, height, title="", xlabel="", ylabel=""):
        """A `Drawing` for a plot, in a box."""
        across, up = self.get_size_inches() * UNITS
        axes = self.add_axes((left / across, bottom / up, width / across, height / up),
                             axes_class=Drawing)
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=TEXT)
        axes.set_xlabel(xlabel, fontsize=9, color=TEXT)
        axes.set_ylabel(ylabel, fontsize=9, color=TEXT)
        axes.tick_params(colors=FAINT, length=0, labelsize=8.5)
        axes.spines[:].set_color(FRAME)
        axes.set_axisbelow(True)
        return axes

    def image(self, values, left, bottom, side, colours=INK_ON_PAPER, low=0, high=1):
        """Float [rows, columns] in a square box with a thin frame."""
        axes = self.plot(left, bottom, side, side)
        axes.set(xticks=[], yticks=[])
        axes.imshow(values, colours, vmin=low, vmax=high, interpolation="nearest")
        return axes


def picture(height):
    """Register a function that draws on a `Page` of so many inches."""
    def register(draw):
        def make():
            page = Page(height)
            draw(page)
            return page
        PICTURES[draw.__name__] = make
        return make
    return register


def chosen(names, known, what):
    """Those that are named on the command line, or all that are known; `what` says what they are.
    """
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
    return names or list(known)


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
    lifted *= 1 - RED_DARKER * redness(image)
    return Image.fromarray(lifted.round().astype(np.uint8))


def redness(image):
    """How near each pixel is to the red behind misread digits, float [height, width, 1], 0 to 1."""
    red, green, blue = np.split(np.asarray(image, float), 3, axis=-1)
    is_red = abs(green - blue) < 0.3 * (red - green)  # orange and magenta are not
    least, _, most = sorted(255 * channel for channel in to_rgb(RED))
    return is_red * np.clip((red - green) / (most - least), 0, 1)


def image_of(figure):
    """A figure as a Pillow image, RGB."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")


def example(path):
    """The names of a small program, a dictionary, after it has run without a word."""
    with contextlib.redirect_stdout(io.StringIO()):
        return runpy.run_path(str(path))


def runs_of(row):
    """The measured runs of a row of `accuracy.ROWS`, all seeds, as `accuracy.measure` gives them.
    """
    return accuracy.current(results.read(scripts.FOLDER / "accuracy.json"), row)


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


def column(middle, shown, apart, is_cut=True):
    """Heights for a column of neurons, with a gap in the middle for those that are not drawn.

    Returns:
      float [shown]; the gap is in the middle, one and a half places wide more.
    """
    places = np.arange(shown) - (shown - 1) / 2
    return middle - apart * (places + 0.75 * np.sign(places) * is_cut)
