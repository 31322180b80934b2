"""Measure the same networks in other libraries, beside the stages.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py                          in full: this takes a while
    python benchmarks/peers.py --rounds 1 --steps 50 --only 1.0

Each round goes through the networks; for each one the stage and every peer are measured in turn, in
processes of their own, on the CPU, the peers with one thread and with all. They get batches that
are ready, in the order of the stages. Peers that are not installed are skipped.
"""

import importlib.util
import json
import os
import statistics
import sys
from dataclasses import dataclass

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import options, results, scripts, tables
from common.options import whole_number
from common.terminal import end_clearly

FOLDER = scripts.FOLDER / "peers"
NETWORKS = "1.0", "2.1", "2.2", "3.1"
PACKAGES = "tensorflow", "keras", "torch", "jax", "optax", "numpy"
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "tensorflow",
          "TF_CPP_MIN_LOG_LEVEL": "2"}
# Each library has a name of its own for the number of threads: PyTorch and numpy, TensorFlow, JAX.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
           "TF_NUM_INTEROP_THREADS", "NPROC", "PJRT_NPROC")


@dataclass(frozen=True)
class Peer:
    """A library, and how it is used.

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


STAGE = Peer("the stage: a TensorFlow session", ("tensorflow",), ("stage.py",))
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
    peer: a `Peer`.
    threads: 1 or "all"; None for the stage, which chooses by itself.
    """

    network: str
    peer: Peer
    threads: int | str | None = None

    @property
    def named(self):
        """A dictionary, what tells a measurement of this one from others."""
        return {"network": self.network, "who": self.peer.name, "threads": self.threads}

    def __str__(self):
        return f"{self.network}, {title(self.peer.name, self.threads)}"

    def measure(self, *of_program):
        """What its program, called with some options, prints of itself: a dictionary.

        Raises:
          Failed: its program failed.
        """
        program, *variants = self.peer.command
        threads = dict.fromkeys(THREADS, str(self.threads)) if self.threads == 1 else {}
        return results.rounded(json.loads(scripts.run(
            str(self), [FOLDER / program, self.network, *variants, *of_program],
            ON_CPU | threads)))


def title(who, threads):
    """Who trains, str, and with how many threads (an int or "all"), if that is known."""
    return f"{who}, {threads} thread{'s' * (threads != 1)}" if threads else who


def measure(measured, contestant, chosen):
    """Measure a `Contestant`, and write the results. A peer that fails is left out from then on.

    Args:
      measured: a dictionary, the content of peers.json, which takes what comes out.
      contestant: who is measured.
      chosen: the options of the command line.

    Raises:
      Failed: the stage failed.
    """
    who, load = contestant.peer.name, results.present()["load"]
    if who in measured["failed"]:
        return
    try:
        entry = contestant.measure("--steps", chosen.steps)
    except scripts.Failed as error:
        if contestant.peer is STAGE:
            raise
        measured["failed"][who] = str(error)
        print(f"  {error}: left out")
        return
    measured["steps"].append({**contestant.named, "load": load, **entry})
    results.write(chosen.results, measured)
    print("  " + ", ".join(f"{key} {value}" for key, value in entry.items()), flush=True)


def all_tables(measured):
    """The table of the content of peers.json: a dictionary with a str in markdown."""
    networks, columns = results.grouped(measured["steps"], "network"), []
    for entries in networks.values():
        times = {who: [entry["step"] for entry in of_one]
                 for who, of_one in results.grouped(entries, "who", "threads").items()}
        medians = {who: statistics.median(steps) for who, steps in times.items()}
        stage = medians.pop((STAGE.name, None))
        columns.append((times, f"{stage / min(medians.values()):.2f}" if medians else "–"))
    everybody = results.grouped(measured["steps"], "who", "threads")
    rows = [[title(who, threads),
             *(tables.median_and_range(times.get((who, threads)), 2) for times, _ in columns)]
            for who, threads in everybody]
    rows.append(["the stage ÷ the fastest peer", *(ratio for _, ratio in columns)])
    table = tables.markdown(["milliseconds a step", *(f">{network}" for network in networks)], rows)
    rounds = max(map(len, results.grouped(measured["steps"], "network", "who", "threads").values()))
    return {"peers": f"{table}\n\nMedians of {rounds} rounds (least–largest) of "
                     f"{results.origin(measured)}"}


def main():
    """Read the options, measure the steps of all in rounds, print the table."""
    end_clearly()
    chosen = _options()
    peers = [peer for peer in PEERS if not chosen.peers
             or any(peer.name.lower().startswith(name.lower()) for name in chosen.peers)]
    for peer in peers:
        if peer.missing():
            print(f"{peer.name}: skipped, {' and '.join(peer.missing())} not installed")
    contestants = []
    for network in scripts.chosen(NETWORKS, chosen.only):
        contestants.append(Contestant(network, STAGE))
        contestants += [Contestant(network, peer, threads) for peer in peers
                        if network in peer.networks and not peer.missing()
                        for threads in (1, "all")]
    measured = {"measured by": chosen.command, "date": results.present()["date"],
                "machine": results.machine(PACKAGES), "failed": {}, "steps": []}
    for contestant in scripts.one_by_one(contestants * chosen.rounds, str):
        measure(measured, contestant, chosen)
    print("\n\n".join(["", *all_tables(measured).values(), f"results in {chosen.results}"]))


def _options():
    parser = options.parser("peers", __doc__)
    parser.add_argument("--rounds", metavar="N", type=whole_number(1), default=5,
                        help="measure the steps N times, in turn (default: 5)")
    parser.add_argument("--steps", metavar="N", type=whole_number(1), default=600,
                        help="training steps in a measurement, after as many to warm up "
                             "(default: 600, an epoch)")
    parser.add_argument("--peers", metavar="NAME", nargs="+",
                        help="only peers whose names begin so: jax, keras, 'pytorch, eager'")
    return options.parse(parser)


if __name__ == "__main__":
    main()
