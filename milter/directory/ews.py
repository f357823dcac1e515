"""The connection to an Exchange server (EWS, by the library exchangelib), for the directory and the receipts mailbox.

The library is imported when it is first needed, since it is large. Its calls block: they belong into threads.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from milter.directory.entry import DirectoryError
from milter.directory.threads import Threads

CONNECTIONS = 4
T = TypeVar("T")


class Ews:
    """One server and the account that asks it. A failure is told at once, and tried again by whoever asks."""

    def __init__(self, url: str, account: str, password: str, seconds: float, ca_file: str = "") -> None:
        self._url, self._account, self._password = url, account, password
        self._seconds, self._ca_file = seconds, ca_file
        self._made = threading.Lock()
        self._kept: Any = None

    def protocol(self) -> Any:
        """Give the library's protocol; how to sign in and the server's version are found out at the first call."""
        from exchangelib.protocol import Protocol

        with self._made:
            if self._kept is None:
                self._kept = Protocol(config=self.configuration())
                self._kept.TIMEOUT = self._seconds
            assert self._kept.version  # asks the server, once
            return self._kept

    def configuration(self) -> Any:
        """Give the library's configuration."""
        from exchangelib import Configuration, Credentials
        from exchangelib.protocol import BaseProtocol, FailFast

        if self._ca_file:
            BaseProtocol.HTTP_ADAPTER_CLS = _adapter(self._ca_file)
        return Configuration(
            service_endpoint=self._url,
            credentials=Credentials(self._account, self._password),
            retry_policy=FailFast(),
            max_connections=CONNECTIONS,
        )


def _adapter(ca_file: str) -> Any:
    """Give the adapter that trusts an organisation's own certificate authority."""
    from requests.adapters import HTTPAdapter

    class OwnAuthority(HTTPAdapter):
        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            super().cert_verify(conn, url, ca_file if verify else verify, cert)

    return OwnAuthority


async def asked(threads: Threads, work: Callable[[], T]) -> T:
    """Have the library asked in one of the threads. Raises DirectoryError for whatever it raises."""

    def guarded() -> T:
        try:
            return work()
        except DirectoryError:
            raise
        except Exception as error:  # the library raises its own, those of HTTP, of XML, and plain ones
            raise fault_of(error) from error

    return await threads.run(guarded)


def fault_of(error: Exception) -> DirectoryError:
    """Say what an error of the library means for whoever would ask again."""
    from exchangelib import errors

    if isinstance(error, errors.UnauthorizedError | errors.ErrorAccessDenied | errors.ErrorAccountDisabled):
        return DirectoryError("denied")
    if isinstance(error, errors.ErrorServerBusy):
        return DirectoryError("busy", float(error.back_off or 0))
    if isinstance(error, errors.RateLimitError):
        return DirectoryError("busy", float(error.wait or 0))
    if isinstance(error, errors.ErrorTooManyObjectsOpened | errors.ErrorExceededConnectionCount):
        return DirectoryError("busy")
    if isinstance(error, errors.MalformedResponseError | errors.SOAPError):
        return DirectoryError("odd")
    return DirectoryError("down" if isinstance(error, errors.EWSError | OSError) else "odd")
