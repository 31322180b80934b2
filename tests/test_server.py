"""The prediction server of the cloud version, as a process of its own, over real HTTP."""

import collections
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import numpy as np
import pytest
import small_model
from conftest import PROJECT, run_python, script_environment, wait_until

from common import mnist_data
from common.terminal import UserError

for package in ("uvicorn", "starlette", "orjson", "prometheus_client"):
    pytest.importorskip(package, reason=f"the server needs the package {package}")
PATIENCE = 120  # seconds: a server imports TensorFlow first
HEALTH = "/v1/x.y:health"
BLANK = [[0] * 28] * 28
BODY_LIMIT = 4 * 1024 ** 2
DRAIN_SECONDS = 3


class Client:
    """Requests to a server on this machine, which predicts at `route`."""

    port, route = None, "/predict"

    def connect(self):
        return contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", int(self.port), timeout=PATIENCE))

    def line(self):
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", int(self.port)), timeout=PATIENCE)

    def ask(self, method, path, body=None, headers=None):
        """Status (int) and answer (from JSON, or None) of a request on a connection of its own."""
        with self.connect() as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None

    def predict(self, instances):
        return self.ask("POST", self.route, json.dumps({"instances": instances}))


class Server(Client):
    """A running server, a process of its own."""

    def __init__(self, *arguments, before=None, **variables):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cloud.server", *map(str, arguments)], cwd=PROJECT,
            preexec_fn=before,
            env=script_environment() | {name: str(value) for name, value in variables.items()},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.log = ""

    def wait_until_ready(self):
        """Read its log up to the line that says where it listens; the limit is on the process."""
        with _limit_on(self.process):
            for line in self.process.stderr:
                self.log += line
                if "serving" in line:
                    self.folder, self.port, self.route = re.search(
                        r"serving (\S+) at http://127\.0\.0\.1:(\d+)(/\S*)$", line).groups()
                    return self
        pytest.fail(f"the server has not started: {self.log}")

    def rest_of_log(self):
        """Read its log to the end, and return its exit status."""
        with _limit_on(self.process):
            self.log += self.process.stderr.read()
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


@contextlib.contextmanager
def _limit_on(process):
    """Kill the process if what is done here takes too long, so that its output ends."""
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture(scope="module")
def layer():
    return small_model.trained_layer()


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory, layer):
    """A folder with versions of a model: 9 misreads everything, 11 is still being written."""
    folder = tmp_path_factory.mktemp("model")
    small_model.export(folder / "9", -layer[0], -layer[1])
    small_model.export(folder / "10", *layer)
    (folder / "11").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(model_dir):
    server = Server("--drain-seconds", DRAIN_SECONDS,
                    AIP_STORAGE_URI=model_dir, AIP_HTTP_PORT=0, AIP_HEALTH_ROUTE=HEALTH,
                    AIP_PREDICT_ROUTE="/v1/endpoints/1/deployedModels/2:predict")
    yield server.wait_until_ready()
    server.close()


@pytest.fixture(scope="module")
def digits():
    test = mnist_data.read_data_sets().test
    return test.images[:100].reshape(-1, 28, 28), test.labels[:100]


def classes_of(answer):
    """The digits of an answer, a list, after a look at its status."""
    status, content = answer
    assert status == 200 and list(content) == ["predictions"]
    return [prediction["classes"] for prediction in content["predictions"]]


def seconds_of_health(server, path=HEALTH):
    start = time.monotonic()
    assert server.ask("GET", path) == (200, {"status": "ready"})
    return time.monotonic() - start


def test_predictions_are_those_of_the_model(server, digits, layer):
    images, labels = digits
    assert server.folder.endswith("/10")
    answer = server.predict(images.tolist())
    classes = classes_of(answer)
    shares = [prediction["predictions"] for prediction in answer[1]["predictions"]]
    logits = images.reshape(-1, 784) @ layer[0] + layer[1]
    wanted = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(shares, wanted, atol=1e-5)
    assert classes == logits.argmax(1).tolist()
    assert np.equal(classes, labels).mean() > 0.8
    named = server.predict([{"image": image} for image in images[:3].tolist()])
    assert classes_of(named) == classes[:3]


