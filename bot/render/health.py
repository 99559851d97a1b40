"""The answer to `health`: a line a connection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Part
from bot.render import words
from bot.render.message import Element, Message, bold, header, lines, plain, row
from bot.render.rows import trouble_lines, trouble_text

if TYPE_CHECKING:
    from bot.answers import Health, Pulse


def health(answer: Health, now: datetime) -> Message:
    """Return how every connection is."""
    unwell = [p for p in answer.pulses if p.trouble]
    pending = sum(p.trouble.is_pending for p in unwell if p.trouble)
    count = len(answer.pulses)
    connections = words.counted(count, "connection", "connections")
    well = f"{count - len(unwell)} of {connections} well"
    summary = ", ".join(filter(None, (well, words.asked_still(pending))))
    rows = [line for pulse in answer.pulses for line in _lines(pulse, now)]
    blocks = [header(summary), lines(rows or [[plain("no connections")]])]
    return Message.of(
        f"{summary}. {trouble_text([_part(p) for p in unwell])}".strip(), blocks
    )


def _lines(pulse: Pulse, now: datetime) -> list[list[Element]]:
    name = bold(pulse.connection)
    if pulse.trouble:
        return [[name, plain(f"  {pulse.title}")], *trouble_lines(_part(pulse), now)]
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


def _part(pulse: Pulse) -> Part:
    return Part(connection=pulse.connection, title=pulse.title, trouble=pulse.trouble)
