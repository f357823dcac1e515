"""What became of a message for one recipient at the next hop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """The next hop's last word for one recipient, or what stood in its way (4xx: worth another try)."""

    address: str
    code: int  # 250 taken; 4xx not now; 5xx never
    enhanced: str  # '2.0.0'; made from the code where the next hop gave none
    text: str  # one line; the next hop's words may name the address, so never log it
    tls: str = ""  # 'TLSv1.3 TLS_AES_256_GCM_SHA384 verified' or 'unverified'; '' in clear or not sent

    @property
    def taken(self) -> bool:
        """Whether the next hop answers for it now."""
        return 200 <= self.code <= 299
