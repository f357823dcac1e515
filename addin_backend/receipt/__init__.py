"""The recipient's pages, and the sender's page of a share: an application of its own, open to the world."""
