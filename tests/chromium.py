"""A real browser: Chromium without a screen, over its DevTools protocol."""

import asyncio
import base64
import io
import json
import shutil
import socket
import struct
import subprocess

import numpy as np
from conftest import wait_until
from fed_viewer import PATIENCE
from PIL import Image
from tornado import httpclient, websocket

CHROMIUM = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
         "--disable-extensions", "--disable-background-networking", "--disable-component-update",
         "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows",
         "--disable-renderer-backgrounding", "--remote-allow-origins=*",
         "--remote-debugging-port=0")
CTRL, META, SHIFT = 2, 4, 8  # keys held; Meta is Cmd on a Mac
PROBLEMS = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
            "Network.responseReceived", "Network.loadingFailed")


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

    async def _call(self, name, *arguments):
        result = getattr(self._socket, name)(*arguments)
        return await result if result is not None else None

    def send(self, **message):
        self._run(self._call("write_message", json.dumps(message)))

    def send_bytes(self, message):
        """Send bytes, as text where they are."""
        try:
            self._run(self._call("write_message", message.decode()))
        except UnicodeDecodeError:
            self._run(self._call("write_message", message, True))

    def receive(self):
        """The next message: a dictionary, or bytes."""
        message = self._run(self._call("read_message"))
        assert message is not None, "the other side has closed the line"
        return message if isinstance(message, bytes) else json.loads(message)

    def receive_picture(self):
        """The next picture, bytes; other messages before it are skipped."""
        while not isinstance(message := self.receive(), bytes):
            pass
        return message

    def vanish(self):
        """End without a word, as a browser that is killed."""
        stream = self._socket.protocol.stream
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.socket.close()
        self._loop.close()

    def close(self):
        self._run(self._call("close"))
        self._loop.close()


class Chromium:
    """The browser, a process without windows."""

    def __init__(self, folder):
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
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
    """A tab of the browser with the page of a `FedViewer`."""

    def __init__(self, chromium, viewer, width=1000, height=640, ratio=1, is_phone=False,
                 address=None):
        """Open the page, at a size in CSS pixels; at another address than the viewer's own."""
        self._chromium, self.viewer = chromium, viewer
        self.problems = []  # whatever the browser would tell a developer about
        # In a window of its own, for a tab in the background would not paint.
        self._target = chromium.call(
            "Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self._session = chromium.call(
            "Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        chromium.tabs[self._session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height, ratio, is_phone)
        self.call("Page.navigate", url=address or viewer.process.address)
        assert wait_until(lambda: self.evaluate(
            "typeof figure === 'object' && socket.readyState !== WebSocket.CONNECTING"), PATIENCE)

    def hear(self, event, details):
        is_fine = event == "Network.responseReceived" and details["response"]["status"] < 400
        is_fine |= "ERR_CONNECTION_REFUSED" in str(details)  # after a run, it looks for the next
        if event in PROBLEMS and not is_fine:
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

    def resize(self, width, height, ratio=1, is_phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=ratio, mobile=is_phone)
        self.call("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def press(self, key, modifiers=0):
        """Press a key and let it go."""
        code = {"Escape": 27, "?": 191}.get(key) or ord(key.upper())
        key = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        types_text = len(key["key"]) == 1 and not modifiers & ~SHIFT
        self.call("Input.dispatchKeyEvent", type="keyDown", **key,
                  **({"text": key["key"]} if types_text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def drag(self, *points):
        """Move the mouse, its button held, along points: in pixels from the canvas's top left."""
        (x, y), *_ = points
        self._mouse("mouseMoved", x, y, button="none")
        self._mouse("mousePressed", x, y)
        for point in points[1:]:
            self._mouse("mouseMoved", *point)
        self._mouse("mouseReleased", *points[-1])

    def _mouse(self, kind, x, y, button="left"):
        left, top, *_ = self.box()
        self.call("Input.dispatchMouseEvent", type=kind, x=left + x, y=top + y, clickCount=1,
                  button=button, buttons=int(button == "left"))

    def touch(self, *points):
        """Move a finger along points of the canvas."""
        left, top, *_ = self.box()
        for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * len(points), points):
            self.call("Input.dispatchTouchEvent", type=kind,
                      touchPoints=[{"x": left + x, "y": top + y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def box(self, selector="canvas"):
        """Left, top, width and height of an element on the page, in CSS pixels."""
        return self.evaluate(f"(box => [box.left, box.top, box.width, box.height])"
                             f"(document.querySelector('{selector}').getBoundingClientRect())")

    @property
    def size(self):
        """Width and height of the canvas, in CSS pixels."""
        return [int(length) for length in self.box()[2:]]

    @property
    def ratio(self):
        return self.evaluate("devicePixelRatio")

    def shot(self, **clip):
        """What is seen of the page, or of a part of it: a PNG file, bytes."""
        return base64.b64decode(self.call("Page.captureScreenshot", **(
            {"clip": clip | {"scale": 1}} if clip else {}))["data"])

    def picture(self):
        """What is seen of the canvas, int [height, width, 3]: what is above the fold."""
        x, y, width, height = self.box()
        fold = self.evaluate("Math.min(...[...document.querySelectorAll('#buttons, #ended')]"
                             ".map(element => element.getBoundingClientRect().top)"
                             ".filter(top => top))")
        return pixels_of(self.shot(x=x, y=y, width=width, height=min(height, fold - y)))


def pixels_of(file):
    """A PNG file, bytes, as an array, int [height, width, 3]."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).astype(int)
