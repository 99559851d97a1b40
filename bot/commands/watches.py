"""`watches`: who is told of what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.answers import Offer, Problem, Watches, WatchRow
from bot.commands.describing import in_words, named, until_words
from bot.commands.gather import at_page
from bot.commands.grammar import Command, Verb
from bot.commands.keeping import Room, known_by, room_of
from bot.records import Origin

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.records import Mute, Watch
    from bot.store import Tx
    from providers.model import Pipeline

ROWS_A_PAGE = 10

HERE, MINE, ALL = "here", "mine", "all"
SCOPES = {HERE: "here", MINE: "of yours", ALL: "in all channels"}


async def watches(desk: Desk, command: Command) -> Watches | Problem:
    """Return the watches of this channel, those of who asks, or all there are."""
    room = await room_of(desk, command)
    if isinstance(room, Problem):
        return room
    scope = (command.target or HERE).casefold()
    if scope not in SCOPES:
        return Problem(
            what=f"“{command.target}” is none of here, mine and all.",
            instead=tuple(
                Offer(label=f"Those {said}", command=f"{Verb.WATCHES} {word}")
                for word, said in SCOPES.items()
            ),
        )
    async with room.store.read() as tx:
        found = await _found(tx, room, scope)
        muted = await tx.mutes.all(desk.now())
    page = command.filters.page
    before = (page - 1) * ROWS_A_PAGE
    shown = found[before : before + ROWS_A_PAGE]
    if page > 1 and not shown:
        return Problem(what=f"There is no page {page}: there are {len(found)} watches.")
    is_last = before + ROWS_A_PAGE >= len(found)
    known = await known_by(desk, [watch.target for watch in shown])
    return Watches(
        scope=SCOPES[scope],
        rows=tuple(
            _row(desk, watch, known.get(watch.target), muted) for watch in shown
        ),
        count=len(found),
        page=page,
        previous=at_page(command, page - 1) if page > 1 else None,
        next=None if is_last else at_page(command, page + 1),
    )


async def _found(tx: Tx, room: Room, scope: str) -> Sequence[Watch]:
    """Return the watches that are meant: those of one channel beside each other."""
    if scope == HERE:
        return await tx.watches.in_channel(room.channel)
    everywhere = sorted(await tx.watches.all(), key=lambda watch: watch.channel)
    if scope == ALL:
        return everywhere
    return [watch for watch in everywhere if room.by and watch.owner == room.by]


def _row(
    desk: Desk, watch: Watch, pipeline: Pipeline | None, muted: Sequence[Mute]
) -> WatchRow:
    silent = next((mute for mute in muted if mute.watch == watch.id), None)
    return WatchRow(
        watch=watch,
        name=named(pipeline) if pipeline else watch.target,
        what=in_words(watch, [pipeline] if pipeline else None),
        muted_until=until_words(silent, desk.local_zone) if silent else None,
        offers=tuple(
            Offer(label=label, command=command)
            for label, command in _offers(watch, is_muted=silent is not None)
        ),
    )


def _offers(watch: Watch, *, is_muted: bool) -> list[tuple[str, str]]:
    silence = (
        ("Unmute", f"{Verb.UNMUTE} {watch.id}")
        if is_muted
        else ("Mute for a day", f"{Verb.MUTE} {watch.id} for 1d")
    )
    offers = [("Test", f"{Verb.TEST} {watch.id}"), silence]
    if watch.origin is Origin.FILE:
        return offers
    return [
        ("Edit", f"{Verb.WATCH} {watch.id}"),
        *offers,
        ("Remove", f"{Verb.UNWATCH} {watch.id}"),
    ]
