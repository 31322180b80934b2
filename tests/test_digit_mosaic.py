"""Many digits in one picture, and the small numerals that tag the misread ones."""

import numpy as np
import pytest

from common import numerals
from common.digit_mosaic import (
    INK,
    RIGHT_BACKGROUND,
    SMALLEST_WITH_GAP,
    TIDY,
    WRONG_BACKGROUND,
    best_fit,
    mosaic,
    resize,
)

WHITE = (255, 255, 255)


def colours(picture):
    """The different colours of a picture, a set of tuples: red, green, blue."""
    return {tuple(colour) for colour in picture[..., :3].reshape(-1, 3).tolist()}


def cell_of(picture, number, columns, cell):
    """The part of a mosaic that shows the digit with this number, from 0."""
    row, column = divmod(number, columns)
    return picture[row * cell:(row + 1) * cell, column * cell:(column + 1) * cell]


def blank(count):
    """So many images without ink."""
    return np.zeros((count, 28, 28), np.uint8)


# Columns and size of cells.

@pytest.mark.parametrize("count, width, height, expected", [
    (100, 400, 400, (10, 40)),
    (100, 363, 274, (10, 27)),      # 12 columns of 30 pixels would leave the last row unfinished
    (1000, 600, 430, (40, 15)),
    (12, 300, 100, (6, 50)),
    (1, 30, 70, (1, 30)),
    (97, 100, 100, (10, 10)),       # a prime number: no full rectangle but a single row
])
def test_best_fit_of_common_boxes(count, width, height, expected):
    assert best_fit(count, width, height) == expected


