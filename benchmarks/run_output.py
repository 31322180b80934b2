"""Reading what a script prints with --text; `common.text_output` writes it."""

import re
from dataclasses import dataclass, field

ROW = re.compile(r" *(\d+) .*  ([01]\.\d{4}) +(\d+\.\d{3})$")
BOTH = len("iteration  epoch      rate  accuracy      loss  accuracy")  # a test reaches as far
RESULT = re.compile(r"final test accuracy +([01]\.\d{4}), loss (\d+\.\d{3}), "
                    r"after ([\d,]+) iterations in (\d+\.\d) s$")
MAXIMUM = re.compile(r"maximum of the run +([01]\.\d{4}), after ([\d,]+) iterations$")


@dataclass
class Output:
    """What has been read so far.

    Attributes:
      iteration: int, of the latest row; None before the first.
      iterations, accuracies, losses: lists, an entry for each test: int, float, float.
      final: (accuracy, loss, iterations, seconds of training), or None.
      maximum: (accuracy, iteration), or None.
      rest: the latest lines (str) that are none of these.
    """

    iteration: int | None = None
    iterations: list = field(default_factory=list)
    accuracies: list = field(default_factory=list)
    losses: list = field(default_factory=list)
    final: tuple | None = None
    maximum: tuple | None = None
    rest: list = field(default_factory=list)

    def read(self, line):
        """Take in a line of text, with or without its end."""
        line = line.rstrip()
        if result := RESULT.match(line):
            accuracy, loss, iterations, seconds = result.groups()
            self.final = float(accuracy), float(loss), _number(iterations), float(seconds)
        elif maximum := MAXIMUM.match(line):
            self.maximum = float(maximum.group(1)), _number(maximum.group(2))
        elif row := re.match(r" *(\d+)  ", line):
            self.iteration = int(row.group(1))
            test = ROW.match(line)
            if test and len(line) > BOTH:
                self.iterations.append(self.iteration)
                self.accuracies.append(float(test.group(2)))
                self.losses.append(float(test.group(3)))
        else:
            self.rest = [*self.rest, line][-20:]

    def first_above(self, mark):
        """The first iteration whose test accuracy is above a mark, a float; None if none is."""
        return next((i for i, accuracy in zip(self.iterations, self.accuracies)
                     if accuracy > mark), None)


def _number(text):
    return int(text.replace(",", ""))
