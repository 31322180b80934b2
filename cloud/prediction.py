"""What a prediction takes and gives, the exported network that makes it, and many at once.

The protocol is JSON in, JSON out, as Vertex AI and TensorFlow Serving have it:

    {"instances": [[[0, 0.5, ...], ...], ...]}   →   {"predictions": [{"classes": 7,
                                                                       "predictions": [...]}, ...]}

An instance is an image, 28 rows of 28 numbers from 0 to 1, or {"image": such an image}.
"""

import asyncio
import collections
import concurrent.futures
import os

import numpy as np
import orjson
import prometheus_client

from cloud.buckets import BUCKETS, local_path
from common.graph.start import threads_without_signals
from common.mnist_data import IMAGE_SHAPE
from common.terminal import UserError, reason

IMAGES_LIMIT = 128  # in a request
BATCH_LIMIT = 512   # images in a prediction
SIGNATURE, TAG = "serving_default", "serve"

IMAGES = prometheus_client.Histogram(
    "mnist_batch_images", "Images in a prediction", buckets=[2 ** n for n in range(10)])


class RequestError(Exception):
    """A request that cannot be answered. Its text is one sentence that says what to change."""


def read_images(body):
    """Read the images of a request.

    Args:
      body: bytes or bytearray, the JSON text.

    Returns:
      float32 [n, 28, 28], values 0 to 1, n from 1 to `IMAGES_LIMIT`.

    Raises:
      RequestError: it is not such a request.
    """
    instances = _instances(body)
    try:
        pixels = np.array(instances)
    except ValueError:  # lists of different lengths
        pixels = None
    # To NumPy, true is the number 1; to us it is no number. These letters are in true and false,
    # and a search for one byte takes no time.
    if pixels is None or pixels.shape[1:] != IMAGE_SHAPE or pixels.dtype.kind not in "iuf" or (
            b"u" in body or b"l" in body):
        _find_fault(instances)
        pixels = np.array(instances, np.float64)
    if not (pixels.min() >= 0 and pixels.max() <= 1):
        outside = ~((pixels >= 0) & (pixels <= 1))
        index = int(outside.any(axis=(1, 2)).argmax())
        value = float(pixels[index][outside[index]][0])
        hint = " (divide bytes by 255)" if value > 1 else ""
        raise RequestError(f"Instance {index} has a pixel of {repr(value).removesuffix('.0')}: "
                           f"pixels should be from 0 to 1{hint}.")
    return pixels.astype(np.float32)


def write_predictions(classes, predictions):
    """The answer to a request, as JSON text (bytes).

    Args:
      classes: int64 [n], the digits.
      predictions: float32 [n, 10], their probabilities.
    """
    return orjson.dumps({"predictions": [
        {"classes": digit, "predictions": probabilities}
        for digit, probabilities in zip(classes.tolist(), predictions.tolist())]})


def _instances(body):
    """The images of a request, as lists of lists, as far as they are lists at all."""
    try:
        request = orjson.loads(body)
    except ValueError as error:
        raise RequestError(f"The request is not JSON: {error}.") from None
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise RequestError('The request should be an object with a list of images: '
                           '{"instances": [...]}.')
    instances = request["instances"]
    if not 1 <= len(instances) <= IMAGES_LIMIT:
        raise RequestError(f"A request should have 1 to {IMAGES_LIMIT} instances, "
                           f"not {len(instances)}.")
    for index, instance in enumerate(instances):
        if isinstance(instance, dict):
            if list(instance) != ["image"]:
                raise RequestError(
                    f'Instance {index} should be an image or {{"image": an image}}.')
            instances[index] = instance["image"]
    return instances


def _find_fault(instances):
    """Raise RequestError for the first instance that is not 28 lists of 28 numbers, if one is."""
    rows, columns = IMAGE_SHAPE
    for index, instance in enumerate(instances):
        expected = f"Instance {index} should be {rows} rows of {columns} numbers from 0 to 1"
        if not (isinstance(instance, list) and len(instance) == rows and
                all(isinstance(row, list) and len(row) == columns for row in instance)):
            raise RequestError(f"{expected}; its shape is another.")
        if not all(type(pixel) in (int, float) for row in instance for pixel in row):
            raise RequestError(f"{expected}; some are no numbers.")


