"""Measure the prediction server: requests a second, latencies, memory.

    python benchmarks/cloud_server.py --model-dir cloud_output/model
    python benchmarks/cloud_server.py --before ../older       another clone's server, in turn

The client is the program wrk (Debian and Ubuntu: apt install wrk), which takes little of the cores
that it shares with the server. Each of its connections sends the next request when the answer to
the one before is there.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from common import mnist_data
from common.options import PROJECT, whole_number
from common.terminal import UserError, end_clearly

BATCHES = (1, 32)
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}


@contextlib.contextmanager
def server(folder, model_dir):
    """Start the server of a clone; gives its process and its port (str) once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cloud.server", "--model-dir", model_dir, "--port", "0"],
        cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if port := re.search(r"serving .*:(\d+)/", line):
                yield process, port[1]
                return
        raise UserError(f"the server has not started: {''.join(lines).strip()}")
    finally:
        process.kill()
        process.wait()


def script_for_wrk(batch, folder):
    """Write a request of so many digits, and what has wrk send it; gives the script's path."""
    images = mnist_data.read_data_sets(mnist_data.DEFAULT_DIR).test.images[:batch]
    images = images.reshape(-1, 28, 28).round(3).astype(float).round(3)
    pathlib.Path(folder, "body").write_text(json.dumps({"instances": images.tolist()}))
    script = pathlib.Path(folder, "post.lua")
    script.write_text(f'wrk.method = "POST"\nwrk.body = io.open("{folder}/body"):read("*a")\n')
    return str(script)


def load(port, script, clients, seconds):
    """Ask for some time; gives requests a second, p50 and p99 in ms, and how many were not 200."""
    text = subprocess.run(
        ["wrk", "--latency", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", script,
         f"http://127.0.0.1:{port}/predict"], check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec: +([\d.]+)", text)[1])
    percentiles = (re.search(rf" {percent}% +([\d.]+)(\w+)", text) for percent in (50, 99))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return (rate, *(float(found[1]) * MILLISECONDS[found[2]] for found in percentiles),
            int(refused[1]) if refused else 0)


def memory(process):
    """The resident memory of a process in MB (float)."""
    size = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], capture_output=True,
                          text=True, check=True).stdout
    return int(size) / 1024


def main():
    """Measure, and print a table."""
    end_clearly()
    parser = argparse.ArgumentParser(
        prog="python benchmarks/cloud_server.py",
        description="Measure the prediction server: requests a second, latencies, memory.")
    parser.add_argument("--model-dir", metavar="DIR", default="cloud_output/model",
                        help="the exported model (default: cloud_output/model)")
    parser.add_argument("--before", metavar="FOLDER", help="ask the server of the project's clone "
                        "in FOLDER, too")
    for flag, default, what in (("--clients", 16, "how many ask at once"),
                                ("--seconds", 10, "how long to ask, each time"),
                                ("--rounds", 3, "measure everything N times, in turn")):
        parser.add_argument(flag, metavar="N", type=whole_number(1, 10_000), default=default,
                            help=f"{what} (default: {default})")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise UserError("this needs the program wrk (Debian and Ubuntu: apt install wrk)")

    folders = [folder for folder in (options.before, str(PROJECT)) if folder]
    model_dir, found = os.path.abspath(options.model_dir), {}
    with tempfile.TemporaryDirectory() as place:
        for number in range(options.rounds):
            for folder in folders:
                with server(folder, model_dir) as (process, port):
                    for batch in BATCHES:
                        script = script_for_wrk(batch, place)
                        load(port, script, options.clients, 2)  # caches, allocators
                        row = (*load(port, script, options.clients, options.seconds),
                               memory(process))
                        found.setdefault((folder, batch), []).append(row)
                        print(f"round {number + 1} of {options.rounds}: {folder}, {batch} digits, "
                              f"{row[0]:,.0f} requests/s", flush=True)
    print("\n| server in | digits a request | requests/s | p50 | p99 | not 200 | memory |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    for (folder, batch), rows in found.items():
        rate, median, late, _, size = map(statistics.median, zip(*rows))
        print(f"| {folder} | {batch} | {rate:,.0f} | {median:.1f} ms | {late:.1f} ms | "
              f"{sum(row[3] for row in rows)} | {size:.0f} MB |")


if __name__ == "__main__":
    main()