def test_health_and_routes(server):
    seconds_of_health(server)
    assert server.ask("HEAD", HEALTH) == (200, None)
    assert server.ask("GET", "/v1/x_y:health")[0] == 404  # a point is a point
    status, answer = server.ask("POST", "/predict", b"{}")
    assert status == 404 and "/v1/endpoints/1/deployedModels/2:predict" in answer["error"]
    for method, path in (("GET", server.route), ("PUT", server.route),
                         ("POST", HEALTH), ("PATCH", server.route)):
        status, answer = server.ask(method, path)
        assert status == 405 and f"not {method}" in answer["error"], (method, path)
    status, answer = server.ask("POST", server.route, b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert status == 415 and "without a Content-Encoding" in answer["error"]


@pytest.mark.parametrize("body, sentence", [
    (b"{", "not JSON"),
    (b'{"instances": [' + b"9" * 5000 + b"]}", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b'{"inputs": [1]}', "list of images"),
    (b'{"instances": {"image": []}}', "list of images"),
    (b'{"instances": []}', "1 to 128 instances, not 0"),
    (json.dumps({"instances": [BLANK] * 129}).encode(), "1 to 128 instances, not 129"),
    (json.dumps({"instances": [BLANK, [0] * 784]}).encode(), "Instance 1 should be 28 rows of 28"),
    (json.dumps({"instances": [BLANK[:-1] + [[0] * 27]]}).encode(), "its shape is another"),
    (json.dumps({"instances": [{"picture": BLANK}]}).encode(), '{"image": an image}'),
    (json.dumps({"instances": [BLANK[:-1] + [["0.5"] * 28]]}).encode(), "no numbers"),
    (json.dumps({"instances": [BLANK[:-1] + [[True] * 28]]}).encode(), "no numbers"),
    (json.dumps({"instances": [BLANK[:-1] + [[[0]] * 28]]}).encode(), "no numbers"),
    (json.dumps({"instances": [BLANK[:-1] + [[float("nan")] * 28]]}).encode(), "not JSON"),
    (json.dumps({"instances": [BLANK[:-1] + [[10 ** 400] * 28]]}).encode(), "not JSON"),
    (json.dumps({"instances": [BLANK[:-1] + [[0] * 27 + [1e300]]]}).encode(), "a pixel of 1e+300"),
    (json.dumps({"instances": [BLANK, BLANK[:-1] + [[0] * 27 + [255]]]}).encode(),
     "Instance 1 has a pixel of 255: pixels should be from 0 to 1 (divide bytes by 255)"),
    (json.dumps({"instances": [BLANK[:-1] + [[-0.5] * 28]]}).encode(), "a pixel of -0.5"),
    (json.dumps({"instances": [BLANK[:-1] + [[1.0000001] * 28]]}).encode(), "pixel of 1.0000001:"),
])
def test_what_is_wrong_is_said_in_a_sentence(server, body, sentence):
    status, answer = server.ask("POST", server.route, body)
    assert status == 400 and sentence in answer["error"]
    assert list(answer) == ["error"] and len(answer["error"]) < 200


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 30 * 1024 ** 2])
def test_too_large_a_body(server, size):
    status, answer = server.ask("POST", server.route, b" " * size)
    assert status == 413 and "4,194,304 bytes" in answer["error"]
    pieces = (b" " * 2 ** 20 for _ in range(size // 2 ** 20 + 1))  # sent in chunks, no length
    status, answer = server.ask("POST", server.route, pieces)
    assert status == 413


@pytest.mark.parametrize("length, status", [("99999999999", 413), ("many", 400)])
def test_far_too_large_a_body_is_refused_before_it_is_sent(server, length, status):
    with server.line() as line:
        line.sendall(f"POST {server.route} HTTP/1.1\r\nHost: x\r\n"
                     f"Content-Length: {length}\r\n\r\n".encode())
        assert line.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())
    assert server.predict([BLANK])[0] == 200


def test_sixteen_clients_at_once(server, digits):
    """Nobody is refused, everybody gets his own answer, and health checks do not have to wait."""
    images = digits[0].tolist()
    alone, waited = classes_of(server.predict(images)), []
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(server.predict, images[n:n + 32]) for n in range(68)]
        while not all(answer.done() for answer in answers):
            waited.append(seconds_of_health(server))
    for n, answer in enumerate(answers):
        assert classes_of(answer.result()) == alone[n:n + 32]
    assert waited and np.median(waited) < 1


def test_metrics_for_prometheus(server):
    server.predict([BLANK] * 3)
    server.predict([])
    with server.connect() as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    assert re.search(r'^mnist_requests_total\{status="200"\} [1-9]', text, re.MULTILINE)
    assert re.search(r'^mnist_requests_total\{status="400"\} [1-9]', text, re.MULTILINE)
    assert re.search(r"^mnist_batch_images_sum [1-9]", text, re.MULTILINE)


