"""How one value of a layer comes about: what it sees, its weights, the products, their sum."""

import numpy as np

from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers

MOST_NUMBERS = 64  # that are written, of each kind
LEAST_ANSWER = 14  # pixels of one of the ten
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
        title, groups = describe(layers[number], layers[max(0, number - 1)], tile, row, column)
        self.set_title(title)
        return groups


def describe(layer, before, tile, row, column):
    """How a value comes about.

    Args:
      layer: a `questions.Layer`.
      before: the `questions.Layer` before it.
      tile: int, the channel or neuron.
      row, column: ints, the place in the channel.

    Returns:
      A title, and a list of `Group`: the patch, the weights, the products; of a probability, the
      logits, too, their exponentials and the shares of these.
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
    patch, weights, products = (_tiles(values, before) for values in (patch, weights, products))
    has_numbers = products.size <= MOST_NUMBERS
    largest = products.ravel()[abs(products).argmax()]
    which = f" of {before.name}[{abs(products).argmax()}]" if products[0].size == 1 else ""
    groups = [Group(products, "gives the products", has_numbers=has_numbers,
                    note=f"the largest{which}: {largest:.3g}")]
    if products[0].size > 1:  # in a strip of neurons nobody would find the factors of a product
        groups = [
            Group(patch, f"it sees of {before.name}", bool(patch.min() < 0),
                  has_numbers=has_numbers),
            Group(weights, f"times its {layer.weights.name}", has_numbers=has_numbers), *groups]
    return title, groups + (_of_softmax(layer) if layer.activation == "softmax" else [])


def _of_softmax(layer):
    """How ten logits become ten probabilities: three `Group`s."""
    logits = layer.inputs @ layer.weights.values + (0 if layer.biases is None else layer.biases)
    exponentials = np.exp(logits.astype(np.float64))  # in 32 bits, e to the power of 89 is infinite
    total = exponentials.sum()
    values = logits, exponentials, exponentials / total
    names = ([f"{logit:.2f}" for logit in logits], [f"{power:.3g}" for power in exponentials],
             [f"{100 * share:.1f} %" for share in exponentials / total])
    labels = "all logits", "e to these", "shares of it"
    notes = "sums with bias", f"sum {total:.4g}", "probabilities"
    return [Group(value.reshape(-1, 1, 1), label, bool(value.min() < 0), captions=tuple(name),
                  per_line=len(logits), least=LEAST_ANSWER, note=note)
            for value, label, name, note in zip(values, labels, names, notes)]


def receptive_fields(layers, row, column):
    """What a value of the last of some `questions.Layer` sees of those before, nearest first.

    Yields:
      The first and the last row, the first and the last column, four ints.
    """
    top = bottom = row
    left = right = column
    for layer, before in zip(layers[:0:-1], layers[-2::-1]):
        height, width = before.outputs.shape[:2] if before.outputs.ndim == 3 else (1, 1)
        if layer.outputs.ndim == 1:  # fully connected
            top, bottom, left, right = 0, height - 1, 0, width - 1
        else:
            (tall, wide), (down, across), above, beside = _window(layer)
            top, bottom = top * down - above, bottom * down - above + tall - 1
            left, right = left * across - beside, right * across - beside + wide - 1
        top, bottom = max(0, top), min(height - 1, bottom)
        left, right = max(0, left), min(width - 1, right)
        yield top, bottom, left, right


def _window(layer):
    """The size of what a value sees, the steps from one to the next, the zeros above and beside."""
    if layer.kind == "convolution":
        size, steps = layer.weights.values.shape[:2], layer.strides
        zeros = [_padding(inputs, side, step, layer.is_padded)
                 for inputs, side, step in zip(layer.inputs.shape, size, steps)]
        return size, steps, *zeros
    steps = tuple(-(-inputs // outputs)
                  for inputs, outputs in zip(layer.inputs.shape[:2], layer.outputs.shape[:2]))
    return steps, steps, 0, 0


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


def _tiles(values, before):
    """float [channels, height, width], laid out like the layer before."""
    if values.ndim == 1 and before.outputs.ndim == 3:
        values = values.reshape(before.outputs.shape)
    return values.reshape(-1, 1, 1) if values.ndim == 1 else np.moveaxis(values, -1, 0)
