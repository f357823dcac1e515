"""The table of reasons for people: `docs/reasons.md` is this text, which a test holds to be so."""

from milter.policy.reasons import CATALOGUE, Entry

HEAD = """# Reasons

Every outcome of judging has one stable name. It stands in notices, the register, the audit trail, `explain` and
`policy.toml`, and is never renamed. The ids are those of the sharing rules. What is done about a reason is set in
`policy.toml` under `[reasons.<code>]`: `pass` (record only), `protect`, `hold` or `refuse`, and `mode = "monitor"`
to record without acting. Where the table below says 'route table', the demand of the row that names the reason
decides. Gravity runs from 1 (a remark) to 5 (a serious incident) and orders what a sender reads.

| code | rules | what is the matter | by default | gravity |
|---|---|---|---|---|
"""


def page() -> str:
    """Give the whole page as Markdown: the table, then each reason in words."""
    table = "".join(_row(entry) for entry in CATALOGUE)
    return HEAD + table + "".join(_section(entry) for entry in CATALOGUE)


def _row(entry: Entry) -> str:
    default = "route table" if entry.routed else entry.default.name.lower()
    link = f"[{entry.code}](#{entry.code})"
    return f"| {link} | {', '.join(entry.rules)} | {entry.title} | {default} | {entry.gravity} |\n"


def _section(entry: Entry) -> str:
    steps = "".join(f"- {step}\n" for step in entry.steps)
    return f"\n## {entry.code}\n\n{entry.title}. {entry.why}\n\nWhat the sender does:\n\n{steps}"
