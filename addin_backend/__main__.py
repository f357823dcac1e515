"""`python -m addin_backend receipt --config DIR`: one of the three web applications, as a process of its own."""

import argparse
import sys
from pathlib import Path

from addin_backend.applications import APPLICATIONS
from addin_backend.serving import serve
from milter.errors import SealgateError


def main() -> int:
    """Serve one application. Exit code 1 where it can't be, 2 for wrong usage or configuration."""
    parser = argparse.ArgumentParser(prog="python -m addin_backend")
    parser.add_argument("application", choices=[application.name for application in APPLICATIONS])
    parser.add_argument("--config", type=Path, metavar="DIR", required=True)
    given = parser.parse_args()
    application = next(one for one in APPLICATIONS if one.name == given.application)
    try:
        serve(application, given.config)
    except SealgateError as error:
        sys.stderr.write(f"sealgate: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
