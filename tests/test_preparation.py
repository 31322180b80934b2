"""Drawings and pictures of digits become what MNIST's makers would have made of them."""

import itertools
import os

import drawn_digits
import numpy as np
import pytest
from conftest import PROJECT
from PIL import Image

from common import own_pictures
from common.clean_exit import UserError
from common.mnist_data import read_data_sets
from common.own_pictures import PictureError, read_picture
from common.preparation import NoDigit, prepare

SMOOTH = Image.Resampling.BICUBIC


@pytest.fixture(scope="module")
def digits():
    """200 test digits, uint8 [200, 28, 28]."""
    mnist = read_data_sets(str(PROJECT / "data"), one_hot=True, reshape=False, validation_size=0)
    return (mnist.test.images[:200, ..., 0] * 255).round().astype(np.uint8)


def enlarged(digit, factor, resample=SMOOTH, place=(.3, .7)):
    """The digit, larger, somewhere in an empty square of twice its new side."""
    side = round(28 * factor)
    canvas = Image.new("L", (2 * side, 2 * side))
    at = round(place[0] * side), round(place[1] * side)
    canvas.paste(Image.fromarray(digit).resize((side, side), resample), at)
    return np.asarray(canvas)


def difference(prepared, digits):
    """The mean absolute difference of each digit, float [n], in grey levels of 255."""
    return np.abs(np.subtract(prepared, digits, dtype=int)).mean(axis=(1, 2))


def difference_of_form(prepared, digits):
    """The same, but a digit may lie one pixel beside where it was."""
    beside = itertools.product((-1, 0, 1), repeat=2)
    return np.min([difference(np.roll(prepared, by, (1, 2)), digits) for by in beside], axis=0)


def centre_of_mass(square):
    """Row and column, counted from 0."""
    ink = square.astype(float)
    return [(ink.sum(axis=1 - axis) * np.arange(28)).sum() / ink.sum() for axis in (0, 1)]


def box(square):
    """Height and width of the ink."""
    return [int(np.ptp(np.flatnonzero(square.any(axis=axis)))) + 1 for axis in (1, 0)]


def refusal(path):
    """What `read_picture` says about a file that it refuses: one sentence that names it."""
    with pytest.raises(PictureError) as caught:
        read_picture(path)
    text = str(caught.value)
    assert os.fspath(path) in text and text.endswith(".") and "\n" not in text
    assert isinstance(caught.value, UserError)
    return text


# prepare

def test_a_digit_of_mnist_comes_back_nearly_unchanged(digits):
    assert difference([prepare(digit) for digit in digits], digits).mean() < 1.5


# A difference of about 20 is a digit that lies one pixel beside where it was: MNIST moves by whole
# pixels, and for a centre of mass half way between two, the least change decides to which.
@pytest.mark.parametrize("factor, resample, most", [
    (8, Image.Resampling.NEAREST, 1.5), (2, SMOOTH, 7), (3, SMOOTH, 7), (8, SMOOTH, 7),
    (3.7, Image.Resampling.LANCZOS, 7.5), (9.4, Image.Resampling.LANCZOS, 7.5),
    (1.3, SMOOTH, 9)])
def test_an_enlarged_digit_becomes_the_original(digits, factor, resample, most):
    apart = difference([prepare(enlarged(digit, factor, resample)) for digit in digits], digits)
    assert apart.mean() < most
    assert apart.max() < 32


def test_properties_of_mnist(digits):
    for digit, factor in zip(digits, itertools.cycle([.8, 1, 2.6, 9])):
        prepared = prepare(enlarged(digit, factor))
        assert prepared.shape == (28, 28) and prepared.dtype == np.uint8
        assert prepared.max() == 255
        assert max(box(prepared)) == 20
        assert np.abs(np.subtract(centre_of_mass(prepared), 14)).max() <= 1


