"""The dashboard on pages for browsers, for a machine without a screen of its own.

matplotlib's WebAgg canvas draws it and talks with the page; here are the page and its small server
(Tornado), after "Embedding WebAgg" in matplotlib's gallery. It listens on the loopback address
only: for a remote machine, forward the port with ssh. Each page has a figure of its own.
"""

import asyncio
import io
import json
import mimetypes
import pathlib
import string
import time

import tornado.escape
import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket
from matplotlib.backends import backend_webagg
from matplotlib.figure import Figure

from common.dashboard.drawing.style import DPI, HEIGHT, WIDTH
from common.dashboard.link.messages import Opened
from common.dashboard.viewer.keys import KEYS, buttons_of
from common.dashboard.viewer.viewer import TICK, Viewer
from common.options import PICTURE_ENDINGS
from common.terminal import UserError

ADDRESS = "127.0.0.1"
# A page of another name, which its owner has point here, would be let in by the browser.
OTHER_HOSTS = r"(?!(localhost|127\.0\.0\.1|\[::1\])$).*"
LAST_LOOK = 1.0  # seconds that the pages have to fetch the last picture

MOST_PIXELS, FARTHEST = 40e6, 1e5  # of a page; from its corner. More is no browser's

PAGE = pathlib.Path(__file__).with_name("page.html")
FORMATS = [ending.removeprefix(".") for ending in PICTURE_ENDINGS]


class PageCanvas(backend_webagg.FigureCanvasWebAgg):
    """A canvas on a page. The page asks for each picture when it has shown the one before."""

    viewer = None  # set once it is there
    wants_all = False  # the page has just opened, or everything has changed

    def draw_idle(self):
        self.wants_all = True
        super().draw_idle()

    def handle_draw(self, event):
        self.viewer.draw()


class PageViewer(Viewer):
    """Shows a run on a page: what is to be repainted waits until the page asks for it.

    The page has the buttons.
    """

    has_buttons = False

    def __init__(self, number, canvas, run, tell):
        super().__init__(number, canvas, run, tell)
        self._canvas.viewer, self._told = self, {}

    def update(self):
        parts = super().update()
        self.tell_around()
        return parts

    def tell_around(self):
        """Tell the page what is around the canvas, where that has changed: its shape, the buttons.

        Many panels need height where the page is narrow; then it scrolls, but for a box to zoom.
        """
        told = {"shape": {"is_tall": len(self.figure.panels) > 3,
                          "is_zooming": self.hands.will_zoom},
                "buttons": {"rows": [
                    [button.words, button.key.names[0], button.key.words, button.works]
                    for button in buttons_of(self)]}}
        for name, content in told.items():
            if self._told.get(name) != content:
                self._canvas.send_event(name, **content)
        self._told = told

    def repaint(self):
        self.tell_around()
        self._canvas.send_event("draw")

    def copy(self, parts):
        self.repaint()

    def save(self):
        self._canvas.send_event("save")

    def draw(self):
        """Paint what is new, and send it to the page."""
        began = time.monotonic()
        parts = self.update()
        if parts is None or self._canvas.wants_all:
            self._canvas.wants_all = False
            self._canvas.draw()
        else:
            self.figure.repaint(parts)
            self._canvas.blit()
        self.seconds = time.monotonic() - began


class Page(tornado.web.RequestHandler):
    """The page itself, with matplotlib's side of the canvas in it."""

    def initialize(self, title):
        self._title = title

    def get(self):
        keys = [name for key in KEYS for name in key.names]
        self.finish(string.Template(PAGE.read_text(encoding="utf-8")).substitute(
            mpl=backend_webagg.FigureManagerWebAgg.get_javascript(),
            title=tornado.escape.xhtml_escape(self._title),
            title_json=tornado.escape.json_encode(self._title),
            keys=json.dumps(keys), formats=json.dumps(FORMATS)))


class Save(tornado.web.RequestHandler):
    """A page's picture as a file, its format being the ending of the address."""

    def initialize(self, canvases):
        self._canvases = canvases

    def get(self, ending):
        canvas = self._canvases.get(self.get_argument("page", ""))
        if ending not in FORMATS or canvas is None:
            raise tornado.web.HTTPError(404)
        picture = io.BytesIO()
        canvas.print_figure(picture, format=ending, dpi=canvas.figure.dpi)  # as on the screen
        canvas.viewer.repaint()  # the picture was drawn where the page's was
        kind = mimetypes.guess_type("picture." + ending)[0] or "application/octet-stream"
        self.set_header("Content-Type", kind)
        self.finish(picture.getvalue())


