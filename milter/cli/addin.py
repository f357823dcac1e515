"""`addin manifest`: the Outlook add-in's manifests for the address that it is served at."""

import argparse
import os
import sys


def manifest(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate addin manifest`: become the program that writes them."""
    command = [sys.executable, "-m", "addin_backend.outlook", "--url", arguments.url]
    command += ["--app-id", arguments.app_id, "--out", str(arguments.out)]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell
