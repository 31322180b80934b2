"""The parts of the cloud version's training, in this process."""

import json
import re

import numpy as np
import pytest

from cloud import buckets
from cloud.trainer import hyperparameters as hp
from common.mnist_data import DEFAULT_DIR
from common.terminal import UserError

resource = pytest.importorskip("resource", reason="the cloud version needs Linux or macOS")

SMALL = hp.Hyperparameters(channels_1=2, channels_2=3, channels_3=4, neurons=10)
SMALL_NORM = hp.Hyperparameters(channels_1=2, channels_2=3, channels_3=4, neurons=10,
                                batch_norm=True, batch_norm_decay=0.9)


def bars():
    """Images uint8 [300, 28, 28] and labels uint8 [300] that can be learned: bars at 10 places."""
    labels = np.arange(300, dtype=np.uint8) % 10
    images = np.zeros((300, 28, 28), np.uint8)
    for image, label in zip(images, labels):
        image[:, 2 * label + 2:2 * label + 5] = 255
    return images, labels


def make_training(tf, hyperparameters=SMALL, seed=0):
    from cloud.trainer.training import Training
    return Training(tf.distribute.get_strategy(), hyperparameters, seed, 100, *bars())


def numbers_of_steps(first, last, seed=0):
    from cloud.trainer.training import digits_of_step
    return np.stack([digits_of_step(seed, step, 100, 350).numpy() for step in range(first, last)])


def test_batches_depend_on_seed_and_step_alone(tf):
    """Otherwise a run that goes on would not have the batches of an uninterrupted one."""
    steps = numbers_of_steps(0, 9)
    assert np.array_equal(numbers_of_steps(5, 9), steps[5:])
    assert not np.array_equal(numbers_of_steps(0, 9, seed=1), steps)
    assert not np.array_equal(steps[0], np.sort(steps[0]))


def test_an_epoch_has_each_digit_once(tf):
    numbers = numbers_of_steps(0, 7).reshape(2, 350)  # 2 epochs, whose border is inside a batch
    assert np.array_equal(np.sort(numbers, axis=1), [range(350)] * 2)
    assert not np.array_equal(*numbers)


def test_the_default_network_is_that_of_stage_3_1(tf):
    from cloud.trainer.network import Network
    network = Network(hp.Hyperparameters(), 0)
    assert sum(np.prod(v.shape) for v in network.variables) == 244_076
    assert [v.shape.as_list() for v in (network.W1, network.W2, network.W3, network.W4)] == [
        [6, 6, 1, 6], [5, 5, 6, 12], [4, 4, 12, 24], [1176, 200]]
    assert np.std(network.W4.numpy()) == pytest.approx(0.088, abs=0.002)  # truncated at 2 × 0.1
    assert network.logits(np.zeros((3, 28, 28), np.float32)).shape == (3, 10)


def test_weights_depend_on_the_seed_alone(tf):
    first, same, other = (make_training(tf, seed=seed).network.digest() for seed in (0, 0, 1))
    assert first == same != other


def test_it_learns_and_goes_on_where_it_was(tf, tmp_path):
    from cloud.trainer.records import Checkpoints
    from cloud.trainer.training import test as measure
    whole = make_training(tf, SMALL_NORM)
    before = measure(whole.network, *bars())
    for _ in range(40):
        _, rate = whole.train()
    after = measure(whole.network, *bars())
    assert whole.step == 40
    assert float(rate) == pytest.approx(0.0001 + 0.003 * np.exp(-39 / 2000))
    assert after.loss < 0.9 * before.loss and after.accuracy > before.accuracy

    first, second = make_training(tf, SMALL_NORM), make_training(tf, SMALL_NORM)
    for _ in range(25):
        first.train()
    Checkpoints(str(tmp_path), {}).save(first.state, 25)
    again = Checkpoints(str(tmp_path), {})
    assert again.newest() == (25, [])
    again.restore(second.state, 25)
    assert second.step == 25 and second.network.digest() == first.network.digest()
    for _ in range(15):
        second.train()
    assert second.network.digest() == whole.network.digest()


