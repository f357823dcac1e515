"""The command line, `sealgate`. Exit codes: 0 done, 1 it failed, 2 wrong usage or configuration."""

from milter.cli.main import main

__all__ = ["main"]
