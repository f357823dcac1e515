"""ACT + RECORD: what becomes of a message, for every recipient, before the client gets its 250.

Read `deliver` first: it follows docs/flow.md.
"""

from milter.dispatch.deliver import Dispatch

__all__ = ["Dispatch"]
