"""What `sealgate doctor` says of DNS, where no resolver is needed to say it (test_real_dns.py asks real ones)."""

from milter.cli.doctor_dns import judged, look_at_dns
from milter.settings import Dns


def test_evidence_that_is_turned_off_is_said() -> None:
    """Nobody is asked, and the reader hears what follows."""
    (found,) = look_at_dns(Dns(enabled=False, servers=("192.0.2.53",)))
    assert found.state == "look"
    assert "the safer demand" in found.words


def test_trust_across_a_network_is_doubted() -> None:
    """The AD bit of a resolver elsewhere can be forged on the way (RFC 7672 section 2.1.1); here it can't."""
    answers, doubt = judged("192.0.2.53", Dns(trusted=True), validated=True)
    assert (answers.state, doubt.state) == ("ok", "look")
    assert "forge" in doubt.words
    assert [found.state for found in judged("::1", Dns(trusted=True), validated=True)] == ["ok"]


def test_validation_elsewhere_is_no_reason_to_trust() -> None:
    """Only a resolver on this machine is proposed for dns.trusted."""
    assert [found.state for found in judged("192.0.2.53", Dns(), validated=True)] == ["ok"]
    assert [found.state for found in judged("127.0.0.1", Dns(), validated=True)] == ["ok", "look"]