@pytest.mark.parametrize("count", [1, 2, 7, 50, 97, 100, 128, 1000])
@pytest.mark.parametrize("width, height", [(363, 274), (430, 240), (200, 900), (1250, 640)])
def test_best_fit_fits_and_wastes_little(count, width, height):
    columns, cell = best_fit(count, width, height)
    rows = -(-count // columns)
    assert 1 <= columns <= count
    assert columns * cell <= width and rows * cell <= height
    largest = max(min(width // some, height // -(-count // some)) for some in range(1, count + 1))
    assert cell == largest or (count % columns == 0 and cell >= TIDY * largest)


def test_best_fit_gives_up_tidiness_where_it_costs_much():
    columns, cell = best_fit(13, 400, 400)  # tidy would be a single row of 30 pixels
    assert (columns, cell) == (4, 100)


@pytest.mark.parametrize("count, width, height", [(1000, 5, 5), (100, 1, 300), (1, 0, 0),
                                                  (100, -3, 20)])
def test_best_fit_of_a_tiny_box_has_side_1(count, width, height):
    columns, cell = best_fit(count, width, height)
    assert cell == 1 and 1 <= columns <= count


# The picture.

@pytest.mark.parametrize("cell", [5, SMALLEST_WITH_GAP - 1, SMALLEST_WITH_GAP, 43])
def test_white_where_right_and_red_where_misread(cell):
    labels, computed = np.array([0, 1, 2, 3]), np.array([0, 7, 2, 9])
    picture = mosaic(blank(4), labels, computed, 2, cell)
    gap = cell >= SMALLEST_WITH_GAP
    for number, background in enumerate([RIGHT_BACKGROUND, WRONG_BACKGROUND] * 2):
        inside = cell_of(picture, number, 2, cell)[:cell - gap, :cell - gap]
        assert colours(inside) == {background}
    assert (picture[..., 3] == 255).all()


def test_the_gap_keeps_misread_neighbours_apart():
    cell = SMALLEST_WITH_GAP
    picture = mosaic(blank(4), np.zeros(4, int), np.ones(4, int), 2, cell)
    assert colours(picture[cell - 1]) == colours(picture[:, cell - 1]) == {WHITE}


@pytest.mark.parametrize("wrong, background", [(0, RIGHT_BACKGROUND), (1, WRONG_BACKGROUND)])
def test_ink_is_dark_on_its_background(wrong, background):
    images = blank(1)
    images[0, 10:20, 5:12], images[0, 0, 0] = 255, 128
    picture = mosaic(images, np.array([4]), np.array([4 + wrong]), 1, 28)
    assert colours(picture[10:20, 5:12]) == {INK}
    np.testing.assert_allclose(picture[0, 0, :3], np.mean([INK, background], axis=0), atol=1)
    picture[10:20, 5:12, :3] = picture[0, 0, :3] = background
    assert colours(picture[:-1, :-1]) == {background}


def test_digits_are_laid_out_row_by_row():
    images = blank(6) + np.arange(0, 240, 40, dtype=np.uint8)[:, np.newaxis, np.newaxis]
    labels = np.zeros(6, int)
    picture = mosaic(images, labels, labels, 3, 8)
    assert picture.shape == (16, 24, 4) and picture.dtype == np.uint8
    for number in range(6):
        alone = mosaic(images[number:number + 1], labels[:1], labels[:1], 1, 8)
        np.testing.assert_array_equal(cell_of(picture, number, 3, 8), alone)


def test_the_rest_of_an_unfinished_row_is_white():
    images, labels = blank(5) + np.uint8(255), np.zeros(5, int)
    picture = mosaic(images, labels, labels + 1, 4, 6)
    assert picture.shape == (12, 24, 4)
    assert colours(picture[:6]) == colours(picture[6:, :6]) == {INK}
    assert (picture[6:, 6:] == 255).all()


# The tags. These numerals can be told apart without eyes: digit d has row d in white.

CODES = np.zeros((10, 10, 6))
CODES[np.arange(10), np.arange(10)] = 1


def decoded(tag):
    """The digit that was printed from CODES on red."""
    white = (tag[..., :3] == 255).all(axis=2)
    red = (tag[..., :3] == WRONG_BACKGROUND).all(axis=2)
    assert (white | red).all()
    (digit,) = np.flatnonzero(white.all(axis=1))
    assert white.sum() == white.shape[1]
    return digit


@pytest.mark.parametrize("cell, gap", [(SMALLEST_WITH_GAP - 1, 0), (SMALLEST_WITH_GAP, 1), (40, 1)])
def test_a_misread_digit_is_tagged_with_the_correct_and_the_computed_one(cell, gap):
    labels, computed = np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)
    picture = mosaic(blank(100), labels, computed, 8, cell, CODES)
    assert (labels == computed).sum() == 10
    for number, (label, result) in enumerate(zip(labels, computed)):
        inside = cell_of(picture, number, 8, cell)[:cell - gap, :cell - gap]
        if label == result:
            assert colours(inside) == {RIGHT_BACKGROUND}
        else:
            assert decoded(inside[-10:, :6]) == label
            assert decoded(inside[-10:, -6:]) == result
            assert colours(inside[:-10]) == colours(inside[:, 6:-6]) == {WRONG_BACKGROUND}


def test_without_numerals_there_are_no_tags():
    picture = mosaic(blank(1), np.array([3]), np.array([5]), 1, 16)
    assert colours(picture) == {WRONG_BACKGROUND}


def test_tags_are_white_over_ink_too():
    picture = mosaic(blank(1) + np.uint8(255), np.array([3]), np.array([5]), 1, 16, CODES)
    assert colours(picture[-10 + 3, :6]) == colours(picture[-10 + 5, -6:]) == {WHITE}
    assert colours(picture[-10 + 4]) == {INK}


def test_faint_ink_of_a_numeral_lets_the_background_through():
    picture = mosaic(blank(1), np.array([3]), np.array([5]), 1, 16, CODES / 2)
    np.testing.assert_allclose(picture[-10 + 3, 0, :3],
                               np.mean([WHITE, WRONG_BACKGROUND], axis=0), atol=0.5)


def test_the_digits_given_are_not_modified():
    images, labels, computed = blank(3) + np.uint8(9), np.array([1, 2, 3]), np.array([1, 1, 1])
    mosaic(images, labels, computed, 2, 30, CODES)
    assert (images == 9).all()
    assert labels.tolist() == [1, 2, 3] and computed.tolist() == [1, 1, 1]


# Sizes.

def area_means(image, side):
    """What `resize` should give: enlarge by `side`, then take means over whole pixels."""
    height, width = image.shape
    fine = np.repeat(np.repeat(image.astype(float), side, axis=0), side, axis=1)
    return fine.reshape(side, height, side, width).mean(axis=(1, 3))


@pytest.mark.parametrize("side", [1, 3, 7, 14, 15, 27, 28, 29, 37, 56, 61])
def test_resized_pixels_are_means_over_areas(side):
    images = np.random.default_rng(side).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    resized = resize(images, side)
    assert resized.dtype == np.uint8 and resized.shape == (4, side, side)
    for image, result in zip(images, resized):
        expected = area_means(image, side)
        np.testing.assert_allclose(result, expected, atol=0.51)   # whole numbers
        assert result.mean() == pytest.approx(image.mean(), abs=0.51)


@pytest.mark.parametrize("side", [1, 9, 28, 43, 100, 333])
@pytest.mark.parametrize("value", [0, 1, 100, 254, 255])
def test_a_constant_image_stays_constant(side, value):
    assert (resize(np.full((2, 28, 28), value, np.uint8), side) == value).all()


def test_resize_keeps_images_of_the_right_size():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    np.testing.assert_array_equal(resize(images, 28), images)


def test_images_need_not_be_square():
    image = np.zeros((1, 2, 4), np.uint8)
    image[0, 1, 2] = 200
    assert resize(image, 2).tolist() == [[[0, 0], [0, 100]]]


# The numerals.

HEIGHTS = [7, 8, 9, 10, 11, 13, 14, 18, 25, 36, 54]  # in cells of 20 to 150 pixels


@pytest.mark.parametrize("height", HEIGHTS)
def test_numerals_have_ink_and_differ(height):
    pictures = numerals.pictures(height)
    assert len(pictures) == 10 and abs(pictures.shape[1] - height) <= 3 + height // 10
    assert pictures.shape[2] <= 1.2 * height + 3   # so that two fit side by side
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert (pictures.mean(axis=(1, 2)) > 0.1).all()
    assert (pictures.max(axis=(1, 2)) > 0.9).all()
    for one in range(10):
        for other in range(one):
            assert np.abs(pictures[one] - pictures[other]).mean() > 0.05


@pytest.mark.parametrize("height", HEIGHTS)
def test_numerals_have_room_at_the_sides_and_below(height):
    pictures = numerals.pictures(height)
    assert pictures[:, :, [0, -1]].max() == 0 and pictures[:, -1].max() == 0
    assert pictures[:, 0].max() > 0  # and no more than needed above


def test_numerals_of_no_height_are_legible_still():
    assert numerals.pictures(0).shape[1] >= 5
