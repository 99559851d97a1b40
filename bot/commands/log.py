"""`log`: the end of the log of what failed, or of what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Log, Problem
from bot.commands.gather import in_trouble, same_run
from bot.commands.one_run import one_run
from providers.contract import Capability

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command

LINES = 40
"""How many lines of a log are shown; more belongs on the vendor's own page."""


async def log(desk: Desk, command: Command) -> Log | Problem:
    """Return the last lines of the log that says most about a run."""
    one = await one_run(desk, command)
    if isinstance(one, Problem):
        return one
    run = one.run
    provider = desk.reader.providers[run.ref.pipeline.connection]
    path = run.log_path
    if Capability.READ_LOG not in provider.can:
        return Problem(what=f"{provider.title} has no logs to read.", hint=run.url)
    if not path or path[-1].log is None:
        return Problem(what="No part of this run has a log.", hint=run.url)
    reading = await desk.reader.log(run.ref, path[-1].log, lines=LINES)
    if reading.value is None:
        part = in_trouble(desk.reader, provider.connection, reading)
        return Problem(what="The log cannot be read.", parts=(part,))
    return Log(
        pipeline=one.pipeline,
        run=run,
        task=" / ".join(task.name for task in path),
        tail=reading.value,
        again=same_run(command, run.ref),
    )
