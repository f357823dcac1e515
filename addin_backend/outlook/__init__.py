"""The Outlook add-in itself: its manifests, made for the address that IT sets, and what Outlook fetches from there."""
