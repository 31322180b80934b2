"""Run a script as its user would, but on a dashboard and in a session that look at the clock.

The other programs start it, through `shared.run_script`:

    python benchmarks/timed_run.py NOTES STARTED MARK SCRIPT [options of the script]

The file NOTES gets what was seen, as JSON. STARTED is the moment at which this process was started,
in seconds of time.monotonic(). The first test whose accuracy is above MARK ends the run.
"""

import json
import pathlib
import runpy
import sys
import time

# What a script is at until its training loop begins, and in each iteration: load a batch, look at
# it, test, show that, train; "loop" is what lies between.
START = "python", "tensorflow", "data", "graph", "session", "dashboard"
LOOP = "load", "look", "test", "show", "step", "loop"


class Clock:
    """What a run has spent its time on.

    Attributes:
      seconds: a dictionary, floats by the names of `START` and `LOOP`, and "end".
      at: str, what the script is at.
      before_steps: a copy of `seconds`, from the end of the first training step.
      steps: a list of float, the seconds of each training step.
      tests: a list of (iteration, accuracy, loss, seconds of the loop without looks and shows).
      misread: a dictionary from the numbers of the test digits misread last to the computed digits.
      iteration: int, the latest.
    """

    def __init__(self, started):
        self.seconds = dict.fromkeys((*START, *LOOP, "end"), 0.0)
        self.at, self._since = START[0], started
        self.before_steps, self.steps, self.iteration = self.seconds, [], 0
        self.tests, self.misread = [], {}

    def begin(self, activity):
        """Note that the script goes over to something else; returns the seconds before that."""
        now = time.monotonic()
        passed = now - self._since
        self.seconds[self.at] += passed
        self.at, self._since = activity, now
        return passed

    def end_step(self):
        """Note that a training step is done."""
        self.steps.append(self.begin("loop"))
        if len(self.steps) == 1:
            self.before_steps = dict(self.seconds)

    def end_test(self, i, accuracy, loss, predictions, labels):
        """Note what a test gave."""
        self.begin("show")
        seconds = sum(self.seconds[name] for name in ("load", "test", "step", "loop"))
        self.tests.append((i, float(accuracy), float(loss), seconds))
        computed = predictions.argmax(axis=1)
        (wrong,) = (computed != labels.argmax(axis=1)).nonzero()
        self.misread = {str(number): int(computed[number]) for number in wrong}

    def notes(self):
        """What `shared.run_script` returns, but for the seconds of the whole process."""
        start = {part: self.seconds[part] for part in START}
        start["first step"] = sum(self.before_steps[name] for name in LOOP)
        loop = {name: self.seconds[name] - self.before_steps[name] for name in LOOP}
        return {"start": start, "loop": loop, "steps": self.steps, "tests": self.tests,
                "misread": self.misread, "iterations": self.iteration,
                "megabytes": peak_megabytes()}


def timed_dashboard(kind, clock, mark):
    """A class of dashboards like `kind`; the loop ends when a test is above `mark`."""
    class TimedDashboard(kind):
        def loop(self, iterations):
            clock.begin("dashboard")
            for clock.iteration in super().loop(iterations):
                clock.begin("load")
                yield clock.iteration
                clock.begin("loop")
                if clock.tests and clock.tests[-1][1] > mark:
                    break
            clock.begin("end")

        def wants_train(self, i):
            wanted = super().wants_train(i)
            clock.begin("look" if wanted else "loop")
            return wanted

        def wants_test(self, i):
            wanted = super().wants_test(i)
            clock.begin("test" if wanted else "loop")
            return wanted

        def show_train(self, *arguments, **named):
            clock.begin("show")
            super().show_train(*arguments, **named)
            clock.begin("loop")

        def show_test(self, i, accuracy, loss, images, predictions, labels):
            clock.end_test(i, accuracy, loss, predictions, labels)
            super().show_test(i, accuracy, loss, images, predictions, labels)
            clock.begin("loop")

    return TimedDashboard


def time_sessions(clock):
    """Have TensorFlow's sessions time each training step: a call that fetches an operation."""
    import tensorflow as tf

    kind = tf.compat.v1.Session.__base__  # of interactive sessions, too
    run = kind.run

    def timed_run(session, fetches, *arguments, **named):
        if clock.at == "graph":  # it is complete before it is first run
            clock.begin("session")
        if clock.at not in LOOP or not isinstance(fetches, tf.Operation):
            return run(session, fetches, *arguments, **named)
        clock.begin("step")
        result = run(session, fetches, *arguments, **named)
        clock.end_step()
        return result

    kind.run = timed_run


def put_clock(clock, mark):
    """Put what looks at the clock in place of what a script imports from common/."""
    from common import command_line, dashboard, mnist_data

    start, read_data_sets = command_line.start, mnist_data.read_data_sets

    def timed_start(*arguments, **named):
        clock.begin("tensorflow")
        options = start(*arguments, **named)
        time_sessions(clock)
        return options

    def timed_read(*arguments, **named):
        clock.begin("data")
        mnist = read_data_sets(*arguments, **named)
        clock.begin("graph")
        return mnist

    command_line.start, mnist_data.read_data_sets = timed_start, timed_read
    dashboard.Dashboard = timed_dashboard(dashboard.Dashboard, clock, mark)


def peak_megabytes():
    """The most memory that this process has held, in MB (10**6 bytes), float; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main():
    """Run the script, write the notes."""
    notes, started, mark, script, *options = sys.argv[1:]
    folder, here = pathlib.Path(script).resolve().parent, pathlib.Path(__file__).resolve().parent
    sys.path[0] = next(str(place) for place in (folder, folder.parent, here.parent)
                       if (place / "common").is_dir())
    sys.argv = [script, *options]
    clock = Clock(float(started))
    put_clock(clock, float(mark))
    runpy.run_path(script, run_name="__main__")
    pathlib.Path(notes).write_text(json.dumps(clock.notes()), encoding="utf-8")


if __name__ == "__main__":
    main()
