"""The pictures of the last page: distorted digits, what each idea is worth, what is still misread.

They come from variations/batch_norm_augmented.py, and from what benchmarks/ has measured of it.
"""

import contextlib
import functools
import io
import runpy
import statistics
import sys

import numpy as np

from benchmarks import accuracy, scripts
from common.mnist_data import read_data_sets
from docs.drawing.colours import BLUE, FAINT, GREY, GRID, ORANGE, TEXT
from docs.drawing.tools import WIDTH, picture, runs_of

SCRIPT = scripts.PROJECT / accuracy.SCRIPTS[accuracy.AUGMENTED]
LOOKS, DIGITS = 4, 10  # at a digit, distorted; digits
COLUMNS, ROWS = 13, 2  # of misread digits
WITHOUT_RATE = {"+ distortion": "+ distortion: all less the falling rate"}  # one row, both names


@functools.cache
def looks():
    """Training digits, float [1 + LOOKS, DIGITS, 28, 28]: as they are, and distorted."""
    sys.argv = [str(SCRIPT), "--text", "--iterations", "0"]
    with contextlib.redirect_stdout(io.StringIO()):
        names = runpy.run_path(str(SCRIPT))
    images, labels = names["mnist"].train.first(1000)
    images = images[[labels.argmax(axis=1).tolist().index(digit) for digit in range(DIGITS)]]
    seen = [names["sess"].run(names["X_distorted"], {names["X"]: images}) for _ in range(LOOKS)]
    return np.stack([images, *seen])[..., 0]


@picture(4.1)
def distorted(figure):
    """Ten digits, and what the network saw of each in four epochs."""
    axes = figure.sheet()
    for row, digits in enumerate(looks()):
        bottom = 320 - 74 * row - (14 if row else 0)
        axes.say(60, bottom + 34, "the digit" if row == 0 else f"epoch {row}",
                 fontweight="bold" if row == 0 else "normal")
        for column, digit in enumerate(digits):
            figure.image(digit, 110 + 67 * column, bottom, 64)


@picture(3.2)
def worth(figure):
    """Misread digits as each idea is added, and, in blue, of all ideas and all less one."""
    names = [row for row, (*_, iterations) in accuracy.IDEAS.items()
             if iterations != accuracy.LONG]
    labels = [WITHOUT_RATE.get(row, row) for row in names]
    axes = figure.plot(270, 45, 510, 250, "Test digits misread, of 10,000")
    for place, row in enumerate(names):
        misread = [len(run["misread"]) for run in runs_of(row)]
        axes.barh(place, np.mean(misread), color=BLUE if "all" in labels[place] else GREY)
        axes.plot(misread, [place] * len(misread), ".", color=ORANGE, markersize=5)
        axes.text(max(misread) + 1.5, place, f"{np.mean(misread):.0f}", va="center", fontsize=8.5,
                  color=TEXT)
    axes.set_yticks(range(len(names)), labels, color=TEXT)
    axes.invert_yaxis()
    axes.spines[["right", "top"]].set_visible(False)


@picture(3.0)
def minutes(figure):
    """The test accuracy over the minutes on two cores, of runs of three lengths."""
    short, whole, long = map(runs_of, ("+ falling rate: all", accuracy.AUGMENTED,
                                    "all, trained longer"))
    a_minute = 60 / statistics.median(run["wall"] / run["iterations"] for run in whole)
    axes = figure.plot(70, 48, 700, 220, "Test accuracy", xlabel="minutes")
    for of_one, colour in ((long, FAINT), (whole, ORANGE), (short, BLUE)):
        for run in of_one:
            iterations, accuracies = run["tests"]["iterations"], run["tests"]["accuracies"]
            axes.plot(np.array(iterations) / a_minute, accuracies, color=colour, linewidth=1)
            axes.plot(iterations[-1] / a_minute, accuracies[-1], "o", color=colour, markersize=5)
    axes.set(xlim=(0, 30), ylim=(0.985, 0.998))
    axes.grid(color=GRID, linewidth=0.6)


@picture(0.85 * ROWS + 0.15)
def still_misread(figure):
    """The test digits that most of the runs misread; below each the label and what was computed."""
    test = read_data_sets(one_hot=True, reshape=False).test
    axes = figure.sheet()
    across = WIDTH * 100 / COLUMNS
    vote = accuracy.misread_by_vote(runs_of(accuracy.AUGMENTED))
    misread = {int(number): digit for number, digit in vote.items()}
    for place, number in enumerate(sorted(misread)):
        row, column = divmod(place, COLUMNS)
        left, bottom = across * column + 7, 85 * (ROWS - row) - 57
        figure.image(test.images[number, ..., 0], left, bottom, across - 14)
        axes.say(left + across / 2 - 7, bottom - 11,
                 f"{test.labels[number].argmax()}, read {misread[number]}", size=8, colour=FAINT)
