"""Profile the training step of a stage. Started by profiles.py:

    python benchmarks/profile_stage.py MNIST_SCRIPT --steps 200

All of the stage before its training loop is executed as it stands, then its training step on
batches that are ready. The last line printed is a JSON text.
"""

import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import stage_code
from benchmarks.kinds import Kinds

READY = 100  # batches; more would only cost memory


def kind_of(operation):
    """Which of `kinds.NAMES` a TensorFlow operation is of: its type (str), as in "_MklMatMul"."""
    if "MatMul" in operation:
        return "products"
    if "ResourceApply" in operation:
        return "optimizer"
    if "Random" in operation:
        return "random numbers"
    return "all else"


def main():
    """Read the options, measure, print the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("script")
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    with open(options.script, encoding="utf-8") as file:
        stage = stage_code.take_apart(file.read(), options.script)
    sys.argv = [options.script, "--text"]
    namespace = {"__name__": "__main__", "__file__": options.script, "__doc__": stage.docstring}
    for _, code in stage.before:
        exec(code, namespace)
    tf, sess, train_step = (namespace[name] for name in ("tf", "sess", "train_step"))
    with sess.graph.as_default():
        nothing = tf.no_op()
    batches = []
    for i in range(READY):
        namespace["i"] = i
        exec(stage.load, namespace)
        batches.append(namespace["train_data"])

    def median_time(operation):
        times = []
        for number in range(2 * options.steps):  # the first half warms up
            start = time.perf_counter()
            sess.run(operation, batches[number % READY])
            times.append(time.perf_counter() - start)
        return 1000 * sorted(times[options.steps:])[options.steps // 2]

    kinds = Kinds()
    step, empty = median_time(train_step), median_time(nothing)
    trace = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    for number in range(options.steps):
        told = tf.RunMetadata()
        sess.run(train_step, batches[number % READY], options=trace, run_metadata=told)
        for device in told.step_stats.dev_stats:
            for node in device.node_stats:
                # A label is "name = type(inputs)".
                operation = node.timeline_label.partition(" = ")[2].partition("(")[0]
                kinds.add(kind_of(operation), node.op_end_rel_micros - node.op_start_rel_micros)
    print(json.dumps({"step": step, "empty": empty, **kinds.a_step(options.steps)}))


if __name__ == "__main__":
    main()
