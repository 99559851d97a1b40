"""Text in, answer out: the one way to ask, whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answers import Again, Help, Offer, Pending, Problem, Said
from bot.commands.gather import typed_again
from bot.commands.grammar import Command, Unclear, Verb, parse
from bot.commands.health import health
from bot.commands.log import log
from bot.commands.runs import runs
from bot.commands.show import show
from bot.commands.status import status

if TYPE_CHECKING:
    from datetime import timedelta

    from bot.answers import Answer
    from bot.commands.gather import Desk


async def answer(desk: Desk, text: str) -> Answer:
    """Return the answer to a text, however it is put; never raises for what it says."""
    command = parse(text, desk.command)
    if isinstance(command, Unclear):
        return Problem(
            what=command.what,
            instead=tuple(Offer(label=c, command=c) for c in command.instead),
            hint=f"{desk.command} help shows what I can do.",
            command=desk.command,
        )
    found = await _ANSWERS[command.verb](desk, command)
    if isinstance(found, Problem):
        found = replace(found, command=desk.command)
    if isinstance(found, Again) and found.again is None:
        found = replace(found, again=typed_again(command))
    return found


async def answers(desk: Desk, text: str, haste: timedelta) -> AsyncIterator[Said]:
    """Yield the answer to a text; before it, where it takes longer, what is known.

    That is one word where everybody has answered within `haste`, and two where not: the
    first says for whom it waits, and the second is the whole answer. Nobody is asked
    anew who has answered the first time, or is still being waited for.
    """
    reader = desk.reader.until(haste)
    known = await answer(replace(desk, reader=reader), text)
    if not reader.waiting_for:
        yield Said(answer=known)
        return
    patient = replace(desk, reader=reader.patiently())
    whole = asyncio.create_task(answer(patient, text))
    try:
        if not (await asyncio.wait({whole}, timeout=reader.time_left))[0]:
            # What is wrong with a question is not known before all have been searched.
            if isinstance(known, Problem):
                known = Pending(connections=reader.waiting_for)
            yield Said(answer=known, waiting_for=reader.waiting_for)
        yield Said(answer=await whole)
    finally:
        whole.cancel()


async def _help(desk: Desk, command: Command) -> Help:
    del command
    return Help(
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
    Verb.HEALTH: health,
    Verb.HELP: _help,
}
