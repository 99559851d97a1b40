"""Waiting for an event or for tasks, and ending tasks for good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from datetime import timedelta
from typing import Any

Task = asyncio.Task[Any]

SHORTEST_WAIT = timedelta(seconds=0.01)


async def wait(event: asyncio.Event, at_most: timedelta) -> None:
    """Return when the event is set or the time is over; always let others run."""
    seconds = max(at_most.total_seconds(), SHORTEST_WAIT.total_seconds())
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def first_done(tasks: Collection[Task], at_most: timedelta | None = None) -> bool:
    """Return when one of the tasks is done, or the time is over; whether one is."""
    seconds = None if at_most is None else at_most.total_seconds()
    done, _ = await asyncio.wait(
        tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
    )
    return bool(done)


async def all_done(
    tasks: Collection[Task], at_most: timedelta, *, unless: Task
) -> None:
    """Return when all tasks are done, the time is over, or `unless` is done."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most.total_seconds()):
            pending = {task for task in tasks if not task.done()}
            while pending and not unless.done():
                await first_done({unless, *pending})
                pending = {task for task in pending if not task.done()}


def failure(tasks: Collection[Task]) -> BaseException:
    """Return what ended the first of the tasks that was ended by something."""
    for task in tasks:
        if task.done() and not task.cancelled():
            error = task.exception()
            if error is not None:
                return error
    return RuntimeError("the work ended by itself")


async def cancel(tasks: Collection[Task]) -> None:
    """Cancel tasks until they are done; how each of them ended is of no interest.

    Once may not be enough: a queue that is cancelled while it fetches waits for its
    handlers first, and cancels them when it is cancelled then.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asyncio would log one that nobody has asked for
