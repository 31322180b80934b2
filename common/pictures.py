"""Pictures of digits, filters, probabilities, errors, for scripts without a screen and notebooks.

Each function takes numpy arrays and returns a matplotlib `Figure`. In a notebook it shows itself
as the result of a cell; `save` writes it to a file.
"""

import math
import pathlib

import numpy as np

from common.canvas import (
    GREY,
    INK,
    LEAST_WIDTH,
    MARGIN,
    PAPER,
    RED,
    SMALL_SIZE,
    TEXT_SIZE,
    TILES_HEIGHT,
    TILES_WIDTH,
    TITLE_HEIGHT,
    TITLE_SIZE,
    axes_in,
    draw_tiles,
    empty_picture,
    in_rows,
    own_style,
    show_values,
    write_png,
)
from common.dashboard.drawing.mosaic import best_fit
from common.dashboard.drawing.panels.curves import LINE_WIDTHS
from common.dashboard.drawing.style import GRID_COLOUR, TEST_COLOUR, TEXT_COLOUR, TRAIN_COLOUR
from common.terminal import whole_file

MOST_TILES, MOST_COLUMNS = 512, 32                 # with more, tiles would become too small
LEAST_VISIBLE = 0.005                              # a probability whose bar can be seen
CURVES = (("train_", "training digits", TRAIN_COLOUR), ("test_", "test digits", TEST_COLOUR))
QUANTITIES = {  # title, what y means, limits when zoomed, corner for the legend
    "accuracy": ("Accuracy", "share read correctly", (0.85, 1), "lower right"),
    "loss": ("Cross-entropy loss", "cross-entropy per image × 100", (0, 70), "upper right")}


@own_style()
def digit(image, inverted=False):
    """Draw one digit: a `Figure`.

    Args:
      image: float [28, 28], [28, 28, 1] or [784], values 0 to 1.
      inverted: bool; the digit is dark on white, or inverted: white on dark.
    """
    picture = empty_picture(280, 280)
    colours = [INK, PAPER] if inverted else [PAPER, INK]
    show_values(axes_in(picture, 0, 0, 280, 280), np.reshape(image, (28, 28)), colours, 0, 1)
    return picture


