"""Write the tables of README.md and draw its pictures, from what the other programs have measured.

    python benchmarks/report.py

takes accuracy.json, speed.json and peers.json; what a file that is not there would fill
stays as it was. The guide draws the picture of the ideas.
"""

import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

import numpy as np
from matplotlib.figure import Figure

from benchmarks import accuracy, peers, results, scripts, speed
from common.dashboard.drawing.style import (
    BANDS_COLOUR,
    FAINT_COLOUR,
    GRID_COLOUR,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)
from common.terminal import UserError, end_clearly, whole_file


def fill(page, name, text):
    """Put a text between the lines `<!-- table: NAME -->` and `<!-- end of table: NAME -->`.

    Args:
      page: str, the page that has these lines.
      name, text: str.

    Returns:
      The new page, str.

    Raises:
      UserError: the page does not have them once.
    """
    begin, end = f"<!-- table: {name} -->\n", f"\n<!-- end of table: {name} -->"
    page, count = re.subn(f"(?<={begin}).*?(?={end})", lambda _: text, page, flags=re.DOTALL)
    if count != 1:
        raise UserError(f"README.md needs the lines {begin.strip()} and {end.strip()} once")
    return page


def draw_accuracy(measured):
    """Draw the test accuracy of the stages over the iterations, all seeds.

    Args:
      measured: a dictionary, the content of accuracy.json.

    Returns:
      A matplotlib figure.
    """
    runs = {stage: of_one for stage in scripts.STAGES
            if (of_one := accuracy.current(measured, stage))}
    figure, panels = grid(len(runs), (3.4, 2.4))
    for panel, (name, of_one) in zip(panels, runs.items()):
        iterations = of_one[0]["tests"]["iterations"]
        accuracies = np.array([run["tests"]["accuracies"] for run in of_one])
        mark, final = scripts.MARKS[name], np.mean(accuracies[:, -1])
        panel.fill_between(iterations, accuracies.min(axis=0), accuracies.max(axis=0),
                           color=TEST_COLOUR, alpha=0.25, linewidth=0)
        panel.plot(iterations, np.median(accuracies, axis=0), color=TEST_COLOUR, linewidth=1)
        panel.axhline(mark, color=TEXT_COLOUR, linewidth=0.8, linestyle="--")
        panel.set_ylim(1 - 3 * (1 - mark), 1)
        panel.set_xlabel("iterations", fontsize=8, color=FAINT_COLOUR)
        panel.set_ylabel("test accuracy", fontsize=8, color=FAINT_COLOUR)
        entitle(panel, f"{name}: {final:.4f}, mark {mark:g}")
    return figure


def draw_peers(measured):
    """Draw the milliseconds a step of stages and peers, each with its best number of threads.

    Args:
      measured: a dictionary, the content of peers.json.

    Returns:
      A matplotlib figure.
    """
    networks = {network: results.grouped(entries, "who")
                for network, entries in results.grouped(measured["steps"], "network").items()}
    most = max(map(len, networks.values()))
    figure, panels = grid(len(networks), (4.6, 0.8 + 0.3 * most), columns=2)
    for panel, (network, contestants) in zip(panels, networks.items()):
        times = [min(np.median([entry["step"] for entry in of_one])
                     for of_one in results.grouped(entries, "threads").values())
                 for entries in contestants.values()]
        colours = [BANDS_COLOUR if who == peers.STAGE.name else TRAIN_COLOUR for who in contestants]
        names = ["the stage" if who == peers.STAGE.name else who for who in contestants]
        panel.barh(names, times, color=colours, height=0.6)
        panel.invert_yaxis()
        entitle(panel, f"{network}: ms a step")
    return figure


def grid(number, size, columns=3):
    """A figure with so many panels, each of `size` inches: returns it and a list of axes."""
    columns = min(columns, number)
    rows = -(-number // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), dpi=100, layout="constrained",
                    facecolor="white")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in panels[number:]:
        panel.set_axis_off()
    for panel in panels[:number]:
        panel.grid(color=GRID_COLOUR, linewidth=0.6)
        panel.set_axisbelow(True)
        panel.tick_params(colors=FAINT_COLOUR, length=0, labelsize=8)
        panel.spines[:].set_color(GRID_COLOUR)
    return figure, panels[:number]


def entitle(panel, title):
    """Give a panel its title."""
    panel.set_title(title, loc="left", fontsize=9, fontweight="bold", color=TEXT_COLOUR)


REPORTS = {"accuracy": (accuracy.all_tables, draw_accuracy), "speed": (speed.all_tables, None),
           "peers": (peers.all_tables, draw_peers)}


def report(folder):
    """Write README.md in a folder (pathlib.Path) and draw its pictures from the JSON files there.

    Raises:
      UserError: a file cannot be read or written, or README.md lacks a place for a table.
    """
    page = (folder / "README.md").read_text(encoding="utf-8")
    for name, (tables, draw) in REPORTS.items():
        measured = results.read(folder / f"{name}.json")
        if not measured:
            print(f"there is no {name}.json: run benchmarks/{name}.py")
            continue
        for place, text in tables(measured).items():
            page = fill(page, place, text)
        if draw is None:
            continue
        with whole_file(folder / f"{name}.png") as partial:
            draw(measured).savefig(partial, metadata={"Software": None},  # same results, same file
                                   pil_kwargs={"optimize": True})
    with whole_file(folder / "README.md") as partial:
        pathlib.Path(partial).write_text(page, encoding="utf-8")
    print(f"written: the tables and pictures of {folder / 'README.md'}")


def main():
    """Report on the files beside this program."""
    end_clearly()
    report(scripts.FOLDER)


if __name__ == "__main__":
    main()
