"""The dashboard on a page, in a real browser: Chromium without a screen, over its DevTools."""

import asyncio
import base64
import dataclasses
import functools
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from urllib.parse import urlsplit

import matplotlib
import numpy as np
import pytest
from conftest import PROJECT, wait_until
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image
from synthetic_run import digits, predictions_of

from common import dashboard_figure
from common.dashboard_figure import DPI, SHARES, VIEWS, DashboardFigure, size_in_inches
from common.digit_mosaic import WRONG_BACKGROUND
from common.panels import BAND_OPACITY, BANDS_COLOUR, TEST_COLOUR, TRAIN_COLOUR
from common.run_state import RunState, first_digits, misread_first, percentile_bands
from common.window_process import WindowProcess

browser = pytest.importorskip("common.browser", reason="the page needs the package tornado")
httpclient = pytest.importorskip("tornado.httpclient")
websocket = pytest.importorskip("tornado.websocket")

PATIENCE = 20  # seconds for what takes a fraction of one on a machine that is not busy
CHROMIUM = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
         "--disable-extensions", "--disable-background-networking", "--disable-component-update",
         "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
         "--disable-renderer-backgrounding", "--remote-allow-origins=*",
         "--remote-debugging-port=0")
ALT, CTRL, META, SHIFT = 1, 2, 4, 8
MIDDLE_BAND_COLOUR = to_hex(1 + max(BAND_OPACITY) * (np.array(to_rgb(BANDS_COLOUR)) - 1))
WRONG_COLOUR = to_hex(np.divide(WRONG_BACKGROUND, 255))
STATUS_LINE = 40  # pixels at the bottom, at most; its words follow up to a second later
ENOUGH = 30       # pixels of a colour
SAME, DIFFERENT = 0.05, 0.3  # mean differences of pictures, of 255: at most, at least
TITLE = """<b>mine</b> &amp; 'yours' {0} $title "ours" </title></script>"""


class Line:
    """A websocket. It is read only on demand: what comes otherwise waits in the system's buffers.
    """

    def __init__(self, address, **headers):
        self._loop = asyncio.new_event_loop()
        try:
            self._run(self._connect(address, headers))
        except BaseException:
            self._loop.close()
            raise

    def _run(self, coroutine):
        return self._loop.run_until_complete(asyncio.wait_for(coroutine, PATIENCE))

    async def _connect(self, address, headers):
        self._socket = await websocket.websocket_connect(
            httpclient.HTTPRequest(address, headers=headers), max_message_size=10 ** 8)

    async def _send(self, message):
        await self._socket.write_message(message)

    async def _receive(self):
        return await self._socket.read_message()

    async def _close(self):
        self._socket.close()

    def send(self, **message):
        self._run(self._send(json.dumps(message)))

    def receive(self):
        """The next message: a dictionary, or bytes."""
        message = self._run(self._receive())
        assert message is not None, "the other side has closed the line"
        return message if isinstance(message, bytes) else json.loads(message)

    def receive_pictures_until(self, kind):
        """The pictures that come before a message of this kind."""
        pictures = []
        while isinstance(message := self.receive(), bytes) or message["type"] != kind:
            if isinstance(message, bytes):
                pictures.append(message)
        return pictures

    def receive_picture(self):
        """Skip messages up to the next picture, and acknowledge that."""
        while not isinstance(picture := self.receive(), bytes):
            pass
        self.send(type="ack")
        return picture

    def vanish(self):
        """End without a word, as a browser that is killed."""
        stream = self._socket.protocol.stream
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.socket.close()
        self._loop.close()

    def close(self):
        self._run(self._close())
        self._loop.close()


class Chromium:
    """The browser, a process without windows."""

    def __init__(self, folder, *flags):
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        where = folder / "DevToolsActivePort"
        assert wait_until(lambda: where.exists() and where.read_text().count("\n"), PATIENCE)
        port, path = where.read_text().split()
        self._line, self._calls = Line(f"ws://127.0.0.1:{port}{path}"), 0
        self.tabs = {}  # by session

    def call(self, method, session=None, **parameters):
        """Call a method of the DevTools protocol; return its result, a dictionary."""
        self._calls += 1
        number = self._calls
        self._line.send(id=number, method=method, params=parameters,
                        **({"sessionId": session} if session else {}))
        while (answer := self._line.receive()).get("id") != number:
            if answer.get("sessionId") in self.tabs:
                self.tabs[answer["sessionId"]].hear(answer["method"], answer["params"])
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def close(self):
        self.call("Browser.close")
        self._line.close()
        self._process.wait(PATIENCE)