class SlowModel:
    """Answers when it is told to, the first time with what is wrong."""

    def __init__(self):
        self.may_answer = threading.Event()
        self.sizes = []

    def predict(self, images):
        assert self.may_answer.wait(PATIENCE)
        self.sizes.append(len(images))
        if len(self.sizes) == 1:
            raise RuntimeError("out of order")
        return np.arange(len(images)), np.full((len(images), 10), 0.1, np.float32)


@pytest.fixture
def here():
    """A server in this process, with a `SlowModel`."""
    from cloud import server as module
    listener = socket.create_server(("127.0.0.1", 0))
    here = Client()
    here.model, here.port = SlowModel(), listener.getsockname()[1]
    here.application = module.Application(here.model)
    running = module.Server(here.application)
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    yield here
    here.model.may_answer.set()
    running.should_exit = True
    thread.join()


def test_a_full_queue_a_failing_model_and_batches(here, monkeypatch, caplog):
    """While all wait, the next are turned away and health is answered; a failure is one 500; what
    has gathered meanwhile is predicted at once, and everybody gets his own.
    """
    from cloud import server as module
    monkeypatch.setattr(module, "WAITING_LIMIT", 6)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        first = pool.submit(here.predict, [BLANK])
        assert wait_until(lambda: here.application.batches.images == 1)
        others = [pool.submit(here.predict, [BLANK] * count) for count in (2, 2)]
        assert wait_until(lambda: here.application.batches.images == 5)
        status, answer = here.predict([BLANK] * 2)
        assert status == 503 and "5 images are waiting" in answer["error"]
        seconds_of_health(here, "/health")
        here.model.may_answer.set()
        assert first.result() == (500, {"error": "The server has failed; its log says why."})
        assert sorted(classes_of(other.result()) for other in others) == [[0, 1], [2, 3]]
    assert here.model.sizes == [1, 4]
    assert "out of order" in caplog.text


