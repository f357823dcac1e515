"""The composition root: builds every object of one gateway process, and takes it down again."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milter import log, matching
from milter.assess.known import Known, load
from milter.assess.seen import Seen
from milter.clock import utc_now
from milter.daemon import persons
from milter.daemon.watch import Watch
from milter.dispatch import Dispatch
from milter.dispatch.surroundings import Surroundings
from milter.errors import SealgateError
from milter.message.envelope import Envelope
from milter.outbox import Outbox
from milter.policy.load import files_text
from milter.relay.capabilities import Capabilities
from milter.relay.client import NextHopClient
from milter.relay.reply import Reply
from milter.relay.session import SessionFacts
from milter.sandbox import Sandbox, Source, forked
from milter.store import policies
from milter.store.engine import Store, open_store

if TYPE_CHECKING:
    from milter.daemon.ways import (
        Ways,  # imported with DNS and HTTPS where they are needed: commands start quicker
    )

_log = log.logger("gateway")


class Gateway:
    """One gateway process as the worker needs it: deals with mail, reloads, closes."""

    def __init__(
        self,
        folder: Path | None,
        with_: Surroundings,
        next_hop: NextHopClient,
        lists: matching.Lists,
        watch: asyncio.Server | None = None,
        evidence: "Ways | None" = None,
        who: persons.Persons | None = None,
    ) -> None:
        self._folder = folder
        self._lists = lists
        self._watch = watch
        self._evidence = evidence
        self._who = who
        self.surroundings = with_
        self._next_hop = next_hop
        self._dispatch = Dispatch(with_)
        self.outbox = Outbox(with_)
        with_.wake_outbox = self.outbox.wake
        loop = asyncio.get_running_loop()
        self._tasks = (
            loop.create_task(self.outbox.run()),
            loop.create_task(next_hop.watch()),
            loop.create_task(_tell_of(with_.children)),
        )

    async def deliver(self, envelope: Envelope, raw: bytes, session: SessionFacts) -> Reply:
        """Deal with one message."""
        return await self._dispatch.deliver(envelope, raw, session)

    def capabilities(self) -> Capabilities | None:
        """Give what the next hop offers."""
        return self._next_hop.capabilities()

    async def reload(self) -> None:
        """Read policy, partners, detectors and lists anew. Raises SealgateError and keeps the old ones."""
        known = await asyncio.to_thread(load, self._folder)
        lists = await asyncio.to_thread(matching.lists_of, self.surroundings.store)
        known = lists.into(known)
        try:
            children = await _children(known, lists)
        except SealgateError:
            lists.close()
            raise
        old, self.surroundings.children = self.surroundings.children, children
        self.surroundings.known, self.surroundings.seen = known, _memory(known)
        await _note_policy(self.surroundings.store, known)
        assert isinstance(old, Sandbox)
        await old.close()
        self._lists.close()
        self._lists = lists

    async def close(self) -> None:
        """Let go of everything; no message is under way any more."""
        if self._watch:
            self._watch.close()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._evidence is not None:
            await self._evidence.close()
        if self._who is not None:
            await self._who.close()
        await self._next_hop.close()
        if isinstance(self.surroundings.secure_next_hop, NextHopClient):
            await self.surroundings.secure_next_hop.close()
        assert isinstance(self.surroundings.children, Sandbox)
        await self.surroundings.children.close()
        self._lists.close()
        await asyncio.to_thread(self.surroundings.store.close)


async def build(folder: Path | None, index: int, node: str, warm: Known | None = None) -> Gateway:
    """Build one gateway process. Raises SealgateError in plain words where a part can't be had.

    `warm` is what this process's parent loaded and warmed up (`milter.assess.child.prepared`), used where it is still
    what the files say: children then come from a fork made here and now, while this process knows no secret.
    """
    known = warm if warm is not None and warm.is_current() else load(folder)
    source = forked() if known is warm else None
    settings = known.settings
    store = open_store(settings.store.url, Path(settings.store.key_file), node=f"{node}/{index}")
    lists = matching.lists_of(store)
    known = lists.into(known)
    next_hop = NextHopClient(settings.next_hop, settings.smtp.hostname)
    secure = (
        NextHopClient(settings.secure_next_hop, settings.smtp.hostname, verified_only=True)
        if settings.secure_next_hop
        else None
    )
    children, _, _ = await asyncio.gather(
        _children(known, lists, source), _note_policy(store, known), next_hop.probe()
    )
    with_ = Surroundings(known, children, store, next_hop, secure, utc_now, lambda: None)
    with_.seen = _memory(known)
    with_.entry_secret = _word_in(settings.smtp.entry_secret_file)
    watch = await Watch(store, next_hop.capabilities).start(settings.metrics) if settings.metrics else None
    evidence = await _evidence(with_, store) if settings.dns.enabled else None
    if evidence is not None:
        with_.find_people = (*with_.find_people, evidence.routes.find)
        with_.way_tried = evidence.routes.tried
    _log.info("ready", worker=index, policy=known.policy.hash, lists=lists.names)
    return Gateway(folder, with_, next_hop, lists, watch, evidence, persons.build(with_, index))


async def _evidence(with_: Surroundings, store: Store) -> "Ways | None":
    """Build what asks DNS and other servers about the way to a domain."""
    from milter.daemon import ways
    from milter.daemon.greeting import Greeter

    settings = with_.known.settings
    greet = Greeter(settings.smtp.hostname).greet
    return await ways.build(settings, ways.StoreMemory(store), lambda: with_.known.policy, greet)


def _word_in(file: str) -> str:
    return Path(file).read_text("ascii").strip() if file else ""


def _memory(known: Known) -> Seen:
    return Seen(known.settings.seen_mib * 2**20)


async def _children(known: Known, lists: matching.Lists, source: Source | None = None) -> Sandbox:
    """Start the children, and see that they judge by the same policy."""
    children = lists.children(known, source=source)
    if source is not None:  # a fork that judges by the very policy that is in memory here
        await children.begin()
        return children
    await children.start()
    answer, _ = await children.call({"op": "policy"}, b"")
    if answer.get("policy") != known.policy.hash:
        await children.close()
        raise SealgateError("The configuration was changed while it was being read. Start or reload again.")
    return children


async def _tell_of(children: Any) -> None:
    assert isinstance(children, Sandbox)
    await children.wait()
    _log.info("children", confined=children.measures())


async def _note_policy(store: Store, known: Known) -> None:
    text = files_text(known.settings.folder)
    future = store.submit(lambda tx: policies.loaded(tx, known.policy.hash, text))
    await asyncio.wrap_future(future)
