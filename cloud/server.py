"""Serves predictions of the exported network over HTTP, on this machine or in a container.

It speaks the protocol of Vertex AI's custom containers, and takes its settings from the variables
that Vertex AI sets: AIP_HTTP_PORT, AIP_HEALTH_ROUTE, AIP_PREDICT_ROUTE, AIP_STORAGE_URI.

Requests wait for each other: one thread of its own reads, predicts and writes, one request at a
time (TensorFlow itself uses all cores for it), so that the event loop can always answer a health
check. What is to wait is bounded, in requests and in bytes.
"""

import argparse
import asyncio
import concurrent.futures
import logging
import os
import re
import signal
import sys

import tornado.httpserver
import tornado.netutil
import tornado.web

from cloud import served_model
from cloud.prediction_request import BODY_LIMIT, RequestError, read_images, write_predictions
from common import errors as clean_exit
from common import tensorflow_start as quiet_tensorflow

PORT, HEALTH_ROUTE, PREDICT_ROUTE = "8080", "/health", "/predict"  # Vertex AI's port

MOST_WAITING = 64              # requests, at up to BODY_LIMIT each
DRAINED = 64 * 1024 ** 2       # bytes of a body too large that are read, to be able to say so
BODY_SECONDS = 60              # for a body to arrive
IDLE_SECONDS = 600             # that a connection may stay open without a request
GRACE = 10                     # seconds for the requests under way when the server is to end

log = logging.getLogger("cloud.server")


class Worker:
    """Answers requests one at a time, on a thread of its own.

    Attributes:
      waiting: int, the requests that it has taken and not answered yet.
    """

    def __init__(self, model):
        self._model = model
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "prediction")
        self.waiting = 0

    async def answer(self, body):
        """The answer (str) to a request's body, or None if too many requests are waiting.

        Raises:
          RequestError: the request cannot be answered.
        """
        if self.waiting >= MOST_WAITING:
            return None
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._answer, body)
        finally:
            self.waiting -= 1

    def _answer(self, body):
        return write_predictions(*self._model.predict(read_images(body)))


@tornado.web.stream_request_body  # otherwise Tornado keeps bodies that nobody has asked for
class Handler(tornado.web.RequestHandler):
    """Answers in JSON, also to what is wrong: {"error": one sentence}."""

    def initialize(self, state):
        self.state = state
        state.under_way.add(self)

    def on_finish(self):
        self.state.under_way.discard(self)

    def on_connection_close(self):
        self.state.under_way.discard(self)
        super().on_connection_close()

    def data_received(self, chunk):
        pass  # read, but not kept: a client reads the answer only after it has sent its body

    def set_default_headers(self):
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.clear_header("Server")

    def refuse(self, status, sentence):
        """Answer with a status (int) of 400 or above and a sentence."""
        self.set_status(status)
        self.finish({"error": sentence})

    def finish(self, chunk=None):
        if self.state.ending:
            self.set_header("Connection", "close")
        return super().finish(chunk)

    def write_error(self, status_code, **kwargs):
        if status_code == 405:
            allowed = [name for name in ("GET", "HEAD", "POST")
                       if getattr(type(self), name.lower())
                       is not getattr(tornado.web.RequestHandler, name.lower())]
            self.set_header("Allow", ", ".join(allowed))
            self.refuse(405, f"{self.request.path} takes {' and '.join(allowed)}, "
                             f"not {self.request.method}.")
        elif status_code >= 500:
            self.refuse(status_code, "The server has failed; its log says why.")
        else:
            self.refuse(status_code, f"{self._reason}.")


class Health(Handler):
    """Says that the model is loaded: nothing listens before it is."""

    def get(self):
        self.finish({"status": "ready"})

    head = get


class NowhereToGo(Handler):
    """Any other address."""

    def get(self):
        self.refuse(404, f"There is nothing at {self.request.path}; predictions are at "
                         f"{self.state.predict_route}, by POST.")

    head = post = put = patch = delete = options = get


class Predict(Handler):
    """Answers a request for predictions."""

    def prepare(self):
        self._body = bytearray()
        self._length = 0
        length = self.request.headers.get("Content-Length", "0")
        if length.isdecimal() and int(length) > DRAINED:
            self._refuse_length()

    def data_received(self, chunk):
        self._length += len(chunk)
        if self._length <= BODY_LIMIT:
            self._body += chunk
        else:
            self._body.clear()

    async def post(self):
        if self._length > BODY_LIMIT:
            self._refuse_length()
            return
        body, self._body = self._body, None
        try:
            answer = await self.state.worker.answer(body)
        except RequestError as error:
            self.refuse(400, str(error))
            return
        if answer is None:
            self.set_header("Retry-After", "1")
            self.refuse(503, f"{MOST_WAITING} requests are waiting already: try again later.")
            return
        self.finish(answer)

    def _refuse_length(self):
        self.refuse(413, f"The request has more than {BODY_LIMIT:,} bytes: send fewer images at "
                         f"a time.")