@own_style()
def filters(weights, title="Filters"):
    """Draw the filters of a convolution, positive weights blue, negative ones orange: a `Figure`.

    It has a row of tiles for each input channel, or if there is only one, a grid. Of very many
    filters it has the first, and says so in the title.

    Args:
      weights: float [height, width, inputs, outputs].
      title: str.
    """
    height, width, inputs, outputs = weights.shape
    columns = min(outputs, MOST_TILES if inputs == 1 else MOST_COLUMNS)
    rows = min(inputs, MOST_TILES // columns)
    title += _of_all(rows, inputs, "inputs") + _of_all(columns, outputs, "outputs")
    tiles = weights[:, :, :rows, :columns].transpose(2, 3, 0, 1).reshape(-1, height, width)
    if inputs == 1:
        columns, _ = best_fit(columns, 2, 1)
        return draw_tiles(tiles, columns, title)[0]
    picture, axes, left, top = draw_tiles(tiles, columns, title, below=50)
    step = 1 if max(rows, columns) <= 16 else 8
    axes.set_xticks(left[:columns:step] + width / 2, range(0, columns, step))
    axes.set_yticks(top[::columns * step] + height / 2, range(0, rows, step))
    axes.set_xlabel("rows: input channels, columns: output channels", loc="left",
                    fontsize=TEXT_SIZE, color=TEXT_COLOUR)
    return picture


def _of_all(shown, count, name):
    return f", the first {shown:,} of {count:,} {name}" if shown < count else ""


@own_style()
def activations(values, title="Activations"):
    """Draw what a convolution makes of one digit, a numbered tile for each channel: a `Figure`.

    The more ink, the larger the value. If some are negative, positive ones are blue and negative
    ones orange.

    Args:
      values: float [height, width, channels] or [1, height, width, channels].
      title: str.
    """
    tiles = np.moveaxis(np.reshape(values, np.shape(values)[-3:]), -1, 0)
    columns, _ = best_fit(len(tiles), TILES_WIDTH, TILES_HEIGHT)
    ink = not (tiles < 0).any()
    picture, axes, left, top = draw_tiles(tiles, columns, title, above=14, ink=ink)
    for number, (x, y) in enumerate(zip(left, top)):
        axes.text(x, y, str(number), fontsize=SMALL_SIZE, color=TEXT_COLOUR, va="bottom")
    return picture


@own_style()
def probabilities(image, probabilities, label=None):
    """Draw a digit and the network's probabilities for it: a `Figure`.

    The correct digit's bar is blue; if another is predicted, that is red. Without `label`, the
    predicted one is blue.

    Args:
      image: float [28, 28], [28, 28, 1] or [784], values 0 to 1.
      probabilities: float [10] or [1, 10].
      label: int or one-hot [10], the correct digit; None if not known.
    """
    probabilities = np.reshape(probabilities, 10)
    predicted = int(probabilities.argmax())
    actual = predicted if label is None else int(_numbers(label, 0))
    colours, names = [GREY] * 10, [str(number) for number in range(10)]
    colours[predicted], colours[actual] = RED, TRAIN_COLOUR
    if actual != predicted:
        names[actual] += "\nactual"

    title = "" if label is None else f"actual {actual}, "
    picture = empty_picture(820, 280, f"{title}predicted {predicted}")
    show_values(axes_in(picture, MARGIN, 30, 210, 210), np.reshape(image, (28, 28)), [PAPER, INK],
                0, 1)
    axes = axes_in(picture, 260, 50, 540, 170)
    axes.bar(range(10), probabilities, color=colours)
    for number in np.flatnonzero(probabilities >= LEAST_VISIBLE):
        axes.text(number, probabilities[number] + 0.02, _per_cent(probabilities[number]),
                  ha="center", fontsize=SMALL_SIZE, color=TEXT_COLOUR)
    axes.set(xlim=(-0.6, 9.6), ylim=(0, 1), yticks=[])
    axes.set_xticks(range(10), names)
    axes.spines[["left", "right", "top"]].set_visible(False)
    return picture


def confusion_matrix(labels, computed):
    """Draw how often each digit was taken for each, wrong ones the redder the more: a `Figure`.

    It has a row for each correct digit, with the share read correctly at its right.

    Args:
      labels: int [n] or one-hot [n, 10], the correct digits.
      computed: int [n] or probabilities, float [n, 10], what the network takes them for.
    """
    labels, computed = _numbers(labels, 1), _numbers(computed, 1)
    return confusion_counts(np.bincount(10 * labels + computed, minlength=100).reshape(10, 10))


@own_style()
def confusion_counts(counts):
    """Draw a confusion matrix from its counts, int [10, 10]: a `Figure`."""
    right, totals = np.diag(counts), counts.sum(axis=1)
    errors = np.where(np.eye(10, dtype=bool), np.nan, counts)  # the diagonal would drown the rest

    picture = empty_picture(640, 570, f"{right.sum():,} of {totals.sum():,} digits read correctly, "
                                 + _per_cent(right.sum() / totals.sum(), 2))
    axes = axes_in(picture, 60, 50, 460, 460)
    axes.set_facecolor(GRID_COLOUR)
    show_values(axes, errors, [PAPER, RED], 0, max(1, np.nanmax(errors)))
    style = {"va": "center", "fontsize": TEXT_SIZE, "color": TEXT_COLOUR}
    for row, column in np.argwhere(counts):
        axes.text(column + 0.5, row + 0.5, f"{counts[row, column]:,}", ha="center", **style)
    axes.text(10.2, -0.4, "read correctly", **style)
    for row in np.flatnonzero(totals):
        axes.text(10.2, row + 0.5, _per_cent(right[row] / totals[row]), **style)
    axes.set_xticks(np.arange(10) + 0.5, range(10))
    axes.set_yticks(np.arange(10) + 0.5, range(10))
    axes.set_xlabel("computed digit", fontsize=TEXT_SIZE, color=TEXT_COLOUR)
    axes.set_ylabel("correct digit", fontsize=TEXT_SIZE, color=TEXT_COLOUR)
    return picture


@own_style()
def most_confidently_misread(images, labels, probabilities, count=25, of_all=None):
    """Draw the misread digits of which the network was surest, the surest first: a `Figure`.

    Args:
      images: float [n, 28, 28], [n, 28, 28, 1] or [n, 784], values 0 to 1.
      labels: int [n] or one-hot [n, 10], the correct digits.
      probabilities: float [n, 10].
      count: int, how many to draw at most.
      of_all: int, how many digits these were chosen from; None where these are all.
    """
    labels, computed = _numbers(labels, 1), _numbers(probabilities, 1)
    wrong = np.flatnonzero(labels != computed)
    if not len(wrong):
        count = of_all or len(labels)
        return empty_picture(LEAST_WIDTH, 80, f"None of the {count:,} digits is misread")
    sureness = np.max(probabilities, axis=1)
    surest = wrong[np.argsort(-sureness[wrong], kind="stable")][:count]
    columns = math.ceil(math.sqrt(len(surest)))
    values, left, top = in_rows(np.reshape(images, (-1, 28, 28))[surest], columns,
                                above=0, below=7, between=7)
    height, width = 4 * values.shape[0], 4 * values.shape[1]
    picture = empty_picture(max(width, LEAST_WIDTH), height + TITLE_HEIGHT,
                       f"Most confidently misread: {len(surest):,} of {len(wrong):,}")
    axes = axes_in(picture, 0, 0, width, height)
    show_values(axes, values, [RED, INK], 0, 1)
    for x, y, number in zip(left, top, surest):
        words = f"{labels[number]} read as {computed[number]}, {_per_cent(sureness[number])}"
        axes.text(x + 14, y + 29, words, ha="center", va="top", fontsize=SMALL_SIZE,
                  color=TEXT_COLOUR)
    return picture


@own_style()
def contact_sheet(images, probabilities, titles):
    """Draw digits of any origin, each with its name and what is computed for it: a `Figure`.

    Args:
      images: float [n, 28, 28], values 0 to 1.
      probabilities: float [n, 10].
      titles: n str.
    """
    columns = min(6, len(images))
    values, left, top = in_rows(images, columns, above=0, below=12, between=12)
    height, width = 4 * values.shape[0], 4 * values.shape[1]
    picture = empty_picture(max(width, LEAST_WIDTH), height + TITLE_HEIGHT,
                            "Your digits as the network sees them")
    axes = axes_in(picture, 0, 0, width, height)
    show_values(axes, values, [PAPER, INK], 0, 1)
    for x, y, chances, title in zip(left, top, probabilities, titles):
        words = f"{chances.argmax()}, {_per_cent(chances.max())}\n{title[-24:]}"
        axes.text(x + 14, y + 29, words, ha="center", va="top", fontsize=SMALL_SIZE,
                  color=TEXT_COLOUR)
    return picture


@own_style()
def training_curves(run, quantity, zoom=None):
    """Draw the curves of the training and of the test digits, whole and zoomed: a `Figure`.

    Args:
      run: a `dashboard.run.Run`.
      quantity: "accuracy" or "loss".
      zoom: floats (low, high), the limits of the zoomed plot; None for a common choice.
    """
    title, label, usual_zoom, corner = QUANTITIES[quantity]
    low, high = zoom or usual_zoom
    picture = empty_picture(800, 680)
    whole, zoomed = axes_in(picture, 70, 370, 700, 270), axes_in(picture, 70, 50, 700, 270)
    zoomed.sharex(whole)
    for axes, limits in ((whole, ""), (zoomed, f", from {low:g} to {high:g}")):
        for (prefix, name, colour), width in zip(CURVES, LINE_WIDTHS):
            curve = run.curves[prefix + quantity]
            axes.plot(curve.iterations, curve.values, color=colour, linewidth=width, label=name)
        axes.grid(color=GRID_COLOUR)
        axes.set_title(title + limits, loc="left", fontsize=TITLE_SIZE, fontweight="bold",
                       color=TEXT_COLOUR)
        axes.set_ylabel(label, fontsize=TEXT_SIZE, color=TEXT_COLOUR)
    last = max(run.curves[prefix + quantity].last_iteration for prefix, _, _ in CURVES)
    whole.set(xlim=(0, max(10, last)), ylim=(0, 1 if quantity == "accuracy" else None))
    whole.xaxis.set_major_formatter("{x:,.0f}")
    whole.tick_params(labelbottom=False)
    whole.legend(loc=corner, frameon=False, fontsize=TEXT_SIZE, labelcolor=TEXT_COLOUR)
    zoomed.set_ylim(low, high)
    zoomed.set_xlabel("iterations", fontsize=TEXT_SIZE, color=TEXT_COLOUR)
    return picture


def save(figures, folder):
    """Write each figure to `folder`/name.png, and make the folder. Files there are replaced.

    Args:
      figures: a dictionary from names, str, to `Figure`.
      folder: str or path.

    Returns:
      The files' paths, a list of `pathlib.Path`.

    Raises:
      UserError: a file cannot be written.
    """
    paths = [pathlib.Path(folder, f"{name}.png") for name in figures]
    for path, figure in zip(paths, figures.values()):
        with whole_file(path) as partial:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_png(figure, partial)
    return paths


def _numbers(digits, dimensions):
    """Digits as ints, whether they come as such, one-hot, or as probabilities."""
    digits = np.asarray(digits)
    return digits if digits.ndim == dimensions else digits.argmax(axis=-1)


def _per_cent(share, places=1):
    return f"{100 * share:.{places}f} %"
