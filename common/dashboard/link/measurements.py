"""What a script shows: checked, brought into one form, made small enough to send. numpy only.

The sentence for what does not fit is the same whoever looks on.
"""

import numpy as np

from common.dashboard.link.messages import Digits
from common.terminal import UserError, reason

BANDS = 7               # each holds a seventh of all values
SAMPLE = 20_000         # values that tell how more of them spread: sorting all would take long
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
                        f"{list(images.shape)}, {list(predictions.shape)} and "
                        f"{list(labels.shape)}; n should be the same")
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
        raise UserError(f"{name} has the shape {list(images.shape)} and values up to {most:.4g}; "
                        f"it should be {IMAGES}: divide by 255")
    return images


def _one_hot(labels, name):
    labels = _array(labels, name, LABELS)
    if labels.ndim == 1:
        if not np.isin(labels, range(DIGITS)).all():
            raise UserError(f"{name} has the shape {list(labels.shape)} and values from "
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
    return UserError(f"{name} has the shape {list(array.shape)}; it should be {wanted}")


def digits_to_show(images, predictions, labels, most=None):
    """What there is to see of some digits, in a form small enough to send.

    Args:
      images, predictions, labels: as `checked` returns them.
      most: int, how many to show at most, all misread ones first; None for all, as they come.

    Returns:
      `Digits`.
    """
    labels, computed = labels.argmax(axis=1), predictions.argmax(axis=1)
    chosen = (slice(None) if most is None
              else np.argsort(labels == computed, kind="stable")[:most])
    shown = images[chosen].reshape(-1, *images.shape[1:3]) * np.float32(255)
    shown += 0.5  # in place: with new arrays for each step it would take ten times as long
    np.clip(shown, 0, 255, out=shown)
    return Digits(images=shown.astype(np.uint8),
                  labels=labels[chosen].astype(np.uint8),
                  probabilities=np.array(predictions[chosen], np.float32),
                  total=len(images),
                  confusions=np.bincount(10 * labels + computed, minlength=100).reshape(10, 10))


def percentile_bands(arrays):
    """The edges of the seven bands, from the least value to the largest, that hold equal shares.

    Of more than `SAMPLE` values, the inner edges are those of so many, chosen at random, and always
    from the same places.

    Args:
      arrays: a list of arrays of any shapes, not all of them empty.

    Returns:
      float64 [8].
    """
    values = np.concatenate([np.ravel(array) for array in arrays])
    sample = values
    if len(values) > SAMPLE:
        sample = values[np.random.default_rng(0).integers(len(values), size=SAMPLE)]
    with np.errstate(invalid="ignore"):  # between infinities: NaN, which is not drawn
        edges = np.percentile(sample.astype(np.float64), np.linspace(0, 100, BANDS + 1))
    edges[0], edges[-1] = values.min(), values.max()
    return edges
