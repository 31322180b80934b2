"""Looking into a network in a TensorFlow session. Its layers are found in the graph.

So it works with whatever graph a reader has written, as long as it leads from images to ten
probabilities by matrix products, convolutions and pooling.
"""

import dataclasses

import numpy as np

from common.dashboard.link.questions import Evidence, Exciting, Layer, Weights, fields_of

WEIGHING = {"MatMul": "fully connected", "Conv2D": "convolution"}
POOLING = {"MaxPool": "pooling", "AvgPool": "pooling"}
SCALING = ("Add", "AddV2", "BiasAdd", "Sub", "Mul")  # what biases and batch normalisation need
ACTIVATIONS = ("Relu", "Sigmoid", "Tanh", "Elu", "Selu", "LeakyRelu", "Relu6", "Softmax")
BENDING = ("Sigmoid", "Tanh", "Elu", "Selu", "Relu6", "Softplus", "Softsign", "Softmax", "Exp",
           "Erf", "Square")  # all else that layers are made of is straight, piece by piece
LOOKED_AT = 1000  # training digits, to find those that excite a neuron
MOST_EXCITING = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """A layer in the graph: its operation, and the tensors around it."""

    operation: object
    inputs: object
    output: object
    weights: object = None
    scales: object = None
    biases: object = None
    activation: str = ""


def find_layers(X, Y):
    """Find the layers of a network in its graph.

    Args:
      X: the placeholder for images, a tensor.
      Y: the probabilities, a tensor that is computed from X.

    Returns:
      A list of `Found`, in the order of the graph.
    """
    path = operations_between(X, Y)
    layers = []
    for operation in path:
        if operation.type in WEIGHING:
            weights = next((tensor for tensor in operation.inputs if tensor.op not in path), None)
            inputs = next((tensor for tensor in operation.inputs if tensor.op in path), X)
            if weights is not None:
                layers.append(Found(operation, inputs, weights=weights,
                                    **_end_of_layer(operation.outputs[0], path)))
        elif operation.type in POOLING:
            layers.append(Found(operation, operation.inputs[0], operation.outputs[0]))
    return layers


def operations_between(X, Y):
    """The operations by which a tensor Y is computed from a placeholder X, in order: a dictionary.

    Its values are None: it is an ordered set.
    """
    behind = operations_behind(Y)
    path = {X.op: None}
    for operation in X.graph.get_operations():
        if operation in behind and any(tensor.op in path for tensor in operation.inputs):
            path[operation] = None
    return path


def operations_behind(Y):
    """All operations that a tensor Y needs, a set."""
    behind, waiting = set(), [Y.op]
    while waiting:
        operation = waiting.pop()
        if operation not in behind:
            behind.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
    return behind


