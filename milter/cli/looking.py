"""`explain` and `detect`: what would be done with mail, and what files hold, without doing anything.

All cores are used, through the same sandboxed children as the gateway's. Thousands of files go in one call; each
is answered in the order given, whatever it holds: a file that kills its reader is answered as unreadable.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any

from milter.assess.explain import detected, explained
from milter.assess.inspect import Matter
from milter.assess.inspector import inspect_message, unread_file
from milter.assess.judge import assess, envelope_of
from milter.assess.known import Known, load
from milter.cli import asking
from milter.cli.words import plural
from milter.errors import RequestError
from milter.matching import Lists, lists_if_any
from milter.message.parse import parse
from milter.policy.partners import people
from milter.sandbox import ChildFailed, Sandbox

PROGRESS_FROM = 20  # files: below that the answers themselves are progress enough


def explain(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate explain`; without a file, say which rows decide between the addresses."""
    given = arguments.to or []
    arguments.file += [
        word for word in given if not _is_address(word)
    ]  # '--to B FILE' takes the file in, too
    arguments.to = [word for word in given if _is_address(word)] or None
    if arguments.sender is not None and arguments.to and not (arguments.file or arguments.files_from):
        return asking.rows(arguments)
    if arguments.evidence or arguments.look_up:
        raise RequestError("--evidence and --look-up are for asking without a file.")
    header = {"op": "explain", "from": arguments.sender, "to": arguments.to, "reveal": arguments.reveal}
    return _look(arguments, header, _explained_in_words)


def _is_address(word: str) -> bool:
    return "@" in word and not Path(word).exists()


def detect(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate detect`."""
    return _look(arguments, {"op": "detect", "reveal": arguments.reveal}, _detected_in_words)


def _look(arguments: argparse.Namespace, header: dict[str, Any], in_words: Any) -> int:
    paths = list(arguments.file) + _listed(arguments.files_from)
    if not paths:
        sys.stderr.write(
            "sealgate: name at least one file, or a list of them with --files-from;"
            " or give explain --from and --to for the rows that decide\n"
        )
        return 2
    return asyncio.run(_answer_all(paths, arguments, header, in_words))


def _listed(source: str | None) -> list[str]:
    if source is None:
        return []
    try:
        text = (
            sys.stdin.read()
            if source == "-"
            else Path(source).read_text(encoding="utf-8", errors="surrogateescape")
        )
    except OSError as error:
        raise RequestError(f"{source} can't be read: {error.strerror}.") from error
    return [line for line in text.splitlines() if line]


async def _answer_all(
    paths: Sequence[str], arguments: argparse.Namespace, header: dict[str, Any], in_words: Any
) -> int:
    folder = Path(arguments.config) if arguments.config else None
    known = load(folder)
    with lists_if_any(known.settings.store) as lists:
        return await _answer_each(paths, arguments, header, in_words, lists.into(known), lists)


async def _answer_each(
    paths: Sequence[str],
    arguments: argparse.Namespace,
    header: dict[str, Any],
    in_words: Any,
    known: Known,
    lists: Lists,
) -> int:
    cores = min(len(os.sched_getaffinity(0)), len(paths))
    children = lists.children(known, cores)
    await children.start()
    failed = 0
    try:
        async for path, answer in _in_order(paths, header, known, children, cores):
            failed += "error" in answer
            _print(path, answer, arguments, in_words)
            _progress(len(paths))
    finally:
        await children.close()
    return 1 if failed else 0


async def _in_order(
    paths: Sequence[str], header: dict[str, Any], known: Known, children: Sandbox, cores: int
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Answer each path in the order given, with a few of them under way at once."""
    under_way: list[tuple[str, asyncio.Task[dict[str, Any]]]] = []
    for path in paths:
        under_way.append((path, asyncio.create_task(_answer(path, header, known, children))))
        if len(under_way) >= cores * 4:
            first, task = under_way.pop(0)
            yield first, await task
    for path, task in under_way:
        yield path, await task


def _bytes_of(path: str) -> bytes:
    return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()


async def _answer(path: str, header: dict[str, Any], known: Known, children: Sandbox) -> dict[str, Any]:
    try:
        content = await asyncio.to_thread(_bytes_of, path)
    except OSError as error:
        return {"error": f"the file can't be read: {error.strerror}"}
    try:
        answer, _ = await children.call({**header, "name": Path(path).name}, content)
    except ChildFailed as failed:
        return await _part_by_part(path, content, header, known, children, failed.kind)
    return answer


async def _part_by_part(
    path: str, content: bytes, header: dict[str, Any], known: Known, children: Sandbox, kind: str
) -> dict[str, Any]:
    """Give every other part its verdict where one part killed the child."""
    if header["op"] == "detect":
        return detected((unread_file(Path(path).name, kind),), reveal=header["reveal"])
    message = parse(content, known.caps)
    envelope = envelope_of(message, header["from"], tuple(header["to"] or ()))
    persons = people(envelope, known.policy)
    organisation = persons.sender.partner.name if persons.sender.partner else ""
    matter = Matter.of(message, organisation, reveal=header["reveal"])
    parts = await inspect_message(matter, known.knowledge, children)
    return explained(assess(message, parts, persons, known.policy), reveal=header["reveal"])


def _print(path: str, answer: dict[str, Any], arguments: argparse.Namespace, in_words: Any) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps({"file": path, **answer}, ensure_ascii=False) + "\n")
    elif "error" in answer:
        sys.stderr.write(f"{path}: {answer['error']}\n")
    else:
        sys.stdout.write("\n".join((path, *in_words(answer))) + "\n")
    sys.stdout.flush()


_done = 0


def _progress(total: int) -> None:
    global _done  # noqa: PLW0603 - one counter of one command
    _done += 1
    if total >= PROGRESS_FROM and sys.stderr.isatty():
        sys.stderr.write(f"\r{_done} of {total} files" + ("\n" if _done == total else ""))


def _explained_in_words(answer: dict[str, Any]) -> Iterable[str]:
    yield f"  {_gist(answer)}"
    for recipient in answer["recipients"]:
        yield f"  {recipient['address']}: {recipient['action']}"
        for reason in recipient["details"]:
            mode = "" if reason["enforced"] else " (monitored only)"
            rules = f" [{', '.join(reason['rules'])}]" if reason["rules"] else ""
            yield f"    {reason['code']}{rules} -> {reason['action']}{mode}: {reason['detail']}"
        if recipient["obligations"]:
            yield f"    obligations: {', '.join(recipient['obligations'])}"
    yield from _insides_in_words(answer)


def _detected_in_words(answer: dict[str, Any]) -> Iterable[str]:
    yield f"  {_gist(answer)}"
    for line in answer.get("why", ()):
        yield f"  because {line}"
    yield from _insides_in_words(answer)


def _gist(answer: dict[str, Any]) -> str:
    kinds = f" ({', '.join(answer['categories'])})" if answer["categories"] else ""
    must = "personal information to protect" if answer["protect"] else "nothing to protect"
    count = plural(len(answer["findings"]), "finding")
    return f"{must}, grade {answer['grade']}{kinds}, {count}"


def _insides_in_words(answer: dict[str, Any]) -> Iterable[str]:
    for part in answer["parts"]:
        if part["status"] != "read" or part["protection"] != "none":
            why = f": {part['why']}" if part["why"] else ""
            yield f"  part {part['path']} {part['type']}: {part['status']}, protection {part['protection']}{why}"
    for finding in answer["findings"]:
        shown = finding.get("text") or finding["masked"]
        yield f"  {finding['kind']} {shown} in part {finding['part']}, {finding['where']}: {finding['why']}"
