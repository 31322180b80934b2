"""Which pixels of a digit speak for an answer, and which against it (key e)."""

from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskEvidence


class EvidencePanel(TilePanel):
    """A map of the pixels for the computed digit and, where misread, for the correct one."""

    heading = "Evidence: blue pixels speak for it, orange ones against"
    question, from_left = AskEvidence, True

    def groups_of(self, scene):
        evidence = scene.answers.get(AskEvidence)
        return [] if evidence is None else groups_of(evidence)


def groups_of(evidence):
    """A `Group` for each digit of a `questions.Evidence`, all at one scale of colours."""
    end = abs(evidence.maps).max()
    groups = []
    for number, digit in enumerate(evidence.digits):
        whose = "computed" if number == 0 else "correct"
        total, logit = evidence.maps[number].sum(), evidence.logits[number]
        if evidence.is_exact:
            bias = 0.0 if evidence.biases is None else evidence.biases[number]
            what, note = "pixel × weight", f"sum {total:.2f}, bias {bias:.2f}: logit {logit:.2f}"
        else:
            what, note = "pixel × gradient", f"sum {total:.2f}; its logit is {logit:.2f}"
        groups.append(Group(evidence.maps[number:number + 1], f"for {digit}, {whose}: {what}",
                            note=note, end=end))
    return groups
