"""The codelab's lines (codelab_edits.txt), pasted one after another into a copy of stage 1.0."""

import re

import pytest
from conftest import PROJECT, run_stage, script_of
from ran_scripts import names_of

from docs import steps

EDITS = dict(re.findall(r"^## (.*)\n((?:.+\n)+)", (PROJECT / "tests/codelab_edits.txt").read_text(
    encoding="utf-8"), re.MULTILINE))
_, _, *WAY = EDITS  # from stage 1.0 to stage 3.0

DECAYED = "lr = 0.0001 + tf.train.exponential_decay(0.003, step, 2000, 1/math.e)\n"
LOSS = r"cross_entropy = -.*\n"       # the lines of stage 1.0 over which a reader pastes
RATE = r"lr = .*\n"
METRICS = r"        a, c, rate.*\n.*\n"
TEST_METRICS = r"        a, c, y = run.*\n"
MODEL = r"XX = .*\nY = .*\n"

COLOUR = """\
W = tf.Variable(tf.truncated_normal([4, 4, 3, 2], stddev=0.1))
B = tf.Variable(tf.ones([2])/10) # 2 is the number of output channels
stride = 1  # output is still 28x28
Ycnv = tf.nn.conv2d(X, W, strides=[1, stride, stride, 1], padding='SAME')
Y = tf.nn.relu(Ycnv + B)
"""

# Pasted as printed, with the other half of the change still to come: the edits before, what is
# pasted over what, and what docs/codelab.md says that a reader then sees.
HALF_WAY = {
    "import without our next line": ([], "tf = tf.compat.v1.*\n", "", "disable_eager_execution"),
    "the loss over one of our two lines": (
        [], LOSS, "cross_entropy = -tf.reduce_sum(Y_ * tf.log(Y))\n", "the loss is nan"),
    "no name for the rate": ([], RATE + ".*\n",
                             "optimizer = tf.train.GradientDescentOptimizer(0.003)\n",
                             "name 'lr' is not defined"),
    "metrics over ours": (
        [], METRICS, "        a,c = sess.run([accuracy, cross_entropy], feed_dict=train_data)\n",
        "name 'y' is not defined"),
    "feed": (
        [], TEST_METRICS, "        a,c = sess.run([accuracy, cross_entropy], feed=test_data)\n",
        "unexpected keyword argument 'feed'"),
    "weights before the model": ([], "W = ", "W1 = ", "name 'W' is not defined"),
    "a pattern": ([], "W = .*\n", "W = tf.Variable(tf.truncated_normal([K, L] ,stddev=0.1))\n",
                  "name 'K' is not defined"),
    "logits of five layers": (["two layers"], r"Y  = .*\n", "Ylogits = tf.matmul(Y4, W5) + B5\n",
                              "name 'Y4' is not defined"),
    "rate before step": ([], RATE, DECAYED, "name 'step' is not defined"),
    "step not fed": ([], RATE, "step = tf.placeholder(tf.int32)\n" + DECAYED,
                     "You must feed a value for placeholder tensor"),
    "dropout on X": (["two layers"], "Y1 = .*\n", "Y1 = tf.nn.relu(tf.matmul(X, W1) + B1)\n",
                     "Dimensions must be equal, but are 1 and 784"),
    "weights for colour images": (
        [], "W = .*\n(.*\n)*" + MODEL, COLOUR,
        "Depth of input (1) is not a multiple of input depth of filter (3)"),
}


def edited(*edits):
    """Stage 1.0 with some of the `EDITS`."""
    text = (PROJECT / script_of("1.0")).read_text(encoding="utf-8")
    for name in edits:
        text = steps.changed(text, EDITS[name])
    return text


def learned(tmp_path, capsys, text):
    """The names of a stage with this text, after it has trained and shown that it learns."""
    path = tmp_path / "mnist_1.0_edited.py"
    path.write_text(text, encoding="utf-8")
    names = run_stage(path, "--iterations", 60)
    output = capsys.readouterr().out
    rows = [line.split() for line in output.splitlines() if re.match(r" +\d+ ", line)]
    assert [int(cells[0]) for cells in rows] == [0, 20, 40, 60]
    accuracies, losses = ([float(cells[n]) for cells in rows] for n in (5, 6))
    assert losses[-1] < losses[0] and accuracies[-1] > accuracies[0]
    assert "final test accuracy" in output
    return names


def test_the_codelabs_beginning(tmp_path, capsys):
    """Otherwise its first lines, pasted, do not run, or show nothing."""
    learned(tmp_path, capsys, edited("starter code", "metrics by hand"))


def test_the_loop_for_text_alone(tmp_path, capsys):
    """Otherwise the comment beside the loop's line promises too much. For 60 iterations."""
    text, count = re.subn(r"^for i in dashboard.*# text only: (for i in range\().*$",
                          r"\g<1>60 + 1):", edited(), flags=re.MULTILINE)
    assert count == 1
    learned(tmp_path, capsys, text)


@pytest.mark.slow
@pytest.mark.parametrize("name", HALF_WAY)
def test_half_a_change_is_what_the_page_says(tmp_path, name):
    """A reader who sees something else does not know that the other half is missing."""
    edits, old, new, seen = HALF_WAY[name]
    text, count = re.subn(f"^{old}", lambda _: new, edited(*edits), flags=re.MULTILINE)
    assert count == 1
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match=re.escape(seen)):
        run_stage(tmp_path / "mine.py", "--iterations", 20)
    page = (PROJECT / "docs" / "codelab.md").read_text(encoding="utf-8")
    assert seen in page or seen == "the loss is nan"


@pytest.mark.slow
@pytest.mark.parametrize("last", WAY[:-1])
def test_each_edit_on_the_way_learns(tmp_path, capsys, last):
    """Otherwise a reader is stuck in the middle of the codelab."""
    learned(tmp_path, capsys, edited(*WAY[:WAY.index(last) + 1]))


def test_all_edits_lead_to_the_network_of_stage_3(tmp_path, capsys):
    """Otherwise the solution is not the solution of what was read."""
    names, solution = learned(tmp_path, capsys, edited(*WAY)), names_of("3.0")
    for kind in ("weights", "biases"):
        assert [v.shape.as_list() for v in names[kind]] == [
            v.shape.as_list() for v in solution[kind]]
    assert names["Y3"].shape.as_list() == solution["Y3"].shape.as_list() == [None, 7, 7, 12]
