"""What settings must be beyond their types: addresses, networks, files that are there, no contradictions."""

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from milter.configuration import Document, Key, in_words
from milter.settings import NextHop, Settings

# RFC 1123 2.1
HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?"
)
ADDRESS = re.compile(r"[^@\s<>()\",;:]{1,64}@[^@\s<>()\",;:]{1,255}")
TENANT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SECRET = re.compile(rb"[A-Za-z0-9]{20,200}")
MAX_PORT = 65_535
STORES = ("sqlite:///", "postgresql+psycopg://")

# Settings that make no sense at 0.
AT_LEAST_ONE: tuple[Key, ...] = (
    ("children",),
    *(
        ("smtp", name)
        for name in ("size-bytes", "recipients", "connections", "command-seconds", "data-seconds")
    ),
    *(("next-hop", name) for name in ("connections", "connect-seconds", "reply-seconds")),
    *(("caps", name) for name in ("header-bytes", "header-fields", "depth", "parts", "addresses", "views")),
    *(
        ("read", name)
        for name in ("depth", "members", "ratio", "total-bytes", "text-chars", "pages", "seconds")
    ),
    ("read", "memory-mib"),
    ("sign-in", "session-minutes"),
    *(("retention", name) for name in ("held-days", "facts-days", "progress-days", "judged-days")),
    ("receipts", "mailbox-minutes"),
    ("dns", "deadline-seconds"),
    ("directory", "deadline-seconds"),
)
NEEDS = {  # of each kind of directory
    "csv": ("file",),
    "ldap": ("url", "base"),
    "exchange": ("url", "account", "password-file"),
    "graph": ("tenant", "client-id", "password-file"),
}


SCHEMES = {"ldap": ("ldaps", "ldap"), "exchange": ("https",), "graph": ("https",)}


def check(settings: Settings, document: Document) -> None:
    """Note every mistake in the document."""
    _numbers(settings, document)
    _smtp(settings, document)
    _next_hop(settings.next_hop, "next-hop", document)
    if settings.secure_next_hop:
        _next_hop(settings.secure_next_hop, "secure-next-hop", document)
        if settings.secure_next_hop == settings.next_hop:
            cause = "it is the ordinary next hop, which enforces nothing"
            document.wrong(
                ("secure-next-hop",), cause, "Name the transport that delivers over verified TLS only."
            )
    _store(settings, document)
    _listeners(settings, document)
    _people(settings, document)
    _directory(settings, document)


def _numbers(settings: Settings, document: Document) -> None:
    for key in AT_LEAST_ONE:
        value: object = settings
        for name in key:
            value = getattr(value, str(name).replace("-", "_"))
        if isinstance(value, int | float) and value <= 0:
            document.wrong(
                key, "it is 0, and nothing would get through", "Take a larger number, or leave it out."
            )


def _smtp(settings: Settings, document: Document) -> None:
    smtp = settings.smtp
    for name, networks in (
        ("networks", smtp.networks),
        ("xforward-networks", smtp.xforward_networks),
        ("shared-networks", smtp.shared_networks),
    ):
        _networks(("smtp", name), networks, document, may_be_all=False)
    given = document.table.get("smtp")
    given = given if isinstance(given, dict) else {}
    if given.get("listen") == []:
        document.wrong(("smtp", "listen"), "it is empty", 'Write an address and port: ["127.0.0.1:10025"].')
    if given.get("networks") == []:
        document.wrong(
            ("smtp", "networks"), "it is empty, so nobody could send", "Name your mail server's network."
        )
    if not HOST.fullmatch(smtp.hostname):
        document.wrong(
            ("smtp", "hostname"), f"{smtp.hostname!r} is no host name", "Write one like mx1.example.org."
        )
    _secret(("smtp", "entry-secret-file"), smtp.entry_secret_file, document)
    if smtp.shared_networks and not smtp.entry_secret_file:
        cause = "without a secret, everybody who uses those servers could send as you"
        document.wrong(("smtp", "shared-networks"), cause, "Set entry-secret-file too.")
    _pair(("smtp",), smtp.tls_certificate, smtp.tls_key, document)


def _networks(key: Key, networks: tuple[str, ...], document: Document, *, may_be_all: bool) -> None:
    for place, text in enumerate(networks):
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            cause = (
                f"{text!r} is no network ({error})"
                if "host bits" in str(error)
                else f"{text!r} is no network"
            )
            document.wrong((*key, place), cause, "Write it like 10.1.0.0/16 or 2001:db8::/32.")
            continue
        if network.prefixlen == 0 and not may_be_all:
            cause = f"{text} is the whole Internet: this would be an open relay"
            document.wrong((*key, place), cause, "Name your own mail servers' networks.")


