"""What an option of a script is, and the types that options have. The options are rows of tables:
those of every script in `command_line`, those of an output with the output.
"""

import argparse
import os
import pathlib

from common import mnist_data

PICTURE_ENDINGS = ".png", ".svg", ".pdf"  # of pictures that can be saved
PROJECT = pathlib.Path(__file__).resolve().parent.parent


class Option:
    """One option of the command line.

    Attributes:
      flag: str, "--save-figure", for example.
      help: str, what it does: for --help and the documentation.
      settings: a dictionary, what else `argparse` is told of it.
      name: str, the attribute of the options that has its value.
      default: that value without the option.
    """

    def __init__(self, flag, help, **settings):
        """Declare an option; `settings` is for the method `add_argument` of an argparse parser."""
        self.flag, self.help, self.settings = flag, help, settings
        self.name = flag.removeprefix("--").replace("-", "_")
        self.default = settings.get("default")


def whole_number(least, most=10**9):
    """The type of whole numbers from `least` to `most`."""
    def convert(text):
        digits = text.removesuffix(".0")  # as services that tune hyperparameters write them
        if not digits.isdecimal() or not least <= int(digits) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}")
        return int(digits)

    return convert


def file_to_write(endings):
    """The type of file names with one of some endings, for files that can be written.

    Whether a file can be written should be clear before the work begins.
    """
    def convert(text):
        if os.path.splitext(text)[1].lower() not in endings:  # of ".png" it is ""
            raise argparse.ArgumentTypeError(
                f"{text!r} should be a name, then {' or '.join(endings)}")
        if os.path.isdir(text):
            raise argparse.ArgumentTypeError(f"{text} is a folder")
        return _in_folder_to_write(text, os.path.dirname(text) or ".")

    return convert


def folder_to_write(text):
    """The type of folders that can be written, and may have to be made."""
    if os.path.isdir(text):
        return _in_folder_to_write(text, text)
    if os.path.exists(text):
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return _in_folder_to_write(text, os.path.dirname(text.rstrip("/")) or ".")


def _in_folder_to_write(text, folder):
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return text


def folder(text):
    """The type of folders that are there, as the loader looks for them."""
    path = mnist_data.resolve(text)
    if not text or not os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"there is no folder {text or repr(text)}")
    return path
