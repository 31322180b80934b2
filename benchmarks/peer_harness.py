"""How every peer is measured; each file in peers/ says only how its library trains a network.

    python benchmarks/peers/jax_jit.py 2.1 --steps 600 --blocks 2
    python benchmarks/peers/jax_jit.py 2.1 --to-mark 0.98

The batches come from this project's loader, so they are the same, in the same order, for all. The
last line that is printed is a JSON text.
"""

import argparse
import json
import time

import numpy as np

from common.mnist_data import read_data_sets

NETWORKS = "1.0", "2.1", "2.2", "3.1"  # as the stages that have them
BATCH = 100
TEST_EVERY = 100  # iterations, as in the stages
CHUNK = 1000      # test digits at once; the stages take 2,500
SEED = 0


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
    parser.add_argument("--steps", type=int, default=600, help="training steps in a block")
    parser.add_argument("--blocks", type=int, default=2, help="blocks that are measured")
    parser.add_argument("--to-mark", type=float, help="train until the test accuracy is above it")
    parser.add_argument("--most", type=int, default=10_000, help="give up after so many steps")
    for name, text in variants.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    options = parser.parse_args()

    mnist = read_data_sets("data", reshape=False, validation_size=0, seed=SEED)
    trainer = make_trainer(options.network, SEED,
                           **{name: getattr(options, name) for name in variants})
    if options.to_mark is None:
        results = measure_steps(trainer, mnist, options.steps, options.blocks)
    else:
        mnist.test.images  # noqa: B018 converted now, not while the clock runs
        train = getattr(trainer, "train_to", None)
        start = time.perf_counter()
        accuracy, iterations = (train(options.to_mark, mnist, options.most) if train
                                else train_to(trainer, options.to_mark, mnist, options.most))
        reached = accuracy > options.to_mark
        results = {"seconds": time.perf_counter() - start if reached else None,
                   "iterations": iterations if reached else None, "accuracy": accuracy}
    print(json.dumps(results))


def measure_steps(trainer, mnist, steps, blocks):
    """Measure training steps on batches that are ready.

    Args:
      trainer: see `main`.
      mnist: the data sets.
      steps, blocks: int; the best of the blocks would flatter, so all of them count.

    Returns:
      A dictionary: step, milliseconds, float; compiling, seconds that the first block took longer.
    """
    batches = [mnist.train.next_batch(BATCH) for _ in range(steps)]
    prepared = trainer.prepare(batches)

    def run():
        start = time.perf_counter()
        trainer.run(prepared)
        return time.perf_counter() - start

    first = run()
    seconds = sum(run() for _ in range(blocks)) / blocks
    return {"step": 1000 * seconds / steps, "compiling": max(0.0, first - seconds)}


def train_to(trainer, mark, mnist, most):
    """Train until the test accuracy is above a mark: all that takes time is in it.

    Args:
      trainer: see `main`.
      mark: float.
      mnist: the data sets.
      most: int, the iterations after which to give up.

    Returns:
      The latest test accuracy (float) and how many iterations were done (int).
    """
    iterations = 0
    while True:
        accuracy = test(trainer.read, mnist)
        if accuracy > mark or iterations >= most:
            return accuracy, iterations
        number = min(TEST_EVERY, most - iterations)
        trainer.run(trainer.prepare([mnist.train.next_batch(BATCH) for _ in range(number)]))
        iterations += number


def test(read, mnist):
    """The share of the test digits that are read correctly, float.

    Args:
      read: a function from images, float32 [n, 28, 28, 1], to digits, int [n].
      mnist: the data sets.
    """
    images, labels = mnist.test.images, mnist.test.labels
    right = 0
    for start in range(0, len(images), CHUNK):
        chunk = slice(start, start + CHUNK)
        right += int(np.sum(np.asarray(read(images[chunk])) == labels[chunk]))
    return right / len(images)
