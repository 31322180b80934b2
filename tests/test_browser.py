"""The dashboard on pages: in a real browser, and as their server answers anybody else."""

import contextlib
import io
import os
import re
import signal
import socket
import socketserver
import threading
import time
from urllib.parse import urlsplit

import pytest
from conftest import wait_until
from fed_viewer import BEGINNING, PATIENCE, REST, SAME, FedViewer, difference, is_gone, shows
from PIL import Image

from common.dashboard.link.messages import Finished, Started
from common.dashboard.link.pipe import ViewerProcess

browser = pytest.importorskip("common.dashboard.viewer.browser", reason="pages need tornado")
chromium_driver = pytest.importorskip("chromium")
from chromium import CTRL, META, Line, pixels_of  # noqa: E402

TITLE = """<b>mine</b> &amp; 'yours' {0} $title "ours" </title></script>"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if chromium_driver.CHROMIUM is None:
        pytest.skip("there is no Chromium (Debian and Ubuntu: apt install chromium)")
    chromium = chromium_driver.Chromium(tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.close()


@pytest.fixture
def served(capfd):
    """A run on pages. Its server must not disturb the terminal, but for what it refuses."""
    served = FedViewer(BEGINNING, web=0, title=TITLE)
    yield served
    served.process.close()
    assert [line for line in "".join(capfd.readouterr()).splitlines()
            if not re.match("40[0-9] GET ", line)] == []


@pytest.fixture
def open_tab(chromium, served):
    """A function that opens a tab, which must have no problems till the end."""
    tabs = []

    def open_one(*size, **options):
        tabs.append(chromium_driver.Tab(chromium, served, *size, **options))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.close()
    assert [tab.problems for tab in tabs] == [[] for _ in tabs]


def push(tab, label):
    """Push one of the page's buttons."""
    tab.evaluate(f"[...document.querySelectorAll('#buttons button')]"
                 f".find(button => button.textContent === '{label}').click()")


def port_of(served):
    return urlsplit(served.process.address).port


def line_to(served, name="a page", **headers):
    return Line(f"ws://127.0.0.1:{port_of(served)}/socket?page={name.replace(' ', '')}", **headers)


def test_page_follows_the_run_and_answers_keys_buttons_and_the_mouse(served, open_tab):
    tab = open_tab()
    assert tab.evaluate("document.title") == TITLE
    assert shows(tab)
    for message in REST:
        served.send(message)
    assert shows(tab)
    tab.press("7")
    assert shows(tab, "curves")
    push(tab, "digits")
    assert shows(tab, "digits")
    push(tab, "pause")
    assert served.process.wait(lambda: served.process.is_paused, PATIENCE)
    tab.press(" ")
    assert served.process.wait(lambda: not served.process.is_paused, PATIENCE)
    push(tab, "write")
    assert shows(tab, "write")
    tab.drag((100, 100), (200, 100), (300, 110))
    assert wait_until(served.is_asked_about_a_flat_stroke, PATIENCE)


@pytest.mark.slow
@pytest.mark.parametrize("width, height", [(390, 844), (844, 390)])
def test_a_phone_has_buttons_at_hand_and_a_finger_writes_at_once(served, open_tab, width, height):
    tab = open_tab(width, height, ratio=2, is_phone=True)
    assert shows(tab)
    is_tall = height > width
    assert (tab.box()[3] > height) == is_tall  # six panels, one below another
    left, top, button_width, button_height = tab.box("#buttons button:nth-child(5)")
    assert 0 < top < height - button_height and button_height > 30 and button_width > 40
    push(tab, "write")
    assert shows(tab, "write")
    assert tab.evaluate("[document.documentElement.scrollWidth, "
                        "document.documentElement.scrollHeight]") == [width, height]
    tab.touch((60, 60), (100, 60), (150, 60), (200, 65))
    assert wait_until(served.is_asked_about_a_flat_stroke, PATIENCE)


