"""What the dashboard's tests share: runs that have taken place, and a way to look at pixels."""

import itertools

import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from common.dashboard.drawing.figure import DashboardFigure
from common.dashboard.link.measurements import percentile_bands
from common.dashboard.link.messages import Digits, Finished, Progress, Started, Tested, Trained
from common.dashboard.link.run import Run
from common.dashboard.viewer.keys import Button
from common.dashboard.viewer.viewer import Viewer

POOL = np.zeros((2000, 28, 28), np.uint8)  # images with blank borders
POOL[:, 4:24, 4:24] = np.random.default_rng(0).integers(0, 256, (2000, 20, 20))


def digits_of(count, misread, total=None, start=0):
    """So many `Digits`, the first ones misread: 0 as 3, 1 as 4 and so on."""
    labels = (np.arange(count) % 10).astype(np.uint8)
    computed = np.where(np.arange(count) < misread, labels + 3, labels) % 10
    confusions = np.bincount(10 * labels.astype(int) + computed, minlength=100).reshape(10, 10)
    return Digits(images=POOL[start:start + count], labels=labels, total=total or count,
                  probabilities=np.eye(10, dtype=np.float32)[computed], confusions=confusions)


def messages_of_a_run(iterations):
    """The messages of a run that goes well, in the order in which a script sends them."""
    random = np.random.default_rng(1)
    weights, biases = random.normal(size=1000), np.full(50, 0.1)
    yield Started("a model", iterations, reads_digits=True)
    for i in range(0, iterations + 1, 20):
        accuracy = 1 - 0.9 * np.exp(-i / 60)
        measured = accuracy - 0.1 * random.random()
        weights = weights + 0.03 * random.normal(size=1000)
        biases = biases + 0.03 * random.normal(size=50)
        with_bands = i < 200 or i % 60 == 0
        yield Trained(i, measured, 100 - 100 * measured, i // 600 + 1, 0.003,
                      digits_of(100, round(100 - 100 * measured), start=i % 900),
                      percentile_bands([weights]) if with_bands else None,
                      percentile_bands([biases]) if with_bands else None)
        if i < 100 or i % 100 == 0:
            yield Tested(i, accuracy, 100 - 100 * accuracy,
                         digits_of(1000, round(10_000 * (1 - accuracy)), 10_000, i % 900))
        yield Progress(i, i / 50, (iterations - i) / 50)
    yield Finished(False, iterations / 50, iterations + 1)


def run_of(*messages):
    """A `Run` that these messages have made."""
    run = Run()
    for message in messages:
        run.apply(message)
    return run


