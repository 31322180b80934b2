"""The stages themselves: the session, placeholders and training step that their scripts build.

A stage runs once with no iterations; then its own variables are here under their names.
"""

import pathlib
import runpy
import sys

import harness
import numpy as np


class Trainer:
    def __init__(self, network, seed):
        (script,) = pathlib.Path(__file__).resolve().parents[2].glob(f"mnist_{network}_*.py")
        sys.argv = [str(script), "--text", "--iterations", "0", "--seed", str(seed)]
        self.stage = runpy.run_path(str(script))
        self.iterations = 0

    def feed(self, data, images, **named):
        """What the stage feeds, `data`, with other images."""
        values = {self.stage[name]: value for name, value in named.items() if name in self.stage}
        return data | {self.stage["X"]: images} | values

    def prepare(self, batches):
        first, self.iterations = self.iterations, self.iterations + len(batches)
        return [self.feed(self.stage["train_data"], images, step=i,
                          Y_=np.eye(10, dtype=np.float32)[labels])
                for i, (images, labels) in enumerate(batches, first)]

    def run(self, prepared):
        run, train_step = self.stage["sess"].run, self.stage["train_step"]
        for train_data in prepared:
            run(train_step, feed_dict=train_data)

    def read(self, images):
        data = {name: value for name, value in self.stage["test_data"].items()
                if name is not self.stage["Y_"]}
        return self.stage["sess"].run(self.stage["Y"], self.feed(data, images)).argmax(axis=1)


if __name__ == "__main__":
    harness.main(Trainer)
