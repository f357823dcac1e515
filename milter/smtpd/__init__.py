"""RECEIVE: the SMTP side that mail comes in by. Start reading at `server`, then `conversation`."""
