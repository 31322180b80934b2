"""Measure the same networks in other libraries, beside the stages.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py                          in full: this takes a while
    python benchmarks/peers.py --rounds 1 --steps 50 --seeds 0 --only 1.0

Each round goes through the networks; for each one the stage and every peer are measured in turn, in
processes of their own, on the CPU, the peers with one thread and with all. The peers get batches
that are ready, in the order of the stages. What takes longer the first time (compiling) is left out
of the milliseconds a step, but not out of the seconds to the mark. On the way there, each peer has
the number of threads with which its steps were faster. Peers that are not installed are skipped.
"""

import importlib.util
import json
import os
import statistics
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import shared
from common.options import above_zero, whole_number
from common.terminal import end_clearly

FOLDER = shared.FOLDER / "peers"
NETWORKS = "1.0", "2.1", "2.2", "3.1"
STAGE = "the stage: a TensorFlow session"
PACKAGES = "tensorflow", "keras", "torch", "jax", "optax", "numpy"
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow",
          "TF_CPP_MIN_LOG_LEVEL": "2"}
# Each library has a name of its own for the number of threads: PyTorch and numpy, TensorFlow, JAX.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
           "TF_NUM_INTEROP_THREADS", "NPROC", "PJRT_NPROC")

BATCH = 100
# Multiply-adds of each layer for one digit: inputs × outputs of a fully connected layer; height ×
# width × channels of a convolution's output × height × width × channels of its patch.
FIVE_LAYERS = 784*200, 200*100, 100*60, 60*30, 30*10
MULTIPLY_ADDS = {"1.0": (784*10,), "2.1": FIVE_LAYERS, "2.2": FIVE_LAYERS,
                 "3.1": (28*28*6 * 6*6*1, 14*14*12 * 5*5*6, 7*7*24 * 4*4*12, 1176*200, 200*10)}


