"""Measure the same networks in other libraries, beside the stages.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py                          in full: this takes a while
    python benchmarks/peers.py --rounds 1 --steps 50 --no-mark --only 1.0

Each round goes through the networks; for each one the stage and every peer are measured in turn, in
processes of their own, on the CPU, with the same number of threads. The stage is measured through
its own code (probe.py): all of it before the training loop is executed as it stands, then its
training step, again and again, on batches that are ready. The peers get the same batches in the
same order (peer_harness.py). What takes longer the first time (compiling) is left out of the
milliseconds a step, but not out of the seconds to the mark. Peers that are not installed are
skipped.

Beside them is the arithmetic bound: see arithmetic.py.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import sys
import time
from dataclasses import dataclass

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import machine, processes, results_file, scripts, tables
from benchmarks.summary import median_and_range, significant, summarise
from common import clean_exit, text_output
from common.arguments import above_zero

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "peers.json"
NETWORKS = "1.0", "2.1", "2.2", "3.1"
PACKAGES = "tensorflow", "keras", "torch", "jax", "optax", "numpy"
STAGE = "the stage: a TensorFlow session"
BOUND = "arithmetic bound"
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "2"}
RATES = """\
import json
from benchmarks import arithmetic
print(json.dumps(arithmetic.measure_rates()))
"""


@dataclass(frozen=True)
class Peer:
    """Another library, and how it is used.

    Attributes:
      name: str.
      needs: a tuple of str, the modules that it needs.
      file: str, its program in peers/.
      options: a tuple of str, for that program.
      networks: the names of the networks that it can train.
    """

    name: str
    needs: tuple
    file: str
    options: tuple = ()
    networks: tuple = NETWORKS

    @property
    def missing(self):
        """The modules that are not installed, a list of str."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


PEERS = [
    Peer("Keras, model.fit", ("keras", "tensorflow"), "keras_fit.py"),
    Peer("PyTorch, eager", ("torch",), "pytorch_eager.py"),
    Peer("PyTorch, eager, channels last", ("torch",), "pytorch_eager.py", ("--channels-last",),
         ("3.1",)),
    Peer("PyTorch, compiled", ("torch",), "pytorch_compiled.py"),
    Peer("PyTorch, compiled, channels last", ("torch",), "pytorch_compiled.py",
         ("--channels-last",), ("3.1",)),
    Peer("JAX, jit", ("jax", "optax"), "jax_jit.py"),
]


def contestants(network, peers):
    """Who is measured on a network, a list: None for the stage itself, then peers."""
    return [None, *(peer for peer in peers if network in peer.networks)]


def command_of(peer, script, arguments):
    """The command that measures a peer, or the stage where `peer` is None, a list.

    Args:
      peer: a `Peer` or None.
      script: the `scripts.Script` of the network.
      arguments: a list, common to both.
    """
    if peer is None:
        return [FOLDER / "probe.py", script.path, *arguments]
    return [FOLDER / "peers" / peer.file, script.name, *peer.options, *arguments]


def measure(peer, script, options, to_mark):
    """Measure a peer, or the stage where `peer` is None.

    Args:
      peer, script: as for `command_of`.
      options: those of the command line.
      to_mark: bool, train to the codelab's mark; otherwise measure steps.

    Returns:
      A dictionary that json can write.

    Raises:
      ProcessFailed: it did not work.
    """
    name = peer.name if peer else STAGE
    if to_mark:
        arguments = ["--to-mark", script.mark, "--most", min(options.most, script.iterations)]
    elif peer is None:
        arguments = ["--steps", options.steps, "--warm-up", options.steps, "--tests", 1]
    else:
        arguments = ["--steps", options.steps, "--blocks", 1]
    load = machine.load()
    printed, _, _ = processes.run(f"{name}, network {script.name}",
                                  command_of(peer, script, arguments), ON_CPU, options.threads)
    results = json.loads(printed.splitlines()[-1])
    wanted = (("seconds", "iterations", "accuracy") if to_mark
              else ("step", "compiling", "multiply_adds"))
    return {"network": script.name, "who": name, "load": load,
            **{key: significant(value) if isinstance(value, float) else value
               for key, value in results.items() if key in wanted}}


