"""`backup` and `restore`: copies of the store for a bad day."""

import argparse
import sys
from pathlib import Path

from milter.clock import utc_now
from milter.errors import RequestError, StoreError
from milter.settings import load_settings
from milter.store import backup as copies
from milter.store.engine import open_store


def backup(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate backup`."""
    settings = load_settings(arguments.config)
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise RequestError(f"{folder} is no folder; make it first, on another disk, for the service only.")
    if arguments.keep is not None and arguments.keep < 1:
        raise RequestError("--keep must be 1 or more: a backup that deletes itself is none.")
    copy = copies.backup(settings.store.url, folder, utc_now())
    sys.stdout.write(
        f"{copy} is written and checked. The key file is not in it: keep a copy of that apart.\n"
    )
    if arguments.keep is not None:
        for gone in copies.expire(folder, arguments.keep):
            sys.stdout.write(f"{gone} is deleted, since {arguments.keep} newer ones are kept.\n")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate restore`: put a copy back, see that the key fits, and that its trail is whole."""
    settings = load_settings(arguments.config)
    key_file = Path(settings.store.key_file)
    if not key_file.exists():
        raise RequestError(
            f"There is no key file at {key_file}. Put its copy there first: it opens what is sealed."
        )
    copies.restore(arguments.copy, settings.store.url)
    store = open_store(settings.store.url, key_file, node="restore")
    try:
        verified = store.verify()
    finally:
        store.close()
    if not verified.whole:
        raise StoreError(
            "The copy is in place, but its audit trail is not whole: see `sealgate audit verify`."
        )
    sys.stdout.write("The copy is in place, the key fits, and its audit trail is whole. Start the gateway.\n")
    return 0
