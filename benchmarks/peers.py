"""Measure the same networks in other libraries, beside the stages.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py                          in full: this takes a while
    python benchmarks/peers.py --rounds 1 --steps 50 --seeds 0 --only 1.0

Each round goes through the networks; for each one the stage and every peer are measured in turn, in
processes of their own, on the CPU, the peers with one thread and with all. The stage runs for a
hundred iterations, then its training step is repeated on its first hundred batches; the peers get
batches in the same order, and theirs are ready, too. What takes longer the first time (compiling)
is left out of the milliseconds a step, but not out of the seconds to the mark. On the way there,
each peer has the number of threads with which its steps were faster. Peers that are not installed
are skipped.
"""

import functools
import importlib.util
import json
import os
import statistics
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import processes, shared, tables
from common.errors import end_clearly
from common.options import above_zero, whole_number

PEERS_FOLDER = shared.FOLDER / "peers"
NETWORKS = "1.0", "2.1", "2.2", "3.1"
PACKAGES = "tensorflow", "keras", "torch", "jax", "optax", "numpy"
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow",
          "TF_CPP_MIN_LOG_LEVEL": "2"}
# Each library has a name of its own for the number of threads: PyTorch and numpy, TensorFlow, JAX.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
           "TF_NUM_INTEROP_THREADS", "NPROC", "PJRT_NPROC")


