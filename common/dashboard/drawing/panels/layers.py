"""What each layer makes of a digit, and what a value of one sees of those before it (key i)."""

import numpy as np

from common.dashboard.drawing.panels.weights import DIGITS
from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers
from common.dashboard.link.receptive_fields import fields_of

LEAST_CELL, LEAST_ANSWER = 5, 14  # pixels of a neuron; of one of the ten answers
MOST_TILES = 256                  # of a layer
ARROWS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


class LayersPanel(TilePanel):
    """The digit at the left, then each layer's output, to the ten probabilities.

    The value pointed at has a frame, and so has what it sees of each layer before.
    """

    heading, question, from_left = "Layer by layer", AskLayers, True

    def click(self, scene, x, y):
        """Keep the value at a point, or let it go."""
        pointed = self.tile_at(x, y)
        scene.is_kept = pointed is not None and not (scene.is_kept and pointed == scene.pointed)
        scene.pointed = pointed or scene.pointed

    def point(self, scene, x, y, is_dragged=False):
        pointed = self.tile_at(x, y)
        is_new = pointed not in (None, scene.pointed) and (is_dragged or not scene.is_kept)
        if is_new:
            scene.pointed = pointed
        return is_new

    def slide(self, scene, key):
        """Keep the value beside, for an arrow key; in a layer without places, the neuron beside."""
        pointed = pointed_in(scene)
        if pointed is None or not self.groups:
            return
        (number, tile, row, column), (down, across) = pointed, ARROWS[key]
        group, place = self.groups[number], self.places[number]
        _, rows, columns = group.values.shape
        if rows * columns == 1:
            step = across * place.rows + down if place.by_column else across + down * place.columns
            tile += step if 0 <= tile + step < place.count else 0
        row, column = np.clip((row + down, column + across), 0, (rows - 1, columns - 1)).tolist()
        scene.pointed, scene.is_kept = (number, tile, row, column), True

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.pointed, scene.sample and scene.sample.title

    def groups_of(self, scene):
        if scene.sample is not None:
            self.set_title(f"{scene.sample.title}, layer by layer")
        layers, pointed = scene.answers.get(AskLayers) or (), pointed_in(scene)
        frames = {} if pointed is None else frames_of(layers, *pointed)
        return [group_of(layer, frames.get(number, ())) for number, layer in enumerate(layers)]


def pointed_in(scene):
    """The value pointed at, as `Scene.pointed`; the answer at first; None where no layers are."""
    layers = scene.answers.get(AskLayers)
    if not layers:
        return None
    return scene.pointed or (len(layers) - 1, int(layers[-1].outputs.argmax()), 0, 0)


def frames_of(layers, number, tile, row, column):
    """The frames of a value and of what it sees: as in a `Group`, by the numbers of layers."""
    frames = {}
    for seen, field in fields_of(layers, number, row, column).items():
        outputs = layers[seen].outputs
        tiles = range(min(MOST_TILES, outputs.shape[-1])) if seen != number else (tile,)
        frames[seen] = (None,) if field is None else tuple((tile, *field) for tile in tiles)
    return frames


def group_of(layer, frames=()):
    """The tiles of a `Layer`: one for each channel, or a cell for each neuron."""
    values = layer.outputs
    label = f"{layer.name} {list(values.shape)}"
    is_signed = bool(values.min() < 0)
    if values.ndim == 3:
        tiles = np.moveaxis(values, -1, 0)[:MOST_TILES]
        note = "the digit" if layer.kind == "image" else ""
        return Group(tiles, label, is_signed, note=note, frames=frames)
    tiles = values.reshape(-1, 1, 1)
    if layer.activation == "softmax" and len(tiles) == len(DIGITS):
        return Group(tiles, label, is_signed, captions=DIGITS, least=LEAST_ANSWER, end=1,
                     frames=frames)
    return Group(tiles, label, is_signed, least=LEAST_CELL, frames=frames)
