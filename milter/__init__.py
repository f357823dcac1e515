"""The mail filter daemon of Sealgate and all that the mail path needs."""

__version__ = "0.1.0"
