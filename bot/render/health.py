"""The answer to `health`: a line a connection, and how the watch stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Part, Standing
from bot.records import WORKSPACE
from bot.render import words
from bot.render.message import (
    Element,
    Message,
    ago,
    bold,
    faint,
    header,
    lines,
    named,
    plain,
    row,
)
from bot.render.rows import trouble_lines, trouble_text

if TYPE_CHECKING:
    from bot.answers import Health, Pulse
    from bot.records import Lane, Unreadable

MOST_UNREADABLE = 10
"""How many pipelines that cannot be read are named; the rest is counted."""


def health(answer: Health, now: datetime) -> Message:
    """Return how every connection is; what is wrong with one is said once."""
    standing = answer.watch or Standing()
    blind = {lane.connection: lane for lane in standing.blind}
    unwell = [p for p in answer.pulses if p.trouble]
    pending = sum(p.trouble.is_pending for p in unwell if p.trouble)
    unseen = [p.connection for p in answer.pulses if p.connection in blind]
    count = len(answer.pulses)
    well = count - len({*unseen, *(p.connection for p in unwell)})
    connections = words.counted(count, "connection", "connections")
    summary = ", ".join(
        filter(None, (f"{well} of {connections} well", words.asked_still(pending)))
    )
    rows = [
        line
        for pulse in answer.pulses
        for line in _lines(pulse, blind.get(pulse.connection), now)
    ]
    blocks = [header(summary), lines(rows or [[plain("no connections")]])]
    if answer.watch is not None:
        blocks.append(lines(_standing(answer.watch, unseen, now)))
    said = trouble_text([_part(p) for p in unwell])
    return Message.of(f"{summary}. {said}".strip(), blocks)


def _standing(
    watch: Standing, unseen: Collection[str], now: datetime
) -> list[list[Element]]:
    """Return how the watch stands: what it cannot see, and what it cannot say.

    Of the connections in `unseen`, it was said where they stand.
    """
    title = bold("Watch")
    if watch.trouble is not None:
        return [[plain(f"{words.TROUBLE_MARK} "), title, plain(f"  {watch.trouble}")]]
    found = [
        [
            plain(f"{words.TROUBLE_MARK} sees nothing of "),
            *_since(bold(lane.connection), lane.blind_since, now),
            plain(f": {lane.blind_reason}"),
        ]
        for lane in watch.blind
        if lane.connection not in unseen
    ]
    found += [
        [
            plain(f"{words.TROUBLE_MARK} cannot read "),
            *_since(bold(_called(one)), one.since, now),
            plain(f": {one.reason}"),
        ]
        for one in watch.unreadable[:MOST_UNREADABLE]
    ]
    if (more := len(watch.unreadable) - MOST_UNREADABLE) > 0:
        cannot = words.counted(more, "pipeline", "pipelines")
        found.append([plain(f"{words.TROUBLE_MARK} cannot read {cannot} more")])
    found += [
        [
            plain(f"{words.TROUBLE_MARK} cannot post to "),
            *_since(_where(state.channel), state.parked_at, now),
            plain(f": {words.refusal(state.parked or '')}"),
        ]
        for state in watch.parked
    ]
    if watch.dead:
        refused = words.counted(watch.dead, "message", "messages")
        found.append([plain(f"{words.TROUBLE_MARK} {refused} refused by Slack")])
    is_well = not (watch.blind or watch.unreadable or watch.parked or watch.dead)
    if watch.waiting:
        waiting = words.counted(watch.waiting, "message", "messages")
        found.append(
            _since(plain(f"{waiting} on the way to Slack,"), watch.waiting_since, now)
        )
    if is_well:
        fine = plain("  sees every connection, and reaches every channel")
        return [[plain("✅ "), title, fine], *found]
    some = len(unseen)
    sees = f"  sees nothing of {words.counted(some, 'connection', 'connections')} above"
    return [[title, *([plain(sees)] if some else [])], *found]


def _called(one: Unreadable) -> str:
    return f"{one.name} ({one.pipeline.connection})"


def _where(channel: str) -> Element:
    return bold("any channel") if channel == WORKSPACE else named(channel)


def _since(what: Element, since: datetime | None, now: datetime) -> list[Element]:
    return [what, *([plain(" since "), ago(since, now)] if since else [])]


def _lines(pulse: Pulse, lane: Lane | None, now: datetime) -> list[list[Element]]:
    name = bold(pulse.connection)
    if pulse.trouble:
        return [[name, plain(f"  {pulse.title}")], *trouble_lines(_part(pulse), now)]
    if lane is not None:
        return [[name, plain(f"  {pulse.title}")], *_unseen(lane, now)]
    who = pulse.identity
    until = who.expires_at if who else None
    mark = plain("✅ ")
    return [
        [
            mark,
            *row(
                name,
                pulse.title,
                who.name if who else None,
                who.detail if who else None,
                f"credential until {until:%Y-%m-%d}" if until else None,
            ),
        ]
    ]


def _unseen(lane: Lane, now: datetime) -> list[list[Element]]:
    """Return why the watch sees nothing of what answers people, and until when."""
    seen = [plain(f"{words.TROUBLE_MARK} It answers you, but the watch ")]
    missing = _since(plain("has seen nothing of it"), lane.blind_since, now)
    next_look = max(lane.due_at, lane.open_until or lane.due_at)
    wait = words.duration(next_look - now) if next_look > now else None
    again = f"It looks again {f'in {wait}' if wait else 'now'}."
    return [
        [*seen, *missing, plain(f": {lane.blind_reason}")],
        [faint(again)],
    ]


def _part(pulse: Pulse) -> Part:
    return Part(connection=pulse.connection, title=pulse.title, trouble=pulse.trouble)