@dataclass(frozen=True)
class Peer:
    """Another library, and how it is used.

    name: str.
    needs: a tuple of str, the modules that it needs.
    command: a tuple of str, its program in peers/ and options for it.
    networks: the names of the networks that it can train.
    """

    name: str
    needs: tuple
    command: tuple
    networks: tuple = NETWORKS

    @property
    def missing(self):
        """The modules that are not installed, a list of str."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


PEERS = [
    Peer("Keras, model.fit", ("keras", "tensorflow"), ("keras_fit.py",)),
    Peer("PyTorch, eager", ("torch",), ("pytorch.py",)),
    Peer("PyTorch, eager, channels last", ("torch",), ("pytorch.py", "--channels-last"), ("3.1",)),
    Peer("PyTorch, compiled", ("torch",), ("pytorch.py", "--compiled")),
    Peer("PyTorch, compiled, channels last", ("torch",),
         ("pytorch.py", "--compiled", "--channels-last"), ("3.1",)),
    Peer("JAX, jit", ("jax", "optax"), ("jax_jit.py",)),
]


@dataclass(frozen=True)
class Contestant:
    """A network, and who trains it.

    script: the `shared.Script` of the network's stage.
    peer: a `Peer`; None for the stage itself.
    threads: 1 or "all"; None for the stage, which chooses by itself.
    """

    script: shared.Script
    peer: Peer | None = None
    threads: int | str | None = None

    @property
    def who(self):
        """str, the name of the peer or of the stage."""
        return self.peer.name if self.peer else tables.STAGE

    @property
    def named(self):
        """A dictionary, what tells a measurement of this one from others."""
        return {"network": self.script.name, "who": self.who, "threads": self.threads}

    def in_words(self):
        """str, for a line of progress."""
        threads = f", {tables.threads_in_words(self.threads)}" if self.threads else ""
        return f"{self.script.name}, {self.who}{threads}"

    def measure_step(self, steps):
        """Measure so many training steps: a dictionary of step, milliseconds, and maybe more."""
        if self.peer is None:
            notes = processes.run_script(self.script.path, ["--text", "--iterations", 100],
                                         ["--repeat", steps], ON_CPU)
            return {"step": notes["step"]}
        return self._run_peer("--steps", steps)

    def measure_way(self, seed, most):
        """Measure the way to the codelab's mark.

        Args:
          seed, most: int; give up after so many iterations.

        Returns:
          A dictionary: seconds and iterations, None where the mark was not reached; accuracy.
        """
        mark = shared.MARKS[self.script.name]
        if self.peer is not None:
            return self._run_peer("--to-mark", mark, "--seed", seed, "--most", most)
        notes = processes.run_script(
            self.script.path, ["--text", "--seed", seed, "--iterations", most],
            ["--stop-above", mark], ON_CPU)
        iterations, accuracy, _, seconds = notes["tests"][-1]
        reached = accuracy > mark
        return {"seconds": seconds if reached else None,
                "iterations": iterations if reached else None, "accuracy": accuracy}

    def _run_peer(self, *options):
        program, *variants = self.peer.command
        threads = {} if self.threads == "all" else dict.fromkeys(THREADS, str(self.threads))
        printed = processes.run(
            self.in_words(), [PEERS_FOLDER / program, self.script.name, *variants, *options],
            ON_CPU | threads)
        return json.loads(printed.splitlines()[-1])


def contestants(network, peers, threads=("all",)):
    """All who train a network.

    Args:
      network: a `shared.Script`.
      peers: a list of `Peer`.
      threads: a sequence of 1 and "all", with how many each peer is to be measured.

    Returns:
      A list of `Contestant`, the stage itself first.
    """
    return [Contestant(network)] + [Contestant(network, peer, number) for peer in peers
                                    if network.name in peer.networks for number in threads]


def fastest(candidates, steps):
    """Of each peer the contestant with the number of threads that made its steps fastest.

    Args:
      candidates: a list of `Contestant`, all of one network.
      steps: a list of dictionaries, what was measured of their steps. Who failed is not in it.

    Returns:
      A list of `Contestant`.
    """
    best = {}
    for candidate in candidates:
        times = [entry["step"] for entry in steps
                 if {name: entry[name] for name in candidate.named} == candidate.named]
        if times:
            median = statistics.median(times)
            best[candidate.who] = min(best.get(candidate.who, (median, candidate)),
                                      (median, candidate), key=lambda pair: pair[0])
    return [candidate for _, candidate in best.values()]


def measure(results, path, where, contestant, call, **more):
    """Measure a contestant, and write the results.

    Args:
      results: a dictionary, the content of the file at `path`, which takes what comes out.
      path: str.
      where: "steps" or "marks", the list in the results to add to.
      contestant: a `Contestant`.
      call: a function without arguments that measures, and gives a dictionary.
      **more: what else tells this measurement from others.

    Returns:
      What came out, in words, str.

    Raises:
      Failed: the stage failed. A peer that fails is left out from then on.
    """
    if contestant.who in results["failed"]:
        return "left out"
    load = shared.load()
    try:
        measured = shared.rounded(call())
    except processes.Failed as error:
        if contestant.peer is None:
            raise
        results["failed"][contestant.who] = str(error)
        return f"{error}: left out"
    results[where].append({**contestant.named, **more, "load": load, **measured})
    shared.write_results(path, results)
    return ", ".join(f"{key} {value}" for key, value in measured.items())


def add_rates(rates):
    """Measure the products of matrices; `rates`, a dictionary, keeps the best of each."""
    printed = processes.run("matrix_products.py", [PEERS_FOLDER / "matrix_products.py"], ON_CPU)
    for name, rate in json.loads(printed.splitlines()[-1]).items():
        rates[name] = max(shared.rounded(rate), rates.get(name, 0.0))


def measure_all(options, networks, peers):
    """Measure the steps of all in rounds, then their ways to the mark; write the results file.

    Args:
      options: those of the command line.
      networks: a list of `shared.Script`, the stages that have them.
      peers: a list of `Peer`.

    Returns:
      The results, a dictionary.
    """
    results = {"measured by": shared.command("peers"), "date": shared.now(),
               "machine": shared.machine(PACKAGES), "rates": {}, "failed": {}, "steps": [],
               "marks": []}
    all_of = {network: contestants(network, peers, options.threads) for network in networks}
    ways = sum(len(contestants(network, peers)) for network in networks)
    progress = shared.Progress(options.rounds * sum(map(len, all_of.values()))
                               + options.seeds * ways)
    progress.say(shared.in_words(results["machine"]))

    def one(where, contestant, call, **more):
        progress.begin(contestant.in_words())
        told = measure(results, options.results, where, contestant, call, **more)
        progress.say(f"{contestant.in_words()}: {told}")

    for _ in range(options.rounds):
        add_rates(results["rates"])
        for contestant in sum(all_of.values(), []):
            one("steps", contestant, functools.partial(contestant.measure_step, options.steps))
    for seed in range(options.seeds):
        for network in networks:
            for contestant in fastest(all_of[network], results["steps"]):
                one("marks", contestant, functools.partial(contestant.measure_way, seed,
                                                           options.most), seed=seed)
    return results


def main():
    """Read the options, measure, print the tables."""
    end_clearly()
    options = _options()
    stages = [script for script in shared.stages() if script.name in NETWORKS]
    networks = shared.chosen(stages, options.only)
    peers = [peer for peer in PEERS if not options.peers
             or any(peer.name.lower().startswith(name.lower()) for name in options.peers)]
    for peer in peers:
        if peer.missing:
            print(f"{peer.name}: skipped, {' and '.join(peer.missing)} not installed")
    results = measure_all(options, networks, [peer for peer in peers if not peer.missing])
    print(f"\n{tables.step_table(results)}\n\n{tables.mark_table(results)}\n\n"
          f"results in {options.results}")


def _options():
    parser = shared.parser("peers", __doc__)
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=5,
                        help="measure the steps N times, in turn (default: 5)")
    parser.add_argument("--steps", metavar="N", type=above_zero, default=600,
                        help="training steps in a measurement, after as many to warm up "
                             "(default: 600, an epoch)")
    parser.add_argument("--peers", metavar="NAME", nargs="+",
                        help="only peers whose names begin so: jax, keras, 'pytorch, eager'")
    parser.add_argument("--threads", metavar="N", nargs="+", default=[1, "all"],
                        type=lambda text: text if text == "all" else above_zero(text),
                        help="how many threads a peer gets, one after the other (default: 1 all)")
    parser.add_argument("--seeds", metavar="N", type=whole_number(0, 100), default=3,
                        help="train to the mark with the seeds 0 to N - 1 (default: 3 seeds)")
    parser.add_argument("--most", metavar="N", type=above_zero, default=10_000,
                        help="on the way to the mark, give up after N iterations")
    return shared.parse(parser)


if __name__ == "__main__":
    main()
