"""The table of keys: the window, the page, the list that `?` shows and the reference read it."""

import dataclasses
from collections.abc import Callable

from common.dashboard.drawing.figure import SIX


@dataclasses.dataclass(frozen=True)
class Key:
    """A key: what the list of keys says of it, and what it does.

    label: str, how the list writes it; names: what matplotlib calls it, a tuple of str.
    words: str, what it does.
    action: a function of the `Viewer` and the key's name; None where somebody else does it.
    button: str, what is on its button; "" for none.
    starts_group: bool, whether the list leaves some room before it.
    """

    label: str
    names: tuple
    words: str
    action: Callable | None = None
    button: str = ""
    starts_group: bool = False


def show(view):
    """The action that shows one of `VIEWS`."""
    return lambda viewer, name: viewer.show_view(view)


# All keys, in the order of the list. A new one is a row here.
KEYS = (
    Key("1 … 6", tuple("123456"), "one panel",
        lambda viewer, name: viewer.show_view(SIX[int(name) - 1])),
    Key("7", ("7",), "accuracy and loss", show("curves"), "curves"),
    Key("8", ("8",), "weights and biases", show("spread")),
    Key("9", ("9",), "the digits", show("digits"), "digits"),
    Key("0, esc", ("0", "escape"), "all six panels", show("all"), "all"),

    Key("w", ("w",), "what the neurons look for: their weights, as pictures",
        lambda viewer, name: viewer.toggle_inside("neurons"), "weights", starts_group=True),
    Key("i", ("i",), "layer by layer: what each makes of the digit at hand",
        lambda viewer, name: viewer.toggle_inside("inside"), "layers"),
    Key("e", ("e",), "evidence: which pixels speak for and against its answer",
        lambda viewer, name: viewer.toggle_inside("evidence"), "evidence"),
    Key("click", (), "on a digit: what the network makes of it; on a neuron: see it large"),
    Key("d", ("d",), "write a digit of your own, with the mouse or a finger",
        lambda viewer, name: viewer.toggle_writing(), "write"),
    Key("c", ("c",), "clear the sheet", lambda viewer, name: viewer.clear_sheet()),

    Key("space", (" ",), "pause the training, go on", lambda viewer, name: viewer.toggle_pause(),
        "pause", starts_group=True),
    Key("n", ("n",), "in a pause: one training step, with its measurements",
        lambda viewer, name: viewer.step()),

    Key("o", ("o",), "zoom into a box that you draw with the mouse",
        lambda viewer, name: viewer.start_zoom(), "zoom", starts_group=True),
    Key("h", ("h",), "undo all zooms", lambda viewer, name: viewer.undo_zooms()),
    Key("z", ("z",), "the whole axes of accuracy and loss, or where the curves are",
        lambda viewer, name: viewer.figure.toggle_whole()),

    Key("ctrl-s", ("ctrl+s", "cmd+s"), "save the picture",
        lambda viewer, name: viewer.save(), "save", starts_group=True),
    Key("f", ("f",), "full screen, and back"),
    Key("?", ("?",), "show or hide this list",
        lambda viewer, name: viewer.figure.toggle_keys(), "?"),
)
ACTIONS = {name: key.action for key in KEYS for name in key.names if key.action is not None}
