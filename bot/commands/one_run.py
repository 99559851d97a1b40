"""Finding the one run that `show` and `log` are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.answers import Problem, Trouble
from bot.catalog import choices
from bot.commands.gather import Desk, choose, gather, in_trouble, located, offers
from bot.commands.grammar import Command, Verb
from bot.tokens import is_url
from providers.contract import RunQuery
from providers.model import Pipeline, Run, RunRef

if TYPE_CHECKING:
    from bot.commands.gather import Gathered

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
    gathered = await gather(desk, command)
    if isinstance(gathered, Problem):
        return gathered
    if command.target is None or len(gathered.pipelines) != 1:
        return _which(command, gathered)
    [pipeline] = gathered.pipelines
    if (pasted := _pasted(desk, command, pipeline)) is not None:
        return await _in_full(desk, pipeline, pasted, None)
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
            return _Listed(run.ref, reading.trouble)
    if wanted is None:
        return Problem(what=f"{pipeline.name} has never run.")
    return Problem(
        what=f"{pipeline.name} has no run #{wanted} among its latest "
        f"{len(reading.value.items)}.",
        instead=offers(("Its runs", Command(Verb.LIST, command.target))),
    )


def _pasted(desk: Desk, command: Command, pipeline: Pipeline) -> RunRef | None:
    """Return the run whose address was pasted, unless a number follows it."""
    if command.target is None or command.run is not None or not is_url(command.target):
        return None
    found = located(desk, command.target)
    runs = (ref for ref in found if isinstance(ref, RunRef))
    return next((ref for ref in runs if ref.pipeline == pipeline.ref), None)


async def _in_full(
    desk: Desk, pipeline: Pipeline, ref: RunRef, trouble: Trouble | None
) -> One | Problem:
    reading = await desk.reader.run(ref)
    if reading.value is None:
        part = in_trouble(desk.reader, ref.pipeline.connection, reading)
        return Problem(
            what=f"That run of {pipeline.name} cannot be read.", parts=(part,)
        )
    return One(pipeline, reading.value, reading.read_at, reading.trouble or trouble)


def _which(command: Command, gathered: Gathered) -> Problem:
    parts = tuple(gathered.troubled.values())
    if not gathered.pipelines:
        return Problem(what="There is no such pipeline.", parts=parts)
    return Problem(
        what=f"{command.verb} is about one run. Which pipeline do you mean?",
        instead=choose(command, choices(gathered.pipelines)),
        parts=parts,
    )
