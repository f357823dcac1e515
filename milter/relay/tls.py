"""TLS towards the next hop: none, opportunistic (RFC 7435), or verified."""

import ssl

from milter.settings import NextHop


def client_context(settings: NextHop) -> ssl.SSLContext | None:
    """Make the context that the settings ask for, None for 'none'. TLS 1.2 at least.

    Opportunistic TLS checks no certificate: it guards against onlookers only, and says 'unverified'.
    Raises OSError where the certificate authorities can't be read.
    """
    if settings.tls == "none":
        return None
    context = ssl.create_default_context(cafile=settings.tls_ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls != "verified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
