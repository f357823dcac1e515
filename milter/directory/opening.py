"""Opens the directory that the settings name."""

from pathlib import Path

from milter.directory.csvfile import CsvFile
from milter.directory.entry import Source
from milter.directory.ews import Ews
from milter.directory.look_up import Directory
from milter.directory.mailbox import Mailbox
from milter.errors import SealgateError
from milter.settings import DirectorySettings, Settings

MAILBOX_SECONDS = 60.0  # nobody waits for it


def open_directory(settings: DirectorySettings) -> Directory | None:
    """Give the directory, which asks nothing yet; None where there is to be none. SealgateError where it can't be."""
    if settings.kind == "none":
        return None
    return Directory(
        open_source(settings),
        deadline_seconds=settings.deadline_seconds,
        cache_seconds=60.0 * settings.cache_minutes,
    )


def open_mailbox(settings: Settings) -> Mailbox | None:
    """Give the receipts mailbox; None where there is none. SealgateError where the password can't be read."""
    directory, address = settings.directory, settings.receipts.mailbox
    if not address:
        return None
    ews = Ews(
        directory.url, directory.account, password_of(directory), MAILBOX_SECONDS, ca_file=directory.tls_ca
    )
    return Mailbox(ews, address)


def password_of(settings: DirectorySettings) -> str:
    """Read the password or secret of the directory's account. SealgateError where it can't be read."""
    if not settings.password_file:
        return ""
    try:
        return Path(settings.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        words = f"The directory's password file {settings.password_file} can't be read."
        raise SealgateError(words) from error


def open_source(settings: DirectorySettings) -> Source:
    """Give the source itself, without cache and breaker. SealgateError where it can't be opened."""
    if settings.kind == "csv":
        return CsvFile(Path(settings.file))
    password, seconds = password_of(settings), settings.deadline_seconds
    if settings.kind == "graph":
        from milter.directory.graph import Graph

        return Graph(
            settings.tenant, settings.client_id, password, seconds, url=settings.url, ca_file=settings.tls_ca
        )
    if settings.kind == "exchange":
        from milter.directory.exchange import Exchange

        return Exchange(Ews(settings.url, settings.account, password, seconds, settings.tls_ca))
    try:
        from milter.directory.ldap import Ldap
    except ImportError as error:
        words = "LDAP needs an extra; in the folder that Sealgate was installed from: pip install '.[ldap]'"
        raise SealgateError(words) from error
    return Ldap(settings.url, settings.base, settings.account, password, seconds, settings.tls_ca)
