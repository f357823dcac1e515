"""The Outlook add-in's service: judges what is still being written, and serves the add-in itself."""
