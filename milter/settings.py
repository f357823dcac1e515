"""The static settings, `sealgate.toml`: read once at start. What may change while running is the policy.

Each setting is documented in the shipped file, beside its default. Units are in the names. Passwords and keys
are never settings: a setting names the file that holds one.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from milter.configuration import describe as describe_values
from milter.configuration import fill, open_document
from milter.errors import ConfigurationError

T = TypeVar("T")
Tls = Literal["none", "opportunistic", "verified"]
DirectoryKind = Literal["none", "csv", "ldap", "exchange", "graph"]


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
    memory_mib: int = 160  # of the child, beyond what it begins with
    password_tries: int = 40  # words of the message tried on a locked file
    ocr_pages: int = 30
    ocr_seconds: float = 15.0  # of the processor, all pictures of one message together


@dataclass(frozen=True, slots=True)
class Smtp:
    """The receiving side (RFC 5321)."""

    listen: tuple[str, ...] = ("127.0.0.1:10025",)
    hostname: str = "localhost"
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose connections may relay
    xforward_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose XFORWARD is believed
    shared_networks: tuple[
        str, ...
    ] = ()  # servers that others use too; their mail must prove that it is ours
    entry_secret_file: str = ""  # holds the value of X-Sealgate-Entry, by which it does
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
    tls: Tls = "none"
    tls_ca: str = ""  # '' takes the system's
    connections: int = 20  # kept open by each process
    connect_seconds: float = 30.0
    reply_seconds: float = 300.0
    passed_secret_file: str = ""  # holds the value of X-Sealgate-Passed, which Exchange's rules look for


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
    page_url: str = ""  # where the pages are seen from outside: 'https://receipts.example.gov.uk'
    listen: str = "127.0.0.1:8082"
    mailbox: str = ""  # an Exchange mailbox that receipts come to instead, read by the directory's account
    mailbox_minutes: int = 2  # between two looks into it


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of staff."""

    admin_url: str = ""  # where they are seen: 'https://sealgate.example.gov.uk'; '' for none
    admin_listen: str = "127.0.0.1:8081"
    addin_url: str = ""
    addin_listen: str = "127.0.0.1:8083"
    proxies: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # whose X-Forwarded-For is believed


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept stays (law 8). The register stays; what it speaks of does not."""

    held_days: int = 30  # content of a held message, from the decision on
    facts_days: int = 60  # facts without content, for replay
    progress_days: int = 10  # longer than any upstream server keeps trying
    judged_days: int = 730


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who may sign in to the reviewers' pages and the add-in's service."""

    issuer: str = ""  # OpenID Connect; '' leaves local accounts only
    client_id: str = ""
    client_secret_file: str = ""
    local_accounts: bool = True
    session_minutes: int = 60
    tenant: str = ""  # Entra tenant of the add-in's users
    audience: str = ""  # of the add-in's access tokens
    exchange_hosts: tuple[str, ...] = ()  # whose metadata addresses (amurl) identity tokens may name


@dataclass(frozen=True, slots=True)
class Dns:
    """Evidence of routes (E4). A look-up never holds up mail beyond its deadline."""

    enabled: bool = True
    servers: tuple[str, ...] = ()  # addresses; none takes the system's
    trusted: bool = False  # the resolver validates DNSSEC and the way to it is safe: believe its AD bit
    deadline_seconds: float = 3.0
    cache_entries: int = 10_000
    probe: bool = False  # connect to port 25 and check the certificate
    private: bool = False  # ask hosts on private addresses, too
    socketmap: str = ""  # where Postfix asks for smtp_tls_policy_maps; '' answers nobody


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """Where a recipient's name, job title, department and telephone come from (E2)."""

    kind: DirectoryKind = "none"
    file: str = ""  # csv
    url: str = ""  # ldaps://..., https://.../EWS/Exchange.asmx
    tls_ca: str = ""  # '' takes the system's
    base: str = ""  # ldap
    account: str = ""
    password_file: str = ""
    tenant: str = ""  # graph
    client_id: str = ""  # graph
    deadline_seconds: float = 2.0
    cache_minutes: int = 60


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
    seen_mib: int = 8  # memory of each gateway process for what was found in attachments seen lately
    folder: Path = Path()  # where the file lies
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    node: str = ""  # this node's name among several; '' takes the host's
    sign_in: SignIn = field(default_factory=SignIn)
    dns: Dns = field(default_factory=Dns)
    directory: DirectorySettings = field(default_factory=DirectorySettings)
    metrics: str = ""  # where Prometheus reads; '' nowhere


def shipped_folder() -> Path:
    """Give the folder of the configuration that came with the program: the reference of every setting."""
    here = Path(__file__).parent
    return here / "shipped" if (here / "shipped").is_dir() else here.parent / "config"


def load_settings(folder: Path) -> Settings:
    """Load `sealgate.toml` of a folder, its relative paths made absolute.

    Raises ConfigurationError with every mistake in it.
    """
    from milter.settings_checks import check

    document = open_document(folder / "sealgate.toml")
    settings = fill(Settings, document, (), document.table, given={"folder": folder.resolve()})
    settings = _resolved(settings)
    check(settings, document)
    if document.problems:
        raise ConfigurationError(tuple(sorted(document.problems, key=lambda problem: problem.line)))
    return settings


def describe(settings: Settings) -> str:
    """Give the settings in force as lines such as 'smtp.size-bytes = 52428800'. No secret is among them."""
    return "\n".join(describe_values(settings))


def _resolved(settings: Settings) -> Settings:
    """Make the paths of files absolute."""
    folder = settings.folder
    return replace(
        settings,
        smtp=_with_paths(settings.smtp, folder, "tls_certificate", "tls_key", "entry_secret_file"),
        next_hop=_with_paths(settings.next_hop, folder, "tls_ca", "passed_secret_file"),
        secure_next_hop=settings.secure_next_hop
        and _with_paths(settings.secure_next_hop, folder, "tls_ca", "passed_secret_file"),
        store=replace(
            _with_paths(settings.store, folder, "key_file"), url=_store_url(settings.store.url, folder)
        ),
        sign_in=_with_paths(settings.sign_in, folder, "client_secret_file"),
        directory=_with_paths(settings.directory, folder, "file", "password_file", "tls_ca"),
    )


def _with_paths(section: T, folder: Path, *names: str) -> T:
    given = {name: getattr(section, name) for name in names}
    absolute = {name: str(folder / value) for name, value in given.items() if value}
    return replace(section, **absolute)  # type: ignore[type-var]  # sections are dataclasses


def _store_url(url: str, folder: Path) -> str:
    """Put the folder before a relative SQLite path: 'sqlite:///var/x.db'."""
    path = url.removeprefix("sqlite:///")
    return f"sqlite:///{folder / path}" if path != url and path and path != ":memory:" else url
