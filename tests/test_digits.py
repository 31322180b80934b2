"""Digits of the user's own, written on the sheet or found in pictures, become what MNIST's makers
would have made of them.
"""

import itertools

import drawn_digits
import numpy as np
import pytest
from drawn_digits import black, enlarged, picture_of
from PIL import Image

from common.digits.photograph import holds_several, read_picture
from common.digits.preparation import PEN, SHEET, Handwriting, prepare
from common.mnist_data import read_data_sets
from common.terminal import UserError

SMOOTH, SHARP = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS


@pytest.fixture(scope="module")
def digits():
    """100 test digits, uint8 [100, 28, 28]."""
    mnist = read_data_sets(reshape=False, validation_size=0)
    return (mnist.test.images[:100, ..., 0] * 255).round().astype(np.uint8)


@pytest.fixture
def drawing(digits):
    """A digit, float [336, 336], ink from 0 to 1."""
    return enlarged(digits[0], 6, place=(.4, .6)) / 255


def difference(prepared, digits):
    """The mean absolute difference of each digit, float [n], in grey levels of 255."""
    return np.abs(np.subtract(prepared, digits, dtype=int)).mean(axis=(1, 2))


def difference_of_form(prepared, digits):
    """The same, but a digit may lie one pixel beside where it was."""
    beside = itertools.product((-1, 0, 1), repeat=2)
    return np.min([difference(np.roll(prepared, by, (1, 2)), digits) for by in beside], axis=0)


def box(square):
    """Height and width of the ink."""
    return [int(np.ptp(np.flatnonzero(square.any(axis=axis)))) + 1 for axis in (1, 0)]


def assert_like_mnist(prepared):
    """20 pixels high or wide, the darkest ink black, the centre of mass at the centre."""
    assert prepared.shape == (28, 28) and prepared.dtype == np.uint8
    assert max(box(prepared)) == 20 and prepared.max() == 255
    centre = np.average(np.indices((28, 28)).reshape(2, -1), axis=1, weights=prepared.ravel())
    assert np.abs(centre - 14).max() <= 1


# The sheet.

