"""Many digits in one picture, and the small numerals that tag the misread ones."""

import numpy as np
import pytest

from common.dashboard.drawing.mosaic import (
    INK,
    RIGHT_BACKGROUND,
    SMALLEST_WITH_GAP,
    WRONG_BACKGROUND,
    best_fit,
    mosaic,
    numerals,
    resize,
)

WHITE = (255, 255, 255)


def colours(picture):
    """The different colours of a picture, a set of tuples: red, green, blue."""
    return {tuple(colour) for colour in picture[..., :3].reshape(-1, 3).tolist()}


def cell_of(picture, number, columns, cell):
    """The part of a mosaic that shows the digit with this number, without the gap."""
    row, column = divmod(number, columns)
    side = cell - (cell >= SMALLEST_WITH_GAP)
    return picture[row * cell:row * cell + side, column * cell:column * cell + side]


def shades(count, step=0):
    """So many images, each of one shade: `step` more than the one before."""
    values = step * np.arange(count, dtype=np.uint8)
    return np.repeat(values, 28 * 28).reshape(count, 28, 28)


@pytest.mark.parametrize("count", [1, 2, 7, 97, 100, 128, 1000])
@pytest.mark.parametrize("width, height", [(363, 274), (430, 240), (200, 900), (1250, 640)])
def test_digits_are_as_large_as_the_box_allows(count, width, height):
    columns, cell = best_fit(count, width, height)
    assert 1 <= columns <= count
    assert columns * cell <= width and -(-count // columns) * cell <= height
    assert cell == max(min(width // n, height // -(-count // n)) for n in range(1, count + 1))


@pytest.mark.parametrize("cell", [5, SMALLEST_WITH_GAP - 1, SMALLEST_WITH_GAP, 43])
def test_white_where_right_red_where_misread_and_neighbours_apart(cell):
    labels, computed = np.array([0, 1, 2, 3]), np.array([0, 7, 2, 9])
    picture = mosaic(shades(4), labels, computed, 2, cell)
    for number, background in enumerate([RIGHT_BACKGROUND, WRONG_BACKGROUND] * 2):
        assert colours(cell_of(picture, number, 2, cell)) == {background}
    assert (picture[..., 3] == 255).all()
    all_wrong = mosaic(shades(4), labels, labels + 1, 2, cell)
    expected = {WHITE} if cell >= SMALLEST_WITH_GAP else {WRONG_BACKGROUND}
    assert colours(all_wrong[cell - 1]) == colours(all_wrong[:, cell - 1]) == expected


@pytest.mark.parametrize("wrong, background", [(0, RIGHT_BACKGROUND), (1, WRONG_BACKGROUND)])
def test_ink_is_dark_on_its_background(wrong, background):
    images = shades(1)
    images[0, 10:20, 5:12], images[0, 0, 0] = 255, 128
    picture = mosaic(images, np.array([4]), np.array([4 + wrong]), 1, 28)
    assert colours(picture[10:20, 5:12]) == {INK}
    np.testing.assert_allclose(picture[0, 0, :3], np.mean([INK, background], axis=0), atol=1)
    picture[10:20, 5:12, :3] = picture[0, 0, :3] = background
    assert colours(picture[:-1, :-1]) == {background}


def test_digits_are_laid_out_row_by_row_and_what_is_left_is_white():
    images, labels = shades(5, 40), np.zeros(5, int)
    given = images.copy()
    picture = mosaic(images, labels, labels, 3, 8)
    assert picture.shape == (16, 24, 4) and picture.dtype == np.uint8
    for number in range(5):
        alone = mosaic(images[number:number + 1], labels[:1], labels[:1], 1, 8)
        np.testing.assert_array_equal(cell_of(picture, number, 3, 8), alone)
    assert (picture[8:, 16:] == 255).all()
    np.testing.assert_array_equal(images, given)


# These numerals can be told apart without eyes: digit d has row d in white.
CODES = np.zeros((10, 10, 6))
CODES[np.arange(10), np.arange(10)] = 1


@pytest.mark.parametrize("cell", [SMALLEST_WITH_GAP - 1, SMALLEST_WITH_GAP, 40])
def test_a_misread_digit_is_tagged_with_the_correct_and_the_computed_one(cell):
    labels, computed = np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)
    picture = mosaic(shades(100), labels, computed, 8, cell, CODES)
    for number, (label, result) in enumerate(zip(labels, computed)):
        inside = cell_of(picture, number, 8, cell)
        if label == result:
            assert colours(inside) == {RIGHT_BACKGROUND}
        else:
            rows = inside[-10:]
            assert colours(rows[label, :6]) == colours(rows[result, -6:]) == {WHITE}
            assert (rows[:, :6, :3] == 255).all(axis=2).sum() == 6
            assert colours(inside[:-10]) == colours(inside[:, 6:-6]) == {WRONG_BACKGROUND}


@pytest.mark.parametrize("side", [1, 3, 7, 14, 27, 28, 29, 56, 61])
def test_resized_pixels_are_means_over_areas(side):
    """No line of a thin digit gets lost, however small it is shown."""
    images = np.random.default_rng(side).integers(0, 256, (4, 28, 28), dtype=np.uint8)
    resized = resize(images, side)
    assert resized.dtype == np.uint8 and resized.shape == (4, side, side)
    fine = images.astype(float).repeat(side, axis=1).repeat(side, axis=2)
    expected = fine.reshape(4, side, 28, side, 28).mean(axis=(2, 4))
    np.testing.assert_allclose(resized, expected, atol=0.51)
    for value in (0, 1, 254, 255):
        assert (resize(np.full((1, 28, 28), value, np.uint8), side) == value).all()


@pytest.mark.parametrize("height", [0, 7, 9, 11, 14, 25, 54])  # in cells of 20 to 200 pixels
def test_numerals_can_be_told_apart_and_two_fit_side_by_side(height):
    pictures = numerals(height)
    assert len(pictures) == 10 and abs(pictures.shape[1] - max(6, height)) <= 3 + height // 10
    assert pictures.shape[2] <= 1.2 * max(6, height) + 3
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert (pictures.max(axis=(1, 2)) > 0.9).all()
    assert min(np.abs(pictures[one] - pictures[other]).mean()
               for one in range(10) for other in range(one)) > 0.05
    assert pictures[:, :, [0, -1]].max() == 0 and pictures[:, -1].max() == 0  # room
