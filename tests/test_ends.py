"""However a script ends, what was asked for is there, or a sentence says that it is not."""

import os
import subprocess
import sys

import pytest
from conftest import PROJECT, script_environment, script_of

STEP = "    sess.run(train_step, feed_dict=train_data)\n"
FINISH = "dashboard.finish()\n"


@pytest.fixture
def run_edited(tmp_path):
    """A function that runs stage 1.0 with some of its text replaced: its status and what it said.
    """
    def run(*edits, output=subprocess.PIPE):
        code = (PROJECT / script_of("1.0")).read_text(encoding="utf-8")
        for old, new in edits:
            assert old in code
            code = code.replace(old, new)
        (tmp_path / "mine.py").write_text(code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "mine.py", "--text", "--iterations", "60", "--save", "trained",
             "--save-figure", "run.png"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.PIPE, text=True, timeout=100,
            env=script_environment() | {"PYTHONPATH": str(PROJECT)})
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("edits, done", [
    ([(STEP, STEP + "    if i == 30: break\n")], 31),
    ([(STEP, STEP + "    if i == 30: raise SystemExit\n"), (FINISH, "")], 31),
    pytest.param([(FINISH, "")], 61, marks=pytest.mark.slow),
], ids=["break", "exit", "no finish"])
def test_an_end_of_the_readers_own(run_edited, tmp_path, edits, done):
    status, said, _ = run_edited(*edits)
    assert status == 0 and "test accuracy" in said and "trained" in said
    assert (tmp_path / f"trained/network-{done}.json").exists() and (tmp_path / "run.png").exists()


@pytest.mark.slow
def test_a_session_that_ends_before_finish(run_edited, tmp_path):
    status, _, told = run_edited((FINISH, "sess.close()\n" + FINISH))
    assert status == 1 and "put dashboard.finish() into the block of 'with" in told
    assert (tmp_path / "run.png").exists()


@pytest.mark.slow
def test_a_reader_of_the_output_who_has_enough(run_edited, tmp_path):
    """python mine.py --save trained | head: files need no pipe."""
    closed = "        import os\n        read, write = os.pipe()\n        os.close(read)\n"
    status, _, told = run_edited(
        (STEP, STEP + "    if i == 30:\n" + closed + "        os.dup2(write, 1)\n"))
    assert (status, told) == (1, "")
    assert (tmp_path / "trained/network-40.json").exists() and (tmp_path / "run.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["at first", "later"])
def test_a_full_disk_under_the_output(run_edited, tmp_path, moment):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    if moment == "at first":
        with open("/dev/full", "w") as full:
            status, _, told = run_edited(output=full)
    else:
        status, _, told = run_edited((STEP, STEP + "    if i == 30:\n        import os\n"
                                      "        os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n"))
        assert (tmp_path / "trained/network-61.json").exists()
    assert status == 1 and "cannot be written (No space left on device)" in told


@pytest.mark.slow
def test_two_runs_in_one_script_have_a_window_each(screen, tmp_path):
    """Otherwise a reader who compares two rates in a loop sees one, and the other ends at once."""
    code = (PROJECT / script_of("1.0")).read_text(encoding="utf-8")
    before, loop = code.split("# training loop\n")
    (tmp_path / "two.py").write_text(before + loop + loop, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "two.py", "--iterations", "60", "--close"], cwd=tmp_path, timeout=100,
        env=script_environment() | {"PYTHONPATH": str(PROJECT), "DISPLAY": screen},
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("after 60 iterations in") == 2