@dataclass(frozen=True)
class Peer:
    """Another library, and how it is used.

    needs: a tuple of str, the modules that it needs.
    command: a tuple of str, its program in peers/ and options for it.
    networks: the names of the networks that it can train.
    """

    name: str
    needs: tuple
    command: tuple
    networks: tuple = NETWORKS

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

    network: str, its name.
    peer: a `Peer`; None for the stage itself.
    threads: 1 or "all"; None for the stage, which chooses by itself.
    """

    network: str
    peer: Peer | None = None
    threads: int | str | None = None

    @property
    def named(self):
        """A dictionary, what tells a measurement of this one from others."""
        return {"network": self.network, "who": self.peer.name if self.peer else STAGE,
                "threads": self.threads}

    def __str__(self):
        return f"{self.network}, {title(self.named['who'], self.threads)}"

    def measure(self, options, seed=None):
        """Measure training steps, after as many to warm up; or, with a seed, the way to the mark.

        Args:
          options: those of the command line.
          seed: int, or None.

        Returns:
          A dictionary: step, milliseconds, and maybe more. Or seconds and iterations, both None
          where the mark was not reached, and accuracy.

        Raises:
          Failed: its program failed.
        """
        mark = shared.MARKS[self.network]
        if self.peer is not None:
            return self._run_peer(*(("--steps", options.steps) if seed is None else
                                    ("--to-mark", mark, "--seed", seed, "--most", options.most)))
        if seed is None:
            notes = self._run_stage(["--iterations", 2 * options.steps])
            return {"step": 1000 * statistics.fmean(notes["steps"][-options.steps:])}
        notes = self._run_stage(["--seed", seed, "--iterations", options.most], mark)
        iterations, accuracy, _, seconds = notes["tests"][-1]
        reached = accuracy > mark
        return {"seconds": seconds if reached else None,
                "iterations": iterations if reached else None, "accuracy": accuracy}

    def _run_stage(self, options, mark=1.0):
        return shared.run_script(shared.PROJECT / shared.STAGES[self.network],
                                 ["--text", *options], mark, ON_CPU)

    def _run_peer(self, *options):
        program, *variants = self.peer.command
        threads = {} if self.threads == "all" else dict.fromkeys(THREADS, str(self.threads))
        return json.loads(shared.run(
            str(self), [FOLDER / program, self.network, *variants, *options], ON_CPU | threads))


def title(who, threads):
    """Who trains, str, and with how many threads (an int or "all"), if that is known."""
    return f"{who}, {threads} thread{'s' * (threads != 1)}" if threads else who


def fastest(contestants, steps):
    """Of each network and peer the `Contestant` with the threads that made its steps fastest.

    Args:
      contestants: a list.
      steps: a list of dictionaries, what was measured of their steps. Who failed is not in it.
    """
    times = {key: statistics.median(entry["step"] for entry in entries)
             for key, entries in shared.grouped(steps, "network", "who", "threads").items()}
    best = {}
    for contestant in contestants:
        network, who, _ = key = tuple(contestant.named.values())
        if key in times and times[key] < best.get((network, who), (float("inf"),))[0]:
            best[network, who] = times[key], contestant
    return [contestant for _, contestant in best.values()]


def measure(results, options, contestant, **seed):
    """Measure a `Contestant`, and write the results. A peer that fails is left out from then on.

    Args:
      results: a dictionary, the content of peers.json, which takes what comes out.
      options: those of the command line.
      contestant, **seed: who is measured, and as for its `measure`.

    Raises:
      Failed: the stage failed.
    """
    who, load = contestant.named["who"], shared.present()["load"]
    if who in results["failed"]:
        return
    try:
        measured = shared.rounded(contestant.measure(options, **seed))
    except shared.Failed as error:
        if contestant.peer is None:
            raise
        results["failed"][who] = str(error)
        print(f"  {error}: left out")
        return
    results["marks" if seed else "steps"].append(
        {**contestant.named, **seed, "load": load, **measured})
    shared.write_results(options.results, results)
    print("  " + ", ".join(f"{key} {value}" for key, value in measured.items()), flush=True)


def tables(results):
    """The tables of the content of peers.json: a dictionary of str in markdown."""
    rates = ", ".join(f"{name} {rate:.0f}" for name, rate in results["rates"].items())
    groups = shared.grouped(results["steps"], "network", "who", "threads")
    rounds = max(map(len, groups.values()))
    steps = (f"{step_table(results)}\n\nProducts of matrices, billions of multiply-adds a second: "
             f"{rates}. Medians of {rounds} rounds (least–largest) of {shared.origin(results)}")
    return {"peers": steps} | ({"marks": mark_table(results)} if results["marks"] else {})


def step_table(results):
    """Milliseconds a step, who by network: a str in markdown."""
    networks, columns = shared.grouped(results["steps"], "network"), []
    for network, entries in networks.items():
        times = {who: [entry["step"] for entry in of_one]
                 for who, of_one in shared.grouped(entries, "who", "threads").items()}
        medians = {who: statistics.median(steps) for who, steps in times.items()}
        stage = medians.pop((STAGE, None))
        ratio = f"{stage / min(medians.values()):.2f}" if medians else "–"
        columns.append((times, ratio, f"{bound(results, network):.2f}"))
    rows = [[title(who, threads),
             *(shared.median_and_range(times.get((who, threads)), 2) for times, _, _ in columns)]
            for who, threads in shared.grouped(results["steps"], "who", "threads")]
    rows.append(["the stage ÷ the fastest peer", *(ratio for _, ratio, _ in columns)])
    rows.append(["arithmetic bound", *(least for _, _, least in columns)])
    return shared.markdown(["milliseconds a step", *(f">{network}" for network in networks)], rows)


def bound(results, network):
    """The least time of a training step, by its products of matrices alone.

    Going back, a layer has twice as much to do as going forth: the gradient of its weights, and
    that of what came in, which nobody needs of the image. Biases, activations and the optimizer are
    left out.

    Args:
      results: a dictionary, the content of peers.json.
      network: str, its name.

    Returns:
      Milliseconds, float, at the best rate of a product of matrices on that machine.
    """
    layers = MULTIPLY_ADDS[network]
    return BATCH * (3 * sum(layers) - layers[0]) / max(results["rates"].values()) / 1e6


def mark_table(results):
    """Seconds to the codelab's mark, who by network: a str in markdown."""
    networks = shared.grouped(results["marks"], "network")
    rows = []
    for who in shared.grouped(results["marks"], "who"):
        row = [who]
        for entries in networks.values():
            ways = [entry for entry in entries if entry["who"] == who]
            reached = [entry for entry in ways if entry["seconds"] is not None]
            text = shared.median_and_range([entry["seconds"] for entry in reached], 1)
            if reached:
                iterations = statistics.median(entry["iterations"] for entry in reached)
                text += f", {iterations:,.0f} iterations"
            if len(reached) < len(ways):
                text += f", {len(reached)} of {len(ways)} runs"
            row.append(text)
        rows.append(row)
    return shared.markdown(["seconds to the mark", *(
        f">{network}: {shared.MARKS[network]:g}" for network in networks)], rows)


def main():
    """Read the options, measure the steps of all in rounds and their ways to the mark, tell."""
    end_clearly()
    options = _options()
    peers = [peer for peer in PEERS if not options.peers
             or any(peer.name.lower().startswith(name.lower()) for name in options.peers)]
    for peer in peers:
        if peer.missing():
            print(f"{peer.name}: skipped, {' and '.join(peer.missing())} not installed")
    contestants = []
    for network in shared.chosen(NETWORKS, options.only):
        contestants.append(Contestant(network))
        contestants += [Contestant(network, peer, threads) for peer in peers
                        if network in peer.networks and not peer.missing()
                        for threads in options.threads]
    rates = json.loads(shared.run("matrix_products.py", [FOLDER / "matrix_products.py"], ON_CPU))
    results = {"measured by": options.command, "date": shared.present()["date"],
               "machine": shared.machine(PACKAGES), "rates": shared.rounded(rates), "failed": {},
               "steps": [], "marks": []}
    for contestant in shared.one_by_one(contestants * options.rounds, str):
        measure(results, options, contestant)
    ways = [(contestant, seed) for seed in range(options.seeds)
            for contestant in fastest(contestants, results["steps"])]
    for contestant, seed in shared.one_by_one(ways, lambda way: f"{way[0]}, seed {way[1]}"):
        measure(results, options, contestant, seed=seed)
    print("\n\n".join(["", *tables(results).values(), f"results in {options.results}"]))


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
