"""The curves of earlier runs, faintly, behind those of the present one (--compare)."""

from matplotlib.legend import Legend

from common.dashboard.drawing.layout import width_of

COLOURS = "#7c3aed", "#0f766e", "#be185d", "#a16207"
OPACITIES = {"train_": 0.2, "test_": 0.55}
WIDTHS = {"train_": 0.7, "test_": 1.3}  # pixels of a common window
CORNERS = {"accuracy": "lower right", "loss": "upper right"}  # where curves seldom are
KEY_LETTERS = 6  # the width of a short line beside a name, in letters


class ComparedCurves:
    """Lines and names of runs that are over. They stay: they are drawn with the axes.

    Attributes:
      names: a list of str, of the runs that are shown.
    """

    def __init__(self, axes, quantity):
        """Show the "accuracy" or the "loss" in matplotlib axes."""
        self._axes, self._quantity = axes, quantity
        self.names, self._lines, self._legend = [], [], None

    def show(self, runs):
        """Show those `runs` that are not shown yet: dictionaries of `Curve`, by their names."""
        for name in [name for name in runs if name not in self.names]:
            colour = COLOURS[len(self.names) % len(COLOURS)]
            for kind, opacity in OPACITIES.items():
                curve = runs[name][kind + self._quantity]
                self._lines += self._axes.plot(curve.iterations, curve.values, color=colour,
                                               alpha=opacity, zorder=1)
            self.names.append(name)

    def place(self, width, points, unit, is_small):
        """Choose sizes: the axes are `width` pixels wide; as for a `Panel`."""
        figure = self._axes.figure
        kinds = [*WIDTHS] * len(self.names)
        for line, kind in zip(self._lines, kinds):
            line.set_linewidth(WIDTHS[kind] * unit * 72 / figure.dpi)
        if self._legend is not None:
            self._legend.remove()
            self._legend = None
        letters = KEY_LETTERS + max(map(len, self.names), default=0)
        if self.names and not is_small and width_of(letters, 0.9 * points, figure) <= width:
            self._legend = self._axes.add_artist(Legend(
                self._axes, self._lines[1::2], self.names, loc=CORNERS[self._quantity],
                frameon=False, fontsize=0.9 * points, labelcolor="linecolor", handlelength=1.2))
