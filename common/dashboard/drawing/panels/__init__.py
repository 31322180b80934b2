"""What can be shown: the tables of panels and of views."""

import dataclasses

from common.dashboard.drawing.panels.curves import CurvesPanel
from common.dashboard.drawing.panels.digits import DigitsPanel, OwnDigitsPanel
from common.dashboard.drawing.panels.iterations import BandsPanel
from common.dashboard.drawing.panels.layers import LayersPanel, PatchPanel
from common.dashboard.drawing.panels.mistakes import ConfusionPanel, MisreadPanel, PairPanel
from common.dashboard.drawing.panels.one_digit import (
    EvidencePanel,
    ProbabilitiesPanel,
    SamplePanel,
    SheetPanel,
)
from common.dashboard.drawing.panels.weights import ExcitingPanel, NeuronPanel, WeightsPanel

# What can be shown: a new panel is a class, and a row here; a view that shows it, a row below.
PANELS = {
    "accuracy": lambda axes: CurvesPanel(axes, "Accuracy", "accuracy"),
    "loss": lambda axes: CurvesPanel(axes, "Cross-entropy loss", "loss"),
    "train digits": lambda axes: DigitsPanel(axes, "Training digits", "train_digits", False),
    "weights": lambda axes: BandsPanel(axes, "Weights", "weights"),
    "biases": lambda axes: BandsPanel(axes, "Biases", "biases"),
    "test digits": lambda axes: DigitsPanel(axes, "Test digits", "test_digits", True),
    "sheet": SheetPanel,
    "sample": SamplePanel,
    "inverse": lambda axes: SamplePanel(axes, is_inverted=True),
    "probabilities": ProbabilitiesPanel,
    "neurons": WeightsPanel,
    "neuron": NeuronPanel,
    "exciting": ExcitingPanel,
    "layers": LayersPanel,
    "patch": PatchPanel,
    "evidence": EvidencePanel,
    "confusion": ConfusionPanel,
    "pair": PairPanel,
    "misread": MisreadPanel,
    "own": OwnDigitsPanel,
}
SIX = "accuracy", "loss", "train digits", "weights", "biases", "test digits"


@dataclasses.dataclass(frozen=True)
class View:
    """Panels that are shown together.

    panels: their names.
    shares: the columns' shares of the width, where there are as many columns; () for equal ones.
    has_main: bool, whether the first one is larger than the others, which are beside it.
    upper: float, the share of the height for a first one as wide as all others, which are below
      it; 0 for a first one like the others.
    hint: str, the keys to know in it.
    """

    panels: tuple
    shares: tuple = ()
    has_main: bool = False
    upper: float = 0
    hint: str = ""


VIEWS = {
    "all": View(SIX, shares=(1, 1, 1.2)),
    **{name: View((name,)) for name in SIX},
    "curves": View(("accuracy", "loss")),
    "spread": View(("weights", "biases")),
    "digits": View(("train digits", "test digits")),
    "confusion": View(("confusion", "pair"), has_main=True,
                      hint="click a cell: its digits   m: misread digits   esc: back"),
    "misread": View(("misread",), hint="click: one of them   t: confusion matrix   esc: back"),
    "own": View(("own",)),
    "write": View(("sheet", "sample", "probabilities"), has_main=True,
                  hint="i: layer by layer   e: evidence   c: clear   esc: back"),
    "look": View(("sample", "inverse", "probabilities"), has_main=True, hint="click or esc: back"),
    "neurons": View(("neurons",), hint="click: one of them   esc: back"),
    "neuron": View(("neuron", "exciting"), hint="click: back to all   esc: six panels"),
    "inside": View(("layers", "patch", "probabilities"), shares=(2.4, 1), upper=0.54,
                   hint="click: keep a value   arrows: move it   esc: back"),
    "evidence": View(("evidence", "sample", "probabilities"), has_main=True,
                     hint="i: layer by layer   esc: back"),
    "write inside": View(("layers", "sheet", "patch", "probabilities"), shares=(1, 2.4, 1),
                         upper=0.54, hint="click: keep a value   c: clear   esc: back"),
    "write evidence": View(("sheet", "evidence", "probabilities"), has_main=True,
                           hint="c: clear   esc: back"),
}
