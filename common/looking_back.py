"""The pictures that a run leaves behind (--pictures): what it read, misread and learned."""

import numpy as np

from common import pictures
from common.panels import step_up


def save_pictures(folder, run, own_digits, last_test, network):
    """Draw what there is to be seen of a run, and save it.

    Args:
      folder: str, made if there is none.
      run: a `RunState`.
      own_digits: a dictionary of (uint8 [28, 28], float [10]) by name: the user's own digits and
        their probabilities.
      last_test: (images, predictions, labels) as for `Dashboard.show_test`, or None.
      network: as for `Dashboard`.

    Returns:
      The files' paths, a list of `pathlib.Path`.

    Raises:
      UserError: they cannot be written.
    """
    figures = {}
    if len(run.curves["test_loss"]):
        figures["accuracy"] = pictures.training_curves(run, "accuracy")
        end = step_up(max(1e-3, 2 * run.curves["test_loss"].values[-1]))
        figures["loss"] = pictures.training_curves(run, "loss", zoom=(0, end))
    if last_test is not None:
        figures.update(_test_pictures(*last_test))
        if hasattr(network, "convolutions"):
            figures.update(_convolution_pictures(network, last_test[0][0].reshape(28, 28, 1)))
    for name, (image, probabilities) in own_digits.items():
        figures[name] = pictures.probabilities(image / 255, probabilities)
    return pictures.save(figures, folder)


def _test_pictures(images, predictions, labels):
    labels, computed = labels.argmax(axis=1), predictions.argmax(axis=1)
    yield "confusion_matrix", pictures.confusion_matrix(labels, computed)
    yield "misread_digits", pictures.most_confidently_misread(images, labels, predictions)
    for name, chosen in (("right_digit", labels == computed), ("wrong_digit", labels != computed)):
        if chosen.any():
            n = np.flatnonzero(chosen)[0]
            yield name, pictures.probabilities(images[n], predictions[n], labels[n])


def _convolution_pictures(network, image):
    """Filters and activations of each convolution; nothing where there is none."""
    for layer, (filters, outputs) in enumerate(network.convolutions(image), 1):
        yield f"filters_{layer}", pictures.filters(filters, f"Convolution {layer}: filters")
        yield f"activations_{layer}", pictures.activations(
            outputs, f"Convolution {layer}: activations")
