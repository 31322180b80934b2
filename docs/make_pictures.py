"""Draws the pictures of the guide into docs/pictures/.

Run:  python docs/make_pictures.py              all of them
      python docs/make_pictures.py softmax      those that are named

White paper and a frame of their own make them legible on dark pages and in print. The colours are
the dashboard's: blue for training, orange for tests, red for what is wrong. The dashboards in the
same folder are drawn by make_dashboards.py, from real runs.
"""

import functools
import io
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # has common/

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon, Rectangle
from PIL import Image

from common.canvas import GREY, INK, NEGATIVE_TO_POSITIVE, PALE_BLUE, PAPER, RED
from common.dashboard.style import (
    FAINT_COLOUR,
    GRID_COLOUR,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
    use_style,
)
from common.mnist_data import read_data_sets

FOLDER = PROJECT / "docs" / "pictures"
WIDTH, DPI = 8, 140  # inches; a page of print, and sharp on a screen
UNITS = 100          # of drawings' coordinates, in an inch
COLOURS = 256        # of a picture
INK_ON_PAPER = LinearSegmentedColormap.from_list("ink", [PAPER, INK])
SIGNED = LinearSegmentedColormap.from_list("signed", NEGATIVE_TO_POSITIVE)
PICTURES = {}        # from a name to the function that draws it


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


@functools.cache
def trained_softmax():
    """Stage 1.0 in numpy, as the dashboard has it: the test set, W [784, 10] and b [10]."""
    mnist = read_data_sets("data", one_hot=True, validation_size=0, seed=0)
    W, b = np.zeros((784, 10)), np.zeros(10)
    for _ in range(2000):
        batch_X, batch_Y = mnist.train.next_batch(100)
        Y = softmax_of(batch_X @ W + b)
        W += 0.003 * batch_X.T @ (batch_Y - Y)
        b += 0.003 * (batch_Y - Y).sum(axis=0)
    return mnist.test, W, b


