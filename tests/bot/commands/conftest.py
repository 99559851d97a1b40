"""The room in which the verbs of the watch are tried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import open_store
from tests.bot.commands.room import (
    Room,
)
from tests.fakes.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_store(f"sqlite:///{tmp_path}/runbell.db", clock=FakeClock()) as it:
        yield Room(it)
