"""The watch on a real store, with vendors played from a table and a Slack ledger."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store, open_store
from tests.bot.watch.desk import Desk
from tests.bot.watch.tower import Tower
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/runbell.db", clock=clock) as store:
        yield store


@pytest.fixture
def provider() -> FakeProvider:
    """One pipeline, `acme:release`, that has not run yet."""
    return FakeProvider("acme", {"release": []})


@pytest.fixture
def tower(store: Store, clock: FakeClock, provider: FakeProvider) -> Tower:
    return Tower(store, clock, [provider], random.Random(1))  # noqa: S311 - repeatable


@pytest.fixture
def desk() -> Desk:
    """Where the courier is tried with all in memory."""
    return Desk()
