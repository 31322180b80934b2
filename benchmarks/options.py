"""The command line of the benchmarks."""

import argparse
import pathlib
import shlex
import sys

from benchmarks.scripts import FOLDER
from common.options import file_to_write


def parser(name, description):
    """An `argparse` parser with the options of all benchmarks: --only and --results.

    Args:
      name: str, the program: "speed" has its results in speed.json.
      description: str, for --help.
    """
    made = argparse.ArgumentParser(
        usage=f"python benchmarks/{name}.py [options] [-- options of the scripts]",
        description=(description or "").partition("\n")[0])
    made.add_argument("--only", metavar="NAME", nargs="+",
                      help="only these: 1.0, or 2 for all whose names begin so")
    made.add_argument("--results", metavar="FILE", type=file_to_write((".json",)),
                      default=str(FOLDER / f"{name}.json"),
                      help=f"keep the results there (default: benchmarks/{name}.json)")
    return made


def parse(made):
    """Read the command line.

    Args:
      made: what `parser` made, with more options.

    Returns:
      An argparse.Namespace: the options; of_scripts, a list of str, what follows "--"; command, the
      whole command line, str.
    """
    arguments = sys.argv[1:]
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = made.parse_args(arguments[:end])
    options.of_scripts = arguments[end + 1:]
    options.command = shlex.join(["python", f"benchmarks/{pathlib.Path(sys.argv[0]).name}",
                                  *arguments])
    return options
