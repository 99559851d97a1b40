"""Whether a channel is watched just so already, by whatever words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.answers import Problem
from bot.commands.gather import gather
from bot.commands.grammar import Command, Verb
from bot.filters import read_filters
from bot.terms import Key

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.keeping import Room
    from bot.records import Watch
    from providers.model import Pipeline


async def alike(
    desk: Desk, room: Room, made: Watch, pipelines: Sequence[Pipeline]
) -> list[Watch]:
    """Return the watches here that differ in nothing but who made them, and when.

    One pipeline may be kept by its address, and stand by its name in the file.
    """
    async with room.store.read() as tx:
        watches = await tx.watches.in_channel(room.channel)
    target = made.target.casefold()
    found = []
    for watch in watches:
        if _gist(watch) != _gist(made):
            continue
        is_same = watch.target.casefold() == target
        if is_same or (
            len(pipelines) == 1 and await means(desk, watch.target) == pipelines
        ):
            found.append(watch)
    return found


async def means(desk: Desk, target: str) -> tuple[Pipeline, ...]:
    """Return the pipelines that a watch's target means; none where it is unclear."""
    found = await gather(desk, Command(Verb.WATCH, target))
    return () if isinstance(found, Problem) else found.pipelines


def _gist(watch: Watch) -> tuple[object, ...]:
    """Return what a watch says of runs, however its filters are put."""
    terms = frozenset(read_filters(watch.filters).terms)
    names_branch = any(term.key is Key.BRANCH for term in terms)
    is_default_only = watch.default_branch_only and not names_branch
    limits = (watch.after, watch.queued, watch.longer)
    how = (watch.mention, watch.style)
    return terms, is_default_only, watch.on, limits, how
