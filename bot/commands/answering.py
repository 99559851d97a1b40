"""Text in, answer out: the one way to ask, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Help, Problem
from bot.commands.grammar import Unclear, Verb, parse
from bot.commands.runs import runs
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
    match command.verb:
        case Verb.STATUS:
            return await status(desk, command.targets)
        case Verb.LIST:
            return await runs(desk, command.targets)
        case Verb.HELP:
            return Help(
                command=desk.command,
                connections=tuple(desk.reader.providers),
                groups=tuple(desk.words.groups),
                aliases=tuple(desk.words.aliases),
            )
