"""What is known of the connection that a message came in by: for the trace header and for one trail."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """The client as it was seen, and as a trusted peer's XFORWARD says the first client was."""

    peer: str = ""  # address of the peer, IPv6 without brackets
    port: int = 0
    helo: str = ""  # what it called itself
    protocol: str = (
        "ESMTP"  # word of the Received field: SMTP ESMTP ESMTPS UTF8SMTP UTF8SMTPS (RFC 3848, 6531)
    )
    tls: str = ""  # 'TLSv1.3 TLS_AES_256_GCM_SHA384'; '' in clear
    hostname: str = "localhost"  # what this server calls itself
    xforward: dict[str, str] = field(default_factory=dict)  # NAME ADDR PORT PROTO HELO IDENT SOURCE, as given
    shared: bool = False  # the peer is a server that others use too, so its mail must prove that it is ours
