"""`serve`, `demo`, `check-config`, `routes` and `completion`."""

import argparse
import asyncio
import os
import platform
import sys

from milter import log
from milter.daemon.apart import StoreOpening
from milter.errors import ConfigurationError, SealgateError
from milter.settings import describe


def serve(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate serve`."""
    with StoreOpening() as opening:  # first, so that two processes import at the same time
        from milter.assess import child
        from milter.assess.known import load
        from milter.daemon import gateway, supervisor

        folder = arguments.config
        known = load(folder)
        settings = known.settings
        log.configure(settings.log_level)
        if settings.dns.enabled:
            from milter.daemon import greeting, ways  # noqa: F401 - workers need it: they share what is imported here
        opening.begin(settings.store, node := settings.node or platform.node() or "node")
        child.prepared(known)  # once, before there are processes: all share what is made here
        opening.finish()
        return supervisor.serve(settings.smtp, lambda index: gateway.build(folder, index, node, known))


def demo(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate demo`."""
    from milter.cli import demonstration

    log.configure("error")
    return asyncio.run(demonstration.run(arguments.port, once=arguments.once))


def pages(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate pages`: become one of the web applications, a process of its own."""
    command = [
        sys.executable,
        "-m",
        "addin_backend",
        arguments.application,
        "--config",
        str(arguments.config),
    ]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


def check_config(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate check-config`: exit code 2, with every mistake, where there is one."""
    from milter.assess.known import load

    if not arguments.config.is_dir():
        raise SealgateError(f"{arguments.config} is no folder; name the one that sealgate.toml lies in.")
    try:
        known = load(arguments.config)
    except ConfigurationError as error:
        sys.stdout.write("\n".join(str(problem) for problem in error.problems) + "\n")
        return 2
    if arguments.print:
        sys.stdout.write(describe(known.settings) + "\n")
    sys.stdout.write(f"The configuration is right. Policy {known.policy.hash}, mode {known.policy.mode}.\n")
    return 0


def routes(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate routes`."""
    from milter.assess.known import load
    from milter.policy.matrix import matrix

    known = load(arguments.config)
    sys.stdout.write(matrix(known.policy) + "\n")
    if known.settings.secure_next_hop is None:
        sys.stdout.write(
            "There is no secure next hop, so no way counts as verified: 'verified-tls' is encrypted instead, and"
            " 'both' is held.\n"
        )
    return 0


def completion(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate completion`."""
    import shtab

    from milter.cli.main import parser

    sys.stdout.write(shtab.complete(parser(), shell=arguments.shell) + "\n")
    return 0
