"""The parts of the cloud version's training, in this process."""

import json
import os

import numpy as np
import pytest

from cloud.trainer import __main__ as program
from cloud.trainer import hyperparameters as hp
from cloud.trainer.tuning_metric import TuningMetric
from common.errors import UserError

SMALL = hp.Hyperparameters(channels_1=2, channels_2=3, channels_3=4, neurons=10)
SMALL_NORM = hp.Hyperparameters(channels_1=2, channels_2=3, channels_3=4, neurons=10,
                                batch_norm=True, batch_norm_decay=0.9)


@pytest.fixture(scope="module")
def digits():
    """Images uint8 [300, 28, 28] and labels uint8 [300] that can be learned: bars at 10 places."""
    labels = np.arange(300, dtype=np.uint8) % 10
    images = np.zeros((300, 28, 28), np.uint8)
    for image, label in zip(images, labels):
        image[:, 2 * label + 2:2 * label + 5] = 255
    return images, labels


def make_training(tf, hyperparameters=SMALL, seed=0):
    from cloud.trainer.training import Training
    return Training(tf.distribute.get_strategy(), hyperparameters, seed, 100)


def numbers_of_steps(first, last, seed=0, batch_size=100, num_digits=350):
    from cloud.trainer.batches import digits_of_step
    return np.stack([digits_of_step(seed, step, batch_size, num_digits).numpy()
                     for step in range(first, last)])


# batches

def test_batches_depend_on_seed_and_step_alone(tf):
    steps = numbers_of_steps(0, 9)
    assert np.array_equal(numbers_of_steps(5, 9), steps[5:])
    assert not np.array_equal(numbers_of_steps(0, 9, seed=1), steps)
    assert not np.array_equal(steps[0], np.sort(steps[0]))


def test_an_epoch_has_each_digit_once(tf):
    numbers = numbers_of_steps(0, 7).reshape(2, 350)  # 2 epochs, whose border is inside a batch
    assert np.array_equal(np.sort(numbers, axis=1), [range(350)] * 2)
    assert not np.array_equal(*numbers)


def test_replicas_share_the_batch(tf, digits):
    from cloud.trainer.batches import dataset
    whole = list(dataset(*digits, 0, 2, 5, 100).as_numpy_iterator())
    halves = [list(dataset(*digits, 0, 2, 5, 100, replica, 2).as_numpy_iterator())
              for replica in (0, 1)]
    assert len(whole) == 3
    for (images, labels), first, second in zip(whole, *halves):
        assert images.shape == (100, 28, 28) and images.dtype == np.float32
        assert images.max() == 1 and labels.dtype == np.int64
        assert np.array_equal(np.concatenate([first[0], second[0]]), images)
        assert np.array_equal(np.concatenate([first[1], second[1]]), labels)


# network

def test_the_default_network_is_that_of_stage_3_1(tf):
    from cloud.trainer.network import Network
    network = Network(hp.Hyperparameters(), 0)
    assert sum(np.prod(v.shape) for v in network.variables) == 244_076
    assert [v.shape.as_list() for v in (network.W1, network.W2, network.W3, network.W4)] == [
        [6, 6, 1, 6], [5, 5, 6, 12], [4, 4, 12, 24], [1176, 200]]
    assert np.std(network.W4.numpy()) == pytest.approx(0.088, abs=0.002)  # truncated at 2 × 0.1
    assert network.logits(np.zeros((3, 28, 28), np.float32)).shape == (3, 10)


def test_batch_normalisation_adds_statistics_only(tf):
    from cloud.trainer.network import Network
    plain, normalised = Network(SMALL, 0), Network(SMALL_NORM, 0)
    assert len(normalised.trainable_variables) == len(plain.variables) == 10
    assert [v.shape[0] for v in normalised.means] == [2, 3, 4, 10]
    assert np.array_equal(plain.W4.numpy(), normalised.W4.numpy())


