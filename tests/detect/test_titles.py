"""A word or three that name nobody disclose nothing, however such words are used elsewhere."""

import pytest

from milter.detect.examine import Detectors, examine
from milter.message.passage import Passage


@pytest.mark.parametrize(
    "subject", ["note", "Report", "Assessment", "Re: letter", "Care plan review", "FW: Referral"]
)
def test_a_subject_that_names_nobody_is_none(subject: str) -> None:
    """The subject of a message is judged by itself: without a person, its wording alone is no reason."""
    assert not examine((Passage("subject", subject, exact=True),), Detectors()).protect
