"""The recipient's pages in a real browser, served by the real process: as people meet them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from addin_backend.site import Site
from milter.store import incidents
from tests.postfix.instance import free_port
from tests.running import Daemon
from tests.web.chromium import DESK, PHONE, chromium, faults, missing, opened
from tests.web.shares import PASSWORD, PERSON, asked, begin, share_of, site_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is one"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def url() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def site(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("receipts") / "etc"
    listen = url.removeprefix("http://")
    made = site_in(folder, settings=f'[receipts]\npage-url = "{url}"\nlisten = "{listen}"\n')
    with Daemon("-m", "addin_backend", "receipt", "--config", str(folder)):
        yield made
    made.store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def fill(page: Page) -> None:
    for label, name in (
        ("Full name", "name"),
        ("Job title", "job_title"),
        ("Organisation", "organisation"),
        ("Telephone number", "telephone"),
    ):
        page.get_by_label(label).fill(PERSON[name])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_person_confirms(
    size: tuple[int, int], scripts: bool, site: Site, url: str, browser: Browser
) -> None:
    """Fill in four fields, press the button, read that the password is on its way; reload, and nothing more happens."""
    begun = begin(site.store)
    page = opened(browser, size, scripts=scripts)
    page.goto(f"{url}/c/{begun.page}")
    fill(page)
    page.get_by_role("button", name="Confirm that I have it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Thank you. You have confirmed that you have it"
    )
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Thank you. You have confirmed that you have it"
    )
    assert PASSWORD not in page.content()
    assert share_of(site.store, begun).state == "released"
    assert asked(site.store, begun) == [("password", "recipient")]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_wrong_person_says_so(scripts: bool, site: Site, url: str, browser: Browser) -> None:
    """Two presses: the link, and the button on the page that says what it does."""
    begun = begin(site.store)
    page = opened(browser, PHONE, scripts=scripts)
    page.goto(f"{url}/c/{begun.page}")
    page.get_by_role("link", name="say that it is not for you").click()
    page.get_by_role("button", name="This is not for me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")
    with site.store.read() as tx:
        assert [one.share_id for one in incidents.listed(tx) if one.share_id == begun.id] == [begun.id]
    assert share_of(site.store, begun).password_destroyed_at is not None


def test_mistakes_are_said_where_the_reader_is(site: Site, url: str, browser: Browser) -> None:
    """The title begins with 'Error', the summary has the focus, and its links lead to the fields."""
    begun = begin(site.store)
    page = opened(browser)
    page.goto(f"{url}/c/{begun.page}")
    page.get_by_role("button", name="Confirm that I have it").click()
    expect(page).to_have_title(
        "Error: Confirm that a document has reached the right person - Borchester Borough Council"
    )
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter your job title").click()
    expect(page.get_by_label("Job title")).to_be_focused()
    expect(page.get_by_label("Job title")).to_have_accessible_description("Error: Enter your job title")


def test_the_keyboard_is_enough(site: Site, url: str, browser: Browser) -> None:
    """From the link to the confirmation with Tab, letters and Enter."""
    begun = begin(site.store)
    page = opened(browser)
    page.goto(f"{url}/c/{begun.page}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    for name in PERSON:
        page.keyboard.press("Tab")
        page.keyboard.type(PERSON[name])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Thank you. You have confirmed that you have it"
    )


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_meets_wcag_2_2_aa(size: tuple[int, int], site: Site, url: str, browser: Browser) -> None:
    """Axe finds nothing, no page scrolls sideways, and none asks anything of another host."""
    waiting, telephone, refused, taken = (begin(site.store) for _ in range(4))
    by_telephone = begin(site.store, way="telephone")
    page = opened(browser, size)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    found: dict[str, list[str]] = {}

    def judge(name: str) -> None:
        found[name] = faults(page)

    for path in ("/", "/privacy", "/accessibility", "/nowhere", "/c/gone"):
        page.goto(url + path)
        judge(path)
    page.goto(f"{url}/c/{waiting.page}")
    judge("to confirm")
    page.get_by_role("button", name="Confirm that I have it").click()
    judge("with errors")
    fill(page)
    page.get_by_role("button", name="Confirm that I have it").click()
    judge("confirmed")
    page.get_by_role("button", name="Send the password again").click()
    judge("sent again")
    page.goto(f"{url}/c/{refused.page}/not-for-me")
    judge("not for me")
    page.get_by_role("button", name="This is not for me").click()
    judge("thank you")
    page.goto(f"{url}/s/{telephone.sender}")
    judge("sender")
    page.goto(f"{url}/s/{by_telephone.sender}")
    page.get_by_role("button", name="I have told them the password").click()
    judge("sender with errors")
    page.goto(f"{url}/s/{taken.sender}/take-back")
    judge("take back")
    page.get_by_role("button", name="Take it back").click()
    judge("taken back")
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == 15
    assert hosts == {url.removeprefix("http://")}
