"""`show`: one run, with its stages, what failed and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Problem, Show
from bot.commands.one_run import one_run

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command


async def show(desk: Desk, command: Command) -> Show | Problem:
    """Return the run that is meant, in full."""
    one = await one_run(desk, command)
    if isinstance(one, Problem):
        return one
    return Show(
        pipeline=one.pipeline,
        run=one.run,
        trouble=one.trouble,
        as_of=one.read_at,
    )
