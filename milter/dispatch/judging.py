"""INSPECT + DECIDE for one message: who it concerns, what it holds, what is to be done; for deliveries and releases."""

import asyncio

from milter.assess.inspect import Matter
from milter.assess.inspector import inspect_message
from milter.assess.judge import Assessment, assess
from milter.dispatch.surroundings import Surroundings
from milter.message.envelope import Envelope
from milter.message.model import Message
from milter.policy.model import People
from milter.policy.partners import people


async def judge(envelope: Envelope, message: Message, with_: Surroundings) -> Assessment:
    """Judge a message for each recipient of its envelope, by what is known now."""
    known = with_.known
    given = people(envelope, known.policy)
    partner = given.sender.partner
    matter = Matter.of(message, partner.name if partner else "")
    persons, parts = await asyncio.gather(
        _found(given, message, with_), inspect_message(matter, known.knowledge, with_.children, with_.seen)
    )
    return assess(message, parts, persons, known.policy)


async def _found(persons: People, message: Message, with_: Surroundings) -> People:
    """Add what look-ups know of people, while the message is inspected."""
    for find in with_.find_people:
        persons = await find(persons, message)
    return persons