class ServedModel:
    """A SavedModel with the signature `image` [n, 28, 28] → `classes`, `predictions`."""

    def __init__(self, folder):
        """Load it and run it once, since the first run of a network takes its time.

        Args:
          folder: str, the SavedModel's folder, or one with versions of it in folders whose names
            are numbers, as TensorFlow Serving has them: the highest one counts. gs://... is read
            below /gcs where that bucket is mounted, otherwise by TensorFlow itself.

        Raises:
          UserError: there is no such model.
        """
        import tensorflow as tf  # takes seconds: not before somebody asks for a model
        self._constant = tf.constant
        try:
            self.folder = _find(folder, tf.io.gfile)
            self._model = tf.saved_model.load(self.folder, tags=[TAG])
            self._signature = self._model.signatures[SIGNATURE]
            self.predict(np.zeros((1, *IMAGE_SHAPE), np.float32))
        except UserError:
            raise
        except Exception as error:  # of many kinds: it depends on which byte of a file is wrong
            raise UserError(f"the model in {folder} cannot be loaded, or does not take `image` and "
                            f"give `classes` and `predictions` in its signature {SIGNATURE}: "
                            f"{reason(error)}") from None

    def predict(self, images):
        """Read digits.

        Args:
          images: float32 [n, 28, 28], values 0 to 1.

        Returns:
          classes: int64 [n], the most probable digits.
          predictions: float32 [n, 10], the probabilities of the digits 0 to 9.
        """
        results = self._signature(image=self._constant(images))
        return results["classes"].numpy(), results["predictions"].numpy()


class Batches:
    """Predicts for all requests that are waiting at once.

    Attributes:
      images: int, how many are waiting.
    """

    def __init__(self, model):
        """Answer with what `model.predict` says, as `prediction.ServedModel` has it."""
        self._model = model
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "prediction")
        with threads_without_signals():  # it starts with its first task
            self._thread.submit(int).result()
        self._waiting, self._is_working = collections.deque(), False
        self.images = 0

    async def predict(self, images):
        """The classes and predictions (see `ServedModel.predict`) for the images of a request."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((images, answer))
        self.images += len(images)
        if not self._is_working:
            self._is_working = True
            self._work = asyncio.create_task(self._predict_all())
        return await answer

    async def _predict_all(self):
        while self._waiting:
            batch, count = [], 0
            while self._waiting and count + len(self._waiting[0][0]) <= BATCH_LIMIT:
                batch.append(self._waiting.popleft())
                count += len(batch[-1][0])
            IMAGES.observe(count)
            try:
                classes, predictions = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._model.predict, np.concatenate([each for each, _ in batch]))
            except Exception as error:
                for _, answer in batch:
                    answer.set_exception(error)
            else:
                end = 0
                for images, answer in batch:
                    start, end = end, end + len(images)
                    answer.set_result((classes[start:end], predictions[start:end]))
            self.images -= count
        self._is_working = False


def check_folder(folder):
    """Raise `UserError` where there is no model in a folder, if that can be told without
    TensorFlow, which takes seconds to import.
    """
    if not local_path(folder).startswith(BUCKETS):
        _find(folder, _LocalFiles)


class _LocalFiles:
    """What `_find` needs of tf.io.gfile."""

    exists, isdir, listdir = os.path.exists, os.path.isdir, os.listdir


def _find(folder, files):
    """The folder of the SavedModel itself: the highest version in `folder`, or `folder`."""
    folder = local_path(folder)

    def holds_model(path):
        return files.exists(os.path.join(path, "saved_model.pb"))

    names = [name.rstrip("/") for name in files.listdir(folder)] if files.isdir(folder) else []
    versions = [name for name in names if name.isdecimal()
                and holds_model(os.path.join(folder, name))]
    if versions:
        return os.path.join(folder, max(versions, key=int))
    if holds_model(folder):
        return folder
    raise UserError(f"there is no exported model in {folder}: name the folder that python -m "
                    f"cloud.trainer has exported to, or that of a saved_model.pb")
