"""Types for argparse that more than one program uses."""

import argparse


def above_zero(text):
    """A whole number above 0, typed by the user."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
