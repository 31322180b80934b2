"""Reporting the accuracy to a tuning service, in the file that Vertex AI's tuner reads.

It is the format of the package cloudml-hypertune: a line in JSON for each measurement, all values
but the time as texts. Its module is some twenty lines, unchanged for years and without a release
for current Pythons, so they are here instead.
"""

import json
import os
import time

from common.clean_exit import UserError

METRIC = "accuracy"  # the "metricId" in vertex/hptune.yaml
DEFAULT_FILE = "/tmp/hypertune/output.metrics"
FILE_VARIABLE, TRIAL_VARIABLE = "CLOUD_ML_HP_METRIC_FILE", "CLOUD_ML_TRIAL_ID"


class TuningMetric:
    """The measurements of one trial, which start with this process."""

    def __init__(self, environment):
        """Read where to report from a mapping such as os.environ; nothing is written yet."""
        self._asked_for = FILE_VARIABLE in environment
        self._path = environment.get(FILE_VARIABLE) or DEFAULT_FILE
        self._trial = environment.get(TRIAL_VARIABLE, "0")
        self._lines = []

    def report(self, accuracy, step, checkpoint=""):
        """Add a measurement.

        Args:
          accuracy: float, 0 to 1, on test digits.
          step: int, the iteration.
          checkpoint: str, the path of the checkpoint measured, or "".

        Raises:
          UserError: the file that the environment names cannot be written.
        """
        self._lines.append(json.dumps({
            "timestamp": time.time(), "trial": self._trial, METRIC: str(float(accuracy)),
            "global_step": str(step), "checkpoint_path": checkpoint}, sort_keys=True))
        try:
            os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
            with open(self._path, "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in self._lines))
        except OSError as error:
            if self._asked_for:  # otherwise no tuner is there that would miss it
                raise UserError(f"{FILE_VARIABLE}: {self._path} cannot be written "
                                f"({error.strerror})") from None
