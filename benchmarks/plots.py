"""Draw the results as pictures beside the JSON files.

    python benchmarks/plots.py

draws what there is of accuracy.json, speed.json and peers.json, each as a .png of the same name.
"""

import os
import pathlib
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # has common/

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import peers, results_file, scripts
from common import clean_exit
from common.panels import (
    BANDS_COLOUR,
    FAINT_COLOUR,
    GRID_COLOUR,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)

FOLDER = pathlib.Path(__file__).resolve().parent
DOTS_PER_INCH = 100


def draw_accuracy(results):
    """Draw the test accuracy of the stages over the iterations, all seeds.

    Args:
      results: a dictionary, the content of accuracy.json.

    Returns:
      A matplotlib figure, or None where there is no run of a stage.
    """
    names = [name for name in scripts.MARKS if name in results.get("summary", {})]
    if not names:
        return None
    figure, panels = _figure(len(names), (3.4, 2.4))
    for panel, name in zip(panels, names):
        summary = results["summary"][name]
        runs = [run for run in results["runs"] if (run["script"], run["code"], run["iterations"])
                == (name, summary["code"], summary["iterations"])]
        iterations = runs[0]["tests"]["iterations"]
        accuracies = np.array([run["tests"]["accuracies"] for run in runs])
        mark = summary["mark"]
        panel.fill_between(iterations, accuracies.min(axis=0), accuracies.max(axis=0),
                           color=TEST_COLOUR, alpha=0.25, linewidth=0)
        panel.plot(iterations, np.median(accuracies, axis=0), color=TEST_COLOUR, linewidth=1)
        panel.axhline(mark, color=TEXT_COLOUR, linewidth=0.8, linestyle="--")
        panel.set_ylim(1 - 3 * (1 - mark), 1)
        panel.set_title(f"{name}: {summary['accuracy']['mean']:.4f}, mark {mark:g}", loc="left",
                        fontsize=9, fontweight="bold", color=TEXT_COLOUR)
    return figure


def draw_speed(results):
    """Draw where the time of a whole run goes, in text mode.

    Args:
      results: a dictionary, the content of speed.json.

    Returns:
      A matplotlib figure, or None where nothing was measured.
    """
    summary = results.get("summary", {})
    if not summary:
        return None
    median = {name: {key: value["median"] for key, value in values.items()}
              for name, values in summary.items()}
    parts = {"start-up": [], "training steps": [], "tests": [], "loading batches": [],
             "all else": []}
    for values in median.values():
        known = [values["start total"],
                 *(values[f"text {activity}"] for activity in ("train", "test", "load"))]
        for part, seconds in zip(parts, [*known, max(0, values["text_wall"] - sum(known))]):
            parts[part].append(seconds)
    figure, (panel,) = _figure(1, (7, 0.6 + 0.4 * len(median)))
    left = np.zeros(len(median))
    colours = FAINT_COLOUR, TRAIN_COLOUR, TEST_COLOUR, BANDS_COLOUR, GRID_COLOUR
    for (part, seconds), colour in zip(parts.items(), colours):
        panel.barh(list(median), seconds, left=left, color=colour, label=part, height=0.6)
        left += seconds
    panel.invert_yaxis()
    panel.legend(frameon=False, fontsize=8, labelcolor=TEXT_COLOUR)
    panel.set_title("the whole script in text mode, seconds", loc="left", fontsize=9,
                    fontweight="bold", color=TEXT_COLOUR)
    return figure


def draw_peers(results):
    """Draw the milliseconds a step of the stages, of the peers, and the arithmetic bound.

    Args:
      results: a dictionary, the content of peers.json.

    Returns:
      A matplotlib figure, or None where nothing was measured.
    """
    times = {}
    for entry in results.get("steps", []):
        times.setdefault(entry["network"], {}).setdefault(entry["who"], []).append(entry["step"])
    if not times:
        return None
    most = max(map(len, times.values()))
    figure, panels = _figure(len(times), (4.6, 0.8 + 0.3 * most), columns=2)
    for panel, (network, row) in zip(panels, times.items()):
        values = {who: float(np.median(steps)) for who, steps in row.items()}
        colours = [BANDS_COLOUR if who == peers.STAGE else TRAIN_COLOUR for who in values]
        names = ["the stage" if who == peers.STAGE else who for who in values]
        panel.barh(names, list(values.values()), color=colours, height=0.6)
        if network in results.get("bounds", {}):
            panel.axvline(results["bounds"][network], color=TEST_COLOUR, linewidth=1.2)
        panel.invert_yaxis()
        panel.set_title(f"{network}: ms a step; line: bound", loc="left", fontsize=9,
                        fontweight="bold", color=TEXT_COLOUR)
    return figure


def _figure(number, size, columns=3):
    """A figure with so many axes, each of `size` inches; returns both."""
    columns = min(columns, number)
    rows = -(-number // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows), dpi=DOTS_PER_INCH,
                    layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in panels[number:]:
        panel.set_axis_off()
    for panel in panels[:number]:
        panel.grid(color=GRID_COLOUR, linewidth=0.6)
        panel.set_axisbelow(True)
        panel.tick_params(colors=FAINT_COLOUR, length=0, labelsize=8)
        panel.spines[:].set_color(GRID_COLOUR)
    return figure, panels[:number]


def main(folder=FOLDER):
    """Draw all there is; `folder` (pathlib.Path) has the results and takes the pictures."""
    clean_exit.install()
    for name, draw in (("accuracy", draw_accuracy), ("speed", draw_speed), ("peers", draw_peers)):
        figure = draw(results_file.read(folder / f"{name}.json"))
        if figure is None:
            print(f"no {name}.json yet: run benchmarks/{name}.py")
            continue
        path = folder / f"{name}.png"
        figure.savefig(path, metadata={"Software": None},  # the same results, the same file
                       pil_kwargs={"optimize": True})
        print(f"saved {path}")


if __name__ == "__main__":
    main()