class State:
    """What the handlers share.

    Attributes:
      worker: the `Worker`.
      predict_route: str, the path of the predictions.
      under_way: a set of the handlers that have not answered yet.
      ending: bool, the server is about to end.
    """

    def __init__(self, worker, predict_route):
        self.worker = worker
        self.predict_route = predict_route
        self.under_way = set()
        self.ending = False


def main():
    """Run the server until SIGTERM or Ctrl-C; the requests under way are still answered."""
    clean_exit.end_clearly()
    options = _parser().parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s",
                        level=logging.INFO)
    logging.getLogger("tornado").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # while it loads
    for listener in _listen(options):  # wrong settings are told now, not when TensorFlow is there
        listener.close()
    served_model.check(options.model_dir)
    quiet_tensorflow.start("auto")
    model = served_model.ServedModel(options.model_dir)
    asyncio.run(_serve(options, model, _listen(options)))


def _listen(options):
    """Sockets that listen where the options say."""
    try:
        return tornado.netutil.bind_sockets(options.port, options.address)
    except OSError as error:
        raise clean_exit.UserError(f"cannot listen on {options.address}, port {options.port}: "
                                   f"{error.strerror}") from None


def http_server(state, health_route=HEALTH_ROUTE):
    """The server (a Tornado HTTPServer), which listens nowhere yet, for a `State`."""
    application = tornado.web.Application(
        [(re.escape(health_route), Health, {"state": state}),
         (re.escape(state.predict_route), Predict, {"state": state})],
        default_handler_class=NowhereToGo, default_handler_args={"state": state},
        log_function=_log_failure)
    return tornado.httpserver.HTTPServer(
        application, max_body_size=DRAINED, body_timeout=BODY_SECONDS,
        idle_connection_timeout=IDLE_SECONDS)


async def _serve(options, model, sockets):
    state = State(Worker(model), options.predict_route)
    server = http_server(state, options.health_route)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
    server.add_sockets(sockets)
    host = "127.0.0.1" if options.address in ("", "0.0.0.0", "::") else options.address
    log.info("serving %s at http://%s:%d%s", model.folder, host,
             sockets[0].getsockname()[1], options.predict_route)

    await ended.wait()
    log.info("ending; %d requests are under way", len(state.under_way))
    state.ending = True
    server.stop()
    deadline = loop.time() + GRACE
    while state.under_way and loop.time() < deadline:
        await asyncio.sleep(0.02)
    await server.close_all_connections()


def _log_failure(handler):
    """Log what failed here; clients hear of their own mistakes in the answer."""
    if handler.get_status() >= 500:
        log.error("%d for %s %s", handler.get_status(), handler.request.method,
                  handler.request.path)


def _parser():
    environment = os.environ
    parser = argparse.ArgumentParser(
        prog="python -m cloud.server", description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--model-dir", metavar="DIR", default=environment.get("AIP_STORAGE_URI"),
        required=not environment.get("AIP_STORAGE_URI"),
        help="the exported model: the folder of its saved_model.pb, or of its versions "
             "(default: AIP_STORAGE_URI)")
    parser.add_argument(
        "--port", metavar="PORT", type=_port, default=environment.get("AIP_HTTP_PORT") or PORT,
        help=f"0 for any free one (default: AIP_HTTP_PORT, or {PORT})")
    parser.add_argument(
        "--address", metavar="ADDRESS",
        default="0.0.0.0" if environment.get("AIP_HTTP_PORT") else "127.0.0.1",
        help="the network address to listen on (default: this machine only, or where "
             "AIP_HTTP_PORT is set, as in a container, all)")
    parser.add_argument(
        "--health-route", metavar="PATH", type=_route,
        default=environment.get("AIP_HEALTH_ROUTE") or HEALTH_ROUTE,
        help=f"default: AIP_HEALTH_ROUTE, or {HEALTH_ROUTE}")
    parser.add_argument(
        "--predict-route", metavar="PATH", type=_route,
        default=environment.get("AIP_PREDICT_ROUTE") or PREDICT_ROUTE,
        help=f"default: AIP_PREDICT_ROUTE, or {PREDICT_ROUTE}")
    return parser


def _port(text):
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 0 to 65535")
    return int(text)


def _route(text):
    if not text.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is no path: it should begin with /")
    return text


if __name__ == "__main__":
    main()
