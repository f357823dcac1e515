"""A mail server at the end of the line that keeps everything: commands, parameters, octets.

Threads and plain sockets on purpose: it shares no code with what it tests.
"""

import socket
import socketserver
import threading
from dataclasses import dataclass
from types import TracebackType

OFFERS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


@dataclass(frozen=True)
class Mail:
    """One message as it arrived."""

    sender: str  # the argument of MAIL, 'FROM:<...> ...'
    recipients: tuple[str, ...]  # the arguments of RCPT
    raw: bytes  # dots undone


class Sink:
    """A server on a free port of loopback, for as long as the `with` block."""

    def __init__(self, offers: tuple[str, ...] = OFFERS) -> None:
        self.mail: list[Mail] = []
        self.offers = offers
        self.changed = threading.Condition()

    def __enter__(self) -> "Sink":
        sink = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _talk(sink, self.connection)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Talk)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, seconds: float = 60.0) -> list[Mail]:
        """Give the mail once there are so many; fails where they do not come."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.mail) >= count, seconds), (
                f"{len(self.mail)} of {count}"
            )
            return list(self.mail)

    def keep(self, mail: Mail) -> None:
        with self.changed:
            self.mail.append(mail)
            self.changed.notify_all()


def _talk(sink: Sink, connection: socket.socket) -> None:
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 sink.example ESMTP\r\n")
        sender, recipients = "", []
        while line := lines.readline():
            verb, _, argument = line.decode().rstrip("\r\n").partition(" ")
            match verb.upper():
                case "EHLO":
                    *first, last = ("sink.example", *sink.offers)
                    answer = "".join(f"250-{word}\r\n" for word in first) + f"250 {last}"
                case "MAIL":
                    sender, recipients, answer = argument, [], "250 2.1.0 ok"
                case "RCPT":
                    recipients.append(argument)
                    answer = "250 2.1.5 ok"
                case "DATA":
                    connection.sendall(b"354 go on\r\n")
                    sink.keep(Mail(sender, tuple(recipients), _message(lines)))
                    answer = "250 2.0.0 kept"
                case "QUIT":
                    connection.sendall(b"221 2.0.0 bye\r\n")
                    return
                case _:
                    answer = "250 2.0.0 ok"
            connection.sendall(answer.encode() + b"\r\n")


def _message(lines: "socket.SocketIO | object") -> bytes:
    kept = []
    while (line := lines.readline()) not in (b".\r\n", b""):  # type: ignore[attr-defined]
        kept.append(line.removeprefix(b"."))
    return b"".join(kept)
