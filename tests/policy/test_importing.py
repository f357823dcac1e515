"""Partners from published lists."""

from pathlib import Path

import pytest

from milter.policy.importing import NoSuchColumnError, as_toml, decode, difference, import_nhs, import_schools
from milter.policy.load_partners import load_partners

REGISTER = """URN,LA (name),EstablishmentName,EstablishmentStatus (name),SchoolWebsite,TelephoneNum
1,Borset,Oak Primary School,Open,http://www.oakprimary.org.uk/home,1632960001
2,Borset,Elm School,"Open, but proposed to close",elm.borset.sch.uk,01632960002
3,Borset,Ash School,Closed,https://ash.borset.sch.uk,1632960003
4,Borset,North Academy,Open,https://trust.org.uk/north,1632960004
5,Felper,South Academy,Open,https://www.trust.org.uk/south,1632960005
6,Borset,Lime School,Open,https://sites.google.com/lime,
7,Borset,Fir School,Open,,1632960007
8,Borset,Yew School,Open,http://[bad,
9,Borset,"Bay ""Tree"" School",Open,baytree.co.uk,1632960009
10,Borset,Own School,Open,www.lakeyhill.org.uk,1632960010
"""


def test_schools() -> None:
    """Open schools come with the domain of their website, the lost 0 of their number, and their authority."""
    imported = import_schools(REGISTER, taken=["lakeyhill.org.uk"])
    shown = [
        (partner.name, partner.domains, partner.telephone, partner.note) for partner in imported.partners
    ]
    assert shown == [
        ('Bay "Tree" School', ("baytree.co.uk",), "01632960009", "Borset"),
        ("Elm School", ("elm.borset.sch.uk",), "01632960002", "Borset"),
        ("Oak Primary School", ("oakprimary.org.uk",), "01632960001", "Borset"),
        ("North Academy; South Academy", ("trust.org.uk",), "", "Borset; Felper"),
    ]
    assert all(partner.kind == "school" for partner in imported.partners)


def test_rows_without_use_are_named() -> None:
    """A row that gives no domain of the school's own is listed with its reason, not guessed at."""
    assert import_schools(REGISTER, taken=["lakeyhill.org.uk"]).skipped == (
        "row 7, Lime School: sites.google.com is shared by many",
        "row 8, Fir School: it names no domain",
        "row 9, Yew School: it names no domain",
        "row 11, Own School: lakeyhill.org.uk is written by hand already",
    )


def test_nhs() -> None:
    """An organisation may have several domains in one row or in several, and a domain one owner only."""
    rows = ("Trust A,a.nhs.uk; mail.a.nhs.uk", "Trust B,@b.nhs.uk", "Trust A,a2.nhs.uk", "Trust C,a.nhs.uk")
    imported = import_nhs("\n".join(("Organisation name,Domain", *rows)))
    assert [(partner.name, partner.domains) for partner in imported.partners] == [
        ("Trust A", ("a.nhs.uk", "mail.a.nhs.uk", "a2.nhs.uk")),
        ("Trust B", ("b.nhs.uk",)),
    ]
    assert imported.skipped == ("row 5, Trust C: a.nhs.uk belongs to Trust A already",)


@pytest.mark.parametrize("domain", ["nhs.uk.", "*.nhs.uk", "com", "a b", "-x.nhs.uk", "localhost"])
def test_names_that_are_no_domain_are_not_taken(domain: str) -> None:
    """A wildcard, a top-level name or nonsense in a list gives no partner."""
    imported = import_nhs(f"Name,Domain\nTrust,{domain}\n")
    assert all("*" not in d and "." in d for partner in imported.partners for d in partner.domains)


def test_a_list_without_its_columns_is_refused() -> None:
    """The error names what is missing and what there is."""
    with pytest.raises(NoSuchColumnError, match="no column 'establishmentname'; there are: a, b"):
        import_schools("a,b\n1,2\n")


def test_difference_is_shown_before_anything_is_written() -> None:
    """A dry run shows what comes, goes and changes, and says nothing of what stays."""
    before = import_nhs("Name,Domain\nStays,s.nhs.uk\nGoes,g.nhs.uk\nRenamed,r.nhs.uk\n").partners
    after = import_nhs("Name,Domain\nStays,s.nhs.uk\nComes,c.nhs.uk\nNew name,r.nhs.uk\n").partners
    assert difference(before, after) == ("+ Comes: c.nhs.uk", "- Goes: g.nhs.uk", "~ New name: r.nhs.uk")
    assert difference(after, after) == ()


def test_written_file_loads_as_it_was(tmp_path: Path) -> None:
    """What an import writes is what the policy then knows, quotes in names included."""
    imported = import_schools(REGISTER).partners
    (tmp_path / "partners.toml").write_text(
        '[[organisation]]\nname = "Town"\nkind = "council"\ndomains = ["town.gov.uk"]\n', "utf-8"
    )
    (tmp_path / "partners-schools.toml").write_text(as_toml(imported, "the register\nof July"), "utf-8")
    (tmp_path / "personal-domains.txt").write_text("hotmail.com\n", "utf-8")
    partners, _, problems = load_partners(tmp_path)
    assert problems == []
    assert partners[1:] == imported


def test_the_registers_own_encoding() -> None:
    """The register's file is Windows-1252, others are UTF-8 with or without a mark."""
    assert decode("Caf\u00e9".encode("cp1252")) == "Caf\u00e9"
    assert decode("Caf\u00e9".encode("utf-8-sig")) == "Caf\u00e9"
