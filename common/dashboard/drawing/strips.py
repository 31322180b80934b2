"""What is around the panels: the status line, the row of buttons, the list of keys."""

from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.transforms import Bbox

from common.dashboard.drawing.panel import points_for, width_of
from common.dashboard.drawing.style import (
    BUTTON_COLOUR,
    DPI,
    FRAME_COLOUR,
    GRID_COLOUR,
    LETTER,
    TEST_COLOUR,
    TEXT_COLOUR,
    TRAIN_COLOUR,
)
from common.dashboard.link.run import hours

STATUS_HEIGHT, BUTTON_HEIGHT, BAR_HEIGHT = 26, 34, 3  # pixels of a common window
ONE_LINE = 100           # letters of a status line; where there is room for fewer, it has two
TWO_LINES = 1.7          # times as high
BUTTON = 0.88            # of a button's place: the button
BETWEEN_GROUPS = 0.5     # of a line, in the list of keys
LEAST_POINTS = 7.5       # of the letters on buttons: with smaller ones, the buttons get two rows
A_PHONES = 500           # width in pixels of a common screen, with fingers rather than keys
LINE = 1.8               # from one line of the list to the next, as a share of the font's size


class Strip:
    """Axes without ticks or frame, as wide as the figure."""

    def __init__(self, figure, label, zorder=5):
        self.axes = figure.add_axes((0, 0, 1, 1), label=label, zorder=zorder)
        self.axes.set_axis_off()
        self.axes.set(xlim=(0, 1), ylim=(0, 1))

    def _put(self, bottom, width, height):
        figure_width, figure_height = self.axes.figure.bbox.size
        self.axes.set_position([0, bottom / figure_height, width / figure_width,
                                height / figure_height])


class Status(Strip):
    """A thin bar, and below it a line: where the run is, what it has reached, what to do next."""

    def __init__(self, figure):
        super().__init__(figure, "status")
        track = self.axes.add_patch(Rectangle((0, 0), 1, 1, color=GRID_COLOUR, linewidth=0))
        self._bar = self.axes.add_patch(Rectangle((0, 0), 0, 1, linewidth=0))
        self._text = self.axes.text(0.01, 0.4, "", va="center", color=TEXT_COLOUR)
        self._hint = self.axes.text(0.99, 0.4, "", va="center", ha="right", color=TEXT_COLOUR)
        self.moving = [track, self._bar, self._text, self._hint]
        for artist in self.moving:
            artist.set_animated(True)
        self._track, self._letters = track, 100

    def place(self, bottom, width, sizes):
        """Place it above `bottom`, in pixels, and return its height."""
        self._letters = width / width_of(1, sizes.points, self.axes.figure)
        self._has_two_lines = self._letters < ONE_LINE
        height = round(STATUS_HEIGHT * sizes.unit * (TWO_LINES if self._has_two_lines else 1))
        if self._has_two_lines:
            self._text.set_y(0.66)
            self._hint.set(x=0.01, y=0.24, ha="left")
        else:
            self._text.set_y(0.4)
            self._hint.set(x=0.99, y=0.4, ha="right")
        self._put(bottom, width, height)
        self.region = self.fresh = Bbox.from_bounds(0, bottom, int(width), height)
        thin = max(2, round(BAR_HEIGHT * sizes.unit)) / height
        for bar in (self._track, self._bar):
            bar.set(y=1 - thin, height=thin)
        for text in (self._text, self._hint):
            text.set_fontsize(sizes.points)
        return height

    def update(self, scene):
        """Show the present `Scene`; as for a `Panel`."""
        run, hint = scene.run, scene.hint
        words = status_words(run, self._letters - (0 if self._has_two_lines else len(hint) + 4))
        share = min(1, run.iteration / run.last) if run.last else 0
        seen = words, hint, share, run.phase
        if seen == getattr(self, "_seen", None):
            return ""
        self._seen = seen
        self._text.set_text(words)
        self._hint.set_text(hint)
        self._bar.set_color(TEST_COLOUR if run.phase == "paused" else TRAIN_COLOUR)
        self._bar.set_width(share)
        return "moving"


def status_words(run, most):
    """What there is to say of a `Run` in a line of at most so many letters: the first is dropped
    last.
    """
    accuracy = run.curves["test_accuracy"]
    of_all = "" if run.last is None else f" of {run.last:,}"
    phrases = [f"{run.phase} at {run.iteration:,}{of_all}",
               f"test accuracy {accuracy.values[-1]:.4f}" if len(accuracy) else "",
               "" if run.seconds_left is None or run.phase in ("finished", "ended early")
               else f"{hours(run.seconds_left)} left",
               "" if run.epoch is None else f"epoch {run.epoch}",
               run.title]
    words = ""
    for phrase in filter(None, phrases):
        longer = f"{words}   {phrase}" if words else phrase
        if len(longer) <= most:
            words = longer
    return words


