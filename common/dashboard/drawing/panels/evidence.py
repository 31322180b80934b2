"""Which pixels of a digit speak for an answer, and which against it (key e)."""

from common.dashboard.drawing.tile_panel import TilePanel
from common.dashboard.drawing.tiles import Group
from common.dashboard.link.questions import AskEvidence

WHY_REST = "sigmoids bend, so slopes leave a rest"


class EvidencePanel(TilePanel):
    """A map of the pixels for the computed digit and, where misread, for the correct one."""

    heading = "Evidence: blue pixels speak for it, orange ones against"
    question, from_left = AskEvidence, True

    def groups_of(self, scene):
        evidence = scene.answers.get(AskEvidence)
        if evidence is None:
            return []
        self.set_title(self.heading if evidence.rest_is_biases else f"{self.heading}; {WHY_REST}")
        return groups_of(evidence)


def groups_of(evidence):
    """A `Group` for each digit of a `questions.Evidence`, all at one scale of colours."""
    end = abs(evidence.maps).max()
    groups = []
    for number, digit in enumerate(evidence.digits):
        whose = "computed" if number == 0 else "correct"
        total, logit = evidence.maps[number].sum(), evidence.logits[number]
        what = "pixel × weight" if evidence.is_exact else "pixel × gradient"
        rest = "bias" if evidence.is_exact else "biases" if evidence.rest_is_biases else "the rest"
        note = f"sum {total:.2f}, {rest} {logit - total:.2f}: logit {logit:.2f}"
        groups.append(Group(evidence.maps[number:number + 1], f"for {digit}, {whose}: {what}",
                            note=note, end=end))
    return groups