def softmax_of(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


# what drawings are made of


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
    return axes.text(x, y, words, ha=align, va="center", fontsize=size, color=colour, **style)


def arrow(axes, start, end, colour=FAINT_COLOUR, **style):
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
    for y in heights:
        axes.add_patch(Circle((x, y), radius, facecolor=PAPER, edgecolor=colour, linewidth=1.4,
                              zorder=3))


def connect(axes, x, heights, other_x, other_heights, colour=GREY, width=0.35):
    for y in heights:
        for other_y in other_heights:
            axes.plot([x, other_x], [y, other_y], color=colour, linewidth=width, zorder=1)


# the pictures, in the order of the guide


@picture(3.5)
def one_layer(figure):
    """A digit, its pixels, ten neurons and what a trained network says."""
    axes = canvas(figure)
    test, W, b = trained_softmax()
    probabilities = softmax_of(test.images[0] @ W + b)
    image(figure, test.images[0].reshape(28, 28), 25, 105, 130)
    say(axes, 90, 88, "28×28 pixels")
    pixels, outputs = np.linspace(315, 45, 25), np.linspace(305, 50, 10)
    arrow(axes, (165, 170), (205, 170))
    say(axes, 232, 330, "784 pixels\nin a row", size=8.5)
    connect(axes, 232, pixels, 430, outputs)
    for y in pixels:
        axes.add_patch(Circle((232, y), 3, facecolor=INK, edgecolor="none", zorder=3))
    neurons(axes, 430, outputs, 11)
    for digit, (y, probability) in enumerate(zip(outputs, probabilities)):
        say(axes, 430, y, str(digit), size=9, zorder=4)
        axes.plot([441, 470], [y, y], color=GREY, linewidth=1)
        axes.add_patch(Rectangle((540, y - 8), 190 * probability, 16,
                                 color=TRAIN_COLOUR if digit == 7 else GREY, linewidth=0))
        say(axes, 548 + 190 * probability, y, f"{100 * probability:.1f} %", size=8.5, align="left")
    axes.add_patch(Rectangle((470, 38), 50, 279, facecolor=PALE_BLUE, edgecolor="none"))
    say(axes, 495, 178, "softmax", size=10, rotation=90)
    for y in outputs:
        axes.plot([520, 538], [y, y], color=GREY, linewidth=1)
    say(axes, 331, 22, "each line is a weight: 7,840 of them", size=8.5, colour=FAINT_COLOUR)
    say(axes, 430, 330, "10 neurons", size=8.5)
    say(axes, 635, 330, "10 probabilities", size=8.5)


@picture(2.5)
def matrices(figure):
    """The shapes in Y = softmax(X · W + b), for a batch of 100."""
    axes = canvas(figure)

    def box(left, bottom, width, height, name, shape, colour):
        axes.add_patch(Rectangle((left, bottom), width, height, facecolor=colour,
                                 edgecolor=TEXT_COLOUR, linewidth=1))
        say(axes, left + width / 2, bottom + height / 2, name, size=13, fontweight="bold")
        say(axes, left + width / 2, bottom - 14, shape, size=8.5, colour=FAINT_COLOUR)

    say(axes, 62, 125, "softmax (", size=13, align="center")
    box(110, 90, 230, 70, "XX", "[100, 784]", GREY)
    axes.add_patch(Rectangle((110, 142), 230, 18, facecolor=INK, alpha=0.35, linewidth=0))
    say(axes, 225, 172, "one row: one image", size=8.5, colour=FAINT_COLOUR)
    say(axes, 362, 125, "·", size=18)
    box(385, 35, 60, 180, "W", "[784, 10]", PALE_BLUE)
    axes.add_patch(Rectangle((385, 35), 12, 180, facecolor=TRAIN_COLOUR, alpha=0.6, linewidth=0))
    say(axes, 415, 228, "one column: one neuron", size=8.5, colour=FAINT_COLOUR)
    say(axes, 468, 125, "+", size=15)
    box(490, 117, 60, 16, "", "[10]", PALE_BLUE)
    say(axes, 520, 148, "b", size=13, fontweight="bold")
    say(axes, 520, 80, "added to\nevery row", size=8.5, colour=FAINT_COLOUR)
    say(axes, 582, 125, ")   =", size=13)
    box(640, 90, 60, 70, "Y", "[100, 10]", GREY)
    axes.add_patch(Rectangle((640, 142), 60, 18, facecolor=INK, alpha=0.35, linewidth=0))
    say(axes, 747, 151, "its ten\nprobabilities", size=8.5, colour=FAINT_COLOUR)


@picture(2.7)
def softmax(figure):
    """Ten sums, their exponentials, and these divided by their total."""
    test, W, b = trained_softmax()
    number = 18  # a 3 that is read as such, but not without doubts
    logits = test.images[number] @ W + b
    correct = test.labels[number].argmax()
    image(figure, test.images[number].reshape(28, 28), 20, 90, 95)
    steps = [("weighted sums + biases", logits, 1), ("their exponentials", np.exp(logits), 0),
             ("in % of their total", 100 * softmax_of(logits), 0)]
    for place, (title, values, places) in enumerate(steps):
        axes = plot(figure, 145 + 222 * place, 40, 195, 170, title)
        highest = max(values) - min(0, min(values))
        bars(axes, values, correct, highest=highest, places=places)
        axes.set_ylim(min(0, min(values)) - 0.1 * highest * (min(values) < 0),
                      max(values) + 0.12 * highest)
        if min(values) < 0:
            axes.axhline(0, color=TEXT_COLOUR, linewidth=0.8)
            axes.spines["bottom"].set_visible(False)


@picture(3.1)
def weights(figure):
    """The ten columns of W as images."""
    _, W, _ = trained_softmax()
    axes = canvas(figure)
    most = np.abs(W).max() * 0.7
    for digit in range(10):
        row, column = divmod(digit, 5)
        image(figure, W[:, digit].reshape(28, 28), 25 + 152 * column, 168 - 140 * row, 110,
              SIGNED, -most, most)
        say(axes, 143 + 152 * column, 268 - 140 * row, str(digit), size=12, fontweight="bold",
            align="left")
    say(axes, 25, 14, "blue: ink here speaks for the digit; orange: ink here speaks against it",
        size=8.5, colour=FAINT_COLOUR, align="left")


@picture(3.1)
def cross_entropy(figure):
    """The one-hot label, the probabilities, and the loss as a function of one of them."""
    truth = np.eye(10)[6]
    said = np.array([0.05, 0.01, 0.02, 0.01, 0.03, 0.10, 0.60, 0.02, 0.12, 0.04])
    top = plot(figure, 30, 175, 360, 90, "the label 6, one-hot")
    bars(top, truth, 6, places=0)
    top.set_ylim(0, 1.25)
    bottom = plot(figure, 30, 40, 360, 90, "the network's probabilities")
    bars(bottom, said, 6)
    bottom.set_ylim(0, 1.25)
    axes = plot(figure, 470, 55, 300, 210, "cross-entropy of one image",
                "probability given to the correct digit")
    p = np.linspace(0.005, 1, 400)
    axes.plot(p, -np.log(p), color=TRAIN_COLOUR, linewidth=2)
    for at in (0.01, 0.1, 0.6, 1):
        axes.plot([at], [-np.log(at)], "o", color=TEST_COLOUR, markersize=5, clip_on=False,
                  zorder=5)
        axes.annotate(f"−ln {at:g} = {abs(np.log(at)):.2f}", (at, -np.log(at)),
                      xytext={0.6: (7, 17), 1: (-2, 14)}.get(at, (9, 3)), ha="right" if at == 1
                      else "left", textcoords="offset points", fontsize=8.5, color=TEXT_COLOUR)
    axes.set(xlim=(0, 1), ylim=(0, 5))
    axes.grid(color=GRID_COLOUR)


def valley(x, y):
    """A loss with two weights: a bent valley with its lowest point at (1, 0.6)."""
    return 0.35 * (x - 1)**2 + 2.2 * (y - 0.6 * x)**2 + 0.25


def descend(rate, steps, start=(-1.6, 1.7)):
    """The path of gradient descent in the valley, float [steps + 1, 2]."""
    path = [np.array(start)]
    for _ in range(steps):
        x, y = path[-1]
        across = 4.4 * (y - 0.6 * x)
        path.append(path[-1] - rate * np.array([0.7 * (x - 1) - 0.6 * across, across]))
    return np.array(path)


@picture(3.6)
def gradient_descent(figure):
    """A surface and the way down; from above, with three learning rates."""
    x, y = np.meshgrid(np.linspace(-2.2, 2.2, 90), np.linspace(-1.6, 2.2, 90))
    loss = valley(x, y)
    surface = figure.add_axes((-0.02, 0.02, 0.44, 0.92), projection="3d", computed_zorder=False)
    colours = LinearSegmentedColormap.from_list("depth", ["#1e5a93", TRAIN_COLOUR, PALE_BLUE])
    surface.plot_surface(x, y, loss, cmap=colours, vmax=25, linewidth=0, rcount=60, ccount=60)
    for axis in (surface.xaxis, surface.yaxis, surface.zaxis):
        axis.set_pane_color(PAPER)
    path = descend(0.12, 25)
    surface.plot(*path.T, valley(*path.T) + 0.25, "o-", color=TEST_COLOUR, markersize=3,
                 linewidth=1.5)
    surface.view_init(38, -68)
    surface.set(xticks=[], yticks=[], zticks=[])
    surface.set_xlabel("one weight", fontsize=9, color=TEXT_COLOUR, labelpad=-10)
    surface.set_ylabel("another weight", fontsize=9, color=TEXT_COLOUR, labelpad=-10)
    surface.set_zlabel("loss", fontsize=9, color=TEXT_COLOUR, labelpad=-10)
    surface.set_box_aspect((1, 1, 0.75), zoom=1.08)
    for place, (rate, title) in enumerate([(0.012, "rate too low"), (0.12, "about right"),
                                           (0.372, "too high")]):
        axes = plot(figure, 350 + 150 * place, 70, 135, 200, title)
        axes.contour(x, y, loss, levels=np.geomspace(0.3, 30, 14), colors=[GREY], linewidths=0.8)
        axes.plot(*descend(rate, 25).T, "o-", color=TEST_COLOUR, markersize=2.5, linewidth=1.1)
        axes.plot([1], [0.6], "+", color=TRAIN_COLOUR, markersize=11, markeredgewidth=2)
        axes.set(xticks=[], yticks=[], xlim=(-2.2, 2.2), ylim=(-1.6, 2.2))
    words = canvas(figure)
    words.set_facecolor("none")
    say(words, 560, 45, "the same valley from above: 25 steps from the same place; + is its bottom",
        size=8.5, colour=FAINT_COLOUR)


@picture(3.7)
def five_layers(figure):
    """The network of stages 2.0 to 2.2."""
    axes = canvas(figure)
    sizes, shown = [784, 200, 100, 60, 30, 10], [26, 19, 15, 12, 11, 10]
    columns = np.linspace(60, 730, 6)
    places = [205 + (np.arange(n) - (n - 1) / 2) * min(11.5, 250 / n) * (1 + 0.2 * (n == 10))
              for n in shown]
    for n in range(5):
        connect(axes, columns[n], places[n], columns[n + 1], places[n + 1], width=0.3)
        say(axes, (columns[n] + columns[n + 1]) / 2, 32,
            f"W{n + 1} [{sizes[n]}, {sizes[n + 1]}]\nB{n + 1} [{sizes[n + 1]}]", size=8)
    for n, (x, heights) in enumerate(zip(columns, places)):
        if n == 0:
            for y in heights:
                axes.add_patch(Circle((x, y), 3, facecolor=INK, edgecolor="none", zorder=3))
        else:
            neurons(axes, x, heights, 4.6, TRAIN_COLOUR if n < 5 else TEST_COLOUR)
        say(axes, x, 352, f"{sizes[n]}", size=10, fontweight="bold")
    for n in range(1, 5):
        say(axes, columns[n], 60, "sigmoid or ReLU", size=8, colour=TRAIN_COLOUR)
    say(axes, columns[0], 60, "pixels", size=8)
    say(axes, columns[5], 60, "softmax", size=8, colour=TEST_COLOUR)


@picture(2.9)
def sigmoid_and_relu(figure):
    """Two activation functions and their slopes."""
    x = np.linspace(-6, 6, 481)
    sigmoid = 1 / (1 + np.exp(-x))
    pairs = [("sigmoid", sigmoid, sigmoid * (1 - sigmoid)),
             ("ReLU", np.maximum(x, 0), np.where(x > 0, 1.0, np.where(x < 0, 0.0, np.nan)))]
    for place, (name, values, slope) in enumerate(pairs):
        axes = plot(figure, 45 + 390 * place, 45, 340, 200, name, "weighted sum + bias")
        axes.plot(x, values, color=TRAIN_COLOUR, linewidth=2, label="what the neuron says")
        axes.plot(x, slope, color=TEST_COLOUR, linewidth=1.6, linestyle="--", label="its slope")
        axes.set(xlim=(-6, 6), ylim=(-0.1, 1.6))
        axes.grid(color=GRID_COLOUR)
        axes.legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=TEXT_COLOUR)
        if name == "sigmoid":
            axes.annotate("0.25 at most", (0, 0.25), xytext=(12, 14), textcoords="offset points",
                          fontsize=8.5, color=TEST_COLOUR)


