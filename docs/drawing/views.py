"""Takes the pictures of the window's views: trains stages 1.0 and 3.0, for 2,000 iterations.

It takes a minute on two cores. A misread digit of the test set is looked at, and a four is written.
"""

import contextlib
import math
import sys

import numpy as np
from PIL import Image

from common.dashboard.dashboard import LossNotFinite
from common.dashboard.drawing import mosaic
from common.dashboard.drawing.scene import sample_of
from common.dashboard.link.messages import Tested, Trained
from common.graph.start import forget_graph
from docs.drawing.tools import write
from docs.drawing.window import Window, show_stage

ITERATIONS = 2000
SIZE = 1350, 780, 140       # pixels, and in an inch: legible where a page is 800 pixels wide
COLUMNS, GAP = 12, 8        # of misread digits; pixels between them
POINTED = 1, 3, 9, 13       # layer, channel, row and column of the value whose patch is shown
# A four, written with an open top.
FOUR = [np.linspace((0.36, 0.2), (0.28, 0.55), 8), np.linspace((0.28, 0.55), (0.7, 0.55), 8),
        np.linspace((0.6, 0.2), (0.56, 0.85), 12)]
FOUR = [np.concatenate(FOUR[:2]), FOUR[2]]


class Views(Window):
    """Photographs the views of a trained stage."""

    def __init__(self, keys):
        super().__init__(*SIZE)
        self._keys = keys

    def look(self):
        self.viewer.figure.scene.sample = self._misread()
        for key in self._keys:
            getattr(self, f"_look_at_{key}")()
            self.press("0")

    def _misread(self):
        """The first misread test digit."""
        return sample_of(self._run.test_digits, 0, "Test digits")

    def _keep(self, name, box=None):
        picture = self.photograph()
        write(picture.crop(box) if box else picture, f"view_{name}.png")

    def _look_at_weights(self):
        self.press("w")
        self._keep("weights")

    def _look_at_filters(self):
        self.press("w")
        self._keep("filters", (0, 0, 690, 650))  # the rest is empty

    def _look_at_layers(self):
        self.press("i")
        self.photograph()  # to have the answer that is pointed into
        self.viewer.figure.scene.pointed = POINTED
        self._keep("layers")

    def _look_at_evidence(self):
        self.press("e")
        self._keep("evidence")

    def _look_at_misread(self):
        """Misread digits as panel 6 has them, enlarged."""
        digits = self._run.test_digits
        chosen = np.flatnonzero(digits.labels != digits.computed)[:3 * COLUMNS]
        cell = SIZE[0] // COLUMNS - GAP
        picture = mosaic.mosaic(digits.images[chosen], digits.labels[chosen],
                                digits.computed[chosen], COLUMNS, cell,
                                mosaic.numerals(round(cell * 0.24)))
        apart = np.pad(picture.reshape(-1, cell, COLUMNS, cell, 4),
                       ((0, 0), (0, GAP), (0, 0), (0, GAP), (0, 0)), constant_values=255)
        picture = apart.reshape(-1, COLUMNS * (cell + GAP), 4)
        write(Image.fromarray(picture).convert("RGB"), "view_misread.png")

    def _look_at_sheet(self):
        self.press("d")
        for stroke in FOUR:
            for _ in self.write(stroke):
                pass
        self._keep("sheet")


class NotANumber(Window):
    """Photographs the curves of a run that goes wrong."""

    def __init__(self):
        super().__init__(SIZE[0], 480, SIZE[2])

    def watch(self, message):
        if isinstance(message, Trained | Tested) and math.isnan(message.loss):
            self.press("7")
            write(self.photograph(), "view_nan.png")


STAGES = {
    "1.0": ("mnist_1.0_softmax.py", ["weights"]),
    "3.0": ("mnist_3.0_convolutional.py", ["filters", "layers", "evidence", "misread", "sheet"]),
}
TO_NAN = {"next_batch(100)": "next_batch(1)",  # and a look at each iteration
          "dashboard.wants_train(i)": "True", "dashboard.wants_test(i)": "True"}


def main(names):
    """Take those of the stages that are named, or all of them; NaN is one, too."""
    unknown = sorted(set(names) - {*STAGES, "NaN"})
    if unknown:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(STAGES)} and NaN")
    for name in names or [*STAGES, "NaN"]:
        forget_graph()
        if name == "NaN":
            with contextlib.suppress(LossNotFinite):
                show_stage("mnist_1.0_softmax.py", NotANumber(), changes=TO_NAN)
        else:
            script, keys = STAGES[name]
            show_stage(script, Views(keys), "--iterations", str(ITERATIONS))