class Buttons(Strip):
    """A row of buttons, as the scene has them; never in a saved picture.

    What each does changes with what is shown, its place does not.
    """

    def __init__(self, figure, keys):
        """Make room for those of some rows of `KEYS`."""
        super().__init__(figure, "buttons")
        self.axes.set_animated(True)
        self._longest = max((len(key.button) for key in keys), default=0) + 1
        self._count, self._shown = len({key.place for key in keys if key.button}), ()
        self._boxes = [self.axes.add_patch(FancyBboxPatch(
            (0, 0), 1, 1, boxstyle="square,pad=0", facecolor=BUTTON_COLOUR,
            edgecolor=FRAME_COLOUR, linewidth=0.8)) for _ in range(self._count)]
        self._texts = [self.axes.text(0, 0, "", ha="center", va="center_baseline")
                       for _ in range(self._count)]
        self.moving = [*self._boxes, *self._texts]
        for artist in self.moving:
            artist.set_animated(True)
        self._height, self._columns, self._rows = 0, 1, 1

    def update(self, scene):
        """Show those of the present `Scene`; as for a `Panel`."""
        if scene.buttons == self._shown:
            return ""
        self._shown = scene.buttons
        for button, box, text in zip(self._shown, self._boxes, self._texts):
            box.set_edgecolor(FRAME_COLOUR if button.works else GRID_COLOUR)
            text.set(text=button.words, color=TEXT_COLOUR if button.works else FRAME_COLOUR)
        return "moving"

    def place(self, width, sizes):
        """Place them at the figure's bottom, and return their height in pixels."""
        self.axes.set_visible(bool(self._count))
        if not self._count:
            return 0
        count, longest, figure = self._count, self._longest, self.axes.figure
        is_narrow = BUTTON * width / count < width_of(longest, LEAST_POINTS, figure)
        self._rows = 2 if is_narrow else 1
        self._columns = -(-count // self._rows)
        self._height = round(BUTTON_HEIGHT * sizes.unit) * self._rows
        self._put(0, width, self._height)
        self.region = self.fresh = Bbox.from_bounds(0, 0, int(width), self._height)
        across, up = 1 / self._columns, 1 / self._rows
        points = points_for(longest, BUTTON * width * across, figure)
        for number, (box, text) in enumerate(zip(self._boxes, self._texts)):
            row, column = divmod(number, self._columns)
            bottom = 1 - (row + 1) * up
            box.set_bounds((column + (1 - BUTTON) / 2) * across, bottom + 0.1 * up,
                           BUTTON * across, 0.74 * up)
            text.set(x=(column + 0.5) * across, y=bottom + 0.47 * up,
                     fontsize=min(sizes.points, points))
        return self._height

    def key_at(self, x, y):
        """The row of the key whose button is at a point of the figure, in pixels; or None."""
        if not 0 <= y < self._height:
            return None
        column = int(x / self.axes.figure.bbox.width * self._columns)
        row = int((self._height - y) / self._height * self._rows)
        number = min(row, self._rows - 1) * self._columns + min(max(column, 0), self._columns - 1)
        return self._shown[number].key if number < len(self._shown) else None


class KeyList(Strip):
    """The list of keys, in front of everything; never in a saved picture."""

    def __init__(self, figure, keys):
        super().__init__(figure, "keys", zorder=10)
        self.axes.set_visible(False)
        self._keys, self._labels = keys, []
        self.axes.set_animated(True)
        self.axes.add_patch(FancyBboxPatch(
            (0, 0), 1, 1, boxstyle="square,pad=0", facecolor="white", edgecolor=TEXT_COLOUR,
            clip_on=False))
        labels = max((len(words) for key in keys for words in (key.label, key.button)), default=0)
        self._letters = labels + max((len(key.words) for key in keys), default=0) + 6
        groups = sum(key.starts_group for key in keys)
        self._lines = len(keys) + groups * BETWEEN_GROUPS + 1
        self._texts, line = [], 0
        for key in keys:
            line += 1 + key.starts_group * BETWEEN_GROUPS
            y = 1 - line / self._lines
            self._labels.append(self.axes.text(
                (labels + 2) / self._letters, y, key.label, ha="right", va="center",
                fontweight="bold", color=TRAIN_COLOUR))
            self._texts.append(self.axes.text((labels + 4) / self._letters, y, key.words,
                                              va="center", color=TEXT_COLOUR))

    @property
    def is_open(self):
        """bool, whether it is shown"""
        return self.axes.get_visible()

    def toggle(self):
        """Show or hide it, from the figure's next update on."""
        self.axes.set_visible(not self.is_open)

    def place(self, width, height, sizes):
        """Place it in the middle of the figure."""
        figure = self.axes.figure
        line = width_of(1, 1, figure) / LETTER * LINE  # pixels, with a font of one point
        points = min(1.1 * sizes.points, points_for(self._letters, width, figure),
                     height / self._lines / line)
        across = width_of(self._letters, points, figure) / width
        up = self._lines * points * line / height
        self.axes.set_position([(1 - across) / 2, (1 - up) / 2, across, up])
        self.region = self.fresh = self.axes.bbox.padded(2)
        for text in (*self._labels, *self._texts):
            text.set_fontsize(points)
        a_phones = A_PHONES * figure.dpi / DPI
        for text, key in zip(self._labels, self._keys):  # a phone has no keys
            text.set_text(key.button or key.label if width < a_phones else key.label)