def test_neither_place_nor_empty_paper_nor_scale_of_ink_matters(digits):
    drawing = enlarged(digits[0], 7, place=(.1, .9))
    expected = prepare(drawing)
    assert (prepare(np.roll(drawing, (-60, 40), (0, 1))) == expected).all()
    assert (prepare(np.pad(drawing, ((3, 400), (0, 70)))) == expected).all()
    assert difference([prepare(drawing / 255), prepare(drawing * 1e-9), prepare(drawing // 2)],
                      expected).max() < 1


def test_twice_the_size_is_the_same(digits):
    drawings = [enlarged(digit, 6) for digit in digits[:20]]
    twice = [prepare(drawing.repeat(2, axis=0).repeat(2, axis=1)) for drawing in drawings]
    assert difference(twice, [prepare(drawing) for drawing in drawings]).mean() < 2


@pytest.mark.parametrize("height, width, expected", [
    (1, 1, [20, 20]), (300, 1, [20, 1]), (1, 300, [1, 20]), (100, 12, [20, 2]), (5, 60, [2, 20]),
    (90, 90, [20, 20]), (3000, 2, [20, 1])])
def test_a_drawing_full_of_ink(height, width, expected):
    prepared = prepare(np.full((height, width), 7, np.uint8))
    assert box(prepared) == expected
    assert prepared.max() == 255


def test_a_single_pixel_in_an_empty_drawing():
    drawing = np.zeros((200, 300), bool)
    drawing[199, 0] = True
    assert box(prepare(drawing)) == [20, 20]


@pytest.mark.parametrize("pen", [2, 5, 15, 30])
def test_a_thin_pen_writes_as_the_thinnest_in_mnist(pen):
    drawing = np.zeros((600, 600))
    drawing[50:550, 300:300 + pen] = 1
    drawing[100:100 + pen, 250:400] = 1
    prepared = prepare(drawing)
    rows = prepared[prepared.any(axis=1)]
    assert len(rows) == 20 and (rows >= 120).any(axis=1).all()
    assert 1.1 < np.median((rows / 255).sum(axis=1)) < 1.8


def test_heavy_ink_at_one_end_stays_inside():
    drawing = np.zeros((200, 200))
    drawing[0:3, :] = 1       # a long thin line, and all the weight at its end
    drawing[0:60, 190:] = 1
    for turned in range(4):
        prepared = prepare(np.rot90(drawing, turned))
        assert max(box(prepared)) == 20


@pytest.mark.parametrize("blank", [
    np.zeros((28, 28), np.uint8), np.zeros((1, 1)), np.zeros((0, 5)), np.full((4, 4), np.nan),
    np.full((4, 4), -1.)])
def test_no_ink(blank):
    with pytest.raises(NoDigit, match="blank") as caught:
        prepare(blank)
    assert isinstance(caught.value, UserError)


def test_a_wrong_shape_is_a_bug():
    with pytest.raises(ValueError, match=r"\(28, 28, 1\)"):
        prepare(np.ones((28, 28, 1)))


# read_picture: pictures of MNIST's digits

def white(ink, random):
    return 255 * (1 - ink)


def light_on_dark(ink, random):
    return 255 * ink


def grey_paper(ink, random):
    return 150 - 110 * ink


def gradient(ink, random):
    y, x = np.mgrid[0:1:ink.shape[0] * 1j, 0:1:ink.shape[1] * 1j]
    return (250 - 130 * x - 40 * y) * (1 - .8 * ink)


def noise(ink, random):
    return 200 - 150 * ink + random.normal(0, 12, ink.shape)


def photo(ink, random):
    """A gradient, a shadow over a corner, noise."""
    y, x = np.mgrid[0:1:ink.shape[0] * 1j, 0:1:ink.shape[1] * 1j]
    light = (1 - .35 * x) * (1 - .5 / (1 + np.exp(-12 * (x + y - 1.5))))
    return 235 * light * (1 - .7 * ink) + random.normal(0, 8, ink.shape)


def squared(ink, random):
    paper = np.full(ink.shape, 245.)
    for line in range(0, len(ink), max(6, len(ink) // 14)):
        paper[line:line + 2] = paper[:, line:line + 2] = 205
    return paper * (1 - .85 * ink) + random.normal(0, 4, ink.shape)


def chalk(ink, random):
    grain = random.uniform(.6, 1, ink.shape)
    return 50 + 150 * ink * grain + random.normal(0, 6, ink.shape)


def save(values, path, **options):
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(path, **options)
    return path


@pytest.mark.parametrize("paper", [white, light_on_dark, grey_paper, gradient, noise, photo,
                                   squared, chalk])
@pytest.mark.parametrize("factor", [2.5, 5])
@pytest.mark.parametrize("name", ["digit.png", "digit.jpg"])
def test_a_picture_of_a_digit_becomes_the_original(digits, tmp_path, paper, factor, name):
    random = np.random.default_rng(0)
    options = {"quality": 40} if name.endswith("jpg") else {}
    some, prepared = digits[20:28], []
    for digit in some:
        ink = enlarged(digit, factor, place=(.3, .5)) / 255
        prepared.append(prepare(read_picture(save(paper(ink, random), tmp_path / name, **options))))
    apart = difference_of_form(prepared, some)
    assert apart.mean() < 8
    assert apart.max() < 15


@pytest.fixture
def drawing(digits):
    """A digit, float [336, 336], ink from 0 to 1."""
    return enlarged(digits[0], 6, place=(.4, .6)) / 255


@pytest.fixture
def same_as_drawing(drawing):
    """A function that checks that `read_picture` finds the digit in a file."""
    def check(path, most=9):
        ink = read_picture(path)
        assert ink.dtype == np.uint8 and ink.max() == 255
        assert ink[:5].max() == 0
        assert difference_of_form([prepare(ink)], [prepare(drawing * 255)])[0] < most
    return check


def coloured(ink, paper, pen):
    ink = ink[..., np.newaxis]
    return (np.array(paper) * (1 - ink) + np.array(pen) * ink).round().astype(np.uint8)


@pytest.mark.parametrize("paper, pen", [
    ((250, 242, 217), (32, 54, 150)), ((255, 255, 255), (220, 30, 30)),
    ((35, 70, 50), (235, 235, 225)), ((20, 20, 60), (250, 220, 60))])
def test_colours(drawing, tmp_path, same_as_drawing, paper, pen):
    picture = Image.fromarray(coloured(drawing, paper, pen))
    picture.save(tmp_path / "colours.jpg", quality=60)
    same_as_drawing(tmp_path / "colours.jpg")
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "palette.png")
    same_as_drawing(tmp_path / "palette.png")
    picture.convert("CMYK").save(tmp_path / "printed.jpg")
    same_as_drawing(tmp_path / "printed.jpg")


@pytest.mark.parametrize("pen", [(0, 0, 0), (255, 255, 255), (200, 30, 30), (250, 230, 80)])
def test_a_transparent_drawing(drawing, tmp_path, same_as_drawing, pen):
    picture = Image.fromarray(coloured(np.ones_like(drawing), pen, pen)).convert("RGBA")
    picture.putalpha(Image.fromarray((drawing * 255).astype(np.uint8)))
    picture.save(tmp_path / "transparent.png")
    same_as_drawing(tmp_path / "transparent.png")


def test_a_sheet_of_paper_with_transparent_corners(drawing, tmp_path, same_as_drawing):
    picture = Image.fromarray((255 - drawing * 255).astype(np.uint8)).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 40, 40))
    picture.save(tmp_path / "corner.png")
    same_as_drawing(tmp_path / "corner.png")


def test_grey_with_opacity_and_two_levels_and_16_bits(drawing, tmp_path, same_as_drawing):
    grey = Image.fromarray((255 - drawing * 255).astype(np.uint8))
    grey.convert("LA").save(tmp_path / "la.png")
    same_as_drawing(tmp_path / "la.png")
    grey.convert("1", dither=Image.Dither.NONE).save(tmp_path / "two.png")
    same_as_drawing(tmp_path / "two.png", most=15)  # without grey, strokes are thicker
    for paper in (65535, 4000):
        deep = Image.fromarray((paper * (1 - .9 * drawing)).astype(np.uint16))
        for name in ("deep.png", "deep.tif"):
            deep.save(tmp_path / name)
            same_as_drawing(tmp_path / name)
    Image.fromarray((1 - drawing).astype(np.float32)).save(tmp_path / "float.tif")
    same_as_drawing(tmp_path / "float.tif")


@pytest.mark.parametrize("orientation, turn", [
    (3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90),
    (8, Image.Transpose.ROTATE_270)])
def test_a_photo_taken_with_the_camera_turned(drawing, tmp_path, same_as_drawing, orientation,
                                              turn):
    exif = Image.Exif()
    exif[0x0112] = orientation  # how the camera was held
    picture = Image.fromarray((255 - drawing * 255).astype(np.uint8)).transpose(turn)
    picture.save(tmp_path / "turned.jpg", exif=exif)
    same_as_drawing(tmp_path / "turned.jpg")


def test_a_large_photo_is_shrunk(drawing, tmp_path, same_as_drawing):
    large = Image.fromarray((230 - drawing * 190).astype(np.uint8)).resize((2400, 2400), SMOOTH)
    for name in ("large.jpg", "large.png"):
        large.save(tmp_path / name)
        same_as_drawing(tmp_path / name)
        assert max(read_picture(tmp_path / name).shape) == own_pictures.LONGEST


def test_specks_go_and_a_second_stroke_stays(tmp_path):
    paper = np.full((300, 300), 240)
    paper[100:250, 100:115] = 20    # a stroke,
    paper[60:70, 110:170] = 20      # another, a third as large,
    paper[20:24, 250:254] = 20      # and dirt
    ink = read_picture(save(paper, tmp_path / "dirt.png"))
    assert ink[65, 140] > 200 and ink[200, 107] > 200
    assert ink[:50].max() == 0


def test_ink_that_touches_the_border(digits, tmp_path):
    cut = Image.fromarray(255 - digits[0][np.argmax(digits[0].any(axis=1)):])
    cut.resize((cut.width * 8, cut.height * 8), SMOOTH).save(tmp_path / "cut.png")
    assert difference_of_form([prepare(read_picture(tmp_path / "cut.png"))], digits[:1])[0] < 8


def test_connected_parts():
    mask = np.array([[1, 0, 1, 0, 0, 1, 1],
                     [1, 0, 1, 0, 1, 0, 0],
                     [1, 1, 1, 0, 0, 0, 0],
                     [0, 0, 0, 0, 0, 1, 1]], bool)
    kept, number = own_pictures.without_specks(mask)
    assert number == 3 and (kept == mask).all()
    large = np.zeros((60, 61), bool)
    large[5:50, 5:30], large[0, 60], large[59, 0] = True, True, True
    kept, number = own_pictures.without_specks(large)
    assert number == 1 and kept.sum() == 45 * 25 and not kept[0, 60]


def test_otsu_threshold():
    values = np.concatenate([np.linspace(0, 2, 900), np.linspace(7, 9, 50)])
    assert 1.9 <= own_pictures.otsu_threshold(values) <= 7
    assert np.isfinite(own_pictures.otsu_threshold(np.ones(5)))


# read_picture: what is no picture of a digit

def test_files_that_are_not_there(tmp_path, monkeypatch):
    assert "no file" in refusal(tmp_path / "nowhere.png")
    assert "folder" in refusal(tmp_path)
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(str(tmp_path / "empty.png"))

    def locked(*_):
        raise PermissionError

    monkeypatch.setattr(own_pictures, "open", locked, raising=False)
    assert "may not be read" in refusal(tmp_path / "empty.png")


def test_files_that_are_no_pictures(drawing, tmp_path, recwarn):
    (tmp_path / "text.png").write_text("not a picture")
    assert "not a picture" in refusal(tmp_path / "text.png")
    for name in ("whole.png", "whole.jpg", "whole.gif", "whole.bmp"):
        save(photo(drawing, np.random.default_rng(0)), tmp_path / name)
        content = (tmp_path / name).read_bytes()
        for part in (.1, .6):
            (tmp_path / f"part-{name}").write_bytes(content[:int(len(content) * part)])
            assert "save or copy the picture again" in refusal(tmp_path / f"part-{name}")
    assert not recwarn.list


def test_damaged_files_are_refused_in_one_sentence_or_read(drawing, tmp_path, recwarn):
    random = np.random.default_rng(0)
    for name in ("digit.png", "digit.jpg"):
        content = save(white(drawing, random), tmp_path / name).read_bytes()
        for _ in range(20):
            damaged = np.frombuffer(content, np.uint8).copy()
            damaged[random.integers(0, len(damaged), 5)] = random.integers(0, 256, 5)
            (tmp_path / name).write_bytes(damaged.tobytes())
            try:
                read_picture(tmp_path / name)
            except PictureError as error:
                assert "\n" not in str(error)
    assert not recwarn.list


@pytest.mark.parametrize("limit", [3000, 6000])
def test_a_decompression_bomb(drawing, tmp_path, monkeypatch, recwarn, limit):
    save(drawing[:100, :100] * 255, tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    assert "million pixels" in refusal(tmp_path / "bomb.png")
    assert not recwarn.list


SHAPES = [(1, 1), (1, 90), (90, 1), (28, 28), (200, 300), (700, 500)]


# In a picture of 28x28, the photo's shadow is as sharp as a stroke.
@pytest.mark.parametrize("paper, shape", [
    *itertools.product([white, light_on_dark, grey_paper, gradient, noise], SHAPES),
    (photo, (200, 300)), (photo, (700, 500))])
def test_pictures_without_a_digit(tmp_path, paper, shape):
    for number, name in enumerate(["blank.png", "blank.jpg"]):
        random = np.random.default_rng(number)
        path = save(paper(np.zeros(shape), random), tmp_path / name)
        assert "No digit" in refusal(path)


# The digits drawn for the tests

@pytest.fixture(scope="module")
def drawn():
    return list(drawn_digits.pictures())


def test_drawn_digits_are_three_of_each(drawn):
    assert [label for _, label, _ in drawn] == [digit for digit in range(10) for _ in range(3)]
    assert len({name for name, _, _ in drawn}) == 30
    sides = [max(picture.size) for _, _, picture in drawn]
    assert min(sides) == 120 and max(sides) == 1600


def test_drawn_digits_can_be_prepared(drawn, tmp_path):
    for _, _, picture in drawn:
        picture.save(tmp_path / "drawn.jpg", quality=80)
        prepared = prepare(read_picture(tmp_path / "drawn.jpg"))
        assert max(box(prepared)) == 20 and prepared.max() == 255
        assert 20 < (prepared > 127).sum() < 220
        assert np.abs(np.subtract(centre_of_mass(prepared), 14)).max() <= 1
