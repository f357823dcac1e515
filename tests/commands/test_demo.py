"""`sealgate demo`: everything at once, on loopback, for somebody who has just installed it."""

import re
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.postfix.instance import free_port
from tests.web.shares import PERSON

SEALGATE = str(Path(sys.executable).with_name("sealgate"))

pytestmark = pytest.mark.timeout(240)


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SEALGATE, "demo", *words], capture_output=True, text=True, timeout=200, check=False
    )


def test_once_shows_every_sample_and_the_whole_cycle_and_ends_by_itself() -> None:
    """The table, then the page, the button, the password, the opened document; exit code 0."""
    done = demo("--once", "--port", str(free_port()))
    assert done.returncode == 0, done.stderr
    assert "a class list to a parent's Hotmail account" in done.stdout
    assert "without a password it does not open" in done.stdout
    assert re.search(r"The password came in a separate email: [a-z]+(-[a-z]+){5}\n", done.stdout)
    assert "With it the document opens: Case note: Jamie Osborne" in done.stdout


def test_left_running_it_waits_for_the_button_and_shows_the_password() -> None:
    """It prints the address to open; what is pressed there has the password arrive; Ctrl-C ends it cleanly."""
    command = [SEALGATE, "demo", "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        said = until("Ctrl-C ends it.", running)
        (page,) = re.findall(r"http://127\.0\.0\.1:\d+/c/[0-9a-z]{26}", said)
        (staff,) = re.findall(r"http://127\.0\.0\.1:\d+/invitation/[0-9a-z]+", said)
        with urllib.request.urlopen(staff, timeout=30) as answer:
            assert "Information governance" in answer.read().decode()
        data = urllib.parse.urlencode(PERSON).encode()
        with urllib.request.urlopen(urllib.request.Request(page, data), timeout=30) as answer:
            assert "Thank you. You have confirmed" in answer.read().decode()
        until("with the password: ", running)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0


def until(words: str, running: "subprocess.Popen[str]") -> str:
    """Read what it says until these words."""
    assert running.stdout is not None
    said = ""
    while words not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    return said


def test_a_port_that_is_taken_is_said_in_words() -> None:
    """Exit code 1, and what to try instead."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = demo("--once", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
