"""The table of keys: the window, the page, the list that `?` shows and the reference read it."""

import dataclasses
from collections.abc import Callable

from common.dashboard.drawing.panels import SIX


@dataclasses.dataclass(frozen=True)
class Key:
    """A key: what the list of keys says of it, and what it does.

    label: str, how the list writes it; names: what matplotlib calls it, a tuple of str.
    words: str, what it does.
    action: a function of the `Viewer` and the key's name; None where somebody else does it.
    button: str, what is on its button; "" for none. paused: the same in a pause, where it differs.
    works: a function of the `Viewer`, whether the key does something now.
    instead: str, the label of another key, whose button's place it takes when that does nothing.
    starts_group: bool, whether the list leaves some room before it.
    """

    label: str
    names: tuple
    words: str
    action: Callable | None = None
    button: str = ""
    paused: str = ""
    works: Callable = lambda viewer: True
    instead: str = ""
    starts_group: bool = False

    @property
    def place(self):
        """str, which button it has a part in"""
        return self.instead or self.label


@dataclasses.dataclass(frozen=True)
class Button:
    """A button as it is now: its row of `KEYS`, what is on it, whether it does something."""

    key: Key
    words: str
    works: bool


def buttons_of(viewer):
    """The buttons of a `Viewer` as they are now, from left to right: a tuple of `Button`."""
    buttons = {}
    for key in filter(lambda key: key.button, KEYS):
        if key.place not in buttons or not buttons[key.place].works:
            words = key.paused if key.paused and viewer.is_paused else key.button
            buttons[key.place] = Button(key, words, key.works(viewer))
    return tuple(buttons.values())


def show(view):
    """What a key does that shows one of `VIEWS`, and when that is something new."""
    return {"action": lambda viewer, name: viewer.show_view(view),
            "works": lambda viewer: viewer.figure.view != view}


def look(view, ability="inside"):
    """The same for a view of what the network can be asked; the key leads back, too."""
    return {"action": lambda viewer, name: viewer.toggle_view(view),
            "works": lambda viewer: viewer.can(ability)}


# All keys, in the order of the list. A new one is a row here.
KEYS = (
    Key("1 … 6", tuple("123456"), "one panel, like a click on its title",
        lambda viewer, name: viewer.show_view(SIX[int(name) - 1])),
    Key("7", ("7",), "accuracy and loss", button="curves", **show("curves")),
    Key("8", ("8",), "weights and biases", **show("spread")),
    Key("9", ("9",), "the digits", button="digits", **show("digits")),
    Key("0, esc", ("0", "escape"), "all six panels", button="all", **show("all")),

    Key("w", ("w",), "what the neurons look for: their weights, as pictures", button="weights",
        **look("neurons"), starts_group=True),
    Key("i", ("i",), "layer by layer: what each makes of the digit at hand", button="layers",
        **look("inside")),
    Key("e", ("e",), "evidence: which pixels speak for and against its answer", button="evidence",
        **look("evidence")),
    Key("t", ("t",), "what is taken for what: the confusion matrix of the test digits",
        button="confusion", **show("confusion")),
    Key("m", ("m",), "misread test digits, the surest errors first", button="misread",
        **show("misread")),
    Key("click", (), "on a digit: what the network makes of it; on a neuron: see it large"),
    Key("arrows", ("left", "right", "up", "down"), "layer by layer: the value beside the one "
        "that a click has kept", lambda viewer, name: viewer.slide(name),
        works=lambda viewer: "layers" in viewer.figure.panels),
    Key("d", ("d",), "write a digit of your own, with the mouse or a finger", button="write",
        **look("write", "classify")),
    Key("c", ("c",), "clear the sheet",
        lambda viewer, name: viewer.figure.sheet.writing.clear(), "clear",
        works=lambda viewer: viewer.figure.is_sheet, instead="o"),

    Key("space", (" ",), "pause the training, go on", lambda viewer, name: viewer.toggle_pause(),
        "pause", "go on", lambda viewer: viewer.can_pause, starts_group=True),
    Key("n", ("n",), "in a pause: one training step, with its measurements",
        lambda viewer, name: viewer.step(), "step", works=lambda viewer: viewer.is_paused),

    Key("o", ("o",), "zoom into a box that you draw with the mouse",
        lambda viewer, name: viewer.start_zoom(), "zoom",
        works=lambda viewer: viewer.figure.can_zoom, starts_group=True),
    Key("h", ("h",), "undo all zooms", lambda viewer, name: viewer.undo_zooms(), "undo",
        works=lambda viewer: viewer.figure.is_zoomed, instead="z"),
    Key("z", ("z",), "the whole axes of accuracy and loss, or where the curves are",
        lambda viewer, name: viewer.figure.toggle_whole(), "axes",
        works=lambda viewer: viewer.figure.has_curves),

    Key("ctrl-s", ("ctrl+s", "cmd+s"), "save the picture",
        lambda viewer, name: viewer.save(), "save", starts_group=True),
    Key("f", ("f",), "full screen, and back"),
    Key("?", ("?",), "show or hide this list",
        lambda viewer, name: viewer.figure.keys.toggle(), "?"),
)
BY_NAME = {name: key for key in KEYS for name in key.names}
