"""The two manifests: made of one description, whole, and saying the same."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from addin_backend.addin.files import FOLDER, content
from addin_backend.outlook.manifest import EVENTS, add_in, json_manifest, package, xml_manifest
from milter.errors import SealgateError
from tests.addin.tokens import AUDIENCE, CLIENT, URL

ROOT = Path(__file__).parents[2]
OF = add_in(URL, CLIENT)
XML = ElementTree.fromstring(xml_manifest(OF))
JSON = json_manifest(OF)
APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
V10 = "{http://schemas.microsoft.com/office/mailappversionoverrides}"
V11 = "{http://schemas.microsoft.com/office/mailappversionoverrides/1.1}"
BT = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# The order that the schemas give (MS-OWEMXML): another one is refused by Exchange.
ORDER = {
    "OfficeApp": "Id AlternateId Version ProviderName DefaultLocale DisplayName Description IconUrl"
    " HighResolutionIconUrl SupportUrl AppDomains Hosts Requirements FormSettings Permissions Rule"
    " DisableEntityHighlighting VersionOverrides",
    "VersionOverrides": "Description Requirements Hosts Resources VersionOverrides WebApplicationInfo",
    "Host": "Runtimes DesktopFormFactor MobileFormFactor",
    "DesktopFormFactor": "FunctionFile ExtensionPoint",
    "Group": "Label Control",
    "Control": "Label Supertip Icon Action",
    "Supertip": "Title Description",
    "Resources": "Images Urls ShortStrings LongStrings",
    "WebApplicationInfo": "Id Resource Scopes",
}


def overrides(name: str) -> ElementTree.Element:
    return next(one for one in XML.iter() if one.tag == f"{name}VersionOverrides")


def local(tag: str) -> str:
    return tag.partition("}")[2]


def test_elements_stand_in_the_schema_s_order() -> None:
    """Every element has its children in the order that Exchange demands."""
    for element in XML.iter():
        order = ORDER.get(local(element.tag), "").split()
        if (order and local(element.tag) != "Host") or (order and len(element)):
            places = [order.index(local(child.tag)) for child in element]
            assert places == sorted(places), local(element.tag)


@pytest.mark.parametrize("name", [V10, V11])
def test_every_resource_that_is_named_is_there(name: str) -> None:
    """Each resid is defined once in its own version of the manifest, is short enough, and none is left over."""
    own = overrides(name)
    inner = set(own.find(f"{V11}VersionOverrides").iter()) if name == V10 else set()
    elements = [one for one in own.iter() if one not in inner]
    named = {one.get("resid") for one in elements if one.get("resid")}
    defined = [
        one.get("id")
        for one in elements
        if one.tag in {f"{BT}Image", f"{BT}Url", f"{BT}String"} and one.get("id")
    ]
    assert len(defined) == len(set(defined))
    assert named == set(defined)
    assert all(len(one) <= 32 for one in defined)


def test_texts_are_within_outlook_s_limits() -> None:
    """Short and long strings, names and descriptions fit."""
    for strings, most in ((f"{BT}ShortStrings", 125), (f"{BT}LongStrings", 250)):
        for one in (string for group in XML.iter(strings) for string in group):
            assert 0 < len(one.get("DefaultValue")) <= most
    assert len(XML.find(f"{APP}DisplayName").get("DefaultValue")) <= 125
    assert len(XML.find(f"{APP}Description").get("DefaultValue")) <= 250
    assert len(JSON["name"]["short"]) <= 30
    assert len(JSON["description"]["short"]) <= 80


def test_ids_are_used_once_in_each_version() -> None:
    """No button or group shares its id with another."""
    for name in (V10, V11):
        ids = [
            one.get("id")
            for one in overrides(name)
            for one in one.iter()
            if local(one.tag) in {"Group", "Control"}
        ]
        inner = [one.get("id") for one in overrides(V11).iter() if local(one.tag) in {"Group", "Control"}]
        mine = ids[: len(ids) - len(inner)] if name == V10 else inner
        assert len(mine) == len(set(mine))


def addresses(value: object) -> list[str]:
    return re.findall(r'"((?:https?:)?//[^"]*)"', json.dumps(value))


def test_only_https_and_only_the_own_address() -> None:
    """Whatever Outlook fetches for the add-in comes from the address that IT set, over https."""
    xml = [one.get("DefaultValue") for one in XML.iter() if str(one.get("DefaultValue")).startswith("http")]
    unified = addresses({**JSON, "$schema": ""})
    assert len(xml) > 10
    assert all(one.startswith(f"{URL}/") for one in xml + unified)
    assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", xml_manifest(OF))


def test_every_file_that_is_named_is_served() -> None:
    """Pages, scripts and icons exist, and every icon has the size that its name says."""
    named = {
        one.removeprefix(URL) for one in re.findall(rf'{URL}/[^"<]*', xml_manifest(OF) + json.dumps(JSON))
    }
    for name in named - {""}:
        assert (FOLDER / name.removeprefix("/")).is_file(), name
    for icon in (FOLDER / "icons").iterdir():
        octets = icon.read_bytes()
        size = int(re.findall(r"\d+", icon.name)[0])
        assert (int.from_bytes(octets[16:20]), int.from_bytes(octets[20:24])) == (size, size)


def test_every_function_is_associated() -> None:
    """What an event names, the event code associates, and nothing else."""
    code = content("events.js", URL, entra=True)
    associated = set(re.findall(r'Office\.actions\.associate\("(\w+)"', code))
    xml = {one.get("FunctionName") for one in XML.iter(f"{V11}LaunchEvent")}
    unified = {
        event["actionId"] for group in JSON["extensions"][0]["autoRunEvents"] for event in group["events"]
    }
    actions = {one["id"] for runtime in JSON["extensions"][0]["runtimes"] for one in runtime["actions"]}
    assert associated == xml == unified == actions - {"openPane"}


def test_buttons_of_alerts_exist() -> None:
    """'Fix it' opens the pane by a button that both manifests have."""
    code = content("events.js", URL, entra=True)
    named = set(re.findall(r'"(\w+Button)"', code))
    xml = {one.get("id") for one in XML.iter(f"{V11}Control")}
    ribbons = JSON["extensions"][0]["ribbons"]
    unified = {c["id"] for r in ribbons for t in r["tabs"] for g in t["groups"] for c in g["controls"]}
    assert named
    assert named <= xml == unified


def test_sending_is_soft_blocked_and_changes_are_heard() -> None:
    """Both manifests have the same events, and stop sending softly: without the add-in, mail goes out."""
    xml = {one.get("Type"): one.get("SendMode") for one in XML.iter(f"{V11}LaunchEvent")}
    assert xml == {event.xml: "SoftBlock" if event.stops else None for event in EVENTS}
    assert {
        "OnMessageSend",
        "OnAppointmentSend",
        "OnMessageRecipientsChanged",
        "OnMessageAttachmentsChanged",
    } <= xml.keys()
    unified = {
        event["type"]: event.get("options", {}).get("sendMode")
        for group in JSON["extensions"][0]["autoRunEvents"]
        for event in group["events"]
    }
    assert unified == {event.json: "softBlock" if event.stops else None for event in EVENTS}


def test_versions_and_minimum_agree() -> None:
    """The same version in both, Mailbox 1.5 for all, and the file for classic Windows's engine."""
    assert XML.find(f"{APP}Version").text == f"{JSON['version']}.0"
    assert XML.find(f"{APP}Requirements/{APP}Sets/{APP}Set").attrib == {
        "Name": "Mailbox",
        "MinVersion": "1.5",
    }
    assert JSON["extensions"][0]["requirements"]["capabilities"] == [{"name": "Mailbox", "minVersion": "1.5"}]
    (override,) = XML.iter(f"{V11}Override")
    assert override.attrib == {"type": "javascript", "resid": "Script.Url"}
    assert XML.get(TYPE) == "MailApp"


