"""Warm child processes for hostile input: confined, limited, replaced when they wear out.

It knows nothing of what the children do. A target module offers `prepare(init)`, run once before any child is
forked, and `work(header, content) -> (header, content)`, run in a child for each call.
"""

from milter.sandbox.pool import ChildFailed, Sandbox, SyncSandbox
from milter.sandbox.source import Source, forked

__all__ = ["ChildFailed", "Sandbox", "Source", "SyncSandbox", "forked"]
