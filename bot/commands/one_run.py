"""Finding the one run that `show` and `log` are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Problem, Trouble
from bot.catalog import MOST_CHOICES, address
from bot.commands.gather import Desk, gather, in_trouble
from bot.commands.grammar import is_url
from providers.contract import RunQuery
from providers.model import Pipeline, Run, RunRef

if TYPE_CHECKING:
    from bot.commands.gather import Gathered
    from bot.commands.grammar import Command
    from bot.reader import Reading

MOST_LOOKED_AT = 100
"""How far back a number is looked for."""


@dataclass(frozen=True, slots=True)
class One:
    """A run in full, with the pipeline it is of."""

    pipeline: Pipeline
    run: Run
    read_at: datetime | None
    trouble: Trouble | None
    """Why it, or whether it is the latest, could not be read just now."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """Which run is meant, and why there may be a newer one."""

    ref: RunRef
    trouble: Trouble | None


async def one_run(desk: Desk, command: Command) -> One | Problem:
    """Return the run a command means: of that number, or the latest one."""
    if command.target and is_url(command.target):
        return await _of_url(desk, command, command.target)
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if command.target is None or len(gathered.pipelines) != 1:
        return _which(desk, command, gathered)
    [pipeline] = gathered.pipelines
    listed = await _listed(desk, command, pipeline)
    if isinstance(listed, Problem):
        return listed
    return await _in_full(desk, pipeline, listed.ref, listed.trouble)


async def _listed(
    desk: Desk, command: Command, pipeline: Pipeline
) -> _Listed | Problem:
    limit = MOST_LOOKED_AT if command.run else 1
    query = RunQuery(pipeline=pipeline.ref, limit=limit)
    reading = await desk.reader.runs(query)
    if reading.value is None:
        name = pipeline.ref.connection
        part = in_trouble(desk.reader, name, reading)
        return Problem(
            what=f"The runs of {pipeline.name} cannot be read.", parts=(part,)
        )
    wanted = command.run
    for run in reading.value.items:
        if wanted is None or wanted in {run.ref.id, str(run.number)}:
            return _Listed(run.ref, trouble_of(reading))
    if wanted is None:
        return Problem(what=f"{pipeline.name} has never run.")
    return Problem(
        what=f"{pipeline.name} has no run #{wanted} among its latest "
        f"{len(reading.value.items)}.",
        instead=(f"{desk.command} list {command.target}",),
    )


async def _of_url(desk: Desk, command: Command, url: str) -> One | Problem:
    for name, provider in desk.reader.providers.items():
        found = provider.locate(url)
        if found is None:
            continue
        ref = found.pipeline if isinstance(found, RunRef) else found
        pages = await desk.reader.pipelines(name)
        items = pages.value.items if pages.value else ()
        pipeline = next((p for p in items if p.ref == ref), None)
        pipeline = pipeline or Pipeline(ref=ref, name=ref.id)
        if isinstance(found, RunRef):
            return await _in_full(desk, pipeline, found, None)
        latest = await _listed(desk, command, pipeline)
        if isinstance(latest, Problem):
            return latest
        return await _in_full(desk, pipeline, latest.ref, latest.trouble)
    return Problem(
        what="That address belongs to none of my connections.",
        instead=(f"{desk.command} status",),
    )


async def _in_full(
    desk: Desk, pipeline: Pipeline, ref: RunRef, trouble: Trouble | None
) -> One | Problem:
    reading = await desk.reader.run(ref)
    if reading.value is None:
        part = in_trouble(desk.reader, ref.pipeline.connection, reading)
        return Problem(
            what=f"That run of {pipeline.name} cannot be read.", parts=(part,)
        )
    return One(pipeline, reading.value, reading.read_at, trouble_of(reading) or trouble)


def _which(desk: Desk, command: Command, gathered: Gathered) -> Problem:
    parts = tuple(gathered.troubled.values())
    if not gathered.pipelines:
        return Problem(what="There is no such pipeline.", parts=parts)
    return Problem(
        what=f"{command.verb} is about one run. Which pipeline do you mean?",
        instead=tuple(
            f"{desk.command} {command.verb} {address(p)}"
            for p in gathered.pipelines[:MOST_CHOICES]
        ),
        parts=parts,
    )


def trouble_of(reading: Reading[object]) -> Trouble | None:
    """Return why something could not be read just now, where it could not."""
    if reading.error is None:
        return None
    return Trouble.of(reading.error, reading.failing_since)
