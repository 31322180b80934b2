"""The variations: other networks, in the form of the stages.

What the last one does is tested in test_last_half_percent.py.
"""

import ast
import difflib
import functools
import math
import re
import shutil

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of, write_idx

from common import network
from common.dashboard import Dashboard
from common.data_files import dimensions_of, read_idx
from docs.steps import code_lines

FIVE, SOFTMAX, POOLING, HIDDEN, EPOCHS = VARIATIONS = (
    "five_layers_gradient_descent", "softmax_interactive", "convolutional_max_pooling",
    "one_hidden_layer", "three_convolutions_by_epoch")  # of other tutorials
LAST = "batch_norm_augmented"
ALL = (*VARIATIONS, LAST)

# The stage that is nearest, and how many code lines may differ from it: as many as do.
NEAREST = {FIVE: ("2.0", 20), SOFTMAX: ("1.0", 33), POOLING: ("3.1", 50), HIDDEN: ("2.1", 38),
           EPOCHS: ("3.0", 50), LAST: ("3.1", 75)}

TRAINING = {  # optimizer, learning rate, batch, iterations, training and validation digits
    FIVE: ("GradientDescentOptimizer", 0.003, 100, 10_000, 55_000, 5_000),
    SOFTMAX: ("GradientDescentOptimizer", 0.5, 50, 1_000, 55_000, 5_000),
    POOLING: ("AdamOptimizer", 1e-4, 50, 1_100, 55_000, 5_000),
    HIDDEN: ("AdamOptimizer", 1e-3, 1000, 1_000, 55_000, 5_000),
    EPOCHS: ("AdamOptimizer", 1e-4, 50, 12_000, 60_000, 0),
}

PARAMETERS = {FIVE: 185_300, SOFTMAX: 7_850, POOLING: 3_274_634, HIDDEN: 159_010,
              EPOCHS: 4_474_890}

OPERATIONS = {  # what computes a tensor
    FIVE: {"Y1": "Sigmoid", "Y2": "Sigmoid", "Y3": "Sigmoid", "Y4": "Sigmoid", "Y": "Softmax"},
    SOFTMAX: {"Y": "Softmax"},
    POOLING: {"Y1": "Relu", "Y1p": "MaxPool", "Y2": "Relu", "Y2p": "MaxPool", "Y3": "Relu",
              "Y": "Softmax"},
    HIDDEN: {"Y1": "Relu", "Y": "Softmax"},
    EPOCHS: {"Y1": "Relu", "Y1p": "MaxPool", "Y2": "Relu", "Y2p": "MaxPool", "Y3": "Relu",
             "Y3p": "MaxPool", "Y4": "AddV2", "Y5": "AddV2", "Y": "Softmax"},
}

PICTURES = {  # some of those that a variation leaves behind without being asked
    FIVE: {"accuracy", "loss"}, HIDDEN: {"right_digit", "wrong_digit"},
    POOLING: {"filters_1", "activations_1", "activations_2", "layers_of_right_digit"},
}


def path_of(name):
    return PROJECT / "variations" / f"{name}.py"


def text_of(name):
    return path_of(name).read_text(encoding="utf-8")


