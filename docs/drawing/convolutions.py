"""The pictures of the pages on convolutions."""

import numpy as np
from matplotlib.patches import Rectangle

from docs.drawing.colours import BLUE, FAINT, GREY, ORANGE, PALE_BLUE, PAPER, SIGNED, TEXT
from docs.drawing.tools import column, picture, softmax_of, trained_softmax

CELL = 3.4  # units: a pixel of the networks


def slide(values, patch):
    """What a convolution makes of an image, zeros being added around it (padding 'SAME')."""
    size = len(patch)
    padded = np.pad(values, ((size - 1) // 2, size // 2))
    windows = np.lib.stride_tricks.sliding_window_view(padded, patch.shape)
    return (windows * patch).sum(axis=(2, 3))


@picture(3.1)
def convolution(figure):
    """A patch of weights on a digit, and what it makes of the whole image."""
    axes = figure.sheet()
    test, _, _ = trained_softmax()
    digit = test.images[0].reshape(28, 28)
    edge = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [-1, -1, -1, -1, -1],
                     [-1, -1, -1, -1, -1]])
    result = np.maximum(slide(digit, edge), 0)
    row, across = 9, 11

    shown = figure.image(digit, 25, 55, 210)
    shown.add_patch(Rectangle((across - 2.5, row - 2.5), 5, 5, fill=False, edgecolor=ORANGE,
                              linewidth=2.2))
    small = figure.image(edge, 320, 100, 120, SIGNED, -4, 4)
    for (y, x), weight in np.ndenumerate(edge):
        small.text(x, y, f"{weight:g}".replace("-", "−"), ha="center", va="center", fontsize=8,
                   color=TEXT)
    small.spines[:].set(color=ORANGE, linewidth=2.2)
    output = figure.image(result, 545, 55, 210, high=result.max())
    output.add_patch(Rectangle((across - 0.5, row - 0.5), 1, 1, fill=False,
                               edgecolor=ORANGE, linewidth=2))
    axes.say(130, 285, "28×28 pixels", fontweight="bold")
    axes.say(380, 285, "5×5 weights", fontweight="bold")
    axes.say(650, 285, "28×28 values", fontweight="bold")
    axes.say(278, 160, "×", size=20)
    axes.draw_arrow((450, 160), (535, 160), ORANGE)
    axes.say(492, 180, "sum, ReLU", size=8.5)
    axes.say(400, 26, "the same 25 weights at each of 784 places; these find ink with paper below "
             "it: lower edges", size=8.5, colour=FAINT)


@picture(3.4)
def stride(figure):
    """Where a patch of 4×4 stands with a stride of 1 and of 2."""
    axes = figure.sheet()
    cell = 22

    def grid(left, bottom, count, colour):
        for n in range(count):
            for m in range(count):
                axes.add_patch(Rectangle((left + n * cell, bottom + m * cell), cell, cell,
                                         facecolor=colour, edgecolor=GREY, linewidth=0.8))

    for left, step, count in ((30, 1, 8), (430, 2, 4)):
        bottom = 85
        grid(left, bottom, 8, PAPER)
        axes.say(left + 4 * cell, 305, f"stride {step}", size=11, fontweight="bold")
        for n, colour in ((0, ORANGE), (1, BLUE)):
            axes.add_patch(Rectangle((left + (n * step + 1) * cell, bottom + 3 * cell), 4 * cell,
                                     4 * cell, fill=False, edgecolor=colour, linewidth=2.4,
                                     linestyle="-" if n == 0 else "--", zorder=4 - n))
        at = left + 8 * cell + 45
        axes.draw_arrow((left + 8 * cell + 8, bottom + 4 * cell), (at - 6, bottom + 4 * cell))
        side = cell * 0.62
        low = bottom + 4 * cell - count * side / 2
        for n in range(count):
            for m in range(count):
                across, row = {1: (2, 5), 2: (1, 2)}[step]
                mark = {(across, row): ORANGE, (across + 1, row): BLUE}
                axes.add_patch(Rectangle((at + n * side, low + m * side), side, side,
                                         facecolor=mark.get((n, m), PALE_BLUE), edgecolor=PAPER,
                                         linewidth=1.2))
        axes.say(left + 4 * cell, 68, "8×8 in", size=9)
        axes.say(at + count * side / 2, low - 14, f"{count}×{count} out", size=9)
    axes.say(400, 25, "two neighbouring places of the same 4×4 patch, and the outputs that they "
             "give; where a patch\nreaches over the edge, it finds zeros (padding 'SAME')",
             size=8.5, colour=FAINT)


