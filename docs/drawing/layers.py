"""The pictures of the pages on fully connected layers: more of them, their troubles, the cures."""

import pathlib
import re

import numpy as np
from matplotlib.patches import Circle

from docs.drawing.colours import BLUE, FAINT, GREY, GRID, INK, ORANGE, PAPER, RED, TEXT
from docs.drawing.learning import surface_on
from docs.drawing.tools import column, example, picture, runs_of

WITHOUT = pathlib.Path(__file__).with_name("3.1_without_dropout.txt")  # what that run printed
ONE_STEP_BACK = pathlib.Path(__file__).resolve().parent.parent / "one_step_back.py"


def compare(axes, stages, what, limits, colours=(FAINT, ORANGE)):
    """Draw the "accuracies" or "losses" of the tests of some stages, for all five seeds."""
    for (stage, name), colour in zip(stages.items(), colours):
        for n, run in enumerate(runs_of(stage)):
            axes.plot(run["tests"]["iterations"], run["tests"][what], color=colour, linewidth=1,
                      alpha=0.75, label=None if n else f"{stage}: {name}")
    axes.set(xlim=(0, 10_000), ylim=limits)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=GRID)
    for line in axes.legend(frameon=False, fontsize=9, labelcolor=TEXT).get_lines():
        line.set_linewidth(3)


@picture(3.7)
def five_layers(figure):
    """The network of stages 2.0 to 2.2."""
    axes = figure.sheet()
    sizes, shown = [784, 200, 100, 60, 30, 10], [22, 18, 14, 12, 8, 10]
    columns = np.linspace(60, 730, 6)
    places = [column(205, n, min(11, 250 / n) * (1 + 0.3 * (n == 10)), is_cut=n != 10)
              for n in shown]
    for n in range(5):
        axes.connect(columns[n], places[n], columns[n + 1], places[n + 1], width=0.3)
        axes.say((columns[n] + columns[n + 1]) / 2, 32,
                 f"W{n + 1} [{sizes[n]}, {sizes[n + 1]}]\nB{n + 1} [{sizes[n + 1]}]", size=8)
    for n, (x, heights) in enumerate(zip(columns, places)):
        if n == 0:
            axes.pixels(x, heights)
        else:
            axes.neurons(x, heights, 4.6, BLUE if n < 5 else ORANGE)
        if n < 5:
            axes.say(x, 205, "⋮", size=10, zorder=5)
        axes.say(x, 352, f"{sizes[n]}", size=10, fontweight="bold")
    for n in range(1, 5):
        axes.say(columns[n], 60, "sigmoid or ReLU", size=8, colour=BLUE)
    axes.say(columns[0], 60, "pixels", size=8)
    axes.say(columns[5], 60, "softmax", size=8, colour=ORANGE)


@picture(5.0)
def one_step_back(figure):
    """The step of docs/one_step_back.py: values on their way forwards, errors on their way back."""
    axes = figure.sheet()
    step = example(ONE_STEP_BACK)
    columns, weights = (110, 370, 630), [step["W1"], step["W2"]]
    ways = [(440, "forwards: the values", BLUE, [step["XX"], step["Y1"], step["Y"]]),
            (190, "backwards: the errors", ORANGE,
             [step["XX"], step["hidden_error"], step["error"]])]
    for top, title, colour, values in ways:
        is_back = colour == ORANGE
        heights = top - 20, top - 125
        axes.say(20, top + 35, title, size=11, align="left", fontweight="bold", colour=colour)
        for layer, row, neuron in np.ndindex(2, 2, 2):
            ends = np.array([(columns[layer] + 26, heights[row]),
                             (columns[layer + 1] - 26, heights[neuron])])
            if is_back and layer == 0:  # here the errors have arrived
                axes.plot(*ends.T, color=GREY, linewidth=1.3, linestyle=":")
            else:
                axes.draw_arrow(*ends[::-1 if is_back else 1], colour=GREY)
            words = f"{weights[layer][row, neuron]:g}"
            if is_back:
                words += f" → {step['after'][2 * layer][row, neuron]:.2f}"
            place = ends[0] + (ends[1] - ends[0]) * (0.3 if row == neuron else 0.7)
            axes.say(*place, words.replace("-", "−"), size=8.5, zorder=4,
                     bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.2})
        for layer, row in np.ndindex(3, 2):
            x, y = columns[layer], heights[row]
            axes.neurons(x, [y], 26, colour if layer else INK)
            axes.say(x, y, f"{values[layer][0, row]:.2f}".replace("-", "−"), zorder=4, size=10,
                     fontweight="bold")
            axes.say(x, y - 36, f"{('pixel', 'hidden neuron', 'output')[layer]} {row}", size=8.5,
                     colour=FAINT)
        for row, y in enumerate(heights):
            axes.say(672, y, f"then says {step['new_Y'][0, row]:.2f}" if is_back else
                     f"should be {step['Y_'][0, row]:g}", align="left", colour=FAINT)
    axes.say(400, 12, "the biases move, too, each by −0.5 times the error of its neuron", size=8.5,
             colour=FAINT)