@picture(2.9)
def learning_rates(figure):
    """The learning rate of stages 2.1 to 3.1, and the two between which it moves."""
    i = np.arange(10_001)
    axes = plot(figure, 75, 50, 690, 205, "learning rate", "iterations")
    rates = [(np.full(i.shape, 0.003), FAINT_COLOUR, ":", "0.003, as in stage 2.0"),
             (0.0001 + 0.003 * np.exp(-i / 2000), TRAIN_COLOUR, "-",
              "0.0001 + 0.003 · exp(−i/2000), from stage 2.1 on"),
             (np.full(i.shape, 0.0001), FAINT_COLOUR, "--", "0.0001")]
    for values, colour, style, name in rates:
        axes.plot(i, values, style, color=colour, linewidth=2, label=name)
    for at in (0, 2000, 4000, 10_000):
        rate = 0.0001 + 0.003 * np.exp(-at / 2000)
        axes.plot([at], [rate], "o", color=TEST_COLOUR, markersize=5, clip_on=False, zorder=5)
        axes.annotate(f"{rate:.5f}", (at, rate), xytext=(6, 7) if at < 10_000 else (-4, 9),
                      textcoords="offset points", fontsize=8.5, color=TEXT_COLOUR,
                      ha="left" if at < 10_000 else "right")
    axes.set(xlim=(0, 10_000), ylim=(0, 0.0036))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=GRID_COLOUR)
    axes.legend(loc="center right", frameon=False, fontsize=8.5, labelcolor=TEXT_COLOUR,
                bbox_to_anchor=(1, 0.6))


