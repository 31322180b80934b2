"""The lab as a notebook, docs/lab.ipynb: run as Jupyter does, without a person."""

import base64
import io
import re

import pytest
from conftest import NOWHERE, PROJECT, STAGES
from matplotlib.image import imread

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

PATH = PROJECT / "docs" / "lab.ipynb"
TRAINING = re.compile(r"^%run (?:mine|mnist_|variations/).*$", re.MULTILINE)


def executed(folder, cells, is_strict=True):
    """Run cells in the folder of a notebook, as docs/ is one; return them with their outputs."""
    for name in ("common", "data", "docs", "variations", "benchmarks", "requirements.txt", *STAGES):
        (folder / name).symlink_to(PROJECT / name)
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", NOWHERE)
        patch.delenv("DISPLAY", raising=False)
        nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3",
                                allow_errors=not is_strict,
                                resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells


def text_of(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path):
    """Its edits lead through all states of the lab, each shows itself below its cell, and each
    check at a page's end finds the stage that was built. (Trainings are cut short.)
    """
    cells = nbformat.read(PATH, 4).cells
    for cell in cells:
        cell.source = TRAINING.sub(r"\g<0> --iterations 2", cell.source)
    executed(tmp_path, cells)
    code = [cell for cell in cells if cell.cell_type == "code"]
    trained = [cell for cell in code if TRAINING.search(cell.source)]
    assert len(trained) > 12
    for cell in trained:
        shown = [output for output in cell.outputs if output.output_type == "display_data"]
        assert len(shown) == len(TRAINING.findall(cell.source)), cell.source
        assert imread(io.BytesIO(base64.b64decode(shown[-1].data["image/png"]))).size
        assert "final test accuracy" in text_of(cell)
    assert [text_of(cell) for cell in code if "docs/check.py" in cell.source] == [
        f"mine.py is {stage}: no code differs.\n" for stage in STAGES]


def test_an_edit_that_is_made_twice_is_one_sentence(tmp_path):
    """Otherwise a second press on the button is a page of traceback, or a spoiled script."""
    setup, copy, *_ = cells = [cell for cell in nbformat.read(PATH, 4).cells
                               if cell.cell_type == "code"]
    edit = next(cell for cell in cells if cell.source.startswith("%%change"))
    copy.source = TRAINING.sub("", copy.source)
    again = nbformat.v4.new_code_cell(edit.source)
    *_, first, second = executed(tmp_path, [setup, copy, edit, again], is_strict=False)
    assert text_of(first) == "changed mine.py\n"
    (error,) = second.outputs
    assert len(error.traceback) == 1 and "Was this step done before?" in error.traceback[0]
    assert "W1 = " in (tmp_path / "mine.py").read_text(encoding="utf-8")
