"""What stands between the load and the sink: each arrangement starts its programs and says how to watch them.

Postfix, amavis, ClamAV and rspamd are Debian's, run from private folders on loopback ports; `missing` says which
are not there. Everything is stopped and removed at the end.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from milter.settings import shipped_folder
from tests.postfix.instance import Postfix, free_port
from tests.postfix.instance import missing as postfix_missing
from tests.running import PASSTHROUGH, Daemon

CORES = len(os.sched_getaffinity(0))
OWN = "wokingham.gov.uk"  # the corpus's sender
_START_SECONDS = 60.0

# What a postmaster would write for rspamd and ClamAV: shapes, without check digits or context.
SHAPES = (
    ("nhs", r"\b\d{3}[ -]\d{3}[ -]\d{4}\b"),
    ("nino", r"\b[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
    ("upn", r"\b[A-Z]\d{12}\b"),
    ("sort_code", r"\b\d{2}-\d{2}-\d{2}\b"),
    ("birth", r"(born|d\.o\.b\.|DOB) "),
)


@dataclass
class Running:
    """An arrangement that takes mail at `port`."""

    port: int
    roots: list[int]  # processes whose time and memory, with all below them, are the arrangement's
    queues: list[Postfix] = field(default_factory=list)  # what has to be empty before a run is over
    found: Callable[[], int] | None = None  # how many messages it has noticed something in
    start_seconds: float = 0.0
    stop: Callable[[], int] | None = None  # ends it; its exit code


@dataclass(frozen=True)
class Arrangement:
    """One row of the table."""

    name: str
    looks_into: str
    needs: Callable[[], str]  # what is missing for it, '' for nothing
    start: Callable[[int, ExitStack], Running]  # with the sink's port


def start_sink(stack: ExitStack) -> int:
    """Run Postfix's own sink, in C; give its port."""
    port = free_port()
    process = subprocess.Popen(
        ["smtp-sink", "-u", "postfix", f"127.0.0.1:{port}", "512"], stdout=subprocess.DEVNULL
    )
    stack.callback(lambda: (process.terminate(), process.wait()))
    wait_for(port)
    return port


def wait_for(port: int) -> None:
    """Wait until someone listens. Raises RuntimeError where nobody ever does."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody listens at {port}")


def _lacks(*programs: str) -> Callable[[], str]:
    def look() -> str:
        there = os.environ["PATH"] + ":/usr/sbin"
        gone = [program for program in programs if not shutil.which(program, path=there)]
        return postfix_missing() or (f"{', '.join(gone)} not installed" if gone else "")

    return look


def _master(postfix: Postfix) -> int:
    return int((postfix.folder / "queue" / "pid" / "master.pid").read_text())


def _folder(stack: ExitStack, owner: str = "") -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sealgate-bench-")))
    if owner:
        shutil.chown(folder, owner, owner)
        folder.chmod(0o755)
    return folder


def nothing(sink: int, _: ExitStack) -> Running:
    """Put nothing between load and sink."""
    return Running(sink, [os.getpid()])


def postfix(sink: int, stack: ExitStack, extra: str = "") -> Running:
    """Put Postfix between; `extra` is added to its main.cf."""
    between = Postfix("bench", sink)
    main = between.folder / "etc" / "main.cf"
    main.write_text(main.read_text() + extra)
    stack.enter_context(between)
    return Running(between.port, [_master(between)], [between])


def pass_through(sink: int, stack: ExitStack) -> Running:
    """Put the gateway's receiving and sending sides between, nothing inside."""
    port = free_port()
    daemon = stack.enter_context(Daemon(str(PASSTHROUGH), f"127.0.0.1:{port}", str(sink), str(CORES)))
    return Running(port, [daemon.process.pid])


def configured(folder: Path, port: int, sink: int, mode: str) -> None:
    """Write the shipped configuration for the corpus's sender, in one of the policy's modes.

    Text of pictures is not recognised: a plain installation can't, nor can any of the others.
    """
    shutil.copytree(shipped_folder(), folder, dirs_exist_ok=True)
    policy = (folder / "policy.toml").read_text().replace('mode = "enforce"', f'mode = "{mode}"', 1)
    (folder / "policy.toml").write_text(policy)
    partners = (folder / "partners.toml").read_text().replace('"borchester.gov.uk"', f'"{OWN}"', 1)
    (folder / "partners.toml").write_text(partners)
    (folder / "sealgate.toml").write_text(
        f'log-level = "warning"\n[smtp]\nlisten = ["127.0.0.1:{port}"]\n[next-hop]\nport = {sink}\n'
        f'[store]\nurl = "sqlite:///{folder}/sealgate.db"\nkey-file = "{folder}/sealgate.key"\n'
        "[dns]\nenabled = false\n[read]\nocr-pages = 0\n"
    )


