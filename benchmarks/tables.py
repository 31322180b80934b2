"""What was measured, as tables in markdown."""

import statistics

from benchmarks import shared

START_PARTS = "python", "tensorflow", "data", "graph", "session", "dashboard", "first step"
STAGE = "the stage: a TensorFlow session"
BATCH = 100
# Multiply-adds of each layer for one digit: inputs × outputs of a fully connected layer; height ×
# width × channels of a convolution's output × height × width × channels of its patch.
FIVE_LAYERS = 784*200, 200*100, 100*60, 60*30, 30*10
MULTIPLY_ADDS = {"1.0": (784*10,), "2.1": FIVE_LAYERS, "2.2": FIVE_LAYERS,
                 "3.1": (28*28*6 * 6*6*1, 14*14*12 * 5*5*6, 7*7*24 * 4*4*12, 1176*200, 200*10)}


# --- numbers and tables as text


def mean_and_deviation(values, decimals):
    """Format as "0.9206 ± 0.0010": mean and standard deviation of a sample of floats.

    That is, divided by their number less one. A single value has none.
    """
    text = f"{statistics.fmean(values):.{decimals}f}"
    return text if len(values) < 2 else f"{text} ± {statistics.stdev(values):.{decimals}f}"


def median_and_range(values, decimals):
    """Format as "2.51 (2.48–2.60)": median, least and largest of some floats; "–" for none."""
    if not values:
        return "–"
    return (f"{statistics.median(values):,.{decimals}f} "
            f"({min(values):,.{decimals}f}–{max(values):,.{decimals}f})")


def threads_in_words(threads):
    """Format a number of threads, an int or "all"."""
    return f"{threads} thread" if threads == 1 else f"{threads} threads"


def markdown(columns, rows):
    """Format a table.

    Args:
      columns: a list of str, the titles; the numbers of a column whose title begins with ">" are
        set to the right.
      rows: a list of lists of str, one for each column.

    Returns:
      A str of several lines. The columns are as wide as those who read it as text need them.
    """
    cells = [[column.lstrip(">") for column in columns], *rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells)]
    sides = [">" if column.startswith(">") else "<" for column in columns]
    lines = ["| " + " | ".join(f"{cell:{side}{width}}" for cell, side, width
                               in zip(row, sides, widths)) + " |" for row in cells]
    rule = "|".join("-" * (width + 1) + ("-" if side == "<" else ":")
                    for side, width in zip(sides, widths))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


# --- tables of results


def accuracy_table(runs_of_scripts):
    """The results of scripts as a table.

    Args:
      runs_of_scripts: a dictionary from `shared.Script` to its `current` runs; without runs it is
        left out.

    Returns:
      A str in markdown.
    """
    rows = []
    for script, runs in runs_of_scripts.items():
        if not runs:
            continue
        mark = shared.MARKS.get(script.name)
        accuracy = [run["accuracy"] for run in runs]
        first = [first_above(run, mark) for run in runs] if mark else []
        reached = [iteration for iteration in first if iteration is not None]
        above = f"{median_and_range(reached, 0)}, {len(reached)} of {len(runs)} runs"
        rows.append([
            f"`{script.file}`", f"{runs[0]['iterations']:,}", f"{mark:g}" if mark else "",
            mean_and_deviation(accuracy, 4), f"{min(accuracy):.4f}–{max(accuracy):.4f}",
            mean_and_deviation([run["loss"] for run in runs], 2),
            mean_and_deviation([max(run["tests"]["accuracies"]) for run in runs], 4),
            above if reached else "not reached" if mark else "",
            f"{statistics.median(run['wall'] for run in runs):.0f}", str(len(runs))])
    return markdown(
        ["script", ">iterations", ">codelab's mark", ">final test accuracy", "min–max",
         ">final test loss", ">maximum over the run", "first above the mark, iteration", ">seconds",
         ">runs"], rows)


def current(runs, script, options=()):
    """Those rows of accuracy.json that are of a script as it is now.

    Args:
      runs: a list of dictionaries.
      script: a `shared.Script`.
      options: a sequence of str, the options with which it was run, beside the seed.

    Returns:
      A list of dictionaries.
    """
    key = script.name, script.code, list(options)
    return [run for run in runs if (run["script"], run["code"], run["options"]) == key]


def first_above(run, mark):
    """The first iteration of a run (a row of accuracy.json) that is above a mark, or None."""
    tests = run["tests"]
    return next((iteration for iteration, accuracy
                 in zip(tests["iterations"], tests["accuracies"]) if accuracy > mark), None)


def efficiency(run):
    """The share of a run's loop that goes into training steps and tests, float, 0 to 1."""
    return (run["loop"]["step"] + run["loop"]["test"]) / sum(run["loop"].values())


