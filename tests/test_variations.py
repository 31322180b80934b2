"""The variations: the networks of other tutorials, in the form of the stages."""

import ast
import math
import re
import shutil
import sys

import numpy as np
import pytest
from conftest import PROJECT, script_of, write_idx
from test_lesson import changed_lines

from common import chunks
from common.dashboard import Dashboard
from common.idx_files import read_idx

FIVE, SOFTMAX, POOLING, HIDDEN, EPOCHS = VARIATIONS = (
    "five_layers_gradient_descent", "softmax_interactive", "convolutional_max_pooling",
    "one_hidden_layer", "three_convolutions_by_epoch")

# The stage that is nearest, and how many code lines may differ from it: as many as do.
NEAREST = {FIVE: ("2.0", 20), SOFTMAX: ("1.0", 32), POOLING: ("3.1", 50), HIDDEN: ("2.1", 38),
           EPOCHS: ("3.0", 50)}

TRAINING = {  # optimizer, learning rate, batch, iterations, training and validation digits
    FIVE: ("GradientDescentOptimizer", 0.003, 100, 10_000, 55_000, 5_000),
    SOFTMAX: ("GradientDescentOptimizer", 0.5, 50, 1_000, 55_000, 5_000),
    POOLING: ("AdamOptimizer", 1e-4, 50, 1_100, 55_000, 5_000),
    HIDDEN: ("AdamOptimizer", 1e-3, 1000, 1_000, 55_000, 5_000),
    EPOCHS: ("AdamOptimizer", 1e-4, 50, 12_000, 60_000, 0),
}

SHAPES = {  # of variables and of tensors; None is the number of images
    FIVE: {"W1": (784, 200), "B1": (200,), "W2": (200, 100), "B2": (100,), "W3": (100, 60),
           "B3": (60,), "W4": (60, 30), "B4": (30,), "W5": (30, 10), "B5": (10,),
           "XX": (None, 784), "Y1": (None, 200), "Y2": (None, 100), "Y3": (None, 60),
           "Y4": (None, 30), "Y": (None, 10)},
    SOFTMAX: {"W": (784, 10), "b": (10,), "X": (None, 784), "Y": (None, 10)},
    POOLING: {"W1": (5, 5, 1, 32), "B1": (32,), "W2": (5, 5, 32, 64), "B2": (64,),
              "W3": (3136, 1024), "B3": (1024,), "W4": (1024, 10), "B4": (10,),
              "X": (None, 28, 28, 1), "Y1": (None, 28, 28, 32), "Y1p": (None, 14, 14, 32),
              "Y2": (None, 14, 14, 64), "Y2p": (None, 7, 7, 64), "YY": (None, 3136),
              "Y3": (None, 1024), "Y": (None, 10)},
    HIDDEN: {"W1": (784, 200), "B1": (200,), "W2": (200, 10), "B2": (10,),
             "XX": (None, 784), "Y1": (None, 200), "Y": (None, 10)},
    EPOCHS: {"W1": (5, 5, 1, 32), "B1": (32,), "W2": (5, 5, 32, 64), "B2": (64,),
             "W3": (5, 5, 64, 128), "B3": (128,), "W4": (2048, 1024), "B4": (1024,),
             "W5": (1024, 2048), "B5": (2048,), "W6": (2048, 10), "B6": (10,),
             "X": (None, 28, 28, 1), "Y1": (None, 28, 28, 32), "Y1p": (None, 14, 14, 32),
             "Y2": (None, 14, 14, 64), "Y2p": (None, 7, 7, 64), "Y3": (None, 7, 7, 128),
             "Y3p": (None, 4, 4, 128), "YY": (None, 2048), "Y4": (None, 1024),
             "Y5": (None, 2048), "Y": (None, 10)},
}

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
    POOLING: {"filters_1", "filters_2", "activations_1", "activations_2"},
}


def path_of(name):
    return PROJECT / "variations" / f"{name}.py"


def text_of(name):
    return path_of(name).read_text(encoding="utf-8")


def docstring_of(name):
    return ast.get_docstring(ast.parse(text_of(name)))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """MNIST with only 300 of its test digits, so that a test of a network does not take long."""
    folder = tmp_path_factory.mktemp("data")
    for file in (PROJECT / "data").glob("*.gz"):
        if file.name.startswith("train"):
            shutil.copyfile(file, folder / file.name)
        else:
            write_idx(folder / file.stem, read_idx(file, 3 if "idx3" in file.name else 1)[:300])
    return folder


@pytest.fixture(scope="module")
def runs():
    """What a variation has left behind, by its name: each is run once for all tests."""
    finished = {}
    yield finished
    for names in finished.values():
        names["sess"].close()


@pytest.fixture
def variation(request, run_stage, runs, data_dir, tmp_path, monkeypatch):
    """The name of a variation and all names in it, after two iterations in a folder of its own."""
    name = request.param
    if name not in runs:
        watched = {"planned": [], "tested": [], "chunks": []}
        watch(monkeypatch, watched)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [*sys.path])  # the script changes it
        runs[name] = run_stage(path_of(name), "--iterations", 2, "--data-dir", data_dir) | watched
        runs[name]["files"] = sorted(tmp_path.rglob("*.*"))
    return name, runs[name]


