"""The command line offers exactly what the commands themselves know, though it imports none of them to be drawn."""

import argparse
from collections.abc import Iterator

from addin_backend.admin.roles import ROLES as PAGES_ROLES
from milter.cli import choices
from milter.cli.main import parser
from milter.cli.partners import LISTS
from milter.store.feedback import VERDICTS


def _commands(of: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from _commands(sub)


def test_every_command_of_the_command_line_is_there() -> None:
    """What is named to be imported later can be imported, and has a function of that name."""
    known = [sub.get_default("command") for sub in _commands(parser()) if sub.get_default("command")]
    assert len(known) > 30
    for command in known:
        assert callable(command.resolved()), command


def test_what_options_choose_from_is_what_commands_know() -> None:
    """Roles, lists of partners and verdicts are those that are carried out."""
    assert set(choices.ROLES) == {role.name for role in PAGES_ROLES}
    assert tuple(LISTS) == choices.LISTS
    assert choices.VERDICTS == VERDICTS
