"""`python -m addin_backend.outlook --url URL`: writes the add-in's manifests for one address."""

import argparse
import json
import sys
from pathlib import Path

from addin_backend.outlook.manifest import add_in, json_manifest, package, xml_manifest
from milter.errors import SealgateError

NEXT = """\
Written to {folder}:
  sealgate-outlook.xml   for the admin centre, and for Exchange on your own premises
  sealgate-outlook.zip   the unified manifest, for the admin centre (new Outlook and the web only)
  manifest.json          what is in the zip
Set in sealgate.toml, [pages]: addin-url = "{url}"
"""


def main() -> int:
    """Write the manifests. Exit code 1 where they can't be."""
    parser = argparse.ArgumentParser(prog="python -m addin_backend.outlook")
    parser.add_argument("--url", required=True)
    parser.add_argument("--app-id", default="")
    parser.add_argument("--out", type=Path, default=Path())
    given = parser.parse_args()
    try:
        of = add_in(given.url, given.app_id)
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "sealgate-outlook.xml").write_text(xml_manifest(of), encoding="utf-8")
        text = json.dumps(json_manifest(of), indent=2, ensure_ascii=False) + "\n"
        (given.out / "manifest.json").write_text(text, encoding="utf-8")
        (given.out / "sealgate-outlook.zip").write_bytes(package(of))
    except SealgateError as error:
        sys.stderr.write(f"sealgate: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"sealgate: {given.out} can't be written ({error.strerror}).\n")
        return 1
    sys.stdout.write(NEXT.format(folder=given.out.resolve(), url=of.url))
    if of.app_id:
        sys.stdout.write(f'                       [sign-in]: audience = "{of.resource}", and tenant\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
