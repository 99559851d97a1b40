"""`list`: recent runs, newest first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.answers import Entry, Part, Problem, Row, RunList, Trouble
from bot.commands.gather import Desk, asked, gather, in_trouble
from providers.contract import Filter
from providers.errors import ProviderError
from providers.model import Run

if TYPE_CHECKING:
    from bot.commands.gather import Gathered
    from bot.commands.grammar import Command

MOST_RUNS = 10
"""How many runs one answer lists."""

MOST_HISTORIES = 5
"""Of more pipelines than this, only the latest run of each is read: one call per
pipeline would use up the budget that the connection has for an hour."""


async def runs(desk: Desk, command: Command) -> RunList | Problem:
    """Return the recent runs of the pipelines a command means; of all, where none."""
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if len(gathered.pipelines) > MOST_HISTORIES:
        return await _latest(desk, command, gathered)
    # To the minute: a question asked twice is the same question, and cached.
    now = desk.now().replace(second=0, microsecond=0)
    readings = await asyncio.gather(
        *(
            desk.reader.runs(command.filters.query(p, limit=MOST_RUNS, now=now))
            for p in gathered.pipelines
        )
    )
    pairs = list(zip(gathered.pipelines, readings, strict=True))
    pages = [reading.value for _, reading in pairs if reading.value is not None]
    passing = [
        Entry(pipeline=pipeline, run=run)
        for pipeline, reading in pairs
        if reading.value is not None
        for run in reading.value.items
        if command.filters.passes(run, desk.now())
    ]
    entries = _newest(passing)
    unread = tuple(
        Row(pipeline=pipeline, trouble=Trouble.of(reading.error, reading.failing_since))
        for pipeline, reading in pairs
        if reading.error
    )
    return RunList(
        asked=asked(command),
        entries=entries,
        pipelines=len(gathered.pipelines),
        more=len(passing) > len(entries) or any(page.next for page in pages),
        filtered_here=frozenset[Filter]().union(
            *(page.filtered_here for page in pages)
        ),
        left_out=sum(page.left_out for page in pages),
        unread=unread,
        parts=tuple(gathered.troubled.values()),
    )


async def _latest(desk: Desk, command: Command, gathered: Gathered) -> RunList:
    entries: list[Entry] = []
    unread: list[Row] = []
    parts: dict[str, Part] = dict(gathered.troubled)
    by_connection = gathered.by_connection
    readings = await asyncio.gather(
        *(
            desk.reader.latest(name, [p.ref for p in pipelines])
            for name, pipelines in by_connection.items()
        )
    )
    for (name, pipelines), reading in zip(by_connection.items(), readings, strict=True):
        if reading.error:
            parts[name] = in_trouble(desk.reader, name, reading)
        looks = reading.value or {}
        unread += [
            Row(pipeline=pipeline, trouble=Trouble.of(look))
            for pipeline in pipelines
            if isinstance(look := looks.get(pipeline.ref), ProviderError)
        ]
        entries += [
            Entry(pipeline=pipeline, run=look)
            for pipeline in pipelines
            if isinstance(look := looks.get(pipeline.ref), Run)
            and command.filters.passes(look, desk.now())
        ]
    newest = _newest(entries)
    return RunList(
        asked=asked(command),
        entries=newest,
        pipelines=len(gathered.pipelines),
        latest_only=True,
        more=len(entries) > len(newest),
        unread=tuple(unread),
        parts=tuple(parts.values()),
    )


def _newest(entries: list[Entry]) -> tuple[Entry, ...]:
    never = datetime.min.replace(tzinfo=UTC)
    ordered = sorted(entries, key=lambda e: e.run.moment or never, reverse=True)
    return tuple(ordered[:MOST_RUNS])
