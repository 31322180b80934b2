"""The script's side of writing digits: tells the window what the network makes of them."""

import time

import numpy as np

from common.mnist_data import IMAGE_SHAPE

ANSWER_EVERY = 0.3  # seconds between two looks at a digit while the network trains


def read_digit(classify, image):
    """What a network makes of one digit.

    Args:
      classify: a function, as `Dashboard` takes it.
      image: uint8 [28, 28], ink from 0 to 255.

    Returns:
      float32 [10], the probability of each digit.
    """
    (probabilities,) = classify(image[np.newaxis, :, :, np.newaxis].astype(np.float32) / 255)
    return np.asarray(probabilities, np.float32)


class Answerer:
    """Has the network read what the user of a window writes."""

    def __init__(self, window, classify):
        """Answer a `WindowProcess` with the function `classify`, as `Dashboard` takes it, or None.
        """
        self._window, self._classify = window, classify
        self._answered = None  # the drawing that was read last
        self._next_time = 0.0

    @property
    def is_asked(self):
        """Whether there is a drawing that has not been read yet."""
        return self._window.drawing is not self._answered

    def answer(self, is_training):
        """Read the drawing if it is new; while the network is training, from time to time anyway.
        """
        drawing = self._window.drawing
        is_due = is_training and drawing is not None and time.monotonic() >= self._next_time
        if not (self.is_asked or is_due):
            return
        self._answered, self._next_time = drawing, time.monotonic() + ANSWER_EVERY
        if drawing is not None and self._classify is not None:
            image = np.frombuffer(drawing, np.uint8).reshape(IMAGE_SHAPE)
            self._window.send({"answer": (drawing, read_digit(self._classify, image))})

    def wait(self, condition):
        """Answer until `condition()` is true or the window is gone."""
        while not (condition() or self._window.is_over):
            self._window.wait(lambda: condition() or self._window.is_over or self.is_asked)
            self.answer(is_training=False)