def sealgate(mode: str) -> Callable[[int, ExitStack], Running]:
    """Put the whole of Sealgate between, in one of the policy's modes."""

    def start(sink: int, stack: ExitStack) -> Running:
        port, folder = free_port(), _folder(stack)
        configured(folder, port, sink, mode)
        command = (str(Path(sys.executable).with_name("sealgate")), "serve", "--config", str(folder))
        began = time.perf_counter()
        daemon = stack.enter_context(Daemon(*command))
        took = time.perf_counter() - began
        return Running(
            port,
            [daemon.process.pid],
            found=lambda: _judged(folder / "sealgate.db"),
            start_seconds=took,
            stop=daemon.stop,
        )

    return start


def _judged(file: Path) -> int:
    import sqlite3

    with sqlite3.connect(file) as store:
        return int(
            store.execute("select count(*) from judged where grade in ('medium', 'high')").fetchone()[0]
        )


_AMAVIS = """use strict;
$max_servers = {servers};
$daemon_user = 'amavis'; $daemon_group = 'amavis';
$MYHOME = '{folder}'; $TEMPBASE = '{folder}/tmp'; $ENV{{TMPDIR}} = $TEMPBASE; $db_home = '{folder}/db';
$lock_file = '{folder}/lock'; $pid_file = '{folder}/pid'; $QUARANTINEDIR = undef; $helpers_home = '{folder}';
$enable_db = 0; $enable_zmq = 0; $nanny_details_level = 0; $unix_socketname = undef;
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = [{port}];
$forward_method = 'smtp:[127.0.0.1]:{sink}'; $notify_method = $forward_method;
$myhostname = 'amavis.example'; $mydomain = 'example'; @local_domains_maps = (1);
$DO_SYSLOG = 0; $LOGFILE = '{folder}/log'; $log_level = 0;
@bypass_spam_checks_maps = (1); @bypass_virus_checks_maps = ({no_scanner});
@bypass_header_checks_maps = (1);
$final_virus_destiny = D_PASS; $final_banned_destiny = D_PASS; $final_bad_header_destiny = D_PASS;
$warnvirusrecip = 0; $virus_admin = undef; $virus_quarantine_to = undef; $banned_quarantine_to = undef;
$enable_dkim_verification = 0; $enable_dkim_signing = 0;
{scanner}
1;
"""
_SCANNER = """@av_scanners = (['ClamAV', \\&ask_daemon, ["CONTSCAN {{}}\\n", '{folder}/clamd'],
  qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);
@av_scanners_backup = ();"""
_CLAMD = """DatabaseDirectory {folder}/rules
LocalSocket {folder}/clamd
LocalSocketMode 666
LogFile {folder}/clamd.log
Foreground true
User amavis
MaxThreads 4
StructuredDataDetection true
StructuredMinCreditCardCount 1
StructuredMinSSNCount 1
StructuredSSNFormatNormal true
Bytecode false
ConcurrentDatabaseReload false
"""


def amavis(*, clamav: bool) -> Callable[[int, ExitStack], Running]:
    """Put amavis between as an SMTP proxy; with ClamAV, its data-loss rules and `SHAPES` as local ones."""

    def start(sink: int, stack: ExitStack) -> Running:
        port, folder = free_port(), _folder(stack, "amavis")
        for part in ("tmp", "db", "rules"):
            (folder / part).mkdir()
            shutil.chown(folder / part, "amavis", "amavis")
        roots = [_clamd(folder, stack)] if clamav else []
        settings = _folder(stack) / "amavis.conf"  # not in a folder of its user's, or it will not start
        settings.parent.chmod(0o755)
        settings.write_text(
            _AMAVIS.format(
                folder=folder,
                port=port,
                sink=sink,
                servers=2 * CORES,
                no_scanner="" if clamav else "1",
                scanner=_SCANNER.format(folder=folder)
                if clamav
                else "@av_scanners = (); @av_scanners_backup = ();",
            )
        )
        debian = Path("/etc/amavis/conf.d")
        files = [debian / "01-debian", debian / "20-debian_defaults", settings]
        words = [word for file in files for word in ("-c", str(file))]
        roots.append(_run(["/usr/sbin/amavisd", *words, "foreground"], folder / "out", stack))
        wait_for(port)
        log = folder / "log"
        found = (lambda: log.read_text(errors="replace").count(" INFECTED ")) if clamav else None
        return Running(port, roots, found=found)

    return start


