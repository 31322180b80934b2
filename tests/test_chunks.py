"""Evaluation in chunks, with a session made of numpy."""

import numpy as np
import pytest

from common.chunks import run_in_chunks


class Session:
    """Computes the mean of x and the rows of 2 * x, and notes what it was fed."""

    def __init__(self):
        self.fed = []

    def run(self, fetches, feed_dict):
        assert fetches == ["mean", "rows"]
        self.fed.append((len(feed_dict["x"]), feed_dict["pkeep"]))
        assert len(feed_dict["x"]) == len(feed_dict["y"])
        return [np.float32(feed_dict["x"].mean()), 2 * feed_dict["x"]]


@pytest.mark.parametrize("chunk_size, lengths", [(1000, [10]), (5, [5, 5]), (4, [4, 4, 2])])
def test_same_as_one_run(chunk_size, lengths):
    x = np.arange(20, dtype=np.float32).reshape(10, 2) ** 2
    sess = Session()
    mean, rows = run_in_chunks(
        sess, ["mean", "rows"], {"x": x, "y": x, "pkeep": 1.0}, chunk_size)
    assert mean == pytest.approx(x.mean())
    np.testing.assert_array_equal(rows, 2 * x)
    assert sess.fed == [(length, 1.0) for length in lengths]


@pytest.mark.parametrize("x, y", [(3, 4), (0, 0)])
def test_refuses_unequal_and_empty(x, y):
    with pytest.raises(ValueError, match="same number of examples"):
        run_in_chunks(Session(), ["mean", "rows"], {"x": np.ones(x), "y": np.ones(y), "pkeep": 1})
