"""One description of the add-in, and the two manifests that are made of it.

The add-in-only manifest (XML) serves classic Outlook on Windows, Outlook on Mac, on the web and with Exchange on the
organisation's own premises; the unified manifest (JSON, packed with its icons) serves new Outlook and the web. Both
name the same address, version, events and buttons, and only https.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from milter.errors import SealgateError

HERE = Path(__file__).parent
VERSION = "1.0.0"
XML_ID = "6b0f8f0e-5f0b-4f0b-9a5e-0c3d6f7b2a41"  # the XML manifest's; Exchange knows the add-in by it
JSON_ID = "f4a1b0de-7c58-4d34-8f53-9f4f6d0be7c2"  # the package's
PANE_PAGE, EVENTS_PAGE, EVENTS_SCRIPT = "/pane.html", "/events.html", "/events.js"
ICONS = (16, 32, 80)
SCHEMA = "1.22"
# Mailbox requirement sets. An Exchange server on the organisation's own premises offers 1.5 and lets classic Outlook
# run event code all the same, so the XML manifest asks for no more; the code looks for the rest when it runs.
MINIMUM, FOR_EVENTS = "1.5", "1.12"
OPEN_PANE = "openPane"


@dataclass(frozen=True, slots=True)
class Event:
    """One event at which Outlook runs a function of the event code."""

    xml: str
    json: str
    function: str
    stops: bool = False  # the function may stop the sending (soft block: without the add-in, mail goes out)


EVENTS: tuple[Event, ...] = (
    Event("OnMessageRecipientsChanged", "messageRecipientsChanged", "onChanged"),
    Event("OnMessageAttachmentsChanged", "messageAttachmentsChanged", "onChanged"),
    Event("OnAppointmentAttendeesChanged", "appointmentAttendeesChanged", "onChanged"),
    Event("OnAppointmentAttachmentsChanged", "appointmentAttachmentsChanged", "onChanged"),
    Event("OnMessageSend", "messageSending", "onSend", stops=True),
    Event("OnAppointmentSend", "appointmentSending", "onSend", stops=True),
)


@dataclass(frozen=True, slots=True)
class Surface:
    """One window of Outlook that has the add-in's button."""

    xml: str
    json: str
    name: str  # of its group and button


SURFACES: tuple[Surface, ...] = (
    Surface("MessageComposeCommandSurface", "mailCompose", "compose"),
    Surface("AppointmentOrganizerCommandSurface", "meetingDetailsOrganizer", "organise"),
    Surface("MessageReadCommandSurface", "mailRead", "read"),
)

TEXTS = {
    "name": "Sealgate",
    "long_name": "Sealgate: check before sending",
    "provider": "Sealgate",
    "short": "Tells you before sending what may not leave as it is, and helps to put it right.",
    "description": (
        "Checks messages and appointments for personal information before they are sent, says what is wrong"
        " in plain words, and helps to put it right. The mail gateway checks everything again."
    ),
    "group": "Sealgate",
    "button": "Check",
    "tip": "Shows what this message holds, who may have it, and how to put right what is wrong.",
}


@dataclass(frozen=True, slots=True)
class AddIn:
    """The add-in at one address."""

    url: str  # 'https://addin.example.gov.uk', without a slash at the end
    app_id: str = ""  # of the application in Entra ID; '' signs in by Exchange's own tokens alone
    version: str = VERSION
    texts: dict[str, str] = field(default_factory=lambda: dict(TEXTS))

    @property
    def host(self) -> str:
        """Give the address's host, with its port where it has one."""
        return urlsplit(self.url).netloc

    @property
    def resource(self) -> str:
        """Give the URI by which Entra ID knows the service: setting sign-in.audience."""
        return f"api://{self.host}/{self.app_id}"


def add_in(url: str, app_id: str = "") -> AddIn:
    """Give the add-in at an address. Raises SealgateError where that can't be one."""
    plain = url.rstrip("/")
    parts = urlsplit(plain)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query or parts.username:
        raise SealgateError(
            f"{url!r} is no https address without a path; write it like https://addin.example.gov.uk."
        )
    return AddIn(plain, app_id.lower())


