"""The viewer as the script sees it: it shows the run in a window or on pages, and asks for users.
"""

import os
import sys
import time
import traceback

from common.dashboard.link.messages import Answer, Finished
from common.dashboard.link.run import NotOftener
from common.dashboard.outputs.output import Output
from common.terminal import Stopped, UserError

OPENING = 3.0       # seconds that the training waits for the window, at most
ANSWER_EVERY = 0.3  # seconds between two answers to the same question while the network trains
SHARE = 0.03        # of the training's time that such answers may take


def has_screen():
    """Whether there is a screen to open a window on, as far as the environment tells."""
    return (not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))
            or bool(os.environ.get("WAYLAND_DISPLAY")))


class ViewerOutput(Output):
    """Shows the run in a viewer's process, and has the network read what its users write."""

    def __init__(self, viewer, is_page, stays_open):
        """Show a run.

        Args:
          viewer: a `ViewerProcess`.
          is_page: bool, whether it serves pages for browsers.
          stays_open: bool, whether it stays when the training is done, until its user closes it.
        """
        self._viewer, self._is_page, self._stays_open = viewer, is_page, stays_open
        self._answered, self._again = {}, NotOftener(ANSWER_EVERY, SHARE)
        self._unanswerable = set()  # the kinds of questions that have failed

    def send(self, message):
        self._viewer.send(message)
        if isinstance(message, Finished) and message.is_early:
            self._stays_open = False

    def wait_until_open(self):
        """Give it a moment to open, so that its user sees the network begin to learn.

        Raises:
          UserError: pages were asked for, and cannot be served.
        """
        self._viewer.wait(lambda: self._viewer.state != "starting",
                          None if self._is_page else OPENING)
        if self._is_page and self._viewer.state == "open":
            self._terminal.say(f"The dashboard is at {self._viewer.address} "
                               "(Ctrl-C here ends the run).")
        elif self._is_page:
            raise UserError(f"--web: {self._viewer.reason}")

    @property
    def is_closed(self):
        """bool, whether its user has closed it, who wants the run to end."""
        return self._viewer.state == "closed"

    @property
    def is_paused(self):
        """bool, whether its user wants the training to pause."""
        return self._viewer.is_paused and not self._viewer.is_over

    @property
    def failure(self):
        """str, why it does not show the run, a sentence's beginning; None if it does."""
        if self._viewer.state != "failed":
            return None
        if self._viewer.was_open:
            return f"The window's process has ended ({self._viewer.reason})"
        return f"The window cannot be opened ({self._viewer.reason})"

    def answer(self, is_training=True):
        """Answer new questions at once, and all of them with a new state of the network, at times.
        """
        questions = dict(self._viewer.questions)
        is_due = is_training and questions and self._again.is_due
        if questions == self._answered and not is_due:
            return
        began = time.monotonic()
        new = questions if is_due else {viewer: question for viewer, question in questions.items()
                                        if question != self._answered.get(viewer)}
        found = {question: self._find(question) for question in set(new.values())}
        for viewer, question in new.items():
            self._viewer.send(Answer(viewer, question, found[question]))
        self._answered = questions
        self._again.restart(time.monotonic() - began)

    def _find(self, question):
        """The answer to a question; None if it cannot be found in this network."""
        if type(question) in self._unanswerable:
            return None
        try:
            return question.answer(self._model)
        except UserError as error:
            self._terminal.say(str(error))
        except Exception:  # the training should go on: tell it whole
            traceback.print_exc()
        self._unanswerable.add(type(question))  # once is enough
        return None

    def take_step(self):
        """Whether its user wants a training step, though it pauses; then that is taken."""
        is_wanted = self._viewer.steps > 0
        self._viewer.steps -= is_wanted
        return is_wanted

    def wait_while_paused(self, signals):
        """Answer while its user wants a pause, and no step, and no signal has come to end it all.
        """
        self._wait_while(lambda: self.is_paused and not self._viewer.steps
                         and not signals.has_come)

    def _wait_while(self, condition):
        """Answer while `condition()` is true and the window is there."""
        while condition() and not self._viewer.is_over:
            asked = dict(self._viewer.questions)
            self._viewer.wait(lambda asked=asked: not condition() or self._viewer.is_over
                              or self._viewer.questions != asked, ANSWER_EVERY)
            self.answer(is_training=False)

    def finish(self):
        """Leave the finished dashboard to its user, until it is closed."""
        try:
            if self._stays_open and not self._viewer.is_over:
                if self._is_page:
                    self._terminal.say(
                        "\nThe dashboard stays at its address until you press Ctrl-C.")
                else:
                    self._terminal.say(
                        "\nThe window stays open: look around in it, then close it.")
                self._wait_while(lambda: True)
        except Stopped:
            raise
        except KeyboardInterrupt:
            pass  # the other way to close it
        finally:
            self._viewer.close()
