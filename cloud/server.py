"""Serves predictions of the exported network over HTTP, on this machine or in a container.

It speaks the protocol of Vertex AI's custom containers, and takes its settings from the variables
that Vertex AI sets: AIP_HTTP_PORT, AIP_HEALTH_ROUTE, AIP_PREDICT_ROUTE, AIP_STORAGE_URI. HTTP is
uvicorn's and Starlette's work.

While one prediction is under way, on a thread of its own, further requests gather; the next
prediction is for all of them. What is kept meanwhile is bounded, in bytes and in images.
"""

import argparse
import asyncio
import contextlib
import ctypes
import functools
import gc
import logging
import os
import resource
import socket
import time

from common import terminal

if __name__ == "__main__":  # before the imports that take a while
    terminal.end_clearly()

import prometheus_client
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cloud import prediction
from common.graph import start as tensorflow_start
from common.options import whole_number
from common.terminal import UserError

PORT, HEALTH_ROUTE, PREDICT_ROUTE = "8080", "/health", "/predict"  # Vertex AI's port
METRICS_ROUTE = "/metrics"

BODY_LIMIT = 4 * 1024 ** 2     # bytes: 128 images with 17 digits to every pixel are 2 MB
BODIES_LIMIT = 16 * 1024 ** 2  # bytes, of all requests that are being received
DRAINED = 64 * 1024 ** 2       # bytes of a body too large that are read, to be able to say so
BODY_SECONDS = 60              # for a body to arrive
HEADER_LIMIT = 64 * 1024       # bytes of a request beside its body, and beyond as many again
HEADER_SECONDS = 10            # for a header to arrive, from the connection or the request before
FILES = 4096                   # that are open at once, most of them connections
BACKLOG = 128                  # connections that are taken before anybody looks at them
WAITING_LIMIT = 4096           # images that wait for one
GRACE = 10                     # seconds for the requests under way when the server is to end
LAST_SECONDS = 1               # for a request that is on its way on an idle connection
M_MMAP_THRESHOLD = -3          # of glibc's mallopt

TOO_LARGE_A_HEADER = (b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
                      b"Content-Length: 0\r\n\r\n")

log = logging.getLogger("cloud.server")

REQUESTS = prometheus_client.Counter(
    "mnist_requests", "Requests for predictions that were answered", ["status"])
SECONDS = prometheus_client.Histogram(
    "mnist_request_seconds", "Seconds from a request's first byte to its answer")


