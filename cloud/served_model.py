"""The exported network, loaded from its SavedModel and ready to answer."""

import os

import numpy as np

from common.errors import UserError

IMAGE_SHAPE = (28, 28)
NUM_CLASSES = 10
SIGNATURE, TAG = "serving_default", "serve"
BUCKETS_DIR = "/gcs"  # where Vertex AI and the Cloud Storage CSI driver mount the buckets


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
            model = tf.saved_model.load(self.folder, tags=[TAG])
        except (tf.errors.OpError, OSError, RuntimeError) as error:
            raise UserError(f"the model in {folder} cannot be loaded: {error}") from None
        if SIGNATURE not in model.signatures:
            raise UserError(f"the model in {folder} has no signature {SIGNATURE}")
        self._model = model  # a signature alone does not keep its variables alive
        self._signature = model.signatures[SIGNATURE]
        wanted = [name for name in ("classes", "predictions")
                  if name not in self._signature.structured_outputs]
        if list(self._signature.structured_input_signature[1]) != ["image"] or wanted:
            raise UserError(f"the model in {folder} should take `image` and give `classes` and "
                            f"`predictions`")
        self.predict(np.zeros((1, *IMAGE_SHAPE), np.float32))

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


def local_path(folder):
    """The path of a gs:// folder below /gcs where its bucket is mounted; others stay as they are.
    """
    if not folder.startswith("gs://"):
        return folder
    bucket, _, path = folder.removeprefix("gs://").partition("/")
    mounted = os.path.join(BUCKETS_DIR, bucket)
    return os.path.join(mounted, path) if os.path.isdir(mounted) else folder


def check(folder):
    """Raise `UserError` where there is no model in a folder, if that can be told without
    TensorFlow, which takes seconds to import.
    """
    if not local_path(folder).startswith("gs://"):
        _find(folder, _LocalFiles)


class _LocalFiles:
    """What `_find` needs of tf.io.gfile."""

    exists, isdir, listdir = os.path.exists, os.path.isdir, os.listdir


def _find(folder, files):
    """The folder of the SavedModel itself: `folder`, or the highest version in it."""
    folder = local_path(folder)

    def holds_model(path):
        return files.exists(os.path.join(path, "saved_model.pb"))

    if holds_model(folder):
        return folder
    names = [name.rstrip("/") for name in files.listdir(folder)] if files.isdir(folder) else []
    versions = [name for name in names if name.isdecimal()
                and holds_model(os.path.join(folder, name))]
    if not versions:
        raise UserError(f"there is no exported model in {folder}: name the folder of "
                        f"saved_model.pb, as python -m cloud.trainer writes it")
    return os.path.join(folder, max(versions, key=int))
