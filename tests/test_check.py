"""docs/check.py, with which each page of the lab ends."""

import re
import subprocess

import pytest
from conftest import STAGES, run_python

from docs import check, steps

LAB = {state.name: state for state in steps.states()}
FIRST, SIGMOIDS, RELU, DROPOUT, CONVOLUTIONS, BIGGER = STAGES

# A stage, a piece of its code, what a reader has typed instead, and the page that explains it.
SLIPS = {
    "learning rate": (FIRST, "tf.constant(0.003)", "tf.constant(0.03)", 1),
    "softmax twice": (SIGMOIDS, "logits=Ylogits", "logits=Y", 2),
    "not fed": (RELU, "step: i}", "}", 3),
    "measured with dropout": (DROPOUT, "{**train_data, pkeep: 1})", "train_data)", 4),
    "stride": (CONVOLUTIONS, "[1, 2, 2, 1], padding='SAME') + B3",
               "[1, 1, 1, 1], padding='SAME') + B3", 5),
    "channels": (BIGGER, "YY = tf.reshape(Y3, [-1, 7*7*24])", "YY = tf.reshape(Y3, [-1, 7*7*12])",
                 6),
    "of an earlier page": (BIGGER, "exponential_decay(0.003, step, 2000",
                           "exponential_decay(0.003, step, 200", 3),
    "too many": (SIGMOIDS, "cross_entropy = tf.nn.softmax_cross",
                 "cross_entropy = -tf.reduce_sum(Y_ * tf.log(Y), axis=1)\n"
                 "cross_entropy = tf.nn.softmax_cross", 2),
}


def checked(text):
    return check.check("mine.py", text)


@pytest.mark.parametrize("name", LAB)
def test_each_state_of_the_lab_is_known(name):
    """A reader who did everything right would be told to look for a slip."""
    is_right, words = checked(LAB[name].text)
    assert is_right and f"mine.py is {name}: " in words


def test_comments_blanks_and_quotes_do_not_count():
    """A reader who notes what a line does would be told that it differs."""
    text = LAB[CONVOLUTIONS].text
    text = re.sub(r'^r?""".*?"""', '"""My network."""', text, flags=re.DOTALL)
    text = text.replace("'SAME'", '"SAME"').replace("# [n, 200]", "# so wide").replace(" * ", "*")
    assert checked(text + "\n# That was easy.\n")[0]


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found_at_its_line(slip):
    """A reader would look for it in a hundred lines."""
    stage, right, wrong, page = SLIPS[slip]
    assert LAB[stage].text.count(right) == 1
    before, _, after = LAB[stage].text.partition(right)
    is_right, words = checked(before + wrong + after)
    assert not is_right and f"closest to {stage}. Line {before.count(chr(10)) + 1} differs" in words
    assert re.search(rf"^See docs/lab/{page}_\w+\.md\.$", words, re.MULTILINE)


def test_a_line_that_is_missing_is_told():
    """It has no line number of its own."""
    text = LAB[RELU].text
    (line,) = re.findall(r"^step = .*\n", text, re.MULTILINE)
    is_right, words = checked(text.replace(line, ""))
    following = text.partition(line)[2].partition("\nW1")[0].count("\n")
    number = text.partition(line)[0].count("\n") + 1 + following
    assert not is_right and f"Before line {number + 1} one is missing:" in words
    assert "there: step = tf.placeholder(tf.int32)\n" in words


@pytest.mark.parametrize("right, wrong, told", [
    ("stddev=0.1))\nB3", "stddev=0.1)\nB3", "was never closed"),
    ("\nB3 = ", "\n+B3 = ", "The sign at its beginning is the page's: leave it out."),
], ids=["bracket", "sign of the page"])
def test_what_is_not_python_is_told_with_its_line(right, wrong, told):
    """A reader would get Python's words without the page's."""
    before, found, after = LAB[RELU].text.partition(right)
    is_right, words = checked(before + wrong + after)
    number = before.count("\n") + (2 if wrong.startswith("\n") else 1)
    assert found and not is_right and told in words and f"mine.py, line {number}: " in words


def test_the_command(tmp_path):
    """Its status tells, it writes nothing, and a file that is not there is a sentence."""
    mine = tmp_path / "mine.py"
    for text, status in ((LAB[FIRST].text, 0), ("print(1)\n", 1), (None, 1)):
        if text is not None:
            mine.write_text(text, encoding="utf-8")
        path = mine if text is not None else tmp_path / "missing.py"
        run = run_python("docs/check.py", path, stderr=subprocess.STDOUT)
        assert run.returncode == status and str(path) in run.stdout, run.stdout
        assert "Traceback" not in run.stdout and [p.name for p in tmp_path.iterdir()] == ["mine.py"]
        assert text is None or mine.read_text(encoding="utf-8") == text
