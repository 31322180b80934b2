"""How one value of a layer comes about: what it sees, its weights, the products, their sum."""

import numpy as np

from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers

MOST_NUMBERS = 64  # that are written, of each kind
IDLE = "Point at a value above to see how it comes about"


class PatchPanel(TilePanel):
    """The arithmetic of the value at which the mouse points."""

    heading, question, from_left = IDLE, AskLayers, True

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.pointed

    def groups_of(self, scene):
        layers = scene.answers.get(AskLayers)
        if not layers or scene.pointed is None:
            self.set_title(IDLE)
            return []
        number, tile, row, column = scene.pointed
        layer = layers[number]
        title, groups = describe(layer, layers[number - 1].name, tile, row, column)
        self.set_title(title)
        return groups


def describe(layer, before, tile, row, column):
    """How a value comes about.

    Args:
      layer: a `questions.Layer`.
      before: str, the name of the layer before.
      tile: int, the channel or neuron.
      row, column: ints, the place in the channel.

    Returns:
      A title, and a list of `Group`: the patch, the weights, the products.
    """
    if layer.outputs.ndim == 3:
        value, place = layer.outputs[row, column, tile], f"[{row}, {column}, {tile}]"
    else:
        value, place = layer.outputs[tile], f"[{tile}]"
    title = f"{layer.name}{place} = {value:.3g}"
    if layer.weights is None:
        what = "the pixel's grey" if layer.kind == "image" else "pooled from a patch"
        return f"{title}, {what}", []
    if layer.kind == "convolution":
        patch = patch_of(layer, row, column)
        weights = layer.weights.values[..., tile]
    else:
        patch, weights = layer.inputs, layer.weights.values[:, tile]
    products = patch * weights
    bias = 0.0 if layer.biases is None else layer.biases[tile]
    scale = "" if layer.scales is None else f" times {layer.scales[tile]:.3g}"
    function = f", then {layer.activation}" if layer.activation else ""
    title += (f": {products.size:,} products, sum {products.sum():.3g}{scale}, "
              f"plus bias {bias:.3g}{function}")
    if products.ndim == 1 and products.size != 28 * 28:
        return title, []
    patch, weights, products = (_tiles(values) for values in (patch, weights, products))
    has_numbers = products.size <= MOST_NUMBERS
    return title, [
        Group(patch, f"what it sees of {before}", bool(patch.min() < 0), has_numbers=has_numbers),
        Group(weights, f"times its weights in {layer.weights.name}", has_numbers=has_numbers),
        Group(products, "gives the products", has_numbers=has_numbers)]


def patch_of(layer, row, column):
    """What a convolution sees for the value at a place: float [height, width, channels]."""
    height, width = layer.weights.values.shape[:2]
    (down, across), inputs = layer.strides, layer.inputs
    above = _padding(inputs.shape[0], height, down, layer.is_padded)
    left = _padding(inputs.shape[1], width, across, layer.is_padded)
    padded = np.pad(inputs, ((above, height), (left, width), (0, 0)))
    top, first = row * down, column * across
    return padded[top:top + height, first:first + width]


def _padding(size, filter_size, stride, is_padded):
    """The zeros before the first value: as TensorFlow's documentation of "SAME" has it."""
    outputs = -(-size // stride)
    return max(0, (outputs - 1) * stride + filter_size - size) // 2 if is_padded else 0


def _tiles(values):
    """float [channels, height, width] of [height, width, channels] or [784]."""
    return values.reshape(1, 28, 28) if values.ndim == 1 else np.moveaxis(values, -1, 0)
