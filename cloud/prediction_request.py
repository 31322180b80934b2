"""The protocol of predictions: JSON in, JSON out, as Vertex AI and TensorFlow Serving have it.

    {"instances": [[[0, 0.5, ...], ...], ...]}   →   {"predictions": [{"classes": 7,
                                                                       "predictions": [...]}, ...]}

An instance is an image, 28 rows of 28 numbers from 0 to 1, or {"image": such an image}.
"""

import itertools
import json

import numpy as np

IMAGE_SHAPE = (28, 28)
BATCH_LIMIT = 128            # images in a request
BODY_LIMIT = 4 * 1024 ** 2   # bytes: 128 images with 17 digits to every pixel are 2 MB

IMAGE_IN_WORDS = "28 rows of 28 numbers from 0 to 1"


class RequestError(Exception):
    """A request that cannot be answered. Its text is one sentence that says what to change."""


def read_images(body):
    """Read the images of a request.

    Args:
      body: bytes or bytearray, the JSON text.

    Returns:
      float32 [n, 28, 28], values 0 to 1, n from 1 to `BATCH_LIMIT`.

    Raises:
      RequestError: it is not such a request.
    """
    instances = _instances(body)
    images = [_image(index, instance) for index, instance in enumerate(instances)]
    try:
        pixels = np.array(images, np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        raise RequestError("Pixels should be numbers from 0 to 1, not larger.") from None
    outside = ~((pixels >= 0) & (pixels <= 1))  # true for NaN, too
    if outside.any():
        index = int(outside.any(axis=(1, 2)).argmax())
        value = pixels[index][outside[index]][0]
        hint = " (divide bytes by 255)" if value > 1 else ""
        raise RequestError(
            f"Instance {index} has a pixel of {value:g}: pixels should be from 0 to 1{hint}.")
    return pixels.astype(np.float32)


def write_predictions(classes, predictions):
    """The answer to a request, as JSON text (str).

    Args:
      classes: int64 [n], the digits.
      predictions: float32 [n, 10], their probabilities.
    """
    return json.dumps({"predictions": [
        {"classes": digit, "predictions": probabilities}
        for digit, probabilities in zip(classes.tolist(), predictions.tolist())
    ]}, allow_nan=False)


def _instances(body):
    try:
        request = json.loads(body.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        raise RequestError("The request's brackets are nested too deeply.") from None
    except UnicodeDecodeError:
        raise RequestError("The request is not JSON: it is no text in UTF-8.") from None
    except ValueError as error:
        raise RequestError(f"The request is not JSON: {error}.") from None
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise RequestError('The request should be an object with a list of images: '
                           '{"instances": [...]}.')
    instances = request["instances"]
    if not 1 <= len(instances) <= BATCH_LIMIT:
        raise RequestError(f"A request should have 1 to {BATCH_LIMIT} instances, "
                           f"not {len(instances)}.")
    return instances


def _refuse_constant(name):
    raise RequestError(f"Pixels should be numbers from 0 to 1: {name} is none.")


def _image(index, instance):
    """The rows of an instance, 28 lists of 28 numbers, or a sentence on what they are instead."""
    if isinstance(instance, dict):
        if list(instance) != ["image"]:
            raise RequestError(f'Instance {index} should be an image or {{"image": an image}}.')
        instance = instance["image"]
    rows, columns = IMAGE_SHAPE
    if not (isinstance(instance, list) and len(instance) == rows and
            all(isinstance(row, list) and len(row) == columns for row in instance)):
        raise RequestError(f"Instance {index} should be {IMAGE_IN_WORDS}; its shape is another.")
    kinds = set(map(type, itertools.chain.from_iterable(instance)))
    if not kinds <= {int, float}:  # bool is a kind of its own here, as JSON has it
        raise RequestError(f"Instance {index} should be {IMAGE_IN_WORDS}; some are no numbers.")
    return instance
