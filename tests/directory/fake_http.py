"""A small HTTP server on loopback that a test scripts: what it answers, and the faults it shows on the way."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from types import TracebackType
from typing import Any


@dataclass
class Reply:
    """One answer; `chunks` are sent one by one, as a stream."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] | None = None


@dataclass
class Request:
    method: str
    path: str
    headers: Any
    body: bytes


class FakeHttp:
    """Answers each request by `answer`; a fault put into `faults` takes the place of the next answers.

    `held` lets requests wait until the test lets them go: a slow server without a clock.
    """

    def __init__(
        self, answer: Callable[[Request], Reply], certificate: tuple[Path, Path] | None = None
    ) -> None:
        self.answer = answer
        self.faults: list[Reply] = []
        self.requests: list[Request] = []
        self.go = threading.Event()
        self.go.set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def _deal(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, self.headers, body)
                fake.requests.append(request)
                fake.go.wait(20)
                try:
                    self._send(fake.faults.pop(0) if fake.faults else fake.answer(request))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = _deal  # noqa: N815 - as http.server calls them

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.chunks is None:
                    self.send_header("Content-Length", str(len(reply.body)))
                    self.end_headers()
                    self.wfile.write(reply.body)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in (*reply.chunks, b""):
                    self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                    self.wfile.flush()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Clients go away as they like."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate:
            context = SSLContext(PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self._thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.server.server_address[1]}"

    def __enter__(self) -> "FakeHttp":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()
