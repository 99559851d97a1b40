"""What has just failed, read in full: its failing step, and the end of its log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.watch.log_ends import LogEnd
from providers.contract import Capability, Provider
from providers.errors import ProviderError
from providers.model import Run, RunRef

log = structlog.get_logger(__name__)

MOST_IN_FULL = 10
"""How many failed runs of one look are read in full; the others are told in short."""

LOG_LINES = 20


@dataclass(frozen=True, slots=True)
class Details:
    """What could be read of some runs."""

    runs: dict[RunRef, Run] = field(default_factory=dict)
    logs: dict[RunRef, LogEnd] = field(default_factory=dict)


async def read_failures(provider: Provider, failed: Sequence[Run]) -> Details:
    """Return the newest of these runs in full; they are those that cards are about.

    What cannot be read is left out: it is told all the same, in short.
    """
    details = Details()
    some = failed[-MOST_IN_FULL:]
    await asyncio.gather(*(_read(provider, run, details) for run in some))
    return details


async def _read(provider: Provider, run: Run, details: Details) -> None:
    try:
        full = await provider.get_run(run.ref)
        if full.state is not run.state:
            return  # it has moved on: the next look tells
        # What decides which runs it is compared with stays as it was listed: not every
        # answer of a vendor has it.
        details.runs[run.ref] = replace(
            full, ref=run.ref, branch=run.branch, trigger=run.trigger
        )
        path = full.log_path
        if Capability.READ_LOG in provider.can and path and path[-1].log:
            tail = await provider.read_log(run.ref, path[-1].log, lines=LOG_LINES)
            task = " / ".join(task.name for task in path)
            details.logs[run.ref] = LogEnd(tail.text, task)
    except ProviderError as error:
        log.info("a failed run could not be read in full", why=str(error))
    except Exception:
        # A mistake of ours in showing a run must not keep its failure from people.
        log.exception("a failed run could not be read in full", run=str(run.ref))
