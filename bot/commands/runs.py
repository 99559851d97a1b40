"""`list`: recent runs, newest first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.answers import Entry, Part, Problem, Row, RunList, Trouble
from bot.commands.gather import (
    Desk,
    asked,
    at_page,
    gather,
    in_trouble,
    of_run,
    offers,
    to_page,
)
from bot.commands.grammar import Verb
from providers.contract import Filter, Page
from providers.errors import ProviderError
from providers.model import Pipeline, Run

if TYPE_CHECKING:
    from bot.commands.gather import Gathered
    from bot.commands.grammar import Command
    from bot.readings import Reading

RUNS_A_PAGE = 10
"""How many runs one answer lists."""

MOST_BACK = 100
"""How far back in a pipeline's history pages lead."""

MOST_HISTORIES = 5
"""Of more pipelines than this, only the latest run of each is read: one call per
pipeline would use up the budget that the connection has for an hour."""

Histories = list[tuple[Pipeline, "Reading[Page[Run]]"]]


async def runs(desk: Desk, command: Command) -> RunList | Problem:
    """Return the recent runs of the pipelines a command means; of all, where none."""
    page = command.filters.page
    if page * RUNS_A_PAGE > MOST_BACK:
        return _too_far_back(command)
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if len(gathered.pipelines) > MOST_HISTORIES:
        return await _latest(desk, command, gathered)
    histories = await _histories(desk, command, gathered.pipelines)
    pages = [reading.value for _, reading in histories if reading.value is not None]
    entries = _passing(desk, command, histories)
    reaches_further = any(page.next for page in pages)
    return _paged(
        command,
        entries,
        RunList(
            asked=asked(command),
            entries=(),
            pipelines=len(gathered.pipelines),
            page=page,
            more=reaches_further or len(entries) > page * RUNS_A_PAGE,
            filtered_here=frozenset[Filter]().union(*(p.filtered_here for p in pages)),
            left_out=sum(page.left_out for page in pages),
            unread=tuple(
                Row(pipeline=pipeline, trouble=reading.trouble)
                for pipeline, reading in histories
                if reading.error
            ),
            parts=tuple(gathered.troubled.values()),
        ),
    )


async def _histories(
    desk: Desk, command: Command, pipelines: tuple[Pipeline, ...]
) -> Histories:
    """Return the pipelines' runs, from far enough back to fill the page."""
    wanted = command.filters.page * RUNS_A_PAGE
    found = await _read(desk, command, pipelines, wanted)
    # What the vendor cannot filter by is sifted here, and may leave too little.
    pages = [reading.value for _, reading in found if reading.value is not None]
    is_short = len(_passing(desk, command, found)) < wanted
    if is_short and wanted < MOST_BACK and any(page.next for page in pages):
        return await _read(desk, command, pipelines, MOST_BACK)
    return found


async def _read(
    desk: Desk, command: Command, pipelines: tuple[Pipeline, ...], limit: int
) -> Histories:
    # To the minute: a question asked twice is the same question, and cached.
    now = desk.now().replace(second=0, microsecond=0)
    readings = await asyncio.gather(
        *(
            desk.reader.runs(command.filters.query(p, limit=limit, now=now))
            for p in pipelines
        )
    )
    return list(zip(pipelines, readings, strict=True))


def _passing(desk: Desk, command: Command, histories: Histories) -> list[Entry]:
    return [
        Entry(pipeline=pipeline, run=run)
        for pipeline, reading in histories
        if reading.value is not None
        for run in reading.value.items
        if command.filters.passes(run, desk.now())
    ]


async def _latest(
    desk: Desk, command: Command, gathered: Gathered
) -> RunList | Problem:
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
    page = command.filters.page
    return _paged(
        command,
        entries,
        RunList(
            asked=asked(command),
            entries=(),
            pipelines=len(gathered.pipelines),
            latest_only=True,
            page=page,
            more=len(entries) > page * RUNS_A_PAGE,
            unread=tuple(unread),
            parts=tuple(parts.values()),
        ),
    )


def _paged(command: Command, entries: list[Entry], found: RunList) -> RunList | Problem:
    """Return the list with the entries of its page, and the ways to the others."""
    page = found.page
    before = (page - 1) * RUNS_A_PAGE
    shown = _newest(entries)[before : before + RUNS_A_PAGE]
    if page > 1 and not shown:
        return _past_the_end(command, len(entries), found)
    # A page that sifting has left short is the last: further back nobody looks.
    leads_on = found.more and len(shown) == RUNS_A_PAGE
    is_last = not leads_on or (page + 1) * RUNS_A_PAGE > MOST_BACK
    return replace(
        found,
        entries=tuple(
            replace(entry, opens=of_run(Verb.SHOW, entry.run.ref)) for entry in shown
        ),
        previous=at_page(command, page - 1) if page > 1 else None,
        next=None if is_last else at_page(command, page + 1),
    )


def _past_the_end(command: Command, count: int, found: RunList) -> Problem:
    last = max(1, -(-count // RUNS_A_PAGE))
    runs = "1 run" if count == 1 else f"{count} runs"
    return Problem(
        what=f"There is nothing on page {found.page}: I found {runs} in all.",
        instead=offers((f"Page {last}", to_page(command, last))),
        parts=found.parts,
    )


def _too_far_back(command: Command) -> Problem:
    last = MOST_BACK // RUNS_A_PAGE
    return Problem(
        what=f"I look at most {MOST_BACK} runs back, {RUNS_A_PAGE} on a page.",
        instead=offers((f"Page {last}", to_page(command, last))),
        hint="Filters such as is:red, branch:main or since:7d narrow what is listed.",
    )


def _newest(entries: list[Entry]) -> tuple[Entry, ...]:
    never = datetime.min.replace(tzinfo=UTC)
    ordered = sorted(entries, key=lambda e: e.run.moment or never, reverse=True)
    return tuple(ordered)
