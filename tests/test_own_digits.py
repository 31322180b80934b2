"""--classify, from the picture files that a user names to what the script says of them."""

import argparse
import re

import drawn_digits
import numpy as np
import pytest
from conftest import run_python, script_of
from PIL import Image
from small_model import trained_layer

from common.dashboard import Dashboard
from common.terminal import UserError

ROW = re.compile(r"^(.+\.png) +(\d) +(\d+\.\d) %(.*)$", re.MULTILINE)
LETTERS = "(A letter gets a digit, too: the network knows nothing else.)"


@pytest.fixture(scope="module")
def classify():
    """A network of one layer, trained for a second, that reads digits."""
    weights, biases = trained_layer()

    def classify(images):
        shares = np.exp(images.reshape(-1, 784) @ weights + biases)
        return shares / shares.sum(axis=1, keepdims=True)

    return classify


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The files of the thirty drawn digits, str; and what they are, ints."""
    folder = tmp_path_factory.mktemp("drawn")
    names, labels, pictures = zip(*drawn_digits.pictures())
    for name, picture in zip(names, pictures):
        picture.save(folder / f"{name}.png", compress_level=1)
    return [str(folder / f"{name}.png") for name in names], labels


@pytest.fixture
def run(classify):
    """A function: train nothing, then read some files, with further options."""
    def run(files, **options):
        options = argparse.Namespace(text=True, classify=files, **options)
        dashboard = Dashboard(options, classify=classify)
        list(dashboard.loop(2))
        dashboard.finish()

    return run


@pytest.fixture
def bad_files(tmp_path):
    """Files that hold no digit, and what is said of each."""
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("my digit")
    Image.new("L", (100, 100), 200).save(tmp_path / "blank.png")
    return {str(tmp_path / "nowhere.png"): "cannot be read",
            str(tmp_path / "empty.png"): "not a picture",
            str(tmp_path / "text.png"): "not a picture",
            str(tmp_path / "blank.png"): "No digit can be seen"}


def test_each_file_gets_its_digit_and_says_how_sure_the_network_is(run, drawn, capsys):
    files, labels = drawn
    run(files)
    output = capsys.readouterr().out
    rows = ROW.findall(output)
    assert [name for name, *_ in rows] == files
    # So small a network reads other hands not too well, but far better than by chance.
    assert np.mean([int(digit) == label for (_, digit, *_), label in zip(rows, labels)]) > 0.5
    for _, _, per_cent, remark in rows:
        assert ("not sure" in remark) == (float(per_cent) < 80)
    assert {"not sure" in remark for *_, remark in rows} == {True, False}
    assert output.count(LETTERS) == 1 and "more than one digit" not in output


def test_files_that_cannot_be_read_do_not_keep_the_others_from_an_answer(
        run, drawn, bad_files, tmp_path, capsys):
    good = drawn[0][:3]
    with pytest.raises(UserError, match="4 of 7 files could not be read"):
        run([*list(bad_files)[:2], *good, *list(bad_files)[2:]], pictures=str(tmp_path / "sheets"))
    table = capsys.readouterr().out.partition("file  ")[2]
    assert [name for name, *_ in ROW.findall(table)] == good
    for name, sentence in bad_files.items():
        (line,) = (line for line in table.splitlines() if name in line)
        assert sentence in line
    with Image.open(tmp_path / "sheets" / "own_digits.png") as sheet:
        assert min(sheet.size) > 100 and np.asarray(sheet.convert("L")).std() > 5


def test_where_no_file_can_be_read_nothing_is_trained(run, bad_files, capsys):
    """A user who mistypes a name should not wait for a training to learn of it."""
    with pytest.raises(UserError, match=r"\A.+\n.+\n.+\n.+\Z"):
        run(list(bad_files))
    assert capsys.readouterr().out == ""


def test_who_reads_no_picture_loads_no_image_library():
    """It would cost every run's start, and every window's, half a second."""
    code = ("import sys; from common import command_line; from common.dashboard import viewer; "
            "from common.digits import preparation; sheet = preparation.Handwriting(); "
            "sheet.write(.2, .1); sheet.write(.5, .9); preparation.prepare(sheet.ink); "
            "assert 'scipy' not in sys.modules")
    assert run_python("-c", code).stderr == ""


@pytest.mark.slow
def test_the_two_commands_of_the_readme(run_script, drawn, bad_files, tmp_path):
    """Train and save; then only read: a good file and bad ones, answered with exit status 1."""
    script, trained = script_of("1.0"), tmp_path / "trained"
    seven, bad = drawn[0][21], list(bad_files)
    assert run_script(script, "--text", "--iterations", 300, "--save", trained).returncode == 0
    result = run_script(script, "--text", "--restore", trained, "--iterations", 0, "--classify",
                        *bad, seven, "--pictures", tmp_path / "p")
    assert [row[:2] for row in ROW.findall(result.stdout)] == [(seven, "7")]
    assert result.returncode == 1 and "4 of 5 files could not be read" in result.stderr
    assert "Traceback" not in result.stderr