def test_weights_depend_on_the_seed_alone(tf):
    assert make_training(tf).digest() == make_training(tf).digest()
    assert make_training(tf).digest() != make_training(tf, seed=1).digest()


# training

def test_it_learns_and_goes_on_where_it_was(tf, digits, tmp_path):
    from cloud.trainer.checkpoints import Checkpoints
    whole = make_training(tf, SMALL_NORM)
    before = whole.test(*digits)
    for batch in whole.batches(*digits, 40):
        whole.train(batch)
    after = whole.test(*digits)
    assert whole.step == 40
    assert after.loss < 0.9 * before.loss and after.accuracy > before.accuracy

    first, second = make_training(tf, SMALL_NORM), make_training(tf, SMALL_NORM)
    for batch in first.batches(*digits, 25):
        first.train(batch)
    Checkpoints(str(tmp_path), {}).save(first.state, 25)
    again = Checkpoints(str(tmp_path), {})
    assert again.newest_step() == 25
    again.restore(second.state)
    assert second.step == 25 and second.digest() == first.digest()
    for batch in second.batches(*digits, 40):
        second.train(batch)
    assert second.digest() == whole.digest()


def test_dropout_in_training_only(tf, digits):
    measures = []
    for pkeep in (1.0, 0.5):
        training = make_training(tf, hp.Hyperparameters(channels_1=2, pkeep=pkeep))
        tested = training.test(*digits)
        trained = training.train(next(training.batches(*digits, 1)))
        measures.append((tested.loss, float(trained.loss)))
    (tested, trained), (tested_too, trained_with_dropout) = measures
    assert tested == tested_too
    assert trained != trained_with_dropout


def test_learning_rate():
    settings = hp.Hyperparameters()
    assert settings.rate(0) == pytest.approx(0.0031)
    assert settings.rate(2000) == pytest.approx(0.0001 + 0.003 / np.e)


def test_a_batch_that_cannot_be_shared(tf):
    from cloud.trainer.training import Training

    class ThreeReplicas:
        num_replicas_in_sync = 3

    with pytest.raises(UserError, match="multiple of 3"):
        Training(ThreeReplicas(), SMALL, 0, 100)


# checkpoints

def test_checkpoints_of_other_settings_are_refused(tf, tmp_path):
    from cloud.trainer.checkpoints import CheckpointError, Checkpoints
    assert Checkpoints(str(tmp_path / "none yet"), {"--seed": 1}).newest_step() is None
    Checkpoints(str(tmp_path), {"--seed": 1}).save(make_training(tf).state, 0)
    assert Checkpoints(str(tmp_path), {"--seed": 1}).newest_step() == 0
    with pytest.raises(CheckpointError, match="with --seed 1, not 2"):
        Checkpoints(str(tmp_path), {"--seed": 2})
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        Checkpoints(str(tmp_path), {"--seed": 1})


def test_a_damaged_checkpoint_and_a_folder_that_cannot_be_written(tf, tmp_path):
    from cloud.trainer.checkpoints import CheckpointError, Checkpoints
    checkpoints, training = Checkpoints(str(tmp_path), {}), make_training(tf)
    checkpoints.save(training.state, 3)
    for file in tmp_path.glob("step-3.data*"):
        file.write_bytes(b"")
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.restore(training.state)
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="--checkpoint-dir"):
        Checkpoints(str(tmp_path / "file"), {}).save(training.state, 3)


# what is reported

def test_the_tuners_file(tmp_path):
    path = tmp_path / "metrics" / "output.metrics"
    metric = TuningMetric({"CLOUD_ML_HP_METRIC_FILE": str(path), "CLOUD_ML_TRIAL_ID": "7"})
    metric.report(0.5, 100)
    metric.report(0.9921, 200, "checkpoints/step-200")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["accuracy"] for line in lines] == ["0.5", "0.9921"]
    assert isinstance(lines[1].pop("timestamp"), float)
    assert lines[1] == {"trial": "7", "accuracy": "0.9921", "global_step": "200",
                        "checkpoint_path": "checkpoints/step-200"}


