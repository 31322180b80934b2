"""Run a whole stage as its user would, and note when it gets where. Started by speed.py:

    python benchmarks/timed_run.py NOTES MNIST_SCRIPT [options of the script]

The stage's own statements are executed one after the other. What is added are looks at the clock:
after each of them, and in the loop wherever another activity begins, some eight in an iteration.
"""

import time

PYTHON_IS_UP = time.monotonic()

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402


class Activities:
    """How many seconds of the loop go into what, from the end of the first training step on.

    Attributes:
      first_step: when that was, seconds of time.monotonic(); None before.
      seconds: a dictionary of float, for each of `stage_code.ACTIVITIES`.
    """

    def __init__(self, names):
        self.first_step = None
        self.seconds = dict.fromkeys(names, 0.0)
        self._present, self._since = None, None

    def begin(self, name):
        """Note that an activity begins, which ends the one before."""
        now = time.monotonic()
        if self.first_step is not None:
            self.seconds[self._present] += now - self._since
        elif self._present == "train":
            self.first_step = now
        self._present, self._since = name, now


def main():
    """Run the stage; write the times into the file NOTES, in seconds of time.monotonic()."""
    folder = os.path.dirname(os.path.abspath(__file__))
    notes_file, path, *arguments = sys.argv[1:]
    sys.path[0] = os.path.dirname(folder)  # has benchmarks/ and, as for the stage, common/
    from benchmarks import memory, stage_code

    with open(path, encoding="utf-8") as file:
        stage = stage_code.take_apart(file.read(), path)
    sys.argv = [path, *arguments]
    notes = {"python_is_up": PYTHON_IS_UP, "sections": [["taken apart", time.monotonic()]]}
    activities = Activities(stage_code.ACTIVITIES)
    namespace = {"__name__": "__main__", "__file__": path, "__doc__": stage.docstring,
                 "_begin": activities.begin}
    for section, code in stage.before:
        exec(code, namespace)
        notes["sections"].append([section, time.monotonic()])
    exec(stage.loop, namespace)
    activities.begin(None)
    notes["loop_is_over"] = time.monotonic()
    exec(stage.after, namespace)
    notes |= {"finished": time.monotonic(), "first_step": activities.first_step,
              "activities": activities.seconds,
              "megabytes": memory.peak_megabytes()}
    dashboard, last = namespace["dashboard"], namespace["i"]
    after_first = range(1, last + 1)
    notes |= {"last": last, "tests": sum(map(dashboard.wants_test, after_first)),
              "measures": sum(map(dashboard.wants_train, after_first))}
    with open(notes_file, "w", encoding="utf-8") as file:
        json.dump(notes, file)


if __name__ == "__main__":
    main()