class Stack:
    """The channels of a layer, one behind the other, the first at the front."""

    def __init__(self, axes, side, count, left, middle):
        self.axes, self.count = axes, count
        self.size, self.shift = CELL * side, min(5, 75 / count)
        self.left = left
        self.low = middle - self.size / 2 - self.shift * (count - 1) / 2

    @property
    def right(self):
        """The right end of the channel at the back."""
        return self.left + self.size + self.shift * (self.count - 1)

    def corner(self, across, up, channel=0):
        """A place in a channel, `across` and `up` being shares of its side."""
        return (self.left + across * self.size + channel * self.shift,
                self.low + up * self.size + channel * self.shift)

    def draw(self, is_image):
        """Draw all channels; of the image only its frame."""
        for channel in reversed(range(self.count)):
            self.axes.add_patch(Rectangle(
                self.corner(0, 0, channel), self.size, self.size, linewidth=0.8,
                facecolor="none" if is_image else PALE_BLUE, edgecolor=BLUE,
                zorder=2 - channel / 100))

    def draw_patch(self, pixels, across, up):
        """Draw a patch through all channels; return its four corners at the front."""
        side = CELL * pixels / self.size
        corners = [(across, up), (across + side, up), (across + side, up + side),
                   (across, up + side)]
        back = self.count - 1
        for channel in {back, 0}:
            self.axes.add_patch(Rectangle(
                self.corner(across, up, channel), CELL * pixels, CELL * pixels, fill=False,
                edgecolor=ORANGE, zorder=4, linewidth=1.0 if channel else 1.8))
        for corner in corners:
            self.axes.plot(*zip(self.corner(*corner), self.corner(*corner, back)),
                           color=ORANGE, linewidth=1.0, zorder=4)
        return [self.corner(*corner) for corner in corners]


def draw_volumes(figure, patches, channels):
    """A convolutional network as stacks of channels; return the axes."""
    axes = figure.sheet()
    test, _, _ = trained_softmax()
    middle, sides, lefts = 190, [28, 28, 14, 7], [25, 165, 340, 470]
    counts = [1, *channels]
    stacks = [Stack(axes, *shape, middle) for shape in zip(sides, counts, lefts)]
    figure.image(test.images[0].reshape(28, 28), lefts[0], middle - 47.6, 95.2).set_zorder(-1)
    for n, stack in enumerate(stacks):
        stack.draw(is_image=n == 0)
        axes.say((stack.left + stack.right) / 2, 312, f"{sides[n]}×{sides[n]}×{counts[n]}",
                 size=10, fontweight="bold")
    for n, (stack, following, patch) in enumerate(zip(stacks, stacks[1:], patches)):
        across, up = (0.36, 0.62) if n == 0 else (0.3, 0.5)  # there the 7 has ink
        corners = stack.draw_patch(patch, across, up)
        half = CELL * patch / stack.size / 2
        cell = CELL / following.size
        target = [following.corner(across + half + x * cell, up + half + y * cell)
                  for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        axes.add_patch(Rectangle(target[0], CELL, CELL, facecolor=ORANGE, zorder=5))
        for corner, end in zip(corners, target):
            axes.plot(*zip(corner, end), color=ORANGE, linewidth=0.6, zorder=4)
        axes.say((stack.right + following.left) / 2 + (6 if n == 0 else 0), 62,
                 f"{patch}×{patch} patch\nstride {1 if n == 0 else 2}", size=8.5, colour=ORANGE)
    draw_end(axes, stacks[-1], middle)
    return axes


def draw_end(axes, last, middle):
    """From the last convolution to 200 neurons, and to ten."""
    flat, out = column(middle, 18, 10), middle + np.linspace(-60, 60, 10)
    for channel in np.linspace(0, last.count - 1, 6):
        x, y = last.corner(1, 0.5, channel)
        axes.connect(x, [y], 655, flat, width=0.3)
    axes.connect(655, flat, 735, out, width=0.25)
    axes.neurons(655, flat, 4)
    axes.say(655, middle, "⋮", size=10, zorder=5)
    axes.neurons(735, out, 5, ORANGE)
    axes.say(655, 312, "200", size=10, fontweight="bold")
    axes.say(735, 312, "10", size=10, fontweight="bold")
    axes.say(645, 62, "fully\nconnected", size=8.5, colour=BLUE)
    axes.say(735, 62, "softmax", size=8.5, colour=ORANGE)


@picture(3.3)
def convolutional(figure):
    """The network of stage 3.0."""
    axes = draw_volumes(figure, [5, 5, 4], [4, 8, 12])
    axes.say(400, 24, "values: 784 · 3,136 · 1,568 · 588 · 200 · 10; a patch goes through all "
             "channels", size=8.5, colour=FAINT)


@picture(3.3)
def convolutional_bigger(figure):
    """The network of stage 3.1."""
    axes = draw_volumes(figure, [6, 5, 4], [6, 12, 24])
    axes.say(400, 24, "values: 784 · 4,704 · 2,352 · 1,176 · 200, a quarter of them dropped · 10",
             size=8.5, colour=FAINT)


@picture(2.3)
def misread(figure):
    """Sevens that stage 1.0 takes for nines, and nines that it takes for sevens."""
    axes = figure.sheet()
    test, W, b = trained_softmax()
    correct, said = test.labels.argmax(axis=1), softmax_of(test.images @ W + b).argmax(axis=1)
    for row, (digit, taken_for) in enumerate(((7, 9), (9, 7))):
        chosen = np.flatnonzero((correct == digit) & (said == taken_for))[:9]
        y = 165 - 105 * row
        axes.say(15, y, f"{digit}, read\nas {taken_for}", align="left", fontweight="bold")
        for place, number in enumerate(chosen):
            figure.image(test.images[number].reshape(28, 28), 85 + 78 * place, y - 36, 72)
