"""What of a measurement is kept and sent: small arrays. numpy only."""

import dataclasses

import numpy as np

BANDS = 7  # each holds a seventh of all values
SAMPLE = 20_000  # values that tell how more of them spread: sorting all would hold up the training
MOST_TEST_DIGITS = 1000


@dataclasses.dataclass(frozen=True, eq=False)
class Digits:
    """Some digits and what the network makes of them.

    images: uint8 [n, height, width], ink from 0 to 255.
    labels: int [n], the correct digits.
    probabilities: float32 [n, 10], the network's probability for each digit.
    total: int, the number of digits that these were chosen from.
    confusions: int [10, 10], how often each correct digit (row) was taken for each (column), of
      all that these were chosen from.
    """

    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    total: int
    confusions: np.ndarray

    @property
    def computed(self):
        """int [n], the most probable digits."""
        return self.probabilities.argmax(axis=1)


def ink_of(images):
    """What a network sees of uint8 [n, height, width]: float32 [n, height, width, 1], 0 to 1."""
    return images[..., np.newaxis].astype(np.float32) / 255


def first_digits(images, predictions, labels):
    """The digits as they come, in a form small enough to send.

    Args:
      images: float [n, height, width] or [n, height, width, 1], values 0 to 1.
      predictions: float [n, 10].
      labels: [n, 10], one-hot.

    Returns:
      `Digits`.
    """
    labels, computed = np.argmax(labels, axis=1), np.argmax(predictions, axis=1)
    return _digits(images, predictions, labels, computed, slice(None))


def misread_first(images, predictions, labels, most=MOST_TEST_DIGITS):
    """At most `most` of the digits, all misread ones before those read correctly.

    Arguments and result as for `first_digits`.
    """
    labels, computed = np.argmax(labels, axis=1), np.argmax(predictions, axis=1)
    chosen = np.argsort(labels == computed, kind="stable")[:most]
    return _digits(images, predictions, labels, computed, chosen)


def _digits(images, predictions, labels, computed, chosen):
    """`Digits` of those chosen, an index."""
    height, width = images.shape[1:3]
    shown = images[chosen].reshape(-1, height, width) * np.float32(255)
    shown += 0.5  # in place: with new arrays for each step it would take ten times as long
    np.clip(shown, 0, 255, out=shown)
    return Digits(images=shown.astype(np.uint8),
                  labels=labels[chosen].astype(np.uint8),
                  probabilities=np.array(predictions[chosen], np.float32),
                  total=len(images),
                  confusions=np.bincount(10 * labels + computed, minlength=100).reshape(10, 10))


def bands_of(**parameters):
    """The `percentile_bands` of lists of arrays by name, a dictionary; no list, no bands."""
    return {name: percentile_bands(arrays) for name, arrays in parameters.items() if len(arrays)}


def percentile_bands(arrays):
    """The edges of the seven bands, from the least value to the largest, that hold equal shares.

    The same numbers as `numpy.percentile(values, numpy.linspace(0, 100, 8))` gives, in a quarter
    of the time, as a whole sort is fast and is all it takes. Of more than `SAMPLE` values, the
    inner edges are those of so many, chosen at random, and always from the same places.

    Args:
      arrays: a list of arrays of any shapes, not all of them empty.

    Returns:
      float64 [8].
    """
    values = np.concatenate([np.ravel(array) for array in arrays])
    least, largest = values.min(), values.max()
    if len(values) > SAMPLE:
        values = values[np.random.default_rng(0).integers(len(values), size=SAMPLE)]
    values = np.sort(values)
    values[0], values[-1] = least, largest
    position = np.linspace(0, len(values) - 1, BANDS + 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, len(values) - 1)
    low, high = values[below].astype(np.float64), values[above].astype(np.float64)
    with np.errstate(invalid="ignore"):  # between infinities: NaN, which is not drawn
        return low + (high - low) * (position - below)