def _clamd(folder: Path, stack: ExitStack) -> int:
    rules = (f"rule {name} {{ strings: $a = /{shape}/ condition: $a }}" for name, shape in SHAPES)
    (folder / "rules" / "uk.yar").write_text("\n".join(rules).replace(r"\b", ""))
    (folder / "clamd.conf").write_text(_CLAMD.format(folder=folder))
    pid = _run(["/usr/sbin/clamd", "--config-file", str(folder / "clamd.conf")], folder / "clamd.out", stack)
    end = time.monotonic() + _START_SECONDS
    while not (folder / "clamd").exists():
        if time.monotonic() > end:
            raise RuntimeError((folder / "clamd.out").read_text())
        time.sleep(0.1)
    return pid


def _run(command: list[str], out: Path, stack: ExitStack) -> int:
    """Start a program in a group of its own; all of the group is ended at the end."""
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)

    def end() -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    stack.callback(end)
    return process.pid


_RSPAMD = """options {{ pidfile = "{folder}/pid"; filters = "regexp"; control_socket = "{folder}/control";
  dns {{ nameserver = ["127.0.0.1"]; timeout = 0.05s; retransmits = 1; }} }}
logging {{ type = "file"; filename = "{folder}/log"; level = "error"; }}
lua = "{folder}/rules.lua";
metric {{ name = "default"; actions {{ reject = 10000; }} }}
worker "rspamd_proxy" {{ bind_socket = "127.0.0.1:{port}"; milter = true; timeout = 60s; count = {cores};
  upstream "local" {{ default = true; self_scan = true; }} }}
worker "normal" {{ bind_socket = "127.0.0.1:{check}"; count = 1; }}
regexp {{ }}
"""


def rspamd(sink: int, stack: ExitStack) -> Running:
    """Put Postfix between, with rspamd as its milter, which has `SHAPES` as regular expressions."""
    folder, port, check = _folder(stack, "_rspamd"), free_port(), free_port()
    rules = [
        f"config['regexp']['UK_{name.upper()}'] = {{ re = [[/{shape}/{{mime}}]], score = 1 }}"
        for name, shape in SHAPES
    ]
    (folder / "rules.lua").write_text("\n".join(("config['regexp'] = config['regexp'] or {}", *rules)))
    (folder / "conf").write_text(_RSPAMD.format(folder=folder, port=port, check=check, cores=CORES))
    command = ["/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(folder / "conf")]
    pid = _run(command, folder / "out", stack)
    wait_for(port)
    extra = f"\nsmtpd_milters = inet:127.0.0.1:{port}\nmilter_default_action = tempfail\n"
    running = postfix(sink, stack, extra)
    running.roots.append(pid)
    return running


def both_sides(inner: Callable[[int, ExitStack], Running]) -> Callable[[int, ExitStack], Running]:
    """Put Postfix in front of an arrangement and behind it, as it is run in earnest."""

    def start(sink: int, stack: ExitStack) -> Running:
        behind = postfix(sink, stack)
        between = inner(behind.port, stack)
        front = postfix(between.port, stack)
        return Running(
            front.port,
            [*front.roots, *between.roots, *behind.roots],
            [*front.queues, *behind.queues],
            between.found,
        )

    return start


_POSTFIX = _lacks()
_OPENS = "every part, document and archive: all detectors and rules"
ALL = (
    Arrangement("nothing", "the load generator's own limit", _POSTFIX, nothing),
    Arrangement("Postfix", "nothing; queue on disk", _POSTFIX, postfix),
    Arrangement(
        "Sealgate, pass-through", "nothing: its receiving and sending sides alone", _POSTFIX, pass_through
    ),
    Arrangement("Sealgate, monitor", f"{_OPENS}; changes nothing", _POSTFIX, sealgate("monitor")),
    Arrangement("Sealgate, enforcing", f"{_OPENS}; encrypts, holds, explains", _POSTFIX, sealgate("enforce")),
    Arrangement("amavis", "MIME parts; archives listed", _lacks("amavisd"), amavis(clamav=False)),
    Arrangement(
        "amavis with ClamAV",
        "MIME parts and documents: US SSN, payment cards, five local shapes",
        _lacks("amavisd", "clamd"),
        amavis(clamav=True),
    ),
    Arrangement("Postfix with rspamd", "text parts: five regular expressions", _lacks("rspamd"), rspamd),
    Arrangement(
        "Postfix, Sealgate, Postfix",
        f"{_OPENS}; encrypts, holds, explains",
        _POSTFIX,
        both_sides(sealgate("enforce")),
    ),
    Arrangement(
        "Postfix, amavis, Postfix",
        "MIME parts; archives listed",
        _lacks("amavisd"),
        both_sides(amavis(clamav=False)),
    ),
)


@contextmanager
def running(arrangement: Arrangement) -> Iterator[Running]:
    """Start an arrangement in front of a sink, and end all of it."""
    with ExitStack() as stack:
        yield arrangement.start(start_sink(stack), stack)
