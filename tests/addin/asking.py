"""The service as Outlook asks it: a site of its own, tokens that hold, drafts."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from addin_backend.addin import desk
from addin_backend.addin.application import build
from addin_backend.addin.keys import Published
from addin_backend.site import Site
from tests.addin import tokens
from tests.web.shares import site_in

SETTINGS = (
    f'[pages]\naddin-url = "{tokens.URL}"\n'
    f'[sign-in]\ntenant = "{tokens.TENANT}"\naudience = "{tokens.AUDIENCE}"\n'
    f'exchange-hosts = ["{tokens.EXCHANGE}"]\n'
)
SCHOOL = "office@ambridge-primary.borchester.sch.uk"


class Asking:
    """One service and whoever asks it."""

    def __init__(self, site: Site, client: TestClient) -> None:
        self.site = site
        self.client = client

    def post(self, path: str, given: Any = None, token: str = "", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or tokens.entra()}", **options.pop("headers", {})}
        return self.client.post(f"/api/v1/{path}", json=given, headers=headers, **options)

    def check(self, **draft: Any) -> Any:
        return self.post("check", draft_of(**draft))


@contextmanager
def asking(
    folder: Path, published: Published | None = None, more: str = "", *, hurried: bool = False
) -> Iterator[Asking]:
    """Run a service in the test's own process, with real children.

    A module's tests are one person to the service, who may ask without end unless the test is `hurried`.
    """
    site = site_in(folder, settings=SETTINGS + more)
    at_most = {} if hurried else {"VISITS": (1e9, 1.0), "ASKED": (1e9, 1.0), "ACTS": (1e9, 1.0)}
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, rate in at_most.items():
                patch.setattr(desk, name, rate)
            app = build(site, published or tokens.published())
        with TestClient(app, tokens.URL) as client:
            yield Asking(site, client)
    finally:
        site.store.close()


def draft_of(**given: Any) -> dict[str, Any]:
    """Give a draft of the officer to a school, with some of it changed."""
    return {
        "subject": "Private and Confidential - term dates",
        "sender": tokens.OFFICER,
        "to": [{"address": SCHOOL, "name": "Ambridge Primary"}],
        "body": {"text": "Dear all, term starts on 4 September."},
    } | given


def attachment(
    name: str, content: bytes, declared: str = "application/octet-stream", sent: bool = True
) -> dict[str, Any]:
    """Give an attachment as Outlook tells of it, with or without its content."""
    told = {"name": name, "type": declared, "sha256": hashlib.sha256(content).hexdigest()}
    return told | {"content": base64.b64encode(content).decode()} if sent else told
