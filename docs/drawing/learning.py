"""The pictures of the first page: what a neuron is, how wrong it is, how it learns."""

import pathlib

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from docs.drawing.colours import BLUE, FAINT, GREY, GRID, INK, ORANGE, PALE_BLUE, PAPER, TEXT
from docs.drawing.tools import column, example, picture, softmax_of, trained_softmax

ONE_STEP = pathlib.Path(__file__).resolve().parent.parent / "one_step.py"


@picture(3.0)
def one_step(figure):
    """The step of docs/one_step.py: every weight before and after it."""
    axes = figure.sheet()
    step = example(ONE_STEP)
    x, after = step["x"], step["W"]
    before = after + step["learning_rate"] * step["gradient_W"]
    answers = [softmax_of(x @ before), step["y"]]
    bias = step["b"]  # 0 before
    inputs, outputs = [235, 150, 65], [215, 85]
    for n, (y, value) in enumerate(zip(inputs, x)):
        axes.add_patch(Rectangle((40, y - 22), 44, 44, facecolor=str(1 - 0.85 * value),
                                 edgecolor=TEXT))
        axes.say(110, y, f"{value:g}", size=11)
        for neuron, height in enumerate(outputs):
            axes.plot([132, 400], [y, height], color=(GREY, INK)[neuron], linewidth=1.2, zorder=1)
            at = 0.3 if neuron == 0 else 0.66
            axes.say(132 + 268 * at, y + (height - y) * at,
                     from_to(before[n, neuron], after[n, neuron]), size=8.5, zorder=4,
                     bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.2})
    axes.neurons(415, outputs, 18)
    for neuron, height in enumerate(outputs):
        axes.say(415, height, str(neuron), size=11, zorder=4)
        axes.say(415, height - 31, "bias " + from_to(0, bias[neuron]), size=8.5)
        axes.say(545, height + 12, f"before: {answers[0][neuron]:.2f}", align="left")
        axes.say(545, height - 12, f"after: {answers[1][neuron]:.2f}", align="left",
                 fontweight="bold")
        axes.say(660, height, ("should be 0", "should be 1")[neuron], align="left",
                 colour=FAINT)
        axes.draw_arrow((440, height), (530, height))
    axes.say(90, 280, "pixels", fontweight="bold")
    axes.say(266, 280, "weights", fontweight="bold")
    axes.say(415, 280, "neurons", fontweight="bold")
    axes.say(610, 280, "probabilities", fontweight="bold")
    axes.say(400, 20, "a pixel of 0 had no part in the error, so its weights stay", size=8.5,
             colour=FAINT)


def from_to(before, after):
    """A number before and after a step, in words."""
    return f"{before:.2f} → {after:.2f}".replace("-", "−")


@picture(3.5)
def one_layer(figure):
    """A digit, its pixels, ten neurons and what a trained network says."""
    axes = figure.sheet()
    test, W, b = trained_softmax()
    probabilities = softmax_of(test.images[0] @ W + b)
    figure.image(test.images[0].reshape(28, 28), 25, 105, 130)
    axes.say(90, 88, "28×28 pixels")
    inputs, outputs = column(180, 22, 11), np.linspace(305, 50, 10)
    axes.draw_arrow((165, 170), (205, 170))
    axes.say(232, 330, "784 pixels\nin a row", size=8.5)
    axes.connect(232, inputs, 430, outputs)
    axes.pixels(232, inputs)
    axes.say(232, 180, "⋮", size=11)
    axes.neurons(430, outputs, 11)
    for digit, (y, probability) in enumerate(zip(outputs, probabilities)):
        axes.say(430, y, str(digit), size=9, zorder=4)
        axes.plot([441, 470], [y, y], color=GREY, linewidth=1)
        axes.add_patch(Rectangle((540, y - 8), 190 * probability, 16,
                                 color=BLUE if digit == 7 else GREY, linewidth=0))
        axes.say(548 + 190 * probability, y, f"{100 * probability:.1f} %", size=8.5, align="left")
    axes.add_patch(Rectangle((470, 38), 50, 279, facecolor=PALE_BLUE, edgecolor="none"))
    axes.say(495, 178, "softmax", size=10, rotation=90)
    for y in outputs:
        axes.plot([520, 538], [y, y], color=GREY, linewidth=1)
    axes.say(331, 22, "each line is a weight: 7,840 of them, most not drawn", size=8.5,
             colour=FAINT)
    axes.say(430, 330, "10 neurons", size=8.5)
    axes.say(635, 330, "10 probabilities", size=8.5)


