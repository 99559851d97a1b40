"""`show`: one run, with its stages, what failed and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import Problem, Show
from bot.commands.gather import of_run, same_run
from bot.commands.grammar import Verb
from bot.commands.one_run import one_run
from providers.contract import Capability

if TYPE_CHECKING:
    from bot.commands.gather import Desk
    from bot.commands.grammar import Command
    from providers.model import Task


async def show(desk: Desk, command: Command) -> Show | Problem:
    """Return the run that is meant, in full."""
    one = await one_run(desk, command)
    if isinstance(one, Problem):
        return one
    run = one.run
    provider = desk.reader.providers[run.ref.pipeline.connection]
    has_log = Capability.READ_LOG in provider.can and _has_log(run.tasks or ())
    return Show(
        pipeline=one.pipeline,
        run=run,
        trouble=one.trouble,
        as_of=one.read_at,
        log=of_run(Verb.LOG, run.ref) if has_log else None,
        again=same_run(command, run.ref),
    )


def _has_log(tasks: tuple[Task, ...]) -> bool:
    return any(task.log is not None or _has_log(task.children) for task in tasks)
