"""How every peer is measured; each file beside this one says only how its library trains a network.

    python benchmarks/peers/jax_jit.py 2.1 --steps 600

The batches come from this project's loader, so they are the same, in the same order, for all. The
last line that is printed is a JSON text.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # has common/

from common.mnist_data import read_data_sets

NETWORKS = "1.0", "2.1", "2.2", "3.1"  # as the stages that have them
BATCH = 100
SEED = 0
CHUNK = 1000  # test digits at once


def main(make_trainer, **variants):
    """Measure a peer, as the command line asks.

    Args:
      make_trainer: a function of the network's name, the seed and the chosen variants, which
        gives an object with the methods
          prepare(batches): from a list of (images, labels), float32 [100, 28, 28, 1] and uint8
            [100] each, to whatever `run` takes;
          run(prepared): train, one step for each batch; return when the last one is done;
          read(images): the digits (int [n]) that it sees in some images, float32 [n, 28, 28, 1].
      **variants: names of options that may be switched on, with their help.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--steps", type=int, default=600, help="training steps to measure")
    for name, text in variants.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    options = parser.parse_args()

    mnist = read_data_sets(reshape=False, validation_size=0, seed=SEED)
    with contextlib.redirect_stdout(sys.stderr):  # a stage prints
        trainer = make_trainer(options.network, SEED,
                               **{name: getattr(options, name) for name in variants})
    print(json.dumps(measure(trainer, mnist, options.steps)))


def measure(trainer, mnist, steps):
    """Measure training steps on batches that are ready, after as many to warm up.

    Args:
      trainer: see `main`.
      mnist: the data sets.
      steps: int.

    Returns:
      A dictionary: step, milliseconds, float; compiling, seconds that warming up took longer;
      accuracy, the share of the test digits that the network reads after these steps.
    """
    prepared = trainer.prepare([mnist.train.next_batch(BATCH) for _ in range(steps)])
    moments = [time.perf_counter()]
    for _ in range(2):
        trainer.run(prepared)
        moments.append(time.perf_counter())
    warm_up, seconds = np.diff(moments).tolist()
    return {"step": 1000 * seconds / steps, "compiling": max(0.0, warm_up - seconds),
            "accuracy": test(trainer, mnist)}


def test(trainer, mnist):
    """The share of the test digits that a trainer reads correctly, float."""
    images, labels = mnist.test.images, mnist.test.labels
    right = 0
    for start in range(0, len(images), CHUNK):
        chunk = slice(start, start + CHUNK)
        right += int(np.sum(np.asarray(trainer.read(images[chunk])) == labels[chunk]))
    return right / len(images)
