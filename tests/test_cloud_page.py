"""The page of the cloud version, cloud/README.md: its commands in its order, in one folder."""

import re
import shlex
import subprocess
import sys

import pytest
from conftest import PROJECT, script_environment

for package in ("uvicorn", "starlette", "orjson", "prometheus_client", "optuna", "yaml"):
    pytest.importorskip(package, reason=f"the page needs the package {package}")
LIMIT = 200  # seconds for each command
SHORTER = ["--hp-iterations", "20", "--test-digits", "100", "--validation-digits", "100"]


def commands():
    """The page's commands that need nothing but this machine, as they stand there."""
    text = (PROJECT / "cloud/README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text.partition("## 3.")[0], re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    ours = re.compile(r"(TF_CONFIG='.*' )?python -m (cloud|tf2onnx)")
    return [line for line in lines if ours.match(line)]


def shortened(line):
    """A command as this test runs it: with little to train."""
    words = [sys.executable if word == "python" else word for word in shlex.split(line)]
    if "cloud.trainer" in words:
        words += SHORTER + ["--patience", "4"] * (words[0].startswith("TF_CONFIG"))
    if "cloud.tune" in words:
        words[words.index("--trials") + 1] = "2"
        words += SHORTER
    return words


def test_the_page_shows_each_part():
    modules = [re.search(r"-m ([\w.]+)", line)[1] for line in commands()]
    assert modules == ["cloud.trainer", "cloud.trainer", "cloud.server", "cloud.predict",
                       "tf2onnx.convert", "cloud.tune", "cloud.trainer", "cloud.trainer"]


@pytest.mark.slow
def test_the_pages_commands_in_the_pages_order(tmp_path):
    """Each does what the page says of it, whatever those before it have left."""
    environment = script_environment() | {"PYTHONPATH": str(PROJECT)}
    server = None
    try:
        for line in commands():
            words = shortened(line)
            variables = dict([words.pop(0).split("=", 1)]) if "=" in words[0] else {}
            if "cloud.server" in words:
                server = subprocess.Popen(words, cwd=tmp_path, env=environment, text=True,
                                          stderr=subprocess.PIPE)
                assert any("serving cloud_output/model" in said for said in server.stderr), line
                continue
            if "tf2onnx.convert" in words and not has_onnx():
                continue
            ran = subprocess.run(words, cwd=tmp_path, env=environment | variables, text=True,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT)
            said = ran.stdout + ran.stderr
            assert "Traceback" not in said, (line, said)
            if variables:  # the other process never comes
                assert ran.returncode == 138 and "for 127.0.0.1:2223" in said, (line, said)
                continue
            assert ran.returncode == 0, (line, said)
            assert "done already" not in said, (line, said)
            if "cloud.trainer" in words:
                assert "after 20 iterations" in said and "/1\n" in said, (line, said)
            if "--workers" in words:
                assert "replicas: 2" in said
            if "cloud.predict" in words:
                assert re.search(r"\d of 5 right$", ran.stdout)
            if "cloud.tune" in words:
                again = ran.stdout.splitlines()[-1]
                check_that_the_winner_can_be_pasted(again, ran.stdout, tmp_path, environment)
    finally:
        if server:
            server.terminate()
            server.communicate(timeout=LIMIT)


def check_that_the_winner_can_be_pasted(command, table, folder, environment):
    """It makes the very training of the table's first row."""
    ran = subprocess.run([sys.executable, *shlex.split(command)[1:]], cwd=folder, env=environment,
                         capture_output=True, text=True, timeout=LIMIT)
    assert ran.returncode == 0, ran.stderr
    best = re.findall(r"^ +(0\.\d{4}) +(\d+) ", table, re.MULTILINE)[0]
    assert f"final validation accuracy {best[0]}," in ran.stdout
    output = (folder / f"tuning/trial-{best[1]}/output.txt").read_text()
    digest = re.search(r"digest of weights +(\w+)", output)[1]
    assert f"digest of weights   {digest}" in ran.stdout


def has_onnx():
    return not subprocess.run([sys.executable, "-c", "import tf2onnx, onnxruntime"],
                              capture_output=True).returncode
