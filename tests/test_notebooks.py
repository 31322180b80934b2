"""The stages and the lab in a notebook, as in Jupyter or Colab: run without a person."""

import base64
import io
import re

import pytest
from conftest import NOWHERE, PROJECT, STAGES, script_of
from matplotlib.image import imread

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FIRST = PROJECT / script_of("1.0")
TRAINING = re.compile(r"^%run (?:mine|mnist_|variations/).*$", re.MULTILINE)
INTERRUPTED = f"""\
import os, signal, threading, time
from common.dashboard.outputs.files import Notebook

def interrupt():  # as the notebook's button does, when the training has begun
    while not isinstance(getattr(signal.getsignal(signal.SIGINT), "__self__", None), Notebook):
        time.sleep(0.1)
    time.sleep(3)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
%run {FIRST} --iterations 1000000
"""
CELLS = (f"%run {FIRST} --iterations 200", f"%run {FIRST} --iterations 200",
         f"%run {FIRST} --restore EMPTY --iterations 200", INTERRUPTED, "print(6 * 7)",
         FIRST.read_text(encoding="utf-8").replace("loop(2_000)", "loop(200)"))


def executed(folder, sources, is_strict=True):
    """Run cells in a folder in which the project's are; return them with their outputs."""
    for name in ("common", "data", "docs", "variations", "benchmarks", "requirements.txt", *STAGES):
        (folder / name).symlink_to(PROJECT / name)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", NOWHERE)
        patch.delenv("DISPLAY", raising=False)
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3",
                                allow_errors=not is_strict,
                                resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells


def text_of(cell):
    """What was printed."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def those(cell, kind):
    """The outputs of a cell that are a "display_data" or an "error"."""
    return [output for output in cell.outputs if output.output_type == kind]


def picture_of(output):
    return imread(io.BytesIO(base64.b64decode(output.data["image/png"])))


def rows_of(cell):
    return re.findall(r"^ +\d+ .*$", text_of(cell), re.MULTILINE)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """`CELLS`, run one after another in one notebook."""
    empty = str(tmp_path_factory.mktemp("empty"))
    return executed(tmp_path_factory.mktemp("notebook"),
                    [cell.replace("EMPTY", empty) for cell in CELLS], is_strict=False)


@pytest.mark.slow
def test_the_dashboard_is_below_the_cell_updated_in_place(cells):
    """Otherwise a reader on Colab sees numbers only, or a hundred pictures."""
    (shown,) = those(cells[0], "display_data")
    picture = picture_of(shown)
    assert picture.shape[:2] == (720, 1280)
    assert (picture[..., 2] > picture[..., 0] + 0.3).mean() > 0.001  # blue: curves, and the bar
    assert re.search(r"^final test accuracy +0\.\d+, .* after 200 iterations in",
                     text_of(cells[0]), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("other", [1, 5], ids=["again", "pasted"])
def test_the_same_stage_gives_the_same_numbers(cells, other):
    """Otherwise a second run trains beside the layers of the first, or a stage that is pasted into
    a cell reads the arguments of the notebook's own process, and ends.
    """
    assert rows_of(cells[0]) == rows_of(cells[other]) and len(rows_of(cells[0])) == 7
    assert those(cells[0], "error") == those(cells[other], "error") == []


@pytest.mark.slow
def test_an_error_of_the_users_is_one_sentence(cells):
    """Otherwise a slip of the fingers is a page of traceback."""
    (error,) = those(cells[2], "error")
    assert len(error.traceback) == 1
    assert error.traceback[0].startswith("there is no checkpoint in ")


@pytest.mark.slow
def test_an_interrupt_ends_the_run_and_keeps_what_it_has_reached(cells):
    """Otherwise the only way to stop a training is to lose it, or the notebook."""
    end = re.search(r"^latest test accuracy .* after ([\d,]+) iterations", text_of(cells[3]),
                    re.MULTILINE)
    assert int(end[1].replace(",", "")) < 1_000_000
    assert those(cells[3], "error") == [] and text_of(cells[4]) == "42\n"


def lab():
    """The code of the lab's notebook."""
    return [cell.source for cell in nbformat.read(PROJECT / "docs" / "lab.ipynb", 4).cells
            if cell.cell_type == "code"]


@pytest.mark.slow
def test_the_lab_runs_from_top_to_bottom(tmp_path):
    """Its edits lead through all states of the lab, each shows itself below its cell, and each
    check at a page's end finds the stage that was built. (Trainings are cut short.)
    """
    code = executed(tmp_path, [TRAINING.sub(r"\g<0> --iterations 2", source) for source in lab()])
    trained = [cell for cell in code if TRAINING.search(cell.source)]
    assert len(trained) > 12
    for cell in trained:
        shown = those(cell, "display_data")
        assert len(shown) == len(TRAINING.findall(cell.source)), cell.source
        assert picture_of(shown[-1]).size and "final test accuracy" in text_of(cell)
    assert [text_of(cell) for cell in code if "docs/check.py" in cell.source] == [
        f"mine.py is {stage}: no code differs.\n" for stage in STAGES]


def test_an_edit_that_is_made_twice_is_one_sentence(tmp_path):
    """Otherwise a second press on the button is a page of traceback, or a spoiled script."""
    setup, copy, *sources = lab()
    edit = next(source for source in sources if source.startswith("%%change"))
    *_, first, second = executed(tmp_path, [setup, TRAINING.sub("", copy), edit, edit],
                                 is_strict=False)
    assert text_of(first) == "changed mine.py\n"
    (error,) = second.outputs
    assert len(error.traceback) == 1 and "Was this step done before?" in error.traceback[0]
    assert "W1 = " in (tmp_path / "mine.py").read_text(encoding="utf-8")
