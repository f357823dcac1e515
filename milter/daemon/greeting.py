"""Greets mail servers to see whether their TLS holds, where `dns.probe` asks for it."""

import ssl

from milter.relay.connection import HopError, connect
from milter.routes.look import Shown

SMTP_PORT = 25
GREETING_SECONDS = 10.0


class Greeter:
    """Greets a domain's mail server to see whether its TLS holds; nothing is sent by it."""

    def __init__(self, hostname: str, context: ssl.SSLContext | None = None, port: int = SMTP_PORT) -> None:
        self._context = context or _verifying()
        self._hostname = hostname
        self._port = port

    async def greet(self, address: str, name: str) -> Shown | None:
        """Say what the server shows; None where it can't be greeted at all."""
        try:
            connection = await connect(address, self._port, GREETING_SECONDS, GREETING_SECONDS)
        except HopError:
            return None
        try:
            await connection.greet(self._hostname)
            if not connection.capabilities.starttls:
                return "none"
            await connection.start_tls(self._context, name, self._hostname)
        except HopError as error:
            return "tls" if isinstance(error.__cause__, ssl.SSLError) else None
        finally:
            connection.close()
        return "verified"


def _verifying() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
