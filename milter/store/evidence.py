"""The evidence pack of one disclosure: record, trail, receipts, verdict and policy, as one file that can be checked.

It holds no content of the message and no password. Guarantees: every file in it is named with its digest in a
manifest, the manifest is sealed with the store's key, and each row of the trail bears the digest by which the
store's own chain holds it. `check` proves all of that, and that the store still has the same rows.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from milter.errors import RequestError
from milter.store import incidents, judged, policies, quarantine, shares, talk, trail
from milter.store.columns import canonical, microseconds
from milter.store.engine import Store
from milter.store.register import Entry
from milter.store.transaction import Transaction

MANIFEST, SEAL, TRAIL = "manifest.json", "seal.txt", "trail.json"
MOST_BYTES = 20 * 1024 * 1024  # of a pack that is checked, unpacked
README = """This is the evidence of one disclosure from the record of sharing.

record.json    who shared what with whom, when, why, how, and on whose authority
verdict.json   how the message was judged, and for which reasons
receipts.json  what happened to the protected documents: sent, confirmed, released
held.json      who decided about it while it was held, and why
incidents.json what went wrong, where anything did
notes.json     notes and answers
policy.txt     the policy that was in force
trail.json     the audit rows about all of this, with their digests
manifest.json  the digest (SHA-256) of each file;  seal.txt its seal

Whoever runs the gateway checks it with:  sealgate audit check-pack FILE --config DIR
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check of a pack found; nothing in `faults` means that it holds."""

    rows: int
    faults: tuple[str, ...]


def pack(tx: Transaction, entry: Entry) -> bytes:
    """Make the pack of one register entry."""
    files: dict[str, str] = {"README.txt": README, "record.json": _json(asdict(entry))}
    subjects = [entry.id, entry.judged_id, entry.share_id, entry.held_id]
    message = judged.get(tx, entry.judged_id) if entry.judged_id else None
    if message is not None:
        reasons = [asdict(reason) for reason in judged.reasons_of(tx, message.id)]
        files["verdict.json"] = _json({**asdict(message), "reasons": reasons})
        policy = policies.get(tx, message.policy)
        files["policy.txt"] = policy.text if policy else f"Policy {message.policy}: its text was not kept.\n"
    if entry.share_id:
        files["receipts.json"] = _json(_receipts(tx, entry.share_id))
    if entry.held_id or message is not None:
        held = quarantine.of_message(tx, entry.judged_id)
        subjects += [one.id for one in held]
        files["held.json"] = _json([_held(tx, one.id, entry.recipient) for one in held])
    found = incidents.about(tx, register_id=entry.id)
    subjects += [incident.id for incident in found]
    files["incidents.json"] = _json([asdict(incident) for incident in found])
    files["notes.json"] = _json([asdict(note) for note in talk.notes_about(tx, entry.id)])
    files[TRAIL] = _json(_rows(tx, subjects))
    return _zip(tx, files)


def check(store: Store, content: bytes) -> Checked:
    """Check a pack against the store whose key sealed it. RequestError where it is no pack at all."""
    files = _unzip(content)
    faults = []
    manifest = files.get(MANIFEST, b"")
    seal = files.get(SEAL, b"").decode("ascii", "replace").strip()
    if seal != store.vault.digest("evidence", manifest):
        faults.append("The manifest is not the one that this store sealed.")
    digests = _digests(files.items())
    told = _loaded(manifest, dict)
    changed = (name for name in sorted(told.keys() | digests.keys()) if told.get(name) != digests.get(name))
    faults += [f"{name} was changed, added or taken away." for name in changed]
    rows = _loaded(files.get(TRAIL, b"[]"), list)
    with store.read() as tx:
        faults += [fault for row in rows if (fault := _fault(tx, row))]
    return Checked(len(rows), tuple(faults))


def _receipts(tx: Transaction, share_id: str) -> Mapping[str, Any]:
    share = asdict(shares.get(tx, share_id))
    share.pop("details")
    return {**share, "history": [asdict(event) for event in shares.history(tx, share_id)]}


def _held(tx: Transaction, held_id: str, recipient: str) -> Mapping[str, Any]:
    full = quarantine.get(tx, held_id)
    decided = [asdict(one) for one in full.recipients if one.recipient == recipient]
    return {**asdict(full.held), "decided": decided}


def _rows(tx: Transaction, subjects: Iterable[str]) -> list[dict[str, Any]]:
    found = {
        (row.chain, row.seq): row
        for subject in dict.fromkeys(subjects)
        if subject
        for row in trail.rows_about(tx.connection, subject)
    }
    return [{**asdict(row), "at": microseconds(row.at)} for _, row in sorted(found.items())]


def _fault(tx: Transaction, told: Any) -> str:
    """Say what is wrong with one row of a pack's trail; '' where it holds."""
    name = f"Row {told.get('seq')} of chain {told.get('chain')!r}" if isinstance(told, dict) else "A row"
    try:
        kept = trail.row_at(tx.connection, str(told["chain"]), int(told["seq"]))
        same = kept is not None and {**asdict(kept), "at": microseconds(kept.at)} == told
    except (KeyError, TypeError, ValueError):
        return f"{name} of the trail is not well formed."
    if kept is None or not same:
        return f"{name} is not what the store's trail has there."
    return "" if trail.mac_of(tx.vault, kept) == kept.mac else f"{name} does not bear its right digest."


def _zip(tx: Transaction, files: Mapping[str, str]) -> bytes:
    octets = {name: text.encode() for name, text in files.items()}
    manifest = canonical(_digests(octets.items())).encode()
    octets |= {MANIFEST: manifest, SEAL: (tx.vault.digest("evidence", manifest) + "\n").encode()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in octets.items():
            archive.writestr(zipfile.ZipInfo(name, tx.now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _unzip(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise RequestError("This is too large to be an evidence pack.")
            return {member.filename: archive.read(member) for member in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise RequestError("This is no evidence pack: it can't be opened as a zip file.") from error


def _digests(files: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    return {
        name: hashlib.sha256(octets).hexdigest() for name, octets in files if name not in {MANIFEST, SEAL}
    }


def _loaded(octets: bytes, kind: type) -> Any:
    try:
        value = json.loads(octets or b"null")
    except ValueError:
        value = None
    return value if isinstance(value, kind) else kind()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, default=_plain, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
