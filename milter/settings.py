"""The static settings, `sealgate.toml`: read once at start. What may change while running is the policy.

Each setting is documented in the shipped file, beside its default. Units are in the names.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits before a message is parsed (pitfall 37). A message beyond one is not inspected in full."""

    header_bytes: int = 256 * 1024  # of one header block
    header_fields: int = 1_000
    depth: int = 50  # of nested multiparts and messages
    parts: int = 1_000
    addresses: int = 10_000  # in one address header
    views: int = 16  # plausible views of one message's structure


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits on reading one attachment. Hitting one is the verdict 'limit'."""

    depth: int = 8  # files within files
    members: int = 2_000  # files of all archives of one attachment together
    ratio: int = 200  # unpacked bytes to packed ones, above 10 MiB unpacked
    total_bytes: int = 256 * 1024 * 1024  # unpacked, all members together
    text_chars: int = 32 * 1024 * 1024
    pages: int = 2_000
    seconds: float = 30.0  # CPU and wall time of the child
    memory_mib: int = 1_024  # of the child
    password_tries: int = 40  # words of the message tried on a locked file
    ocr_pages: int = 10


@dataclass(frozen=True, slots=True)
class Smtp:
    """The receiving side (RFC 5321)."""

    listen: tuple[str, ...] = ("127.0.0.1:10025",)
    hostname: str = "localhost"
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose connections may relay
    xforward_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose XFORWARD is believed
    tls_certificate: str = ""
    tls_key: str = ""
    size_bytes: int = 50 * 1024 * 1024
    recipients: int = 1_000
    connections: int = 200  # of each process
    command_seconds: float = 300.0
    data_seconds: float = 600.0
    hops: int = 50  # Received fields, beyond which a message is in a loop (RFC 5321 6.3)
    processes: int = 0  # 0: one for each core


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where mail goes on to."""

    host: str = "127.0.0.1"
    port: int = 10026
    tls: str = "none"  # none | opportunistic | verified
    tls_ca: str = ""  # '' takes the system's
    connections: int = 20  # kept open by each process
    connect_seconds: float = 30.0
    reply_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where everything is recorded."""

    url: str = "sqlite:///var/sealgate.db"  # or postgresql+psycopg://...
    key_file: str = "var/sealgate.key"  # made on first start, mode 0600


@dataclass(frozen=True, slots=True)
class Contact:
    """Who speaks in notices, and whom a reader asks (P4). Published addresses and numbers only."""

    organisation: str = "Your organisation"
    telephone: str = ""  # the published switchboard number, by which a doubtful reader checks a notice
    help_name: str = "the information governance team"
    help_address: str = ""
    help_telephone: str = ""
    governance_address: str = ""  # where incidents go
    review_address: str = ""  # where reviewers are told that something waits; '' tells nobody
    notices_address: str = "postmaster@localhost"  # From of what the gateway writes
    regulator: str = "Information Commissioner's Office (ICO)"


@dataclass(frozen=True, slots=True)
class Receipts:
    """How a recipient confirms (E6)."""

    domain: str = ""  # mail to it is taken in as receipts; '' asks for no replies by mail
    page_url: str = ""  # where the confirmation pages are seen from outside: 'https://receipts.example.gov.uk'
    listen: str = "127.0.0.1:8082"


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of staff."""

    admin_url: str = ""  # where they are seen: 'https://sealgate.example.gov.uk'; '' for none
    admin_listen: str = "127.0.0.1:8081"
    addin_url: str = ""
    addin_listen: str = "127.0.0.1:8083"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept stays (law 8). The register stays; what it speaks of does not."""

    held_days: int = 30  # content of a held message, from the decision on
    facts_days: int = 60  # facts without content, for replay
    progress_days: int = 10  # longer than any upstream server keeps trying
    judged_days: int = 730


@dataclass(frozen=True, slots=True)
class Settings:
    """All of `sealgate.toml`. Relative paths are relative to the folder that it lies in."""

    smtp: Smtp = field(default_factory=Smtp)
    next_hop: NextHop = field(default_factory=NextHop)
    secure_next_hop: NextHop | None = None  # for mail that may go only over verified TLS
    store: StoreSettings = field(default_factory=StoreSettings)
    caps: Caps = field(default_factory=Caps)
    read: ReadLimits = field(default_factory=ReadLimits)
    contact: Contact = field(default_factory=Contact)
    receipts: Receipts = field(default_factory=Receipts)
    pages: Pages = field(default_factory=Pages)
    retention: Retention = field(default_factory=Retention)
    children: int = 1  # warm child processes for each gateway process
    folder: Path = Path()  # where the file lies
    log_level: str = "info"
