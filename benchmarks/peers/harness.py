"""How every peer is measured; each file beside this one says only how its library trains a network.

    python benchmarks/peers/jax_jit.py 2.1 --steps 600
    python benchmarks/peers/jax_jit.py 2.1 --to-mark 0.98

The batches come from this project's loader, so they are the same, in the same order, for all. The
last line that is printed is a JSON text.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # has common/

from common.mnist_data import read_data_sets

NETWORKS = "1.0", "2.1", "2.2", "3.1"  # as the stages that have them
BATCH = 100
TEST_EVERY = 100  # iterations, as in the stages
CHUNK = 1000      # test digits at once; the stages take 2,500


def main(make_trainer, **variants):
    """Measure a peer, as the command line asks.

    Args:
      make_trainer: a function of the network's name, the seed and the chosen variants, which
        gives an object with the methods
          prepare(batches): from a list of (images, labels), float32 [100, 28, 28, 1] and uint8
            [100] each, to whatever `run` takes;
          run(prepared): train, one step for each batch; return when the last one is done;
          read(images): the digits (int [n]) that it sees in some images, float32 [n, 28, 28, 1].
        It may have a method train_to(mark, mnist, most), which replaces the function of that
        name below.
      **variants: names of options that may be switched on, with their help.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=600, help="training steps to measure")
    parser.add_argument("--to-mark", type=float, help="train until the test accuracy is above it")
    parser.add_argument("--most", type=int, default=10_000, help="give up after so many steps")
    for name, text in variants.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    options = parser.parse_args()

    mnist = read_data_sets(reshape=False, validation_size=0, seed=options.seed)
    trainer = make_trainer(options.network, options.seed,
                           **{name: getattr(options, name) for name in variants})
    if options.to_mark is None:
        results = measure_steps(trainer, mnist, options.steps)
    else:
        results = measure_way(trainer, mnist, options.to_mark, options.most)
    print(json.dumps(results))


def measure_steps(trainer, mnist, steps):
    """Measure training steps on batches that are ready, after as many to warm up.

    Args:
      trainer: see `main`.
      mnist: the data sets.
      steps: int.

    Returns:
      A dictionary: step, milliseconds, float; compiling, seconds that warming up took longer.
    """
    prepared = trainer.prepare([mnist.train.next_batch(BATCH) for _ in range(steps)])
    moments = [time.perf_counter()]
    for _ in range(2):
        trainer.run(prepared)
        moments.append(time.perf_counter())
    warm_up, seconds = np.diff(moments).tolist()
    return {"step": 1000 * seconds / steps, "compiling": max(0.0, warm_up - seconds)}


def measure_way(trainer, mnist, mark, most):
    """Measure the way to a mark, with all that takes time on it.

    Args:
      trainer: see `main`.
      mnist: the data sets.
      mark: float, a test accuracy.
      most: int, the iterations after which to give up.

    Returns:
      A dictionary: seconds, float, and iterations, int, both None where the mark was not reached;
      accuracy, float, the last one.
    """
    mnist.test.images  # noqa: B018 converted now, not while the clock runs
    start = time.perf_counter()
    if hasattr(trainer, "train_to"):
        accuracy, iterations = trainer.train_to(mark, mnist, most)
    else:
        accuracy, iterations = train_to(trainer, mark, mnist, most)
    seconds = time.perf_counter() - start
    reached = accuracy > mark
    return {"seconds": seconds if reached else None,
            "iterations": iterations if reached else None, "accuracy": accuracy}


def train_to(trainer, mark, mnist, most):
    """Train until the test accuracy is above a mark.

    Args:
      trainer, mark, mnist, most: as for `measure_way`.

    Returns:
      The latest test accuracy (float) and how many iterations were done (int).
    """
    iterations = 0
    while (accuracy := test(trainer, mnist)) <= mark and iterations < most:
        number = min(TEST_EVERY, most - iterations)
        trainer.run(trainer.prepare([mnist.train.next_batch(BATCH) for _ in range(number)]))
        iterations += number
    return accuracy, iterations


def test(trainer, mnist):
    """The share of the test digits that a trainer reads correctly, float."""
    images, labels = mnist.test.images, mnist.test.labels
    right = 0
    for start in range(0, len(images), CHUNK):
        chunk = slice(start, start + CHUNK)
        right += int(np.sum(np.asarray(trainer.read(images[chunk])) == labels[chunk]))
    return right / len(images)
