"""What tests of shares have in common: the receipts' settings, links and addresses in mail, the password's use."""

import io
import re

import msoffcrypto

from milter.store import shares
from milter.store.shares import Share
from tests.gateway.harness import OFFICER, Arrived, Running

DOMAIN = "receipts.borchester.gov.uk"
PAGES = "https://receipts.borchester.gov.uk"
RECEIPTS = f'[receipts]\ndomain = "{DOMAIN}"\npage-url = "{PAGES}"\n'


def only_share(gateway: Running) -> Share:
    """Give the one share there is."""
    with gateway.store.read() as tx:
        (share,) = shares.search(tx)[0]
    return share


def text_of(arrived: Arrived) -> str:
    """Give the words of a message."""
    body = arrived.parsed.get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())


def told(gateway: Running, subject: str, to: str = OFFICER) -> list[Arrived]:
    """Give the notices that somebody got under a subject that begins so."""
    return [one for one in gateway.sink.to(to) if str(one.parsed["Subject"]).startswith(subject)]


def link(arrived: Arrived, page: str = "c") -> str:
    """Give the token in a link of a page."""
    (token,) = set(re.findall(rf"{PAGES}/{page}/([0-9a-z]+)", text_of(arrived)))
    return str(token)


def password_in(arrived: Arrived) -> str:
    """Give the password in a message: six words joined by hyphens."""
    (password,) = set(re.findall(r"\b[a-z]+(?:-[a-z]+){5}\b", text_of(arrived)))
    return str(password)


def opened(content: bytes, password: str) -> bytes:
    """Open an encrypted Office file as its recipient would."""
    out = io.BytesIO()
    office = msoffcrypto.OfficeFile(io.BytesIO(content))
    office.load_key(password=password, verify_password=True)
    office.decrypt(out)
    return out.getvalue()
