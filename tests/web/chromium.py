"""Chromium as people have it: with scripts or without, on a desk or on a small phone; and axe to judge pages by."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

PHONE, DESK = (320, 640), (1280, 900)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def missing() -> str:
    """Say why there can be no browser; '' where there can."""
    return "" if shutil.which("chromium") else "Chromium is not installed"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start one for as long as the `with` block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, size: tuple[int, int] = DESK, *, scripts: bool = True) -> Page:
    """Give a window of a visitor of their own."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def faults(page: Page) -> list[str]:
    """Say what axe finds against WCAG 2.2 AA on a page, and whether it has to be scrolled sideways (1.4.10)."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    said = [f"{v['id']}: {[n['html'] for n in v['nodes']]}" for v in found.response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        said.append(f"it is wider than {page.viewport_size}")
    return said
