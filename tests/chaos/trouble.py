"""What goes wrong around the bot: Slack, the clouds, the database."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from bot.demo.clouds.server import Cloud
from bot.demo.slack import LocalSlack
from bot.demo.slack.faults import (
    DROP_AFTER_ACCEPT,
    FAIL_AFTER_ACCEPT,
    HANG_AFTER_ACCEPT,
)
from providers.clock import Clock
from tests.fakes.postgres import Postgres

SLACK_EVERY, CLOUDS_EVERY, DATABASE_EVERY = 2.0, 4.0, 15.0
"""Seconds between two troubles of a kind, on average."""

THROTTLED_EVERY = 180.0
"""Seconds between two answers of a cloud that it is asked too much, on average. Each of
them makes Runbell ask half as often, and it takes minutes to come back from that: were
they as frequent as the other trouble, hardly a look would be left to measure."""

LONGEST_RETRY_AFTER = 3
"""Seconds for which such a cloud wants to be left alone at the most."""

LONGEST = 6.0
"""Seconds that a cloud's trouble lasts at the most."""

LONGEST_LOCK = 4.0
"""Seconds that somebody else holds the database's lock at the most."""

BLINK = timedelta(milliseconds=5)

POSTS = ("chat.postMessage", "chat.postMessage", "chat.update")
LOOKS = ("conversations.history", "conversations.replies")

FAULTS: tuple[tuple[str | int, int], ...] = (
    ("ratelimited", 4),
    (500, 4),
    (DROP_AFTER_ACCEPT, 6),
    (FAIL_AFTER_ACCEPT, 4),
    (HANG_AFTER_ACCEPT, 1),
)
"""What Slack does to the next call, and how often in proportion."""


@dataclass(slots=True, kw_only=True)
class Trouble:
    """Makes trouble until it is cancelled, and then leaves none behind."""

    clock: Clock
    chance: Random
    slack: LocalSlack
    clouds: tuple[Cloud, ...]
    disturb_database: Callable[[Random], Awaitable[None]]
    made: Counter[str] = field(default_factory=Counter)

    async def go_on(self) -> None:
        """Make trouble for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again(SLACK_EVERY, self._slack))
                group.create_task(self._again(CLOUDS_EVERY, self._cloud))
                group.create_task(self._again(THROTTLED_EVERY, self._throttle))
                group.create_task(self._again(DATABASE_EVERY, self._database))
        finally:
            self.slack._state.faults._coming.clear()
            for cloud in self.clouds:
                _mend(cloud)
                cloud.trouble.throttled = 0

    async def _again(self, every: float, make: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self._rest(self.chance.expovariate(1 / every))
            await make()

    async def _rest(self, seconds: float) -> None:
        await self.clock.sleep(timedelta(seconds=seconds))

    async def _slack(self) -> None:
        faults, weights = zip(*FAULTS, strict=True)
        [fault] = self.chance.choices(faults, weights)
        is_look = self.chance.random() < 1 / 10 and fault != HANG_AFTER_ACCEPT
        method = self.chance.choice(LOOKS if is_look else POSTS)
        self.slack.fail_next(method, fault, retry_after=1)
        self.made[f"Slack: {fault}"] += 1

    async def _cloud(self) -> None:
        cloud, trouble = self.chance.choice(self.clouds), self.chance.randrange(3)
        seconds = self.chance.uniform(0, LONGEST)
        name = ("flaps", "is down", "hangs")[trouble]
        self.made[f"cloud: {name}"] += 1
        if name == "flaps":
            for _ in range(int(seconds)):
                cloud.trouble.garbled = 1
                await self._rest(1)
        elif name == "is down":
            cloud.trouble.down = -1
            await self._rest(seconds)
        else:
            cloud.trouble.hangs_until = asyncio.Event()
            await self._rest(seconds)
        _mend(cloud)

    async def _throttle(self) -> None:
        trouble = self.chance.choice(self.clouds).trouble
        seconds = self.chance.randint(1, LONGEST_RETRY_AFTER)
        trouble.retry_after = timedelta(seconds=seconds)
        trouble.throttled = 1
        while trouble.throttled:
            await self._rest(1)
        self.made["cloud: 429"] += 1

    async def _database(self) -> None:
        await self.disturb_database(self.chance)
        self.made["database: disturbed"] += 1


def _mend(cloud: Cloud) -> None:
    trouble = cloud.trouble
    trouble.down = trouble.garbled = 0
    if trouble.hangs_until is not None:
        trouble.hangs_until.set()
    trouble.hangs_until = None


def locking(path: Path, clock: Clock) -> Callable[[Random], Awaitable[None]]:
    """Return what holds an SQLite database's lock for a while, as a backup may."""

    async def lock(chance: Random) -> None:
        with contextlib.closing(
            sqlite3.connect(path, timeout=0, isolation_level=None)
        ) as file:
            while not _is_locked(file):
                await clock.sleep(BLINK)
            await clock.sleep(timedelta(seconds=chance.uniform(0, LONGEST_LOCK)))

    return lock


def _is_locked(file: sqlite3.Connection) -> bool:
    try:
        file.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def restarting(server: Postgres) -> Callable[[Random], Awaitable[None]]:
    """Return what restarts a PostgreSQL server as if its machine had failed."""

    async def restart(_: Random) -> None:
        # Not to be left half done: the server has to be there in the end.
        await asyncio.shield(asyncio.create_task(asyncio.to_thread(both)))

    def both() -> None:
        server.stop()
        server.start()

    return restart
