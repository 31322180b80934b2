"""Texts drawn from pictures of them look as if matplotlib had drawn them."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from common import quick_text

TEXTS = [(0.1, 0.1, "Weights", {}), (0.313, 0.2377, "jpgqy 10,000", {"fontsize": 7.3}),
         (0.5, 0.7, "−1.5e−07", {"color": "#d9480f", "fontweight": "bold"}),
         (0.9, 0.5, "right", {"ha": "right", "va": "top"}), (0.02, 0.98, "corner", {"va": "top"}),
         (0.97, 0.02, "cut off", {}), (0, 0.6, "left", {"ha": "center"}),
         (0.5, 0, "below", {"va": "center"}), (0.5, 1, "above", {"va": "center"}),
         (0.3, 0.5, "two\nlines", {}), (0.7, 0.3, "x", {"alpha": 0.4}),
         (0.6, 0.9, "slanted", {"rotation": 30}), (0.2, 0.8, "$x^2$", {}), (0.4, 0.4, "", {})]


def figure_of(texts, dpi=100):
    figure = Figure(figsize=(5, 3), dpi=dpi)
    FigureCanvasAgg(figure)
    for x, y, words, style in texts:
        figure.text(x, y, words, **style)
    return figure


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).astype(int)


@pytest.mark.parametrize("dpi", [72, 100, 200])
def test_texts_look_the_same(dpi):
    plain, quick = figure_of(TEXTS, dpi), figure_of(TEXTS, dpi)
    quick_text.speed_up(quick.canvas)
    expected = pixels(plain)
    assert (expected < 128).sum() > 300
    for _ in range(2):  # made, and taken from what was kept
        assert np.abs(pixels(quick) - expected).max() <= 3


def test_what_has_not_changed_is_not_made_again(monkeypatch):
    made = []
    draw_text = RendererAgg.draw_text

    def counted(self, gc, x, y, s, *arguments, **options):
        made.append(s)
        return draw_text(self, gc, x, y, s, *arguments, **options)

    monkeypatch.setattr(RendererAgg, "draw_text", counted)
    figure = figure_of(TEXTS[:3])
    quick_text.speed_up(figure.canvas)
    pixels(figure)
    assert sorted(made) == sorted(words for _, _, words, _ in TEXTS[:3])
    pixels(figure)
    assert len(made) == 3
    figure.texts[0].set_text("Biases")
    figure.texts[1].set_color("red")
    before = pixels(figure)
    assert made[3:] == ["Biases", "jpgqy 10,000"]
    assert (before[..., 0] > before[..., 1] + 100).sum() > 20  # red


def test_a_new_size_gets_new_texts():
    figure = figure_of(TEXTS)
    quick_text.speed_up(figure.canvas)
    pixels(figure)
    figure.set_dpi(160)
    assert np.abs(pixels(figure) - pixels(figure_of(TEXTS, 160))).max() <= 3


def test_a_canvas_of_another_kind_is_left_alone():
    canvas = FigureCanvasSVG(Figure())
    before = set(vars(canvas))
    quick_text.speed_up(canvas)
    assert set(vars(canvas)) == before
