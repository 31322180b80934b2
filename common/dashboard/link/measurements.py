"""What a script shows, checked and brought into one form. numpy only.

The sentence for what does not fit is the same whoever looks on.
"""

import numpy as np

from common.terminal import UserError, reason

DIGITS = 10
SIDE = 28               # pixels of an image that comes as a row of them
MOST = 16               # of a pixel from 0 to 1, also with a mean and a deviation of its own
LOOKED_AT = 100         # images: to look at all pixels each time would take long
TOLERANCE = 1e-3        # of a share, which may be computed in 16 bits

PROBABILITIES = "[n, 10], a probability for each digit"
LABELS = "[n, 10], one-hot, or [n], whole numbers from 0 to 9"
IMAGES = "[n, 28, 28, 1], [n, 28, 28] or [n, 784], values 0 to 1"
ONE_NUMBER = "one number, a mean over the images (tf.reduce_mean)"


def checked(call, accuracy, loss, images, predictions, labels):
    """Check the metrics of some images.

    Args:
      call: str, the method that was given them, for the error's text.
      accuracy, loss: numbers, the first from 0 to 1.
      images: [n, height, width, 1], [n, height, width] or [n, 784], values 0 to 1.
      predictions: [n, 10], probabilities.
      labels: [n, 10], one-hot, or [n], whole numbers from 0 to 9.

    Returns:
      All but the first, in this order: two floats, then arrays; images [n, height, width] or
      [n, height, width, 1], predictions [n, 10], labels [n, 10].

    Raises:
      UserError: one of them is something else.
    """
    images = _images(images, f"{call}: images")
    predictions = probabilities(predictions, f"{call}: predictions")
    labels = _one_hot(labels, f"{call}: labels")
    if not len(images) == len(predictions) == len(labels):
        raise UserError(f"{call}: images, predictions and labels have the shapes "
                        f"{_shape(images)}, {_shape(predictions)} and {_shape(labels)}; n should "
                        f"be the same")
    accuracy, loss = number(accuracy, f"{call}: accuracy"), number(loss, f"{call}: loss")
    if accuracy < 0 or accuracy > 1 + TOLERANCE:
        raise UserError(f"{call}: accuracy is {accuracy:.4g}; it should be a share, 0 to 1")
    return accuracy, loss, images, predictions, labels


def number(value, name):
    """One number as a float; `name` is what it is called in the text of a UserError."""
    value = _array(value, name, ONE_NUMBER)
    if value.size != 1:
        raise _unfit(value, name, ONE_NUMBER)
    return float(value.item())


def parameters(arrays, name):
    """The arrays of a list that hold something, a list; of None, an empty one."""
    wanted = "a list of arrays"
    try:
        arrays = list(arrays if arrays is not None else ())
    except TypeError:
        raise UserError(f"{name} should be {wanted}") from None
    return [array for array in (_array(array, name, wanted) for array in arrays) if array.size]


def probabilities(values, name):
    """The network's probabilities, an array [n, 10]; `name` as for `number`."""
    values = _array(values, name, PROBABILITIES)
    if values.ndim != 2 or values.shape[1] != DIGITS:
        raise _unfit(values, name, PROBABILITIES)
    if (values < -TOLERANCE).any() or (values > 1 + TOLERANCE).any():  # NaN is another matter
        raise UserError(f"{name} has values from {values.min():.3g} to {values.max():.3g}; it "
                        f"should be {PROBABILITIES}: Y = tf.nn.softmax(Ylogits)")
    return values


def _images(images, name):
    images = _array(images, name, IMAGES)
    if images.ndim == 2 and images.shape[1] == SIDE * SIDE:
        images = images.reshape(-1, SIDE, SIDE)
    if images.size == 0 or images.ndim != 3 and (images.ndim != 4 or images.shape[3] != 1):
        raise _unfit(images, name, IMAGES)
    if (most := images[:LOOKED_AT].max()) > MOST:
        raise UserError(f"{name} has the shape {_shape(images)} and values up to {most:.4g}; it "
                        f"should be {IMAGES}: divide by 255")
    return images


def _one_hot(labels, name):
    labels = _array(labels, name, LABELS)
    if labels.ndim == 1:
        if not np.isin(labels, range(DIGITS)).all():
            raise UserError(f"{name} has the shape {_shape(labels)} and values from "
                            f"{labels.min():g} to {labels.max():g}; it should be {LABELS}")
        labels = np.eye(DIGITS)[labels.astype(int)]
    if labels.ndim != 2 or labels.shape[1] != DIGITS:
        raise _unfit(labels, name, LABELS)
    return labels


def _array(values, name, wanted):
    try:
        array = np.asarray(values)
    except Exception as error:  # each library has its own
        raise UserError(f"{name} is no array of numbers ({reason(error)}); it should be {wanted}"
                        ) from error
    if array.dtype.kind in "OSUmM":  # objects, texts, times
        raise UserError(f"{name} is no array of numbers ({type(values).__name__} of "
                        f"{array.dtype}); it should be {wanted}")
    return array


def _unfit(array, name, wanted):
    return UserError(f"{name} has the shape {_shape(array)}; it should be {wanted}")


def _shape(array):
    return str(list(array.shape))
