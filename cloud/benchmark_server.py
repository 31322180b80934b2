"""Measures the prediction server: requests a second, latencies, memory.

    python -m cloud.benchmark_server --model-dir cloud_output/model

It starts a server on a free port and asks it from 16 clients at once, each on a connection of its
own that it keeps. The clients run on the same machine, in one more process, and take their share
of its cores; they do not read the answers' JSON.
"""

import argparse
import collections
import concurrent.futures
import http.client
import json
import re
import subprocess
import sys
import time

import numpy as np

from common import mnist_data
from common.options import PROJECT
from common.terminal import UserError, end_clearly

BATCHES = (1, 32)
ANSWER_SECONDS = 60

Result = collections.namedtuple("Result", ["seconds", "latencies", "statuses"])


def start_server(model_dir):
    """Start a server; gives its process and its port (int) once it is ready."""
    server = subprocess.Popen(
        [sys.executable, "-m", "cloud.server", "--model-dir", model_dir, "--port", "0"],
        cwd=PROJECT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in server.stderr:
        lines.append(line)
        if port := re.search(r"serving .*:(\d+)/", line):
            return server, int(port[1])
    server.wait()
    raise UserError(f"the server has not started: {''.join(lines).strip()}")


def bodies(batch):
    """Requests (bytes) for ever other digits, `batch` (int) in each."""
    images = mnist_data.read_data_sets(mnist_data.DEFAULT_DIR).test.images[:100 * batch]
    images = images.reshape(-1, batch, 28, 28).round(3).astype(float).round(3)
    return [json.dumps({"instances": some.tolist()}).encode() for some in images]


def load(port, requests, clients, seconds):
    """Send requests from many clients at once.

    Args:
      port: int, of the server on this machine.
      requests: a list of bytes.
      clients: int.
      seconds: float, how long to go on.

    Returns:
      A `Result`: how long it took, the seconds of each request, and a Counter of the statuses.
    """
    end = time.perf_counter() + seconds

    def client(number):
        latencies, statuses = [], collections.Counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
        while (begin := time.perf_counter()) < end:
            body = requests[(number * 7 + len(latencies)) % len(requests)]
            connection.request("POST", "/predict", body)
            answer = connection.getresponse()
            answer.read()
            latencies.append(time.perf_counter() - begin)
            statuses[answer.status] += 1
        connection.close()
        return latencies, statuses

    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(client, range(clients)))
    return Result(time.perf_counter() - begin,
                  np.concatenate([latencies for latencies, _ in results]),
                  sum((statuses for _, statuses in results), collections.Counter()))


def memory(process):
    """The resident memory of a process in MB (float), or nan where `ps` does not tell."""
    try:
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], timeout=10,
                              capture_output=True, text=True, check=True).stdout
        return int(size) / 1024
    except (OSError, ValueError, subprocess.SubprocessError):
        return float("nan")


def main():
    """Measure, and print a table."""
    end_clearly()
    parser = argparse.ArgumentParser(
        prog="python -m cloud.benchmark_server", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--model-dir", metavar="DIR", default="cloud_output/model",
                        help="the exported model (default: cloud_output/model)")
    parser.add_argument("--clients", metavar="N", type=int, default=16,
                        help="how many ask at once (default: 16)")
    parser.add_argument("--seconds", metavar="S", type=float, default=20,
                        help="how long to ask, for each size of batch (default: 20)")
    options = parser.parse_args()
    if options.clients < 1 or not options.seconds > 0:
        parser.error("--clients and --seconds should be above 0")

    server, port = start_server(options.model_dir)
    try:
        print(f"{options.clients} clients, {options.seconds:g} s each\n\n"
              "batch  requests  requests/s  digits/s  p50 ms  p99 ms  not 200  "
              "memory before  after", flush=True)
        for batch in BATCHES:
            requests = bodies(batch)
            load(port, requests, options.clients, options.seconds / 10)  # caches, allocators
            before = memory(server)
            result = load(port, requests, options.clients, options.seconds)
            count = len(result.latencies)
            median, late = np.percentile(result.latencies, [50, 99]) * 1000
            print(f"{batch:>5}  {count:>8,}  {count / result.seconds:>10.1f}  "
                  f"{count * batch / result.seconds:>8.0f}  {median:>6.1f}  {late:>6.1f}  "
                  f"{count - result.statuses[200]:>7}  {before:>10.1f} MB  "
                  f"{memory(server):.1f} MB", flush=True)
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
