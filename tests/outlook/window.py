"""The pane in Chromium, at the service's own https address, answered by the real service; Office.js is the stub."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

from tests.addin import tokens
from tests.addin.asking import Asking

STUB = (Path(__file__).parent / "office.js").read_text(encoding="utf-8")
PASSED_ON = ("content-type", "authorization", "origin")


@contextmanager
def pane(
    browser: Browser,
    service: Asking | None,
    size: tuple[int, int] = (320, 900),
    page_name: str = "pane.html",
    **given: Any,
) -> Iterator[Page]:
    """Open the pane over one item. `service` None: its pages are there, its answers are not."""
    told = {"user": tokens.OFFICER, "token": tokens.entra()} | given
    options = {"forced_colors": given.get("forced"), "color_scheme": given.get("scheme")}
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, **{k: v for k, v in options.items() if v}
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.add_init_script(f"globalThis.GIVEN = {json.dumps(told)};")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/*", lambda route: _answer(route, service))
    try:
        page.goto(f"{tokens.URL}/{page_name}")
        yield page
        assert errors == []
    finally:
        context.close()


def _answer(route: Route, service: Asking | None) -> None:
    request = route.request
    if request.url.startswith("https://appsforoffice.microsoft.com/"):
        route.fulfill(status=200, content_type="text/javascript", body=STUB)
    elif not request.url.startswith(tokens.URL) or service is None:
        route.abort()
    else:
        headers = {name: value for name, value in request.headers.items() if name in PASSED_ON}
        path = request.url.removeprefix(tokens.URL)
        answer = service.client.request(
            request.method, path, headers=headers, content=request.post_data_buffer or b""
        )
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)


def state(page: Page, name: str) -> Any:
    """Give what the stub's item holds now."""
    return page.evaluate(f"STATE[{json.dumps(name)}]")
