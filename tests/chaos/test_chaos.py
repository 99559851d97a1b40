"""A little of `make chaos` in every run of the tests: twenty kills on each database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.campaign import campaign
from tests.chaos.plan import Outcome, Plan
from tests.fakes.postgres import Postgres, binaries_or_skip, running_postgres

SEED = 20_261_121
CYCLES = 20

SOON = timedelta(seconds=45)
"""By then whatever was cut short by a kill has been told: it takes fifteen seconds
until a message may be looked for that Slack may have taken, and one thing waits for
the other."""


def plan(folder: Path, postgres: Postgres | None = None) -> Plan:
    return Plan(
        name="a little",
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
    assert outcome.found.kinds == dict.fromkeys(outcome.found.kinds, ())
    assert outcome.crashes == ()
    assert outcome.is_whole
    assert outcome.is_right
    assert outcome.kills == CYCLES
    assert outcome.found.expected > 0
    assert max(outcome.recoveries, default=timedelta()) < SOON


@pytest.mark.timeout(180)  # real processes, killed in real time
async def test_twenty_kills_on_sqlite_lose_double_and_invent_nothing(
    tmp_path: Path,
) -> None:
    assert_kept(await campaign(plan(tmp_path)))


@pytest.mark.timeout(180)  # the same, and the server is restarted in between
async def test_twenty_kills_of_two_replicas_on_postgresql_neither(
    tmp_path: Path,
) -> None:
    # A server of its own: the other tests' must not be restarted.
    with running_postgres(binaries_or_skip()) as server:
        assert_kept(await campaign(plan(tmp_path, server)))
