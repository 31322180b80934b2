"""Run a script as its user would, and note what it reaches and when. The benchmarks start it:

    python benchmarks/timed_run.py NOTES SCRIPT [options of the script]

The script runs unchanged, on a dashboard and a session that look at the clock. The file NOTES gets
what they saw, as JSON.
"""

import argparse
import functools
import json
import pathlib
import runpy
import sys
import time

# What an iteration consists of: load a batch, look at it, test, show that, train; and the loop.
ACTIVITIES = "load", "look", "test", "show", "step", "loop"
READY = 100  # batches on which to repeat the training step; more would only cost memory


class Notes:
    """What is noted of a run.

    Attributes:
      marks: a dictionary, when parts of the start-up were over, seconds of time.monotonic().
      seconds: a dictionary, how many the loop has spent on each of `ACTIVITIES`.
      at_first_step: a copy of it, from the end of the first training step.
      tests: a list of (iteration, accuracy, loss, seconds of the loop without looks and shows).
      steps: a list of the first training steps, functions that repeat them.
      iteration: int, the latest.
    """

    def __init__(self, ready):
        """Note a run, and keep that many steps."""
        self._ready = ready
        self.marks = {}
        self.seconds = dict.fromkeys(ACTIVITIES, 0.0)
        self.at_first_step, self.tests, self.steps, self.iteration = None, [], [], 0
        self._activity, self._since = None, None

    @property
    def is_in_loop(self):
        """Whether the training loop runs."""
        return self._activity is not None

    def mark(self, part):
        """Note that a part of the start-up is over."""
        self.marks[part] = time.monotonic()

    def begin(self, activity):
        """Note that another activity begins; None after the loop."""
        moment = time.monotonic()
        if self._activity is not None:
            self.seconds[self._activity] += moment - self._since
        self._activity, self._since = activity, moment

    def end_step(self, repeat):
        """Note that a training step is over; `repeat` is a function that repeats it."""
        self.begin("loop")
        if len(self.steps) < self._ready:
            self.steps.append(repeat)
        if self.at_first_step is None:
            self.mark("first step")
            self.at_first_step = dict(self.seconds)

    def end_test(self, i, accuracy, loss):
        """Note what a test gave."""
        self.begin("show")
        seconds = sum(self.seconds[name] for name in ("load", "test", "step", "loop"))
        self.tests.append((i, float(accuracy), float(loss), seconds))


def time_dashboard(kind, notes, mark):
    """A Dashboard like `kind`, that notes; it ends the loop when a test is above `mark`."""
    class TimedDashboard(kind):
        def loop(self, iterations):
            notes.mark("session")
            for i in super().loop(iterations):
                if not notes.is_in_loop:
                    notes.mark("dashboard")
                notes.iteration = i
                notes.begin("load")
                yield i
                notes.begin("loop")
                if notes.tests and notes.tests[-1][1] > mark:
                    break
            notes.begin(None)

        def wants_train(self, i):
            wanted = super().wants_train(i)
            notes.begin("look" if wanted else "loop")
            return wanted

        def wants_test(self, i):
            wanted = super().wants_test(i)
            notes.begin("test" if wanted else "loop")
            return wanted

        def show_train(self, *arguments, **named):
            notes.begin("show")
            super().show_train(*arguments, **named)
            notes.begin("loop")

        def show_test(self, i, accuracy, loss, *arguments, **named):
            notes.end_test(i, accuracy, loss)
            super().show_test(i, accuracy, loss, *arguments, **named)
            notes.begin("loop")

    return TimedDashboard


def time_sessions(notes):
    """Have TensorFlow's sessions note each training step: it is what fetches an operation."""
    import tensorflow as tf

    kind = tf.compat.v1.Session.__base__  # that of interactive sessions, too
    run = kind.run

    def timed_run(session, fetches, *arguments, **named):
        notes.marks.setdefault("graph", time.monotonic())  # it is there before it is first run
        if not (notes.is_in_loop and isinstance(fetches, tf.Operation)):
            return run(session, fetches, *arguments, **named)
        notes.begin("step")
        result = run(session, fetches, *arguments, **named)
        notes.end_step(functools.partial(run, session, fetches, *arguments, **named))
        return result

    kind.run = timed_run


def watch(notes, mark):
    """Put what notes in place of what the script is about to import from common/."""
    from common import command_line, dashboard, mnist_data

    start, read_data_sets = command_line.start, mnist_data.read_data_sets

    def noting_start(*arguments, **named):
        notes.mark("python")
        options = start(*arguments, **named)
        notes.mark("tensorflow")
        time_sessions(notes)
        return options

    def noting_read(*arguments, **named):
        mnist = read_data_sets(*arguments, **named)
        notes.mark("data")
        return mnist

    command_line.start, mnist_data.read_data_sets = noting_start, noting_read
    dashboard.Dashboard = time_dashboard(dashboard.Dashboard, notes, mark)


def repeat(steps, number):
    """Milliseconds (float) of a training step: the mean of `number`, after as many to warm up."""
    for _ in range(2):
        start = time.perf_counter()
        for i in range(number):
            steps[i % len(steps)]()
        seconds = time.perf_counter() - start
    return 1000 * seconds / number


def peak_megabytes():
    """The most memory that this process has held, in MB (10**6 bytes), float; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main():
    """Read the options, run the script, write the notes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", metavar="N", type=int, default=0,
                        help="afterwards, repeat the first training steps until there are N")
    parser.add_argument("--stop-above", metavar="ACCURACY", type=float, default=1.0,
                        help="end the run when a test's accuracy is above it")
    parser.add_argument("notes")
    parser.add_argument("script", type=pathlib.Path)
    parser.add_argument("script_options", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    folder = options.script.resolve().parent
    sys.argv = [str(options.script), *options.script_options]
    sys.path[0] = str(folder if (folder / "common").is_dir() else folder.parent)
    notes = Notes(READY if options.repeat else 0)
    watch(notes, options.stop_above)
    runpy.run_path(str(options.script), run_name="__main__")
    over = time.monotonic()
    first = notes.at_first_step or notes.seconds
    pathlib.Path(options.notes).write_text(json.dumps({
        "marks": notes.marks, "over": over, "iterations": notes.iteration, "tests": notes.tests,
        "loop": {name: notes.seconds[name] - first[name] for name in ACTIVITIES},
        "processor seconds": time.process_time(), "megabytes": peak_megabytes(),
        "step": repeat(notes.steps, options.repeat) if options.repeat else None}),
        encoding="utf-8")


if __name__ == "__main__":
    main()
