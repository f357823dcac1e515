"""The same acts for programs: JSON under /api/v1, bearer tokens, errors as RFC 9457 has them."""
