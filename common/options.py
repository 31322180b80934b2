"""What an option of a script is, and the types that options have. The options are rows of tables:
those of every script in `command_line`, those of an output with the output.
"""

import argparse
import dataclasses
import os
import pathlib
from collections.abc import Callable

from common import mnist_data

PICTURE_ENDINGS = ".png", ".svg", ".pdf"  # of pictures that can be saved
PROJECT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of the command line.

    flag: str, "--save-figure", for example.
    help: str, what it does: for --help and the documentation.
    metavar: str, what follows the flag; "" for a switch.
    type: a function from the text typed to the value.
    default: the value without the option.
    more: a dictionary, what else `argparse` should know.
    """

    flag: str
    help: str
    metavar: str = ""
    type: Callable = str
    default: object = None
    more: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self):
        """str, the attribute of the options that has its value."""
        return self.flag.removeprefix("--").replace("-", "_")

    def add_to(self, parser):
        """Let an `argparse` parser know the option."""
        if self.metavar:
            parser.add_argument(self.flag, metavar=self.metavar, type=self.type,
                                default=self.default, help=self.help, **self.more)
        else:
            parser.add_argument(self.flag, action="store_true", help=self.help)


def whole_number(least, most):
    """The type of whole numbers from `least` to `most`."""
    def convert(text):
        digits = text.removesuffix(".0")  # as services that tune hyperparameters write them
        if not digits.isdecimal() or not least <= int(digits) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}")
        return int(digits)

    return convert


def above_zero(text):
    """The type of whole numbers above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def file_to_write(endings):
    """The type of file names with one of some endings, for files that can be written.

    Whether a file can be written should be clear before the work begins.
    """
    def convert(text):
        folder = os.path.dirname(text) or "."
        if os.path.splitext(text)[1].lower() not in endings:  # of ".png" it is ""
            raise argparse.ArgumentTypeError(
                f"{text!r} should be a name, then {', '.join(endings[:-1])} or {endings[-1]}")
        if not os.path.isdir(folder):
            raise argparse.ArgumentTypeError(f"{text}: there is no folder {folder}")
        if os.path.isdir(text) or not os.access(folder, os.W_OK):
            raise argparse.ArgumentTypeError(f"{text} cannot be written")
        return text

    return convert


def folder_to_write(text):
    """The type of folders that can be written, and may have to be made."""
    parent = os.path.dirname(text.rstrip("/")) or "."
    if os.path.exists(text) and not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    if not os.path.isdir(parent):
        raise argparse.ArgumentTypeError(f"{text}: there is no folder {parent}")
    if not os.access(text if os.path.isdir(text) else parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written")
    return text


def folder(text):
    """The type of folders that are there, as the loader looks for them."""
    path = mnist_data.resolve(text)
    if not text or not os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"there is no folder {text or repr(text)}")
    return path
