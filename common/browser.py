"""The dashboard on a page for a browser, for a machine without a screen of its own.

matplotlib's WebAgg canvas draws it and talks with the page; here are the page and its small server
(Tornado), after "Embedding WebAgg" in matplotlib's gallery. It listens on the loopback address
only: for a remote machine, forward the port with ssh.
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
from matplotlib import get_data_path
from matplotlib.backends import backend_webagg
from matplotlib.figure import Figure

from common import dashboard_figure
from common.recording import PICTURE_ENDINGS
from common.viewer import TICK, Viewer

ADDRESS = "127.0.0.1"
LAST_LOOK = 1.0  # seconds that the pages have to fetch the last picture
MOST_UNDER_WAY = 10  # pictures to a page: one that sleeps in its browser does not fetch them

PAGE = pathlib.Path(__file__).with_name("page.html")

KEYS = [*dashboard_figure.VIEWS, " ", "o", "h", "d", "c", "?", "ctrl+s"]
FORMATS = [ending.removeprefix(".") for ending in PICTURE_ENDINGS]


class PageCanvas(backend_webagg.FigureCanvasWebAgg):
    """A canvas on a page. The page asks for each picture when it has shown the one before."""

    viewer = None  # set once it is there
    wants_all = False  # the toolbar has changed axes, or a page has just opened

    def draw_idle(self):
        self.wants_all = True
        super().draw_idle()

    def handle_draw(self, event):
        self.viewer.draw()


class PageViewer(Viewer):
    """Shows a run on a page: what is to be repainted waits until the page asks for it."""

    def __init__(self, figure, inbox, tell):
        super().__init__(figure, inbox, tell)
        self._canvas.viewer = self

    def repaint(self):
        self._last_frame = time.monotonic()
        self._canvas.send_event("draw")

    def draw(self):
        """Paint what is new, and send it to the pages."""
        parts = self._update()
        if parts is None or self._canvas.wants_all:
            self._canvas.wants_all = False
            self._canvas.draw()
        else:
            self.dashboard.repaint(parts)
            self._canvas.blit()


class Page(tornado.web.RequestHandler):
    """The page itself."""

    def initialize(self, title):
        self._title = title

    def get(self):
        self.finish(string.Template(PAGE.read_text(encoding="utf-8")).substitute(
            title=tornado.escape.xhtml_escape(self._title),
            title_json=tornado.escape.json_encode(self._title),
            keys=json.dumps(KEYS), formats=json.dumps(FORMATS)))


class Script(tornado.web.RequestHandler):
    """matplotlib's side of the canvas, in the browser."""

    def initialize(self, manager):
        self._manager = manager

    def get(self):
        self.set_header("Content-Type", "application/javascript")
        self.finish(self._manager.get_javascript())


class Save(tornado.web.RequestHandler):
    """The picture as a file, its format being the ending of the address."""

    def initialize(self, canvas):
        self._canvas = canvas

    def get(self, ending):
        if ending not in FORMATS:
            raise tornado.web.HTTPError(404)
        picture = io.BytesIO()
        figure = self._canvas.figure
        figure.savefig(picture, format=ending, dpi=figure.dpi)  # as sharp as it is on the screen
        kind = mimetypes.guess_type("picture." + ending)[0] or "application/octet-stream"
        self.set_header("Content-Type", kind)
        self.finish(picture.getvalue())


class Socket(tornado.websocket.WebSocketHandler):
    """The line between the canvas here and the one on the page."""

    def initialize(self, manager):
        self._manager = manager
        self._under_way = 0    # pictures that the page has not acknowledged yet
        self._is_late = False  # it has missed one, so differences from the last are no use to it

    def open(self):
        self.set_nodelay(True)
        self._manager.add_web_socket(self)

    def on_close(self):
        self._manager.remove_web_socket(self)

    def on_message(self, message):
        content = json.loads(message)
        if content["type"] == "ack":
            self._under_way -= 1
            if self._is_late and self._under_way == 0:
                self._is_late = False
                self._manager.handle_json({"type": "refresh"})
        elif content["type"] != "supports_binary":  # every browser of today does
            self._manager.handle_json(content)

    def send_json(self, content):
        asyncio.ensure_future(self._send(json.dumps(content)))

    def send_binary(self, blob):
        if self._under_way == MOST_UNDER_WAY:
            self._is_late = True
        else:
            self._under_way += 1
            asyncio.ensure_future(self._send(blob, binary=True))

    async def _send(self, message, binary=False):
        try:
            await self.write_message(message, binary)
        except tornado.websocket.WebSocketClosedError:
            pass  # the page is gone, and on_close will hear of it


def serve(port, title, inbox, tell):
    """Serve the dashboard until the script ends.

    Args:
      port: int, the port to listen on; 0 for any.
      title: str, the name of the script or model.
      inbox: a `window.Inbox`.
      tell: called with each word for the script; "ready ADDRESS" once the page is there, or
        "failed REASON".
    """
    try:
        sockets = tornado.netutil.bind_sockets(port, ADDRESS)
    except OSError as error:
        tell(f"failed port {port} cannot be used ({error.strerror}): name another one")
        return
    asyncio.run(_serve(title, sockets, inbox, tell))


async def _serve(title, sockets, inbox, tell):
    figure = Figure(dpi=dashboard_figure.DPI, figsize=dashboard_figure.size_in_inches(
        dashboard_figure.WIDTH, dashboard_figure.HEIGHT))
    canvas = PageCanvas(figure)
    manager = backend_webagg.FigureManagerWebAgg(canvas, 1)
    manager.set_window_title(title)
    viewer = PageViewer(figure, inbox, tell)

    static_files = tornado.web.StaticFileHandler
    server = tornado.httpserver.HTTPServer(tornado.web.Application([
        (r"/", Page, {"title": title}),
        (r"/mpl\.js", Script, {"manager": manager}),
        (r"/save\.([a-z]+)", Save, {"canvas": canvas}),
        (r"/socket", Socket, {"manager": manager}),
        (r"/_static/(.*)", static_files, {"path": manager.get_static_file_path()}),
        (r"/_images/(.*)", static_files, {"path": pathlib.Path(get_data_path(), "images")}),
    ]))
    server.add_sockets(sockets)
    tell(f"ready http://{ADDRESS}:{sockets[0].getsockname()[1]}/")

    while viewer.run.phase != "closed" and not inbox.ended:
        viewer.tick()
        await asyncio.sleep(TICK)
    viewer.run.phase = "finished"  # however it ended
    viewer.repaint()
    await asyncio.sleep(LAST_LOOK if manager.web_sockets else 0)
    server.stop()
    tell("closed")
