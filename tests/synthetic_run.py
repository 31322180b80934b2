"""A run without TensorFlow, to test the dashboard with: a "network" that gets better by itself.

PYTHONPATH=. python tests/synthetic_run.py OPTIONS [MILLISECONDS AN ITERATION]
"""

import argparse
import json
import sys
import time

import numpy as np

from common import terminal
from common.dashboard import Dashboard

CLASSES = np.eye(10, dtype=np.float32)


def digits(random, count):
    """Pictures of nothing much, float32 [count, 28, 28, 1], and their labels, one-hot."""
    labels = random.integers(0, 10, count)
    images = np.zeros((count, 28, 28, 1), np.float32)
    for image, label in zip(images, labels):
        image[4 + 2 * label:6 + 2 * label, 4:24] = 1  # a bar: the lower, the larger the digit
    return images, CLASSES[labels]


def predictions_of(random, labels, accuracy):
    """Probabilities that are right for about the share `accuracy` of the labels."""
    wrong = random.random(len(labels)) > accuracy
    computed = np.where(wrong, labels.argmax(1) + 1, labels.argmax(1)) % 10
    return 0.8 * CLASSES[computed] + 0.02


def main():
    terminal.end_clearly()
    options = argparse.Namespace(**json.loads(sys.argv[1]))
    pause = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0
    random = np.random.default_rng(0)
    test_images, test_labels = digits(random, 2000)
    weights, biases = random.normal(size=(784, 10)), np.zeros(10)

    dashboard = Dashboard(options, num_examples=60_000)
    for i in dashboard.loop(1000):
        images, labels = digits(random, 100)
        if dashboard.wants_train(i):
            predictions = predictions_of(random, labels, 1 - 0.9 * np.exp(-i / 200))
            accuracy = np.mean(predictions.argmax(1) == labels.argmax(1))
            dashboard.show_train(i, accuracy, 100 - 100 * accuracy, images, predictions, labels,
                                 [weights], [biases], learning_rate=0.003)
        if dashboard.wants_test(i):
            predictions = predictions_of(random, test_labels, 1 - 0.9 * np.exp(-i / 200))
            accuracy = np.mean(predictions.argmax(1) == test_labels.argmax(1))
            dashboard.show_test(i, accuracy, 100 - 100 * accuracy, test_images, predictions,
                                test_labels)
        weights += 0.01 * random.normal(size=weights.shape)
        biases += 0.01 * random.normal(size=biases.shape)
        time.sleep(pause)
    dashboard.finish()


if __name__ == "__main__":
    main()