@picture(3.0)
def overfitting(figure):
    """A curve with few parameters and one with many, through the same points."""
    random = np.random.default_rng(5)
    x = np.linspace(-1, 1, 14)
    other_x = (x[1:] + x[:-1]) / 2

    def noisy(x):
        return np.sin(2.5 * x) + random.normal(0, 0.18, len(x))

    y, other_y = noisy(x), noisy(other_x)
    fine = np.linspace(-1, 1, 500)
    for place, (degree, title) in enumerate([(3, "4 parameters"), (11, "12 parameters")]):
        curve = np.polynomial.Polynomial.fit(x, y, degree)
        axes = plot(figure, 30 + 385 * place, 40, 355, 215, title)
        axes.plot(fine, curve(fine), color=FAINT_COLOUR, linewidth=1.6)
        for points, values, colour, name in ((x, y, TRAIN_COLOUR, "seen in training"),
                                             (other_x, other_y, TEST_COLOUR, "never seen")):
            error = np.sqrt(np.mean((curve(points) - values)**2))
            axes.plot(points, values, "o", color=colour, markersize=5.5,
                      label=f"{name}: error {error:.2f}")
        axes.set(xlim=(-1.06, 1.06), ylim=(-1.4, 1.9), xticks=[], yticks=[])
        axes.legend(loc="upper left", frameon=False, fontsize=9, labelcolor=TEXT_COLOUR)