def docstring_of(name):
    return ast.get_docstring(ast.parse(text_of(name)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with MNIST, but only 300 of its test digits: a test does not take long."""
    folder = tmp_path_factory.mktemp("data")
    for file in (PROJECT / "data").glob("*.gz"):
        if file.name.startswith("train"):
            shutil.copyfile(file, folder / file.name)
        else:
            write_idx(folder / file.stem, read_idx(file, dimensions_of(file.stem))[:300])
    return folder


@pytest.fixture(scope="module")
def names_of(folder):
    """A function: all names in a variation after two iterations; each runs once for all tests."""
    @functools.cache
    def names_of(name):
        elsewhere = folder / name
        elsewhere.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(elsewhere)
            watched = watch(patch)
            names = run_stage(path_of(name), "--iterations", 2, "--data-dir", folder)
        return names | watched | {"files": sorted(elsewhere.rglob("*.*"))}

    return names_of


@pytest.fixture
def variation(request, names_of):
    """The name of a variation and all names in it."""
    return request.param, names_of(request.param)


def watch(patch, iterations=None):
    """Note what a script asks of its loop, when it tests, and in which chunks.

    With `iterations`, a tuple of ints, the loop counts these instead of all.
    """
    watched = {"planned": [], "tested": [], "chunks": []}
    loop, show_test, run_in_chunks = Dashboard.loop, Dashboard.show_test, network.run_in_chunks

    def watched_loop(self, planned):
        watched["planned"].append(planned)
        if iterations is None:
            return loop(self, planned)
        self.start(planned)
        return iter(iterations)

    def watched_test(self, i, accuracy, loss, images, predictions, labels):
        watched["tested"].append(i)
        assert images.shape[1:3] == (28, 28)
        assert len(images) == len(predictions) == len(labels)
        show_test(self, i, accuracy, loss, images, predictions, labels)

    def watched_chunks(sess, fetches, feed_dict, chunk_size=network.CHUNK_SIZE):
        watched["chunks"].append(chunk_size)
        return run_in_chunks(sess, fetches, feed_dict, chunk_size)

    patch.setattr(Dashboard, "loop", watched_loop)
    patch.setattr(Dashboard, "show_test", watched_test)
    patch.setattr(network, "run_in_chunks", watched_chunks)
    return watched


def feed(names, images, labels, pkeep=1.0):
    data = {names["X"]: images, names["Y_"]: labels}
    return data | ({names["pkeep"]: pkeep} if "pkeep" in names else {})


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_shapes_and_operations(variation):
    """Otherwise the network is not that of its source, or not that of its diagram."""
    name, names = variation
    diagram = re.findall(r"\b(\w+) \[([\dn, ]+)\]", docstring_of(name))
    shapes = {tensor: [None if size == "n" else int(size) for size in shape.split(", ")]
              for tensor, shape in diagram}
    assert {tensor: names[tensor].shape.as_list() for tensor in shapes} == shapes
    variables = [names[tensor] for tensor in shapes if tensor[0] in "WBb"]
    assert {v.ref() for v in variables} == {v.ref() for v in names["weights"] + names["biases"]}
    assert sum(math.prod(v.shape) for v in variables) == PARAMETERS[name]
    for tensor, operation in OPERATIONS[name].items():
        assert names[tensor].op.type == operation, tensor
    for operation in names["sess"].graph.get_operations():
        if operation.type == "Conv2D":
            assert list(operation.get_attr("strides")) == [1, 1, 1, 1]
        if operation.type == "MaxPool":
            assert operation.get_attr("ksize") == operation.get_attr("strides") == [1, 2, 2, 1]


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_data_loop_and_pictures(variation):
    """Otherwise it trains in another way than its source, or leaves none of its pictures."""
    name, names = variation
    optimizer, rate, batch, iterations, training, validation = TRAINING[name]
    assert [part.num_examples for part in names["mnist"]] == [training, validation, 300]
    assert type(names["optimizer"]).__name__ == optimizer
    assert names["sess"].run(names["lr"]) == pytest.approx(rate)
    assert names["planned"] == [iterations]
    assert names["tested"] == [0, 2]
    assert names["chunks"][:2] == {SOFTMAX: [], EPOCHS: [100, 100]}.get(name, [2500, 2500])

    assert len(names["train_data"][names["X"]]) == len(names["train_data"][names["Y_"]]) == batch
    assert len(names["test_data"][names["X"]]) == len(names["test_data"][names["Y_"]]) == 300
    if name == POOLING:
        assert names["train_data"][names["pkeep"]] == 0.5
        assert names["test_data"][names["pkeep"]] == 1
    kind = "InteractiveSession" if name == SOFTMAX else "Session"
    assert type(names["sess"]).__name__ == kind

    pictures = {file.stem for file in names["files"]}
    assert PICTURES.get(name, set()) <= pictures and bool(pictures) == (name in PICTURES)
    assert {(file.parent.name, file.suffix) for file in names["files"]} <= {("pictures", ".png")}


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_first_weights_and_biases(variation):
    """Otherwise it learns more slowly or faster than its source, and nobody sees why."""
    name, names = variation
    names["sess"].run(names["init"])
    weights, biases = names["sess"].run([names["weights"], names["biases"]])
    if name != HIDDEN:
        for values in biases:
            np.testing.assert_allclose(values, 0.1 if name == POOLING else 0)
    if name == SOFTMAX:
        assert not weights[0].any()
    elif name == HIDDEN:  # a normal distribution, not cut
        for values in [*weights, biases[0]]:
            assert values.mean() == pytest.approx(0.5, abs=0.25)
            assert values.std() == pytest.approx(0.7, rel=0.25)
        assert np.abs(weights[0] - 0.5).max() > 2.5 * 0.7
        assert len(np.unique(biases[1])) == 10
    elif name == EPOCHS:  # a uniform distribution, its width by the inputs and outputs
        for values in weights:
            patch = math.prod(values.shape[:-2])
            limit = math.sqrt(6 / (patch * (values.shape[-2] + values.shape[-1])))
            assert 0.95 * limit < np.abs(values).max() <= limit
            assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.1)
            assert abs(values.mean()) < 0.1 * limit
    else:  # a normal distribution cut at two standard deviations
        deviation = 1 if name == FIVE else 0.1
        for values in weights:
            assert 1.9 * deviation < np.abs(values).max() <= 2 * deviation or values.size < 1000
            assert values.std() == pytest.approx(0.88 * deviation, rel=0.2)
            assert abs(values.mean()) < 0.2 * deviation


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_one_training_step(variation):
    """The step that the last biases take tells what is trained: a sum or a mean over the batch."""
    name, names = variation
    optimizer, rate, batch, *_ = TRAINING[name]
    run, bias = names["sess"].run, names["biases"][-1]
    run(names["init"])
    data = feed(names, *names["mnist"].train.next_batch(batch))
    probabilities, before, loss = run([names["Y"], bias, names["cross_entropy"]], data)
    labels = data[names["Y_"]]
    if name != HIDDEN:  # there, probabilities are too small for a logarithm
        expected = -(labels * np.log(probabilities)).sum(axis=1).mean() * 100
        assert loss == pytest.approx(expected, rel=1e-3)

    run(names["train_step"], data)
    step = run(bias) - before
    gradient = (probabilities - labels).sum(axis=0)
    if name != FIVE:
        gradient /= batch
    if optimizer == "GradientDescentOptimizer":
        np.testing.assert_allclose(step, -rate * gradient, rtol=1e-3, atol=1e-6)
    else:  # Adam: a tenth of the gradient is remembered, the first step is as long as the rate
        remembered = run(names["optimizer"].get_slot(bias, "m"))
        np.testing.assert_allclose(remembered, 0.1 * gradient, rtol=1e-3, atol=1e-7)
        np.testing.assert_allclose(step, -rate * np.sign(gradient), rtol=1e-2)


@pytest.mark.parametrize("variation", [POOLING], indirect=True)
def test_dropout_of_every_other_neuron(variation):
    """Otherwise the test is that of a crippled network, or nothing is dropped."""
    _, names = variation
    images, labels = names["mnist"].test.next_batch(50)
    for pkeep in (0.5, 1.0):
        before, after, weights, biases, logits = names["sess"].run(
            [names[tensor] for tensor in ("Y3", "Y3d", "W4", "B4", "Ylogits")],
            feed(names, images, labels, pkeep))
        np.testing.assert_allclose(logits, after @ weights + biases, rtol=1e-3, atol=1e-2)
        active = before > 0
        dropped = active & (after == 0)
        np.testing.assert_allclose(after, np.where(dropped, 0, before / pkeep), rtol=1e-5)
        assert dropped.sum() / active.sum() == pytest.approx(1 - pkeep, abs=0.03)


@pytest.mark.parametrize("variation", [HIDDEN], indirect=True)
def test_hidden_layer_begins_as_its_docstring_says(variation):
    """Otherwise what it teaches about initial weights is not so."""
    _, names = variation
    run, digits = names["sess"].run, names["mnist"].validation  # 5,000: of the test digits, few
    data = feed(names, digits.images, digits.labels)
    run(names["init"])
    neurons, loss = run([names["Y1"], names["cross_entropy"]], data)
    assert neurons.min() > 0
    assert neurons.mean() == pytest.approx(52, abs=3)
    assert neurons.std(axis=1).mean() == pytest.approx(7, abs=1)
    correlation = np.corrcoef(neurons.T)[np.triu_indices(200, 1)].mean()
    assert correlation == pytest.approx(0.92, abs=0.02)
    assert 10_000 < loss < 300_000  # it depends on the seed more than all else


@pytest.mark.parametrize("variation", [EPOCHS], indirect=True)
def test_batches_in_the_order_of_the_files(variation):
    """After two iterations, of 0 to 2, the third batch is at hand."""
    _, names = variation
    images = read_idx(PROJECT / "data" / "train-images-idx3-ubyte.gz", 3)[100:150]
    labels = read_idx(PROJECT / "data" / "train-labels-idx1-ubyte.gz", 1)[100:150]
    np.testing.assert_allclose(names["batch_X"][..., 0], images / 255, atol=1e-6)
    np.testing.assert_array_equal(names["batch_Y"].argmax(axis=1), labels)


def test_one_test_at_the_end_of_each_epoch(folder, monkeypatch):
    """Otherwise its rows are not the epochs of its source."""
    watched = watch(monkeypatch, iterations=(0, 100, 1199, 1200, 1201, 12_000))
    run_stage(path_of(EPOCHS), "--data-dir", folder)["sess"].close()
    assert watched["tested"] == [0, 1200, 12_000]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_from_another_folder(run_script, tmp_path, name):
    """It finds common/ by itself: in this process, it would be found anyway."""
    result = run_script(f"variations/{name}.py", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert docstring_of(name).partition("\n")[0] in result.stdout
    if name == SOFTMAX:
        result = run_script(f"variations/{name}.py", "--text", "--iterations", 20)
        assert (result.returncode, result.stderr) == (0, "")
        accuracy = re.search(r"^final test accuracy +(\d\.\d+), .* after 20 iterations in",
                             result.stdout, re.MULTILINE).group(1)
        assert float(accuracy) > 0.5
        assert list((tmp_path / "elsewhere").iterdir()) == []


def labels_of(text):
    """What the comments say that begin the sections of a script."""
    lines = text.splitlines()
    return [re.split("[:?,]", line)[0] for before, line in zip(lines, lines[1:])
            if line.lstrip().startswith("# ") and not before.strip() or "# load" in line]


@pytest.mark.parametrize("name", ALL)
def test_short_and_near_to_its_stage(name):
    """Otherwise `diff` against the stage does not show what is special about it."""
    version, most = NEAREST[name]
    stage = (PROJECT / script_of(version)).read_text(encoding="utf-8")
    code, stage_code = ([line for line in code_lines(text) if line]
                        for text in (text_of(name), stage))
    changes = list(difflib.unified_diff(stage_code, code, n=0))[2:]  # without the files' names
    assert sum(line[0] in "+-" for line in changes) <= most
    assert docstring_of(name).startswith(f"Variation on stage {version}: ")
    lines = text_of(name).splitlines()
    assert len(lines) <= 120 and max(map(len, lines)) <= 100
    expected = labels = labels_of(stage)
    if name == LAST:  # the things to try are on its page of the guide
        at = labels.index("# weights and biases")
        expected = [*labels[:at], "# distortion", labels[at], "# batch normalisation",
                    *labels[at + 1:-1]]
    assert labels_of(text_of(name)) == expected and len(labels) >= 13


@pytest.mark.parametrize("name", ALL)
def test_readme_and_docstring_tell_the_same(name):
    """Otherwise a reader does not know which of two numbers to expect."""
    docstring = " ".join(docstring_of(name).split())
    assert f"Run: python variations/{name}.py Expect: " in docstring
    accuracy, iterations = re.search(
        r"final test accuracy (\S+(?: ± \S+)?) after ([\d,]+) iterations", docstring).groups()
    planned = 10_800 if name == LAST else TRAINING[name][3]
    assert int(iterations.replace(",", "")) == planned
    readme = (PROJECT / "variations" / "README.md").read_text(encoding="utf-8")
    row, differences = (line for line in readme.splitlines() if line.startswith(f"| `{name}.py`"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[-2:] == [iterations, accuracy]
    assert differences.startswith(f"| `{name}.py` | stage {NEAREST[name][0]} | ")
