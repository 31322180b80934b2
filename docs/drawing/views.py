"""Takes the pictures of the window's views: trains stages 1.0 and 3.0, for 2,000 iterations.

It takes a minute on two cores. A misread digit of the test set is looked at, and a four is written.
"""

import contextlib
import math

import numpy as np
from PIL import Image

from common.dashboard.dashboard import LossNotFinite
from common.dashboard.drawing import mosaic
from common.dashboard.drawing.scene import sample_of
from common.dashboard.link.messages import Tested, Trained
from common.graph.start import forget_graph
from docs.drawing.tools import chosen, write
from docs.drawing.window import Window, show_stage

ITERATIONS = 2000
KEYS = {"weights": "w", "filters": "w", "layers": "i", "evidence": "e", "sheet": "d"}
FILLED = {"filters": (0, 0, 1350, 500)}  # what of a picture is not empty
SIZE = 1350, 780, 140       # pixels, and in an inch: legible where a page is 800 pixels wide
COLUMNS, GAP = 12, 8        # of misread digits; pixels between them
POINTED = 1, 3, 9, 13       # layer, channel, row and column of the value whose patch is shown
# A four, written with an open top.
FOUR = [np.linspace((0.36, 0.2), (0.28, 0.55), 8), np.linspace((0.28, 0.55), (0.7, 0.55), 8),
        np.linspace((0.6, 0.2), (0.56, 0.85), 12)]
FOUR = [np.concatenate(FOUR[:2]), FOUR[2]]


class Views(Window):
    """Photographs the views of a trained stage."""

    def __init__(self, names):
        super().__init__(*SIZE)
        self._names = names

    def look(self):
        scene, digits = self.viewer.figure.scene, self._run.test_digits
        scene.sample = sample_of(digits, 0, "Test digits")  # a misread one
        for name in self._names:
            if name == "misread":
                picture = misread(digits)
            else:
                self.press(KEYS[name])
                if name == "layers":
                    self.photograph()  # to have the answer that is pointed into
                    scene.pointed = POINTED
                for stroke in FOUR if name == "sheet" else ():
                    for _ in self.write(stroke):
                        pass
                picture = self.photograph().crop(FILLED.get(name))
                self.press("0")
            write(picture, f"view_{name}.png")


def misread(digits):
    """Misread ones of some `Digits` as panel 6 has them, enlarged: a Pillow image, RGB."""
    chosen = np.flatnonzero(digits.labels != digits.computed)[:3 * COLUMNS]
    cell = SIZE[0] // COLUMNS - GAP
    picture = mosaic.mosaic(digits.images[chosen], digits.labels[chosen], digits.computed[chosen],
                            COLUMNS, cell, mosaic.numerals(round(cell * 0.24)))
    apart = np.pad(picture.reshape(-1, cell, COLUMNS, cell, 4),
                   ((0, 0), (0, GAP), (0, 0), (0, GAP), (0, 0)), constant_values=255)
    return Image.fromarray(apart.reshape(-1, COLUMNS * (cell + GAP), 4)).convert("RGB")


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
    for name in chosen(names, [*STAGES, "NaN"], "stage"):
        forget_graph()
        if name == "NaN":
            with contextlib.suppress(LossNotFinite):
                show_stage("mnist_1.0_softmax.py", NotANumber(), changes=TO_NAN)
        else:
            script, views = STAGES[name]
            show_stage(script, Views(views), "--iterations", str(ITERATIONS))