class Tab:
    """A tab of the browser with the page of a run."""

    def __init__(self, chromium, run, width=1000, height=640, ratio=0):
        """Open the page; `ratio` 0 stands for the browser's own ratio of device pixels."""
        self._chromium, self._run = chromium, run
        self.problems = []  # whatever the browser would tell a developer about
        # In a window of its own, for a tab in the background would not paint.
        self._target = chromium.call(
            "Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self._session = chromium.call(
            "Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        chromium.tabs[self._session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=run.process.address)
        assert wait_until(lambda: self.evaluate("typeof figure") == "object", PATIENCE)
        self.resize(width, height, ratio)

    def hear(self, event, details):
        if event == "Network.responseReceived" and details["response"]["status"] < 400:
            return
        if event in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
                     "Network.responseReceived", "Network.loadingFailed"):
            self.problems.append((event, details))

    def call(self, method, **parameters):
        return self._chromium.call(method, self._session, **parameters)

    def close(self):
        del self._chromium.tabs[self._session]
        self._chromium.call("Target.closeTarget", targetId=self._target)

    def evaluate(self, expression):
        """The value of an expression in JavaScript."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def fits(self, width):
        """Whether the canvas and its picture are as wide as a page of so many CSS pixels."""
        canvas_width = width - 2  # a border of one pixel
        return (self.box("canvas")[2], self.evaluate("figure.imageObj.naturalWidth")) == (
            canvas_width, int(canvas_width * self.evaluate("devicePixelRatio")))

    def resize(self, width, height, ratio=0):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=ratio, mobile=False)
        assert wait_until(lambda: self.fits(width), PATIENCE)

    def press(self, key, modifiers=0):
        """Press a key and let it go."""
        code = {"Escape": 27, "?": 191}.get(key) or ord(key.upper())
        key = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        types_text = len(key["key"]) == 1 and not modifiers & ~SHIFT
        self.call("Input.dispatchKeyEvent", type="keyDown", **key,
                  **({"text": key["key"]} if types_text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def drag(self, start, end):
        """Draw a box with the mouse; both corners in pixels of the canvas, from its top left."""
        left, top, *_ = self.box("canvas")
        for kind, (x, y), held in (("mouseMoved", start, 0), ("mousePressed", start, 1),
                                   ("mouseMoved", end, 1), ("mouseReleased", end, 0)):
            self.call("Input.dispatchMouseEvent", type=kind, x=left + x, y=top + y, buttons=held,
                      button="none" if kind == "mouseMoved" else "left", clickCount=1)

    def touch(self, *points):
        """Move a finger along these points of the canvas, in pixels from its top left."""
        left, top, *_ = self.box("canvas")
        for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * len(points), points):
            self.call("Input.dispatchTouchEvent", type=kind,
                      touchPoints=[{"x": left + x, "y": top + y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def click(self, button):
        """Click on the middle of a button of the toolbar."""
        left, top, width, height = self.box(f"img[src*={button}]")
        for kind in "mousePressed", "mouseReleased":
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1,
                      x=left + width / 2, y=top + height / 2)

    def box(self, selector):
        """Left, top, width and height of an element on the page, in CSS pixels."""
        return self.evaluate(f"(box => [box.left, box.top, box.width, box.height])"
                             f"(document.querySelector('{selector}').getBoundingClientRect())")

    @property
    def zooms(self):
        """Whether the button of the zoom mode looks pressed."""
        return self.evaluate("figure.buttons['Zoom'].classList.contains('active')")

    @property
    def title(self):
        return self.evaluate("document.title")

    def picture(self):
        """What is seen of the canvas, int [height, width, 3]."""
        x, y, width, height = self.box("canvas")
        shot = self.call("Page.captureScreenshot", clip={
            "x": x, "y": y, "width": width, "height": height, "scale": 1})
        return pixels_of(base64.b64decode(shot["data"]))

    def expected(self, *arranged):
        """What should be seen of the canvas; arguments as for `expected_picture`."""
        _, _, width, height = self.box("canvas")
        return self._run.expected(int(width), int(height), self.evaluate("devicePixelRatio"),
                                  *arranged)

    def shows(self, *arranged, **options):
        """Whether the canvas comes to show all that was sent, arranged like this."""
        return self.comes_to_show(self.expected(*arranged), **options)

    def comes_to_show(self, expected, with_status=False, seconds=PATIENCE):
        return wait_until(lambda: difference(self.picture(), expected, with_status) < SAME,
                          seconds)


def pixels_of(file):
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)


def difference(picture, expected, with_status=False):
    """The mean difference of two pictures of the dashboard; infinite if their sizes differ.

    On a high-density screen a canvas may be higher than its picture by a pixel.
    """
    (height, width, _), rows = expected.shape, len(picture)
    if not (rows - 2 < height <= rows and width == picture.shape[1]):
        return np.inf
    end = height if with_status else height - STATUS_LINE * height // 720
    return np.abs(picture[:end] - expected[:end]).mean()


def expected_picture(state, width, height, ratio=1, arrange=lambda dashboard: None):
    """Draw a run's dashboard without a browser.

    Args:
      state: a `RunState`.
      width, height: the size in CSS pixels.
      ratio: device pixels for each of them.
      arrange: called with the `DashboardFigure`, to make it look as keys and mouse have made it.

    Returns:
      int [ratio * height, ratio * width, 3].
    """
    with matplotlib.rc_context():
        dashboard_figure.use_style()
        figure = Figure(dpi=DPI * ratio, figsize=size_in_inches(width, height))
        canvas = FigureCanvasAgg(figure)
        dashboard = DashboardFigure(figure, state)
        dashboard.connect()
        dashboard.update()
        arrange(dashboard)
        dashboard.update()
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


@functools.cache
def panels(view):
    """For `expected_picture`: show these panels."""
    return lambda dashboard: dashboard.show_panels(view)


class ServedRun:
    """A run on a page, fed by a test, which keeps a `RunState` of its own."""

    def __init__(self, title="a run"):
        self.process, self.state = WindowProcess(title, web=0), RunState()
        self._random, self._next, self._expected = np.random.default_rng(0), 0, {}
        self.send(title=title, last=1000, reads_digits=True)
        self.process.wait(lambda: self.process.state != "starting", PATIENCE)
        assert (self.process.state, self.process.reason) == ("open", "")

    @property
    def port(self):
        return urlsplit(self.process.address).port

    @property
    def socket(self):
        """The address of the page's websocket."""
        return f"ws://127.0.0.1:{self.port}/socket"

    @property
    def process_id(self):
        return self.process._process.pid

    def send(self, **message):
        self.learn(**message)
        self.process.send(message)

    def learn(self, **message):
        """Take note of what the page will show, as by a message."""
        self.state.apply(message)
        self._expected.clear()

    def expected(self, *arguments):
        """A picture of the run's present state; arguments as for `expected_picture`."""
        if arguments not in self._expected:  # to draw it anew in each test would take too long
            self._expected[arguments] = expected_picture(self.state, *arguments)
        return self._expected[arguments]

    def measure(self, times=1):
        """Send so many measurements."""
        for _ in range(times):
            accuracy = 1 - 0.9 * np.exp(-self._next / 200)
            for name, count, choose in (("train", 100, first_digits), ("test", 500, misread_first)):
                images, labels = digits(self._random, count)
                predictions = predictions_of(self._random, labels, accuracy)
                self.send(iteration=self._next, **{
                    f"{name}_accuracy": np.mean(predictions.argmax(1) == labels.argmax(1)),
                    f"{name}_loss": 90 * (1 - accuracy) + (5 if name == "test" else 0),
                    f"{name}_digits": choose(images, predictions, labels)})
            values = self._random.normal(size=1000) * (1 + self._next / 500)
            self.send(iteration=self._next, weights=percentile_bands([values]),
                      biases=percentile_bands([values / 9]))
            self._next += 20


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("there is no Chromium (Debian and Ubuntu: apt install chromium)")
    chromium = Chromium(tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.close()


@pytest.fixture
def open_tab(chromium):
    """A function that opens a tab, which must have no problems till the end."""
    tabs = []

    def open_one(run, *size):
        tabs.append(Tab(chromium, run, *size))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        if tab in chromium.tabs.values():
            tab.close()
    assert [tab.problems for tab in tabs] == [[] for _ in tabs]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run of most tests: to start one takes long. Its server must have no troubles."""
    terminal = tmp_path_factory.mktemp("run") / "terminal"
    former = os.dup(2)
    with open(terminal, "wb") as file:
        os.dup2(file.fileno(), 2)
        served = ServedRun()
        os.dup2(former, 2)
    os.close(former)
    served.measure(12)
    yield served
    served.process.close()
    assert [line for line in terminal.read_text().splitlines()
            if not re.match("40[0-9] GET ", line)] == []  # nothing but refusals


@pytest.fixture
def own_run(capfd):
    """A run of which some is known already, for one test. It must not disturb the terminal."""
    served = ServedRun(TITLE)
    served.measure(12)
    yield served
    served.process.close()
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def tab(run, open_tab):
    """A tab that shows all panels of the run."""
    tab = open_tab(run)
    if not tab.shows(seconds=5):  # the test before has failed and left it like that
        for key in (" ", "h", "0") if run.process.paused else ("h", "0"):
            tab.press(key)
        assert tab.shows()
    return tab


def pixels_with(colour, picture):
    """Which pixels have about this colour, bool [height, width]."""
    return np.abs(picture - 255 * np.array(to_rgb(colour))).max(axis=2) < 10


def cells(picture):
    """The six parts of a picture in which the panels are, by number, and the status line."""
    height, width, _ = picture.shape
    edges = [round(width * sum(SHARES[:n]) / sum(SHARES)) for n in range(4)]
    height -= round(28 * min(width / dashboard_figure.WIDTH, height / dashboard_figure.HEIGHT))
    return {3 * row + column + 1: picture[row * height // 2:(row + 1) * height // 2,
                                          edges[column]:edges[column + 1]]
            for row in range(2) for column in range(3)}, picture[height:]


def test_page_shows_the_dashboard(own_run, open_tab):
    own_run.send(phase="finished")  # now the status line tells the latest, too
    tab = open_tab(own_run)
    assert tab.title == TITLE
    assert tab.shows(with_status=True)

    parts, status = cells(tab.picture())
    curves, bands, digits = {TRAIN_COLOUR, TEST_COLOUR}, {MIDDLE_BAND_COLOUR}, {WRONG_COLOUR}
    for number, colours in enumerate((curves, curves, digits, bands, bands, digits), start=1):
        seen = {colour for colour in curves | bands | digits
                if pixels_with(colour, parts[number]).sum() > ENOUGH}
        assert seen == colours
    progress = pixels_with(TRAIN_COLOUR, status).mean(axis=1).max()  # in a row of pixels
    assert progress == pytest.approx(own_run.state.iteration / own_run.state.last, abs=0.01)


def test_page_is_filled_without_scrolling(run, open_tab):
    tab = open_tab(run)
    for width, height in ((1000, 640), (600, 800), (1500, 500)):
        tab.resize(width, height)
        assert tab.shows()
        left, top, canvas_width, canvas_height = tab.box("canvas")
        toolbar_left, toolbar_top, toolbar_width, toolbar_height = tab.box(".mpl-toolbar")
        assert (left, top, canvas_width) == (1, 1, width - 2)  # a border of one pixel
        assert toolbar_top == top + canvas_height + 1
        assert (toolbar_left, toolbar_width) == (0, width)
        assert toolbar_top + toolbar_height == height
        assert tab.evaluate("[document.documentElement.scrollWidth, "
                            "document.documentElement.scrollHeight]") == [width, height]


def test_new_points_appear(run, tab):
    before = tab.picture()
    run.measure()
    assert difference(before, tab.expected()) > DIFFERENT  # or the next line would say nothing
    assert tab.shows()


def test_each_key_shows_its_panels(tab):
    expected = {view: tab.expected(panels(view)) for view in set(VIEWS.values())}
    for view, picture in expected.items():
        assert [other for other in expected
                if difference(expected[other], picture) < DIFFERENT] == [view]
    for key in [*VIEWS, "4", "0"]:  # at the end, "escape" and "0" have something to change
        tab.press("Escape" if key == "escape" else key)
        assert tab.comes_to_show(expected[VIEWS[key]]), key


def test_keys_work_wherever_the_focus_is(run, tab):
    tab.evaluate("document.activeElement.blur()")
    assert tab.evaluate("document.activeElement === document.body")
    tab.press("3")
    assert tab.shows(panels((3,)))
    tab.evaluate("figure.format_dropdown.focus()")
    tab.press("0")
    assert tab.shows()

    tab.click("zoom")
    assert wait_until(lambda: tab.zooms)
    assert tab.evaluate("document.activeElement === figure.buttons['Zoom']")
    tab.press(" ")
    assert run.process.wait(lambda: run.process.paused, PATIENCE)
    tab.press(" ")
    assert run.process.wait(lambda: not run.process.paused, PATIENCE)
    assert tab.zooms  # the space bar has not pressed the button as well
    tab.press("o")
    assert wait_until(lambda: not tab.zooms)


def test_space_pauses_and_goes_on(run, tab):
    for phase in "paused", "training":
        tab.press(" ")
        assert run.process.wait(lambda: run.process.paused == (phase == "paused"),  # noqa: B023
                                PATIENCE)
        run.learn(phase=phase)
        assert tab.shows(with_status=phase == "paused")


def test_other_keys_are_left_to_the_browser(tab):
    tab.evaluate("prevented = []; addEventListener('keydown', "
                 "event => { prevented.push(event.defaultPrevented); }, true)")
    for modifiers in (ALT, CTRL, META):
        tab.press("3", modifiers)
    tab.press("o", META)
    tab.press("r", CTRL)
    tab.press("5")  # this one is for the dashboard
    assert tab.evaluate("prevented") == [False] * 5 + [True]
    assert tab.shows(panels((5,)))
    assert not tab.zooms
    tab.press("0")


def test_zoom_into_a_box_and_back(tab):
    before = tab.picture()
    corners = np.array([(70, 40), (220, 260)])

    def zoom(dashboard):
        axes = dashboard.panels[0].axes
        (left, top), (right, bottom) = axes.transData.inverted().transform(
            [(x, len(before) - y) for x, y in corners])
        axes.set(xlim=(left, right), ylim=(bottom, top))

    assert difference(tab.expected(zoom), before) > DIFFERENT
    tab.press("o")
    assert wait_until(lambda: tab.zooms)
    tab.drag(*corners.tolist())
    assert tab.shows(zoom)
    tab.press("h")
    assert wait_until(lambda: difference(tab.picture(), before) == 0)
    tab.press("o")
    assert wait_until(lambda: not tab.zooms)


def is_one_flat_stroke(drawing):
    """Whether that is what was drawn so far; `drawing` is as a `WindowProcess` has it."""
    ink = np.frombuffer(drawing or bytes(784), np.uint8).reshape(28, 28)
    return ink.any(axis=0).sum() >= 19 and 0 < ink.any(axis=1).sum() < 10


@pytest.mark.parametrize("hand", ["drag", "touch"])
def test_mouse_and_finger_write_digits(run, tab, hand):
    tab.press("d")
    assert wait_until(lambda: not tab.shows(seconds=0.1), PATIENCE)
    tab.press("c")
    time.sleep(0.5)
    getattr(tab, hand)((80, 80), (260, 90))
    assert wait_until(lambda: is_one_flat_stroke(run.process.drawing), PATIENCE)
    assert wait_until(lambda: tab.picture()[70:100, 90:250].mean(axis=2).min() < 60, PATIENCE)
    tab.press("c")
    assert wait_until(lambda: run.process.drawing is None, PATIENCE)
    tab.press("d")
    assert tab.shows()


def test_a_click_looks_at_a_digit(tab):
    tab.press("3")
    assert tab.shows(panels((3,)))
    tab.drag((300, 200), (300, 200))
    assert wait_until(lambda: not tab.shows(panels((3,)), seconds=0.1), PATIENCE)
    tab.press("0")
    assert tab.shows()


def test_question_mark_shows_and_hides_the_list_of_keys(tab):
    before, with_keys = tab.picture(), tab.expected(DashboardFigure.toggle_keys)
    assert difference(with_keys, before) > DIFFERENT
    tab.press("?", SHIFT)
    assert tab.comes_to_show(with_keys)
    tab.press("?", SHIFT)
    assert tab.comes_to_show(before)


@pytest.mark.parametrize("modifier", [CTRL, META], ids=["ctrl-s", "cmd-s"])
def test_save_key_downloads_the_picture(chromium, tab, tmp_path, modifier):
    chromium.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    tab.evaluate("addEventListener('keydown', "
                 "event => { prevented = event.defaultPrevented; }, true)")
    tab.press("s", modifier)
    file = tmp_path / "a run.png"
    assert wait_until(file.exists, PATIENCE)
    assert tab.evaluate("prevented")  # or the browser would want to save the page
    assert difference(pixels_of(file.read_bytes()), tab.picture()) < SAME


def test_two_tabs_and_a_third_one_later(run, tab, open_tab):
    second = open_tab(run)
    run.measure()
    expected = tab.expected()
    assert tab.comes_to_show(expected) and second.comes_to_show(expected)
    tab.press("2")
    expected = tab.expected(panels((2,)))
    assert tab.comes_to_show(expected) and second.comes_to_show(expected)

    tab.close()
    second.close()
    run.measure()
    assert run.process.state == "open"
    third = open_tab(run)
    assert third.shows(panels((2,)))
    third.press("0")


def test_browsers_own_zoom_changes_the_density(tab):
    """The server's picture follows. The canvas does in a browser with a screen only."""
    for width, ratio in ((900, 2), (950, 1.25)):
        tab.resize(width, 640, ratio)  # waits until the picture fits
        assert tab.evaluate("figure.imageObj.naturalWidth") == int((width - 2) * ratio)


def test_high_density_screen(run, tmp_path):
    dense = Chromium(tmp_path, "--force-device-scale-factor=2")
    try:
        tab = Tab(dense, run, 640, 480)
        expected = tab.expected()
        assert expected.shape[1] == 2 * (640 - 2)
        assert tab.comes_to_show(expected)
        assert difference(pixels_of(fetch(run, "/save.png")[2]), expected) < SAME
        run.measure()
        assert tab.shows()  # saving has not spoiled what is painted in part
        assert tab.problems == []
    finally:
        dense.close()


def test_server_has_its_last_say_and_is_gone(own_run, open_tab):
    tab = open_tab(own_run)
    own_run.measure()
    own_run.process.close()
    assert own_run.process.state == "closed"
    with pytest.raises(ProcessLookupError):
        os.kill(own_run.process_id, 0)
    with pytest.raises(ConnectionRefusedError):
        fetch(own_run, "/")
    assert wait_until(lambda: tab.title == "ended: " + TITLE, PATIENCE)
    own_run.learn(phase="finished")
    assert tab.shows(with_status=True)  # the last points, too


def test_server_is_gone_when_the_script_is_killed():
    code = ("import time\n"
            "from common.window_process import WindowProcess\n"
            "process = WindowProcess('a run', web=0)\n"
            "process.send({'title': 'a run'})\n"
            "process.wait(lambda: process.state != 'starting', 20)\n"
            "print(process.state, flush=True)\n"
            "time.sleep(100)\n")
    script = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert script.stdout.readline() == "open\n"
    script.kill()
    # The server has the other end of this pipe, too: it is at its end when both are gone.
    _, errors = script.communicate(timeout=PATIENCE)
    assert errors == "a run has ended without a word; its dashboard closes.\n"


def test_page_that_sleeps_is_sent_little(own_run):
    """A tab that its browser has put to sleep keeps its line, but reads nothing."""
    awake, asleep = Line(own_run.socket), Line(own_run.socket)
    for _ in range(browser.MOST_UNDER_WAY + 10):
        awake.send(type="draw")
        awake.receive_picture()
    awake.send(type="refresh")
    assert len(asleep.receive_pictures_until("figure_label")) == browser.MOST_UNDER_WAY

    # Awake again, it hears that there is more, and gets a whole picture.
    for _ in range(browser.MOST_UNDER_WAY):
        asleep.send(type="ack")
    asleep.receive_pictures_until("figure_label")
    asleep.send(type="draw")
    with Image.open(io.BytesIO(asleep.receive_picture())) as picture:
        assert np.asarray(picture)[..., 3].min() == 255
    awake.close()
    asleep.close()


def test_messages_do_not_pile_up(own_run):
    """Each brings new pictures of digits, and the page never asks for one."""
    silent = Line(own_run.socket)
    before = memory(own_run.process_id)
    images = np.random.default_rng(0).random((1000, 28, 28), np.float32)
    labels = np.eye(10)[np.arange(1000) % 10]
    test_digits = misread_first(images, labels, labels)
    for iteration in range(200):
        own_run.send(iteration=iteration, test_accuracy=0.9, test_loss=9,
                     test_digits=dataclasses.replace(test_digits))
        time.sleep(0.01)
    assert memory(own_run.process_id) < before + 40_000
    curious = Line(own_run.socket)
    curious.send(type="draw")
    curious.receive_picture()
    assert memory(own_run.process_id) < before + 40_000
    assert own_run.process.state == "open"
    silent.close()
    curious.close()


def memory(process_id):
    """The resident memory of a process, in kilobytes."""
    status = pathlib.Path(f"/proc/{process_id}/status")
    if not status.exists():
        pytest.skip("this system does not tell a process's memory in /proc")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text())[1])


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process for a while")
def test_page_that_vanishes_harms_no_other(own_run):
    """Whatever is sent to it before its end is noticed."""
    staying, *vanishing = (Line(own_run.socket) for _ in range(6))
    os.kill(own_run.process_id, signal.SIGSTOP)
    staying.send(type="refresh")
    for line in vanishing:
        line.vanish()
    os.kill(own_run.process_id, signal.SIGCONT)
    own_run.measure()
    staying.send(type="draw")
    staying.receive_picture()
    assert own_run.process.state == "open"
    staying.close()


