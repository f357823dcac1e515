"""What an organisation's people are used to: to whom they write, and at which address (E2)."""

from milter.habits.habits import Habits

__all__ = ["Habits"]