def watch(monkeypatch, watched, iterations=None):
    """Note what a script asks of its loop, when it tests, and in which chunks.

    With `iterations`, a tuple of ints, the loop counts these instead of all.
    """
    loop, show_test, run_in_chunks = Dashboard.loop, Dashboard.show_test, chunks.run_in_chunks

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

    def watched_chunks(sess, fetches, feed_dict, chunk_size=chunks.CHUNK_SIZE):
        watched["chunks"].append(chunk_size)
        return run_in_chunks(sess, fetches, feed_dict, chunk_size)

    monkeypatch.setattr(Dashboard, "loop", watched_loop)
    monkeypatch.setattr(Dashboard, "show_test", watched_test)
    monkeypatch.setattr(chunks, "run_in_chunks", watched_chunks)


def feed(names, images, labels, pkeep=1.0):
    data = {names["X"]: images, names["Y_"]: labels}
    return data | ({names["pkeep"]: pkeep} if "pkeep" in names else {})


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_shapes_and_operations(variation):
    name, names = variation
    assert {tensor: tuple(names[tensor].shape) for tensor in SHAPES[name]} == SHAPES[name]
    variables = {tensor for tensor in SHAPES[name] if tensor[0] in "WBb"}
    assert {names[v].ref() for v in variables} == {
        v.ref() for v in names["weights"] + names["biases"]}
    for tensor, operation in OPERATIONS[name].items():
        assert names[tensor].op.type == operation, tensor
    for operation in names["sess"].graph.get_operations():
        if operation.type == "Conv2D":
            assert list(operation.get_attr("strides")) == [1, 1, 1, 1]
        if operation.type == "MaxPool":
            assert operation.get_attr("ksize") == operation.get_attr("strides") == [1, 2, 2, 1]

    # The diagram tells the same.
    diagram = re.findall(r"\b(\w+) \[([\dn, ]+)\]", docstring_of(name))
    assert {tensor: tuple(None if size == "n" else int(size) for size in shape.split(", "))
            for tensor, shape in diagram} == SHAPES[name]


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_data_and_loop(variation):
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


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_first_weights_and_biases(variation):
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


def test_one_test_at_the_end_of_each_epoch(run_stage, data_dir, monkeypatch):
    watched = {"planned": [], "tested": [], "chunks": []}
    watch(monkeypatch, watched, iterations=(0, 100, 1199, 1200, 1201, 12_000))
    monkeypatch.setattr(sys, "path", [*sys.path])
    run_stage(path_of(EPOCHS), "--data-dir", data_dir)["sess"].close()
    assert watched["tested"] == [0, 1200, 12_000]


@pytest.mark.parametrize("variation", VARIATIONS, indirect=True)
def test_pictures(variation):
    name, names = variation
    pictures = {file.stem for file in names["files"]}
    assert PICTURES.get(name, set()) <= pictures
    assert bool(pictures) == (name in PICTURES)
    assert {(file.parent.name, file.suffix) for file in names["files"]} <= {("pictures", ".png")}


def test_from_another_folder(run_script, tmp_path):
    result = run_script(f"variations/{SOFTMAX}.py", "--text", "--iterations", 20)
    assert (result.returncode, result.stderr) == (0, "")
    accuracy = re.search(r"^final test accuracy +(\d\.\d+), .* after 20 iterations in",
                         result.stdout, re.MULTILINE).group(1)
    assert float(accuracy) > 0.5
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", VARIATIONS)
def test_help_from_another_folder(run_script, name):
    """It finds common/ by itself: in this process, it would be found anyway."""
    result = run_script(f"variations/{name}.py", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert docstring_of(name).partition("\n")[0] in result.stdout


def test_all_variations_are_tested():
    assert {path.stem for path in (PROJECT / "variations").glob("*.py")} == set(VARIATIONS)


@pytest.mark.parametrize("name", VARIATIONS)
def test_differs_from_its_nearest_stage_in_few_lines(name):
    version, most = NEAREST[name]
    assert changed_lines(script_of(version), f"variations/{name}.py") <= most
    assert docstring_of(name).startswith(f"Variation on stage {version}: ")


@pytest.mark.parametrize("name", VARIATIONS)
def test_short_lines_and_few(name):
    lines = text_of(name).splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", VARIATIONS)
def test_sections_of_the_stages(name):
    def labels(text):
        lines = text.splitlines()
        return [re.split("[:?,]", line)[0] for before, line in zip(lines, lines[1:])
                if line.lstrip().startswith("# ") and not before.strip() or "# load" in line]

    expected = labels((PROJECT / script_of(NEAREST[name][0])).read_text(encoding="utf-8"))
    assert len(expected) >= 13
    assert labels(text_of(name)) == expected


@pytest.mark.parametrize("name", VARIATIONS)
def test_readme_and_docstring_tell_the_same(name):
    docstring = " ".join(docstring_of(name).split())
    assert f"Run: python variations/{name}.py Expect: " in docstring
    accuracy, iterations = re.search(
        r"final test accuracy (\S+(?: ± \S+)?) after ([\d,]+) iterations", docstring).groups()
    assert int(iterations.replace(",", "")) == TRAINING[name][3]
    readme = (PROJECT / "variations" / "README.md").read_text(encoding="utf-8")
    row, differences = (line for line in readme.splitlines() if line.startswith(f"| `{name}.py`"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[-2:] == [iterations, accuracy]
    assert differences.startswith(f"| `{name}.py` | stage {NEAREST[name][0]} | ")
