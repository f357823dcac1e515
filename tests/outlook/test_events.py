"""The event code under an engine without a page, over a stub of Office.js and the real service."""

import base64
import hashlib
import json
import re
from itertools import pairwise
from typing import Any

import esprima
import pytest

from addin_backend.addin.files import content
from milter.cli.samples import RETIRED, document
from milter.message.text import decode_words
from tests.addin import tokens
from tests.addin.asking import SCHOOL, Asking
from tests.outlook.engine import Engine, file, mailbox

NOTE = "Jamie Osborne, born 12/03/2015, NHS No 943 476 5919, was seen for autism and self-harm."
PARENT = "dave.archer.family@hotmail.co.uk"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TO_SCHOOL = {"to": [mailbox(SCHOOL)], "subject": "Private and Confidential - term dates"}
PERSONAL = TO_SCHOOL | {"subject": "case", "body": f"<p>{NOTE}</p>"}


@pytest.mark.parametrize("script", ["events.js", "pane.js"])
def test_the_code_is_plain_es2016(script: str) -> None:
    """Older classic Outlook reads it: no async functions, no trailing commas in calls, nothing later than ES2016."""
    source = content(script, tokens.URL, entra=True)
    tree = esprima.parseScript(source, tokens=True).toDict()

    def nodes(value: Any):
        if isinstance(value, dict):
            yield value
            for inner in value.values():
                yield from nodes(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from nodes(inner)

    later = [n for n in nodes(tree) if n.get("isAsync") or n.get("type") in {"AwaitExpression", "Import"}]
    assert later == []
    values = [token["value"] for token in tree["tokens"]]
    assert not [1 for one, two in pairwise(values) if one == "," and two == ")"]
    assert re.search(r"\*\*=?|\.\.\.", re.sub(r'"[^"]*"|//.*', "", source)) is None


def test_the_event_code_knows_no_page_and_no_relative_address() -> None:
    """It names neither document nor window, and asks whole addresses alone."""
    source = content("events.js", tokens.URL, entra=True)
    code = source[source.index("var Sealgate = ") :]  # behind the texts
    assert not re.search(r"\b(document|window|localStorage|fetch|btoa|atob|TextEncoder)\b", code)
    assert tokens.URL in code
    assert "%SEALGATE" not in source


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 1_000])
def test_digests_are_sha_256(size: int) -> None:
    """The digest that is told is the one that the service makes itself."""
    octets = bytes(n * 7 % 256 for n in range(size))
    engine = Engine(None)
    encoded = base64.b64encode(octets).decode()
    assert (
        engine.value(f"Sealgate.sha256(Sealgate.fromBase64('{encoded}'))")
        == hashlib.sha256(octets).hexdigest()
    )
    assert engine.value(f"Sealgate.toBase64(Sealgate.fromBase64('{encoded}'))") == encoded


def test_a_clean_message_is_sent(service: Asking) -> None:
    """Nothing to say, so nothing is said."""
    assert Engine(service, **TO_SCHOOL, body="<p>Term starts on 4 September.</p>").raised("onSend") == {
        "allowEvent": True
    }


def test_a_message_with_personal_information_is_told_of(service: Asking) -> None:
    """The sender reads what will happen and why, can open the pane, and may go on: the gateway protects it."""
    told = Engine(service, **PERSONAL).raised("onSend")
    assert told["allowEvent"] is False
    assert told["cancelLabel"] == "Fix it"
    assert told["commandId"] == "composeButton"
    assert told["sendModeOverride"] == "promptUser"
    assert "The text of the message carries personal information" in told["errorMessage"]
    assert told["errorMessageMarkdown"].startswith("**This will be locked with a password")
    assert "943" not in json.dumps(told)


def test_what_would_be_refused_can_not_be_sent_past_the_alert(service: Asking) -> None:
    """For a personal account the alert has no way on but through the pane."""
    told = Engine(service, **PERSONAL | {"to": [mailbox(PARENT)]}).raised("onSend")
    assert told["errorMessage"].startswith("This can't be sent to everyone as it is:")
    assert "sendModeOverride" not in told


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        ("1.15", set()),
        ("1.14", {"errorMessageMarkdown"}),
        ("1.12", {"errorMessageMarkdown", "cancelLabel", "commandId", "sendModeOverride"}),
    ],
)
def test_only_what_the_client_knows_is_used(service: Asking, version: str, missing: set[str]) -> None:
    """An older Outlook gets plain words and the way to the pane in them."""
    told = Engine(service, **PERSONAL, version=version).raised("onSend")
    everything = {"errorMessageMarkdown", "cancelLabel", "commandId", "sendModeOverride"}
    assert everything - told.keys() == missing
    if version == "1.12":
        assert "the Check button" in told["errorMessage"]


def test_the_words_fit_what_outlook_shows(service: Asking) -> None:
    """However many reasons there are, at most 500 characters in whole lines, and how many are left out."""
    crowd = [mailbox(f"person{n}@example{n}.org") for n in range(40)]
    broken = file(1, "case.docx", document("x", NOTE)[:900], DOCX)
    given = {
        "subject": f"case of {NOTE}",
        "body": NOTE,
        "to": [mailbox(PARENT), mailbox(RETIRED), mailbox(SCHOOL), *crowd],
        "headers": {"X-Sealgate-Protect": "yes"},
        "attachments": [broken],
    }
    engine = Engine(service, **given)
    told = engine.raised("onSend")
    for text in (told["errorMessage"], told["errorMessageMarkdown"]):
        assert 100 < len(text) <= 500
        assert text.endswith("Choose Fix it to see what to do.")
        assert "more" in text