@picture(2.5)
def matrices(figure):
    """The shapes in Y = softmax(X · W + b), for a batch of 100."""
    axes = figure.sheet()

    def box(left, bottom, width, height, name, shape, colour):
        axes.add_patch(Rectangle((left, bottom), width, height, facecolor=colour,
                                 edgecolor=TEXT, linewidth=1))
        axes.say(left + width / 2, bottom + height / 2, name, size=13, fontweight="bold")
        axes.say(left + width / 2, bottom - 14, shape, size=8.5, colour=FAINT)

    axes.say(62, 125, "softmax (", size=13, align="center")
    box(110, 90, 230, 70, "XX", "[100, 784]", GREY)
    axes.add_patch(Rectangle((110, 142), 230, 18, facecolor=INK, alpha=0.35, linewidth=0))
    axes.say(225, 172, "one row: one image", size=8.5, colour=FAINT)
    axes.say(362, 125, "·", size=18)
    box(385, 35, 60, 180, "W", "[784, 10]", PALE_BLUE)
    axes.add_patch(Rectangle((385, 35), 12, 180, facecolor=BLUE, alpha=0.6, linewidth=0))
    axes.say(415, 228, "one column: one neuron", size=8.5, colour=FAINT)
    axes.say(468, 125, "+", size=15)
    box(490, 117, 60, 16, "", "[10]", PALE_BLUE)
    axes.say(520, 148, "b", size=13, fontweight="bold")
    axes.say(520, 80, "added to\nevery row", size=8.5, colour=FAINT)
    axes.say(582, 125, ")   =", size=13)
    box(640, 90, 60, 70, "Y", "[100, 10]", GREY)
    axes.add_patch(Rectangle((640, 142), 60, 18, facecolor=INK, alpha=0.35, linewidth=0))
    axes.say(747, 151, "its ten\nprobabilities", size=8.5, colour=FAINT)


@picture(2.7)
def softmax(figure):
    """Ten sums, their exponentials, and these divided by their total."""
    test, W, b = trained_softmax()
    number = 18  # a 3 that is read as such, but not without doubts
    logits = test.images[number] @ W + b
    correct = test.labels[number].argmax()
    figure.image(test.images[number].reshape(28, 28), 20, 90, 95)
    steps = [("weighted sums + biases", logits, 2), ("their exponentials", np.exp(logits), 0),
             ("in % of their total", 100 * softmax_of(logits), 0)]
    boxes = [(132, 272), (425, 168), (612, 168)]  # left, width
    for (left, width), (title, values, places) in zip(boxes, steps):
        axes = figure.plot(left, 40, width, 170, title)
        highest = max(values) - min(0, min(values))
        axes.bars(values, correct, highest=highest, places=places)
        axes.set_ylim(min(0, min(values)) - 0.1 * highest * (min(values) < 0),
                      max(values) + 0.12 * highest)
        if min(values) < 0:
            axes.axhline(0, color=TEXT, linewidth=0.8)
            axes.spines["bottom"].set_visible(False)


