"""A store that fails: a proxy in front of a server that speaks S3, and what it does to requests."""

import http.client
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import numpy as np

Handler = BaseHTTPRequestHandler
Fault = Callable[["Proxied"], None]
"""Answers a request, or passes it on, badly."""

_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>{}</Message></Error>"
_HOP = ("connection", "transfer-encoding", "keep-alive")


class Proxied(BaseHTTPRequestHandler):
    """A request on its way to the store behind."""

    protocol_version = "HTTP/1.1"
    server: "FaultyStore"

    def answer(self) -> None:
        """Do with the request what is due."""
        fault = self.server.next_fault(self.command, self.path)
        (forward if fault is None else fault)(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the base's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def body(self) -> bytes:
        """Read what is sent: chunk by chunk where its length is not told before."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            """A trailer."""
        return b"".join(chunks)

    def passed_on(self) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask the store behind."""
        body = self.body()
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        behind = http.client.HTTPConnection(*self.server.behind, timeout=30)
        behind.request(self.command, self.path, body, headers)
        response = behind.getresponse()
        content = response.read()
        behind.close()
        return response, content

    def head(self, response: http.client.HTTPResponse) -> None:
        """Give the first part of an answer."""
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.end_headers()


class FaultyStore(ThreadingHTTPServer):
    """The proxy.

    Parameters
    ----------
    endpoint
        The address of the store behind.
    """

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), Proxied)
        self.behind = (urlsplit(endpoint).hostname or "", urlsplit(endpoint).port or 80)
        self.faults: list[Fault] = []
        self.share = 0.0
        """Of the requests that go wrong."""
        self.only = ""
        """What the method and path of those hold."""
        self.at_most = 1_000_000
        self.failed = 0
        self.asked = 0
        self._rng = np.random.default_rng(0)
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone: its test has ended it, and another one listens."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.asked += 1
            meant = self.only in f"{method} {path}" and self.failed < self.at_most
            if not meant or self._rng.random() >= self.share:
                return None
            self.failed += 1
            return self.faults[self.failed % len(self.faults)]


def forward(request: Proxied) -> None:
    response, content = request.passed_on()
    request.head(response)
    request.wfile.write(content)


def refusing(status: int, code: str) -> Fault:
    """Answer with an error of S3, whatever is asked."""

    def refuse(request: Proxied) -> None:
        request.body()
        content = _ERROR.format(code, "not now").encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.send_header("Content-Type", "application/xml")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    return refuse


def slow(request: Proxied) -> None:
    """Answer after four seconds: more than Arrow waits if nobody tells it to."""
    time.sleep(4)
    forward(request)


def cut(request: Proxied) -> None:
    """Carry the request out, and hang up in the middle of the answer."""
    response, content = request.passed_on()
    request.head(response)
    request.wfile.write(content[: len(content) // 2])
    request.close_connection = True


INTERNAL = refusing(500, "InternalError")
SLOW_DOWN = refusing(503, "SlowDown")
DENIED = refusing(403, "AccessDenied")


@contextmanager
def faulty_store(endpoint: str) -> Iterator[FaultyStore]:
    """Run the proxy in front of the store at `endpoint`; it passes all on until told not to."""
    server = FaultyStore(endpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