def _pair(key: Key, certificate: str, private_key: str, document: Document) -> None:
    if bool(certificate) != bool(private_key):
        missing, given = ("tls-key", "tls-certificate") if certificate else ("tls-certificate", "tls-key")
        document.wrong(
            (*key, given), f"it needs {missing} beside it", f"Name the file of {missing}, or neither."
        )
    for name, path in (("tls-certificate", certificate), ("tls-key", private_key)):
        _file((*key, name), path, document)


def _file(key: Key, path: str, document: Document) -> None:
    if path and not Path(path).is_file():
        document.wrong(key, f"there is no file {path}", "Put it there, or correct the path.")


def _next_hop(hop: NextHop, name: str, document: Document) -> None:
    if not HOST.fullmatch(hop.host) and not _is_ip(hop.host):
        document.wrong(
            (name, "host"), f"{hop.host!r} is no host name or address", "Write one, without a port."
        )
    if not 1 <= hop.port <= MAX_PORT:
        document.wrong((name, "port"), f"{hop.port} is no port", f"Take 1 to {MAX_PORT}.")
    if hop.tls_ca and hop.tls != "verified":
        cause = f"a certificate authority is given, but tls is '{hop.tls}'"
        document.wrong((name, "tls-ca"), cause, 'Set tls = "verified", or leave tls-ca out.')
    if hop.tls == "verified" and _is_ip(hop.host) and not hop.tls_ca:
        cause = "certificates of public authorities name hosts, not addresses"
        document.wrong((name, "host"), cause, "Write the host's name, or give tls-ca.")
    _file((name, "tls-ca"), hop.tls_ca, document)
    _secret((name, "passed-secret-file"), hop.passed_secret_file, document)


def _secret(key: Key, path: str, document: Document) -> None:
    _file(key, path, document)
    if path and Path(path).is_file() and not SECRET.fullmatch(Path(path).read_bytes().strip()):
        cause = f"{path} does not hold one word of 20 to 200 letters and digits"
        document.wrong(key, cause, "Make one: openssl rand -hex 32 > FILE")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _store(settings: Settings, document: Document) -> None:
    if not settings.store.url.startswith(STORES):
        cause = f"{settings.store.url.partition(':')[0]!r} is no store"  # the rest may hold a password
        document.wrong(
            ("store", "url"), cause, "Write sqlite:///path or postgresql+psycopg://user@host/name."
        )
    if not settings.store.key_file:
        document.wrong(("store", "key-file"), "it is empty", "Name a file; it is made on first start.")


def _listeners(settings: Settings, document: Document) -> None:
    taken: dict[str, str] = {}
    for key, listen in _listens(settings):
        if not _is_listen(listen):
            document.wrong(
                key, f"{listen!r} is no address and port", "Write it like 127.0.0.1:10025 or [::1]:10025."
            )
            continue
        if listen in taken and not listen.endswith(":0"):  # at port 0 the system picks a free one
            document.wrong(key, f"{listen} is taken by {taken[listen]} already", "Take another port.")
        taken.setdefault(listen, in_words(key))
    for name, hop in (("next-hop", settings.next_hop), ("secure-next-hop", settings.secure_next_hop)):
        if hop and f"{hop.host}:{hop.port}" in settings.smtp.listen:
            cause = "mail would come straight back: Sealgate listens there itself"
            document.wrong((name, "port"), cause, "Name the server behind Sealgate.")
    _networks(("pages", "proxies"), settings.pages.proxies, document, may_be_all=False)
    for key, url in (
        (("receipts", "page-url"), settings.receipts.page_url),
        (("pages", "admin-url"), settings.pages.admin_url),
        (("pages", "addin-url"), settings.pages.addin_url),
    ):
        if url and not _is_https(url):
            document.wrong(key, f"{url!r} is no https address", "Write it like https://share.example.org.")


def _listens(settings: Settings) -> Iterator[tuple[Key, str]]:
    for place, listen in enumerate(settings.smtp.listen):
        yield ("smtp", "listen", place), listen
    for name in ("admin-listen", "addin-listen"):
        yield ("pages", name), getattr(settings.pages, name.replace("-", "_"))
    yield ("receipts", "listen"), settings.receipts.listen
    if settings.metrics:
        yield ("metrics",), settings.metrics
    if settings.dns.socketmap:
        yield ("dns", "socketmap"), settings.dns.socketmap