def measure_rates(threads):
    """What `arithmetic.measure_rates` gives, in a process of its own with so many threads."""
    printed, _, _ = processes.run("the product of matrices", ["-c", RATES],
                                  ON_CPU | {"PYTHONPATH": str(FOLDER.parent)}, threads)
    return {name: significant(rate, 4) for name, rate in json.loads(printed).items()}


def best_rates(one, other):
    """The larger rate of each size: two dictionaries as of `measure_rates`; the first may be empty.

    A bound is what the machine can do at its best.
    """
    return {name: max(rate, one.get(name, 0.0)) for name, rate in other.items()}


def bounds(steps, rates):
    """The least time of a training step, by its arithmetic alone.

    Args:
      steps: a list of dictionaries, what `measure` returned.
      rates: a dictionary of float, billions of multiply-adds a second.

    Returns:
      A dictionary: milliseconds (float) for each network.
    """
    return {entry["network"]: entry["multiply_adds"] / max(rates.values()) / 1e6
            for entry in steps if "multiply_adds" in entry}


def step_table(steps, bound):
    """Milliseconds a step, a table in markdown: who by network.

    Args:
      steps: a list of dictionaries, what `measure` returned.
      bound: a dictionary, what `bounds` returned.
    """
    values = _by_who_and_network(steps, "step")
    networks = [name for name in NETWORKS if any(name in row for row in values.values())]
    rows = [[who, *(median_and_range(row[name], 2) if name in row else "–" for name in networks)]
            for who, row in values.items()]
    ratios = []
    for name in networks:
        peers = [row[name]["median"] for who, row in values.items() if who != STAGE and name in row]
        stage = values.get(STAGE, {}).get(name)
        ratios.append(f"{stage['median'] / min(peers):.2f}" if peers and stage else "–")
    rows.append(["the stage ÷ the fastest peer", *ratios])
    rows.append([BOUND, *(f"{bound[name]:.2f}" if name in bound else "–" for name in networks)])
    return tables.markdown(["milliseconds a step", *(f">{name}" for name in networks)], rows)


def mark_table(marks):
    """Seconds to the codelab's mark, a table in markdown: who by network."""
    cells, networks = {}, []
    for entry in marks:
        text = "not reached"
        if entry["seconds"] is not None:
            text = f"{entry['seconds']:.1f} ({entry['iterations']:,})"
        cells.setdefault(entry["who"], {}).setdefault(entry["network"], []).append(text)
        if entry["network"] not in networks:
            networks.append(entry["network"])
    return tables.markdown(
        ["seconds (iterations) to the mark",
         *(f">{name}: {scripts.MARKS[name][0]:g}" for name in networks)],
        [[who, *("; ".join(row.get(name, ["–"])) for name in networks)]
         for who, row in cells.items()])


def _by_who_and_network(entries, key):
    values = {}
    for entry in entries:
        values.setdefault(entry["who"], {}).setdefault(entry["network"], []).append(entry[key])
    return {who: {network: summarise(numbers) for network, numbers in row.items()}
            for who, row in values.items()}


