"""What each layer makes of a digit (key i)."""

import numpy as np

from common.dashboard.drawing.panels.weights import DIGITS
from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers

LEAST_CELL, LEAST_ANSWER = 5, 14  # pixels of a neuron; of one of the ten answers
MOST_TILES = 256                  # of a layer


class LayersPanel(TilePanel):
    """The digit at the left, then each layer's output, to the ten probabilities."""

    heading, question, from_left = "Layer by layer", AskLayers, True

    def click(self, scene, x, y):
        self.point(scene, x, y)

    def point(self, scene, x, y):
        pointed = self.tile_at(x, y)
        is_new = pointed is not None and pointed != scene.pointed
        if is_new:
            scene.pointed = pointed
        return is_new

    def groups_of(self, scene):
        return [group_of(layer) for layer in scene.answers.get(AskLayers) or ()]


def group_of(layer):
    """The tiles of a `Layer`: one for each channel, or a cell for each neuron."""
    values = layer.outputs
    label = f"{layer.name} {list(values.shape)}"
    is_signed = bool(values.min() < 0)
    if values.ndim == 3:
        tiles = np.moveaxis(values, -1, 0)[:MOST_TILES]
        note = "the digit" if layer.kind == "image" else ""
        return Group(tiles, label, is_signed, note=note)
    tiles = values.reshape(-1, 1, 1)
    if layer.activation == "softmax" and len(tiles) == len(DIGITS):
        return Group(tiles, label, is_signed, captions=DIGITS, least=LEAST_ANSWER, end=1)
    return Group(tiles, label, is_signed, least=LEAST_CELL)