def _is_listen(listen: str) -> bool:
    host, _, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    right_host = _is_ip(bare) if bare != host or ":" in host else _is_ip(host) or bool(HOST.fullmatch(host))
    return (
        right_host
        and (bare != host or ":" not in host)
        and port.isascii()
        and port.isdigit()
        and len(port) <= 5
        and int(port) <= MAX_PORT
    )


def _is_https(url: str) -> bool:
    """Whether people may be sent there: https, or anything on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.hostname) and parts.scheme in ({"http", "https"} if local else {"https"})


def _has_scheme(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether an address begins with one of the schemes and names a host; plain http may stay on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme in schemes or ("https" in schemes and _is_https(url)))


def _people(settings: Settings, document: Document) -> None:
    for name in ("help_address", "governance_address", "review_address", "notices_address"):
        value = getattr(settings.contact, name)
        if value and not ADDRESS.fullmatch(value):
            key = ("contact", name.replace("_", "-"))
            document.wrong(key, f"{value!r} is no e-mail address", "Write it like help@example.gov.uk.")
    receipts = settings.receipts
    if receipts.domain and not HOST.fullmatch(receipts.domain):
        document.wrong(("receipts", "domain"), f"{receipts.domain!r} is no domain", "Write one, without '@'.")
    if receipts.domain and receipts.mailbox:
        cause = "both a domain and a mailbox are given"
        document.wrong(
            ("receipts", "mailbox"), cause, "Take one: receipts come to the domain or to the mailbox."
        )
    if receipts.mailbox and settings.directory.kind != "exchange":
        cause = "a mailbox needs the account of an Exchange directory"
        document.wrong(
            ("receipts", "mailbox"), cause, 'Set kind = "exchange" in [directory], or take a domain.'
        )


def _addin(settings: Settings, document: Document) -> None:
    given = settings.sign_in
    if given.tenant and not TENANT.fullmatch(given.tenant):
        cause = f"{given.tenant!r} is no tenant's id, which tokens bear"
        document.wrong(("sign-in", "tenant"), cause, "Write the id that Entra shows, not the domain.")
    if given.tenant and not given.audience:
        cause = "no token could be told from one for another service"
        document.wrong(("sign-in", "tenant"), cause, "Set audience in [sign-in] too.")
    for place, host in enumerate(given.exchange_hosts):
        bare, colon, port = host.partition(":")
        if not HOST.fullmatch(bare) or (colon and not port.isdecimal()):
            cause = f"{host!r} is no host"
            document.wrong(("sign-in", "exchange-hosts", place), cause, "Write it like mail.example.gov.uk.")


def _directory(settings: Settings, document: Document) -> None:
    directory = settings.directory
    for need in NEEDS.get(directory.kind, ()):
        if not getattr(directory, need.replace("-", "_")):
            cause = f"a directory of the kind '{directory.kind}' needs {need}"
            document.wrong(("directory", "kind"), cause, f"Set {need} in [directory].")
    schemes = SCHEMES.get(directory.kind, ())
    if directory.url and schemes and not _has_scheme(directory.url, schemes):
        cause = f"{directory.url!r} is no {' or '.join(schemes)} address"
        document.wrong(("directory", "url"), cause, f"Write it like {schemes[0]}://server.example.gov.uk.")
    for name in ("file", "password_file", "tls_ca"):
        _file(("directory", name.replace("_", "-")), getattr(directory, name), document)
    if settings.sign_in.issuer and not settings.sign_in.client_id:
        cause = "OpenID Connect needs client-id"
        document.wrong(("sign-in", "issuer"), cause, "Set client-id in [sign-in].")
    _addin(settings, document)
    if not settings.sign_in.issuer and not settings.sign_in.local_accounts:
        cause = "nobody could sign in"
        document.wrong(("sign-in", "local-accounts"), cause, "Set an issuer, or allow local accounts.")
    _file(("sign-in", "client-secret-file"), settings.sign_in.client_secret_file, document)
    for place, server in enumerate(settings.dns.servers):
        if not _is_ip(server):
            document.wrong(
                ("dns", "servers", place), f"{server!r} is no address", "Write it like 192.0.2.53."
            )
