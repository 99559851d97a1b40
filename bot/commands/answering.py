"""Text in, answer out: the one way to ask, whoever asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from bot.answers import Help, Problem
from bot.commands.grammar import Command, Unclear, Verb, parse
from bot.commands.health import health
from bot.commands.log import log
from bot.commands.runs import runs
from bot.commands.show import show
from bot.commands.status import status

if TYPE_CHECKING:
    from bot.answers import Answer
    from bot.commands.gather import Desk


async def answer(desk: Desk, text: str) -> Answer:
    """Return the answer to a text, however it is put; never raises for what it says."""
    command = parse(text)
    if isinstance(command, Unclear):
        return Problem(
            what=command.what,
            instead=tuple(f"{desk.command} {c}" for c in command.instead),
            hint=f"{desk.command} help shows what I can do.",
        )
    return await _ANSWERS[command.verb](desk, command)


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
