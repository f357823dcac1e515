"""Notices: what Sealgate writes to people, as templates that an organisation can replace."""

from milter.notices.model import Notice
from milter.notices.render import Rendered, render, render_notice

__all__ = ["Notice", "Rendered", "render", "render_notice"]
