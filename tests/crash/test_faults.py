"""Whatever breaks around the gateway: a clear state, 451 or hold, and recovery by itself when it is mended."""

import asyncio
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from milter.errors import StoreError
from milter.message.envelope import Envelope, Recipient
from milter.relay.capabilities import Capabilities
from milter.relay.client import NextHopClient
from milter.relay.result import RecipientResult
from milter.settings import NextHop, Smtp
from milter.smtpd.server import Server, bind
from milter.store import outbox, owners, progress, schema
from milter.store.engine import open_store
from tests.gateway.harness import OFFICER, SCHOOL, Running, Sink, configure, running
from tests.gateway.test_way import CLEAN, held, sample
from tests.postfix.instance import free_port
from tests.relay.hop import Hop
from tests.smtp import certificate
from tests.smtp.server import Keeper

NHS = "t@borsetshire.nhs.uk"
ENVELOPE = Envelope("ann@example.org", (Recipient("bob@example.net"),))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of two megabytes, as large as the store needs and no larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_disk_full(tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a full disk mail waits upstream, what may not pass unrecorded stays here, and space mends it (law 1)."""
    folder = tmp_path / "etc"
    monkeypatch.setattr("tests.gateway.harness.configure", configured_on(small_disk))
    async with running(folder) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        assert code == 250
        filler = small_disk / "filler"
        fill(filler)
        for raw, to in ((sample("nobody can read"), NHS), (sample("case note to a school"), SCHOOL)):
            code, reply = await gateway.send(OFFICER, [to], raw)
            assert (code, reply[:6]) == (451, "4.3.0 ")
        assert len(gateway.sink.arrived) == 1
        filler.unlink()
        code, _ = await gateway.send(OFFICER, [NHS], sample("nobody can read"))
        assert code == 250
        assert len(held(gateway.store)) == 1
        assert gateway.store.verify().whole


def configured_on(disk: Path) -> Any:
    """Give a `configure` that puts the store upon this disk."""

    def configured(folder: Path, *arguments: Any, **more: Any) -> None:
        configure(folder, *arguments, **more)
        file = folder / "sealgate.toml"
        file.write_text(file.read_text().replace(f"sqlite:///{folder}/", f"sqlite:///{disk}/"))

    return configured


def fill(filler: Path) -> None:
    """Leave no octet free on the disk of this file."""
    with filler.open("wb", buffering=0) as file:
        size = 65_536
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


async def test_store_locked_by_another_program(tmp_path: Path) -> None:
    """While another program holds the store's lock beyond patience, mail waits upstream; then it goes, once."""
    async with running(tmp_path / "etc") as gateway:
        other = sqlite3.connect(gateway.folder / "store.db", isolation_level=None)
        shorten_patience(gateway)
        other.execute("BEGIN IMMEDIATE")
        code, reply = await gateway.send(OFFICER, [NHS], sample("nobody can read"))
        assert (code, reply[:6]) == (451, "4.3.0 ")
        other.execute("ROLLBACK")
        other.close()
        code, _ = await gateway.send(OFFICER, [NHS], sample("nobody can read"))
        assert code == 250
        assert len(held(gateway.store)) == 1


def shorten_patience(gateway: Running) -> None:
    """Let the store wait for a lock for a tenth of a second instead of ten."""

    @event.listens_for(gateway.store._engine, "checkout")
    def hurry(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA busy_timeout=100")


async def test_a_claim_that_could_not_be_let_go_is_let_go_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that goes away in the midst of a message makes the next try wait for no lease to run out."""
    others: list[sqlite3.Connection] = []
    take = Sink.handle_DATA

    async def lock_and_take(sink: Sink, *arguments: Any) -> str:
        if not others:
            others.append(sqlite3.connect(tmp_path / "etc" / "store.db", isolation_level=None))
            others[0].execute("BEGIN IMMEDIATE")
        return await take(sink, *arguments)

    monkeypatch.setattr(Sink, "handle_DATA", lock_and_take)
    async with running(tmp_path / "etc") as gateway:
        shorten_patience(gateway)
        raw = sample("case note to a school")
        code, reply = await gateway.send(OFFICER, [SCHOOL], raw)
        assert (code, reply[:6]) == (451, "4.3.0 ")
        others[0].close()
        await until_nothing_is_claimed(gateway)
        assert (await gateway.send(OFFICER, [SCHOOL], raw))[0] == 250


async def until_nothing_is_claimed(gateway: Running) -> None:
    """Wait until every claim is let go of; fails where it is not."""
    async with asyncio.timeout(60):
        while await asyncio.to_thread(claims, gateway):  # noqa: ASYNC110 - another task lets go, and tells nobody
            await asyncio.sleep(0.05)


def claims(gateway: Running) -> int:
    """Count the messages that are claimed."""
    with gateway.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(schema.claims)).scalar_one())


async def test_read_only_disk(tmp_path: Path) -> None:
    """A store that can only be read is 451 in words for the operator, and works again when it can be written."""
    read_only = True
    async with running(tmp_path / "etc") as gateway:

        @event.listens_for(gateway.store._engine, "checkout")
        def forbid(connection: Any, _record: Any, _proxy: Any) -> None:
            connection.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")

        with pytest.raises(StoreError, match="can only be read"):
            gateway.store.submit(lambda tx: progress.claim(tx, "k" * 64, owners.new_owner())).result()
        code, reply = await gateway.send(OFFICER, [NHS], sample("nobody can read"))
        assert (code, reply[:6]) == (451, "4.3.0 ")
        read_only = False
        code, _ = await gateway.send(OFFICER, [NHS], sample("nobody can read"))
        assert code == 250


async def test_what_could_not_be_recorded_makes_the_next_one_wait_before_it_leaves(tmp_path: Path) -> None:
    """After a commit that failed nothing is relayed before the store has shown that it can be written."""
    async with running(tmp_path / "etc") as gateway:
        other = sqlite3.connect(gateway.folder / "store.db", isolation_level=None)
        shorten_patience(gateway)
        other.execute("BEGIN IMMEDIATE")
        first, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        second, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN.replace(b"dates", b"dates again"))
        assert (first, second) == (451, 451)
        assert len(gateway.sink.to(SCHOOL)) == 1  # the first had left already; the second did not
        other.execute("ROLLBACK")
        other.close()


def serve(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Start the gateway where it can't start."""
    sealgate = Path(sys.executable).with_name("sealgate")
    return subprocess.run(
        [sealgate, "serve", "--config", folder], capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.parametrize("fault", ["missing", "wrong", "open to others"])
def test_a_key_file_that_is_not_right_ends_the_start_in_one_line(tmp_path: Path, fault: str) -> None:
    """The daemon does not start, says which file and what to do, makes no new key, and shows no traceback."""
    folder = tmp_path / "etc"
    configure(folder, free_port(), port=free_port())
    key = folder / "store.key"
    open_store(f"sqlite:///{folder}/store.db", key).close()
    kept = key.read_bytes()
    if fault == "open to others":
        key.chmod(0o644)
    else:
        key.unlink()
    if fault == "wrong":
        open_store(f"sqlite:///{tmp_path}/other.db", key).close()
    done = serve(folder)
    assert done.returncode != 0
    assert str(key) in done.stderr
    assert "Traceback" not in done.stderr
    assert key.exists() is (fault != "missing")
    key.unlink(missing_ok=True)
    key.write_bytes(kept)
    key.chmod(0o600)
    open_store(f"sqlite:///{folder}/store.db", key).close()


async def test_names_that_do_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """While DNS is dead the next hop can't be found: 451, and delivery once it answers again."""
    dead = True
    real = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **more: Any) -> Any:
        if dead and host == "next.hop.example":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real("127.0.0.1" if host == "next.hop.example" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with Hop() as hop:
        client = NextHopClient(NextHop(host="next.hop.example", port=hop.port))
        (result,) = await client.send(ENVELOPE, CLEAN)
        assert (result.code, result.enhanced) == (451, "4.4.1")
        dead = False
        (result,) = await client.send(ENVELOPE, CLEAN)
        await client.close()
    assert result.code == 250
    assert len(hop.messages) == 1


async def test_a_dead_resolver_holds_no_mail_up(tmp_path: Path) -> None:
    """With evidence of routes asked of a resolver that never answers, mail has its verdict all the same."""
    settings = '[dns]\nenabled = true\nservers = ["127.0.0.2"]\ndeadline-seconds = 0.5\n'
    async with running(tmp_path / "etc", settings=settings) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        assert code == 250
        code, _ = await gateway.send(OFFICER, ["someone@unknown.example"], sample("case note to a school"))
        await gateway.settle()
        assert code == 250
        assert not [one for one in gateway.sink.to("someone@unknown.example") if b"Osborne" in one.raw]


async def test_the_next_hops_certificate_has_expired(tmp_path: Path) -> None:
    """Where TLS must be verified an expired certificate is 451 4.7.5, never clear text; a new one mends it."""
    results: list[RecipientResult] = []
    keepers = []
    for days in (100, 36_500):
        folder = tmp_path / str(days)
        folder.mkdir()
        files = certificate.make(folder, days=days)  # from 2020 on
        keeper, bound = Keeper(), bind("127.0.0.1:0")
        server = Server(Smtp(tls_certificate=str(files[0]), tls_key=str(files[1])), keeper, Capabilities)
        await server.start([bound])
        hop = NextHop(port=bound.getsockname()[1], tls="verified", tls_ca=str(files[0]))
        client = NextHopClient(hop)
        results += await client.send(ENVELOPE, CLEAN)
        keepers.append(keeper)
        await client.close()
        await server.drain(2)
    assert [(result.code, result.enhanced) for result in results] == [(451, "4.7.5"), (250, "2.0.0")]
    assert [len(keeper.mail) for keeper in keepers] == [0, 1]


async def test_an_outbox_item_that_can_not_be_made_keeps_no_other_back(tmp_path: Path) -> None:
    """A damaged item is put back and tried later; what stands behind it goes out."""
    async with running(tmp_path / "etc") as gateway:
        told = {"sender": "", "to": OFFICER, "raw": "Subject: after it\r\n\r\nText\r\n"}
        gateway.store.submit(lambda tx: outbox.put(tx, "notice", "SG-1", "bad", {"to": OFFICER})).result()
        gateway.store.submit(lambda tx: outbox.put(tx, "notice", "SG-2", "good", told)).result()
        await gateway.settle()
        with gateway.store.read() as tx:
            (bad,) = outbox.about(tx, "SG-1")
        (arrived,) = gateway.sink.arrived
    assert arrived.parsed["Subject"] == "after it"
    assert (bad.state, bad.error) == ("pending", "fault")
