"""Run a script as its user would, and look at the clock meanwhile.

The other programs start it, through `scripts.run_script`:

    python benchmarks/timed_run.py NOTES STARTED SCRIPT [options of the script]

The file NOTES gets what was seen, as JSON. STARTED is the moment at which this process was started,
in seconds of time.monotonic().
"""

import functools
import json
import pathlib
import runpy
import sys
import time


class Watch:
    """What is seen of a run.

    Attributes:
      seconds: a dictionary, what loading batches, training steps and tests have taken since the end
        of the first training step.
      first_step_done: that moment, in seconds of time.monotonic(); None before.
      notes: a dictionary, as `scripts.run_script` returns it.
      last_test: the predictions and labels of the latest test, two arrays [10000, 10].
    """

    def __init__(self):
        self.first_step_done = self.last_test = None
        self.seconds = dict.fromkeys(("load", "step", "test"), 0.0)
        self.notes = {"tests": [], "misread": {}}

    def timed(self, activity, function):
        """A function that does what another one does, and whose time is noted."""
        @functools.wraps(function)
        def timed_function(*arguments, **named):
            began = time.monotonic()
            result = function(*arguments, **named)
            ended = time.monotonic()
            if self.first_step_done is not None:
                self.seconds[activity] += ended - began
            elif activity == "step":
                self.first_step_done = ended
            return result

        return timed_function

    def dashboard(self, kind):
        """A class of dashboards like `kind`, which note what is tested, and when the loop ends."""
        class WatchedDashboard(kind):
            def loop(dashboard, iterations):
                self.watch_sessions()
                for i in super().loop(iterations):
                    yield i
                self.notes["iterations"], loop = i, time.monotonic() - self.first_step_done
                self.notes["loop"] = self.seconds | {"rest": loop - sum(self.seconds.values())}
                computed, correct = (rows.argmax(axis=1) for rows in self.last_test)
                (wrong,) = (computed != correct).nonzero()
                self.notes["misread"] = {str(number): int(computed[number]) for number in wrong}

            def show_test(dashboard, i, accuracy, loss, images, predictions, labels):
                self.notes["tests"].append((i, float(accuracy), float(loss)))
                self.last_test = predictions, labels  # looked at when the loop is over, untimed
                super().show_test(i, accuracy, loss, images, predictions, labels)

        return WatchedDashboard

    def watch_sessions(self):
        """Time each training step of TensorFlow's sessions: a call that fetches an operation."""
        import tensorflow as tf

        kind = tf.compat.v1.Session.__base__  # of interactive sessions, too
        run, timed_run = kind.run, self.timed("step", kind.run)
        kind.run = lambda session, fetches, *arguments, **named: (
            timed_run if isinstance(fetches, tf.Operation) else run)(
                session, fetches, *arguments, **named)


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
    notes, started, script, *options = sys.argv[1:]
    folder, here = pathlib.Path(script).resolve().parent, pathlib.Path(__file__).resolve().parent
    sys.path[0] = next(str(place) for place in (folder, folder.parent, here.parent)
                       if (place / "common").is_dir())
    sys.argv = [script, *options]

    from common import dashboard, mnist_data, network
    watch = Watch()
    mnist_data.DataSet.next_batch = watch.timed("load", mnist_data.DataSet.next_batch)
    network.run_in_chunks = watch.timed("test", network.run_in_chunks)
    dashboard.Dashboard = watch.dashboard(dashboard.Dashboard)
    runpy.run_path(script, run_name="__main__")
    seen = watch.notes | {"start": watch.first_step_done - float(started),
                          "megabytes": peak_megabytes()}
    pathlib.Path(notes).write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
