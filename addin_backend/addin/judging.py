"""Judges drafts by what the gateway judges mail by: the same policy, children, evidence, directory and lists.

A draft waits for look-ups as long as a message does. A policy that changes comes into force here as there, on SIGHUP;
one with a mistake keeps the old one in force.
"""

import asyncio
from collections.abc import Sequence

from addin_backend.addin.draft import FIRST, Draft, File, written
from addin_backend.addin.problem import ProblemError
from addin_backend.addin.results import Results, of_file
from addin_backend.site import Site
from milter import log, matching
from milter.assess.inspect import Matter
from milter.assess.inspector import inspect_message
from milter.assess.judge import Assessment, assess
from milter.assess.known import Known, load
from milter.daemon import ways
from milter.directory.look_up import Directory
from milter.directory.opening import open_directory
from milter.directory.people import told_by
from milter.errors import SealgateError
from milter.habits import Habits
from milter.message.model import Message
from milter.message.parse import parse
from milter.policy.facts import PartFacts
from milter.policy.model import People
from milter.policy.partners import organisation_of, people
from milter.sandbox import ChildFailed, Sandbox

AT_ONCE = 8  # drafts that are read or judged; the others wait, and then are told that the service is busy
WAIT_SECONDS = 10.0
_log = log.logger("addin")


class Judging:
    """The parts by which one process judges drafts."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known = site.known
        self._children: Sandbox | None = None
        self._lists: matching.Lists | None = None
        self._ways: ways.Ways | None = None
        self.directory: Directory | None = None
        self._habits = Habits(site.store, site.clock)
        self._starting = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._results = Results()

    @property
    def known(self) -> Known:
        """What it judges by now."""
        return self._known

    async def start(self) -> None:
        """Start the children and what is asked about people; once, whoever calls first."""
        async with self._starting:
            if self._children is not None:
                return
            settings, memory = self._known.settings, ways.StoreMemory(self._site.store)
            self.directory = open_directory(settings.directory)
            self._ways = await ways.build(settings, memory, lambda: self._known.policy, answering=False)
            await self._take(self._known)

    async def reload(self) -> None:
        """Read policy, partners, detectors and lists anew; what has a mistake changes nothing."""
        async with self._starting:
            try:
                await self._take(await asyncio.to_thread(load, self._site.folder))
            except SealgateError as error:
                _log.error("reload-failed", cause=str(error))

    async def close(self) -> None:
        """Let go of everything."""
        if self._ways is not None:
            await self._ways.close()
        if self.directory is not None:
            await self.directory.close()
        await self._let_go(self._children, self._lists)
        self._children = self._lists = None

    async def ready(self) -> None:
        """See that drafts can be judged. Raises ProblemError."""
        try:
            await self.start()
        except (SealgateError, OSError) as error:
            _log.error("not-ready", cause=str(error))
            raise ProblemError("busy") from error

    async def turn(self) -> asyncio.Semaphore:
        """Wait for one's turn, for some seconds; the caller gives it back. Raises ProblemError."""
        try:
            # wait_for() of Python 3.11 may lose a turn that came late.
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise ProblemError("busy") from error
        return self._turns

    def known_files(self, draft: Draft, whose: str) -> dict[int, tuple[PartFacts, ...]]:
        """Give what is known of attachments whose content is not at hand, by their place."""
        found = {}
        for place, file in enumerate(draft.files):
            name = self._name(draft, file, whose)
            if file.content is None and (facts := self._results.get(name, _path(place))):
                found[place] = facts
        return found

    async def judge(
        self, draft: Draft, whose: str, known_files: dict[int, tuple[PartFacts, ...]], *, own_mailbox: bool
    ) -> Assessment:
        """Judge a draft all of whose attachments are at hand or known.

        Only whose `own_mailbox` it goes out from is told what habit says: whom others write to is theirs.
        """
        known, children = self._known, self._children
        assert children is not None, "ready() comes first"
        message = await asyncio.to_thread(lambda: parse(written(draft), known.caps))
        given = people(draft.envelope, known.policy)
        matter = Matter.of(message, given.sender.partner.name if given.sender.partner else "")
        persons, facts = await asyncio.gather(
            self._found(given, message, own_mailbox), inspect_message(matter, known.knowledge, children)
        )
        self._keep(draft, whose, message, facts)
        return assess(message, _with_known(facts, known_files), persons, known.policy)

    async def _found(self, persons: People, message: Message, own_mailbox: bool) -> People:
        """Add what is known of people, in the gateway's order."""
        if self._ways is not None:
            persons = await self._ways.routes.find(persons, message)
        if self.directory is not None:
            persons = await told_by(self.directory, persons, message, self._known.policy)
        return await self._habits.find(persons, message) if own_mailbox else persons

    def _keep(self, draft: Draft, whose: str, message: Message, facts: Sequence[PartFacts]) -> None:
        """Keep what was found in files that are one part each, so that nothing else depends on them."""
        if message.ambiguities or message.limits:
            return
        for place, file in enumerate(draft.files):
            if file.content is None or file.nests or not file.digest:
                continue
            path = _path(place)
            if [part.path for part in message.parts if _is_under(part.path, path)] == [path]:
                self._results.put(self._name(draft, file, whose), of_file(facts, path))

    def _name(self, draft: Draft, file: File, whose: str) -> tuple[str, ...]:
        """Give all that a file's facts depend on, and whose they are."""
        organisation = organisation_of(draft.sender, self._known.policy)
        return (whose, organisation, file.digest, file.name, file.declared, str(file.inline))

    async def _take(self, known: Known) -> None:
        """Judge by `known` from now on; the lists for exact matching are read anew too."""
        lists = await asyncio.to_thread(matching.lists_of, self._site.store)
        children = lists.children(known)
        try:
            await children.start()
        except ChildFailed:
            lists.close()
            raise
        old = self._children, self._lists
        self._known, self._children, self._lists = lists.into(known), children, lists
        self._results.forget()
        await self._let_go(*old)
        _log.info("judging", policy=known.policy.hash, confined=children.measures(), lists=lists.names)

    async def _let_go(self, children: Sandbox | None, lists: matching.Lists | None) -> None:
        if children is not None:
            await children.close()
        if lists is not None:
            lists.close()


def _path(place: int) -> str:
    """Give the part of an attachment: the text is the first (RFC 3501 6.4.5)."""
    return str(FIRST + place)


def _is_under(path: str, root: str) -> bool:
    return path == root or path.startswith((f"{root}.", f"{root}~"))


def _with_known(
    facts: tuple[PartFacts, ...], known_files: dict[int, tuple[PartFacts, ...]]
) -> tuple[PartFacts, ...]:
    """Put what is known of files in the place of what was found in their empty places."""
    known = {_path(place): found for place, found in known_files.items()}
    seen = dict.fromkeys(known, False)
    whole: list[PartFacts] = []
    for fact in facts:
        if fact.path in known and not fact.parent:
            seen[fact.path] = True
            whole.extend(known[fact.path])
        else:
            whole.append(fact)
    for path, was in seen.items():
        whole.extend(() if was else known[path])
    return tuple(whole)
