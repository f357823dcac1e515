"""What the store asks to be sent (law 6), and what falls due with time. Read `drain` first."""

from milter.outbox.drain import Outbox

__all__ = ["Outbox"]