def test_an_appointment_is_checked_too(service: Asking) -> None:
    """An invitation with personal information is held; its alert opens the pane of appointments."""
    told = Engine(service, **PERSONAL, kind="appointment").raised("onSend")
    assert told["commandId"] == "organiseButton"
    assert "An invitation carries personal information" in told["errorMessage"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="the service can't be reached"),
        pytest.param({"token": "", "identity": ""}, id="nobody can be signed in"),
        pytest.param({"fails": {"body": "InternalServerError"}}, id="Outlook does not give the text"),
        pytest.param(
            {"fails": {"subject.get": "InternalServerError"}}, id="Outlook does not give the subject"
        ),
    ],
)
def test_whatever_goes_wrong_the_mail_goes_on_to_the_gateway(given: dict[str, Any]) -> None:
    """The gateway is the control: a service that is down, or an error, stops nobody's mail."""
    assert Engine(None, **PERSONAL | given).raised("onSend") == {"allowEvent": True}


def test_a_refused_token_stops_nobody(service: Asking) -> None:
    """An expired sign-in is no reason not to send."""
    assert Engine(service, **PERSONAL, token=tokens.entra(exp=1)).raised("onSend") == {"allowEvent": True}


def test_a_slow_service_is_not_waited_for(service: Asking) -> None:
    """Before Outlook complains of the time, the mail is let go, once."""
    engine = Engine(service, timers=True, **PERSONAL)
    engine._context.eval("RAISE('onSend')")
    assert engine.value("TIMERS.map(function (one) { return one[1]; })") == [4000]
    engine._context.eval("TIMERS[0][0]()")
    engine.run()
    assert engine.value("STATE.completed") == [{"allowEvent": True}]


def test_an_exchange_server_s_own_token_signs_in(service: Asking) -> None:
    """Where Entra ID gives no token, the server's identity token is taken."""
    told = Engine(service, **PERSONAL, token="", identity=tokens.exchange()).raised("onSend")
    assert told["allowEvent"] is False


def test_sending_takes_no_attachment_a_second_time(service: Asking) -> None:
    """When a file was attached, it was read and sent; on sending, its digest is enough."""
    note = file(1, "case note.docx", document("Case note", NOTE, "second time"), DOCX)
    first = Engine(service, **TO_SCHOOL, attachments=[note])
    assert first.raised("onChanged") == {}
    assert first.value("STATE.reads") == 1
    session = first.value("STATE.session")
    second = Engine(service, **TO_SCHOOL, attachments=[note], session=session)
    told = second.raised("onSend")
    assert told["allowEvent"] is False
    assert "An attachment with personal information is not encrypted" in told["errorMessage"]
    assert second.value("STATE.reads") == 0
    (asked,) = second.value("ASKED")
    assert asked["length"] < 2_000


def test_an_older_client_without_a_session_still_checks(service: Asking) -> None:
    """Below Mailbox 1.11 nothing can be remembered, so the file is read on sending."""
    note = file(1, "case note.docx", document("Case note", NOTE, "older"), DOCX)
    told = Engine(service, **TO_SCHOOL, attachments=[note], version="1.10").raised("onSend")
    assert told["allowEvent"] is False


def test_a_message_that_is_attached_is_looked_into(service: Asking) -> None:
    """What Outlook gives as a message is judged as one."""
    letter = f"From: a@borchester.gov.uk\r\nSubject: case\r\n\r\n{NOTE}\r\n"
    attached = {
        "id": "1",
        "name": "RE case",
        "size": 100,
        "contentType": "",
        "format": "eml",
        "content": letter,
    }
    told = Engine(service, **TO_SCHOOL, attachments=[attached]).raised("onSend")
    assert told["allowEvent"] is False


def test_a_file_in_the_cloud_is_not_fetched(service: Asking) -> None:
    """A link to a shared file is no attachment that could be read."""
    cloud = file(1, "notes.docx", b"", attachmentType="cloud")
    engine = Engine(service, **TO_SCHOOL, attachments=[cloud])
    assert engine.raised("onSend") == {"allowEvent": True}
    assert engine.value("STATE.reads") == 0


def test_the_sender_may_send_in_spite_of_it(service: Asking) -> None:
    """What was seen in the pane does not stop the sending again; another judgement does."""
    engine = Engine(service, **PERSONAL)
    engine._context.eval(
        "Sealgate.check().then(function (now) {"
        " return Sealgate.remember(Sealgate.SEEN, Sealgate.fingerprint(now.judgement)); })"
    )
    engine.run()
    session = engine.value("STATE.session")
    assert Engine(service, **PERSONAL, session=session).raised("onSend") == {"allowEvent": True}
    changed = PERSONAL | {"to": [mailbox(PARENT)]}
    assert Engine(service, **changed, session=session).raised("onSend")["allowEvent"] is False


@pytest.mark.parametrize(
    "text",
    [
        "Review of the plan",
        "Adolygiad o\u2019r cynllun \u2013 t\u0177",
        "=?utf-8?q?x?=",
        "x" * 400,
        "\u0175" * 300,
    ],
)
def test_what_is_told_for_the_record_survives_a_header(text: str) -> None:
    """Words of any language go out in encoded words, and the gateway and the pane read them back."""
    engine = Engine(None)
    sent = engine.value(f"Sealgate.encoded({json.dumps(text)})")
    assert sent.isascii()
    assert decode_words(sent) == text
    if text.isascii() and "=?" not in text:
        assert sent == text
    else:
        assert all(len(word) <= 75 for word in sent.split(" "))
        assert engine.value(f"Sealgate.decoded({json.dumps(sent)})") == text
