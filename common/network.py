"""A network in a TensorFlow session: to ask it, to look into it, to save and restore it.

The stages hand one to their `Dashboard`. The network itself is spelled out in the stage; what is
here teaches nothing about it.
"""

import json
import os
import re

from common.chunks import run_in_chunks
from common.clean_exit import UserError, reason

FILE = "network"  # the beginning of a checkpoint's file names; its iteration follows
PART_OF_A_LAYER = ("Add", "AddV2", "BiasAdd", "Relu")  # what may follow a convolution in it


class CheckpointError(UserError):
    """A checkpoint cannot be written or does not fit. The text says why and what to do."""


class Network:
    """What can be done with a network that is not training: for the dashboard.

    Attributes:
      num_examples: int, how many training examples there are; None where that is not known.
    """

    def __init__(self, sess, X, Y, train_set=None, feed=None):
        """Wrap a network; nothing is computed yet.

        Args:
          sess: its tf.Session.
          X: the placeholder for images, [None, 28, 28, 1] or [None, 784].
          Y: the probabilities, a tensor [None, 10].
          train_set: the `mnist_data.DataSet` whose batches train it: a checkpoint keeps the place
            in it, too. None for a network that will not be saved.
          feed: a dictionary, what else has to be fed to compute Y, for example {pkeep: 1}.
        """
        import tensorflow.compat.v1 as tf  # whoever has a session has waited for it already
        self._tf = tf
        self._sess, self._X, self._Y = sess, X, Y
        self._train_set, self._feed = train_set, feed or {}
        self.num_examples = train_set.num_examples if train_set is not None else None
        self._saver = None

    def classify(self, images):
        """Ask the network what digits it sees.

        Args:
          images: float [n, 28, 28, 1], values 0 to 1; n is above 0.

        Returns:
          float32 [n, 10], the probability of each digit.
        """
        (probabilities,) = run_in_chunks(self._sess, [self._Y], self._feed_for(images))
        return probabilities

    def convolutions(self, image):
        """Look into the convolutional layers, which are found in the graph.

        Args:
          image: float [28, 28, 1], values 0 to 1.

        Returns:
          A list, in the order of the graph, with two arrays for each convolution: its filters,
          float32 [height, width, channels in, channels out], and what its layer makes of the
          image, with bias and ReLU if they follow at once, float32 [height, width, channels out].
        """
        operations = [operation for operation in self._sess.graph.get_operations()
                      if operation.type == "Conv2D"]
        tensors = [(operation.inputs[1], _end_of_layer(operation.outputs[0]))
                   for operation in operations]
        values = self._sess.run(tensors, self._feed_for(image[None]))
        return [(filters, outputs[0]) for filters, outputs in values]

    def save(self, folder, notes):
        """Write a checkpoint; the one before is removed when the new one is complete.

        Args:
          folder: str, made if there is none.
          notes: a dictionary that json can write, to be kept with it; its "iteration" is an int.

        Raises:
          CheckpointError: it cannot be written.
        """
        prefix = os.path.join(folder, f"{FILE}-{notes['iteration']}")
        try:
            os.makedirs(folder, exist_ok=True)
            # The notes come first, so that whatever TensorFlow has written whole has its notes.
            with open(prefix + ".json", "w", encoding="utf-8") as file:
                json.dump(notes | {"train_set": self._train_set.place}, file)
            self._make_saver().save(self._sess, prefix, write_meta_graph=False)
            _remove_others(folder, os.path.basename(prefix))
        except (OSError, ValueError, self._tf.errors.OpError) as error:
            raise CheckpointError(f"--save: no checkpoint can be written to {folder} "
                                  f"({reason(error)})") from error

    def restore(self, folder, title):
        """Bring back what `save` has written: variables, the optimizer's state, place in the data.

        What is not in a checkpoint: the random numbers for dropout, which TensorFlow does not hand
        out. So a restored run with dropout drops other neurons than it would have.

        Args:
          folder: str.
          title: str, the "title" that the notes should have.

        Returns:
          The notes, a dictionary.

        Raises:
          CheckpointError: there is none, or it is damaged, or of another network.
        """
        prefix = self._tf.train.latest_checkpoint(folder)
        if prefix is None:
            raise CheckpointError(f"--restore: there is no checkpoint in {folder}; "
                                  f"--save {folder} puts one there")
        try:
            with open(prefix + ".json", encoding="utf-8") as file:
                notes = json.load(file)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"--restore: {prefix}.json cannot be read ({reason(error)})"
                                  ) from error
        if notes["title"] != title:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is one of "
                                  f"{notes['title']}, and this is {title}")
        try:
            if (different := self._find_difference(prefix)) is not None:
                raise CheckpointError(f"--restore: the checkpoint in {folder} does not fit this "
                                      f"network, whose {different} is another")
            self._make_saver().restore(self._sess, prefix)
        except self._tf.errors.OpError as error:
            raise CheckpointError(f"--restore: the checkpoint in {folder} is damaged "
                                  f"({reason(error)})") from error
        self._train_set.place = notes["train_set"]
        return notes

    def _find_difference(self, prefix):
        """The name of a variable that a checkpoint has with another shape or not at all, or None.

        TensorFlow itself would restore a variable of another shape without a word.
        """
        saved = self._tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
        with self._sess.graph.as_default():
            own = {v.op.name: v.shape.as_list() for v in self._tf.global_variables()}
        return next((name for name, shape in own.items() if saved.get(name) != shape), None)

    def _feed_for(self, images):
        shape = [-1, *self._X.shape.as_list()[1:]]
        return {self._X: images.reshape(shape), **self._feed}

    def _make_saver(self):
        if self._saver is None:
            with self._sess.graph.as_default():
                self._saver = self._tf.train.Saver(max_to_keep=1, save_relative_paths=True)
        return self._saver


def _end_of_layer(tensor):
    """The last tensor of the layer that begins with this one."""
    while True:
        following = [operation for operation in tensor.consumers()
                     if operation.type in PART_OF_A_LAYER]
        if len(following) != 1:
            return tensor
        (tensor,) = following[0].outputs


def _remove_others(folder, name):
    """Remove the files of all checkpoints but the one with this name."""
    for file in os.listdir(folder):
        other, _, _ = file.partition(".")
        if re.fullmatch(FILE + r"-\d+", other) and other != name:
            os.remove(os.path.join(folder, file))