class Application:
    """What answers requests: in JSON, also to what is wrong: {"error": one sentence}.

    Attributes:
      asgi: the application that an ASGI server takes.
      batches: the `prediction.Batches`.
      is_ending: bool, the server is about to end; readiness says so.
    """

    def __init__(self, model, health_route=HEALTH_ROUTE, predict_route=PREDICT_ROUTE):
        """Answer on two routes with the predictions of a `prediction.ServedModel`."""
        self.batches, self._predict_route = prediction.Batches(model), predict_route
        self._bytes = 0  # of bodies that are being received
        self.is_ending = False
        self.asgi = Starlette(
            routes=[Route(health_route, self._health, methods=["GET"]),
                    Route(METRICS_ROUTE, _metrics, methods=["GET"]),
                    Route(predict_route, self._predict, methods=["POST"])],
            exception_handlers={HTTPException: self._refuse, Exception: _fail})

    async def _health(self, request):
        """Says that the model is loaded: nothing listens before it is."""
        if self.is_ending:
            return JSONResponse({"status": "ending"}, 503)
        return JSONResponse({"status": "ready"})

    async def _predict(self, request):
        start, status = time.perf_counter(), 500
        try:
            images = prediction.read_images(await self._body(request))
            if self.batches.images + len(images) > WAITING_LIMIT:
                raise _overload(f"{self.batches.images} images are waiting")
            answer = prediction.write_predictions(*await self.batches.predict(images))
            status = 200
            return Response(answer, media_type="application/json")
        except prediction.RequestError as error:
            status = 400
            raise HTTPException(status, str(error)) from None
        except HTTPException as error:
            status = error.status_code
            raise
        finally:
            REQUESTS.labels(status).inc()
            SECONDS.observe(time.perf_counter() - start)

    async def _body(self, request):
        """A request's body, as a bytearray."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise HTTPException(415, "Send the request as it is, without a Content-Encoding.")
        if int(request.headers.get("Content-Length", 0)) > DRAINED:
            raise _too_large(headers={"Connection": "close"})
        try:
            return await asyncio.wait_for(self._receive(request), BODY_SECONDS)
        except asyncio.TimeoutError:
            raise HTTPException(408, f"The request has not arrived within {BODY_SECONDS} seconds.",
                                {"Connection": "close"}) from None
        except asyncio.CancelledError:  # by uvicorn, GRACE seconds after the end has begun
            raise HTTPException(503, "The server has ended.") from None
        except ClientDisconnect:
            gc.collect()  # this request, and what uvicorn keeps of it
            raise HTTPException(400, "The request has broken off.") from None

    async def _receive(self, request):
        """The same. A client reads an answer only after it has sent all, so all is read."""
        body, received, is_too_much = bytearray(), 0, False
        try:
            async for chunk in request.stream():
                received += len(chunk)
                is_too_much |= self._bytes + len(chunk) > BODIES_LIMIT
                if received > DRAINED:
                    raise _too_large(headers={"Connection": "close"})
                if received <= BODY_LIMIT and not is_too_much:
                    body += chunk
                    self._bytes += len(chunk)
                else:
                    self._bytes -= len(body)
                    body = bytearray()
            if received > BODY_LIMIT:
                raise _too_large()
            if is_too_much:
                raise _overload("Too many requests are arriving")
            return body
        except (ClientDisconnect, asyncio.CancelledError):
            self._bytes -= len(body)
            body = bytearray()  # the traceback would keep it
            raise
        finally:
            self._bytes -= len(body)

    async def _refuse(self, request, error):
        sentence = error.detail
        if error.status_code == 404:
            sentence = (f"There is nothing at {request.url.path}; predictions are at "
                        f"{self._predict_route}, by POST.")
        elif error.status_code == 405:
            sentence = (f"{request.url.path} takes {error.headers['Allow']}, "
                        f"not {request.method}.")
        return JSONResponse({"error": sentence}, error.status_code, error.headers)


def _too_large(headers=None):
    return HTTPException(413, f"The request has more than {BODY_LIMIT:,} bytes: send fewer images "
                              f"at a time.", headers)


def _overload(why):
    return HTTPException(503, f"{why} already: try again later.", {"Retry-After": "1"})


async def _fail(request, error):
    """A bug of ours, or a broken model: uvicorn logs the traceback."""
    return JSONResponse({"error": "The server has failed; its log says why."}, 500)


async def _metrics(request):
    """For Prometheus."""
    return Response(prometheus_client.generate_latest(),
                    headers={"Content-Type": prometheus_client.CONTENT_TYPE_LATEST})


class Connection(HttpToolsProtocol):
    """uvicorn's, with bounds on what is no body, and on connections that send no whole request."""

    def __init__(self, *arguments, arriving, most, **more):
        """Make a connection, one of `most` (int) at once.

        `arriving` has those whose next request is not there as a whole, and since when (seconds),
        the oldest first.
        """
        super().__init__(*arguments, **more)
        self._arriving, self._most = arriving, most
        self._excess = 0  # bytes of the request that are no body, less those of the body
        self.is_header_there = False

    def _wait(self):
        self._arriving.pop(self, None)
        self._arriving[self] = self.loop.time()
        self.is_header_there = False

    def connection_made(self, transport):
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self._most:  # the one that has waited longest has to go
            next(iter(self._arriving)).close()

    def connection_lost(self, error):
        self._arriving.pop(self, None)
        super().connection_lost(error)

    def data_received(self, data):
        self._excess += len(data)
        super().data_received(data)
        if self._excess > HEADER_LIMIT:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(TOO_LARGE_A_HEADER)
            self.close()

    def on_message_begin(self):
        self._excess = 0
        super().on_message_begin()

    def on_headers_complete(self):
        self.is_header_there = True
        super().on_headers_complete()

    def on_body(self, body):
        self._excess -= 2 * len(body)
        super().on_body(body)

    def on_message_complete(self):
        super().on_message_complete()
        if self.cycle.response_complete:  # which did not take all of the request
            self._wait()
        else:
            self._arriving.pop(self, None)

    def on_response_complete(self):
        if self.cycle.response_complete:  # the request after it is not there yet
            self._wait()
        super().on_response_complete()

    def shutdown(self):
        """Called when the server ends. To an idle connection, a request may be on its way."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def close(self):
        """Close the connection, whatever it waits for."""
        self._arriving.pop(self, None)
        self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's server; asked to end, it first says that it is not ready any more."""

    def __init__(self, application, drain_seconds=0):
        """Serve an `Application`; after a signal, listen on for so many seconds (float)."""
        self._arriving = {}
        connection = functools.partial(Connection, arriving=self._arriving, most=_most())
        # Not uvicorn's warnings: what a client does wrong is no matter for this log.
        super().__init__(uvicorn.Config(
            application.asgi, log_config=None, log_level="error", access_log=False,
            server_header=False, lifespan="off", timeout_graceful_shutdown=GRACE, http=connection,
            backlog=BACKLOG))
        self._application, self._drain_seconds = application, drain_seconds

    def handle_exit(self, sig, frame):
        """Take a signal (SIGTERM or SIGINT); a second one ends the draining."""
        if self._application.is_ending:
            self.should_exit = True
            return
        log.info("ending")
        self._application.is_ending = True
        # In all answers from now on, so that who asks again connects anew, to another server.
        closing = [(b"connection", b"close")]
        self.config.encoded_headers += closing
        self.server_state.default_headers = [*self.server_state.default_headers, *closing]
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, self._stop)

    async def on_tick(self, counter):
        """Called by uvicorn ten times a second; says whether to end."""
        late = asyncio.get_running_loop().time() - HEADER_SECONDS
        for connection, since in list(self._arriving.items()):
            if since > late:
                break
            if not connection.is_header_there:
                connection.close()
        return await super().on_tick(counter)

    def _stop(self):
        self.should_exit = True


