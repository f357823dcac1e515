"""What the children of these tests do."""

import ctypes
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STATE: dict[str, Any] = {}


def prepare(init: Mapping[str, Any]) -> None:
    if init.get("refuse"):
        raise ValueError("told to refuse")
    STATE.update(init)
    if descriptor := init.get("descriptor"):
        STATE["inherited"] = os.pread(descriptor, 100, 0).decode()


def work(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return DEEDS[header["do"]](header, content)


def echo(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return {"said": header.get("say"), "init": STATE.get("init"), "pid": os.getpid()}, content


def inherited(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return {"said": STATE["inherited"]}, b""


def left(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """What a fork has of its parent: an open file, and the block of its environment."""
    return {"file": _tried(lambda: os.read(header["file"], 10))}, ctypes.string_at(
        header["at"], header["size"]
    )


def state(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return {"left": STATE.get("left")}, b""


def spin(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    while True:
        pass


def hang(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    threading.Event().wait()
    return {}, b""


def hang_as(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Hang in the child of this number alone."""
    return hang(header, content) if os.getpid() == header["pid"] else echo(header, content)


def hog(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return {"size": len(bytearray(8 << 30))}, b""


def crash(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    ctypes.string_at(0)
    return {}, b""


def vanish(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    os._exit(3)


def fault(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    raise RuntimeError("secret")


def _tried(deed: Any) -> str:
    try:
        deed()
    except OSError as refused:
        return type(refused).__name__
    return "done"


def escape(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Try what a taken-over child would try."""
    place = Path(header["folder"])
    return {
        "socket": _tried(lambda: socket.socket(socket.AF_INET)),
        "fork": _tried(os.fork),
        "exec": _tried(lambda: os.execv("/bin/true", ["true"])),
        "kill": _tried(lambda: os.kill(os.getppid(), signal.SIGKILL)),
        "write": _tried(lambda: (place / "new").write_text("x")),
        "append": _tried(lambda: (place / "there").open("a").close()),
        "remove": _tried((place / "there").unlink),
        "read": _tried((place / "there").read_bytes),
        "passwd": _tried(Path("/etc/passwd").read_bytes),
        "environment": sorted(os.environ),
        "scratch": _tried(lambda: tempfile.TemporaryFile().write(b"x")),
    }, b""


def lie(header: Mapping[str, Any], content: bytes) -> Any:
    """Answer with something that is no answer."""
    return ["not", "an", "object"], b""


DEEDS = {
    deed.__name__: deed
    for deed in (echo, inherited, left, state, spin, hang, hang_as, hog, crash, vanish, fault, escape, lie)
}
