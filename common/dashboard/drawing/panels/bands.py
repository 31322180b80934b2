"""How weights and biases spread: bands over the iterations."""

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from common.dashboard.drawing.panels.curves import OverIterations, step_up
from common.dashboard.drawing.style import BANDS_COLOUR

BAND_OPACITY = (0.18, 0.34, 0.55, 0.85, 0.55, 0.34, 0.18)  # the middle seventh is the darkest
LEAST_HEIGHT = 0.1  # of the axes, where all values are 0


class BandsPanel(OverIterations):
    """The spread of many values: seven bands, each with a seventh of them."""

    def __init__(self, axes, title, name):
        """Show the bands whose edges the curve `name` has."""
        super().__init__(axes, title, [name])
        axes.set_ylim(-1, 1)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        self._bands = [axes.fill([], [], color=BANDS_COLOUR, alpha=opacity, linewidth=0)[0]
                       for opacity in BAND_OPACITY]
        self._move(*self._bands)

    def _draw_curves(self, curve):
        if len(curve):
            x, edges = curve.iterations, curve.values
            there_and_back = np.concatenate([x, x[::-1]])
            for band, lower, upper in zip(self._bands, edges.T, edges.T[1:]):
                border = np.concatenate([lower, upper[::-1]])
                band.set_xy(np.column_stack([there_and_back, border]))

    def _heights(self, curve):
        values = curve.values
        largest = step_up(np.abs(values[np.isfinite(values)]).max(initial=LEAST_HEIGHT))
        return -largest, largest
