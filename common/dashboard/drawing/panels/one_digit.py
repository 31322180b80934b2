"""One digit, large: written or looked at, what the network makes of it, and why."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.image import AxesImage
from matplotlib.ticker import PercentFormatter

from common.dashboard.drawing.panel import WITHOUT_TICKS_BELOW, Panel
from common.dashboard.drawing.scene import Sample
from common.dashboard.drawing.style import TEXT_COLOUR, TRAIN_COLOUR, WRONG_COLOUR
from common.dashboard.drawing.tiles import Group, TilePanel
from common.dashboard.link.questions import AskDigit, AskEvidence
from common.digits.preparation import PEN, Handwriting

OTHER_COLOUR, CORRECT_COLOUR = "#cbd5e1", "#0f766e"
BAR_LINES = 12         # of text that would fit where the ten bars are
LEAST_WRITTEN = 0.005  # a probability below it gets no figure
WHY_REST = "sigmoids bend, so slopes leave a rest"


class SquarePanel(Panel):
    """A panel that is as high as it is wide, at the upper left of its place, without ticks."""

    margins = WITHOUT_TICKS_BELOW

    def __init__(self, axes, title, side):
        """`side` is the length of the axes' sides in their own coordinates."""
        super().__init__(axes, title)
        axes.set(xlim=(0, side), ylim=(side, 0), xticks=[], yticks=[])

    def place(self, left, bottom, width, height):
        side = min(width, height)
        super().place(left, bottom + height - side, side, side)


class SheetPanel(SquarePanel):
    """A sheet to write a digit on."""

    def __init__(self, axes):
        super().__init__(axes, "Write a digit here", 1)
        self.writing = Handwriting()
        self._lines = LineCollection([], colors=TEXT_COLOUR, capstyle="round", joinstyle="round")
        axes.add_collection(self._lines, autolim=False)
        self._move(self._lines)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        self._lines.set_linewidth(PEN * min(width, height) * 72 / self.axes.figure.dpi)

    def _what_is_seen(self, scene):
        return len(self.writing)

    def _show(self, scene):
        self._lines.set_segments([np.array(stroke) for stroke in self.writing.strokes])


class SamplePanel(SquarePanel):
    """One digit, large: the scene's sample, dark on white or white on dark."""

    def __init__(self, axes, is_inverted=False):
        super().__init__(axes, "What the network sees", 29)  # half a pixel of room for the frame
        self._is_inverted = is_inverted
        self._image = AxesImage(axes, cmap="gray" if is_inverted else "gray_r",
                                interpolation="nearest", extent=(0.5, 28.5, 28.5, 0.5))
        self._image.set(data=np.zeros((28, 28)), clim=(0, 255))
        axes.add_image(self._image)
        self._move(self._image)

    def _what_is_seen(self, scene):
        return scene.sample and (scene.sample.image.tobytes(), scene.sample.title)

    def _show(self, scene):
        sample = scene.sample or Sample(np.zeros((28, 28)), "What the network sees")
        self._image.set_data(sample.image)
        self.set_title("The same, inverted" if self._is_inverted else sample.title)


class ProbabilitiesPanel(Panel):
    """What the network makes of the scene's sample: a bar for each digit."""

    question = AskDigit

    def __init__(self, axes):
        super().__init__(axes, "Probability of each digit")
        axes.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        self._bars = axes.barh(range(10), np.zeros(10), height=0.7, linewidth=0).patches
        self._figures = [axes.text(0, digit, "", va="center") for digit in range(10)]
        self._move(*self._bars, *self._figures)

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        points, _, _ = self._scale
        most = height / BAR_LINES * 72 / self.axes.figure.dpi
        self.axes.tick_params(axis="y", labelsize=min(1.2 * points, most), labelcolor=TEXT_COLOUR,
                              labelleft=True)  # without the digits' names the bars tell nothing
        for figure in self._figures:
            figure.set_fontsize(min(points, most))

    def _what_is_seen(self, scene):
        sample = scene.sample
        return None if sample is None or sample.probabilities is None else (
            sample.label, sample.probabilities.tobytes())

    def _show(self, scene):
        probabilities, label = np.zeros(10), None
        if scene.sample is not None and scene.sample.probabilities is not None:
            probabilities, label = scene.sample.probabilities, scene.sample.label
        computed = np.argmax(probabilities)
        for digit, (probability, bar, figure) in enumerate(
                zip(probabilities, self._bars, self._figures)):
            bar.set_width(probability)
            bar.set_color(_colour(digit, computed, label))
            figure.set_text(f"{100 * probability:.1f} %" if probability >= LEAST_WRITTEN else "")
            if probability > 0.5:  # there is room in the bar
                figure.set(x=probability - 0.015, ha="right", color="white")
            else:
                figure.set(x=probability + 0.015, ha="left", color=TEXT_COLOUR)


def _colour(digit, computed, label):
    """The colour of a digit's bar."""
    if digit == computed:
        return TRAIN_COLOUR if label in (None, digit) else WRONG_COLOUR
    return CORRECT_COLOUR if digit == label else OTHER_COLOUR


class EvidencePanel(TilePanel):
    """Which pixels speak for the computed digit (key e) and, where misread, for the correct one."""

    heading = "Evidence: blue pixels speak for it, orange ones against"
    question, from_left = AskEvidence, True

    def groups_of(self, scene):
        evidence = scene.answers.get(AskEvidence)
        if evidence is None:
            return []
        self.set_title(self.heading if evidence.rest_is_biases else f"{self.heading}; {WHY_REST}")
        what = "pixel × weight" if evidence.is_exact else "pixel × gradient"
        rest = "bias" if evidence.is_exact else "biases" if evidence.rest_is_biases else "the rest"
        groups, whose = [], "computed"
        for values, digit, logit in zip(evidence.maps, evidence.digits, evidence.logits):
            total = values.sum()
            note = f"sum {total:.2f}, {rest} {logit - total:.2f}: logit {logit:.2f}"
            groups.append(Group(values[np.newaxis], f"for {digit}, {whose}: {what}", note=note,
                                end=abs(evidence.maps).max()))  # all at one scale of colours
            whose = "correct"
        return groups
