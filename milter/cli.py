def main() -> None:
    """Be replaced."""
