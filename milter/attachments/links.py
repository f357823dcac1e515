"""Links to files kept with cloud services: an attachment in all but name, which nobody here can read."""

import re

from milter.attachments.draft import Draft

# Hosts as of November 2026. Each alternative starts with a literal, so the search is linear.
HOSTS = re.compile(
    r"(?i)https?://[a-z0-9.-]{0,100}"
    r"(?:1drv\.ms|onedrive\.live\.com|sharepoint\.com|drive\.google\.com|docs\.google\.com|dropbox\.com"
    r"|db\.tt|wetransfer\.com|we\.tl|icloud\.com|box\.com|mega\.nz|sendspace\.com|mediafire\.com)[/:?#]"
)


def note_links(text: str, draft: Draft) -> None:
    """Note 'cloud-link' where `text` points at a file sharing service."""
    if "://" in text and HOSTS.search(text):
        draft.note("cloud-link")