def long_run(iterations=10_000):
    """A `Run` with everything that the dashboard can show, in few measurements."""
    run = run_of(Started("mnist_3.1_convolutional_bigger_dropout", iterations, True))
    for i in range(0, iterations + 1, iterations // 20):
        run.apply(Trained(i, 0.97, 33.0, 17, weights=np.linspace(-0.7, 0.7, 8),
                          biases=np.linspace(-0.03, 0.04, 8)))
        run.apply(Tested(i, 0.9, 35.0))
    run.apply(Trained(iterations, 0.91, 33.0, 17, digits=digits_of(100, 9)))
    run.apply(Tested(iterations, 0.88, 35.0, digits=digits_of(1000, 200, 10_000)))
    run.apply(Progress(iterations, 500.0, 40_000.0))
    return run


def dashboard_of(run, width=1280, height=720, dpi=100, view="all", keys=(), has_buttons=True):
    """A dashboard on a canvas in memory, which is repainted in part, as in a window."""
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
    FigureCanvasAgg(figure)
    dashboard = DashboardFigure(figure, run, keys, has_buttons)
    dashboard.scene.buttons = tuple({key.place: Button(key, key.button, True)
                                     for key in keys if key.button}.values())
    dashboard.repaint_in_part()
    dashboard.show_view(view)
    return dashboard


def viewer_of(run=None, width=1280, height=720, dpi=100):
    """A `Viewer` on a canvas without a screen; `run` is what it shows, `told` what it tells."""
    run, told = run or Run(), []
    canvas = FigureCanvasAgg(Figure(figsize=(width / dpi, height / dpi), dpi=dpi))
    viewer = Viewer(0, canvas, run, told.append)
    viewer.run, viewer.told = run, told
    return viewer


def strip_of(dashboard, label):
    """The axes of the "status", the "buttons" or the "keys"."""
    (axes,) = (axes for axes in dashboard.figure.axes if axes.get_label() == label)
    return axes


def draw(dashboard):
    """Draw the whole figure, with all that is new; return its pixels."""
    dashboard.update()
    dashboard.figure.canvas.draw()
    return pixels(dashboard)


def show(dashboard, with_status=True):
    """Bring the picture up to date as a window does; return the parts painted, None for all."""
    parts = dashboard.update(with_status)
    if parts is None:
        dashboard.figure.canvas.draw()
    else:
        dashboard.repaint(parts)
    return parts


def pixels(dashboard):
    """A copy of the picture, uint8 [height, width, 3]; row 0 is the lowest, as in matplotlib."""
    return np.array(dashboard.figure.canvas.buffer_rgba())[::-1, :, :3]


def pixel_at(dashboard, panel, x, y):
    """The colour of the picture at a point of a panel, given in the axes' coordinates."""
    column, row = dashboard.panels[panel].axes.transData.transform((x, y)).astype(int)
    return tuple(np.asarray(dashboard.figure.canvas.buffer_rgba())[-1 - row, column, :3].tolist())


def press(viewer, *keys):
    """Press keys, and show what comes of them."""
    canvas = viewer.figure.figure.canvas
    for key in keys:
        canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", canvas, key))
    show(viewer.figure)


def mouse(viewer, kind, place, button=1):
    """A mouse event ("press", "move" or "release") at a place in pixels of the figure."""
    canvas = viewer.figure.figure.canvas
    name = {"press": "button_press", "move": "motion_notify", "release": "button_release"}[kind]
    canvas.callbacks.process(name + "_event", MouseEvent(
        name + "_event", canvas, *place, button=None if kind == "move" else button))


def drag(viewer, panel, *points, button=1):
    """Press the mouse at the first of some points of a panel, move it, release it at the last."""
    places = viewer.figure.panels[panel].axes.transData.transform(points)
    mouse(viewer, "press", places[0], button)
    for place in places[1:]:
        mouse(viewer, "move", place)
    mouse(viewer, "release", places[-1], button)
    show(viewer.figure)


def visible_texts(figure):
    """The words and the place of every text in the picture, but for the list of keys."""
    for axes in figure.axes:
        if not axes.get_visible() or axes.get_label() == "keys":
            continue
        ticks = [tick for axis in (axes.xaxis, axes.yaxis)
                 for tick in axis.get_major_ticks() + axis.get_minor_ticks()]
        unseen = {label for tick in ticks for label in (tick.label1, tick.label2)
                  if not axes.axison or not _is_within(tick)}
        for text in set(axes.findobj(Text)) - unseen:
            hidden_legend = axes.get_legend() and not axes.get_legend().get_visible() and (
                text in axes.get_legend().get_texts())
            if text.get_visible() and text.get_text().strip() and not hidden_legend:
                yield text.get_text(), text.get_window_extent()


def _is_within(tick):
    low, high = sorted(tick.axes.xaxis.get_view_interval() if tick in tick.axes.xaxis.majorTicks
                       else tick.axes.yaxis.get_view_interval())
    return low - 1e-9 * (high - low) <= tick.get_loc() <= high + 1e-9 * (high - low)


def assert_room(places, bounds):
    """Each of some (name, box) is within the bounds, and overlaps no other."""
    bounds, places = bounds.padded(0.01), [(name, place.padded(-0.01)) for name, place in places]
    for name, place in places:
        assert bounds.x0 <= place.x0 and place.x1 <= bounds.x1, name
        assert bounds.y0 <= place.y0 and place.y1 <= bounds.y1, name
    for (name, place), (other_name, other) in itertools.combinations(places, 2):
        assert not place.overlaps(other), (name, other_name)
