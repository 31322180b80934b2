"""The codelab's lines, pasted one after another into a copy of the first stage.

The lines are those that the codelab prints. Where it prints a pattern (K, L, the layer of a
smaller network), the names and sizes are filled in as it tells its readers to. Two slips are put
right: `feed=` in a call of sess.run is `feed_dict=`, and the layer in the dropout example takes
the flattened images.
"""

import re

import pytest
from conftest import PROJECT, run_stage
from ran_scripts import names_of

STAGE_1 = "mnist_1.0_softmax.py"


def replace(text, old, new):
    """Replace the one place where `old` stands."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def section(text, label):
    """The lines of a section of a stage, from the line after its label to the next blank line."""
    return re.search(rf"^# {label}.*\n((?:.+\n)+)", text, re.MULTILINE).group(1)


def starter_code(text):
    """What the codelab prints as the starting point, over what the stage has in its place."""
    text = replace(text, section(text, "placeholders") + "\n", "\n")
    text = replace(text, section(text, "weights and biases"), """\
X = tf.placeholder(tf.float32, [None, 28, 28, 1])
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))

init = tf.initialize_all_variables()
""")
    text = replace(text, section(text, "model"), """\
Y = tf.nn.softmax(tf.matmul(tf.reshape(X, [-1, 784]), W) + b)
# placeholder for correct labels
Y_ = tf.placeholder(tf.float32, [None, 10])
""")
    text = replace(text, section(text, "loss"), """\
cross_entropy = -tf.reduce_sum(Y_ * tf.log(Y))
""")
    text = replace(text, section(text, "accuracy"), """\
is_correct = tf.equal(tf.argmax(Y,1), tf.argmax(Y_,1))
accuracy = tf.reduce_mean(tf.cast(is_correct, tf.float32))
""")
    text = replace(text, "optimizer = tf.train.GradientDescentOptimizer(lr)\n", """\
optimizer = tf.train.GradientDescentOptimizer(0.003)
""")
    return replace(text, "init = tf.global_variables_initializer()\n", "")


def metrics_by_hand(text):
    """The two ways of measuring success that the codelab prints, in the loop."""
    return replace(text, "    # train\n", """\
    # success ?
    a,c = sess.run([accuracy, cross_entropy], feed_dict=train_data)

    # success on test data ?
    test_data={X: mnist.test.images, Y_: mnist.test.labels}
    a,c = sess.run([accuracy, cross_entropy], feed_dict=test_data)

    # train
""")


def two_layers(text):
    text = replace(text, section(text, "weights and biases"), """\
W1 = tf.Variable(tf.truncated_normal([28*28, 200] ,stddev=0.1))
B1 = tf.Variable(tf.zeros([200]))

W2 = tf.Variable(tf.truncated_normal([200, 10], stddev=0.1))
B2 = tf.Variable(tf.zeros([10]))
""")
    return replace(text, section(text, "model"), """\
XX = tf.reshape(X, [-1, 28*28])

Y1 = tf.nn.sigmoid(tf.matmul(XX, W1) + B1)
Y  = tf.nn.softmax(tf.matmul(Y1, W2) + B2)
""")


def relu(text):
    return replace(text, "tf.nn.sigmoid", "tf.nn.relu")


def adam(text):
    return replace(text, "tf.train.GradientDescentOptimizer", "tf.train.AdamOptimizer")


WEIGHTS = """\
W = tf.Variable(tf.truncated_normal([K, L] ,stddev=0.1))
B = tf.Variable(tf.ones([L])/10)
"""


def random_initialisation(text):
    """All weights random, all biases slightly positive; and on to five layers, in the same go."""
    start, end = text.index("W1 = "), text.index("# model")
    sizes = ["28*28", "200", "100", "60", "30", "10"]
    layers = [re.sub(r"\b[WBKL]\b", lambda found, n=n: {
        "W": f"W{n}", "B": f"B{n}", "K": sizes[n - 1], "L": sizes[n]}[found[0]], WEIGHTS)
        for n in range(1, 6)]
    text = text[:start] + "".join(layers) + "\n" + text[end:]
    return replace(text, "Y  = tf.nn.softmax(tf.matmul(Y1, W2) + B2)\n", """\