def test_sign_in_names_the_service() -> None:
    """Both ask Entra ID for the audience that the service checks; Exchange's tokens name the pane in both."""
    assert overrides(V11).find(f"{V11}WebApplicationInfo/{V11}Resource").text == AUDIENCE
    assert JSON["webApplicationInfo"] == {"id": CLIENT, "resource": AUDIENCE}
    form = XML.find(f"{APP}FormSettings/{APP}Form/{APP}DesktopSettings/{APP}SourceLocation")
    assert form.get("DefaultValue") == f"{URL}/pane.html" == JSON["extensions"][0]["audienceClaimUrl"]


def test_without_an_application_there_is_no_sign_in_by_entra() -> None:
    """An organisation with Exchange on its own premises alone needs none."""
    of = add_in(URL)
    assert "WebApplicationInfo" not in xml_manifest(of)
    assert "webApplicationInfo" not in json_manifest(of)


@pytest.mark.parametrize(
    "url",
    [
        "http://addin.example.org",
        "addin.example.org",
        "https://",
        "https://a.example/x",
        "https://u@a.example",
    ],
)
def test_addresses_that_can_not_be_one(url: str) -> None:
    """Anything but an https address without a path is refused in words."""
    with pytest.raises(SealgateError, match="https address"):
        add_in(url)