@picture(3.2)
def dropout(figure):
    """The same network in two training steps and in a test."""
    axes = canvas(figure)
    random = np.random.default_rng(2)
    sizes = [6, 8, 8, 4]
    for place, title in enumerate(["one training step", "the next one", "a test"]):
        left = 40 + 262 * place
        say(axes, left + 95, 297, title, size=10.5, fontweight="bold")
        columns = left + np.array([0, 63, 126, 190])
        heights = [160 + (np.arange(n) - (n - 1) / 2) * 29 for n in sizes]
        kept = [np.ones(n, bool) for n in sizes]
        if place < 2:
            for layer in (1, 2):
                kept[layer][random.permutation(8)[:2]] = False
        for n in range(3):
            connect(axes, columns[n], heights[n][kept[n]], columns[n + 1],
                    heights[n + 1][kept[n + 1]], width=0.5)
        for n in range(4):
            colour = INK if n == 0 else TEST_COLOUR if n == 3 else TRAIN_COLOUR
            neurons(axes, columns[n], heights[n][kept[n]], 8, colour)
            for y in heights[n][~kept[n]]:
                axes.add_patch(Circle((columns[n], y), 8, facecolor=GRID_COLOUR, edgecolor=GREY,
                                      linestyle=":", linewidth=1.2, zorder=3))
                axes.plot([columns[n] - 5, columns[n] + 5], [y - 5, y + 5], color=RED, zorder=4)
                axes.plot([columns[n] - 5, columns[n] + 5], [y + 5, y - 5], color=RED, zorder=4)
        say(axes, left + 95, 22, "pkeep 0.75: the others, times 1/0.75" if place == 0
            else "pkeep 0.75: other ones are left out" if place == 1
            else "pkeep 1: all of them, as they are", size=8.2, colour=FAINT_COLOUR)