def speed_table(results):
    """Steps, whole runs and memory, from the content of speed.json: a str in markdown."""
    rows = []
    for stage, rounds in grouped(results["rounds"], "stage").items():
        with_window = [entry for entry in rounds if "window" in entry]
        with_before = [entry for entry in rounds if "before" in entry]
        texts = [entry["text"] for entry in rounds]
        rows.append([
            stage, f"{texts[0]['iterations']:,}",
            median_and_range([entry["step"] for entry in rounds], 2),
            median_and_range([entry["test"] for entry in rounds], 0),
            median_and_range([text["wall"] for text in texts], 1),
            median_and_range([efficiency(text) for text in texts], 2),
            median_and_range([entry["window"]["wall"] for entry in with_window], 1),
            *(median_and_range([above["wall"] / below["wall"] for above, below in pairs], 2)
              for pairs in ([(entry["window"], entry["text"]) for entry in with_window],
                            [(entry["text"], entry["before"]) for entry in with_before])),
            median_and_range([text["megabytes"] for text in texts], 0)])
    return markdown(
        ["stage", ">iterations", ">bare step, ms", ">test, ms", ">text: seconds", ">efficiency",
         ">window: seconds", ">window ÷ text", ">after ÷ before", ">text: peak MB"], rows)


def start_table(results):
    """What the start takes, from the content of speed.json: a str in markdown."""
    parts = [part for part in START_PARTS if part != "dashboard"]  # in text it takes no time
    rows = []
    for stage, rounds in grouped(results["rounds"], "stage").items():
        windows = [window for entry in rounds
                   if (window := entry.get("window", {})).get("first digits")]
        starts = [entry["text"]["start"] for entry in rounds]
        totals = [sum(start.values()) for start in starts]
        rows.append([
            stage,
            *(f"{statistics.median(start[part] for start in starts):.2f}" for part in parts),
            median_and_range(totals, 2),
            median_and_range([entry["import"] for entry in rounds], 2),
            median_and_range([total - entry["import"] for total, entry in zip(totals, rounds)], 2),
            median_and_range([window["start"]["dashboard"] for window in windows], 2),
            median_and_range([window["first digits"] for window in windows], 2)])
    return markdown(
        ["stage, seconds", *(f">{part}" for part in parts), ">total", ">TensorFlow's own import",
         ">over it", ">window: waited for", ">window: first digits"], rows)


def step_table(results):
    """Milliseconds a step, who by network, from the content of peers.json: a str in markdown."""
    networks = grouped(results["steps"], "network")
    columns = []
    for network, entries in networks.items():
        times = {who: [entry["step"] for entry in of_one]
                 for who, of_one in grouped(entries, "who", "threads").items()}
        medians = {who: statistics.median(steps) for who, steps in times.items()}
        stage = medians.pop((STAGE, None), None)
        ratio = f"{stage / min(medians.values()):.2f}" if stage and medians else "–"
        columns.append((times, ratio, f"{bound(results, network):.2f}"))
    names = grouped(results["steps"], "who", "threads")
    rows = [[who + (f", {threads_in_words(threads)}" if threads else ""),
             *(median_and_range(times.get((who, threads)), 2) for times, _, _ in columns)]
            for who, threads in names]
    rows.append(["the stage ÷ the fastest peer", *(ratio for _, ratio, _ in columns)])
    rows.append(["arithmetic bound", *(least for _, _, least in columns)])
    return markdown(["milliseconds a step", *(f">{network}" for network in networks)], rows)


def bound(results, network):
    """The least time of a training step, by its products of matrices alone.

    Going back, a layer has twice as much to do as going forth: the gradient of its weights, and
    that of what came in, which nobody needs of the image. Biases, activations and the optimizer are
    left out.

    Args:
      results: a dictionary, the content of peers.json.
      network: str, its name.

    Returns:
      Milliseconds, float, at the best rate of a product of matrices on that machine.
    """
    layers = MULTIPLY_ADDS[network]
    return BATCH * (3 * sum(layers) - layers[0]) / max(results["rates"].values()) / 1e6


def mark_table(results):
    """Seconds to the codelab's mark, from the content of peers.json: a str in markdown."""
    networks = grouped(results["marks"], "network")
    rows = []
    for who in grouped(results["marks"], "who"):
        row = [who]
        for entries in networks.values():
            ways = [entry for entry in entries if entry["who"] == who]
            reached = [entry for entry in ways if entry["seconds"] is not None]
            text = median_and_range([entry["seconds"] for entry in reached], 1)
            if len(ways) == len(reached) == 1:
                text = f"{reached[0]['seconds']:.1f}"
            if reached:
                iterations = statistics.median(entry["iterations"] for entry in reached)
                text += f", {iterations:,.0f} iterations"
            if len(reached) < len(ways):
                text += f", {len(reached)} of {len(ways)} runs"
            row.append(text)
        rows.append(row)
    return markdown(["seconds to the mark", *(f">{network}: {shared.MARKS[network]:g}"
                                              for network in networks)], rows)


def grouped(entries, *names):
    """Sort dictionaries by what they have under some names: a dictionary of lists.

    Its keys are values for one name, tuples for several, in the order in which they are met.
    """
    groups = {}
    for entry in entries:
        key = tuple(entry[name] for name in names)
        groups.setdefault(key if len(names) > 1 else key[0], []).append(entry)
    return groups