def test_dropout_in_training_only(tf):
    from cloud.trainer.training import test as measure
    trainings = [make_training(tf, hp.Hyperparameters(channels_1=2, pkeep=pkeep))
                 for pkeep in (1.0, 0.5)]
    tested, tested_too = (measure(each.network, *bars()).loss for each in trainings)
    trained, with_dropout = (float(each.train()[0].loss) for each in trainings)
    assert tested == tested_too and trained != with_dropout


# checkpoints

DAMAGES = {"truncated": lambda content: content[:-100], "emptied": lambda content: b"",
           "a bit flipped": lambda content: content[:99] + bytes([content[99] ^ 1]) + content[100:],
           "removed": None}


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_costs_only_what_came_after_the_one_before(
        tf, tmp_path, part, damage):
    from cloud.trainer.records import Checkpoints

    def harm(file):
        file.write_bytes(damage(file.read_bytes())) if damage else file.unlink()

    training, checkpoints = make_training(tf), Checkpoints(str(tmp_path), {})
    for step in (3, 6, 9):
        checkpoints.save(training.state, step)
    assert {file.name.partition(".")[0] for file in tmp_path.iterdir()} == {"step-6", "step-9"}
    harm(tmp_path / f"step-9.{part}")
    step, (sentence,) = checkpoints.newest()
    assert step == 6 and "step-9 is damaged" in sentence and "\n" not in sentence
    checkpoints.restore(make_training(tf, seed=1).state, step)

    harm(tmp_path / f"step-6.{part}")
    with pytest.raises(UserError, match="is damaged .* remove the folder"):
        checkpoints.newest()  # never silently from the start


def test_checkpoints_of_other_settings_are_refused(tf, tmp_path):
    from cloud.trainer.records import Checkpoints
    assert Checkpoints(str(tmp_path / "none yet"), {"--seed": 1}).newest() == (0, [])
    Checkpoints(str(tmp_path), {"--seed": 1}).save(make_training(tf).state, 4)
    (tmp_path / "checkpoint").write_text("junk")  # TensorFlow's own list, which is not asked
    assert Checkpoints(str(tmp_path), {"--seed": 1}).newest() == (4, [])
    with pytest.raises(UserError, match="with --seed 1, not 2"):
        Checkpoints(str(tmp_path), {"--seed": 2}).newest()


def test_folders_that_cannot_be_written_are_named_by_their_flags(tf, tmp_path):
    from cloud.trainer.records import Checkpoints, export
    (tmp_path / "file").touch()
    folder, training = str(tmp_path / "file"), make_training(tf)
    with pytest.raises(UserError, match="--checkpoint-dir: no checkpoint can be written"):
        Checkpoints(folder, {}).save(training.state, 3)
    with pytest.raises(UserError, match="--model-dir: nothing can be written"):
        export(training.network, SMALL, folder)