@picture(3.1)
def cross_entropy(figure):
    """The one-hot label, the probabilities, and the loss as a function of one of them."""
    truth = np.eye(10)[6]
    said = np.array([0.05, 0.01, 0.02, 0.01, 0.03, 0.10, 0.60, 0.02, 0.12, 0.04])
    top = figure.plot(30, 175, 360, 90, "the label 6, one-hot")
    top.bars(truth, 6, places=0)
    top.set_ylim(0, 1.25)
    bottom = figure.plot(30, 40, 360, 90, "the network's probabilities")
    bottom.bars(said, 6)
    bottom.set_ylim(0, 1.25)
    axes = figure.plot(470, 55, 300, 210, "the loss of one image",
                       "sum of the correct neuron; the others have 0")
    z = np.linspace(-8, 9, 400)
    p = np.exp(z) / (np.exp(z) + 9)
    axes.plot(z, -np.log(p), color=BLUE, linewidth=2, label="cross-entropy")
    axes.plot(z, (1 - p)**2 + 9 * ((1 - p) / 9)**2, color=FAINT, linewidth=1.6,
              linestyle="--", label="squared distance")
    for at in (0.001, 0.1, 0.6):
        place = np.log(9 * at / (1 - at)), -np.log(at)
        axes.plot(*place, "o", color=ORANGE, markersize=5, zorder=5)
        axes.annotate(f"−ln {at:g} = {place[1]:.2f}", place, xytext=(8, 5),
                      textcoords="offset points", fontsize=8.5, color=TEXT)
    axes.set(xlim=(-8, 9), ylim=(0, 10.5), xticks=[-8, -4, 0, 4, 8])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.grid(color=GRID)
    axes.legend(loc="upper right", frameon=False, fontsize=8.5, labelcolor=TEXT)


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


def surface_on(figure, box, x, y, loss, zlabel="loss"):
    """A loss over two weights, in three dimensions."""
    surface = figure.add_axes(box, projection="3d", computed_zorder=False)
    colours = LinearSegmentedColormap.from_list("depth", ["#1e5a93", BLUE, PALE_BLUE])
    surface.plot_surface(x, y, loss, cmap=colours, linewidth=0, rcount=60, ccount=60, alpha=0.9)
    for axis in (surface.xaxis, surface.yaxis, surface.zaxis):
        axis.set_pane_color(PAPER)
    surface.set(xticks=[], yticks=[], zticks=[])
    for set_label, words in ((surface.set_xlabel, "one weight"),
                             (surface.set_ylabel, "another weight"),
                             (surface.set_zlabel, zlabel)):
        set_label(words, fontsize=9, color=TEXT, labelpad=-10)
    surface.set_box_aspect((1, 1, 0.75), zoom=1.08)
    return surface


@picture(3.6)
def gradient_descent(figure):
    """Six steps down a surface; from above, with three learning rates."""
    x, y = np.meshgrid(np.linspace(-2.2, 2.2, 90), np.linspace(-1.6, 2.2, 90))
    loss = valley(x, y)
    surface = surface_on(figure, (-0.02, 0.02, 0.44, 0.92), x, y, loss)
    path = descend(0.12, 6)
    surface.plot(*path.T, valley(*path.T) + 0.4, "o-", color=ORANGE, markersize=5,
                 linewidth=2)
    surface.view_init(38, -68)
    for place, (rate, title) in enumerate([(0.012, "rate too low"), (0.12, "about right"),
                                           (0.372, "too high")]):
        axes = figure.plot(350 + 150 * place, 70, 135, 200, title)
        axes.contour(x, y, loss, levels=np.geomspace(0.3, 30, 14), colors=[GREY], linewidths=0.8)
        axes.plot(*descend(rate, 6).T, "o-", color=ORANGE, markersize=4, linewidth=1.4)
        axes.plot([1], [0.6], "+", color=BLUE, markersize=11, markeredgewidth=2)
        axes.set(xticks=[], yticks=[], xlim=(-2.2, 2.2), ylim=(-1.6, 2.2))
    words = figure.sheet()
    words.set_facecolor("none")
    words.say(560, 45, "the same valley from above: six steps from the same place; + is its "
              "bottom", size=8.5, colour=FAINT)
