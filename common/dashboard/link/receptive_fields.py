"""What a value of a layer sees of the layers before it: its receptive fields. numpy only."""

import numpy as np


def fields_of(layers, number, row, column):
    """The part of each layer, up to its own, that a value depends on.

    Args:
      layers: a list of `questions.Layer`, of which each sees the one before.
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
            top, bottom = _seen(layer, 0, field[0], field[2])
            left, right = _seen(layer, 1, field[1], field[3])
            field = top, left, bottom, right
        else:
            field = None
        number -= 1
        fields[number] = field
    return fields


def _seen(layer, axis, first, end):
    """The first place and the one after the last that some neighbours see, along an axis."""
    start = first * layer.strides[axis] - padding_of(layer, axis)
    seen = (end - 1 - first) * layer.strides[axis] + layer.window[axis]
    return max(0, start), min(layer.inputs.shape[axis], start + seen)


def patch_of(layer, row, column):
    """What a value of a convolution or of pooling sees: float [height, width, channels].

    Beyond the border there are zeros.
    """
    (height, width), inputs = layer.window, layer.inputs
    top = row * layer.strides[0] - padding_of(layer, 0)
    left = column * layer.strides[1] - padding_of(layer, 1)
    padded = np.pad(inputs, ((height, height), (width, width), (0, 0)))
    return padded[height + top:2 * height + top, width + left:2 * width + left]


def padding_of(layer, axis):
    """The zeros before the first value: as TensorFlow's documentation of "SAME" has it."""
    size, window, stride = layer.inputs.shape[axis], layer.window[axis], layer.strides[axis]
    outputs = -(-size // stride)
    return max(0, (outputs - 1) * stride + window - size) // 2 if layer.is_padded else 0