def xml_manifest(of: AddIn) -> str:
    """Give the add-in-only manifest."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("manifest.xml.j2")
    return template.render(
        of=of,
        id=XML_ID,
        events=EVENTS,
        surfaces=SURFACES,
        icons=ICONS,
        pane=of.url + PANE_PAGE,
        page=of.url + EVENTS_PAGE,
        script=of.url + EVENTS_SCRIPT,
        minimum=MINIMUM,
    )


def json_manifest(of: AddIn) -> dict[str, Any]:
    """Give the unified manifest."""
    texts = of.texts
    manifest: dict[str, Any] = {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "id": JSON_ID,
        "version": of.version,
        "name": {"short": texts["name"], "full": texts["long_name"]},
        "description": {"short": texts["short"], "full": texts["description"]},
        "developer": {
            "name": texts["provider"],
            "websiteUrl": of.url + PANE_PAGE,
            "privacyUrl": of.url + PANE_PAGE,
            "termsOfUseUrl": of.url + PANE_PAGE,
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#1D70B8",
        "localizationInfo": {"defaultLanguageTag": "en-gb"},
        "authorization": {
            "permissions": {"resourceSpecific": [{"name": "MailboxItem.ReadWrite.User", "type": "Delegated"}]}
        },
        "validDomains": [of.host],
        "extensions": [_extension(of)],
    }
    if of.app_id:
        manifest["webApplicationInfo"] = {"id": of.app_id, "resource": of.resource}
    return manifest


def _extension(of: AddIn) -> dict[str, Any]:
    return {
        "requirements": {"scopes": ["mail"], "capabilities": [{"name": "Mailbox", "minVersion": MINIMUM}]},
        "runtimes": [
            {
                "id": "pane",
                "type": "general",
                "code": {"page": of.url + PANE_PAGE},
                "lifetime": "short",
                "actions": [{"id": OPEN_PANE, "type": "openPage"}],
            },
            {
                "requirements": {"capabilities": [{"name": "Mailbox", "minVersion": FOR_EVENTS}]},
                "id": "events",
                "type": "general",
                "code": {"page": of.url + EVENTS_PAGE, "script": of.url + EVENTS_SCRIPT},
                "lifetime": "short",
                "actions": [
                    {"id": name, "type": "executeFunction"}
                    for name in dict.fromkeys(event.function for event in EVENTS)
                ],
            },
        ],
        "ribbons": [_ribbon(of, surface) for surface in SURFACES],
        "autoRunEvents": [
            {
                "requirements": {
                    "scopes": ["mail"],
                    "capabilities": [{"name": "Mailbox", "minVersion": FOR_EVENTS}],
                },
                "events": [_event(event) for event in EVENTS],
            }
        ],
        "audienceClaimUrl": of.url + PANE_PAGE,
        "alternates": [{"hide": {"customOfficeAddin": {"officeAddinId": XML_ID}}}],
    }


def _event(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {"type": event.json, "actionId": event.function}
    return told | {"options": {"sendMode": "softBlock"}} if event.stops else told


def _ribbon(of: AddIn, surface: Surface) -> dict[str, Any]:
    icons = [{"size": size, "url": f"{of.url}/icons/icon-{size}.png"} for size in ICONS]
    button = {
        "id": f"{surface.name}Button",
        "type": "button",
        "label": of.texts["button"],
        "icons": icons,
        "supertip": {"title": of.texts["button"], "description": of.texts["tip"]},
        "actionId": OPEN_PANE,
    }
    group = {"id": f"{surface.name}Group", "label": of.texts["group"], "icons": icons, "controls": [button]}
    return {"contexts": [surface.json], "tabs": [{"builtInTabId": "TabDefault", "groups": [group]}]}


def package(of: AddIn) -> bytes:
    """Give the unified manifest packed with its icons, as the admin centre takes it; the same for the same add-in."""
    packed = io.BytesIO()
    text = json.dumps(json_manifest(of), indent=2, ensure_ascii=False) + "\n"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("manifest.json"), text)
        for name in ("color.png", "outline.png"):
            archive.writestr(zipfile.ZipInfo(name), (HERE / "package" / name).read_bytes())
    return packed.getvalue()
