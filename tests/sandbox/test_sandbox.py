"""Children do their work, fail without harm to their parent, and can reach nothing."""

import asyncio
import ctypes
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from milter.sandbox import ChildFailed, Sandbox, SyncSandbox, forked
from milter.settings import ReadLimits
from tests.sandbox import work

WORK = "tests.sandbox.work"
LIMITS = ReadLimits(seconds=20.0, memory_mib=256, total_bytes=64 << 20)


@pytest.fixture(params=["a new interpreter", "a fork"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    source = forked() if request.param == "a fork" else None
    made = Sandbox(WORK, {"init": "once"}, size=2, limits=LIMITS, source=source)
    await made.start()
    yield made
    await made.close()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children_of(pid: int) -> list[int]:
    return [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
    ]


@pytest.mark.parametrize("size", [0, 1, 48 * 1024, 5 << 20])
async def test_content_of_any_size_comes_back(sandbox: Sandbox, size: int) -> None:
    """What goes in a packet and what goes in a memory file both arrive whole, in both directions."""
    content = os.urandom(size)
    answer, out = await sandbox.call({"do": "echo", "say": "é" * 3}, content)
    assert out == content
    assert answer["said"] == "ééé"
    assert answer["init"] == "once"


async def test_long_headers_arrive(sandbox: Sandbox) -> None:
    """A header longer than any packet travels like content does."""
    said = "x" * 3_000_000
    answer, _ = await sandbox.call({"do": "echo", "say": said}, b"")
    assert answer["said"] == said


@pytest.mark.parametrize(
    ("deed", "kind"),
    [("hog", "memory"), ("crash", "died"), ("vanish", "died"), ("fault", "died"), ("lie", "died")],
)
async def test_a_failing_child_is_a_failed_call_and_no_more(sandbox: Sandbox, deed: str, kind: str) -> None:
    """A child that runs out of memory, crashes or errs fails its call; the next call is served."""
    with pytest.raises(ChildFailed) as failed:
        await sandbox.call({"do": deed}, b"")
    assert failed.value.kind == kind
    assert "secret" not in str(failed.value) + failed.value.detail
    answer, _ = await sandbox.call({"do": "echo", "say": 1}, b"")
    assert answer["said"] == 1


@pytest.mark.parametrize("deed", ["spin", "hang"])
async def test_a_child_that_overstays_is_killed(deed: str) -> None:
    """Neither a busy nor a waiting child outlives its time."""
    sandbox = Sandbox(WORK, {}, size=1, limits=ReadLimits(seconds=0.3))
    await sandbox.start()
    try:
        with pytest.raises(ChildFailed) as failed:
            await sandbox.call({"do": deed}, b"")
        assert failed.value.kind == "timeout"
        assert (await sandbox.call({"do": "echo"}, b"still here"))[1] == b"still here"
    finally:
        await sandbox.close()


async def test_more_calls_than_children_wait_their_turn(sandbox: Sandbox) -> None:
    """Twenty calls at once share two children, and each gets its own answer."""
    answers = await asyncio.gather(*(sandbox.call({"do": "echo", "say": n}, b"") for n in range(20)))
    assert [answer["said"] for answer, _ in answers] == list(range(20))
    assert len({answer["pid"] for answer, _ in answers}) == 2


async def test_a_cancelled_call_ends_its_child(sandbox: Sandbox) -> None:
    """Cancelling a call leaves nothing running and the pool whole."""
    hanging = [asyncio.create_task(sandbox.call({"do": "hang"}, b"")) for _ in range(2)]
    await sandbox_is_busy(sandbox, hanging)
    for task in hanging:
        task.cancel()
    assert all(
        isinstance(one, asyncio.CancelledError)
        for one in await asyncio.gather(*hanging, return_exceptions=True)
    )
    assert (await sandbox.call({"do": "echo"}, b"x"))[1] == b"x"


async def sandbox_is_busy(sandbox: Sandbox, tasks: list[asyncio.Task]) -> None:
    """Let the tasks run until each waits for its child."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_a_child_killed_while_idle_is_replaced_unseen(sandbox: Sandbox) -> None:
    """The kernel may kill an idle child; the next call does not notice."""
    (answer, _), (other, _) = await asyncio.gather(*(sandbox.call({"do": "echo"}, b"") for _ in range(2)))
    for pid in {answer["pid"], other["pid"]}:
        os.kill(pid, 9)
        wait_until_ended(pid)
    assert (await sandbox.call({"do": "echo"}, b"x"))[1] == b"x"


async def test_a_child_killed_at_work_is_asked_once_more_elsewhere(sandbox: Sandbox) -> None:
    """The kernel may kill a child for want of memory: what it had been given is done by another."""
    (answer, _), _ = await asyncio.gather(*(sandbox.call({"do": "echo"}, b"") for _ in range(2)))
    calls = [
        asyncio.create_task(sandbox.call({"do": "hang_as", "pid": answer["pid"]}, b"x")) for _ in range(2)
    ]
    await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)  # the other child's
    os.kill(answer["pid"], signal.SIGKILL)
    assert [content for _, content in await asyncio.gather(*calls)] == [b"x", b"x"]


async def test_what_kills_two_children_is_not_tried_on_a_third() -> None:
    """What makes the kernel kill whoever reads it is a failure in the end, and the next call is served."""
    others = set(children_of(os.getpid()))
    sandbox = Sandbox(WORK, {}, size=1, limits=LIMITS)
    await sandbox.start()
    (source,) = set(children_of(os.getpid())) - others
    killed: set[int] = set()
    try:
        call = asyncio.create_task(sandbox.call({"do": "hang"}, b""))
        while not call.done():
            for pid in set(children_of(source)) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            await asyncio.sleep(0)
        with pytest.raises(ChildFailed) as failed:
            await call
        assert failed.value.kind == "died"
        assert len(killed) >= 2
        assert (await sandbox.call({"do": "echo"}, b"x"))[1] == b"x"
    finally:
        await sandbox.close()


def environment_block() -> tuple[int, int]:
    """Where the kernel put this process's environment."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(fields[47]), int(fields[48])


def wait_until_ended(pid: int) -> None:
    """Until the kernel has closed a killed process's files: then it is a zombie."""
    while "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
        pass


async def test_nothing_is_left_behind() -> None:
    """After closing there are no more processes and no more open files than before."""
    before, own = descriptors(), children_of(os.getpid())
    sandbox = Sandbox(WORK, {}, size=3, limits=LIMITS)
    await sandbox.start()
    with pytest.raises(ChildFailed):
        await sandbox.call({"do": "vanish"}, b"")
    await sandbox.call({"do": "echo"}, bytes(1 << 20))
    await sandbox.close()
    assert descriptors() == before
    assert children_of(os.getpid()) == own


async def test_a_fork_keeps_nothing_but_memory(tmp_path: Path) -> None:
    """Neither open files nor the environment, not even where the kernel had put it, are left in a forked source."""
    start, end = environment_block()
    assert b"PATH=" in ctypes.string_at(start, end - start)
    (tmp_path / "open").write_text("kept open by the parent")
    with (tmp_path / "open").open() as file:
        made = Sandbox(WORK, {}, size=1, limits=LIMITS, source=forked())
        await made.start()
        told, block = await made.call({"do": "left", "file": file.fileno(), "at": start, "size": end - start})
        await made.close()
    assert (told["file"], block.strip(b"\0")) == ("OSError", b"")


async def test_no_fork_where_the_environment_may_hold_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read from the environment may lie anywhere in memory: children then come from a new interpreter."""
    monkeypatch.setitem(work.STATE, "left", "by the parent")
    for name, mark in (("PGPASSFILE", "by the parent"), ("PGPASSWORD", None)):
        monkeypatch.setenv(name, "x")
        made = Sandbox(WORK, {}, size=1, limits=LIMITS, source=forked())
        await made.start()
        told, _ = await made.call({"do": "state"})
        await made.close()
        assert told["left"] == mark


async def test_a_fork_that_ends_is_followed_by_a_new_interpreter() -> None:
    """A source that is killed costs no call; the next one comes from nowhere but the files."""
    others = set(children_of(os.getpid()))
    made = Sandbox(WORK, {"init": 3}, size=1, limits=LIMITS, source=forked())
    await made.start()
    (source,) = set(children_of(os.getpid())) - others
    os.kill(source, signal.SIGKILL)
    wait_until_ended(source)
    assert (await made.call({"do": "echo"}, b"x"))[0]["init"] == 3
    await made.close()


async def test_what_is_asked_before_children_are_there_waits_for_them() -> None:
    """A gateway may take mail while its children are being prepared: calls are served, by no more than asked for."""
    others = set(children_of(os.getpid()))
    made = Sandbox(WORK, {"init": 4}, size=2, limits=LIMITS, source=forked())
    await made.begin()
    answers = await asyncio.gather(*(made.call({"do": "echo"}, b"x") for _ in range(6)))
    assert [(answer["init"], out) for answer, out in answers] == [(4, b"x")] * 6
    await made.wait()
    assert "limits" in made.measures()
    (source,) = set(children_of(os.getpid())) - others
    while made._renewing:
        await asyncio.gather(*made._renewing)
    assert len(children_of(source)) == 2
    await made.close()
    assert set(children_of(os.getpid())) == others


@pytest.mark.parametrize("init", [{}, {"refuse": True}])
async def test_children_can_be_given_up_while_they_are_prepared(init: dict[str, bool]) -> None:
    """A stop right behind the start leaves no process, and one that can't start fails the call and no more."""
    others = set(children_of(os.getpid()))
    made = Sandbox(WORK, init, size=1, limits=LIMITS, source=forked())
    await made.begin()
    if init:
        with pytest.raises(ChildFailed):
            await made.call({"do": "echo"}, b"x")
    await made.close()
    assert set(children_of(os.getpid())) == others


async def test_a_fork_that_is_never_used_ends_with_its_parent_s_word() -> None:
    """A worker that fails before its children start leaves nobody behind."""
    source = forked()
    source.end(20.0)
    assert source.is_over()


async def test_a_target_that_cannot_start_says_why() -> None:
    """A mistake in what is prepared stops the start with its cause."""
    with pytest.raises(ChildFailed) as failed:
        await Sandbox(WORK, {"refuse": True}, size=1, limits=LIMITS).start()
    assert failed.value.detail == "ValueError: told to refuse"


async def test_a_child_can_reach_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the kernel grants the measures, a child can neither talk, start programs, write nor read around."""
    (tmp_path / "there").write_text("private")
    tried, _ = await sandbox.call({"do": "escape", "folder": str(tmp_path)}, b"")
    measures = sandbox.measures()
    assert "limits" in measures
    if "seccomp" in measures:
        for deed in ("socket", "fork", "exec", "kill", "write", "append", "remove"):
            assert tried[deed] == "PermissionError", deed
    if "landlock" in measures:
        assert (tried["read"], tried["passwd"]) == ("PermissionError", "PermissionError")
    assert tried["scratch"] == "done"
    assert not {"HOME", "USER", "PATH"} & set(tried["environment"])


def test_programs_without_an_event_loop_have_children_too() -> None:
    """The synchronous form does the same work."""
    with SyncSandbox(WORK, {"init": 7}, limits=LIMITS) as sandbox:
        answer, out = sandbox.call({"do": "echo"}, b"abc")
    assert (answer["init"], out) == (7, b"abc")


async def test_what_is_inherited_outlives_the_process_that_children_come_from() -> None:
    """A memory file given at the start is read by `prepare`, and again where everything has to start anew."""
    descriptor = os.memfd_create("shared", os.MFD_CLOEXEC)
    os.write(descriptor, b"kept in memory")
    made = Sandbox(WORK, {"descriptor": descriptor}, size=1, limits=LIMITS, inherited=(descriptor,))
    await made.start()
    try:
        first, _ = await made.call({"do": "inherited"}, b"")
        assert made._source is not None
        made._source._process.kill()
        made._source._process.wait()
        made._idle.pop().channel.close()
        second, _ = await made.call({"do": "inherited"}, b"")
    finally:
        await made.close()
        os.close(descriptor)
    assert (first["said"], second["said"]) == ("kept in memory", "kept in memory")
