"""The pictures that show what a network has learned, chosen from all that there are."""

import numpy as np

from common import pictures
from common.canvas import MARGIN, TEXT_SIZE, TITLE_HEIGHT, empty_picture, own_style
from common.dashboard.drawing.panels.curves import step_up
from common.dashboard.drawing.panels.layers import LayersPanel
from common.dashboard.drawing.panels.weights import WeightsPanel
from common.dashboard.drawing.scene import Scene
from common.dashboard.drawing.style import HEIGHT, WIDTH
from common.dashboard.link.questions import AskLayers, AskWeights, ink_of
from common.dashboard.link.run import Run


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
    if inside is not None:
        figures.update(_of_weights(inside.weights()))
    if digits is not None and inside is not None:
        figures.update(_of_layers(digits, inside))
    return figures


def _of_weights(weights):
    """Yield the names and figures of those weights in which one sees something: of pixels."""
    of_pixels = [layer for layer in weights if layer.values.ndim == 2]
    if of_pixels:
        yield "weights", _panel(WeightsPanel, {AskWeights: of_pixels})
    convolutions = [layer for layer in weights if layer.values.ndim == 4]
    for number, layer in enumerate(convolutions, 1):
        if layer.values.shape[2] == 1:
            yield f"filters_{number}", pictures.filters(
                layer.values, f"Convolution {number}: filters")


def _of_layers(digits, inside):
    """Yield the names and figures of what the layers make of a digit: an easy one, a misread one.
    """
    is_right = digits.labels == digits.computed
    for name, chosen in (("right", is_right), ("wrong", ~is_right)):
        for image in ink_of(digits.images[chosen][:1]):
            layers = inside.layers(image)
            yield f"layers_of_{name}_digit", _panel(LayersPanel, {AskLayers: layers})
            convolutions = [layer for layer in layers if layer.kind == "convolution"]
            for number, layer in enumerate(convolutions if name == "right" else (), 1):
                yield f"activations_{number}", pictures.activations(
                    layer.outputs, f"Convolution {number}: activations")


@own_style()
def _panel(make, answers):
    """A figure with one of the dashboard's panels, `make`, that shows some answers."""
    picture = empty_picture(WIDTH, HEIGHT)
    panel = make(picture.add_axes((0, 0, 1, 1)))
    panel.set_scale(TEXT_SIZE, 1, False)
    panel.place(MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT - TITLE_HEIGHT - MARGIN)
    panel.update(Scene(Run(), answers=answers))
    for artist in panel.moving:
        artist.set_animated(False)  # or it would be left out
    return picture


def _of_digits(digits):
    """Yield the names and figures of digits that were read and misread."""
    images, labels = ink_of(digits.images), digits.labels
    yield "misread_digits", pictures.most_confidently_misread(images, labels, digits.probabilities,
                                                              of_all=digits.total)
    is_right = labels == digits.computed
    for name, chosen in (("right_digit", is_right), ("wrong_digit", ~is_right)):
        if chosen.any():
            n = np.flatnonzero(chosen)[0]
            yield name, pictures.probabilities(images[n], digits.probabilities[n], labels[n])
