"""Writing a trained network as a SavedModel, which servers load without this code."""

import tensorflow as tf

from cloud.trainer.network import Network
from common.clean_exit import UserError, reason


def export(network, hyperparameters, folder):
    """Write a SavedModel: tag "serve", signature "serving_default".

    Its input is `image`, float32 [n, 28, 28], values 0 to 1; its outputs are `classes`,
    int64 [n], the digits, and `predictions`, float32 [n, 10], the probability of each digit.

    Args:
      network: the trained `Network`, with variables on however many devices.
      hyperparameters: its `Hyperparameters`.
      folder: str, made if there is none; files of an older export in it are replaced.

    Raises:
      UserError: it cannot be written.
    """
    served = Network(hyperparameters, seed=0)  # variables of its own, on no device in particular
    for own, trained in zip(served.variables, network.variables):
        own.assign(trained.numpy())

    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.float32, name="image")])
    def predict(image):
        predictions = tf.nn.softmax(served.logits(image))
        return {"classes": tf.argmax(predictions, 1), "predictions": predictions}

    try:
        tf.saved_model.save(served, folder, signatures={"serving_default": predict})
    except (OSError, tf.errors.OpError) as error:
        raise UserError(f"--model-dir: nothing can be written to {folder} "
                        f"({reason(error)})") from error
