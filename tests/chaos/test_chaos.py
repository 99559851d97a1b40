"""A little of `make chaos` in every run of the tests: twenty kills on each database."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.campaign import campaign
from tests.chaos.plan import Outcome, Plan
from tests.fakes.postgres import Postgres, find_binaries, running_postgres

SEED = 20_261_121
CYCLES = 20

SOON = timedelta(seconds=90)
"""By then whatever was cut short by a kill has been told, on a busy machine too: it
takes fifteen seconds until a message may be looked for that Slack may have taken, and
one thing waits for the other."""


def plan(folder: Path, postgres: Postgres | None = None) -> Plan:
    folder.mkdir()
    return Plan(
        name=folder.name,
        cycles=CYCLES,
        seed=SEED,
        folder=folder,
        postgres=postgres,
        replicas=2 if postgres else 1,
        each=2,
        patience=SOON,
        quiet=timedelta(seconds=3),
        longest=3,
    )


def assert_kept(outcome: Outcome) -> None:
    """Hold what came of it against the promises; the folder has the ledgers."""
    name = outcome.plan.name
    assert outcome.found.kinds == dict.fromkeys(outcome.found.kinds, ()), name
    assert outcome.crashes == (), name
    assert outcome.is_whole, name
    assert outcome.is_right, name
    assert outcome.kills == CYCLES, name
    assert outcome.found.expected > 0, name
    assert max(outcome.recoveries, default=timedelta()) < SOON, name


@pytest.mark.timeout(300)  # real processes, killed in real time
async def test_twenty_kills_on_each_database_lose_double_and_invent_nothing(
    tmp_path: Path,
) -> None:
    # Most of it is waiting, and so they share the time: on SQLite, and of two replicas
    # on a PostgreSQL of their own, which is restarted in between.
    with contextlib.ExitStack() as stack:
        plans = [plan(tmp_path / "sqlite")]
        if binaries := find_binaries():
            server = stack.enter_context(running_postgres(binaries))
            plans.append(plan(tmp_path / "postgresql", server))
        for outcome in await asyncio.gather(*map(campaign, plans)):
            assert_kept(outcome)
    if not binaries:
        pytest.skip("PostgreSQL is not installed here: it went well on SQLite alone")
