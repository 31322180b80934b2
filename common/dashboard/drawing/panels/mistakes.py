"""What is taken for what: the confusion matrix (key t), and the misread digits (key m)."""

import dataclasses

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from common.dashboard.drawing.panel import Panel
from common.dashboard.drawing.panels.digits import DigitsPanel, OwnDigitsPanel, of_all
from common.dashboard.drawing.scene import sample_of
from common.dashboard.drawing.style import (
    FAINT_COLOUR,
    GRID_COLOUR,
    LETTER,
    PAPER,
    TEXT_COLOUR,
    WRONG_COLOUR,
)

MOST_LISTED = 24  # misread digits: more would be too small
CELL_LETTERS, CELL_LINES = 5, 1.8  # that should fit into a cell of the matrix
RED_SCALE = LinearSegmentedColormap.from_list("", [PAPER, WRONG_COLOUR])
ON_DIAGONAL = np.eye(10, dtype=bool)


def pair_of(scene):
    """The cell that is looked at, (correct digit, computed digit): the one that was clicked, or the
    pair that is confused most often; None where nothing is known.
    """
    digits = scene.run.test_digits
    if digits is None or scene.pair is not None:
        return scene.pair
    errors = np.where(ON_DIAGONAL, 0, digits.confusions)
    return divmod(int(errors.argmax()), 10) if errors.any() else None


class ConfusionPanel(Panel):
    """How often each digit was taken for each, of all test digits; errors the redder, the more."""

    margins = 52, 14, 30, 46

    def __init__(self, axes):
        super().__init__(axes, "Confusion matrix")
        axes.set(xlim=(0, 11.5), ylim=(10, 0), xticks=[*np.arange(10) + 0.5, 10.8],
                 yticks=np.arange(10) + 0.5)
        axes.set_xticklabels([*range(10), "correct"])
        axes.set_yticklabels(range(10))
        axes.spines[:].set_visible(False)
        self._image = AxesImage(axes, interpolation="nearest", extent=(0, 10, 10, 0))
        self._image.set_data(np.ones((10, 10, 3)))
        axes.add_image(self._image)
        self._frame = axes.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=TEXT_COLOUR,
                                               visible=False))
        middle = {"ha": "center", "va": "center_baseline"}
        self._counts = [axes.text(column + 0.5, row + 0.5, "", color=TEXT_COLOUR, **middle)
                        for row, column in np.ndindex(10, 10)]
        self._shares = [axes.text(10.8, row + 0.5, "", color=FAINT_COLOUR, **middle)
                        for row in range(10)]
        self._names = [
            axes.annotate("computed digit", (5, 10), (0, -2.4), ha="center", va="top",
                          textcoords="offset fontsize", color=TEXT_COLOUR, annotation_clip=False),
            axes.annotate("correct digit", (0, 5), (-2.4, 0), ha="right", va="center", rotation=90,
                          textcoords="offset fontsize", color=TEXT_COLOUR, annotation_clip=False)]
        self._move(self._image, *self._counts, *self._shares, self._frame)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, _, is_small = self._scale
        most = min(width / 11.5 / CELL_LETTERS / LETTER, height / 10 / CELL_LINES)
        for text in (*self._counts, *self._shares):
            text.set_fontsize(min(1.2 * points, most * 72 / self.axes.figure.dpi))
        for text in self._names:
            text.set(fontsize=points, visible=not is_small)

    def click(self, scene, x, y):
        if 0 <= x < 10 and 0 <= y < 10:
            pair = int(y), int(x)
            scene.pair = None if pair == scene.pair else pair

    def _what_is_seen(self, scene):
        return scene.run.test_digits, scene.pair

    def _show(self, scene):
        digits, pair = scene.run.test_digits, pair_of(scene)
        if digits is None:
            return
        counts = digits.confusions
        right, totals = np.diag(counts), counts.sum(axis=1)
        self.set_title(f"{right.sum():,} of {totals.sum():,} test digits read correctly, "
                       f"{100 * right.sum() / totals.sum():.2f} %")
        errors = np.where(ON_DIAGONAL, 0, counts)
        colours = RED_SCALE(errors / max(1, errors.max()))
        colours[ON_DIAGONAL] = to_rgba(GRID_COLOUR)  # beside its counts the errors would be pale
        self._image.set_data(colours)
        for text, count in zip(self._counts, counts.ravel()):
            text.set_text(f"{count:,}" if count else "")
        for text, number, total in zip(self._shares, right, totals):
            text.set_text(f"{100 * number / total:.1f} %" if total else "")
        self._frame.set(visible=pair is not None, xy=pair[::-1] if pair else (0, 0))


class PairPanel(DigitsPanel):
    """The test digits in one cell of the matrix."""

    def __init__(self, axes):
        super().__init__(axes, "Test digits", "test_digits", False)

    def digits_of(self, scene):
        digits, pair = super().digits_of(scene), pair_of(scene)
        if digits is None or pair is None:
            return None
        correct, computed = pair
        chosen = (digits.labels == correct) & (digits.computed == computed)
        return dataclasses.replace(
            digits, images=digits.images[chosen], labels=digits.labels[chosen],
            probabilities=digits.probabilities[chosen], total=int(digits.confusions[pair]))

    def title_of(self, scene, digits):
        correct, computed = pair_of(scene)
        reading = "read correctly" if correct == computed else f"read as {computed}"
        most = ", the most frequent error" if scene.pair is None else ""
        return f"{correct} {reading}{most}: {of_all(digits)}"

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.pair


class MisreadPanel(OwnDigitsPanel):
    """The misread test digits, those first where the network is surest of its wrong answer."""

    heading = "Misread test digits, the surest errors first"

    def samples_of(self, scene):
        digits = scene.run.test_digits
        if digits is None:
            return [], 0
        wrong = np.flatnonzero(digits.labels != digits.computed)
        surest = wrong[np.argsort(-digits.probabilities[wrong].max(axis=1), kind="stable")]
        misread = int(digits.confusions[~ON_DIAGONAL].sum())
        return [sample_of(digits, number, "Test digits")
                for number in surest[:MOST_LISTED]], misread

    def _what_is_seen(self, scene):
        return scene.run.test_digits
