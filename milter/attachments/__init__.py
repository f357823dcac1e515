"""Attachments: what kind of file, what it says, how it is locked, what lies inside it."""

from milter.attachments.read import read

__all__ = ["read"]
