"""Tells systemd what the daemon is at (sd_notify(3)); does nothing where systemd did not start it."""

import os
import socket
import time


def ready() -> None:
    """Say that mail is taken."""
    _tell("READY=1\nSTATUS=Taking mail")


def reloading() -> None:
    """Say that the policy is being read anew; `ready` follows."""
    _tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")


def stopping() -> None:
    """Say that no new mail is taken and what is under way is finished."""
    _tell("STOPPING=1\nSTATUS=Finishing what is under way")


def _tell(state: str) -> None:
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    address = "\0" + where[1:] if where.startswith("@") else where
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return  # mail matters more than who is told of it
