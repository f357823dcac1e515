"""One mail transaction: MAIL FROM and RCPT TO with their parameters (RFC 5321 3.3)."""

from dataclasses import dataclass, field

from milter.message.envelope import Envelope, Recipient
from milter.relay.capabilities import Capabilities
from milter.smtpd.path import MailParameters, Refusal, mail_parameters, rcpt_parameters, read_path


@dataclass(slots=True)
class Transaction:
    """What MAIL and RCPT have said so far."""

    sender: str
    parameters: MailParameters
    recipients: list[Recipient] = field(default_factory=list)

    def add(self, argument: str, offered: Capabilities, limit: int) -> None:
        """Take the argument of RCPT, 'TO:<address> ...'; raises `Refusal`."""
        if len(self.recipients) >= limit:
            raise Refusal(452, "4.5.3", "Too many recipients in one go; send the rest again")
        address, rest = read_path(_behind("TO:", argument))
        if not address:
            raise Refusal(501, "5.1.3", "A recipient needs an address")
        _check_utf8(address, self.parameters.smtputf8)
        notify, orcpt = rcpt_parameters(rest, _RCPT_DSN if offered.dsn else frozenset())
        self.recipients.append(Recipient(address, notify, orcpt))

    def envelope(self, client: str, queue_id: str) -> Envelope:
        """Give the finished envelope."""
        mail = self.parameters
        return Envelope(
            sender=self.sender,
            recipients=tuple(self.recipients),
            body=mail.body,
            smtputf8=mail.smtputf8,
            ret=mail.ret,
            envid=mail.envid,
            require_tls=mail.require_tls,
            client=client,
            queue_id=queue_id,
        )


_RCPT_DSN = frozenset({"NOTIFY", "ORCPT"})


def begin(argument: str, offered: Capabilities | None, limit: int, *, secured: bool) -> Transaction:
    """Take the argument of MAIL, 'FROM:<address> ...'; raises `Refusal`.

    `offered` is what EHLO announced, None after HELO; `limit` is in octets; `secured` says that the
    connection is under TLS, without which REQUIRETLS does not exist (RFC 8689 section 2).
    """
    address, rest = read_path(_behind("FROM:", argument))
    parameters = mail_parameters(rest, _mail_keywords(offered, secured=secured))
    _check_utf8(address, parameters.smtputf8)
    if parameters.size > limit:
        raise Refusal(552, "5.3.4", f"The message is larger than the {limit} octets that are taken")
    return Transaction(address, parameters)


def _mail_keywords(offered: Capabilities | None, *, secured: bool) -> frozenset[str]:
    if offered is None:
        return frozenset()
    keywords = {"SIZE"}
    keywords |= {"BODY"} if offered.eight_bit else set()
    keywords |= {"SMTPUTF8"} if offered.smtputf8 else set()
    keywords |= {"RET", "ENVID"} if offered.dsn else set()
    keywords |= {"REQUIRETLS"} if offered.require_tls and secured else set()
    return frozenset(keywords)


def _behind(keyword: str, argument: str) -> str:
    if argument[: len(keyword)].upper() != keyword:
        raise Refusal(501, "5.5.4", f"{keyword}<address> is missing")
    return argument[len(keyword) :].lstrip(" ")  # a blank here is wrong but common, and changes nothing


def _check_utf8(address: str, smtputf8: bool) -> None:
    if not smtputf8 and not address.isascii():
        raise Refusal(553, "5.6.7", "An address with letters beyond ASCII needs SMTPUTF8")
