"""The stages in a notebook, as in Jupyter or Colab: run without a person."""

import base64
import io
import re

import pytest
from conftest import NOWHERE, PROJECT, script_of
from matplotlib.image import imread

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytestmark = pytest.mark.slow

FIRST = PROJECT / script_of("1.0")
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


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of each of `CELLS`, run one after another in one notebook."""
    empty = str(tmp_path_factory.mktemp("empty"))
    cells = [nbformat.v4.new_code_cell(cell.replace("EMPTY", empty)) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", NOWHERE)
        patch.delenv("DISPLAY", raising=False)
        nbclient.NotebookClient(notebook, timeout=300, allow_errors=True, kernel_name="python3",
                                resources={"metadata": {"path": str(PROJECT)}}).execute()
    return [cell.outputs for cell in notebook.cells]


def text_of(outputs):
    """What was printed."""
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_the_dashboard_is_below_the_cell_updated_in_place(outputs):
    """Otherwise a reader on Colab sees numbers only, or a hundred pictures."""
    shown = [output for output in outputs[0] if output.output_type == "display_data"]
    assert len(shown) == 1
    picture = imread(io.BytesIO(base64.b64decode(shown[0].data["image/png"])))
    assert picture.shape[:2] == (720, 1280)
    blue = (picture[..., 2] > picture[..., 0] + 0.3).mean()
    assert blue > 0.001  # curves, and the bar of a run that is over
    assert re.search(r"^final test accuracy +0\.\d+, .* after 200 iterations in",
                     text_of(outputs[0]), re.MULTILINE)
    assert [output.output_type for output in outputs[0] if output.output_type == "error"] == []


def test_a_cell_that_is_run_again_gives_the_same_numbers(outputs):
    """Otherwise the second run trains beside the layers of the first, with other random numbers."""
    first, again = (re.findall(r"^ +\d+ .*$", text_of(cell), re.MULTILINE) for cell in outputs[:2])
    assert first == again and len(first) == 7


def test_a_stage_pasted_into_a_cell_runs_as_the_script_does(outputs):
    """Otherwise it reads the arguments of the notebook's own process, and ends."""
    first, pasted = (re.findall(r"^ +\d+ .*$", text_of(outputs[n]), re.MULTILINE) for n in (0, 5))
    assert first == pasted
    assert [output.output_type for output in outputs[5] if output.output_type == "error"] == []


def test_an_error_of_the_users_is_one_sentence(outputs):
    """Otherwise a slip of the fingers is a page of traceback."""
    (error,) = (output for output in outputs[2] if output.output_type == "error")
    assert len(error.traceback) == 1
    assert error.traceback[0].startswith("--restore: there is no checkpoint in ")


def test_an_interrupt_ends_the_run_and_keeps_what_it_has_reached(outputs):
    """Otherwise the only way to stop a training is to lose it, or the notebook."""
    end = re.search(r"^latest test accuracy .* after ([\d,]+) iterations", text_of(outputs[3]),
                    re.MULTILINE)
    assert int(end[1].replace(",", "")) < 1_000_000
    assert [output.output_type for output in outputs[3] if output.output_type == "error"] == []
    assert text_of(outputs[4]) == "42\n"
