"""Nothing is lost and nothing leaks while everything is killed: see `__main__`."""