def rss(process):
    """The resident memory of a process, in MB."""
    pages = int(open(f"/proc/{process.pid}/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2 ** 20


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_memory_is_bounded(server):
    """Clients that send nearly all of a large request and go away, or stay, do not fill it."""
    head = (f"POST {server.route} HTTP/1.1\r\nHost: x\r\n"
            f"Content-Length: {BODY_LIMIT}\r\n\r\n").encode()
    body = b" " * (BODY_LIMIT * 39 // 40)
    for _ in range(20):
        server.predict([BLANK] * 128)
    before = rss(server.process)

    def send(number):
        line = server.line()
        line.sendall(head + body)
        return line

    def complete(line):
        with line:
            line.sendall(b" " * (BODY_LIMIT - len(body)))
            return line.recv(4096)[:12]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        for _ in range(3):
            for line in list(pool.map(send, range(60))):
                line.close()
        lines = list(pool.map(send, range(100)))
        assert server.ask("GET", HEALTH)[0] == 200
        assert rss(server.process) - before < 150  # of 400 MB
        answers = collections.Counter(pool.map(complete, lines))
        assert answers[b"HTTP/1.1 503"] > 90, answers  # a few of them had room
    assert wait_until(lambda: server.predict([BLANK])[0] == 200)
    assert rss(server.process) - before < 100


def test_command_that_sends_digits(server, digits, tmp_path):
    url = f"http://127.0.0.1:{server.port}{server.route}"
    sent = run_python("-m", "cloud.predict", "--url", url)
    assert (sent.returncode, sent.stderr) == (0, "")
    lines = sent.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == ["7", "2", "1", "0", "4"]
    assert re.fullmatch("[45] of 5 right", lines[-1])
    assert all(sum(map(float, line.split()[2:])) == pytest.approx(1, abs=0.01)
               for line in lines[1:-1])

    kept = json.loads((PROJECT / "cloud/digits.json").read_text())
    images, labels = digits
    np.testing.assert_allclose(kept["instances"], images[:5], atol=0.0005)
    assert kept["parameters"]["labels"] == labels[:5].tolist()

    (tmp_path / "bad.json").write_text('{"instances": [[0, 255]]}')
    refused = run_python("-m", "cloud.predict", "--url", url, "--file", tmp_path / "bad.json")
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert "Instance 0 should be 28 rows of 28 numbers" in refused.stderr


@pytest.mark.parametrize("predictions", [
    7, None, {}, [1], [{"classes": 1}], [{"classes": "1", "predictions": [0.1] * 10}],
    [{"classes": 1, "predictions": 0.5}], [{"classes": 1, "predictions": [0.1] * 3}],
    [{"classes": 1, "predictions": ["a"] * 10}], [[0.1] * 10],
])
def test_other_servers_than_ours(predictions):
    """Whatever another model answers, it is told in a sentence that these are no digits."""
    from cloud import predict
    answer = urllib.parse.quote(json.dumps({"predictions": predictions}))
    with pytest.raises(UserError, match="gives no predictions of digits"):
        predict.ask(f"data:application/json,{answer}", b"{}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/a b", "http://a b/", "127.0.0.1:8080", "",
                                 "http://[::1/", "http://127.0.0.1:port/", "http://127.0.0.1:9/"])
def test_addresses_where_no_server_is(url):
    from cloud import predict
    with pytest.raises(UserError, match="cannot be asked .* start the server .* or name its addr"):
        predict.ask(url, b"{}")


@pytest.mark.parametrize("arguments, sentence", [
    ((), "--model-dir"),
    (("--model-dir", "/nowhere/at/all", "--port", "0"), "no exported model in /nowhere/at/all"),
    (("--model-dir", "x", "--port", "65536"), "'65536' is not a whole number from 0 to 65535"),
])
def test_wrong_settings(arguments, sentence, monkeypatch, capsys):
    from cloud import server as module
    monkeypatch.setattr(sys, "argv", ["server", *arguments])
    with pytest.raises((SystemExit, UserError)) as ended:
        module.main()
    assert sentence in capsys.readouterr().err + str(ended.value)


def test_a_route_that_is_no_path(monkeypatch):
    from cloud import server as module
    monkeypatch.setenv("AIP_PREDICT_ROUTE", "predict")
    monkeypatch.setattr(sys, "argv", ["server", "--model-dir", "x"])
    with pytest.raises(UserError, match="AIP_PREDICT_ROUTE is 'predict', which is no path: it sho"):
        module.main()


def test_folders_of_models(tmp_path, monkeypatch, layer, tf):
    from cloud import buckets, prediction
    monkeypatch.setattr(buckets, "MOUNTED", str(tmp_path))
    (tmp_path / "mine").mkdir()
    small_model.export(tmp_path / "mine/model", *layer)
    model = prediction.ServedModel("gs://mine/model")
    classes, predictions = model.predict(np.zeros((2, 28, 28), np.float32))
    assert (classes.dtype, classes.shape) == (np.int64, (2,))
    assert (predictions.dtype, predictions.shape) == (np.float32, (2, 10))

    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    with pytest.raises(UserError, match="in its signature serving_default"):
        prediction.ServedModel(str(tmp_path / "bare"))
    for file in ("variables/variables.data-00000-of-00001", "variables/variables.index",
                 "saved_model.pb"):
        path = tmp_path / "mine/model" / file
        whole = path.read_bytes()
        for damaged in (b"", whole[:-1], b"damaged"):
            path.write_bytes(damaged)
            with pytest.raises(UserError, match="cannot be loaded") as raised:
                prediction.ServedModel(str(tmp_path / "mine/model"))
            assert "\n" not in str(raised.value)
        path.write_bytes(whole)


# what comes before a request

def sent_until_closed(line, piece, most):
    """How many bytes the server takes before it closes the connection, `most` at most."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < most:
            line.sendall(piece)
            sent += len(piece)
    return sent


BODY_IN_CHUNKS = "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"


@pytest.mark.parametrize("beginning, piece", [
    ("X: ", b"x" * 2 ** 16),                         # one header without an end
    ("", b"X: " + b"x" * 1000 + b"\r\n"),            # headers without an end
    (BODY_IN_CHUNKS + "X: ", b"x" * 2 ** 16),        # the same after a body
    ("\r\n" * 3, b"\r\n" * 2 ** 15),                # lines before a request that never comes
], ids=["header", "headers", "trailer", "blank lines"])
def test_an_endless_header_is_cut_off(server, beginning, piece):
    """It took 256 MB, and others waited."""
    with server.line() as line:
        start = f"POST {server.route} HTTP/1.1\r\n" if beginning[:1] != "\r" else ""
        line.sendall((start + beginning).encode())
        assert sent_until_closed(line, piece, 2 ** 28) < 2 ** 25  # what sockets hold is in it
    assert seconds_of_health(server) < 1


def test_a_header_of_a_usual_size_is_taken(server):
    headers = {f"X-{number}": "x" * 100 for number in range(100)}  # of cookies and traces, say
    body = json.dumps({"instances": [BLANK]})
    assert server.ask("POST", server.route, body, headers)[0] == 200
    pieces = [body[n:n + 50].encode() for n in range(0, len(body), 50)]  # small chunks
    assert server.ask("POST", server.route, iter(pieces))[0] == 200


def test_connections_that_ask_nothing_are_closed(here, monkeypatch):
    """Whatever they send first. One whose request is there is none of them."""
    from cloud import server as module
    monkeypatch.setattr(module, "HEADER_SECONDS", 1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, contextlib.ExitStack() as stack:
        asked = pool.submit(here.predict, [BLANK])  # answered with 500 in the end
        assert wait_until(lambda: here.application.batches.images == 1)
        lines = [stack.enter_context(here.line()) for _ in range(5)]
        lines[1].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")         # half of a header
        lines[2].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")      # and nothing more
        lines[3].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET")   # half of the next
        lines[4].sendall(b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n")  # answered early
        time.sleep(0.5)
        lines[4].sendall(b"123456789")
        for line in lines:
            line.settimeout(10)
            while line.recv(4096):
                pass
        here.model.may_answer.set()
        assert asked.result()[0] == 500


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_1100_idle_connections(model_dir):
    """They took all file descriptors, and nobody else was answered."""
    import resource
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    server = Server("--model-dir", model_dir, "--port", 0, before=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (1024, 1024))).wait_until_ready()
    try:
        seconds_of_health(server, "/health")
        before = rss(server.process)
        with contextlib.ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(server.line())
            assert wait_until(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) < 1000)
            assert sorted(seconds_of_health(server, "/health") for _ in range(20))[10] < 0.1
            assert rss(server.process) - before < 100
        server.process.terminate()
        assert server.rest_of_log() == 0 and server.log.count("\n") == 2
    finally:
        server.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.slow
@pytest.mark.parametrize("drain", [0, 2])
def test_clients_that_ask_again_and_again_are_not_cut_off(model_dir, drain):
    """When the server ends, each gets its answer, and is told when to connect anew."""
    body, cut = json.dumps({"instances": [BLANK]}), []

    def client(server):
        connection = http.client.HTTPConnection("127.0.0.1", int(server.port), timeout=PATIENCE)
        while True:
            is_new = connection.sock is None
            try:
                connection.request("POST", server.route, body)
                answer = connection.getresponse()
                assert answer.status == 200
                answer.read()
            except OSError as error:  # a server that is gone is no fault of the connection
                if not is_new:
                    cut.append(error)
                return

    for _ in range(5):
        server = Server("--model-dir", model_dir, "--port", 0, "--drain-seconds", drain)
        try:
            server.wait_until_ready()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                clients = [pool.submit(client, server) for _ in range(8)]
                time.sleep(1)
                server.process.terminate()
                for each in clients:
                    each.result()
            assert server.rest_of_log() == 0
        finally:
            server.close()
    assert cut == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process can handle")
def test_sigterm(server, digits):
    """The last test: requests under way are still answered, and connections not left open."""
    elsewhere = run_python("-m", "cloud.server", "--model-dir", server.folder, "--port",
                           server.port)
    assert elsewhere.returncode == 1 and elsewhere.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1, port {server.port}" in elsewhere.stderr

    body = json.dumps({"instances": digits[0][:50].tolist()}).encode()
    with server.connect() as slow, server.connect() as idle:
        idle.request("GET", HEALTH)
        assert idle.getresponse().read()
        slow.putrequest("POST", server.route)
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders(body[:1000])
        assert server.ask("GET", HEALTH)[0] == 200  # what was sent before has been read
        server.process.terminate()
        assert wait_until(lambda: server.ask("GET", HEALTH) == (503, {"status": "ending"}))
        assert server.predict([BLANK])[0] == 200  # from whoever has not noticed yet
        assert wait_until(lambda: is_refused(server))
        slow.send(body[1000:])
        answer = slow.getresponse()
        assert answer.status == 200 and answer.headers["Connection"] == "close"
        assert len(json.load(answer)["predictions"]) == 50
    assert server.rest_of_log() == 0
    assert "Traceback" not in server.log and server.log.count("\n") == 2


def is_refused(server):
    try:
        server.line().close()
    except OSError:
        return True
    return False