def main():
    """Run the server until SIGTERM or Ctrl-C; the requests under way are still answered."""
    options = parser().parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s",
                        level=logging.INFO)
    health_route = _route("AIP_HEALTH_ROUTE", HEALTH_ROUTE)
    predict_route = _route("AIP_PREDICT_ROUTE", PREDICT_ROUTE)
    listener = _bind(options.address, options.port)
    prediction.check_folder(options.model_dir)
    tensorflow_start.start("auto")
    model = prediction.ServedModel(options.model_dir)
    server = Server(Application(model, health_route, predict_route), options.drain_seconds)
    host = "127.0.0.1" if options.address in ("", "0.0.0.0", "::") else options.address
    with contextlib.suppress(AttributeError):  # a C library that is not glibc
        # Large bodies go back to the system when they are done with, for good and at once.
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    gc.freeze()  # what is there stays; broken-off requests are then soon found by the collector
    listener.listen()
    log.info("serving %s at http://%s:%d%s", model.folder, host, listener.getsockname()[1],
             predict_route)
    server.run([listener])


def _route(variable, default):
    """The path that an environment variable names."""
    route = os.environ.get(variable) or default
    if not route.startswith("/"):
        raise UserError(f"{variable} is {route!r}, which is no path: it should begin with /")
    return route


def _most():
    """How many connections there can be at once, of all files that this process can open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES:
        soft = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(soft - 2 * BACKLOG, soft // 2)


def _bind(address, port):
    """A socket that has its port, but refuses connections until it is asked to listen."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # With its protocol, by which asyncio knows to send at once (TCP_NODELAY).
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        raise UserError(f"cannot listen on {address}, port {port}: {error.strerror}") from None
    return listener


def parser():
    """The argparse parser of the flags, whose defaults are what the environment says."""
    environment = os.environ
    result = argparse.ArgumentParser(
        prog="python -m cloud.server",
        description="Serve predictions of the exported network over HTTP.")

    def flag(name, metavar, default, help_, type_=str):
        result.add_argument(name, metavar=metavar, default=default, type=type_, help=help_)

    result.add_argument(
        "--model-dir", metavar="DIR", default=environment.get("AIP_STORAGE_URI"),
        required=not environment.get("AIP_STORAGE_URI"),
        help="the exported model: the folder of its saved_model.pb, or of its versions "
             "(default: AIP_STORAGE_URI)")
    flag("--port", "PORT", environment.get("AIP_HTTP_PORT") or PORT,
         f"0 for any free one (default: AIP_HTTP_PORT, or {PORT})", whole_number(0, 65535))
    flag("--address", "ADDRESS",
         "0.0.0.0" if environment.get("AIP_HTTP_PORT") else "127.0.0.1",
         "the network address to listen on (default: this machine only, or where AIP_HTTP_PORT "
         "is set, as in a container, all)")
    flag("--drain-seconds", "S", "0",
         "when told to end, say so on the health route and go on for S seconds, so that a load "
         "balancer notices (default: 0)", whole_number(0, 3600))
    return result


if __name__ == "__main__":
    main()
