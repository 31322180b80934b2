"""The command line that all scripts share, and the start of TensorFlow."""

import argparse
import importlib.util
import os
import shutil
import sys

from common import clean_exit, mnist_data, quiet_tensorflow, recording, window_process

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

WEB_PORT = 8988  # matplotlib's own for its pages


def start(script_docstring, pictures=None):
    """Read the script's options, then start TensorFlow quietly on the device asked for.

    To be called before the script imports TensorFlow, whose import takes seconds: --help and
    wrong options are answered at once. Prints one line with TensorFlow's version and the device.
    From here on the user's errors and Ctrl-C end the script without a traceback.

    Args:
      script_docstring: str, the script's `__doc__`; its first paragraph describes the script in
        the text that --help shows.
      pictures: str, the folder for pictures where --pictures does not name one; None for none.

    Returns:
      An argparse.Namespace with
        iterations: int, 0 or above, or None where the script's own number holds;
        text, close: bool;
        web: int, the port of a page for a browser, or None for a window;
        save_figure, save_movie: str, a file name, or None;
        save, restore, pictures: str, a folder, or None;
        classify: a list of file names with the digits in them, (str, uint8 [28, 28]) each;
        seed: int, 0 to 2**32 - 1;
        data_dir: str, an existing folder or the default, "data";
        device: "auto", "cpu" or "gpu";
        window: the `WindowProcess` that a `Dashboard` will use, or None.
    """
    clean_exit.install()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may lack a character
    parser = _parser(script_docstring, pictures)
    options = parser.parse_args()
    if options.text and options.web is not None:
        parser.error("--text and --web: choose one of them")
    if options.web is not None and importlib.util.find_spec("tornado") is None:
        parser.error("--web needs the package tornado: python -m pip install tornado")

    options.classify = [(name, _read_digit(name)) for name in options.classify]

    options.window = None
    if not options.text and (options.web is not None or window_process.has_screen()):
        # It loads what it needs while TensorFlow is being imported, and opens when there is
        # something to show.
        title = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        options.window = window_process.WindowProcess(title, options.web)

    tensorflow_on_device = quiet_tensorflow.start(options.device)
    if tensorflow_on_device is None:
        raise clean_exit.UserError(
            "--device gpu: TensorFlow finds no GPU on this machine. Leave the option out to train "
            "on the CPU, or see README.md on how to install TensorFlow for your GPU.")
    print(f"{tensorflow_on_device}, seed {options.seed}", flush=True)
    return options


def _parser(script_docstring, pictures):
    script = os.path.basename(sys.argv[0])
    parser = argparse.ArgumentParser(
        usage=f"python {script} [options]",
        description=(script_docstring or "").partition("\n\n")[0],
        epilog=EXAMPLES.format(script=script),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--iterations", metavar="N", type=_iterations,
        help="train for N iterations, instead of the script's own number")
    parser.add_argument(
        "--text", action="store_true",
        help="print numbers only, open no window (without a screen, that goes by itself)")
    parser.add_argument(
        "--web", metavar="PORT", nargs="?", const=WEB_PORT, type=_port,
        help="show the dashboard in a browser instead of a window, at "
             f"http://127.0.0.1:PORT/ (default: {WEB_PORT})")
    parser.add_argument(
        "--close", action="store_true",
        help="close the window when the training is done, instead of leaving it open")
    parser.add_argument(
        "--save-figure", metavar="FILE", type=_picture_file,
        help="save the finished dashboard as a picture: .png, .svg or .pdf")
    parser.add_argument(
        "--save-movie", metavar="FILE", type=_movie_file,
        help="save the whole run as a movie: .mp4, which needs the program ffmpeg, or .gif")
    parser.add_argument(
        "--pictures", metavar="DIR", type=_folder_to_write, default=pictures,
        help="save pictures of what was learned in the folder DIR: what it takes for what, the "
             "digits that it misreads, filters and activations of convolutions" + (
                 f" (default: {pictures})" if pictures else ""))
    parser.add_argument(
        "--classify", metavar="FILE", nargs="+", default=[],
        help="read digits of your own, PNG or JPEG pictures of one digit each, after the training")
    parser.add_argument(
        "--save", metavar="DIR", type=_folder_to_write,
        help="save what was learned in the folder DIR, at the end and every ten seconds")
    parser.add_argument(
        "--restore", metavar="DIR", type=_folder,
        help="go on from what was saved in the folder DIR")
    parser.add_argument(
        "--seed", metavar="N", type=_seed, default=0,
        help="start the random numbers at N (default: 0): they choose the first weights, the order "
             "of the digits and what dropout drops; the same seed gives the same run")
    parser.add_argument(
        "--data-dir", metavar="DIR", type=_folder, default=mnist_data.DEFAULT_DIR,
        help="read the four data files from the folder DIR (default: data, beside the script); "
             "other data sets in MNIST's format will do, Fashion-MNIST for example")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "gpu"], default="auto",
        help="train on the CPU or on the GPU (default: auto, the GPU if there is one)")
    return parser


def _read_digit(name):
    """The digit in a picture file, uint8 [28, 28]."""
    from common import own_pictures, preparation  # Pillow is for those who ask for it
    return preparation.prepare(own_pictures.read_picture(name))


def _iterations(text):
    return _whole_number(text, 0, 10**9)


def _seed(text):
    return _whole_number(text, 0, 2**32 - 1)


def _whole_number(text, least, most):
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
    return int(text)


def _port(text):
    return _whole_number(text, 1, 65535)


def _picture_file(text):
    return _file_to_write(text, recording.PICTURE_ENDINGS)


def _movie_file(text):
    path = _file_to_write(text, recording.MOVIE_ENDINGS)
    if path.lower().endswith(".mp4") and shutil.which("ffmpeg") is None:
        raise argparse.ArgumentTypeError(
            f"{text} needs the program ffmpeg, which is not there: install it (Debian, Ubuntu: "
            "sudo apt install ffmpeg; macOS: brew install ffmpeg), or name a .gif instead")
    return path


def _file_to_write(text, endings):
    """A file name typed by the user; whether it can be written should be clear before the work."""
    folder = os.path.dirname(text) or "."
    if not text.lower().endswith(endings):
        raise argparse.ArgumentTypeError(f"{text} should end in {', '.join(endings[:-1])} or "
                                         f"{endings[-1]}")
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {folder}")
    if os.path.isdir(text) or not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return text


def _folder_to_write(text):
    """A folder typed by the user, which may have to be made."""
    parent = os.path.dirname(text.rstrip("/")) or "."
    if os.path.exists(text) and not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    if not os.path.isdir(parent):
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {parent}")
    if not os.access(text if os.path.isdir(text) else parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return text


def _folder(text):
    """A folder typed by the user: seen from the current folder or, failing that, the scripts'."""
    for path in (os.path.abspath(text), mnist_data.resolve(text)):
        if os.path.isdir(path):
            return path
    raise argparse.ArgumentTypeError(f"there is no folder {text}")