Y2 = tf.nn.relu(tf.matmul(Y1, W2) + B2)
Y3 = tf.nn.relu(tf.matmul(Y2, W3) + B3)
Y4 = tf.nn.relu(tf.matmul(Y3, W4) + B4)
Y = tf.nn.softmax(tf.matmul(Y4, W5) + B5)
""")


def logits(text):
    text = replace(text, "Y = tf.nn.softmax(tf.matmul(Y4, W5) + B5)\n", """\
Ylogits = tf.matmul(Y4, W5) + B5
Y = tf.nn.softmax(Ylogits)
""")
    return replace(text, section(text, "loss"), """\
cross_entropy = tf.nn.softmax_cross_entropy_with_logits(logits=Ylogits, labels=Y_)
cross_entropy = tf.reduce_mean(cross_entropy)*100
""")


def learning_rate_decay(text):
    text = replace(text, "lr = tf.constant(0.003)\n", """\
step = tf.placeholder(tf.int32)
lr = 0.0001 + tf.train.exponential_decay(0.003, step, 2000, 1/math.e)
""")
    return replace(text, "train_data = {X: batch_X, Y_: batch_Y}",
                   "train_data = {X: batch_X, Y_: batch_Y, step: i}")


def dropout(text):
    text = replace(text, "# model\n", """\
# model
# feed in 1 when testing, 0.75 when training
pkeep = tf.placeholder(tf.float32)
""")
    for n in range(1, 5):
        text = text.replace(f"(Y{n}, W", f"(Y{n}d, W")
        text = re.sub(rf"^(Y{n} = .*\n)", rf"\1Y{n}d = tf.nn.dropout(Y{n}, pkeep)\n", text,
                      flags=re.MULTILINE)
    text = replace(text, "step: i}", "step: i, pkeep: 0.75}")
    text = replace(text, "Y_: mnist.test.labels}", "Y_: mnist.test.labels, pkeep: 1}")
    return replace(text, "biases], feed_dict=train_data)",
                   "biases], feed_dict={**train_data, pkeep: 1})")


CONVOLUTION_WEIGHTS = """\
W = tf.Variable(tf.truncated_normal([4, 4, 3, 2], stddev=0.1))
B = tf.Variable(tf.ones([2])/10) # 2 is the number of output channels
"""
CONVOLUTION = """\
stride = 1  # output is still 28x28
Ycnv = tf.nn.conv2d(X, W, strides=[1, stride, stride, 1], padding='SAME')
Y = tf.nn.relu(Ycnv + B)
"""


def convolutional(text):
    """Three convolutional layers in place of the first three; dropout goes, the decay stays."""
    text = re.sub(r"^Y\dd = .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\(Y(\d)d, W", r"(Y\1, W", text)
    weights = model = ""
    layers = [("5, 5, 1, 4", "4", 1), ("5, 5, 4, 8", "8", 2), ("4, 4, 8, 12", "12", 2)]
    for n, (shape, channels, stride) in enumerate(layers, start=1):
        weights += (CONVOLUTION_WEIGHTS.replace("4, 4, 3, 2", shape).replace("[2]", f"[{channels}]")
                    .replace("W =", f"W{n} =").replace("B =", f"B{n} ="))
        model += (CONVOLUTION.replace("stride = 1", f"stride = {stride}")
                  .replace("X, W", f"Y{n - 1}, W{n}" if n > 1 else "X, W1")
                  .replace("+ B", f"+ B{n}").replace("Y =", f"Y{n} ="))
    weights += (WEIGHTS.replace("W ", "W4 ").replace("B ", "B4 ").replace("K", "7*7*12")
                .replace("[L", "[200").replace(" L]", " 200]"))
    weights += (WEIGHTS.replace("W ", "W5 ").replace("B ", "B5 ").replace("K", "200")
                .replace("[L", "[10").replace(" L]", " 10]"))
    text = text[:text.index("W1 = ")] + weights + "\n" + text[text.index("# model"):]
    start, end = text.index("XX = "), text.index("Y4 = ")
    model += "YY = tf.reshape(Y3, shape=[-1, 7 * 7 * 12])\n"
    text = text[:start] + model + text[end:]
    return replace(text, "tf.matmul(Y3, W4)", "tf.matmul(YY, W4)")


EDITS = [two_layers, relu, adam, random_initialisation, logits, learning_rate_decay, dropout,
         convolutional]


DECAYED = "lr = 0.0001 + tf.train.exponential_decay(0.003, step, 2000, 1/math.e)\n"
LOSS = r"cross_entropy = -.*\n"       # the lines of stage 1.0 over which a reader pastes
RATE = r"lr = .*\n"
METRICS = r"        a, c, rate.*\n.*\n"
TEST_METRICS = r"        a, c, y = run.*\n"
MODEL = r"XX = .*\nY = .*\n"

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
    "a pattern": ([], "W = .*\n", WEIGHTS, "name 'K' is not defined"),
    "logits of five layers": ([two_layers], r"Y  = .*\n", "Ylogits = tf.matmul(Y4, W5) + B5\n",
                              "name 'Y4' is not defined"),
    "rate before step": ([], RATE, DECAYED, "name 'step' is not defined"),
    "step not fed": ([], RATE, "step = tf.placeholder(tf.int32)\n" + DECAYED,
                     "You must feed a value for placeholder tensor"),
    "dropout on X": ([two_layers], "Y1 = .*\n", "Y1 = tf.nn.relu(tf.matmul(X, W1) + B1)\n",
                     "Dimensions must be equal, but are 1 and 784"),
    "weights for colour images": (
        [], "W = .*\n(.*\n)*" + MODEL, CONVOLUTION_WEIGHTS + CONVOLUTION,
        "Depth of input (1) is not a multiple of input depth of filter (3)"),
}


def edited(*edits):
    text = (PROJECT / STAGE_1).read_text(encoding="utf-8")
    for edit in edits:
        text = edit(text)
    return text


def text_only(text):
    """Swap the loop's line for its twin, as the comment beside it says, for 60 iterations."""
    new_text, count = re.subn(r"^for i in dashboard.*# text only: (for i in range\().*$",
                              r"\g<1>60 + 1):", text, flags=re.MULTILINE)
    assert count == 1
    return new_text


