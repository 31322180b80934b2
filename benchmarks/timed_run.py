"""Run a whole stage as its user would, and note when it gets where. Started by speed.py:

    python benchmarks/timed_run.py NOTES MNIST_SCRIPT [options of the script]

The stage's own statements are executed one after the other. What is added is a look at the clock
after each of them, and a call of an empty function in each iteration.
"""

import time

PYTHON_IS_UP = time.monotonic()

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402


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
    first_step = []

    def stepped():
        if not first_step:
            first_step.append(time.monotonic())

    namespace = {"__name__": "__main__", "__file__": path, "__doc__": stage.docstring,
                 "_stepped": stepped}
    for section, code in stage.before:
        exec(code, namespace)
        notes["sections"].append([section, time.monotonic()])
    exec(stage.loop, namespace)
    notes["loop_is_over"] = time.monotonic()
    exec(stage.after, namespace)
    notes |= {"finished": time.monotonic(), "first_step": first_step[0],
              "megabytes": memory.peak_megabytes()}
    dashboard, last = namespace["dashboard"], namespace["i"]
    after_first = range(1, last + 1)
    notes |= {"last": last, "tests": sum(map(dashboard.wants_test, after_first)),
              "measures": sum(map(dashboard.wants_train, after_first))}
    with open(notes_file, "w", encoding="utf-8") as file:
        json.dump(notes, file)


if __name__ == "__main__":
    main()
