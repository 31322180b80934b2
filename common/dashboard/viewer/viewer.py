"""A window or a page: it follows the run, answers keys and the mouse, and asks the network.
"""

import time

from common.dashboard.drawing.figure import DashboardFigure
from common.dashboard.drawing.panels import VIEWS
from common.dashboard.link.messages import Paused, Question, Step
from common.dashboard.link.run import NotOftener
from common.dashboard.viewer.hands import Hands
from common.dashboard.viewer.keys import BY_NAME, KEYS, buttons_of

TICK = 0.04         # seconds between two looks at what has arrived
STATUS_EVERY = 1.0  # seconds from one status line to the next: text is slow to draw
ASK_EVERY = 0.1     # seconds from one question to the next, while the user writes


class Viewer:
    """Shows a run on a figure's canvas, and answers keys and the mouse.

    Attributes:
      figure, asker, hands: a `DashboardFigure`, `Asker` and `Hands`.
      has_buttons: bool, whether they are drawn on the figure.
      seconds: float, how long the latest repainting took.
    """

    has_buttons = True

    def __init__(self, number, canvas, run, tell):
        """Show a run.

        Args:
          number: int, of this viewer.
          canvas: matplotlib's, with its figure.
          run: a `Run`, to which somebody else applies what comes.
          tell: a function that sends a message to the script.
        """
        self.figure = DashboardFigure(canvas.figure, run, KEYS, self.has_buttons)
        self.figure.repaint_in_part()
        self._canvas, self._run, self._tell = canvas, run, tell
        self._scene = self.figure.scene
        self.asker = Asker(number, self._scene, tell)
        self._status, self.seconds = NotOftener(STATUS_EVERY), 0.0
        self._canvas.mpl_connect("key_press_event", self._on_key)
        self.hands = Hands(self, canvas)

    def tick(self):
        """Take in what the user writes, and ask what the view asks; return whether it is new."""
        is_written = self.hands.take_written()
        self._ask()
        return is_written

    def _ask(self):
        question = self.figure.question
        self.asker.ask(question if question and self.can(question.needs) else None)

    def repaint(self):
        """Bring what is on the screen up to date."""
        began = time.monotonic()
        parts = self.update()
        if parts is None:
            self._canvas.draw_idle()
        elif parts:
            self.figure.repaint(parts)
            self.copy(parts)
        self.seconds = time.monotonic() - began

    def update(self):
        """Take what is new into the figure; return the parts to be painted anew."""
        with_status = self._status.is_due or self._run.phase != "training"
        if with_status:
            self._status.restart()
            self._scene.hint = self._hint()
        self._scene.buttons = buttons_of(self)
        return self.figure.update(with_status)

    def copy(self, parts):
        """Copy what has changed to the screen."""
        for part in parts:
            self._canvas.blit(part.fresh)

    def save(self):
        """Save the picture, where its user wants it."""
        self._canvas.manager.toolbar.save_figure()

    def _hint(self):
        if self.hands.will_zoom:
            return "zoom: draw a box, esc: end"
        if self.figure.is_zoomed:
            return "h: undo the zoom   ?: all keys"
        return VIEWS[self.figure.view].hint or {
            "training": "space: pause   ?: all keys", "paused": "space: go on   ?: all keys",
        }.get(self._run.phase, "ctrl-s: save   ?: all keys")

    # what keys do

    def show_view(self, view):
        """Show one of `panels.VIEWS`."""
        self.hands.let_go()
        self._scene.pointed, self._scene.is_kept = None, False
        self.figure.show_view(view)

    def act(self, key, name):
        """Do what one of the `KEYS` does, pressed by this name, if it does something now."""
        if key.action is not None and key.works(self):
            key.action(self, name)

    def slide(self, key):
        """Point at the value beside, layer by layer, for the name of an arrow key."""
        self.figure.panels["layers"].slide(self._scene, key)

    def toggle_view(self, view):
        """Show a view of what the network can be asked, or the one before."""
        back = "all"
        if self.figure.is_sheet and f"write {view}" in VIEWS:
            back, view = "write", f"write {view}"
        is_shown = self.figure.is_sheet if view == "write" else self.figure.view == view
        self.show_view(back if is_shown else view)

    def can(self, ability):
        """Whether the network has an ability: "classify" or "inside", as an `output.Model`."""
        return {"classify": self._run.reads_digits, "inside": self._run.has_inside}[ability]

    @property
    def is_paused(self):
        """bool, whether the training pauses"""
        return self._run.phase == "paused"

    @property
    def can_pause(self):
        """bool, whether the training goes on, or will"""
        return self._run.phase in ("training", "paused")

    def step(self):
        """Have one training step done in a pause."""
        self._tell(Step())

    def toggle_pause(self):
        """Pause the training, or have it go on."""
        message = Paused(self._run.phase == "training")
        self._run.apply(message)  # at once, whatever the script is at
        self._tell(message)

    def start_zoom(self):
        """Have the next box that the user draws be zoomed into."""
        self.hands.will_zoom = True

    def undo_zooms(self):
        """Show all panels whole again."""
        self.hands.end_zoom()
        self.figure.undo_zooms()

    # events

    def _on_key(self, event):
        key = (event.key or "").removeprefix("shift+")
        if key == "escape" and self.figure.keys.is_open:
            self.figure.keys.toggle()
        elif key == "escape" and self.hands.will_zoom:
            self.hands.end_zoom()
        elif key in BY_NAME:
            self.act(BY_NAME[key], key)
        else:
            return
        self.react()

    def react(self):
        """Show the effect of a key or click at once, with what to do next."""
        self._status.hurry()
        self._ask()  # the answer can come while this draws
        self.repaint()


class Asker:
    """Takes a viewer's question to the script, and what comes back into the scene.

    Attributes:
      is_waiting: bool, for a first answer.
    """

    def __init__(self, number, scene, tell):
        """Ask for the viewer with this number, by `tell`, which sends a message to the script."""
        self._number, self._scene, self._tell = number, scene, tell
        self._question, self._pace = None, NotOftener(ASK_EVERY)
        self.is_waiting = False

    def ask(self, question):
        """Have it answered, now and with each new state of the network; None for no question."""
        if question == self._question:
            return
        is_of_a_kind = type(question) is type(self._question)
        if is_of_a_kind and not self._pace.is_due:
            return  # this is called again soon
        if not is_of_a_kind:
            self._scene.answers.clear()
        self._question = question
        self._pace.restart()
        self.is_waiting = question is not None
        self._tell(Question(self._number, question))

    def take(self, answer):
        """Take in an `Answer`; while the user writes, it is about the digit of a moment ago.

        Returns:
          bool, whether it is what the user waits for.
        """
        if type(answer.question) is not type(self._question):
            return False
        is_first = self.is_waiting and answer.question == self._question
        self.is_waiting &= not is_first
        self._scene.take(answer.question, answer.found)
        return is_first
