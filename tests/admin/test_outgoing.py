"""What the pages ask for, the daemon sends: notices to senders, reviewers and governance, by real SMTP."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from milter.outbox import schedule
from milter.store import accounts, quarantine, register, talk
from milter.store.quarantine import Search
from tests.admin.office import open_office
from tests.gateway.harness import OFFICER, running

SETTINGS = '[pages]\nadmin-url = "http://localhost"\n'
TEXT = (
    "From: amira.khan@borchester.gov.uk\r\nTo: head@felpersham.example\r\nSubject: Care plan\r\n\r\n"
    "Jamie Osborne, NHS number 943 476 5919, born 12/03/2015, has a diagnosis of autism.\r\n"
)


def words(arrived):
    return arrived.parsed.get_body(("plain",)).get_content()


def last(gateway, address):
    return words(gateway.sink.to(address)[-1])


def act(folder):
    """Do on the pages what reviewers and governance do; what they write must be sent by the gateway."""
    office = open_office(folder)
    here = office.as_("reviewer", "governance")
    with office.store.read() as tx:
        held = quarantine.search(tx, Search())[0][0]
        entry = register.search(tx, register.Search()).entries[0]
    here.post(f"/quarantine/{held.id}/ask", question="Who authorised this?")
    request = office.store.submit(
        lambda tx: talk.ask(
            tx, "wrong", "sender", "It is mine", judged_id=held.judged_id, organisation=held.organisation
        )
    ).result()
    here.post(f"/requests/{request}", answer="It is not yours alone")
    here.post(f"/register/{entry.id}/incident", kind="mis-sent")
    office.close()
    return held


def opened(folder, link):
    office = open_office(folder)
    status = office.client.get(link.removeprefix("http://localhost")).status_code
    office.close()
    return status


def record(folder, name, until):
    """Record that a device left, on the page; give the person who did."""
    office = open_office(folder)
    person = office.person("recorder", name=name)
    here = office.enter(person)
    common = dict.fromkeys(("recipient_name", "recipient_organisation", "purpose"), "Usha Franks")
    common |= dict.fromkeys(("recipient_job_title", "recipient_telephone", "information"), "0118 496 0177")
    own = {"device": "USB 7", "encryption": "BitLocker", "date": until, "time": "00:00"}
    form = {"csrf": office.store.vault.digest("form", here.token)[:40], **common, **own}
    form |= {"due-return": until, "due-deletion": "2099-01-01"}
    answer = office.client.post(
        "/register/new/device", data=form, headers=here._headers(), follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    office.close()
    return person


async def test_who_recorded_it_is_reminded_of_what_is_due(tmp_path):
    """Whoever recorded a device hears that it is due back, without a name in the mail; else governance does."""
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    async with running(tmp_path, settings=SETTINGS) as gateway:
        here, gone = [await asyncio.to_thread(record, tmp_path, name, yesterday) for name in ("Ed", "Kate")]
        disabled = {"state": "disabled"}
        gateway.store.submit(lambda tx: accounts.change(tx, gone.id, "test", **disabled)).result()
        for _ in range(2):
            gateway.store.submit(schedule.work_for(gateway.service.surroundings)).result()
        await gateway.settle()
        told = [words(one) for one in gateway.sink.to(here.email)]
        instead = gateway.sink.to("governance@borchester.gov.uk")
    assert len(told) == len(instead) == 1
    assert "what was taken out is due back" in told[0]
    assert "http://localhost/register/SG-" in told[0]
    assert "Franks" not in told[0]


async def test_everybody_hears_what_concerns_them(tmp_path):
    """Reviewers hear of a held message, its sender of questions and answers, governance of an incident."""
    addresses = 'review-address = "reviewers@borchester.gov.uk"\n'
    async with running(tmp_path, settings=addresses + SETTINGS) as gateway:
        await gateway.send(OFFICER, ["head@felpersham.example"], TEXT.encode())
        await gateway.settle()
        told = last(gateway, "reviewers@borchester.gov.uk")
        review = re.search(r"http://localhost/ask/\S+", last(gateway, OFFICER))[0]
        held = await asyncio.to_thread(act, tmp_path)
        await gateway.settle()
        to_sender = [words(one) for one in gateway.sink.to(OFFICER)]
        governance = last(gateway, "governance@borchester.gov.uk")
        question = next(text for text in to_sender if "Who authorised this?" in text)
        link = re.search(r"http://localhost/answer/\S+", question)[0]
        assert await asyncio.to_thread(opened, tmp_path, review) == 200
        assert await asyncio.to_thread(opened, tmp_path, link) == 200
    assert f"http://localhost/quarantine/{held.id}" in told
    assert any("It is not yours alone" in text for text in to_sender)
    assert "went to the wrong person" in governance
    assert "http://localhost/incidents/" in governance
    assert not any("943 476" in text for text in (told, governance, *to_sender))