def saddle_slope(place):
    """The gradient of x² − 0.25 y² + 0.06 y⁴, which is flat at (0, 0) and lowest at y = ±1.44."""
    x, y = place
    return np.array([2 * x, -0.5 * y + 0.24 * y**3])


@picture(3.2)
def saddle(figure):
    """A saddle point; plain gradient descent and Adam on their way past it."""
    def loss_at(x, y):
        return x**2 - 0.25 * y**2 + 0.06 * y**4 + 0.26

    x, y = np.meshgrid(np.linspace(-1.3, 1.3, 80), np.linspace(-1.9, 1.9, 80))
    surface = surface_on(figure, (-0.02, 0.05, 0.5, 0.95), x, y, loss_at(x, y))
    axes = figure.plot(440, 50, 335, 225, "loss", "steps")
    for name, rate, colour in (("plain gradient descent", 0.05, FAINT),
                               ("Adam", 0.05, ORANGE)):
        path, mean, square = [np.array([-1.2, 0.002])], 0, 0
        for n in range(1, 201):
            slope = saddle_slope(path[-1])
            mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            scaled = mean / (1 - 0.9**n) / (np.sqrt(square / (1 - 0.999**n)) + 1e-8)
            path.append(path[-1] - rate * (scaled if name == "Adam" else slope))
        path = np.array(path)
        surface.plot(*path.T, loss_at(*path.T) + 0.06, color=colour, linewidth=2.4)
        axes.plot(loss_at(*path.T), color=colour, linewidth=2, label=name)
    surface.plot([0], [0], [0.33], "o", color=RED, markersize=7)
    surface.view_init(34, -38)
    axes.set(xlim=(0, 200), ylim=(0, 1.75))
    axes.grid(color=GRID)
    axes.legend(frameon=False, fontsize=9, labelcolor=TEXT)


@picture(2.9)
def sigmoid_and_relu(figure):
    """Two activation functions and their slopes."""
    x = np.linspace(-6, 6, 481)
    sigmoid = 1 / (1 + np.exp(-x))
    pairs = [("sigmoid", sigmoid, sigmoid * (1 - sigmoid)),
             ("ReLU", np.maximum(x, 0), np.where(x > 0, 1.0, np.where(x < 0, 0.0, np.nan)))]
    for place, (name, values, slope) in enumerate(pairs):
        axes = figure.plot(45 + 390 * place, 45, 340, 200, name, "weighted sum + bias")
        axes.plot(x, values, color=BLUE, linewidth=2, label="what the neuron says")
        axes.plot(x, slope, color=ORANGE, linewidth=1.6, linestyle="--", label="its slope")
        axes.set(xlim=(-6, 6), ylim=(-0.1, 1.6))
        axes.grid(color=GRID)
        axes.legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=TEXT)
        if name == "sigmoid":
            axes.annotate("0.25 at most", (0, 0.25), xytext=(12, 14), textcoords="offset points",
                          fontsize=8.5, color=ORANGE)


@picture(3.1)
def noisy_and_decayed(figure):
    """The test accuracy with a fixed learning rate and with one that decays; the rate itself."""
    left = figure.plot(60, 50, 330, 215, "test accuracy", "iterations")
    compare(left, {"2.0": "a fixed rate", "2.1": "ReLU, a rate that decays"}, "accuracies",
            (0.94, 0.99))
    i = np.arange(10_001)
    axes = figure.plot(465, 50, 305, 215, "learning rate", "iterations")
    axes.plot(i, np.full(i.shape, 0.003), color=FAINT, linewidth=2)
    axes.plot(i, 0.0001 + 0.003 * np.exp(-i / 2000), color=ORANGE, linewidth=2)
    for at in (0, 2000, 4000, 10_000):
        rate = 0.0001 + 0.003 * np.exp(-at / 2000)
        axes.plot([at], [rate], "o", color=ORANGE, markersize=5, clip_on=False, zorder=5)
        axes.annotate(f"{rate:.5f}", (at, rate), xytext=(7, 5) if at < 10_000 else (-4, 9),
                      textcoords="offset points", fontsize=8.5, color=TEXT,
                      ha="left" if at < 10_000 else "right")
    axes.set(xlim=(0, 10_000), ylim=(0, 0.0036))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=GRID)