@pytest.mark.slow
def test_several_pages_each_at_its_own_size_and_view(served, open_tab):
    """Otherwise a class that looks at one run sees what another pupil has chosen."""
    views = {"7": "curves", "4": "weights", "0": "all"}
    tabs = [open_tab(500 + 140 * n, 500 + 70 * n) for n in range(3)]
    for tab, key in zip(tabs, views):
        tab.press(key)
    for message in REST:
        served.send(message)
    for tab, view in zip(tabs, views.values()):
        assert shows(tab, view), view


@pytest.mark.slow
def test_keys_work_wherever_the_focus_is_and_others_are_left_to_the_browser(served, open_tab):
    tab = open_tab()
    tab.evaluate("prevented = []; addEventListener('keydown', "
                 "event => { prevented.push(event.defaultPrevented); }, true)")
    assert wait_until(lambda: tab.evaluate("!!document.querySelector('#buttons button')"))
    tab.evaluate("document.querySelector('#buttons button').focus()")
    tab.press(" ")
    assert served.process.wait(lambda: served.process.is_paused, PATIENCE)
    tab.press(" ")
    assert served.process.wait(lambda: not served.process.is_paused, PATIENCE)
    tab.evaluate("document.activeElement.blur()")
    tab.press("5")
    assert shows(tab, "biases")  # the space bar has not pushed the button as well
    for key, held in (("3", CTRL), ("3", META), ("r", CTRL)):
        tab.press(key, held)
    assert tab.evaluate("prevented") == [True] * 3 + [False] * 3
    assert shows(tab, "biases")


@pytest.mark.slow
@pytest.mark.parametrize("modifier", [CTRL, META, None], ids=["ctrl-s", "cmd-s", "button"])
def test_save_downloads_the_picture(chromium, open_tab, tmp_path, modifier):
    tab = open_tab()
    assert shows(tab)
    chromium.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    if modifier is None:
        push(tab, "save")
    else:
        tab.press("s", modifier)
    assert wait_until(lambda: list(tmp_path.glob("*.png")), PATIENCE)
    (file,) = tmp_path.glob("*.png")
    assert difference(pixels_of(file.read_bytes()), tab.picture()) < SAME
    assert shows(tab)  # saving has not spoiled what is painted in part


@pytest.mark.slow
def test_sharp_on_a_high_density_screen_and_after_the_browsers_own_zoom(open_tab):
    tab = open_tab(640, 480, ratio=2)
    assert shows(tab)
    for width, ratio in ((900, 1.25), (950, 1)):
        tab.resize(width, 640, ratio)
        assert wait_until(lambda: tab.evaluate("figure.imageObj.naturalWidth")
                          == int((width - 2) * ratio), PATIENCE)  # noqa: B023


@pytest.mark.slow
def test_after_the_end_a_banner_says_so_and_no_keys_are_offered(served, open_tab):
    tab = open_tab()
    assert shows(tab)
    for message in (*REST, Finished(True, 20.0, 601)):
        served.send(message)
    served.process.close()
    assert is_gone(served.process_id)
    with pytest.raises(ConnectionRefusedError):
        fetch(served, "/")
    assert wait_until(lambda: tab.evaluate("document.title") == "ended: " + TITLE, PATIENCE)
    assert shows(tab)  # the last points, too
    top, height = tab.box("#ended")[1::2]
    assert height > 20 and top + height == 640
    assert tab.evaluate("document.elementFromPoint(500, 630).id") == "ended"
    assert not tab.evaluate("document.querySelector('#buttons')")
    assert tab.evaluate("document.getElementById('ended').textContent").startswith("The run has")
    tab.press("3")
    tab.drag((300, 200), (300, 200))
    again = FedViewer(BEGINNING, web=port_of(served), title="the next run")
    try:
        assert wait_until(lambda: tab.evaluate("document.title") == "the next run", PATIENCE)
        assert wait_until(lambda: tab.evaluate("document.querySelectorAll('#buttons button')"
                                               ".length > 9"), PATIENCE)
    finally:
        again.process.close()


