"""The pictures that show what a network has learned, chosen from all that there are."""

import numpy as np

from common import pictures
from common.dashboard.ranges import step_up


def pictures_of(run, inside=None):
    """Draw what there is to be seen of a run.

    Args:
      run: a `Run`.
      inside: as an `output.Model` has it, or None.

    Returns:
      A dictionary of figures by name.
    """
    figures = {}
    loss, digits = run.curves["test_loss"], run.test_digits
    if len(loss):
        figures["accuracy"] = pictures.training_curves(run, "accuracy")
        end = step_up(max(1e-3, 2 * loss.values[-1]))
        figures["loss"] = pictures.training_curves(run, "loss", zoom=(0, end))
    if digits is not None:
        figures["confusion_matrix"] = pictures.confusion_counts(digits.confusions)
        figures.update(_of_digits(digits))
    if digits is not None and inside is not None:
        easy = digits.images[digits.labels == digits.computed][:1]
        convolutions = [layer for layer in (inside.layers(_ink(easy)[0]) if len(easy) else ())
                        if layer.kind == "convolution"]
        for number, layer in enumerate(convolutions, 1):
            figures[f"filters_{number}"] = pictures.filters(
                layer.weights.values, f"Convolution {number}: filters")
            figures[f"activations_{number}"] = pictures.activations(
                layer.outputs, f"Convolution {number}: activations")
    return figures


def _of_digits(digits):
    """Yield the names and figures of digits that were read and misread."""
    images, labels = _ink(digits.images), digits.labels
    yield "misread_digits", pictures.most_confidently_misread(images, labels, digits.probabilities,
                                                              of_all=digits.total)
    is_right = labels == digits.computed
    for name, chosen in (("right_digit", is_right), ("wrong_digit", ~is_right)):
        if chosen.any():
            n = np.flatnonzero(chosen)[0]
            yield name, pictures.probabilities(images[n], digits.probabilities[n], labels[n])


def _ink(images):
    """float32 [n, 28, 28, 1], values 0 to 1, of uint8 [n, 28, 28]."""
    return images[..., np.newaxis].astype(np.float32) / 255
