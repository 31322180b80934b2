"""What each layer makes of a digit, and what a value of one sees of those before it (key i)."""

import numpy as np

from common.dashboard.drawing.panels.weights import DIGITS
from common.dashboard.drawing.tiles import Group, TilePanel
from common.dashboard.link.questions import AskLayers, fields_of

LEAST_CELL, LEAST_ANSWER = 5, 14  # pixels of a neuron; of one of the ten answers
MOST_TILES = 256                  # of a layer
MOST_NUMBERS = 64  # that are written, of each kind
LEAST_SHARE = 0.7  # of the usual size of a title; else it says less
LEAST_WRITTEN = 0.0005  # a share: what would be 0.0 % gets no figure
LARGE = 1e6        # numbers above it are written with an exponent
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
        patch = layer.patch(row, column)[np.newaxis, ..., tile]
        return f"{title}, pooled from {patch.size} values", [
            Group(patch, f"what it sees of {before.name}", bool(patch.min() < 0), has_numbers=True)]
    weights = layer.weights.values[..., tile]
    if layer.window is not None:
        inputs = layer.patch(row, column)
        first = layer.start(0, row), layer.start(1, column), 0
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
