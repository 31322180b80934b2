"""The weights of neurons as pictures (key w), and one of them large."""

import numpy as np

from common.dashboard.drawing.tiles import Group, TilePanel
from common.dashboard.link.questions import AskExciting, AskWeights

DIGITS = tuple("0123456789")
MOST_NEURONS = 400   # of a layer that are shown
FILTER_CELL = 14     # pixels of a weight of the first convolution, at least
MOST_FILTERS = 2048  # tiles of a convolution


class WeightsPanel(TilePanel):
    """All weights that see pixels, and those of the convolutions: a tile for each neuron."""

    heading, question = "What the neurons look for: their weights", AskWeights
    with_channels = "What the filters look for: a column for each, a row for each channel it sees"
    _orders = None  # of the neurons of each layer, found when the view is opened

    def groups_of(self, scene):
        layers = scene.answers.get(AskWeights)
        if layers is None:
            self._orders = None
            return []
        if self._orders is None:
            self._orders = [_most_varying_first(layer.values) for layer in layers]
        self.from_left = len(layers) > 1
        if self.from_left:
            self.set_title(self.with_channels)
        return [group_of(layer, order) for layer, order in zip(layers, self._orders)]

    def click(self, scene, x, y):
        neuron = self.neuron_at(x, y)
        if neuron is None:
            return None
        scene.neuron = neuron
        return "neuron"

    def neuron_at(self, x, y):
        """The numbers of the layer and of the neuron at a point in the axes' coordinates, or None.
        """
        found = self.tile_at(x, y)
        if found is None:
            return None
        layer, tile, _, _ = found
        order = self._orders[layer]
        return layer, int(order[tile % len(order)])


class NeuronPanel(TilePanel):
    """The weights of one neuron, large."""

    heading, question = "One neuron", AskExciting

    def _what_is_seen(self, scene):
        return super()._what_is_seen(scene), scene.neuron

    def groups_of(self, scene):
        exciting = scene.answers.get(AskExciting)
        if exciting is None:
            return []
        _, neuron = scene.neuron
        self.set_title(f"Neuron {neuron} of {exciting.weights.name}")
        values = exciting.weights.values
        if values.ndim == 2:
            return [Group(values[:, neuron].reshape(1, 28, 28), "its weights, pixel by pixel")]
        filters = np.moveaxis(values[..., neuron], -1, 0)
        what = "its filter" if len(filters) == 1 else "its filter: a tile for each channel it sees"
        return [Group(filters, what)]


class ExcitingPanel(TilePanel):
    """The training digits that excite a neuron most."""

    heading, question = "Training digits that excite it most", AskExciting

    def groups_of(self, scene):
        exciting = scene.answers.get(AskExciting)
        if exciting is None:
            return []
        captions = tuple(f"{value:.2f}" for value in exciting.values)
        what = "the neuron's value"
        if exciting.fields:
            what = "its largest value of all places: there it sees what is framed"
        return [Group(exciting.images / 255, f"of {exciting.of:,}, with {what}", is_signed=False,
                      captions=captions, end=1, frames=tuple(
                          (tile, *field) for tile, field in enumerate(exciting.fields)))]


def group_of(weights, order):
    """The tiles of a layer's `Weights`, its neurons in a given order, int [n]."""
    values = weights.values
    shape = f"{weights.name} {list(values.shape)}"
    if values.ndim == 2:
        tiles = values.T.reshape(-1, 28, 28)[order]
        is_all = len(tiles) == values.shape[1]
        what = "a tile for each neuron" if is_all else f"{len(tiles)} of its neurons"
        if len(order) == len(DIGITS):
            return Group(tiles, f"{shape}: a template for each digit", captions=DIGITS)
        return Group(tiles, f"{shape}: {what}, those that vary most first", may_lose=True)
    height, width, inputs, outputs = values.shape
    shown = values[:, :, :max(1, MOST_FILTERS // outputs), :MOST_FILTERS]
    tiles = shown.transpose(2, 3, 0, 1).reshape(-1, height, width)
    if inputs == 1:
        return Group(tiles, shape, least=FILTER_CELL)
    return Group(tiles, shape, per_row=shown.shape[3])


def _most_varying_first(values):
    """The order in which neurons are shown: int [n]."""
    neurons = values.shape[-1]
    if values.ndim > 2 or neurons == len(DIGITS):
        return np.arange(neurons)
    return np.argsort(-values.std(axis=0), kind="stable")[:MOST_NEURONS]
