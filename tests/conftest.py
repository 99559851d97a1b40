"""What holds for every test: no sockets but loopback, no stray loop, log or store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.fakes.postgres import postgres

__all__ = ["postgres"]

# On Python 3.11 pytest-asyncio leaks an event loop when a plain test comes before the
# first asynchronous one, and a leaked loop is a warning, which is an error here.
asyncio.set_event_loop(None)

# Machines are shared and noisy: how long an example takes says nothing.
settings.register_profile("runbell", deadline=None)
settings.load_profile("runbell")


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A command that was tried has set logging up, for a stream that is closed now."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _stores_of_its_own() -> Iterator[None]:
    """A test that leaves a store where it was run would find it there the next time."""
    found = set(Path.cwd().glob("runbell.db*"))
    yield
    assert set(Path.cwd().glob("runbell.db*")) <= found, "a store was left behind"
