"""The menu of every page, by role."""

from addin_backend.admin import roles

MENU = (
    ("/", "Start", roles.SIGNED_IN),
    ("/quarantine", "Held messages", roles.SEES_HELD),
    ("/requests", "Requests", roles.SEES_HELD),
    ("/register", "Record of sharing", roles.SEES_ENTRIES),
    ("/due", "Due", roles.RECORDS),
    ("/shares", "Protected documents", roles.SEES_REGISTER),
    ("/incidents", "Incidents", roles.SEES_INCIDENTS),
    ("/reports", "Reports", roles.SEES_REPORTS),
    ("/policy", "Policy", roles.SEES_POLICY),
    ("/trail", "Trail", roles.SEES_TRAIL),
    ("/accounts", "Accounts", roles.ADMINISTERS),
)
