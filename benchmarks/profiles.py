"""Say where a training step goes, in a stage and in JAX: for the networks where JAX is ahead.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/profiles.py

Each round goes through the networks; the stage (profile_stage.py) and JAX (peers/jax_profile.py)
are profiled in turn, in processes of their own, by the libraries' own profilers. A step, and a call
with the same arguments that has nothing to do, are timed without them.
"""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

from benchmarks import kinds, machine, peers, processes, results_file, scripts, tables
from benchmarks.summary import significant, summarise
from common import clean_exit, text_output
from common.arguments import above_zero

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "profiles.json"
NETWORKS = "1.0", "2.1", "2.2"
JAX = "JAX, jit"
PROGRAMS = {peers.STAGE: "profile_stage.py", JAX: "peers/jax_profile.py"}


def profile(who, script, steps):
    """Profile one network in one library.

    Args:
      who: str, a key of `PROGRAMS`.
      script: the `scripts.Script` of the network.
      steps: int.

    Returns:
      A dictionary that json can write: network and who, str; kernels, their number in a step; and
      in milliseconds a step, an empty call with the same arguments, and each of `kinds.NAMES`.

    Raises:
      ProcessFailed: it did not work.
    """
    load = machine.load()
    network = script.path if who == peers.STAGE else script.name
    printed, _, _ = processes.run(f"{who}, network {script.name}",
                                  [FOLDER / PROGRAMS[who], network, "--steps", steps],
                                  peers.ON_CPU)
    return {"network": script.name, "who": who, "load": load,
            **{key: significant(value, 4)
               for key, value in json.loads(printed.splitlines()[-1]).items()}}


def table_of(entries):
    """The medians of all rounds, a table in markdown.

    Args:
      entries: a list of dictionaries, what `profile` returned.
    """
    rows = {}
    for entry in entries:
        rows.setdefault((entry["network"], entry["who"]), []).append(entry)

    def median(name, row):
        return summarise([entry[name] for entry in row])["median"]

    return tables.markdown(
        ["milliseconds", "who", ">a step", ">an empty call", *(f">{name}" for name in kinds.NAMES),
         ">kernels"],
        [[network, who, *(f"{median(name, row):.2f}" for name in ("step", "empty", *kinds.NAMES)),
          f"{median('kernels', row):.0f}"] for (network, who), row in rows.items()])


def main():
    """Read the options, measure, print the table."""
    clean_exit.install()
    options = _parser().parse_args()
    results_file.check(options.results)
    by_name = {script.name: script for script in scripts.stages()}
    (jax,) = [peer for peer in peers.PEERS if peer.name == JAX]
    if jax.missing:
        raise clean_exit.UserError(f"{' and '.join(jax.missing)} is not installed: run python -m "
                                   f"pip install -r benchmarks/requirements-peers.txt")
    results = {"measured by": machine.command("benchmarks/profiles.py"), "date": machine.now(),
               "machine": machine.describe(("tensorflow", "jax", "numpy")), "profiles": []}
    print(machine.in_words(results["machine"]), flush=True)
    jobs = [(network, who) for _ in range(options.rounds) for network in NETWORKS
            for who in PROGRAMS]
    status = text_output.StatusLine()
    for done, (network, who) in enumerate(jobs, start=1):
        status.show(f"profile {done} of {len(jobs)}: {network}, {who}")
        entry = profile(who, by_name[network], options.steps)
        results["profiles"].append(entry)
        results_file.write(options.results, results)
        status.clear()
        print(f"{done:3d}/{len(jobs)}  {network}  {who}: {entry['step']:.2f} ms a step; "
              f"load {entry['load']}", flush=True)
    table = table_of(results["profiles"])
    print(f"\n{table}\n\nresults in {options.results}")
    if pathlib.Path(options.results).resolve() == RESULTS:
        origin = machine.origin(results["measured by"], results["date"], results["machine"])
        tables.fill("profiles", f"{table}\n\nMedians of {options.rounds} rounds of {origin}")


def _parser():
    parser = argparse.ArgumentParser(
        usage="python benchmarks/profiles.py [options]", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", metavar="N", type=above_zero, default=5,
                        help="profile everything N times, in turn (default: 5)")
    parser.add_argument("--steps", metavar="N", type=above_zero, default=200,
                        help="training steps in a profile (default: 200)")
    parser.add_argument("--results", metavar="FILE", default=str(RESULTS),
                        help="keep the results there (default: benchmarks/profiles.json)")
    return parser


if __name__ == "__main__":
    main()