def test_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = WindowProcess("a run", web=port)
        process.send({"title": "a run"})
        assert process.wait(lambda: process.is_over, PATIENCE)
        assert (process.state, process.address) == ("failed", None)
        assert f"port {port} cannot be used" in process.reason
        process.close()


def test_missing_tornado_is_named(tmp_path, monkeypatch):
    (tmp_path / "tornado.py").write_text("raise ImportError('no tornado')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = WindowProcess("a run", web=0)
    assert process.wait(lambda: process.is_over, PATIENCE)
    assert process.state == "failed"
    assert "no tornado" in process.reason and "pip install tornado" in process.reason
    process.close()


def fetch(run, path):
    """Ask for a path just as it is; return the status, the kind and the content of the answer."""
    with socket.create_connection(("127.0.0.1", run.port), PATIENCE) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{run.port}\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, content = answer.read().partition(b"\r\n\r\n")
    kind = re.search(rb"Content-Type: ([\w/+-]+)", head)
    return int(head.split()[1]), kind and kind[1].decode(), content


@pytest.mark.parametrize("path", [
    "/nothing", "/save.exe", "/save.pgf", "/save.", "/save.png/", "/common/browser.py",
    "/_static/", "/_static/css/", "/_static/nothing.css", "/_static/../backend_agg.py",
    "/_static/%2e%2e/backend_agg.py", "/_static/..%2f..%2fbackend_bases.py",
    "/_static//etc/passwd", "/_images/../matplotlibrc", "/../../etc/passwd", "//etc/passwd"])
def test_nothing_else_is_served(run, path):
    status, _, content = fetch(run, path)
    assert status in (403, 404)
    assert len(content) < 200 and str(status).encode() in content  # the page that says so


def test_each_format_of_the_list_can_be_saved(run, tab):
    beginnings = {"png": ("image/png", b"\x89PNG"), "pdf": ("application/pdf", b"%PDF"),
                  "svg": ("image/svg+xml", b"<?xml")}
    listed = tab.evaluate("[...figure.format_dropdown].map(option => option.value)")
    assert sorted(listed) == sorted(beginnings)
    for ending, (kind, beginning) in beginnings.items():
        status, kind_sent, content = fetch(run, f"/save.{ending}")
        assert (status, kind_sent, content[:len(beginning)]) == (200, kind, beginning)


def test_only_this_machine_is_served(run):
    """All of 127.0.0.0/8 is this machine; who listens to more than 127.0.0.1 answers there too."""
    fetch(run, "/")
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError):
            socket.create_connection((address, run.port), 2)


def test_other_sites_cannot_listen_in(run):
    Line(run.socket, Origin=f"http://127.0.0.1:{run.port}").close()
    for origin in ("http://example.com", f"http://localhost:{run.port}", "null"):
        with pytest.raises(httpclient.HTTPClientError) as refusal:
            Line(run.socket, Origin=origin)
        assert refusal.value.code == 403