def main():
    """Read the options, measure, print the tables."""
    clean_exit.install()
    parser = _parser()
    options = parser.parse_args()
    if options.threads is not None and not processes.can_limit_cpus():
        parser.error("--threads: this system cannot keep a program to some of the processors")
    by_name = {script.name: script for script in scripts.stages()}
    results_file.check(options.results)
    networks = scripts.choose([by_name[name] for name in NETWORKS], options.only)
    peers = [peer for peer in PEERS if not options.peers
             or any(peer.name.lower().startswith(name.lower()) for name in options.peers)]
    for peer in peers:
        if peer.missing:
            print(f"{peer.name}: skipped, {' and '.join(peer.missing)} not installed")
    peers = [peer for peer in peers if not peer.missing]

    on = machine.describe(PACKAGES)
    if options.threads is not None:
        on["threads"] = min(options.threads, on["threads"])
    print(machine.in_words(on), flush=True)
    results = {"measured by": machine.command("benchmarks/peers.py"), "date": machine.now(),
               "machine": on, "steps in a block": options.steps, "rates": {}, "bounds": {},
               "failed": {}, "steps": [], "marks": []}
    jobs = [(network, peer, False) for _ in range(options.rounds)
            for network in networks for peer in contestants(network.name, peers)]
    if not options.no_mark:
        jobs += [(network, peer, True) for network in networks
                 for peer in contestants(network.name, peers)]
    status, began = text_output.StatusLine(), time.monotonic()
    for done, (network, peer, to_mark) in enumerate(jobs):
        if jobs[done] == jobs[0]:  # a round begins
            status.show("measuring products of matrices")
            results["rates"] = best_rates(results["rates"], measure_rates(options.threads))
        who = peer.name if peer else STAGE
        if who in results["failed"]:
            continue
        left = text_output.seconds_left(done, len(jobs), time.monotonic() - began)
        status.show(f"measurement {done + 1} of {len(jobs)}: {network.name}, {who}"
                    + ("" if left is None else f"; about {text_output.hours(left)} left"))
        try:
            entry = measure(peer, network, options, to_mark)
        except processes.ProcessFailed as error:
            if peer is None:
                raise
            results["failed"][who] = str(error)
            status.clear()
            print(f"{error}: left out", file=sys.stderr, flush=True)
            continue
        results["marks" if to_mark else "steps"].append(entry)
        results["bounds"] = {name: significant(value) for name, value
                             in bounds(results["steps"], results["rates"]).items()}
        results_file.write(options.results, results)
        status.clear()
        told = f"{entry['step']:.2f} ms a step" if not to_mark else (
            f"accuracy {entry['accuracy']:.4f}" + (
                f" in {entry['seconds']:.1f} s, {entry['iterations']:,} iterations"
                if entry["seconds"] is not None else ", mark not reached"))
        print(f"{done + 1:3d}/{len(jobs)}  {network.name}  {who}: {told}; load {entry['load']}",
              flush=True)
    _report(options, results)


def _report(options, results):
    steps = step_table(results["steps"], results["bounds"])
    marks = mark_table(results["marks"]) if results["marks"] else ""
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in results["rates"].items())
    rates = f"Products of matrices, billions of multiply-adds a second: {rates}."
    print(f"\n{steps}\n\n{rates}\n\n{marks}\n\nresults in {options.results}")
    if pathlib.Path(options.results).resolve() == RESULTS:
        when = (f"Medians of {options.rounds} rounds (least–largest) of "
                + machine.origin(results["measured by"], results["date"], results["machine"]))
        tables.fill("peers", f"{steps}\n\n{rates} {when}")
        if marks:
            tables.fill("marks", marks)


def _parser():
    parser = argparse.ArgumentParser(
        usage="python benchmarks/peers.py [options]", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=3,
                        help="measure the steps N times, in turn (default: 3)")
    parser.add_argument("--steps", metavar="N", type=above_zero, default=600,
                        help="training steps in a measurement, after as many to warm up "
                             "(default: 600, an epoch)")
    parser.add_argument("--only", metavar="NAME", nargs="+",
                        help=f"only these networks, of {', '.join(NETWORKS)}")
    parser.add_argument("--peers", metavar="NAME", nargs="+",
                        help="only peers whose names begin so: jax, keras, 'pytorch, eager'")
    parser.add_argument("--no-mark", action="store_true", help="do not train to the mark")
    parser.add_argument("--most", metavar="N", type=above_zero, default=10_000,
                        help="on the way to the mark, give up after N iterations")
    parser.add_argument("--threads", metavar="N", type=above_zero,
                        help="keep everyone to N processors (Linux; default: all)")
    parser.add_argument("--results", metavar="FILE", default=str(RESULTS),
                        help="keep the results there (default: benchmarks/peers.json)")
    return parser


if __name__ == "__main__":
    main()