def slide(values, patch, stride=1):
    """What a convolution makes of an image, zeros being added around it (padding 'SAME')."""
    size = len(patch)
    padded = np.pad(values, ((size - 1) // 2, size // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, patch.shape)
    return (windows * patch).sum(axis=(2, 3))[::stride, ::stride]


@picture(3.1)
def convolution(figure):
    """A patch of weights on a digit, and what it makes of the whole image."""
    axes = canvas(figure)
    test, _, _ = trained_softmax()
    digit = test.images[0].reshape(28, 28)
    edge = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1],
                     [-1, -1, -1, -1, -1]])
    result = np.maximum(slide(digit, edge), 0)
    row, column = 9, 11

    shown = image(figure, digit, 25, 55, 210)
    shown.add_patch(Rectangle((column - 2.5, row - 2.5), 5, 5, fill=False, edgecolor=TEST_COLOUR,
                              linewidth=2.2))
    small = image(figure, edge, 320, 100, 120, SIGNED, -4, 4)
    for (y, x), weight in np.ndenumerate(edge):
        small.text(x, y, f"{weight:g}".replace("-", "−"), ha="center", va="center", fontsize=8,
                   color=TEXT_COLOUR)
    small.spines[:].set(color=TEST_COLOUR, linewidth=2.2)
    output = image(figure, result, 545, 55, 210, high=result.max())
    output.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False,
                               edgecolor=TEST_COLOUR, linewidth=2))
    say(axes, 130, 285, "28×28 pixels", fontweight="bold")
    say(axes, 380, 285, "5×5 weights", fontweight="bold")
    say(axes, 650, 285, "28×28 values", fontweight="bold")
    say(axes, 278, 160, "×", size=20)
    arrow(axes, (450, 160), (535, 160), TEST_COLOUR)
    say(axes, 492, 180, "sum, ReLU", size=8.5)
    say(axes, 400, 26, "the same 25 weights at each of 784 places; these find ink with paper below "
        "it: lower edges", size=8.5, colour=FAINT_COLOUR)


@picture(3.4)
def stride(figure):
    """Where a patch of 4×4 stands with a stride of 1 and of 2."""
    axes = canvas(figure)
    cell = 22

    def grid(left, bottom, count, colour):
        for n in range(count):
            for m in range(count):
                axes.add_patch(Rectangle((left + n * cell, bottom + m * cell), cell, cell,
                                         facecolor=colour, edgecolor=GREY, linewidth=0.8))

    for left, step, count in ((30, 1, 8), (430, 2, 4)):
        bottom = 85
        grid(left, bottom, 8, PAPER)
        say(axes, left + 4 * cell, 305, f"stride {step}", size=11, fontweight="bold")
        for n, colour in ((0, TEST_COLOUR), (1, TRAIN_COLOUR)):
            axes.add_patch(Rectangle((left + (n * step + 1) * cell, bottom + 3 * cell), 4 * cell,
                                     4 * cell, fill=False, edgecolor=colour, linewidth=2.4,
                                     linestyle="-" if n == 0 else "--", zorder=4 - n))
        at = left + 8 * cell + 45
        arrow(axes, (left + 8 * cell + 8, bottom + 4 * cell), (at - 6, bottom + 4 * cell))
        side = cell * 0.62
        low = bottom + 4 * cell - count * side / 2
        for n in range(count):
            for m in range(count):
                column, row = {1: (2, 5), 2: (1, 2)}[step]
                mark = {(column, row): TEST_COLOUR, (column + 1, row): TRAIN_COLOUR}
                axes.add_patch(Rectangle((at + n * side, low + m * side), side, side,
                                         facecolor=mark.get((n, m), PALE_BLUE), edgecolor=PAPER,
                                         linewidth=1.2))
        say(axes, left + 4 * cell, 68, "8×8 in", size=9)
        say(axes, at + count * side / 2, low - 14, f"{count}×{count} out", size=9)
    say(axes, 400, 25, "two neighbouring places of the same 4×4 patch, and the outputs that they "
        "give; where a patch\nreaches over the edge, it finds zeros (padding 'SAME')", size=8.5,
        colour=FAINT_COLOUR)


