"""Runs one of the web applications until it is told to stop; SIGTERM finishes the requests under way."""

import asyncio
import signal
import socket
from pathlib import Path

import uvicorn

from addin_backend.applications import Application
from addin_backend.site import open_site
from milter import log
from milter.daemon import sdnotify
from milter.errors import SealgateError

CONNECTIONS = 500  # of each process; one more is answered 503
_log = log.logger("web")


class _Server(uvicorn.Server):
    """Tells systemd when requests are taken and when no more are."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets=sockets)
        sdnotify.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        sdnotify.stopping()
        await super().shutdown(sockets=sockets)


def serve(application: Application, folder: Path | None) -> None:
    """Serve one application. Raises SealgateError where its address is taken or the store can't be had."""
    site = open_site(folder, application.name)
    log.configure(site.known.settings.log_level)
    listen = application.listen(site.known.settings)
    door = bound(listen)
    config = uvicorn.Config(
        application.build(site),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,  # addin_backend.guard believes the configured proxies only
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=4,
        h11_max_incomplete_event_size=16 * 1024,
        lifespan="on",
    )
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # only what has a policy to read anew heeds it
    _log.info("serving", application=application.name, listen=listen)
    try:
        asyncio.run(_Server(config).serve(sockets=[door]))
    finally:
        site.store.close()


def bound(listen: str) -> socket.socket:
    """Give a socket bound to 'host:port' ('[::1]:8082' for IPv6). SealgateError where that can't be."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, int(port)))
    except OSError as error:
        door.close()
        raise SealgateError(
            f"{listen} can't be listened on ({error.strerror}). Is it taken? Set another one in sealgate.toml."
        ) from error
    return door
