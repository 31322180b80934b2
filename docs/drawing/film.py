"""Makes the moving picture of the README, docs/dashboard.gif, with the viewer's own code.

Stage 1.0 is trained (`--seed 0`): its ten templates appear. Then somebody writes an eight, and the
bars move.

It takes half a minute on two cores.
"""

import numpy as np
from PIL import Image

from common.dashboard.link.messages import Trained
from common.terminal import whole_file
from docs.drawing.window import Window, show_stage
from docs.steps import PROJECT

PATH = PROJECT / "docs" / "dashboard.gif"
SIZE = 800, 460, 83         # pixels, and in an inch
COLOURS = 96
SHOWN = {0, 1, 2, 3, 4, 6, 8, 10, 14, 20, 30, 40, 60, 100, 150, 200, 300, 400, 600, 800, 1000, 1500,
         2000}              # iterations
EACH, PEN, PAUSE = 150, 70, 2500  # milliseconds for a frame: of the training, of writing, last
POINTS = 40                 # of the eight


def eight():
    """The stroke of an 8, float [POINTS, 2], from its top."""
    turn = np.linspace(0, 2 * np.pi, POINTS)
    y = 0.5 - 0.33 * np.cos(turn)
    x = 0.5 - 0.19 * np.sin(2 * turn)
    return np.stack([x, y], axis=1)


class Film(Window):
    """Films a training, then the writing of a digit."""

    def __init__(self):
        super().__init__(*SIZE)
        self._frames, self._lengths = [], []

    def _film(self, length):
        self._run.seconds_left = None  # the clock has no place in a film
        self._frames.append(self.photograph())
        self._lengths.append(length)

    def watch(self, message):
        if isinstance(message, Trained) and message.iteration in SHOWN:
            if not self._frames:
                self.press("w")
            self._film(EACH)

    def look(self):
        self._lengths[-1] = PAUSE
        self.press("d")
        for _ in self.write(eight()):
            self._film(PEN)
        self._lengths[-1] = PAUSE
        self._save()

    def _save(self):
        both = Image.new("RGB", (SIZE[0], 2 * SIZE[1]))  # both ends
        both.paste(self._frames[len(SHOWN) - 1])
        both.paste(self._frames[-1], (0, SIZE[1]))
        colours = both.quantize(COLOURS)
        frames = [frame.quantize(palette=colours, dither=Image.Dither.NONE)
                  for frame in self._frames]
        with whole_file(PATH) as partial:
            frames[0].save(partial, format="GIF", save_all=True, append_images=frames[1:], loop=0,
                           duration=self._lengths)
        print(f"saved {PATH.relative_to(PROJECT)}, {PATH.stat().st_size // 1000} kB")


def main(_names):
    show_stage("mnist_1.0_softmax.py", Film(), "--iterations", str(max(SHOWN)),
               changes={"dashboard.wants_train(i)": "True"})
