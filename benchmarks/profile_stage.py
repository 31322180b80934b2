"""Profile the training step of a stage. Started by profiles.py:

    python benchmarks/profile_stage.py MNIST_SCRIPT --steps 200

All of the stage before its training loop is executed as it stands, then its training step on
batches that are ready. The last line printed is a JSON text.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import stage_code
from benchmarks.kinds import Kinds, median_time
from benchmarks.stage_code import READY


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
    stage, namespace = stage_code.start(options.script, ["--text"])
    tf, sess, train_step = (namespace[name] for name in ("tf", "sess", "train_step"))
    with sess.graph.as_default():
        nothing = tf.no_op()
    batches = [stage_code.load(stage, namespace, i) for i in range(READY)]

    def time_of(operation):
        return median_time(lambda number: sess.run(operation, batches[number % READY]),
                           options.steps)

    step, empty, kinds = time_of(train_step), time_of(nothing), Kinds()
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
