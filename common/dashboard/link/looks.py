"""What can be asked of a network while it trains, and what comes back. numpy only.

A viewer sends one of the questions (see `messages.Question`); the script's end hands it to the
`output.Model`, and sends back what that finds.
"""

from dataclasses import dataclass

import numpy as np

# questions; images are bytes: uint8 [28, 28] in C order, ink from 0 to 255

@dataclass(frozen=True)
class AskDigit:
    """What is this digit? The answer: its probabilities, float32 [10]."""

    image: bytes


@dataclass(frozen=True)
class AskWeights:
    """What do the first layer and the convolutions look for? The answer: a list of `Weights`."""


@dataclass(frozen=True)
class AskExciting:
    """Which training digits excite a neuron most? The answer: an `Exciting`, or None.

    layer: int, the number of a `Weights` in the answer to `AskWeights`.
    neuron: int, the number of one of its neurons.
    """

    layer: int
    neuron: int


@dataclass(frozen=True)
class AskLayers:
    """What does each layer make of this digit? The answer: a list of `Layer`."""

    image: bytes


@dataclass(frozen=True)
class AskEvidence:
    """Which pixels speak for and against? The answer: an `Evidence`.

    label: int, the correct digit; None if that is not known.
    """

    image: bytes
    label: int | None = None


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
    labels: int [n], the correct digits.
    values: float32 [n], the neuron's; of a convolution, the largest in the image.
    of: int, the number of digits that they were chosen from.
    """

    weights: Weights
    images: np.ndarray
    labels: np.ndarray
    values: np.ndarray
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
    strides: (down, across), of a convolution.
    is_padded: bool, whether a convolution sees zeros beyond the border.
    activation: str, what follows the sum: "relu", "sigmoid" …; "" for nothing.
    """

    name: str
    kind: str
    outputs: np.ndarray
    inputs: np.ndarray | None = None
    weights: Weights | None = None
    scales: np.ndarray | None = None
    biases: np.ndarray | None = None
    strides: tuple = (1, 1)
    is_padded: bool = True
    activation: str = ""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What each pixel does for one or two digits.

    digits: a tuple of int: the computed one, and the correct one where it is another.
    maps: float32 [len(digits), 28, 28], each pixel times the gradient of the digit's logit.
    is_exact: bool, whether the network is one layer, where that is pixel times weight, and the sum
      of a map is the logit less the bias.
    logits: float32 [len(digits)]; biases: float32 [len(digits)], or None.
    probabilities: float32 [10].
    """

    digits: tuple
    maps: np.ndarray
    is_exact: bool
    logits: np.ndarray
    biases: np.ndarray | None
    probabilities: np.ndarray