def test_hostile_texts_stay_texts() -> None:
    """What IT sets is escaped in the XML."""
    of = add_in("https://a.example", '"><x/>')
    assert "<x/>" not in xml_manifest(of)


def test_the_package_is_whole() -> None:
    """The zip has the manifest with its two icons, and is the same octets each time."""
    with zipfile.ZipFile(io.BytesIO(package(OF))) as archive:
        assert json.loads(archive.read("manifest.json")) == JSON
        assert {"color.png", "outline.png"} <= set(archive.namelist())
    assert package(OF) == package(OF)


def test_the_command_writes_them(tmp_path: Path) -> None:
    """`sealgate addin manifest` writes all three files, says what to set, and refuses what can't be an address."""
    code = "import sys; from milter.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "addin", "manifest", "--out", str(tmp_path / "out"), "--url"]

    def run(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*command, *more], capture_output=True, text=True, cwd=ROOT, check=False)

    done = run(URL, "--app-id", CLIENT)
    assert done.returncode == 0, done.stderr
    assert f'addin-url = "{URL}"' in done.stdout
    assert AUDIENCE in done.stdout
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"sealgate-outlook.xml", "sealgate-outlook.zip", "manifest.json"}
    refused = run("http://x")
    assert refused.returncode == 1
    assert "https address" in refused.stderr


def validator() -> Path | None:
    """Give where Microsoft's own validator lies: installed by npm, for development alone."""
    given = os.environ.get("SEALGATE_NODE_MODULES", str(ROOT / "build" / "node" / "node_modules"))
    place = Path(given) / "office-addin-manifest"
    return place if place.is_dir() and shutil.which("node") else None


@pytest.mark.skipif(validator() is None, reason="office-addin-manifest is not installed (npm, build/node)")
@pytest.mark.parametrize("app_id", [CLIENT, ""])
def test_microsoft_s_own_validator_takes_the_unified_manifest(tmp_path: Path, app_id: str) -> None:
    """office-addin-manifest checks it against the published schema, without a network."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(json_manifest(add_in(URL, app_id))), encoding="utf-8")
    script = (
        "require(process.argv[1]).validateManifest(process.argv[2])"
        ".then(function (found) { console.log(JSON.stringify(found)); })"
    )
    run = subprocess.run(
        ["node", "-e", script, str(validator()), str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(run.stdout)["isValid"], run.stdout
