"""Measure what a second worker brings: two, on a core each, against one process on one core.

    python benchmarks/cloud_workers.py

Three trainings are measured in turn: one process alone; one alone with half of the batch, which is
what each of two workers computes; and the two workers. What an iteration of theirs takes longer
than one of half a batch is what working together costs: both add up their gradients, over the
network interface of this machine, and the faster one waits for the other.

Rows of the chief's output are the clock. It tests on few digits for them, and saves nothing
meanwhile.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from cloud.trainer.cluster import on_this_machine
from common.options import PROJECT, whole_number
from common.terminal import UserError, end_clearly

BATCH = 100
ROWS = 10  # of a training; the first is the start of what is measured
KINDS = {"one process": (1, BATCH), "one process, half the batch": (1, BATCH // 2),
         "two workers": (2, BATCH)}


def start(folder, core, arguments, cluster):
    """Start a process of a training in a `Cluster` on one core; gives the subprocess."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "cloud.trainer", f"--dir={folder}", *map(str, arguments)],
        cwd=PROJECT, env=os.environ | cluster.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, [core]))


def measure(workers, batch, iterations, cores):
    """Train, and look at the clock when the first row and the last one appear.

    Args:
      workers: int, 1 or 2 processes.
      batch: int, digits in an iteration, over all workers.
      iterations: int.
      cores: a list of int, the numbers of the cores; a process gets one of them.

    Returns:
      Milliseconds of an iteration, float.

    Raises:
      UserError: a process failed.
    """
    row_every = iterations // ROWS
    arguments = ["--batch-size", batch, "--hp-iterations", iterations, "--test-every", row_every,
                 "--test-digits", 100, "--checkpoint-every", iterations]
    with tempfile.TemporaryDirectory() as folder:
        processes = []
        try:
            for core, cluster in zip(cores, on_this_machine(workers)):
                processes.append(start(folder, core, arguments, cluster))
            chief, *others = processes
            for other in others:  # what it says is not needed, but has to be taken
                threading.Thread(target=other.stdout.read, daemon=True).start()
            times, said = [], []
            for line in chief.stdout:
                said.append(line)
                if re.match(r" +[\d,]+ ", line):
                    times.append(time.perf_counter())
            for process in processes:
                if process.wait() != 0:
                    raise UserError(f"a training ended with status {process.returncode}: "
                                    f"{said[-1].strip()}")
        finally:
            for process in processes:
                process.kill()
                process.wait()
    return 1000 * (times[-1] - times[0]) / (len(times) - 1) / row_every


def main():
    """Measure, and print a table."""
    end_clearly()
    parser = argparse.ArgumentParser(
        prog="python benchmarks/cloud_workers.py",
        description="Measure what a second worker brings: two, on a core each, against one.")
    parser.add_argument("--rounds", metavar="N", type=whole_number(1, 1000), default=5,
                        help="measure everything N times, in turn (default: 5)")
    parser.add_argument("--iterations", metavar="N", type=whole_number(ROWS, 10**6),
                        default=1000, help="of each training (default: 1000)")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        raise UserError("this needs Linux, and two cores that this process may use")

    times = {kind: [] for kind in KINDS}
    for number in range(options.rounds):
        for kind, (workers, batch) in KINDS.items():
            times[kind].append(measure(workers, batch, options.iterations, cores))
            print(f"round {number + 1} of {options.rounds}: {kind}, {times[kind][-1]:.1f} ms",
                  flush=True)
    print(f"\n{'milliseconds an iteration':<28}  {'median':>6}  least to largest")
    for kind, values in times.items():
        print(f"{kind:<28}  {statistics.median(values):>6.1f}  "
              f"{min(values):.1f} to {max(values):.1f}")
    alone, half, both = map(statistics.median, times.values())
    print(f"\nthroughput of two workers: {alone / both:.2f} of one process's\n"
          f"working together: {both - half:.1f} of {both:.1f} ms")


if __name__ == "__main__":
    main()
