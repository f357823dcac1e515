"""What the directory adds to the people of a message, and which facts come of it."""

from pathlib import Path

import pytest

from milter.directory.csvfile import CsvFile
from milter.directory.look_up import Directory
from milter.directory.people import told_by
from milter.message.envelope import Envelope, Recipient
from milter.message.parse import parse
from milter.policy.load import load_policy
from milter.policy.model import People, Person
from milter.policy.partners import people
from milter.settings import Caps
from tests.gateway.harness import OFFICER, SCHOOL, configure

TEXT = f"""\
email,name,job title,department,organisation,telephone,members
{OFFICER},"Khan, Amira",Social Worker,Children's Services,Borchester,0118 496 0100,
jill.archer@borchester.gov.uk,Jill Archer,Clerk,Housing,Borchester,,
{SCHOOL},School Office,Secretary,,Ambridge Primary,01234 567890,
heads@borchester.gov.uk,All heads,,,,,{SCHOOL};jill.archer@borchester.gov.uk;x@elsewhere.example
staff@borchester.gov.uk,Staff,,,,,jill.archer@borchester.gov.uk;{OFFICER}
"""


async def told(tmp_path: Path, recipients: tuple[str, ...], to: str = "") -> People:
    """Give the people of a message from the officer, with this To field."""
    configure(tmp_path / "etc", 9)
    policy = load_policy(tmp_path / "etc")
    file = tmp_path / "people.csv"
    file.write_text(TEXT)
    directory = Directory(CsvFile(file), deadline_seconds=10.0, cache_seconds=60.0)
    given = people(Envelope(OFFICER, tuple(Recipient(one) for one in recipients)), policy)
    message = parse(f"From: {OFFICER}\r\nTo: {to}\r\nSubject: x\r\n\r\nhello\r\n".encode(), Caps())
    return await told_by(directory, given, message, policy)


async def one(tmp_path: Path, address: str, shown: str = "") -> Person:
    to = f'"{shown}" <{address}>' if shown else address
    (person,) = (await told(tmp_path, (address,), to)).recipients
    return person


async def test_everyone_is_known_by_name_and_work(tmp_path: Path) -> None:
    """Sender and recipients carry what the register records (R1); who is not in the directory carries nothing."""
    found = await told(tmp_path, (SCHOOL, "new@felpersham.example"))
    school, new = found.recipients
    assert (found.sender.name, found.sender.department) == ("Khan, Amira", "Children's Services")
    assert (school.name, school.job_title, school.telephone) == ("School Office", "Secretary", "01234 567890")
    assert (new.name, new.facts) == ("", frozenset())


async def test_a_group_with_members_outside_says_how_many_and_where(tmp_path: Path) -> None:
    """A group of colleagues alone is no fact."""
    heads = await one(tmp_path, "heads@borchester.gov.uk")
    assert heads.facts == {"group-with-outside-members"}
    assert dict(heads.remarks)["group-with-outside-members"] == (
        "2 of 3 members are outside, at ambridge-primary.borchester.sch.uk, elsewhere.example"
    )
    assert (await one(tmp_path, "staff@borchester.gov.uk")).facts == frozenset()


@pytest.mark.parametrize(
    ("address", "shown", "suspect"),
    [
        ("jill.archer@hotmail.com", "", True),
        ("jarcher1957@elsewhere.example", "ARCHER, Jill (Housing)", True),
        ("jill.archer@hotmail.com", "Jill's daughter Phoebe Aldridge", False),
        ("phoebe@hotmail.com", "Phoebe Aldridge", False),
        (SCHOOL, "Jill Archer", False),
        ("amira.khan@hotmail.com", "Amira Khan", False),
        ("housing.team@elsewhere.example", "Housing Team", False),
    ],
    ids=["local-part", "shown", "another-shown", "stranger", "approved", "sender-herself", "office"],
)
async def test_a_colleagues_name_at_a_strangers_address(
    tmp_path: Path, address: str, shown: str, suspect: bool
) -> None:
    """A colleague's name at an address that nobody vouches for is a fact; at an approved organisation, chance."""
    person = await one(tmp_path, address, shown)
    assert ("internal-name-outside" in person.facts) is suspect
    if suspect:
        remark = dict(person.remarks)["internal-name-outside"]
        assert remark == "a colleague of this name (Clerk, Housing) is in the directory"
