"""Real servers on loopback: Knot serves signed and unsigned zones, Unbound validates them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.postfix.instance import free_port

SOA = (
    "@ 300 IN SOA ns.{zone}. admin.{zone}. 1 300 300 3600 60\n@ 300 IN NS ns.{zone}.\nns 300 IN A 127.0.0.1\n"
)
KNOT = """
server:
    listen: 127.0.0.1@{port}
    rundir: "{folder}"
    user: root:root
log:
  - target: "{folder}/knot.log"
    any: info
database:
    storage: "{folder}"
policy:
  - id: here
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
"""
UNBOUND = """
server:
    interface: {address}
    port: 53
    do-daemonize: no
    use-syslog: no
    logfile: "{folder}/unbound.log"
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    do-not-query-localhost: no
    do-ip6: no
    module-config: "validator iterator"
    access-control: 127.0.0.0/8 allow
    num-threads: 1
remote-control:
    control-enable: no
"""


def missing() -> str:
    """Say why there can be no real DNS here; '' where there can."""
    programs = ("knotd", "keymgr", "unbound")
    absent = [name for name in programs if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if absent:
        return f"{', '.join(absent)} not installed (Debian: knot, unbound)"
    return "" if os.geteuid() == 0 else "port 53 needs root"


@contextmanager
def resolver(
    folder: Path, address: str, zones: dict[str, str], signed: set[str], bogus: set[str]
) -> Iterator[str]:
    """Run both; give the address of the validating resolver. `bogus` zones are signed, and trusted by a wrong key."""
    port = free_port()
    config = folder / "knot.conf"
    text = KNOT.format(port=port, folder=folder)
    for zone, records in zones.items():
        (folder / f"{zone}.zone").write_text(SOA.format(zone=zone) + records)
        text += f"  - domain: {zone}\n"
        if zone in signed | bogus:
            text += "    dnssec-signing: on\n    dnssec-policy: here\n"
    config.write_text(text)
    stubs = "".join(f'stub-zone:\n    name: "{zone}"\n    stub-addr: 127.0.0.1@{port}\n' for zone in zones)
    with _running("knotd", "-c", str(config), log=folder / "knotd.out"):
        for zone in zones:
            _wait_for("127.0.0.1", port, zone)
        anchors = "".join(
            f'    trust-anchor: "{_ds(config, zone, wrong=zone in bogus)}"\n' for zone in signed | bogus
        )
        unbound = UNBOUND.format(address=address, folder=folder)
        (folder / "unbound.conf").write_text(
            unbound.replace("remote-control:", f"{anchors}remote-control:") + stubs
        )
        with _running("unbound", "-d", "-c", str(folder / "unbound.conf"), log=folder / "unbound.out"):
            _wait_for(address, 53, next(iter(zones)))
            yield address


def _ds(config: Path, zone: str, *, wrong: bool) -> str:
    done = subprocess.run(
        ["/usr/sbin/keymgr", "-c", str(config), zone, "ds"], capture_output=True, text=True, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.split()[4] == "2")
    return line[:-8] + "00000000" if wrong else line


@contextmanager
def _running(program: str, *words: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen([f"/usr/sbin/{program}", *words], stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str, port: int, zone: str) -> None:
    query = dns.message.make_query(zone, "SOA")
    end = time.monotonic() + 60
    while True:
        try:
            if dns.query.udp(query, address, timeout=1, port=port).answer:
                return
        except (dns.exception.DNSException, OSError):
            pass
        assert time.monotonic() < end, f"{address} never answered for {zone}"
        time.sleep(0.05)


def own_address() -> str:
    """Give an address of loopback that no other test has, by this process's number."""
    number = os.getpid()
    return f"127.83.{number // 250 % 250}.{number % 250 + 1}"


def taken(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
