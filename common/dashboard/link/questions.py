"""What can be asked of a network while it trains, and what comes back. numpy only.

A question is one thing: its class says what is asked, `of` whom in a scene, and how a model
answers it. A panel names the class, and finds the answer in its scene. A viewer sends the question
in a `messages.Question`, again and again; the script's end has it answered.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


def ink_of(images):
    """What a network sees of uint8 [n, height, width]: float32 [n, height, width, 1], 0 to 1."""
    return images[..., np.newaxis].astype(np.float32) / 255


# questions

class Ask:
    """A question.

    Attributes:
      needs: str, the name of what of an `output.Model` answers it.
    """

    needs: ClassVar = "inside"

    @classmethod
    def of(cls, scene):
        """The question about what a `Scene` shows; None where there is nothing to ask about."""
        return cls()

    def answer(self, model):
        """What an `output.Model` finds."""
        raise NotImplementedError

    def probabilities(self, found):
        """Those of the digit asked about, float32 [10], in what was found; None for none."""


@dataclass(frozen=True)
class AskAboutImage(Ask):
    """A question about a digit.

    image: bytes: uint8 [28, 28] in C order, ink from 0 to 255.
    """

    image: bytes

    @classmethod
    def of(cls, scene):
        return None if scene.sample is None else cls(scene.sample.image.tobytes())

    @property
    def ink(self):
        """The digit as the network sees it, float32 [28, 28, 1], values 0 to 1."""
        return ink_of(np.frombuffer(self.image, np.uint8).reshape(28, 28))


@dataclass(frozen=True)
class AskDigit(AskAboutImage):
    """What is this digit? The answer: its probabilities, float32 [10]."""

    needs: ClassVar = "classify"

    def answer(self, model):
        return np.asarray(model.classify(self.ink[np.newaxis]), np.float32)[0]

    def probabilities(self, found):
        return found


@dataclass(frozen=True)
class AskLayers(AskAboutImage):
    """What does each layer make of this digit? The answer: a list of `Layer`."""

    def answer(self, model):
        return model.inside.layers(self.ink)

    def probabilities(self, found):
        return found[-1].outputs


@dataclass(frozen=True)
class AskEvidence(AskAboutImage):
    """Which pixels speak for and against? The answer: an `Evidence`.

    label: int, the correct digit; None if that is not known.
    """

    label: int | None = None

    @classmethod
    def of(cls, scene):
        sample = scene.sample
        return None if sample is None else cls(sample.image.tobytes(), sample.label)

    def answer(self, model):
        return model.inside.evidence(self.ink, self.label)

    def probabilities(self, found):
        return found.probabilities


@dataclass(frozen=True)
class AskWeights(Ask):
    """What do the first layer and the convolutions look for? The answer: a list of `Weights`."""

    def answer(self, model):
        return model.inside.weights()


@dataclass(frozen=True)
class AskExciting(Ask):
    """Which training digits excite a neuron most? The answer: an `Exciting`, or None.

    layer: int, the number of a `Weights` in the answer to `AskWeights`.
    neuron: int, the number of one of its neurons.
    """

    layer: int
    neuron: int

    @classmethod
    def of(cls, scene):
        return cls(*scene.neuron)

    def answer(self, model):
        return model.inside.exciting(self.layer, self.neuron)


# answers

@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a layer.

    name: str, as the script has it.
    values: float32 [784, neurons] for a layer that sees pixels; [height, width, channels in,
      channels out] for a convolution.
    """

    name: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Exciting:
    """The training digits for which a neuron's value is largest, the largest first.

    weights: the `Weights` of its layer.
    images: uint8 [n, 28, 28], ink from 0 to 255.
    values: float32 [n], the neuron's; of a convolution, the largest in the image.
    fields: n tuples (top, left, bottom, right), what of each image the neuron sees there; () where
      it sees all of it.
    of: int, the number of digits that they were chosen from.
    """

    weights: Weights
    images: np.ndarray
    values: np.ndarray
    fields: tuple
    of: int


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer, and what it makes of an image.

    name: str, of its output, as the script has it.
    kind: "image", "fully connected", "convolution" or "pooling".
    outputs: float32 [neurons] or [height, width, channels].
    inputs: what it sees, as `outputs`; None for the image.
    weights: a `Weights`; None for the image and for pooling.
    scales: float32 [neurons or channels], by which the sums are multiplied; None for all 1.
    biases: float32 [neurons or channels], which are added then; None for all 0.
    window: (height, width) of what a value sees, in a convolution and in pooling; None for all.
    strides: (down, across), from one window to the next.
    is_padded: bool, whether windows reach beyond the border, where there are zeros.
    activation: str, what follows the sum: "relu", "sigmoid" …; "" for nothing.
    """

    name: str
    kind: str
    outputs: np.ndarray
    inputs: np.ndarray | None = None
    weights: Weights | None = None
    scales: np.ndarray | None = None
    biases: np.ndarray | None = None
    window: tuple | None = None
    strides: tuple = (1, 1)
    is_padded: bool = True
    activation: str = ""

    def patch(self, row, column):
        """What a value of a convolution or of pooling sees: float [height, width, channels].

        Beyond the border there are zeros.
        """
        (height, width), top, left = self.window, self.start(0, row), self.start(1, column)
        padded = np.pad(self.inputs, ((height, height), (width, width), (0, 0)))
        return padded[height + top:2 * height + top, width + left:2 * width + left]

    def start(self, axis, place):
        """The first row (axis 0) or column (1) that a value sees: an int, below 0 in the padding.
        """
        size, window, stride = self.inputs.shape[axis], self.window[axis], self.strides[axis]
        padding = max(0, (-(-size // stride) - 1) * stride + window - size) // 2  # TensorFlow's way
        return place * stride - padding * self.is_padded

    def seen(self, axis, first, end):
        """The first row or column and the one after the last that some neighbours see."""
        return (max(0, self.start(axis, first)),
                min(self.inputs.shape[axis], self.start(axis, end - 1) + self.window[axis]))


def fields_of(layers, number, row, column):
    """A value's receptive fields: the part of each layer, up to its own, that it depends on.

    Args:
      layers: a list of `Layer`, of which each sees the one before.
      number: int, of the value's layer in it.
      row, column: ints, the value's place in its channel; 0 in a layer without places.

    Returns:
      A dictionary from the numbers of layers to (top, left, bottom, right): the first row and
      column in all channels, and those after the last ones; None for all of a layer.
    """
    field = row, column, row + 1, column + 1
    fields = {number: field}
    while number and layers[number].inputs.size == layers[number - 1].outputs.size:
        layer = layers[number]
        if field is not None and layer.window is not None:
            (top, bottom), (left, right) = (layer.seen(axis, field[axis], field[axis + 2])
                                            for axis in (0, 1))
            field = top, left, bottom, right
        else:
            field = None
        number -= 1
        fields[number] = field
    return fields


@dataclass(frozen=True, eq=False)
class Evidence:
    """What each pixel does for one or two digits.

    digits: a tuple of int: the computed one, and the correct one where it is another.
    maps: float32 [len(digits), 28, 28], each pixel times the gradient of the digit's logit.
    is_exact: bool, whether the network is one layer, where that is pixel times weight.
    logits: float32 [len(digits)].
    rest_is_biases: bool, whether what the sum of a map lacks to the logit is the biases' share, as
      where layers are linear but for ReLU and pooling.
    probabilities: float32 [10].
    """

    digits: tuple
    maps: np.ndarray
    is_exact: bool
    logits: np.ndarray
    rest_is_biases: bool
    probabilities: np.ndarray
