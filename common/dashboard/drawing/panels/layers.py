"""What each layer makes of a digit (key i)."""

import numpy as np
from matplotlib.collections import LineCollection

from common.dashboard.drawing.panels.patch import receptive_fields
from common.dashboard.drawing.panels.weights import DIGITS
from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers

LEAST_CELL, LEAST_ANSWER = 5, 14  # pixels of a neuron; of one of the ten answers
MOST_TILES = 256                  # of a layer
FRAME_COLOUR = "#be185d"          # no colour of values
ARROWS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}


class LayersPanel(TilePanel):
    """The digit at the left, then each layer's output, to the ten probabilities."""

    heading, question, from_left = "Layer by layer", AskLayers, True

    def __init__(self, axes):
        super().__init__(axes)
        self._frames = LineCollection([], colors=FRAME_COLOUR, linewidths=1.5)
        axes.add_collection(self._frames, autolim=False)
        self._move(self._frames)
        self._drawn = None  # the answer that is in the picture

    def place(self, left, bottom, width, height):
        super().place(left, bottom, width, height)
        self._drawn = None

    def click(self, scene, x, y):
        """Keep what is pointed at, or let it go."""
        scene.is_kept = not (scene.is_kept and self.tile_at(x, y) == scene.pointed)
        self.point(scene, x, y, is_dragged=True)

    def point(self, scene, x, y, is_dragged=False):
        pointed = self.tile_at(x, y)
        is_new = pointed not in (None, scene.pointed) and (is_dragged or not scene.is_kept)
        if is_new:
            scene.pointed = pointed
        return is_new

    def slide(self, scene, key):
        """Point at the value beside, for an arrow key; in a layer without places, the neuron."""
        if scene.pointed is None or not self.groups:
            return
        number, tile, row, column = scene.pointed
        count, rows, columns = self.groups[number].values.shape
        down, across = ARROWS[key]
        if rows * columns == 1:
            tile = min(max(tile + down + across, 0), count - 1)
        scene.pointed = (number, tile, min(max(row + down, 0), rows - 1),
                         min(max(column + across, 0), columns - 1))
        scene.is_kept = True

    def groups_of(self, scene):
        layers = scene.answers.get(AskLayers)
        if layers and scene.sample is not None:
            self.set_title(f"{self.heading}: {scene.sample.title}")
        return [group_of(layer) for layer in layers or ()]

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.pointed

    def _show(self, scene):
        layers = scene.answers.get(AskLayers)
        if layers is None or layers is not self._drawn:  # not for each move of the mouse
            super()._show(scene)
            self._drawn = layers
        self._frames.set_segments(self._frames_for(scene.pointed) if layers and scene.pointed
                                  else [])

    def _frames_for(self, pointed):
        """Around the value pointed at, and around all that it sees of the layers before."""
        number, tile, row, column = pointed
        frames = [self._frame(number, tile, (row, row, column, column))]
        for before, seen in zip(range(number - 1, -1, -1),
                                receptive_fields(self._drawn[:number + 1], row, column)):
            if self.groups[before].values[0].size > 1:
                count = self.places[before].count
                frames += [self._frame(before, one, seen) for one in range(count)]
            else:
                frames.append(self._frame_around(before))
        return frames

    def _frame_around(self, number):
        """Corners around all neurons of a layer."""
        place = self.places[number]
        x0, y0 = place.x - 1, place.y - 1
        return _corners(x0, y0, x0 + place.columns * place.across + 1,
                        y0 + place.rows * place.down + 1)

    def _frame(self, number, tile, seen):
        """Corners, in the axes' coordinates, around some rows and columns of a tile."""
        top, bottom, left, right = seen
        place = self.places[number]
        x, y = place.corner(tile)
        return _corners(x + left * place.cell, y + top * place.cell,
                        x + (right + 1) * place.cell, y + (bottom + 1) * place.cell)


def _corners(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


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
