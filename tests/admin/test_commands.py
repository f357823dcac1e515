"""The pages as a process, and the commands about their people."""

import re
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from addin_backend.admin import roles
from milter.cli.choices import ROLES
from milter.cli.main import main
from milter.store import accounts, doors, quarantine
from milter.store.quarantine import Search
from milter.store.scope import text_of
from tests.admin.office import COUNCIL, copied, open_office
from tests.running import Daemon


def test_commands_and_pages_know_the_same_roles():
    """A role that can be given by command is one of the pages', and the other way about."""
    assert tuple(role.name for role in roles.ROLES) == ROLES


def test_somebody_is_invited_listed_and_shut_out(office, capsys):
    """The link that is printed opens the page to set up an account; disabling ends it at once."""
    folder = str(office.site.folder)
    given = ["account", "invite", "jim@borchester.gov.uk", "--role", "reviewer", "--role", "unmask"]
    assert main([*given, "--config", folder]) == 0
    link = re.search(r"http://localhost(/invitation/\w+)", capsys.readouterr().out)[1]
    assert "jim@borchester.gov.uk" in office.client.get(link).text
    person = office.person("reviewer", name="Jim Lloyd")
    here = office.enter(person)
    assert main(["account", "list", "--config", folder]) == 0
    assert "Jim Lloyd" in capsys.readouterr().out
    assert main(["account", "disable", person.email, "--config", folder]) == 0
    assert here.get("/").status_code == 303
    assert main(["account", "enable", person.email, "--config", folder]) == 0
    with office.store.read() as tx:
        assert accounts.get(tx, person.id).state == "active"
    assert main(["account", "disable", "nobody@borchester.gov.uk", "--config", folder]) == 1


def test_an_account_of_one_directorate_is_invited_by_command(office, capsys):
    """The directorate is one of the organisation that is named with it; without that it is wrong usage."""
    folder = str(office.site.folder)
    given = ["account", "invite", "a@b.gov.uk", "--role", "reviewer", "--directorate", "Housing"]
    assert main([*given, "--config", folder]) == 2
    assert main([*given, "--organisation", COUNCIL, "--config", folder]) == 0
    token = re.search(r"/invitation/(\w+)", capsys.readouterr().out)[1]
    with office.store.read() as tx:
        assert doors.invitation(tx, token).scope == (text_of(COUNCIL, "Housing"),)
    office.person("reviewer", scope=(text_of(COUNCIL, "Housing"), "School"))
    assert main(["account", "list", "--config", folder]) == 0
    assert f"{COUNCIL}: Housing, School" in capsys.readouterr().out


def test_a_role_that_there_is_not_is_refused(office):
    """A misspelt role is wrong usage."""
    with pytest.raises(SystemExit) as ended:
        main(["account", "invite", "a@b.gov.uk", "--role", "boss", "--config", str(office.site.folder)])
    assert ended.value.code == 2


def test_the_first_start_prints_a_link_and_stopping_leaves_nothing_behind(filled, tmp_path):
    """The pages run as a process of their own; the child that reads hostile mail ends with them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = copied(filled, tmp_path / "office")
    settings = folder / "sealgate.toml"
    listen = f'[pages]\nadmin-listen = "127.0.0.1:{port}"\nadmin-url = "http://127.0.0.1:{port}"\n'
    settings.write_text(settings.read_text().partition("[pages]")[0] + listen)
    with Daemon("-m", "addin_backend", "admin", "--config", str(folder)) as running:
        link = re.search(r"http://\S+/invitation/\w+", running.errors.read_text())[0]
        with urllib.request.urlopen(link) as answer:
            assert b"Set up your account" in answer.read()
        office = open_office(folder)
        token = office.as_("reviewer").token
        with office.store.read() as tx:
            held = quarantine.search(tx, Search())[0][0]
        office.close()
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/quarantine/{held.id}")
        asked.add_header("Cookie", f"sealgate={token}")
        with urllib.request.urlopen(asked) as answer:
            assert b"Text, with what was found masked" in answer.read()
        children = running.workers()
        assert children
        assert running.stop() in {
            0,
            -15,
        }  # ended by SIGTERM after its requests, which systemd takes for clean
        for _ in range(100):
            if not any(Path(f"/proc/{child}").exists() for child in children):
                break
            time.sleep(0.1)
        assert not any(Path(f"/proc/{child}").exists() for child in children)
