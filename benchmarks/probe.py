"""Measure a stage's own lines, without the rest of the run. Started by speed.py and peers.py:

    python benchmarks/probe.py MNIST_SCRIPT --steps 500 --warm-up 50 --tests 2
    python benchmarks/probe.py MNIST_SCRIPT --to-mark 0.98 --most 10000

All of the stage before its training loop is executed as it stands; then the loop's lines are, on
batches that are ready: the training step alone, and so on. The last line printed is a JSON text.
"""

import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import arithmetic, memory, stage_code
from benchmarks.stage_code import READY


def main():
    """Read the options, measure, print the results."""
    options = _parser().parse_args()
    stage, namespace = stage_code.start(options.script, [
        "--text", "--seed", str(options.seed), "--iterations", str(options.most)])
    if options.to_mark is not None:
        results = train_to(options.to_mark, options.most, stage, namespace)
    else:
        results = measure_lines(options, stage, namespace)
    results["megabytes"] = memory.peak_megabytes()
    print(json.dumps(results))


def measure_lines(options, stage, namespace):
    """Measure what each line of the loop takes.

    Args:
      options: steps, warm_up and tests, int.
      stage: a `stage_code.StageCode`.
      namespace: a dictionary, the stage's after all that is before the loop.

    Returns:
      A dictionary of float: milliseconds of step, load, measure and test, each a mean; step_median,
      step_quartiles; and multiply_adds, int.
    """
    batches, load = [], 0.0
    for i in range(READY):
        start = time.perf_counter()
        batches.append(stage_code.load(stage, namespace, i))
        load += time.perf_counter() - start

    def run_steps(number):
        times = []
        for i in range(number):
            namespace["train_data"] = batches[i % READY]
            start = time.perf_counter()
            exec(stage.train, namespace)
            times.append(time.perf_counter() - start)
        return times

    def mean_time(code, number):
        exec(code, namespace)  # the first time takes longer
        start = time.perf_counter()
        for _ in range(number):
            exec(code, namespace)
        return (time.perf_counter() - start) / number

    run_steps(options.warm_up)
    steps = sorted(run_steps(options.steps))
    batch = len(namespace["batch_X"])
    layers = arithmetic.layers_of(namespace["sess"].graph)
    return {"step": 1000 * sum(steps) / len(steps),
            "step_median": 1000 * steps[len(steps) // 2],
            "step_quartiles": [1000 * steps[len(steps) // 4], 1000 * steps[len(steps) * 3 // 4]],
            "load": 1000 * load / READY,
            "measure": 1000 * mean_time(stage.measure, max(1, options.steps // 20)),
            "test": 1000 * mean_time(stage.test, options.tests),
            "multiply_adds": arithmetic.of_step(layers, batch)}


def train_to(mark, most, stage, namespace):
    """Train until a test's accuracy is above a mark; tested as often as in the stage.

    Args:
      mark: float.
      most: int, the iterations after which to give up.
      stage, namespace: as for `measure_lines`.

    Returns:
      A dictionary: seconds (float, with loading and tests) and iterations (int) to the mark, both
      None if it was not reached; accuracy, float, the latest.
    """
    wants_test = namespace["dashboard"].wants_test
    start = time.perf_counter()
    for i in range(most + 1):
        stage_code.load(stage, namespace, i)
        if wants_test(i):
            exec(stage.test, namespace)
            if namespace["a"] > mark:
                return {"seconds": time.perf_counter() - start, "iterations": i,
                        "accuracy": float(namespace["a"])}
        exec(stage.train, namespace)
    return {"seconds": None, "iterations": None, "accuracy": float(namespace["a"])}


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("script")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--warm-up", type=int, default=50)
    parser.add_argument("--tests", type=int, default=2)
    parser.add_argument("--to-mark", type=float)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