def test_a_tuners_file_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "output.metrics")
    with pytest.raises(UserError, match="CLOUD_ML_HP_METRIC_FILE"):
        TuningMetric({"CLOUD_ML_HP_METRIC_FILE": path}).report(0.5, 1)


def test_summaries(tf, tmp_path):
    from cloud.trainer.summaries import Summaries
    from cloud.trainer.training import Measure
    summaries = Summaries(str(tmp_path))
    summaries.show_train(20, Measure(0.9, 20.0), 0.003)
    network = make_training(tf).network
    summaries.show_test(20, Measure(0.8, 30.0), network)
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


# flags

def parse(*arguments):
    return program._parser().parse_args(arguments)


def test_defaults_are_those_of_the_stage(monkeypatch):
    for name in ("AIP_MODEL_DIR", "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)
    options = parse()
    assert hp.from_options(options) == hp.Hyperparameters()
    assert (options.data_dir, options.batch_size, options.seed) == ("data", 100, 0)
    assert (options.model_dir, options.checkpoint_dir, options.log_dir) == (
        "cloud_output/model", "cloud_output/checkpoints", "cloud_output/logs")


def test_folders_that_vertex_ai_sets(monkeypatch):
    monkeypatch.setenv("AIP_MODEL_DIR", "gs://bucket/job/model/")
    monkeypatch.setenv("AIP_CHECKPOINT_DIR", "/mnt/checkpoints")
    monkeypatch.setenv("AIP_TENSORBOARD_LOG_DIR", "")
    options = parse("--data-dir", "gs://bucket/mnist")
    assert options.model_dir == "/gcs/bucket/job/model/"
    assert options.checkpoint_dir == "/mnt/checkpoints"
    assert options.log_dir == "cloud_output/logs"
    assert options.data_dir == "/gcs/bucket/mnist"
    assert parse("--model-dir", "here").model_dir == "here"


def test_values_as_tuning_services_write_them():
    found = hp.from_options(parse("--hp-channels-1=24.0", "--hp-batch-norm=true",
                                  "--hp-learning-rate=2e-3", "--hp-iterations", "3000"))
    assert (found.channels_1, found.batch_norm, found.learning_rate, found.iterations) == (
        24, True, 0.002, 3000)
    assert isinstance(found.channels_1, int)
    assert hp.from_options(parse("--hp-batch-norm")).batch_norm is True
    assert hp.from_options(parse("--hp-batch-norm", "false")).batch_norm is False
    assert list(found.by_flag())[:2] == ["--hp-learning-rate", "--hp-learning-rate-floor"]


@pytest.mark.parametrize("flag, value", [
    ("--hp-learning-rate", "0"), ("--hp-learning-rate", "nan"), ("--hp-learning-rate", "fast"),
    ("--hp-learning-rate-floor", "-1"), ("--hp-decay-steps", "0"), ("--hp-decay-steps", "inf"),
    ("--hp-pkeep", "0"), ("--hp-pkeep", "1.5"), ("--hp-channels-1", "0"),
    ("--hp-channels-2", "2.5"), ("--hp-channels-3", "nan"), ("--hp-neurons", "1e9"),
    ("--hp-batch-norm", "maybe"), ("--hp-batch-norm-decay", "1"), ("--hp-iterations", "0"),
    ("--batch-size", "0"), ("--seed", "-1"), ("--seed", "2147483647"), ("--test-digits", "0"),
    ("--patience", "0"), ("--model-dir", ""),
])
def test_bad_values_get_one_sentence(flag, value, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(flag, value)
    assert ended.value.code == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith(f"python -m cloud.trainer: error: argument {flag}: should be ")


def test_help_fits_the_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        parse("--help")
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())
    assert os.environ["COLUMNS"] == "80"
