"""Every page, and who may open it: the authorisation table, read top to bottom."""

from addin_backend.admin import asking, home, joining, message, oidc, people, quarantine, requests, sign_in
from addin_backend.admin.roles import (
    ADMINISTERS,
    ANYONE,
    DECIDES,
    SEES_HELD,
    SIGNED_IN,
    UNMASKS,
)
from addin_backend.admin.visit import Door

DOORS: tuple[Door, ...] = (
    # Coming in
    Door("GET", "/sign-in", ANYONE, sign_in.show),
    Door("POST", "/sign-in", ANYONE, sign_in.sign_in),
    Door("GET", "/sign-in/code", ANYONE, sign_in.code_show),
    Door("POST", "/sign-in/code", ANYONE, sign_in.code),
    Door("GET", "/sign-in/app", ANYONE, joining.app_show),
    Door("POST", "/sign-in/app", ANYONE, joining.app_set),
    Door("GET", "/sign-in/provider", ANYONE, oidc.start),
    Door("GET", "/sign-in/callback", ANYONE, oidc.callback),
    Door("GET", "/invitation/{token}", ANYONE, joining.invitation_show),
    Door("POST", "/invitation/{token}", ANYONE, joining.invitation_accept),
    Door("POST", "/sign-out", SIGNED_IN, sign_in.sign_out),
    # For everybody
    Door("GET", "/", SIGNED_IN, home.show),
    Door("GET", "/me", SIGNED_IN, people.me_show),
    Door("POST", "/me", SIGNED_IN, people.me_set),
    Door("GET", "/accessibility", ANYONE, home.accessibility),
    Door("GET", "/help", ANYONE, home.helping),
    # Senders, by the link that was mailed to them
    Door("GET", "/ask/{ref}/{proof}", ANYONE, asking.ask_show),
    Door("POST", "/ask/{ref}/{proof}", ANYONE, asking.ask),
    Door("GET", "/answer/{token}", ANYONE, asking.answer_show),
    Door("POST", "/answer/{token}", ANYONE, asking.answer),
    # Held messages
    Door("GET", "/quarantine", SEES_HELD, quarantine.listing),
    Door("POST", "/quarantine/bulk", DECIDES, quarantine.bulk),
    Door("POST", "/quarantine/bulk/do", DECIDES, quarantine.bulk_do),
    Door("GET", "/quarantine/{id}", SEES_HELD, message.show),
    Door("POST", "/quarantine/{id}/decide", DECIDES, message.decide),
    Door("POST", "/quarantine/{id}/assign", DECIDES, message.assign),
    Door("POST", "/quarantine/{id}/note", DECIDES, message.note),
    Door("POST", "/quarantine/{id}/ask", DECIDES, message.ask),
    Door("POST", "/quarantine/{id}/feedback", DECIDES, message.feedback),
    Door("GET", "/quarantine/{id}/content", UNMASKS, message.content_ask),
    Door("POST", "/quarantine/{id}/content", UNMASKS, message.content_show),
    Door("GET", "/requests", SEES_HELD, requests.listing),
    Door("GET", "/requests/{id}", SEES_HELD, requests.show),
    Door("POST", "/requests/{id}", DECIDES, requests.answer),
    # Accounts
    Door("GET", "/accounts", ADMINISTERS, people.listing),
    Door("GET", "/accounts/invite", ADMINISTERS, people.invite_show),
    Door("POST", "/accounts/invite", ADMINISTERS, people.invite),
    Door("GET", "/accounts/{id}", ADMINISTERS, people.account_show),
    Door("POST", "/accounts/{id}", ADMINISTERS, people.account_act),
    Door("POST", "/accounts/{id}/tokens", ADMINISTERS, people.token_make),
    Door("POST", "/accounts/{id}/tokens/{token}", ADMINISTERS, people.token_revoke),
)