def learned(tmp_path, capsys, *edits):
    """The names of a stage with these edits, after it has trained and shown that it learns."""
    path = tmp_path / "mnist_1.0_edited.py"
    path.write_text(edited(*edits), encoding="utf-8")
    names = run_stage(path, "--iterations", 60)
    output = capsys.readouterr().out
    rows = [line.split() for line in output.splitlines() if re.match(r" +\d+ ", line)]
    assert [int(cells[0]) for cells in rows] == [0, 20, 40, 60]
    accuracies, losses = ([float(cells[n]) for cells in rows] for n in (5, 6))
    assert losses[-1] < losses[0] and accuracies[-1] > accuracies[0]
    assert "final test accuracy" in output
    return names


@pytest.mark.parametrize("edits", [[starter_code, metrics_by_hand], [text_only]],
                         ids=["by hand", "text only"])
def test_the_codelabs_beginning(tmp_path, capsys, edits):
    """Otherwise its first lines, pasted, do not run, or show nothing."""
    learned(tmp_path, capsys, *edits)


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
@pytest.mark.parametrize("last", range(1, len(EDITS)), ids=[edit.__name__ for edit in EDITS[:-1]])
def test_each_edit_on_the_way_learns(tmp_path, capsys, last):
    """Otherwise a reader is stuck in the middle of the codelab."""
    learned(tmp_path, capsys, *EDITS[:last])


def test_all_edits_lead_to_the_network_of_stage_3(tmp_path, capsys):
    """Otherwise the solution is not the solution of what was read."""
    names, solution = learned(tmp_path, capsys, *EDITS), names_of("3.0")
    for kind in ("weights", "biases"):
        assert [v.shape.as_list() for v in names[kind]] == [
            v.shape.as_list() for v in solution[kind]]
    assert names["Y3"].shape.as_list() == solution["Y3"].shape.as_list() == [None, 7, 7, 12]
