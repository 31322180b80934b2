"""The command line that all scripts share, and the start of TensorFlow."""

import argparse
import os
import sys

from common import mnist_data, options, terminal
from common.dashboard import audience
from common.graph import start as tensorflow_start
from common.options import Option

EXAMPLES = """\
examples:
  python {script} --iterations 500
      a short run
  python {script} --seed 1
      other random numbers: how much does the result vary?
  python {script} --save-movie run.mp4
      watch it, and keep what you saw
  python {script} --web
      on a remote machine: watch it in a browser
  python {script} --save trained
      keep what was learned, so that it can go on from there
  python {script} \\
      --restore trained --iterations 0 --classify my8.png
      have it read a digit of your own
"""

# All options of a script, in the order of --help. A new one is a row here; one that asks for an
# output of the dashboard stands with that output.
OPTIONS = (
    *audience.OPTIONS,
    Option("--seed", "start the random numbers at N (default: 0): they choose the first weights, "
           "the order of the digits and what dropout drops; the same seed gives the same run",
           metavar="N", type=options.whole_number(0, 2**32 - 1), default=0),
    Option("--data-dir", "read the four data files from the folder DIR (default: data, beside the "
           "script); other data sets in MNIST's format will do, Fashion-MNIST for example",
           metavar="DIR", type=options.folder, default=mnist_data.DEFAULT_DIR),
    Option("--device", "train on the CPU or on the GPU (default: auto, the GPU if there is one)",
           metavar="auto|cpu|gpu", choices=["auto", "cpu", "gpu"], default="auto"),
    Option("--threads", "compute on N threads, if others use the machine, too (default: 1 in "
           "scripts with small layers, which are fastest so, else one on each core)",
           metavar="N", type=options.whole_number(1, 1024)),
)


def start(script_docstring, threads=None, pictures=None):
    """Read the script's options, then start TensorFlow quietly on the device asked for.

    To be called before the script imports TensorFlow, whose import takes seconds. Prints one line
    with its version and the device. From here on the user's errors and Ctrl-C end the script
    without a traceback.

    Args:
      script_docstring: str, the script's `__doc__`; its first paragraph describes the script in
        the text that --help shows.
      threads: int, on how many TensorFlow computes where --threads does not say it; None for one on
        each core. Products of small matrices take longer on several, which wait for each other.
      pictures: str, the folder for pictures where --pictures does not name one; None for none.

    Returns:
      An argparse.Namespace with the values of `OPTIONS`, and `viewer`, a `ViewerProcess` or None.

    Raises:
      UserError: a GPU was asked for, and there is none.
    """
    is_notebook = terminal.is_notebook()
    if not is_notebook:  # its process goes on, and shows errors its own way
        terminal.end_clearly()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a character
    chosen = _parse(script_docstring, threads, pictures)
    # It loads what it needs while TensorFlow is being imported.
    title = os.path.splitext(terminal.script_file())[0]
    chosen.viewer = audience.start_viewer(chosen, title)

    tensorflow_on_device = tensorflow_start.start(chosen.device, chosen.threads)
    if tensorflow_on_device is None:
        raise terminal.UserError(
            "--device gpu: TensorFlow finds no GPU on this machine. Leave the option out to train "
            "on the CPU, or see docs/reference.md on how to install TensorFlow for your GPU.")
    if is_notebook:
        tensorflow_start.forget_graph()
    try:
        print(f"{tensorflow_on_device}, seed {chosen.seed}", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk: better now than after the training
        terminal.silence(sys.stdout)
        raise terminal.UserError(
            f"what this prints cannot be written ({terminal.reason(error)})") from error
    return chosen


def _parse(script_docstring, threads, pictures):
    script = terminal.script_file()
    parser = argparse.ArgumentParser(
        usage=f"python {script} [options]",
        description=(script_docstring or "").partition("\n\n")[0],
        epilog=EXAMPLES.format(script=script),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in OPTIONS:
        parser.add_argument(option.flag, help=option.help, **option.settings)
    parser.set_defaults(threads=threads, pictures=pictures)
    chosen = parser.parse_args([] if terminal.is_cell() else None)
    if chosen.text and chosen.web is not None:
        parser.error("--text and --web: choose one of them")
    return chosen