class Proxy(socketserver.ThreadingTCPServer):
    """Hands a page on, below a path, as a notebook's server does; websockets if it is told to."""

    daemon_threads, PATH = True, b"/user/me/proxy/8988/"

    def __init__(self, port, with_websockets=True):
        super().__init__(("127.0.0.1", 0), self._serve)
        self._port, self._with_websockets, self._lines = port, with_websockets, []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server_address[1]}{self.PATH.decode()}"

    def _serve(self, request, *_):
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            self._lines += [request, server]
            threading.Thread(target=self._copy, args=(server, request), daemon=True).start()
            self._copy(request, server)

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if b"Upgrade: websocket" in data and not self._with_websockets:
                    break
                target.sendall(data.replace(b"GET " + self.PATH, b"GET /"))
        self._cut(source, target)

    def cut(self):
        """Cut all lines, as a network does that is gone."""
        self.shutdown()
        self._cut(*self._lines)

    def _cut(self, *lines):
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@pytest.mark.slow
@pytest.mark.parametrize("with_websockets", [True, False])
def test_a_page_below_a_path_without_a_connection_does_not_say_that_the_run_has_ended(
        chromium, served, with_websockets):
    proxy = Proxy(port_of(served), with_websockets)
    tab = chromium_driver.Tab(chromium, served, address=proxy.address)
    if with_websockets:
        assert shows(tab) and tab.problems == []
        proxy.cut()
    assert wait_until(lambda: tab.evaluate("document.title") == "no connection: " + TITLE, PATIENCE)
    assert tab.evaluate("document.getElementById('ended').textContent").startswith("No connection")
    tab.close()
    proxy.cut()
    assert served.process.state == "open"


def test_server_is_gone_when_the_script_is_killed(start_python):
    code = ("import time\n"
            "from common.dashboard.link.pipe import ViewerProcess\n"
            "from common.dashboard.link.messages import Started\n"
            "process = ViewerProcess('a run', web=0)\n"
            "process.send(Started('a run', 100))\n"
            "process.wait(lambda: process.state != 'starting', 20)\n"
            "print(process.state, flush=True)\n"
            "time.sleep(100)\n")
    script = start_python("-c", code)
    assert script.stdout.readline() == "open\n"
    script.kill()
    # The server has the other end of this pipe, too: it is at its end when both are gone.
    _, errors = script.communicate(timeout=PATIENCE)
    assert errors == "a run has ended without a word; its dashboard closes.\n"


@pytest.mark.slow
def test_messages_do_not_pile_up_for_a_page_that_sleeps(served):
    """Its browser keeps the line, but the page asks for no picture."""
    asleep, awake = line_to(served, "asleep"), line_to(served, "awake")
    before = served.memory()
    for n in range(20):
        for message in REST[n % 2::2]:
            served.process.send(message)
        time.sleep(0.2)
    assert served.memory() < before + 40
    awake.send(type="draw")
    awake.receive_picture()
    for line in (asleep, awake):
        line.close()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process for a while")
def test_page_that_vanishes_harms_no_other(served):
    """Whatever is sent to it before its end is noticed."""
    staying, *vanishing = (line_to(served, f"page {n}") for n in range(6))
    os.kill(served.process_id, signal.SIGSTOP)
    staying.send(type="refresh")
    for line in vanishing:
        line.vanish()
    os.kill(served.process_id, signal.SIGCONT)
    for message in REST:
        served.send(message)
    staying.send(type="draw")
    staying.receive_picture()
    assert served.process.state == "open"
    staying.close()


def test_port_in_use_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = ViewerProcess("a run", web=port)
        process.send(Started("a run", 100))
        assert process.wait(lambda: process.is_over, PATIENCE)
        assert (process.state, process.address) == ("failed", None)
        assert f"port {port} cannot be used" in process.reason
        process.close()


