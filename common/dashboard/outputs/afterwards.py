"""What a run leaves behind: itself (--save), the user's own digits read (--classify), pictures.
"""

import os

import numpy as np

from common.dashboard.drawing.scene import Sample, sample_of
from common.dashboard.link import notes
from common.dashboard.link.messages import Finished, Progress, Started
from common.dashboard.link.notes import CheckpointError
from common.dashboard.link.questions import AskLayers, ink_of
from common.dashboard.link.run import NotOftener
from common.dashboard.outputs.files import PICTURE_SIZE, ask, drawn, save_view
from common.dashboard.outputs.output import Output
from common.options import Option, folder_to_write
from common.terminal import UserError, readable

SAVE_EVERY = 10.0  # seconds between two checkpoints
SURE = 0.8  # a probability; the reader is told where the network's is lower
SEVERAL = "  more than one digit? One picture each"


class Keeper(Output):
    """Saves a run again and again, and at its end."""

    option = Option("--save", "save what was learned in the folder DIR, at the end and every ten "
                    "seconds", metavar="DIR", type=folder_to_write)
    needs = "checkpoints"

    def __init__(self, options):
        self._folder = options.save
        self._saved = None  # iteration, before which all is in the latest checkpoint
        self._has_failed = False
        self._pace = NotOftener(SAVE_EVERY)

    def start(self, run, model, terminal):
        super().start(run, model, terminal)
        notes.newest(self._folder)  # is it somebody else's?

    def send(self, message):
        match message:
            case Started():
                self._pace.restart()
            case Progress() if self._pace.is_due:
                self._try_to_save(message.iteration + 1, message.seconds)
            case Finished():
                self._end(message)

    def _try_to_save(self, done, seconds):
        """Save, if that can be done; else it is tried again later, and at the end."""
        try:
            self._save(done, seconds)
        except CheckpointError as error:
            if not self._has_failed:
                self._terminal.say(f"{error}; this will be tried again")
            self._has_failed = True
        self._pace.restart()

    def _save(self, done, seconds):
        self._model.checkpoints.save(self._folder, self._run, done, seconds)
        self._saved = done

    def _end(self, finished):
        """Save what the last checkpoint has not, if it is known where the run is."""
        if finished.done:
            self._save(finished.done, finished.seconds)
        if self._saved is None:
            if self._run.iteration:
                self._terminal.say(f"nothing was saved in {self._folder}: the run ended in the "
                                   "middle of an iteration")
        elif finished.is_early:
            self._terminal.say(f"{self._folder} has all before iteration {self._saved:,}; to go "
                               f"on from there: --restore {self._folder}")
        else:
            self._terminal.say(f"saved a checkpoint in {self._folder}")


class OwnDigits(Output):
    """Reads digits of the user's own, when the training is over."""

    option = Option("--classify", "read digits of your own, PNG or JPEG pictures of one digit "
                    "each, after the training", metavar="FILE", nargs="+", default=())
    needs = "classify"
    has_pictures = False

    def __init__(self, options):
        self._names, self._folder = options.classify, options.pictures
        self._images, self._hints, self._problems = {}, {}, {}  # by name

    def start(self, run, model, terminal):
        """Prepare the pictures, so that what is wrong with them is known before the training."""
        super().start(run, model, terminal)
        from common.digits import photograph, preparation  # they are for those who ask for them
        for name in self._names:
            try:
                ink = photograph.read_picture(name)
                self._images[name] = preparation.prepare(ink)
                self._hints[name] = SEVERAL if photograph.holds_several(ink) else ""
            except UserError as error:
                self._problems[name] = str(error)
        if not self._images:
            raise UserError("\n".join(self._problems.values()))
        for problem in self._problems.values():
            terminal.say(problem)

    def finish(self):
        names = list(self._images)
        probabilities = np.asarray(
            self._model.classify(ink_of(np.stack(list(self._images.values())))), np.float32)
        width = max(map(len, names))
        self._terminal.say(f"\n{'file':<{width}}  digit  probability")
        for name, chances in zip(names, probabilities):
            self._terminal.say(f"{name:<{width}}  {chances.argmax():5}  "
                               f"{100 * chances.max():9.1f} %"
                               + ("  not sure" if chances.max() < SURE else "")
                               + self._hints[name])
        for problem in self._problems.values():
            self._terminal.say(problem)
        self._terminal.say("(A letter gets a digit, too: the network knows nothing else.)")
        if self._folder:
            self._save_sheet(names, probabilities)
        if self._problems:
            raise UserError(f"{len(self._problems)} of {len(self._names)} files could not be read")

    def _save_sheet(self, names, probabilities):
        """Save one picture of all digits as the network sees them, with what it says of them."""
        path = os.path.join(self._folder, "own_digits.png")
        with drawn(self._run, *PICTURE_SIZE) as picture:
            picture.scene.own = [
                Sample(self._images[name], readable(os.path.basename(name)),
                       probabilities=chances)
                for name, chances in zip(names, probabilities)]
            save_view(picture, "own", path)
        self._terminal.say(f"saved {path}")


class Pictures(Output):
    """Saves the dashboard's views as pictures, when the training is over."""

    option = Option("--pictures", "save the dashboard's views as pictures in the folder DIR: the "
                    "curves, whole and closer, what is taken for what, misread digits, weights and "
                    "filters, and what the network makes of a digit", metavar="DIR",
                    type=folder_to_write)

    def __init__(self, options):
        self._folder = options.pictures

    def finish(self):
        self._terminal.show("drawing pictures")
        saved = 0
        with drawn(self._run, *PICTURE_SIZE) as picture:
            for name, view in views_of(picture, self._model):
                save_view(picture, view, os.path.join(self._folder, f"{name}.png"))
                saved += 1
        self._terminal.say(f"saved {saved} pictures in {self._folder}")


def views_of(picture, model):
    """Have a `DashboardFigure` show what there is to be seen of a run, one thing after another.

    Yields:
      The name of a picture, and that of the view that shows it now, two str.
    """
    run, scene = picture.scene.run, picture.scene
    for quantity in ("accuracy", "loss") if len(run.curves["test_loss"]) else ():
        for name, reach in ((quantity, "whole"), (f"{quantity}_closer", "fit")):
            picture.show_view(quantity)
            picture.panels[quantity].reach = reach
            yield name, quantity
    digits = run.test_digits
    if digits is not None:
        yield "confusion_matrix", "confusion"
        yield "misread_digits", "misread"
    if ask(picture, "neurons", model):
        yield "weights", "neurons"
    is_right = digits.labels == digits.computed if digits is not None else np.empty(0, bool)
    for kind, chosen in (("right", is_right), ("wrong", ~is_right)):
        for number in np.flatnonzero(chosen)[:1]:
            scene.sample = sample_of(digits, number, "Test digits")
            ask(picture, "look", model)  # it has learned since it was tested
            yield f"{kind}_digit", "look"
            for name, view in (("layers", "inside"), ("evidence", "evidence")):
                if ask(picture, view, model):
                    if view == "inside":
                        scene.pointed = strongest(scene.answers[AskLayers])
                    yield f"{name}_of_{kind}_digit", view


def strongest(layers):
    """Where the largest value of the first layer is, as `Scene.pointed` says it."""
    outputs = layers[1].outputs
    place = np.unravel_index(outputs.argmax(), outputs.shape)
    return 1, int(place[-1]), *(map(int, place[:2]) if outputs.ndim == 3 else (0, 0))
