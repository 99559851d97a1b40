"""Text in, answer out: the one way to ask, whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.answers import Again, Help, Offer, Pending, Problem, Said
from bot.catalog import connections_of
from bot.commands.ack import ack, unack
from bot.commands.follow import follow, unfollow
from bot.commands.gather import typed_again
from bot.commands.grammar import (
    WRITING,
    Command,
    Unclear,
    Verb,
    parse,
    verb_of,
    verbs_near,
)
from bot.commands.health import health
from bot.commands.log import log
from bot.commands.mute import mute, mutes, unmute
from bot.commands.rehearse import rehearse
from bot.commands.runs import runs
from bot.commands.show import show
from bot.commands.status import status
from bot.commands.watch import unwatch, watch
from bot.commands.watches import watches
from bot.commands.why import why
from bot.store import StoreError

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.answers import Answer
    from bot.commands.asker import Asker
    from bot.commands.gather import Desk


journal = structlog.get_logger(__name__)

NOT_KEPT = Problem(
    what="I could not write that down: take it as not done.",
    hint="My memory did not answer; my log says why. Ask again in a moment, and look "
    "with watches or mutes at what is there.",
)
NOT_READ = Problem(
    what="I cannot look that up just now.",
    hint="My memory does not answer; my log says why. Ask again in a moment.",
)


async def answer(desk: Desk, text: str, asker: Asker | None = None) -> Answer:
    """Return the answer to a text, however it is put; never raises for what it says.

    Args:
        desk: what is needed to answer.
        text: as it was typed.
        asker: who asks, and where; `None` in a terminal.

    """
    desk = replace(desk, asker=asker)
    command = parse(text, desk.command)
    if isinstance(command, Unclear):
        return Problem(
            what=command.what,
            instead=tuple(Offer(label=c, command=c) for c in command.instead),
            hint=f"{desk.command} help shows what I can do.",
            command=desk.command,
        )
    try:
        found = await _ANSWERS[command.verb](desk, command)
    except StoreError:
        journal.exception("the store did not do what it was asked", verb=command.verb)
        found = NOT_KEPT if command.verb in WRITING else NOT_READ
    if isinstance(found, Problem):
        found = replace(found, command=desk.command)
    if isinstance(found, Again) and found.again is None:
        found = replace(found, again=typed_again(command))
    return found


async def answers(
    desk: Desk, text: str, haste: timedelta, asker: Asker | None = None
) -> AsyncIterator[Said]:
    """Yield the answer to a text; before it, where it takes longer, what is known.

    That is one word where everybody has answered within `haste`, and two where not: the
    first says for whom it waits, and the second is the whole answer. Nobody is asked
    anew who has answered the first time, or is still being waited for. What changes
    something is done once, and not said before it is done.
    """
    command = parse(text, desk.command)
    if isinstance(command, Command) and command.verb in WRITING:
        async for said in _written(desk, command, text, haste, asker):
            yield said
        return
    reader = desk.reader.until(haste)
    known = await answer(replace(desk, reader=reader), text, asker)
    if not reader.waiting_for:
        yield Said(answer=known)
        return
    patient = replace(desk, reader=reader.patiently())
    whole = asyncio.create_task(answer(patient, text, asker))
    try:
        if not (await asyncio.wait({whole}, timeout=reader.time_left))[0]:
            # What is wrong with a question is not known before all have been searched.
            if isinstance(known, Problem):
                known = Pending(connections=reader.waiting_for)
            yield Said(answer=known, waiting_for=reader.waiting_for)
        yield Said(answer=await whole)
    finally:
        whole.cancel()


async def _written(
    desk: Desk, command: Command, text: str, haste: timedelta, asker: Asker | None
) -> AsyncIterator[Said]:
    writing = asyncio.create_task(answer(desk, text, asker))
    try:
        done, _ = await asyncio.wait({writing}, timeout=haste.total_seconds())
        if not done:
            known = desk.reader.providers
            names = connections_of(command.target, desk.words, known, desk.locate)
            names = names or tuple(known)
            yield Said(answer=Pending(connections=names), waiting_for=names)
        yield Said(answer=await writing)
    finally:
        writing.cancel()


async def _help(desk: Desk, command: Command) -> Help | Problem:
    """Return how to ask, or how the verb is used that is named."""
    verb = verb_of(command.target) if command.target else None
    if command.target and verb is None:
        near = verbs_near(command.target)
        return Problem(
            what=f"“{command.target}” is not something I can do.",
            instead=tuple(
                Offer(label=command, command=command)
                for command in (*(f"{Verb.HELP} {one}" for one in near), Verb.HELP)
            ),
            hint=f"I can do: {', '.join(Verb)}.",
        )
    return Help(
        verb=verb,
        command=desk.command,
        connections=tuple(desk.reader.providers),
        groups=tuple(desk.words.groups),
        aliases=tuple(desk.words.aliases),
    )


_ANSWERS: Mapping[Verb | None, Callable[[Desk, Command], Awaitable[Answer]]] = {
    None: status,
    Verb.STATUS: status,
    Verb.LIST: runs,
    Verb.SHOW: show,
    Verb.LOG: log,
    Verb.WATCH: watch,
    Verb.UNWATCH: unwatch,
    Verb.WATCHES: watches,
    Verb.MUTE: mute,
    Verb.UNMUTE: unmute,
    Verb.MUTES: mutes,
    Verb.ACK: ack,
    Verb.UNACK: unack,
    Verb.FOLLOW: follow,
    Verb.UNFOLLOW: unfollow,
    Verb.TEST: rehearse,
    Verb.WHY: why,
    Verb.HEALTH: health,
    Verb.HELP: _help,
}