def test_missing_tornado_is_named(tmp_path, monkeypatch):
    (tmp_path / "tornado.py").write_text("raise ImportError('no tornado')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = ViewerProcess("a run", web=0)
    assert process.wait(lambda: process.is_over, PATIENCE)
    assert process.state == "failed"
    assert "no tornado" in process.reason and "pip install tornado" in process.reason
    process.close()


ODD_MESSAGES = (
    b"", b"no json", b"\xff\xfe", b"[" * 100_000, b"7", b"null", b"[]", b"{}", b'{"type": 7}',
    b'{"type": "nothing"}', b'{"type": "key_press"}', b'{"type": "key_press", "key": 7}',
    b'{"type": "key_press", "key": "x"}', b'{"type": "button_press", "x": 1}',
    b'{"type": "motion_notify", "x": NaN, "y": 1, "button": 0, "buttons": 0, "modifiers": []}',
    b'{"type": "button_press", "x": 1, "y": 1, "button": 0, "buttons": 0, "modifiers": [[]]}',
    b'{"type": "button_press", "x": "1", "y": 1, "button": 0, "buttons": 0, "modifiers": []}',
    b'{"type": "resize", "width": 1e9, "height": 1e9}', b'{"type": "resize", "width": -1}',
    b'{"type": "resize", "width": 0, "height": 0}', b'{"type": "resize", "width": "wide"}',
    b'{"type": "set_device_pixel_ratio", "device_pixel_ratio": 0}',
    b'{"type": "set_device_pixel_ratio", "device_pixel_ratio": 1e9}',
    b'{"type": "set_device_pixel_ratio"}', b'{"type": "toolbar_button", "name": "save_figure"}')


def test_odd_messages_are_ignored(served):
    """`served` sees to it that the terminal hears nothing of them."""
    line = line_to(served)
    for message in ODD_MESSAGES:
        line.send_bytes(message)
    line.send(type="refresh")
    line.send(type="draw")
    with Image.open(io.BytesIO(line.receive_picture())) as picture:
        assert picture.size == (1280, 720)
    line.close()


def test_a_page_of_another_name_is_not_let_in(served):
    """Its owner may have that name point to this machine, and would rule the run from a browser."""
    for host in ("localhost", "LOCALHOST:8988", "127.0.0.1", "[::1]:8988"):
        assert fetch(served, "/", host)[0] == 200
        assert fetch(served, "/save.png?page=none", host)[0] == 404
    for host in ("example.com", "localhost.example.com", "127.0.0.1.example.com:8988", "127.0.0.2"):
        assert fetch(served, "/", host)[0] == fetch(served, "/save.png?page=none", host)[0] == 403


def fetch(served, path, host="127.0.0.1"):
    """Ask for a path just as it is; return the status, the kind and the content of the answer."""
    with socket.create_connection(("127.0.0.1", port_of(served)), PATIENCE) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, content = answer.read().partition(b"\r\n\r\n")
    kind = re.search(rb"Content-Type: ([\w/+-]+)", head)
    return int(head.split()[1]), kind and kind[1].decode(), content


def test_nothing_else_is_served_to_nobody_else(served):
    line = line_to(served, Origin=f"http://127.0.0.1:{port_of(served)}")
    for ending, kind, beginning in (("png", "image/png", b"\x89PNG"),
                                    ("pdf", "application/pdf", b"%PDF"),
                                    ("svg", "image/svg+xml", b"<?xml")):
        answer = fetch(served, f"/save.{ending}?page=apage")
        assert (*answer[:2], answer[2][:len(beginning)]) == (200, kind, beginning)
    with Image.open(io.BytesIO(fetch(served, "/save.png?page=apage")[2])) as picture:
        assert picture.size == (1280, 720)
    line.close()

    for path in ("/nothing", "/save.png", "/save.exe?page=apage", "/save.?page=apage",
                 "/common/dashboard/browser.py", "/_static/", "/_static/css/",
                 "/_static/nothing.css", "/_static/../backend_agg.py",
                 "/_static/%2e%2e/backend_agg.py", "/_static/..%2f..%2fbackend_bases.py",
                 "/_static//etc/passwd", "/../../etc/passwd", "//etc/passwd"):
        status, _, content = fetch(served, path)
        assert status in (403, 404), path
        assert len(content) < 200 and str(status).encode() in content  # the page that says so

    # All of 127.0.0.0/8 is this machine; who listens to more than 127.0.0.1 answers there too.
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError):
            socket.create_connection((address, port_of(served)), 2)
    # Another site's page, in the same browser, must not read along.
    origins = "http://example.com", f"http://localhost:{port_of(served)}", "null"
    for headers in ({"Host": "example.com", "Origin": "http://example.com"},
                    *({"Origin": origin} for origin in origins)):
        with pytest.raises(Exception) as refusal:
            line_to(served, **headers)
        assert refusal.value.code == 403