def test_a_stroke_is_as_wide_as_the_pen_and_as_long_as_its_way():
    sheet = Handwriting()
    sheet.write(0.2, 0.5)
    sheet.write(0.8, 0.5)
    width = PEN * SHEET
    assert sheet.ink[:, SHEET // 2].sum() / 255 == pytest.approx(width, abs=0.5)
    row = np.flatnonzero(sheet.ink[SHEET // 2])
    assert row[0] == pytest.approx(0.2 * SHEET - width / 2, abs=1.5)
    assert row[-1] == pytest.approx(0.8 * SHEET + width / 2, abs=1.5)


@pytest.mark.parametrize("place, share", [((0.5, 0.5), 1), ((0, 0.5), 1 / 2), ((0, 0), 1 / 4)])
def test_a_dot_is_round_and_the_border_cuts_it(place, share):
    sheet = Handwriting()
    sheet.write(*place)
    area = np.pi * (PEN * SHEET / 2) ** 2
    assert sheet.ink.sum() / 255 == pytest.approx(share * area, rel=0.05)


def test_lifting_the_pen_leaves_a_gap_and_a_new_sheet_is_blank():
    sheet = Handwriting()
    for stroke in ((0.1, 0.3), (0.7, 0.9)):
        for x in stroke:
            sheet.write(x, 0.5)
        sheet.lift()
    assert (sheet.ink[:, SHEET // 2] == 0).all()
    assert len(sheet.strokes) == 2 and len(sheet) == 6
    sheet.clear()
    assert sheet.strokes == [] and sheet.ink.max() == 0


# Prepared as MNIST has them.

# A difference of about 20 is a digit that lies one pixel beside where it was: MNIST moves by whole
# pixels, and for a centre of mass half way between two, the least change decides to which.
@pytest.mark.parametrize("factor, resample, most", [
    (1, SMOOTH, 1.5), (8, Image.Resampling.NEAREST, 1.5), (2, SMOOTH, 7), (8, SMOOTH, 7),
    (3.7, SHARP, 7.5), (9.4, SHARP, 7.5), (1.3, SMOOTH, 9)])
def test_an_enlarged_digit_of_mnist_becomes_the_original(digits, factor, resample, most):
    prepared = [prepare(enlarged(digit, factor, resample)) for digit in digits]
    for digit in prepared:
        assert_like_mnist(digit)
    apart = difference(prepared, digits)
    assert apart.mean() < most
    assert apart.max() < 32


def test_neither_place_nor_empty_paper_nor_scale_of_ink_matters(digits):
    drawing = enlarged(digits[0], 7, place=(.1, .9))
    expected = prepare(drawing)
    assert (prepare(np.roll(drawing, (-60, 40), (0, 1))) == expected).all()
    assert (prepare(np.pad(drawing, ((3, 400), (0, 70)))) == expected).all()
    assert difference([prepare(drawing / 255), prepare(drawing * 1e-9), prepare(drawing // 2)],
                      expected).max() < 1


@pytest.mark.parametrize("shape, expected", [
    ((1, 1), [20, 20]), ((3000, 2), [20, 1]), ((1, 300), [1, 20]), ((100, 12), [20, 2])])
def test_a_digit_of_any_proportions_fits(shape, expected):
    prepared = prepare(np.pad(np.full(shape, 7, np.uint8), ((0, 9), (5, 0))))
    assert box(prepared) == expected
    assert prepared.max() == 255


@pytest.mark.parametrize("pen", [2, 5, 15, 30])
def test_a_thin_pen_writes_as_the_thinnest_in_mnist(pen):
    drawing = np.zeros((600, 600))
    drawing[50:550, 300:300 + pen] = 1
    drawing[100:100 + pen, 250:400] = 1
    prepared = prepare(drawing)
    rows = prepared[prepared.any(axis=1)]
    assert len(rows) == 20 and (rows >= 120).any(axis=1).all()
    assert 1.1 < np.median((rows / 255).sum(axis=1)) < 1.8


def test_a_digit_with_all_its_weight_at_one_end_stays_whole():
    drawing = np.zeros((200, 200))
    drawing[:3], drawing[:60, 190:] = 1, 1  # a long thin line, and a thick end
    for turns in range(4):
        assert max(box(prepare(np.rot90(drawing, turns)))) == 20


def test_a_blank_drawing_gets_a_sentence():
    with pytest.raises(UserError, match="the drawing is blank. Draw one first"):
        prepare(np.zeros((28, 28), np.uint8))


# Found in pictures.

@pytest.mark.parametrize("paper", drawn_digits.PAPERS)
@pytest.mark.parametrize("name, factor, quality", [("digit.png", 5, 95), ("digit.jpg", 2.5, 40)])
def test_a_digit_is_found_on_any_paper(digits, tmp_path, paper, name, factor, quality):
    random, some, prepared = np.random.default_rng(0), digits[20:28], []
    for digit in some:
        ink = enlarged(digit, factor, place=(.3, .5)) / 255
        picture_of(paper(ink, random)).save(tmp_path / name, quality=quality)
        prepared.append(prepare(read_picture(tmp_path / name)))
    apart = difference_of_form(prepared, some)
    assert apart.mean() < 8
    assert apart.max() < 15


@pytest.mark.parametrize("name, picture_with, arguments", [
    ("palette.png", drawn_digits.converted, ["P"]),
    ("printed.jpg", drawn_digits.converted, ["CMYK"]),
    ("opaque.png", lambda ink: black(ink).convert("LA"), []),
    ("2 levels.png", lambda ink: black(ink).convert("1", dither=Image.Dither.NONE), []),
    ("16 bits.png", drawn_digits.deep, [65535]), ("16 bits.tif", drawn_digits.deep, [4000]),
    ("float.tif", lambda ink: Image.fromarray((1 - ink).astype(np.float32)), []),
    ("corner.png", drawn_digits.with_transparent_corner, []),
    *[("stroke.png", drawn_digits.transparent, [pen]) for pen in (
        "black", "white", "red", "#fae650")],
    ("head down.jpg", drawn_digits.turned, [3, Image.Transpose.ROTATE_180]),
    ("on its side.jpg", drawn_digits.turned, [6, Image.Transpose.ROTATE_90]),
    ("large.jpg", lambda ink: black(.9 * ink).resize((2400, 2400), SMOOTH), []),
    ("cut off above.png", lambda ink: black(ink[np.argmax(ink.any(axis=1)):]), [])])
def test_a_digit_is_found_in_any_kind_of_picture(drawing, tmp_path, name, picture_with, arguments):
    picture = picture_with(drawing, *arguments)
    picture.save(tmp_path / name, exif=picture.getexif())
    ink = read_picture(tmp_path / name)
    assert ink.dtype == np.uint8 and ink.max() == 255 and max(ink.shape) <= 1000
    most = 15 if picture.mode == "1" else 9  # without grey, strokes are thicker
    assert difference_of_form([prepare(ink)], [prepare(drawing)])[0] < most


def test_dirt_goes_and_a_second_stroke_stays(tmp_path):
    paper = np.full((300, 300), 240)
    paper[100:250, 100:115] = 20    # a stroke,
    paper[60:70, 110:170] = 20      # another, a third as large,
    paper[20:24, 250:254] = 20      # and dirt
    picture_of(paper).save(tmp_path / "dirt.png")
    ink = read_picture(tmp_path / "dirt.png")
    assert ink[65, 140] > 200 and ink[200, 107] > 200
    assert ink[:50].max() == 0


def test_two_digits_in_a_picture_are_noticed(digits, tmp_path):
    """Else the user gets one digit for both and no hint why. A digit in two parts is still one."""
    for left, right in zip(digits[:20], digits[20:40]):
        black(np.hstack([left, right]).repeat(6, 0).repeat(6, 1) / 255).save(tmp_path / "two.png")
        assert holds_several(read_picture(tmp_path / "two.png"))
    assert not any(map(holds_several, digits))


# Pictures without a digit, and files without a picture.

def refusal(path):
    """What `read_picture` says about a file that it refuses: one sentence that names it."""
    with pytest.raises(UserError) as caught:
        read_picture(path)
    text = str(caught.value)
    assert str(path) in text and text.endswith(".") and "\n" not in text
    return text


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "program.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n"
                                          "%%EndComments\n{ } loop\n%%EOF\n")
    for name, sentence in [("nowhere.png", "cannot be read (No such file"),
                           ("", "cannot be read (Is a directory)"), ("loop.png", "cannot be read"),
                           ("empty.png", "is not a picture"), ("text.png", "is not a picture"),
                           ("program.png", "is not a picture")]:
        assert sentence in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo.gif", "photo.bmp"])
def test_damaged_files_are_refused_in_one_sentence_or_read(drawing, tmp_path, recwarn, name):
    random, path = np.random.default_rng(0), tmp_path / name
    picture_of(drawn_digits.shadow(drawing, random)).save(path)
    content = np.fromfile(path, np.uint8)
    for share in (.1, .6):
        content[:int(len(content) * share)].tofile(path)
        assert "save or copy the picture again" in refusal(path)
    for _ in range(10):
        damaged = content.copy()
        damaged[random.integers(0, len(damaged), 5)] = random.integers(0, 256, 5)
        damaged.tofile(path)
        try:
            read_picture(path)
        except UserError as error:
            assert "\n" not in str(error)
    assert not recwarn.list  # nor does Pillow say anything


@pytest.mark.parametrize("limit", [3000, 6000])
def test_a_picture_too_large_for_the_memory(drawing, tmp_path, monkeypatch, recwarn, limit):
    picture_of(drawing[:100, :100] * 255).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert "million pixels" in refusal(tmp_path / "bomb.png")
    assert not recwarn.list


# In a picture of 28x28, a shadow is as sharp as a stroke.
@pytest.mark.parametrize("paper, shape", [
    (paper, shape) for paper in drawn_digits.PAPERS if paper is not drawn_digits.squared
    for shape in [(1, 1), (1, 90), (28, 28), (700, 500)]
    if paper is not drawn_digits.shadow or min(shape) > 28])
def test_blank_paper_is_no_digit(tmp_path, paper, shape):
    for seed, name in enumerate(["blank.png", "blank.jpg"]):
        picture_of(paper(np.zeros(shape), np.random.default_rng(seed))).save(tmp_path / name)
        assert "No digit" in refusal(tmp_path / name)
