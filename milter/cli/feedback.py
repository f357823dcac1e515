"""`feedback`: what staff and reviewers say of reasons and findings, kept as features for tuning."""

import argparse
import sys
from datetime import timedelta

from milter.cli.records import actor, opened, print_json, reference_of
from milter.cli.words import table
from milter.clock import utc_now
from milter.errors import RequestError
from milter.store import feedback, quarantine, talk
from milter.store.transaction import Transaction


def feedback_command(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate feedback`: take a verdict down, or show what was said."""
    if not arguments.reference:
        return _listing(arguments)
    reference = reference_of(arguments)
    with opened(arguments) as store, store.transaction() as tx:
        judged_id = _judged(tx, reference)
        if not arguments.code:
            known = feedback.codes_of(tx, judged_id)
            raise RequestError(
                f"Say what of it with --code: {', '.join(known) or 'nothing was found in it'}."
            )
        feedback.give(tx, judged_id, actor(), arguments.verdict, arguments.code)
    sys.stdout.write(
        f"{reference}: noted that {arguments.code} was {arguments.verdict}. Nothing is released by that.\n"
    )
    return 0


def _judged(tx: Transaction, reference: str) -> str:
    """Give the judged message of a reference, which may be that of a held message."""
    try:
        return quarantine.get(tx, reference).held.judged_id
    except RequestError:
        return reference


def _listing(arguments: argparse.Namespace) -> int:
    since = utc_now() - timedelta(days=arguments.days)
    with opened(arguments) as store, store.read() as tx:
        if arguments.json:
            given = talk.feedback_given(tx, since)
            print_json({"code": code, "verdict": verdict, "features": told} for code, verdict, told in given)
            return 0
        counts = talk.feedback_counts(tx, since)
    if not counts:
        sys.stdout.write("Nobody has said of a reason or finding whether it was right.\n")
        return 0
    rows = [(code, verdict, str(times)) for code, verdict, times in counts]
    sys.stdout.write(table(("reason or finding", "verdict", "times"), rows) + "\n")
    return 0
