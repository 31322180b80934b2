"""Whatever somebody's machine has set: a run ends as it should, and what it draws is there."""

import os
import subprocess
import sys
import time

import pytest
from conftest import PROJECT, run_python, script_environment
from drawn_dashboard import messages_of_a_run
from fed_viewer import FedViewer

SCRIPT = """
import types
import numpy as np
from common.dashboard import Dashboard

images, labels = np.zeros((100, 28, 28)), np.eye(10)[np.arange(100) % 10]
dashboard = Dashboard(types.SimpleNamespace(OPTIONS))
for i in dashboard.loop(20):
    if dashboard.wants_train(i):
        dashboard.show_train(i, 0.5, 100.0, images, labels, labels)
dashboard.finish()
open("end", "w").close()
"""
TEXT, PAGE = "text=True, save_figure='run.png'", "web=0, close=True, save_figure='run.png'"
BACKENDS = ["unknown", "module://matplotlib_inline.backend_inline",
            *(pytest.param(name, marks=pytest.mark.slow) for name in (
                "Qt4Agg", "module://nowhere.backend", "Agg"))]
SETTINGS = "interactive: True", "toolbar: None", "toolbar: toolmanager"


def run(folder, options, command=("mine.py",), name="mine.py", text=None, **environment):
    """Run the script in a folder; return its end."""
    script = SCRIPT.replace("OPTIONS", options)
    (folder / name).write_text(script)
    return run_python(*command, cwd=folder, input=text or script, errors="replace",
                      environment={"PYTHONPATH": str(PROJECT)} | environment)


@pytest.mark.parametrize("backend", BACKENDS)
def test_files_are_drawn_whatever_mplbackend_says(tmp_path, backend):
    """A notebook's kernel sets it for all that it starts, whatever can be imported there."""
    end = run(tmp_path, TEXT, MPLBACKEND=backend)
    assert (end.returncode, end.stderr) == (0, "")
    assert (tmp_path / "run.png").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("settings", [*BACKENDS, *SETTINGS])
def test_a_window_opens_and_stays_whatever_is_set(screen, tmp_path, monkeypatch, settings):
    """Otherwise a run with a window ends at its first iteration, or has none."""
    if settings not in SETTINGS:
        monkeypatch.setenv("MPLBACKEND", settings)
    else:
        (tmp_path / "matplotlibrc").write_text(settings)
        monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("DISPLAY", screen)
    viewer = FedViewer(list(messages_of_a_run(100))[:-1])
    time.sleep(1)
    assert (viewer.process.state, viewer.process.reason) == ("open", "")
    viewer.process.close()


@pytest.mark.slow
@pytest.mark.parametrize("command", [(), ("-",), ("-c", "import sys; exec(sys.stdin.read())")])
def test_a_script_without_a_file_has_a_picture_with_a_name(tmp_path, command):
    end = run(tmp_path, "", command)
    assert (end.returncode, end.stderr) == (0, "")
    assert "There is no screen" in end.stdout and "saved script.png" in end.stdout
    assert (tmp_path / "script.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["-mine.py", "price $x_$ of {0}.py", os.fsdecode(b"caf\xe9.py")])
def test_odd_names_of_scripts_are_shown(tmp_path, name):
    """Otherwise a run is stopped, or its picture is broken, by a name."""
    end = run(tmp_path, PAGE, ["./" + name], name)
    assert (end.returncode, end.stderr) == (0, "")
    assert (tmp_path / "run.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "web=0, close=True"])
@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that is somebody's current one")
def test_the_current_folder_may_be_gone(tmp_path, options):
    """A picture that nobody asked for cannot be saved then; the run is as good without it."""
    gone = tmp_path / "gone"
    gone.mkdir()
    script = SCRIPT.replace("OPTIONS", options).replace('"end"', repr(str(tmp_path / "end")))
    end = run(gone, options, ("-c", "import os, sys; os.remove('mine.py'); "
                              "os.rmdir(os.getcwd()); exec(sys.stdin.read())"), text=script)
    assert (end.returncode, end.stderr) == (0, "")
    assert (tmp_path / "end").exists()
    assert ("cannot write script.png" in end.stdout) == (options == "")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes the streams")
@pytest.mark.parametrize("options", [TEXT, PAGE])
def test_all_three_streams_may_be_closed(tmp_path, options):
    """As some programs start others. A pipe of ours must not be taken for a stream."""
    (tmp_path / "mine.py").write_text(SCRIPT.replace("OPTIONS", options))
    end = subprocess.run(f"exec {sys.executable} mine.py <&- >&- 2>&-", shell=True, cwd=tmp_path,
                         env=script_environment() | {"PYTHONPATH": str(PROJECT)}, timeout=60)
    assert end.returncode == 0 and (tmp_path / "end").exists()
    assert (tmp_path / "run.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("words", ["print('hello', flush=True)",
                                   "import os; os.write(1, b'\\x80\\0')"])
def test_words_printed_as_python_starts_do_not_disturb_the_viewer(tmp_path, words):
    """Otherwise a greeting in sitecustomize costs the window."""
    (tmp_path / "sitecustomize.py").write_text(words)
    end = run(tmp_path, PAGE, PYTHONPATH=os.pathsep.join([str(tmp_path), str(PROJECT)]))
    assert (end.returncode, end.stderr) == (0, "")
    assert "The dashboard is at http://" in end.stdout and (tmp_path / "end").exists()


@pytest.mark.parametrize("module", ["cloud.server", "cloud.predict"])
def test_python_may_leave_the_docstrings_out(module):
    """As with -OO, or PYTHONOPTIMIZE=2 in a container."""
    if module == "cloud.server":
        pytest.importorskip("prometheus_client", reason="needs cloud/requirements-test.txt")
    end = run_python("-OO", "-m", module, "--help")
    assert (end.returncode, end.stderr) == (0, "")
    assert "usage: python -m " + module in end.stdout
