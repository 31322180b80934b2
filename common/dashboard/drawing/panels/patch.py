"""How one value of a layer comes about: what it sees, its weights, the products, their sum."""

import numpy as np

from common.dashboard.drawing.panels.layers import pointed_in
from common.dashboard.drawing.panels.weights import DIGITS
from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskLayers
from common.dashboard.link.receptive_fields import padding_of, patch_of

MOST_NUMBERS = 64  # that are written, of each kind
LEAST_SHARE = 0.7  # of the usual size of a title; else it says less
LEAST_WRITTEN = 0.0005  # a share: what would be 0.0 % gets no figure
LARGE = 1e6        # numbers above it are written with an exponent


class PatchPanel(TilePanel):
    """The arithmetic of the value that the mouse points at, or has kept."""

    heading, question, from_left = "How a value comes about", AskLayers, True

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.pointed

    def groups_of(self, scene):
        pointed = pointed_in(scene)
        if pointed is None:
            return []
        title, groups = describe(scene.answers[AskLayers], *pointed)
        self.set_title(title)
        if self.title.get_fontsize() < LEAST_SHARE * self._title_points:
            self.set_title(title.partition(":")[0])
        return self.with_room(groups)  # the last ones are the answer


def describe(layers, number, tile, row, column):
    """How a value comes about.

    Args:
      layers: a list of `questions.Layer`.
      number: int, of the value's layer in it.
      tile: int, the channel or neuron.
      row, column: ints, the place in the channel.

    Returns:
      A title, and a list of `Group`: the patch, the weights, the products; for a softmax then the
      logits, their exponentials, their shares.
    """
    layer, before = layers[number], layers[max(0, number - 1)]
    has_places = layer.outputs.ndim == 3
    value = layer.outputs[row, column, tile] if has_places else layer.outputs[tile]
    place = f"[{row}, {column}, {tile}]" if has_places else f"[{tile}]"
    title = f"{layer.name}{place} = {value:.3g}"
    if layer.kind == "image":
        return f"{title}, the pixel's grey", [
            Group(np.full((1, 1, 1), value), "0 is white", False, has_numbers=True, end=1)]
    if layer.weights is None:
        patch = patch_of(layer, row, column)[np.newaxis, ..., tile]
        return f"{title}, pooled from {patch.size} values", [
            Group(patch, f"what it sees of {before.name}", bool(patch.min() < 0), has_numbers=True)]
    weights = layer.weights.values[..., tile]
    if layer.window is not None:
        inputs, first = patch_of(layer, row, column), np.array(
            [row * layer.strides[0] - padding_of(layer, 0),
             column * layer.strides[1] - padding_of(layer, 1), 0])
    else:  # laid out like the layer before
        shape = before.outputs.shape if before.outputs.size == weights.size else weights.shape
        inputs, weights, first = layer.inputs.reshape(shape), weights.reshape(shape), 0
    products = inputs * weights
    bias = 0.0 if layer.biases is None else layer.biases[tile]
    scale = "" if layer.scales is None else f" times {layer.scales[tile]:.3g}"
    function = f", then {layer.activation}" if layer.activation else ""
    title += (f": {products.size:,} products, sum {products.sum():.3g}{scale}, "
              f"plus bias {bias:.3g}{function}")
    largest = np.unravel_index(abs(products).argmax(), products.shape)
    where = ", ".join(map(str, np.add(largest, first)))
    note = f"largest {products[largest]:.3g}, from {before.name}[{where}]"
    *at, channel = map(int, largest)
    at = at or (0, 0)
    look = {"has_numbers": products.size <= MOST_NUMBERS,
            "frames": ((channel, *at, at[0] + 1, at[1] + 1),)}
    inputs, weights, products = (_tiles(values) for values in (inputs, weights, products))
    groups = [Group(inputs, f"what it sees of {before.name}", bool(inputs.min() < 0), **look),
              Group(weights, f"times its weights in {layer.weights.name}", **look),
              Group(products, "gives the products", note=note, **look)]
    return title, groups + (shares_of(layer, tile) if layer.activation == "softmax" else [])


def _tiles(values):
    """float [channels, height, width] of [height, width, channels] or of [n]."""
    return values.reshape(-1, 1, 1) if values.ndim == 1 else np.moveaxis(values, -1, 0)


def shares_of(layer, tile):
    """How a softmax `Layer` makes ten shares of its logits: a list of `Group`, one step each."""
    logits = layer.inputs.astype(float) @ layer.weights.values
    logits = logits * (1 if layer.scales is None else layer.scales)
    logits = logits + (0 if layer.biases is None else layer.biases)
    with np.errstate(over="ignore"):
        exponentials = np.exp(logits)
    shares = np.exp(logits - logits.max())  # the same, without numbers too large to write
    shares /= shares.sum()
    names = DIGITS if len(logits) == len(DIGITS) else map(str, range(len(logits)))
    look = {"frames": ((tile, 0, 0, 1, 1),)}
    return [
        Group(logits.reshape(-1, 1, 1), "logits", note="sum and bias", captions=tuple(
            f"{name}: {logit:.2f}" for name, logit in zip(names, logits)), **look),
        Group(np.nan_to_num(exponentials).reshape(-1, 1, 1), "e to their power", False,
              note=f"sum {_written(exponentials.sum())}",
              captions=tuple(_written(value) if share >= LEAST_WRITTEN else ""
                             for value, share in zip(exponentials, shares)), **look),
        Group(shares.reshape(-1, 1, 1), "their shares", False, note="of the sum", end=1,
              captions=tuple(f"{100 * share:.1f} %" if share >= LEAST_WRITTEN else ""
                             for share in shares), **look)]


def _written(value):
    return f"{value:,.2f}" if value < LARGE else f"{value:.2e}"