class Inside:
    """Answers what can be asked about the inside of a network, as `output.Model` has it."""

    def __init__(self, sess, X, Y, train_set, feed_for, names):
        """Prepare; the graph is searched with the first question.

        Args:
          sess, X, Y, train_set: as for `network.Network`.
          feed_for: a function from images, float [n, 28, 28, 1], to a feed_dict.
          names: a dictionary of the script's variables by name.
        """
        self._sess, self._X, self._Y, self._train_set = sess, X, Y, train_set
        self._feed_for, self._names = feed_for, names
        self._found = self._evidence = None

    def weights(self):
        """The weights that can be shown as pictures: a list of `Weights`.

        They are those of a first layer that sees the pixels, and of the convolutions.
        """
        layers = self._pictured()
        values = self._sess.run([layer.weights for layer in layers])
        return [Weights(self.name_of(layer.weights), value) for layer, value in zip(layers, values)]

    def exciting(self, number, neuron):
        """The training digits that excite a neuron most: an `Exciting`; None without such digits.

        Args:
          number: int, the place of its layer in what `weights` returns.
          neuron: int, its number in the layer.
        """
        if self._train_set is None:
            return None
        layer = self._pictured()[number]
        images, _ = self._train_set.first(LOOKED_AT)
        images = images.reshape(-1, 28, 28, 1)
        outputs, values = self._sess.run([layer.output, layer.weights], self._feed_for(images))
        values_of_each = outputs[..., neuron].reshape(len(images), -1)
        strongest = values_of_each.max(axis=1)
        best = np.argsort(-strongest, kind="stable")[:MOST_EXCITING]
        fields = [None]
        if outputs.ndim == 4:
            layers, place = self.layers(images[0]), self._layers().index(layer) + 1
            fields = [fields_of(layers, place, *divmod(int(where), outputs.shape[2])).get(0)
                      for where in values_of_each[best].argmax(axis=1)]
        return Exciting(Weights(self.name_of(layer.weights), values),
                        np.round(images[best, ..., 0] * 255).astype(np.uint8),
                        strongest[best], () if None in fields else tuple(fields), len(images))

    def layers(self, image):
        """What each layer makes of an image, float [28, 28, 1]: a list of `Layer`.

        The first one is the image itself, the last one has the probabilities.
        """
        found = self._layers()
        tensors = [{name: tensor for name in ("output", "inputs", "weights", "scales", "biases")
                    if (tensor := getattr(layer, name)) is not None} for layer in found]
        values = self._sess.run(tensors, self._feed_for(image[np.newaxis]))
        return [Layer(self.name_of(self._X), "image", image.astype(np.float32)),
                *(self._describe(layer, **value) for layer, value in zip(found, values))]

    def evidence(self, image, label=None):
        """Which pixels of an image, float [28, 28, 1], speak for and against: an `Evidence`.

        It is about the computed digit and, where `label` is another one, about that, too. Each
        pixel is multiplied by the gradient of the digit's logit, as in Shrikumar et al., "Not just
        a black box", 2016, arXiv 1605.01713. In a network of one layer the gradient is the weight.
        """
        if self._evidence is None:
            self._evidence = self._make_evidence()
        logits, chosen, gradient, is_bent = self._evidence
        feed = self._feed_for(image[np.newaxis])
        probabilities, all_logits = self._sess.run([self._Y, logits], feed)
        digits = (int(probabilities[0].argmax()),)
        if label is not None and label not in digits:
            digits += (label,)
        gradients = self._sess.run(gradient, {
            **self._feed_for(np.repeat(image[np.newaxis], len(digits), axis=0)),
            chosen: np.eye(10, dtype=np.float32)[list(digits)]})
        return Evidence(digits, gradients.reshape(-1, 28, 28) * image[..., 0],
                        len(self._layers()) == 1, all_logits[0, list(digits)], not is_bent,
                        probabilities[0])

    def _layers(self):
        if self._found is None:
            with self._sess.graph.as_default():
                self._found = find_layers(self._X, self._Y)
        return self._found

    def _pictured(self):
        """The layers whose weights can be shown as pictures."""
        return [layer for number, layer in enumerate(self._layers())
                if layer.operation.type == "Conv2D" or
                number == 0 and layer.weights is not None and layer.weights.shape[0] == 28 * 28]

    def _describe(self, layer, output, inputs, weights=None, scales=None, biases=None):
        """A `Layer` with the values of its tensors, of which the first two have one example."""
        operation = layer.operation
        window, around = None, {}
        if operation.type != "MatMul":
            window = weights.shape[:2] if weights is not None else operation.get_attr("ksize")[1:3]
            around = {"strides": tuple(operation.get_attr("strides")[1:3]),
                      "is_padded": operation.get_attr("padding") == b"SAME"}
        return Layer(
            self.name_of(layer.output), {**WEIGHING, **POOLING}[operation.type], output[0],
            inputs[0], None if weights is None else Weights(self.name_of(layer.weights), weights),
            scales, biases, window and tuple(window), activation=layer.activation, **around)

    def _make_evidence(self):
        """Logits, a placeholder for digits, one-hot, their gradients; whether a layer is bent."""
        import tensorflow.compat.v1 as tf  # whoever has a session has waited for it already
        logits = self._Y.op.inputs[0] if self._Y.op.type == "Softmax" else self._Y
        with self._sess.graph.as_default():
            chosen = tf.placeholder(tf.float32, [None, 10])
            (gradient,) = tf.gradients(tf.reduce_sum(logits * chosen), self._X)
        is_bent = any(operation.type in BENDING
                      for operation in operations_between(self._X, logits))
        return logits, chosen, gradient, is_bent

    def name_of(self, tensor):
        """What the script calls a tensor, or the variable that it is read from."""
        handle = tensor.op.inputs[0] if tensor.op.type == "ReadVariableOp" else None
        return next((name for name, value in self._names.items() if value is tensor or
                     handle is not None and getattr(value, "handle", None) is handle),
                    tensor.op.name)


def _end_of_layer(tensor, path):
    """What follows the sums of a layer: first times scales, plus biases, then an activation."""
    scales = biases = None
    activation = ""
    while not activation:
        following = [operation for operation in tensor.consumers()
                     if operation in path and operation.type in (*SCALING, *ACTIVATIONS)]
        if len(following) != 1:
            break
        (operation,) = following
        if operation.type in ACTIVATIONS:
            activation = operation.type.lower()
        else:
            others = [other for other in operation.inputs if other is not tensor]
            is_turned = operation.type == "Sub" and operation.inputs[0] is not tensor
            if is_turned or len(others) != 1 or others[0].shape.rank != 1:  # one for each channel
                break
            scales, biases = _followed_by(operation.type, *others, scales, biases)
        (tensor,) = operation.outputs
    return {"output": tensor, "scales": scales, "biases": biases, "activation": activation}


def _followed_by(kind, values, scales, biases):
    """Scales and biases (tensors or None) after one more operation with values for each channel."""
    if kind == "Mul":
        return (values if scales is None else scales * values,
                None if biases is None else biases * values)
    if kind == "Sub":
        values = -values
    return scales, values if biases is None else biases + values
