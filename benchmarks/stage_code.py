"""A stage, taken apart: so that what is measured is its own code, line by line.

The syntax of a stage is known well enough to find its parts: all before the training loop, and in
the loop the lines that load a batch, measure it, test, and train. Each part is compiled and
executed in one and the same namespace, as Python would do it in one go.
"""

import ast
import sys
from dataclasses import dataclass
from types import CodeType

# What an iteration of the loop does, in this order; "else" is the loop itself.
ACTIVITIES = "load", "measure", "test", "show", "train", "else"

READY = 100  # batches to measure a training step on; more would only cost memory

# The name that a statement assigns first in each section of a stage, in the stage's order.
SECTIONS = {"options": "tensorflow", "mnist": "data", "X": "graph", "init": "session"}


@dataclass(frozen=True)
class StageCode:
    """The parts of a stage, compiled.

    Attributes:
      docstring: str.
      before: a list of (section, code): all statements before the loop. A section is "python"
        (imports of what is no TensorFlow), "tensorflow", "data", "graph" or "session".
      loop: the loop, with a call of `_begin(activity)` wherever another one of `ACTIVITIES` begins.
      after: what follows the loop.
      load: batch_X, batch_Y and train_data.
      measure: the metrics of a training batch.
      test: the metrics of the test set: a, c, y.
      train: the training step.
    """

    docstring: str
    before: list
    loop: CodeType
    after: CodeType
    load: CodeType
    measure: CodeType
    test: CodeType
    train: CodeType


def take_apart(text, name):
    """Take a stage apart.

    Args:
      text: str, its source.
      name: str, the file's name, for error messages.

    Returns:
      A `StageCode`.

    Raises:
      ValueError: it is not built as a stage is.
    """
    tree = ast.parse(text, name)
    loops = [number for number, node in enumerate(tree.body)
             if isinstance(node, ast.For) and ast.unparse(node.iter).startswith("dashboard.loop(")]
    if len(loops) != 1:
        raise ValueError(f"{name} should have one loop over dashboard.loop(…)")
    (position,) = loops
    loop = tree.body[position]
    conditions = {ast.unparse(node.test): node.body for node in loop.body
                  if isinstance(node, ast.If)}
    plain = [node for node in loop.body if not isinstance(node, ast.If)]
    try:
        measure = conditions["dashboard.wants_train(i)"][:-1]  # the last line shows it
        test = conditions["dashboard.wants_test(i)"][:-1]
    except KeyError as error:
        raise ValueError(f"{name} should ask {error} in its loop") from None

    def code(*nodes):
        return compile(ast.Module(body=list(nodes), type_ignores=[]), name, "exec")

    before, section = [], "python"
    for node in tree.body[:position]:
        targets = [ast.unparse(target) for target in getattr(node, "targets", [])]
        section = SECTIONS.get(targets[0] if targets else None, section)
        before.append((section, code(node)))
    parts = {"load": code(*plain[:-1]), "measure": code(*measure), "test": code(*test),
             "train": code(plain[-1])}
    _tell_activities(loop)
    ast.fix_missing_locations(tree)
    return StageCode(docstring=ast.get_docstring(tree, clean=False), before=before,
                     loop=code(loop), after=code(*tree.body[position + 1:]), **parts)


def start(path, arguments):
    """Take a stage apart, and execute all of it before its training loop as it stands.

    Args:
      path: str, its file.
      arguments: a list of str, its options.

    Returns:
      A `StageCode`, and the dictionary of the names that the stage has by then.
    """
    with open(path, encoding="utf-8") as file:
        stage = take_apart(file.read(), path)
    sys.argv = [path, *arguments]
    namespace = {"__name__": "__main__", "__file__": path, "__doc__": stage.docstring}
    for _, code in stage.before:
        exec(code, namespace)
    return stage, namespace


def load(stage, namespace, i):
    """Execute the lines that load the batch of iteration `i` (int); gives `train_data`.

    The others are as for `start`.
    """
    namespace["i"] = i
    exec(stage.load, namespace)
    return namespace["train_data"]


def _tell_activities(loop):
    """Put calls of `_begin` into a stage's loop, an ast.For, which is changed."""
    def begin(activity):
        return ast.parse(f"_begin({activity!r})").body[0]

    for node in loop.body:
        if isinstance(node, ast.If):
            activity = "test" if "wants_test" in ast.unparse(node.test) else "measure"
            *lines, show = node.body
            node.body = [begin(activity), *lines, begin("show"), show, begin("else")]
    first_if = next(number for number, node in enumerate(loop.body) if isinstance(node, ast.If))
    *others, train = loop.body[first_if:]
    loop.body = [begin("load"), *loop.body[:first_if], begin("else"), *others,
                 begin("train"), train, begin("else")]