@picture(3.2)
def overfitting(figure):
    """A curve with few parameters and one with many, through the same points; stage 2.1's loss."""
    random = np.random.default_rng(5)
    x, fine = np.linspace(-1, 1, 14), np.linspace(-1, 1, 500)
    other_x = (x[1:] + x[:-1]) / 2
    y, other_y = (np.sin(2.5 * at) + random.normal(0, 0.35, len(at)) for at in (x, other_x))
    for place, (degree, title) in enumerate([(3, "4 parameters"), (11, "12 parameters")]):
        curve = np.polynomial.Polynomial.fit(x, y, degree)
        axes = figure.plot(20 + 255 * place, 50, 240, 230, title)
        axes.plot(fine, np.sin(2.5 * fine), color=GREY, linewidth=5, label="the truth")
        axes.plot(fine, curve(fine), color=FAINT, linewidth=1.6)
        for points, values, colour, name in ((x, y, BLUE, "trained on"),
                                             (other_x, other_y, ORANGE, "never seen")):
            error = np.sqrt(np.mean((curve(points) - values)**2))
            axes.plot(points, values, "o", color=colour, markersize=5,
                      label=f"{name}: error {error:.2f}")
        axes.set(xlim=(-1.06, 1.06), ylim=(-2.2, 2.9), xticks=[], yticks=[])
        axes.legend(loc="upper left", frameon=False, fontsize=8.5, labelcolor=TEXT)
    axes = figure.plot(555, 50, 205, 230, "stage 2.1: test loss", "iterations")
    for run in runs_of("2.1"):
        axes.plot(run["tests"]["iterations"], run["tests"]["losses"], color=ORANGE, linewidth=1,
                  alpha=0.75)
    axes.set(xlim=(0, 10_000), ylim=(0, 20), xticks=[0, 5000, 10_000])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=GRID)


@picture(2.9)
def with_and_without_dropout(figure):
    """Test loss and accuracy of stages 2.1 and 2.2."""
    stages = {"2.1": "without dropout", "2.2": "with dropout"}
    compare(figure.plot(50, 50, 330, 200, "test loss", "iterations"), stages, "losses", (4, 16))
    compare(figure.plot(450, 50, 315, 200, "test accuracy", "iterations"), stages, "accuracies",
            (0.96, 0.99))


@picture(2.9)
def dropout_in_the_last_stage(figure):
    """Test loss and accuracy of stage 3.1: five measured runs, and one without dropout."""
    rows = re.findall(r"^ +([\d]+) .* ([\d.]+) +([\d.]+)$", WITHOUT.read_text(encoding="utf-8"),
                      re.MULTILINE)
    iterations, accuracies, losses = np.array(rows, float).T
    panels = [("losses", losses, "test loss", 50, 330, (2, 8)),
              ("accuracies", accuracies, "test accuracy", 450, 315, (0.98, 0.995))]
    for what, without, title, left, width, limits in panels:
        axes = figure.plot(left, 50, width, 200, title, "iterations")
        axes.plot(iterations, without, color=FAINT, zorder=3, label="without dropout")
        compare(axes, {"3.1": "with dropout"}, what, limits, colours=[ORANGE])


@picture(3.2)
def dropout(figure):
    """The same network for two images of a training step and in a test."""
    axes = figure.sheet()
    random = np.random.default_rng(2)
    sizes = [6, 8, 8, 4]
    for place, title in enumerate(["one image of a batch", "the next one", "a test"]):
        left = 40 + 262 * place
        axes.say(left + 95, 297, title, size=10.5, fontweight="bold")
        columns = left + np.array([0, 63, 126, 190])
        heights = [160 + (np.arange(n) - (n - 1) / 2) * 29 for n in sizes]
        kept = [np.ones(n, bool) for n in sizes]
        if place < 2:
            for layer in (1, 2):
                kept[layer][random.permutation(8)[:2]] = False
        for n in range(3):
            axes.connect(columns[n], heights[n][kept[n]], columns[n + 1],
                         heights[n + 1][kept[n + 1]], width=0.5)
        for n in range(4):
            colour = INK if n == 0 else ORANGE if n == 3 else BLUE
            axes.neurons(columns[n], heights[n][kept[n]], 8, colour)
            for y in heights[n][~kept[n]]:
                axes.add_patch(Circle((columns[n], y), 8, facecolor=GRID, edgecolor=GREY,
                                      linestyle=":", linewidth=1.2, zorder=3))
                axes.plot([columns[n] - 5, columns[n] + 5], [y - 5, y + 5], color=RED, zorder=4)
                axes.plot([columns[n] - 5, columns[n] + 5], [y + 5, y - 5], color=RED, zorder=4)
        axes.say(left + 95, 22, "pkeep 0.75: the others, times 1/0.75" if place == 0
                 else "pkeep 0.75: other ones are left out" if place == 1
                 else "pkeep 1: all of them, as they are", size=8.2, colour=FAINT)
