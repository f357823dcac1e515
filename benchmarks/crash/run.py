"""One run: everything is started, mail flows, everything is killed, all is let settle, and the verdict is drawn."""

import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import update

from benchmarks.crash.messages import Numbered
from benchmarks.crash.parts import Balancer, Database, Node, Program, kill, upstream
from benchmarks.crash.people import People, Senders
from benchmarks.crash.points import POINTS
from benchmarks.crash.verdict import Verdict, draw
from milter.errors import StoreError
from milter.store import outbox
from milter.store.engine import Store, open_store
from milter.store.schema import outbox as outbox_table
from tests.postfix.instance import Postfix, free_port

TARGETS = (("worker", 4), ("node", 2), ("child", 4), ("database", 4), ("next hop", 6))  # with their weights
_SECONDS = 3.0  # between two kills, where any mail came through
_MOST_SECONDS = 30.0  # without mail that came through, before the next kill all the same
_BACKLOG = 300  # messages that wait in Postfix at most, since looking through its queue takes its time
_TRICKLE = 1.0  # messages a second beyond that, so that there is traffic to the end


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to be."""

    messages: int
    kills: int
    seed: int = 1
    store: Literal["postgresql", "sqlite"] = "postgresql"
    nodes: int = 2
    workers: int = 1  # of each node
    points: tuple[str, ...] = POINTS  # each hit once at least
    targets: tuple[tuple[str, int], ...] = TARGETS  # what is killed at random
    pause: float = 0.8  # seconds between two kills
    patience: float = 900.0  # seconds for all to settle


class Run:
    """A run under way."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan, self._random = plan, random.Random(plan.seed)
        self._fuses = folder / "fuses"
        self._fuses.mkdir()
        self._arrivals = folder / "arrivals"
        self._database = Database(folder / "database") if plan.store == "postgresql" else None
        self._url = self._database.url if self._database else f"sqlite:///{folder}/store.db"
        self._key = folder / "store.key"
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.crash.hop", str(port), str(self._arrivals)]
        self._hop = Program("next hop", command, folder / "hop.log")
        self.nodes = [self._node(folder / f"node{n}", f"node{n}", port) for n in range(plan.nodes)]
        self._balancer = Balancer([node.port for node in self.nodes])
        self._postfix = upstream(self._balancer.port, port)
        self._counted = (0, 0)  # octets and messages at the next hop
        self.killed: dict[str, int] = {}  # by what was killed, or the point it killed itself at
        self._laid: dict[str, int] = {}  # fuses that lie
        self._to_lay = self._fuse_order()

    def _node(self, folder: Path, name: str, hop: int) -> Node:
        folder.mkdir()
        return Node(name, folder, self._fuses, self._url, self._key, hop, self._plan.workers)

    def _fuse_order(self) -> list[str]:
        """All points in random order, again and again for one in five of all kills."""
        rounds = max(1, round(self._plan.kills * 0.2 / max(1, len(self._plan.points))))
        order: list[str] = []
        for _ in range(rounds):
            order += self._random.sample(self._plan.points, len(self._plan.points))
        return order[::-1]

    def carry_out(self) -> Verdict:
        """Run it, and give what came of it."""
        begun = time.monotonic()
        try:
            self._start()
            people = People(self._url, self._key, self._arrivals, self._postfix.port)
            mail = self._kill_through(people)
            self._settle()
            people.stop()
            self._settle()
            codes = [node.stop() for node in self.nodes]
            with_store = self._open()
            verdict = draw(mail, self._arrivals, with_store, people, self.killed, time.monotonic() - begun)
            with_store.close()
            return verdict.also(
                unclean_stops=sum(code != 0 for code in codes),
                unknown_commits=[file.name for file in self._fuses.glob("unknown-*")],
                points_missed=[point for point in self._plan.points if not self.killed.get(point)],
            )
        finally:
            self._stop()

    def _start(self) -> None:
        if self._database:
            self._database.start()
        self._hop.keep_alive()
        self._open().close()  # the tables and the key, before nodes race for them
        for node in self.nodes:
            node.keep_alive()
        self._postfix.start()

    def _open(self) -> Store:
        return open_store(self._url, self._key, node="harness")

    def _kill_through(self, people: People) -> list[Numbered]:
        """Send and kill until enough of both is done, and every fuse burnt; give what was sent."""
        plan, begun = self._plan, time.monotonic()
        wanted = max(plan.kills, len(self._to_lay))

        def allowed() -> float:
            by_kills = plan.messages * (self._kills() + 1) / wanted
            return min(by_kills, self._counted[1] + _BACKLOG) + _TRICKLE * (time.monotonic() - begun)

        senders = Senders(self._postfix.port, plan.messages, 8, allowed)
        while self._kills() < wanted or self._to_lay or self._laid:
            assert time.monotonic() < begun + plan.patience + 8 * wanted, f"it does not end: {self._laid}"
            self._let_mail_through()
            people.check()
            if self._to_lay and len(self._laid) < 8 and self._random.random() < 0.6:
                self._lay(self._to_lay.pop())
            elif self._kills() < wanted - len(self._to_lay) - len(self._laid):
                self._kill_something()
        return senders.finish()

    def _let_mail_through(self) -> None:
        """Wait a little, and until mail has come through since the last kill: to kill what is down proves nothing."""
        before, begun = self._arrived(), time.monotonic()
        enough = 0.8 * self._plan.messages / self._plan.kills
        time.sleep(self._plan.pause * self._random.uniform(0.5, 1.5))
        while True:
            self._note_burnt()
            self._keep_alive()
            came, waited = self._arrived() - before, time.monotonic() - begun
            if came >= enough or (came and waited > _SECONDS) or waited > _MOST_SECONDS:
                return
            time.sleep(0.05)

    def _arrived(self) -> int:
        """Count what has come to the next hop."""
        if self._arrivals.exists():
            with self._arrivals.open("rb") as file:
                file.seek(self._counted[0])
                new = file.read()
            self._counted = (self._counted[0] + len(new), self._counted[1] + new.count(b"\n{"))
        return self._counted[1]

    def _kills(self) -> int:
        return sum(self.killed.values())

    def _lay(self, point: str) -> None:
        if point in self._laid:
            self._to_lay.insert(0, point)
            return
        self._laid[point] = 1
        (self._fuses / point).touch()

    def _note_burnt(self) -> None:
        for point in [point for point in self._laid if not (self._fuses / point).exists()]:
            del self._laid[point]
            self._count(point)

    def _count(self, what: str) -> None:
        self.killed[what] = self.killed.get(what, 0) + 1

    def _kill_something(self) -> None:
        targets = self._plan.targets
        (target,) = self._random.choices([t for t, _ in targets], [weight for _, weight in targets])
        node = self._random.choice(self.nodes)
        if target == "database" and self._database:
            self._database.kill()
            self._count(target)
            time.sleep(self._random.uniform(0, 0.5))
            self._database.start()
        elif target == "next hop":
            self._hop.kill()
            self._count(target)
        elif target == "node":
            node.kill()
            self._count(target)
        elif pids := node.children() if target == "child" else node.workers():
            kill(self._random.choice(pids))
            self._count(target)

    def _keep_alive(self) -> None:
        for program in (self._hop, *self.nodes):
            program.keep_alive()

    def _settle(self) -> None:
        """Wait until Postfix has nothing queued and the outbox nothing to send."""
        ends = time.monotonic() + self._plan.patience
        while self._postfix.queue() or self._owed():
            assert time.monotonic() < ends, f"it does not settle: {self._postfix.queue()[:3000]}"
            self._keep_alive()
            self._postfix.flush()
            time.sleep(0.5)

    def _owed(self) -> int:
        """Count what the outbox still has to send, and have it tried now rather than after its waiting time."""
        try:
            store = self._open()
        except StoreError:
            return 1
        try:
            with store.transaction() as tx:
                pending = outbox_table.c.state == "pending"
                free = pending & outbox_table.c.lease_until.is_(None)
                tx.execute(update(outbox_table).where(free).values(not_before=tx.now))
                return len(outbox.waiting(tx))
        except StoreError:
            return 1
        finally:
            store.close()

    def _stop(self) -> None:
        for program in (*self.nodes, self._hop):
            program.kill()
        _stop_postfix(self._postfix)
        if self._database:
            self._database.stop()


def _stop_postfix(postfix: Postfix) -> None:
    postfix.__exit__(None, None, None)