def test_an_export_takes_its_place_whole(tf, tmp_path):
    """Each has a folder of its own, and one that fails leaves nothing behind."""
    pytest.importorskip("orjson", reason="needs cloud/requirements-test.txt")
    from cloud.prediction import ServedModel
    from cloud.trainer.records import export
    network, other = make_training(tf).network, make_training(tf, seed=1).network
    images = np.ones((1, 28, 28), np.float32)
    for number, trained in enumerate((network, other, network), 1):
        assert export(trained, SMALL, str(tmp_path)) == str(tmp_path / str(number))
    assert {path.name for path in tmp_path.iterdir()} == {"2", "3"}
    (tmp_path / "4").mkdir()  # of a training that was killed
    model = ServedModel(str(tmp_path))
    assert model.folder == str(tmp_path / "3")
    assert model.predict(images)[1] == pytest.approx(
        tf.nn.softmax(network.logits(images)).numpy(), abs=1e-6)

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        with pytest.raises(UserError, match="--model-dir: nothing can be .* \\([^{]*too large"):
            export(other, SMALL, str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ServedModel(str(tmp_path)).folder == str(tmp_path / "3")
    assert not (tmp_path / "5").exists()


# what is reported

def test_the_tuners_file(tf, tmp_path):
    from cloud.trainer.records import TuningMetric
    path = tmp_path / "metrics" / "output.metrics"
    metric = TuningMetric({"CLOUD_ML_HP_METRIC_FILE": str(path), "CLOUD_ML_TRIAL_ID": "7"})
    metric.report(0.5, 100)
    metric.report(0.9921, 200)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["accuracy"] for line in lines] == ["0.5", "0.9921"]
    assert isinstance(lines[1].pop("timestamp"), float)
    assert lines[1] == {"trial": "7", "accuracy": "0.9921", "global_step": "200",
                        "checkpoint_path": ""}
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "output.metrics")
    with pytest.raises(UserError, match="CLOUD_ML_HP_METRIC_FILE"):
        TuningMetric({"CLOUD_ML_HP_METRIC_FILE": path}).report(0.5, 1)


def test_summaries(tf, tmp_path):
    """Curves and histograms are where TensorBoard looks for them."""
    from cloud.trainer.records import Summaries
    summaries = Summaries(str(tmp_path))
    summaries.write("train", 20, learning_rate=0.003)
    network = make_training(tf).network
    summaries.write("test", 20, network, accuracy=0.8)
    found = {}
    for file in tmp_path.glob("*/*"):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                found[file.parent.name, value.tag] = (
                    value.metadata.plugin_data.plugin_name, tf.make_ndarray(value.tensor))
                assert event.step == 20
    assert found["train", "learning_rate"] == ("scalars", np.float32(0.003))
    assert found["test", "accuracy"] == ("scalars", np.float32(0.8))
    kind, table = found["test", "W4"]
    assert kind == "histograms" and table.shape == (30, 3)
    assert table[:, 2].sum() == network.W4.numpy().size
    assert table[0, 0] == network.W4.numpy().min()


def test_a_log_that_can_be_written_no_longer_is_told_once(tf, tmp_path, capsys):
    """As on a full disk: the training goes on, and its user knows why the curves end."""
    from cloud.trainer.records import Summaries
    summaries = Summaries(str(tmp_path))
    summaries.write("train", 20, accuracy=0.9)
    assert capsys.readouterr().err == ""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        for step in (40, 60):
            summaries.write("train", step, accuracy=0.9)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    error = capsys.readouterr().err
    assert error.count("--log-dir") == 1 and "from iteration 40 on nothing is logged" in error


# flags

def parse(*arguments):
    return hp.read(arguments)


