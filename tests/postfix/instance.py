"""A private Postfix: own folders, own ports, loopback only; the machine's own is not touched."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

DEPLOY = Path(__file__).parents[2] / "deploy" / "postfix"

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}.example
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
alias_database =
relayhost = [127.0.0.1]:{relay}
default_database_type = texthash
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
biff = no
anvil_rate_time_unit = 600s
smtpd_client_connection_count_limit = 0
minimal_backoff_time = 3600s
maximal_backoff_time = 3600s
queue_run_delay = 3600s
bounce_queue_lifetime = 1d
debug_peer_list =
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
    -o smtpd_authorized_xforward_hosts=127.0.0.0/8
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""


def missing() -> str:
    """Say why there can be no Postfix here; '' where there can."""
    if shutil.which("postfix") is None or not Path("/usr/lib/postfix/sbin/master").exists():
        return "Postfix is not installed"
    return "" if os.geteuid() == 0 else "Postfix needs root to start"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for another program; fails where it does not come to pass."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never came to pass: {what}"
        time.sleep(0.05)


class Postfix:
    """One instance. It relays all mail to `relay`; `snippets` of deploy/postfix are appended, ports changed."""

    def __init__(
        self, name: str, relay: int, snippets: tuple[str, ...] = (), ports: dict[int, int] | None = None
    ) -> None:
        self.before: tuple[
            str, ...
        ] = ()  # a command that starts it, such as one that gives it another resolver
        self.port = free_port()
        self._forgotten = 0
        self.folder = Path(tempfile.mkdtemp(prefix=f"sealgate-{name}-"))
        self.folder.chmod(0o755)  # its daemons run as another user
        for part in ("queue", "data", "etc"):
            (self.folder / part).mkdir(mode=0o755)
        shutil.chown(self.folder / "data", "postfix")
        main = _MAIN.format(folder=self.folder, name=name, relay=relay)
        master = _MASTER.format(port=self.port)
        for snippet in snippets:
            text = (DEPLOY / snippet).read_text()
            for shipped, here in (ports or {}).items():
                text = text.replace(f":{shipped}", f":{here}")
            if snippet.endswith(".main.cf"):
                main += text
            else:
                master += text
        (self.folder / "etc" / "main.cf").write_text(main)
        (self.folder / "etc" / "master.cf").write_text(master)

    def __enter__(self) -> "Postfix":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        done = self._run("postfix", "start", *self.before)
        assert done.returncode == 0, done.stderr + done.stdout + self.log()

    def stop(self) -> None:
        self._run("postfix", "stop")

    def flush(self) -> None:
        """Try everything in the queue again, now."""
        self._run("postqueue", "-f")

    def queue(self) -> str:
        """The queue as `postqueue -j` tells it: a JSON object a line, '' where it is empty."""
        return self._run("postqueue", "-j").stdout.strip()

    def log(self) -> str:
        """Give what was logged since the last `forget_log`."""
        log = self.folder / "log"
        return log.read_text(errors="replace")[self._forgotten :] if log.exists() else ""

    def forget_log(self) -> None:
        self._forgotten += len(self.log())

    def _run(self, command: str, word: str, *before: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, command, "-c", str(self.folder / "etc"), word],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
