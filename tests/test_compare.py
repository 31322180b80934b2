"""Kept runs: their curves behind those of the present one (--compare), and looked at again."""

import shutil

import numpy as np
import pytest
from conftest import PROJECT, run_stage, script_of
from drawn_dashboard import dashboard_of, draw, messages_of_a_run, pixels, run_of, show

from common.dashboard.audience import compared_with
from common.dashboard.link import messages
from common.dashboard.link.messages import Compared, Trained
from common.terminal import UserError

FIRST = script_of("1.0")
TITLE = FIRST.removesuffix(".py")
CURVES = {"train_accuracy": ([0, 40], np.array([0.25, 0.75])), "train_loss": ([0, 40], [80, 40]),
          "test_accuracy": ([0, 60], np.array([0.5, 0.875])), "test_loss": ([0, 60], [60, 30.0])}


def lines_of(dashboard, panel):
    """The values of the lines that stay: those of earlier runs."""
    return [line.get_xydata().tolist() for line in dashboard.panels[panel].axes.lines
            if not line.get_animated()]


def test_the_curves_of_an_earlier_run_are_there_with_its_name_and_change_no_axes():
    """Otherwise two runs cannot be told apart, or the present one cannot be seen any more."""
    run = run_of(*messages_of_a_run(2000))
    alone = dashboard_of(run)
    draw(alone)
    run.apply(Compared("with dropout", CURVES))
    dashboard = dashboard_of(run)
    draw(dashboard)
    assert lines_of(dashboard, "accuracy") == [[[0, 0.25], [40, 0.75]], [[0, 0.5], [60, 0.875]]]
    assert lines_of(dashboard, "loss") == [[[0, 80], [40, 40]], [[0, 60], [60, 30]]]
    for panel in ("accuracy", "loss"):
        axes = dashboard.panels[panel].axes
        assert [text.get_text() for legend in axes.artists for text in legend.get_texts()] == [
            "with dropout"]
        assert (axes.get_xlim(), axes.get_ylim()) == (
            alone.panels[panel].axes.get_xlim(), alone.panels[panel].axes.get_ylim())
    assert dashboard.panels["accuracy"].axes.get_ylim() != (0, 1)  # they have narrowed


def test_they_stay_while_the_run_goes_on_and_are_all_there_in_every_size():
    """Otherwise they vanish with the next measurement, or in a window that is made smaller."""
    run = run_of(*list(messages_of_a_run(200))[:-1])
    dashboard = dashboard_of(run)
    draw(dashboard)
    for name in ("one", "another"):
        run.apply(Compared(name, CURVES))
    assert show(dashboard) == [dashboard.panels["accuracy"], dashboard.panels["loss"]]
    for message in (Trained(200, 0.5, 50.0), messages.Tested(200, 0.5, 50.0)):
        run.apply(message)
    assert show(dashboard) is not None
    in_part = pixels(dashboard)
    np.testing.assert_allclose(in_part.astype(int), draw(dashboard), atol=8)
    dashboard.figure.set_size_inches(4, 3)
    dashboard.arrange()
    draw(dashboard)
    assert len(lines_of(dashboard, "accuracy")) == 4


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Two folders with a run of the first stage, which was kept with --save."""
    folder = tmp_path_factory.mktemp("kept")
    run_stage(PROJECT / FIRST, "--iterations", 40, "--save", folder / "slow")
    shutil.copytree(folder / "slow", folder / "fast")
    return str(folder / "slow"), str(folder / "fast")


def test_a_run_is_named_by_its_script_or_where_that_is_the_same_by_its_folder(kept):
    """Otherwise a reader does not know which curve is which."""
    (one,) = compared_with(kept[:1], "mnist_2.0_five_layers_sigmoid")
    assert one.name == TITLE and one.curves["test_accuracy"][0] == [0, 20, 40]
    assert [other.name for other in compared_with(kept, "another")] == ["slow", "fast"]
    assert [other.name for other in compared_with(kept[:1], TITLE)] == ["slow"]


def test_a_stage_compares_itself_with_kept_runs(kept, tmp_path, capsys):
    """Otherwise the option is read and nothing comes of it; or the numbers change with it."""
    names = run_stage(PROJECT / FIRST, "--iterations", 20, "--compare", *kept)
    ours = names["dashboard"].run
    assert [*ours.compared] == ["slow", "fast"]
    for name in ("test_accuracy", "train_loss"):
        values = ours.compared["slow"][name].values
        np.testing.assert_array_equal(values[:2], ours.curves[name].values)


def test_a_folder_without_a_run_is_told_before_the_training(tmp_path, capsys):
    """Otherwise a slip of the fingers costs a training, or is a traceback."""
    with pytest.raises(UserError, match=f"there is no checkpoint in {tmp_path}; --save "):
        run_stage(PROJECT / FIRST, "--iterations", 20, "--compare", tmp_path)
    assert "  0  " not in capsys.readouterr().out
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "network-3"\n')
    (tmp_path / "network-3.json").write_text("{")
    with pytest.raises(UserError, match=r"network-3\.json is damaged"):
        compared_with([str(tmp_path)], "one")


def test_a_kept_run_can_be_looked_at_without_training(kept, tmp_path, capsys):
    """Otherwise a class that restores a network to look at it sees no digits and no numbers."""
    names = run_stage(PROJECT / FIRST, "--restore", kept[0], "--iterations", 0,
                      "--save-figure", tmp_path / "end.png")
    run = names["dashboard"].run
    assert run.train_digits is not None and run.test_digits is not None
    assert (run.phase, run.iteration, run.last) == ("finished", 41, 41)
    assert run.curves["test_loss"].iterations.tolist() == [0, 20, 40, 41]
    assert "final test accuracy" in capsys.readouterr().out
    kept_weights = names["tf"].train.load_checkpoint(kept[0])
    (name,) = (name for name, shape in kept_weights.get_variable_to_shape_map().items()
               if shape == [784, 10])
    now = names["sess"].run(names["weights"][0])
    np.testing.assert_array_equal(now, kept_weights.get_tensor(name))
