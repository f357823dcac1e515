"""Receipts: the life of a share, as pure values. The store keeps it, the outbox sends for it."""
