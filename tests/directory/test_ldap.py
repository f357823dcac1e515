"""People and groups from a real OpenLDAP server on loopback."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from milter.directory.entry import DirectoryError
from milter.directory.ldap import Ldap
from tests.directory.conftest import khan

BASE = "dc=borchester,dc=example"
ADMIN, PASSWORD = f"cn=admin,{BASE}", "made-up-1"
KHAN = "amira.khan@borchester.gov.uk"
PEOPLE = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: borchester
o: Borchester

dn: uid=khan,{BASE}
objectClass: inetOrgPerson
uid: khan
cn: Amira Khan
sn: Khan
displayName: Khan, Amira
title: Social Worker
departmentNumber: Children's Services
o: Borchester
telephoneNumber: 0118 496 0100
mail: {KHAN}
mail: a.khan@borchester.gov.uk

dn: uid=ohara,{BASE}
objectClass: inetOrgPerson
uid: ohara
cn: Pat O'Hara (temp*)
sn: O'Hara
mail: pat.o'hara@borchester.gov.uk

dn: uid=head,{BASE}
objectClass: inetOrgPerson
uid: head
cn: Head
sn: Head
mail: head@ambridge.sch.uk

dn: uid=silent,{BASE}
objectClass: inetOrgPerson
uid: silent
cn: No Address
sn: Address

dn: cn=inner,{BASE}
objectClass: groupOfNames
objectClass: extensibleObject
cn: inner
mail: inner@borchester.gov.uk
member: uid=khan,{BASE}
member: cn=heads,{BASE}

dn: cn=heads,{BASE}
objectClass: groupOfNames
objectClass: extensibleObject
cn: heads
mail: heads@borchester.gov.uk
member: uid=head,{BASE}
member: uid=silent,{BASE}
member: cn=inner,{BASE}
"""
CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
disallow bind_anon
require authc
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {folder}/data
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server with a few people in a folder of its own; give its address, or skip."""
    slapd, add = (
        shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in ("slapd", "slapadd")
    )
    if not slapd or not add or not Path("/etc/ldap/schema/core.schema").exists():
        pytest.skip("OpenLDAP's server (slapd) is not installed")
    folder = tmp_path_factory.mktemp("slapd")
    (folder / "data").mkdir()
    config = folder / "slapd.conf"
    config.write_text(CONFIG.format(folder=folder, base=BASE, admin=ADMIN, password=PASSWORD))
    subprocess.run([add, "-q", "-f", str(config)], input=PEOPLE.encode(), check=True, capture_output=True)
    url = f"ldap://127.0.0.1:{free_port()}"
    process = subprocess.Popen([slapd, "-f", str(config), "-h", url, "-d", "0"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(int(url.rpartition(":")[2]), process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(400):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "slapd ended"
        time.sleep(0.05)
    raise AssertionError("slapd does not listen")


def opened(server: str, password: str = PASSWORD, seconds: float = 5.0) -> Ldap:
    return Ldap(server, BASE, ADMIN, password, seconds)


async def test_people_are_known_by_every_address(server: str) -> None:
    """Name, job title, department, organisation and telephone come with each of a person's addresses."""
    source = opened(server)
    for address in (KHAN, "a.khan@borchester.gov.uk"):
        assert await source.look_up(address) == khan(address)
    assert await source.look_up("nobody@borchester.gov.uk") is None
    await source.close()


async def test_what_stands_in_an_address_is_no_part_of_the_question(server: str) -> None:
    """Stars and brackets of an address look for themselves (RFC 4515)."""
    source = opened(server)
    for address in ("*@borchester.gov.uk", "x)(mail=*", "\\2a", "a@b\x00"):
        assert await source.look_up(address) is None
    hara = await source.look_up("pat.o'hara@borchester.gov.uk")
    assert hara is not None
    assert hara.name == "Pat O'Hara (temp*)"
    await source.close()


async def test_a_name_finds_its_people(server: str) -> None:
    """In any order, and only those with an address."""
    source = opened(server)
    assert [entry.address for entry in await source.named("khan amira")] == [KHAN]
    assert await source.named("address no") == ()
    await source.close()


async def test_groups_in_groups_are_opened_once(server: str) -> None:
    """A member without an address leaves the count uncertain; groups that contain each other end."""
    source = opened(server)
    entry = await source.look_up("heads@borchester.gov.uk")
    assert entry is not None
    assert set(entry.members or ()) == {"head@ambridge.sch.uk", KHAN}
    assert not entry.whole
    await source.close()


async def test_a_wrong_password_is_denied(server: str) -> None:
    """The breaker must know, since asking again would lock the account."""
    source = opened(server, password="another")
    with pytest.raises(DirectoryError, match="denied"):
        await source.look_up(KHAN)
    await source.close()


async def test_a_dead_server_is_down_and_a_mute_one_is_given_up() -> None:
    """Neither a port that nobody listens at nor one that never answers keeps a thread."""
    source = opened(f"ldap://127.0.0.1:{free_port()}", seconds=0.5)
    with pytest.raises(DirectoryError, match="down"):
        await source.look_up(KHAN)
    await source.close()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        source = opened(f"ldap://127.0.0.1:{mute.getsockname()[1]}", seconds=0.5)
        async with asyncio.timeout(20):
            with pytest.raises(DirectoryError, match="down"):
                await source.look_up(KHAN)
        await source.close()


async def test_a_password_does_not_leave_this_machine_in_clear() -> None:
    """To any other host than this one STARTTLS comes first, and without it nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        source = Ldap(f"ldap://127.0.0.2:{mute.getsockname()[1]}", BASE, ADMIN, PASSWORD, 0.5)
        assert source._start_tls
        with pytest.raises(DirectoryError):
            await source.look_up(KHAN)
        await source.close()
