"""Chromium as people have it: with scripts or without, on a desk or on a small phone; and axe to judge pages by."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

PHONE, DESK = (320, 640), (1280, 900)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }"""
LARGE = "html { font-size: 200% !important }"
WAYS = (  # how people with poor sight read: what it is, the window's size, their own style
    ("at 400% (1.4.10)", PHONE, ""),
    ("with text of 200% (1.4.4)", DESK, LARGE),
    ("with text spaced (1.4.12)", DESK, SPACED),
    ("with text spaced, at 400%", PHONE, SPACED),
)
STYLE = """css => {  // by a sheet of the test's own, which the page's policy on styles does not touch
  const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet];
}"""
CUT = """
() => {
  const edge = document.documentElement.clientWidth, said = new Set();
  const name = e => `${e.tagName.toLowerCase()}.${e.className} '${e.textContent.trim().slice(0, 40)}'`;
  const text = e => [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
  if (document.documentElement.scrollWidth > edge) said.add(`scrolls sideways`);
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest(".govuk-visually-hidden, .govuk-skip-link, svg, input, select, script")) continue;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!box.width || !box.height || style.visibility === "hidden") continue;
    const hides = way => ["hidden", "clip"].includes(way);
    if (hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1) said.add(`cuts off ${name(e)}`);
    if (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1) said.add(`cuts off ${name(e)}`);
    if (text(e) && !e.closest(".seal-scroll") && box.right > edge + 1) said.add(`puts beyond the edge ${name(e)}`);
    if (text(e) && e.scrollWidth > e.clientWidth + 1 && style.display !== "inline" && style.overflowX === "visible"
        && !e.closest(".seal-scroll, .govuk-button")) said.add(`lets spill ${name(e)}`);
  }
  return [...said];
}"""


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


def cut(page: Page) -> list[str]:
    """Say what is lost, or has to be scrolled sideways, when a page is enlarged or its text spaced.

    Tables of data may be scrolled sideways in their own box: the criterion leaves them out.
    """
    before, said = page.viewport_size or {"width": DESK[0], "height": DESK[1]}, []
    for what, (width, height), style in WAYS:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(STYLE, style)
        said += [f"{what} it {one}" for one in page.evaluate(CUT)]
    page.evaluate(STYLE, "")
    page.set_viewport_size(before)
    return said
