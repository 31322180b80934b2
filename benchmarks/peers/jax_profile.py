"""Profile the training step of a network in JAX. Started by profiles.py:

    python benchmarks/peers/jax_profile.py 2.1 --steps 200

JAX's own profiler tells when each part of the compiled program ran; the program's text tells what
each part is for. The last line printed is a JSON text.
"""

import argparse
import glob
import json
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import jax
import jax_jit

from benchmarks.kinds import Kinds, median_time
from benchmarks.stage_code import READY
from common.mnist_data import read_data_sets


def kind_of(name, source):
    """Which of `kinds.NAMES` a part of the compiled program is of.

    Args:
      name: str, the part's own, as in "dot.3" or "multiply_add_fusion".
      source: str, where in the program it is from, as in "jit(train_step)/jvp()/dot_general".
        Losses and gradients have "jvp" in it; what is outside of them is the optimizer.
    """
    if name.startswith("dot") or "dot_general" in source:
        return "products"
    if re.search("bernoulli|uniform|threefry", source):
        return "random numbers"
    return "all else" if "jvp" in source else "optimizer"


def parts_of(program):
    """The parts of a compiled program that are executed one by one, a dictionary: kind by name."""
    parts = {}
    for line in program[program.index("\nENTRY"):].splitlines():
        part = re.match(r'\s+(?:ROOT )?%?([\w.-]+) = .*op_name="([^"]*)"', line)
        if part:
            parts[part[1]] = kind_of(*part.groups())
    return parts


def main():
    """Read the options, measure, print the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("network")
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    mnist = read_data_sets("data", reshape=False, validation_size=0, seed=0)
    trainer = jax_jit.Trainer(options.network, 0)
    ready = trainer.prepare([mnist.train.next_batch(100) for _ in range(READY)])
    batches = [ready[number % READY] for number in range(options.steps)]

    trainer.run(batches)
    start = time.perf_counter()
    trainer.run(batches)
    step = 1000 * (time.perf_counter() - start) / options.steps

    arguments = trainer.parameters, trainer.state, *ready[0], trainer.key
    nothing = jax.jit(lambda parameters, state, images, labels, key: (parameters, state, key))
    empty = median_time(lambda _: jax.block_until_ready(nothing(*arguments)), options.steps)

    parts = parts_of(trainer.train_step.lower(*arguments).compile().as_text())
    kinds = Kinds()
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            trainer.run(batches)
        (file,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        for plane in jax.profiler.ProfileData.from_file(file).planes:
            for line in plane.lines:
                for event in line.events:
                    if event.name in parts:
                        kinds.add(parts[event.name], event.duration_ns / 1000)
    print(json.dumps({"step": step, "empty": empty, **kinds.a_step(options.steps)}))


if __name__ == "__main__":
    main()
