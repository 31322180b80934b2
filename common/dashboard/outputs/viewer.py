"""The viewer as the script sees it: it shows the run in a window or on pages, and asks for users.
"""

import os
import sys
import time
import traceback

from common.dashboard.link.messages import Answer, Finished, Paused
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
    """Shows the run in a viewer's process, answers what its users ask, and pauses if they want to.

    Attributes:
      step_to: int, the iteration at which a single step ends, to be measured there; None for none.
    """

    def __init__(self, process, is_page, stays_open, signals):
        """Show a run.

        Args:
          process: a `ViewerProcess`.
          is_page: bool, whether it serves pages for browsers.
          stays_open: bool, whether it stays when the training is done, until its user closes it.
          signals: `terminal.HeldSignals`, of which one ends a pause.
        """
        self._process, self._is_page, self._stays_open = process, is_page, stays_open
        self._signals, self.step_to = signals, None
        self._answered, self._again = {}, NotOftener(ANSWER_EVERY, SHARE)
        self._unanswerable = set()  # the kinds of questions that have failed

    def send(self, message):
        self._process.send(message)
        if isinstance(message, Finished) and message.is_early:
            self._stays_open = False

    def wait_until_open(self):
        """Give it a moment to open, so that its user sees the network begin to learn.

        Raises:
          UserError: pages were asked for, and cannot be served.
        """
        self._process.wait(lambda: self._process.state != "starting",
                           None if self._is_page else OPENING)
        if self._is_page and self._process.state == "open":
            self._terminal.say(f"The dashboard is at {self._process.address} "
                               "(Ctrl-C here ends the run).")
        elif self._is_page:
            raise UserError(f"--web: {self._process.reason}")

    @property
    def is_closed(self):
        """bool, whether its user has closed it, who wants the run to end."""
        return self._process.state == "closed"

    @property
    def failure(self):
        """str, why it does not show the run, a sentence's beginning; None if it does."""
        return self._process.reason if self._process.state == "failed" else None

    def attend(self, iteration, is_measured, send):
        """Answer its users; pause if they want to, until they want to go on, or a single step.

        Args:
          iteration: int, the number of training steps taken.
          is_measured: bool, whether all that is measured then has been: a single step ends here.
          send: a function that hands a message to all who follow the run.

        Returns:
          The seconds of the pause, a float.
        """
        self._answer()
        if self.step_to is not None and (iteration, is_measured) < (self.step_to, True):
            return 0.0
        self.step_to = None
        if not self._process.is_paused:
            return 0.0
        began = time.monotonic()
        send(Paused(True, iteration))
        self._wait_while(lambda: self._process.is_paused and not self._process.steps
                         and not self._signals.has_come)
        if self._process.steps:
            self._process.steps -= 1
            self.step_to = iteration + 1
        else:
            send(Paused(False))
        return time.monotonic() - began

    def _answer(self, is_training=True):
        """Answer new questions at once, and all of them with a new state of the network, at times.
        """
        answered = {} if is_training and self._again.is_due else self._answered
        self._answered = dict(self._process.questions)
        new = {viewer: question for viewer, question in self._answered.items()
               if question != answered.get(viewer)}
        if new:
            began = time.monotonic()
            found = {question: self._find(question) for question in set(new.values())}
            for viewer, question in new.items():
                self._process.send(Answer(viewer, question, found[question]))
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

    def _wait_while(self, condition):
        """Answer while `condition()` is true and the viewer is there."""
        while condition() and not self._process.is_over:
            self._process.wait(lambda: not condition() or self._process.is_over
                               or self._process.questions != self._answered, ANSWER_EVERY)
            self._answer(is_training=False)

    def finish(self):
        """Leave the finished dashboard to its user, until it is closed."""
        try:
            if self._stays_open and not self._process.is_over:
                self._terminal.say(
                    "\nThe dashboard stays at its address until you press Ctrl-C." if self._is_page
                    else "\nThe window stays open: look around in it, then close it.")
                self._wait_while(lambda: True)
        except Stopped:
            raise
        except KeyboardInterrupt:
            pass  # the other way to close it
        finally:
            self._process.close()