class OtherHost(tornado.web.RequestHandler):
    """What anybody gets who calls this server by another name than this machine's own."""

    def prepare(self):
        self.set_status(403)
        self.finish("403: this page is at localhost or 127.0.0.1 only")


def is_from_a_page(message):
    """Whether a message, read by json, is one of those that matplotlib's side of a page sends."""
    match message:
        case {"type": "draw" | "refresh" | "ack" | "send_image_mode"}:
            return True
        case {"type": "resize", "width": int() | float() as width,
              "height": int() | float() as height}:
            return width >= 1 and height >= 1 and width * height <= MOST_PIXELS
        case {"type": "set_device_pixel_ratio", "device_pixel_ratio": int() | float() as ratio}:
            return 0.1 <= ratio <= 2
        case {"type": "key_press" | "key_release", "key": str(key)}:
            return "k" in key
        case {"type": "button_press" | "button_release" | "dblclick" | "motion_notify"
              | "figure_enter" | "figure_leave", "x": int() | float() as x,
              "y": int() | float() as y, "button": int(), "buttons": int(),
              "modifiers": list(modifiers)}:
            return (abs(x) <= FARTHEST and abs(y) <= FARTHEST
                    and all(isinstance(modifier, str) for modifier in modifiers))
    return False


class Socket(tornado.websocket.WebSocketHandler):
    """A page: its figure here, and the line to the canvas there."""

    def initialize(self, viewers, canvases, title):
        self._viewers, self._canvases, self._title = viewers, canvases, title

    def open(self):
        self.set_nodelay(True)
        canvas = PageCanvas(Figure(dpi=DPI, figsize=(WIDTH / DPI, HEIGHT / DPI)))
        self._manager = backend_webagg.FigureManagerWebAgg(canvas, 1)
        self._manager.set_window_title(self._title)
        self._viewer = self._viewers.add(PageViewer, canvas)
        self._canvases[self.get_argument("page", "")] = canvas
        self._manager.add_web_socket(self)
        self._viewer.update()

    def on_close(self):
        self._manager.remove_web_socket(self)
        self._viewers.remove(self._viewer)
        del self._canvases[self.get_argument("page", "")]

    def on_message(self, message):
        try:
            content = json.loads(message)
        except (ValueError, RecursionError):
            return
        if is_from_a_page(content):
            self._manager.handle_json(content)

    def send_json(self, content):
        asyncio.ensure_future(self._send(json.dumps(content)))

    def send_binary(self, blob):
        asyncio.ensure_future(self._send(blob, binary=True))

    async def _send(self, message, binary=False):
        try:
            await self.write_message(message, binary)
        except tornado.websocket.WebSocketClosedError:
            pass  # the page is gone, and on_close will hear of it


async def serve(port, title, link, viewers):
    """Serve the dashboard until the script ends.

    Args:
      port: int, the port to listen on; 0 for any.
      title: str, the name of the script or model.
      link: a `ScriptLink`.
      viewers: the `Viewers`.

    Raises:
      UserError: the port cannot be used.
    """
    try:
        sockets = tornado.netutil.bind_sockets(port, ADDRESS)
    except OSError as error:
        raise UserError(
            f"port {port} cannot be used ({error.strerror}): name another one") from error
    canvases = {}  # by the name of their page
    static_files = backend_webagg.FigureManagerWebAgg.get_static_file_path()
    application = tornado.web.Application([
        (r"/", Page, {"title": title}),
        (r"/save\.([a-z]+)", Save, {"canvases": canvases}),
        (r"/socket", Socket, {"viewers": viewers, "canvases": canvases, "title": title}),
        (r"/_static/(.*)", tornado.web.StaticFileHandler, {"path": static_files}),
    ])
    application.add_handlers(OTHER_HOSTS, [(r".*", OtherHost)])
    server = tornado.httpserver.HTTPServer(application)
    server.add_sockets(sockets)
    link.tell(Opened(f"http://{ADDRESS}:{sockets[0].getsockname()[1]}/"))

    while not (viewers.is_closed or link.has_ended):
        viewers.tick()
        await asyncio.sleep(TICK)
    viewers.repaint()
    await asyncio.sleep(LAST_LOOK if canvases else 0)
    for canvas in list(canvases.values()):
        for socket in canvas.manager.web_sockets:
            socket.close(reason="ended")  # page.html knows it by this word
    await asyncio.sleep(TICK)
    server.stop()