def draw_volumes(figure, patches, channels):
    """A convolutional network as stacks of planes."""
    axes = canvas(figure)
    test, _, _ = trained_softmax()
    sides, labels = [28, 28, 14, 7], ["28×28", "28×28", "14×14", "7×7"]
    counts, lefts = [1, *channels], [25, 165, 340, 480]
    middle = 190
    for n, (side, count, left) in enumerate(zip(sides, counts, lefts)):
        size, shift = 3.4 * side, min(5, 75 / count)
        low = middle - size / 2 - shift * (count - 1) / 2
        for plane in range(count - 1, -1 if n else 0, -1):
            axes.add_patch(Rectangle((left + plane * shift, low + plane * shift), size, size,
                                     facecolor=PALE_BLUE, zorder=3 - plane / 100,
                                     edgecolor=TRAIN_COLOUR, linewidth=0.8))
        right = left + size + shift * (count - 1)
        say(axes, (left + right) / 2, 312, f"{labels[n]}×{count}", size=10, fontweight="bold")
        end = lefts[n + 1] if n < 3 else 600
        if n < 3:
            patch = patches[n] * 3.4
            corner = left + size * 0.3, low + size * 0.35
            axes.add_patch(Rectangle(corner, patch, patch, fill=False, edgecolor=TEST_COLOUR,
                                     linewidth=1.8, zorder=4))
            next_size = 3.4 * sides[n + 1]
            next_low = middle - next_size / 2 - min(5, 75 / counts[n + 1]) * (
                counts[n + 1] - 1) / 2
            target = end + next_size * 0.4, next_low + next_size * 0.45
            axes.add_patch(Polygon([(corner[0] + patch, corner[1]), target,
                                    (corner[0] + patch, corner[1] + patch)], closed=True,
                                   facecolor=TEST_COLOUR, alpha=0.35, zorder=5, linewidth=0))
            say(axes, (right + end) / 2 - 5 if n else 160, 62,
                f"{patches[n]}×{patches[n]} patch\nstride {1 if n == 0 else 2}", size=8.5,
                colour=TEST_COLOUR)
    image(figure, test.images[0].reshape(28, 28), 25, middle - 47.6, 95.2).set_zorder(-1)
    flat, out = middle + np.linspace(-95, 95, 20), middle + np.linspace(-60, 60, 10)
    for plane in np.linspace(0, 1, 14):
        axes.plot([580, 640], [middle + 60 * (plane - 0.5), middle + 190 * (plane - 0.5)],
                  color=GREY, linewidth=0.4)
    connect(axes, 645, flat, 735, out, width=0.25)
    neurons(axes, 645, flat, 4)
    neurons(axes, 735, out, 5, TEST_COLOUR)
    say(axes, 645, 312, "200", size=10, fontweight="bold")
    say(axes, 735, 312, "10", size=10, fontweight="bold")
    say(axes, 640, 62, "fully\nconnected", size=8.5, colour=TRAIN_COLOUR)
    say(axes, 735, 62, "softmax", size=8.5, colour=TEST_COLOUR)
    return axes


@picture(3.3)
def convolutional(figure):
    """The network of stage 3.0."""
    axes = draw_volumes(figure, [5, 5, 4], [4, 8, 12])
    say(axes, 400, 24, "values: 784 · 3,136 · 1,568 · 588 · 200 · 10", size=8.5,
        colour=FAINT_COLOUR)


@picture(3.3)
def convolutional_bigger(figure):
    """The network of stage 3.1."""
    axes = draw_volumes(figure, [6, 5, 4], [6, 12, 24])
    say(axes, 400, 24, "values: 784 · 4,704 · 2,352 · 1,176 · 200, a quarter of them dropped · 10",
        size=8.5, colour=FAINT_COLOUR)


def save(figure, path):
    """Write a figure as a PNG with a palette: a third of the size."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    with Image.open(file) as full:
        full.convert("RGB").quantize(
            COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


def main(names):
    unknown = sorted(set(names) - set(PICTURES))
    if unknown:
        sys.exit(f"no such picture: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    use_style()
    FOLDER.mkdir(exist_ok=True)
    for name in names or PICTURES:
        path = FOLDER / f"{name}.png"
        save(PICTURES[name](), path)
        print(f"{path.relative_to(PROJECT)}: {path.stat().st_size // 1000} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
