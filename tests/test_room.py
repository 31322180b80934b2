"""Room for everything: at any size, no words over each other, nothing cut off."""

import numpy as np
import pytest
from drawn_dashboard import assert_room, dashboard_of, long_run, strip_of, visible_texts
from ran_scripts import network_of
from test_looking import Looking

from common.dashboard.drawing.panels import VIEWS
from common.dashboard.drawing.scene import Sample
from common.dashboard.link.run import Run
from common.dashboard.viewer.keys import KEYS

SAMPLE = Sample(np.full((28, 28), 200, np.uint8), "Training digit", 7,
                np.array([0, 0, 0, 0, 0.3, 0, 0, 0.2, 0, 0.5], np.float32))
# Of a window or a page, in pixels; its dots per inch; the stage that is shown.
SIZES = [(1280, 720, 100, "3.1"), (390, 844, 100, "3.1"),
         *(pytest.param(size, marks=pytest.mark.slow) for size in (
             (640, 400, 100, "3.1"), (1366, 690, 100, "1.0"), (2304, 1296, 200, "3.1"),
             (3840, 2160, 100, "1.0"), (390, 1700, 100, "3.1"), (500, 900, 100, "1.0"),
             (844, 390, 100, "3.1"), (300, 220, 100, "1.0")))]
every_size = pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}@{0[2]}".format)


@every_size
def test_at_each_size_every_view_can_be_read(size):
    """No text over another or beyond the border, no panel over another, no tile cut off, and the
    buttons have their whole words.
    """
    *pixels, stage = size
    looking = Looking(network_of(stage)[1], *pixels, run=long_run())
    dashboard, scene = looking.viewer.figure, looking.viewer.figure.scene
    looking.press("d")
    looking.write()
    scene.own = [SAMPLE] * 30
    for view in VIEWS:
        scene.sample = SAMPLE
        looking.viewer.show_view(view)
        if min(size[:2]) >= 390:  # elsewhere what is told of tiles does not fit
            looking.answer()
        looking.viewer.react()
        texts = list(visible_texts(dashboard.figure))
        words = [text for text, _ in texts]
        assert {button.words for button in scene.buttons} <= set(words)
        assert any(text.startswith("training at 10,000 of 10,000") for text in words)
        assert scene.hint in words
        assert_room(texts, dashboard.figure.bbox)
        panels = [(name, panel.axes.bbox) for name, panel in dashboard.panels.items()]
        strips = [(name, strip_of(dashboard, name).bbox) for name in ("status", "buttons")]
        assert_room([*panels, *strips], dashboard.figure.bbox)
        assert all(min(place.size) >= 45 for _, place in panels), view
        assert_no_tile_is_cut_off(dashboard)


def assert_no_tile_is_cut_off(dashboard):
    for panel in dashboard.panels.values():
        for group, place in zip(getattr(panel, "groups", ()), getattr(panel, "places", ())):
            x, y = np.max([place.corner(tile) for tile in range(len(group.values))], axis=0)
            _, rows, columns = group.values.shape
            assert x + columns * place.cell <= panel.axes.bbox.width + 1, group.label
            assert y + rows * place.cell <= panel.axes.bbox.height + 1, group.label


@every_size
def test_at_each_size_the_list_of_keys_can_be_read(size):
    dashboard = dashboard_of(Run(), *size[:3], keys=KEYS)
    axes = strip_of(dashboard, "keys")
    texts = [(text.get_text(), text.get_window_extent()) for text in axes.texts]
    labels = [words for words, _ in texts][::2]
    assert labels in ([key.label for key in KEYS], [key.button or key.label for key in KEYS])
    assert [words for words, _ in texts][1::2] == [key.words for key in KEYS]
    assert_room(texts, axes.bbox)
    assert_room([("keys", axes.bbox)], dashboard.figure.bbox.padded(1))
    if min(size[:2]) >= 390:  # a window or a phone; elsewhere a user has to enlarge it
        assert min(text.get_fontsize() for text in axes.texts) * size[2] / 72 >= 6  # pixels


@pytest.mark.filterwarnings("error")
def test_a_tiny_window_does_no_harm():
    """While a window is opened, minimized or dragged, it may have any size."""
    looking = Looking(network_of("3.1")[1], run=long_run())
    for size in ((3, 2.2), (1, 6), (4, 0.6), (0.2, 0.2)):  # hundreds of pixels
        looking.viewer.figure.figure.set_size_inches(size)
        for view in VIEWS:
            looking.viewer.figure.scene.sample = SAMPLE
            looking.viewer.show_view(view)
            looking.answered()