def test_defaults_are_those_of_the_stage(monkeypatch):
    for name in ("AIP_MODEL_DIR", "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)
    options = parse()
    assert hp.from_options(options) == hp.Hyperparameters()
    assert (options.data_dir, options.batch_size, options.seed) == (DEFAULT_DIR, 100, 0)
    assert (options.model_dir, options.checkpoint_dir, options.log_dir) == (
        "cloud_output/model", "cloud_output/checkpoints", "cloud_output/logs")


def test_folders_that_vertex_ai_sets(monkeypatch, tmp_path):
    monkeypatch.setenv("AIP_MODEL_DIR", "gs://bucket/job/model/")
    monkeypatch.setenv("AIP_CHECKPOINT_DIR", "/mnt/checkpoints")
    monkeypatch.setenv("AIP_TENSORBOARD_LOG_DIR", "")
    (tmp_path / "bucket/mnist").mkdir(parents=True)
    monkeypatch.setattr(buckets, "MOUNTED", str(tmp_path))
    options = parse("--data-dir", "gs://bucket/mnist", "--dir", "gs://other/mnist")
    assert options.model_dir == f"{tmp_path}/bucket/job/model/"
    assert options.checkpoint_dir == "/mnt/checkpoints"
    assert options.log_dir == "gs://other/mnist/logs"  # not mounted
    assert options.data_dir == f"{tmp_path}/bucket/mnist"
    assert parse("--model-dir", "here").model_dir == "here"


def test_values_as_tuning_services_write_them():
    found = hp.from_options(parse("--hp-channels-1=24.0", "--hp-batch-norm=true",
                                  "--hp-learning-rate=2e-3", "--hp-iterations", "3000"))
    assert (found.channels_1, found.batch_norm, found.learning_rate, found.iterations) == (
        24, True, 0.002, 3000)
    assert isinstance(found.channels_1, int)
    assert hp.from_options(parse("--hp-batch-norm")).batch_norm is True
    assert hp.from_options(parse("--hp-batch-norm", "false")).batch_norm is False


@pytest.mark.parametrize("flag, value", [
    ("--hp-learning-rate", "0"), ("--hp-learning-rate", "nan"), ("--hp-learning-rate", "fast"),
    ("--hp-learning-rate-floor", "-1"), ("--hp-decay-steps", "inf"), ("--hp-pkeep", "1.5"),
    ("--hp-channels-1", "0"), ("--hp-channels-2", "2.5"), ("--hp-neurons", "²"),
    ("--hp-batch-norm", "maybe"), ("--hp-batch-norm-decay", "1"), ("--batch-size", "0"),
    ("--seed", "2147483647"), ("--patience", "0"), ("--workers", "65"), ("--model-dir", ""),
    ("--data-dir", "/nowhere/at/all"),
])
def test_bad_values_get_one_sentence(flag, value, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(flag, value)
    assert ended.value.code == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert re.match(rf"python -m cloud.trainer: error: argument {flag}: "
                    rf"({value!r} is not a whole number from|{value!r} is no number|"
                    rf"{value!r} is neither true|it should be the name|"
                    rf"there is no folder {value})", last), last


@pytest.mark.parametrize("flags, environment, sentence", [
    ((), {"TF_CONFIG": "{"}, "TF_CONFIG is not understood"),
    (("--workers", "2"), {"JOB_COMPLETION_INDEX": "0", "CLUSTER_SIZE": "2",
                          "CLUSTER_HOSTS": "mnist-{}:2222"}, "--workers is for this machine alone"),
    (("--model-dir", __file__), {}, f"--model-dir: nothing can be written to {__file__}"),
    (("--log-dir", "/proc/nowhere"), {}, "--log-dir: nothing can be written to /proc/nowhere"),
    (("--checkpoint-dir", f"{__file__}/below"), {}, "--checkpoint-dir: nothing can be written to"),
    (("--model-dir", "gs://no-bucket/model"), {},
     "--model-dir: the bucket of gs://no-bucket/model")])
def test_what_stands_in_the_way_is_told_before_the_work(
        flags, environment, sentence, tmp_path, monkeypatch, capsys):
    """Otherwise hours of training are lost at their end."""
    from cloud.trainer import __main__ as trainer
    monkeypatch.setattr("sys.argv", ["trainer", "--dir", str(tmp_path), *flags])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        trainer.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1 and said.count("\n") == 1
    assert said.startswith(f"cloud.trainer: {sentence}")


def test_a_chief_that_is_back_already_is_a_lost_one():
    """Otherwise the worker ends for good, and the chief waits for it."""
    import tensorflow as tf

    from cloud.trainer import run
    for text, kind in (("It is aborted by: Task must be registered\nRestart", run.LostPeer),
                       ("Matrix size-incompatible", tf.errors.InvalidArgumentError)):
        with pytest.raises(kind, match=r"^(Task must|Matrix)"), run._telling_lost_peers():
            raise tf.errors.InvalidArgumentError(None, None, text)
