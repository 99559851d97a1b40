"""Killed at any point, a process leaves a store that is whole."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text

from bot.store import Store, open_store
from tests.bot.store.samples import MAIN, NOON
from tests.fakes.clock import FakeClock

ROOT = Path(__file__).parents[3]
NEVER = 0


@asynccontextmanager
async def writing(url: str, last: int) -> AsyncIterator[Process]:
    """Let another process write; kill it, as it is, in the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bot.store.crashing", url, str(last)),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        # What it still had said is read, so that the pipe is closed.
        await process.communicate()


async def said(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()


async def rounds_kept(store: Store) -> set[int]:
    """Return how many rounds each table knows of, and check the file."""
    async with store.read() as tx:
        if tx.connection.dialect.name == "sqlite":
            check = await tx.connection.scalar(text("PRAGMA integrity_check"))
            assert check == "ok"
        lane = await tx.lanes.get("flow")
        return {
            int((await tx.lineages.load([MAIN.pipeline])).get(MAIN, 0)),
            len(await tx.happenings.since(NOON)),
            len(await tx.outbox.waiting("C0123", 100_000)),
            0 if lane is None else lane.failures,
        }


async def test_a_process_killed_half_way_leaves_the_transaction_before(
    url: str,
) -> None:
    async with writing(url, last=3) as process:
        assert [await said(process) for _ in range(3)] == ["1", "2", "half-way"]
    # Neither the file's lock nor the writers' lock outlives it.
    async with open_store(url, clock=FakeClock()) as store:
        assert await rounds_kept(store) == {2}
        async with store.write() as tx:
            assert await tx.lanes.remove("flow")


async def test_what_was_committed_is_there_after_a_kill_at_any_moment(url: str) -> None:
    known = 0
    for cycle in range(2):
        async with writing(url, last=NEVER) as process:
            for _ in range(7 + 4 * cycle):
                known = int(await said(process))
        async with open_store(url, clock=FakeClock()) as store:
            (kept,) = await rounds_kept(store)
        # It may have come further before it heard of its end, never less far.
        assert kept >= known
