"""The HTTP side of Sealgate: the Outlook add-in's API, the pages of staff, the pages of recipients."""
