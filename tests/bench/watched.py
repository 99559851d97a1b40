"""`runbell serve` beside thousands of pipelines: started, left alone, and disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import override

from bot.clock import SystemClock
from bot.demo.clouds.server import Cloud, LoopbackServer, Seen
from bot.demo.clouds.world import Ending
from bot.demo.slack import LocalSlack
from bot.demo.stage import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.records import Watch
from bot.store import open_store
from tests.bench.machine import cpu_seconds, resident_bytes
from tests.bench.vendors import ENVIRONMENT, EVERY, cloud_of, vendor_of

ROOT = Path(__file__).parent.parent.parent
PERIOD = timedelta(seconds=30)
"""How old what is known of a pipeline may be."""

PATIENCE = 300.0
"""Seconds until every pipeline must have been looked at, and all be told."""

SETTLED = timedelta(seconds=5)
"""How long after the last pipeline's first look all is as it will be."""

GAP = 5.0
"""Seconds without a request between two looks at a connection."""

Mix = Mapping[str, float]
"""The share of each connection; its name begins with its vendor's."""

FIVE_VENDORS: Mix = {
    "nsml": 0.08,
    "flow": 0.1,
    "northflank": 0.02,
    "codearts": 0.2,
    "codearts-2": 0.2,
    "check": 0.2,
    "check-2": 0.2,
}
"""Where a vendor tells of one pipeline in a call, few can be watched at all: a token of
Northflank's would be used up by eight of them at 30 s."""


def times(number: int, mix: Mix) -> Mix:
    """Return so many of each connection, with as much in all of them as in one."""
    return {
        f"{name}-{one}": share / number
        for name, share in mix.items()
        for one in range(number)
    }


class Arrivals(list[Seen]):
    """Stands for a cloud's list of requests; keeps when they came, and not what."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    @override
    def append(self, item: Seen) -> None:
        self.times.append(time.perf_counter())


def looks_in(times: Sequence[float]) -> list[int]:
    """Return how many requests each whole look took: there is a gap between two."""
    looks: list[int] = []
    for before, at in zip((-math.inf, *times), times, strict=False):
        if at - before > GAP:
            looks.append(0)
        looks[-1] += 1
    return looks[1:-1]  # of those at the ends a part may be missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What it cost to watch so many pipelines."""

    count: int
    share: float | None
    """Of a core, in percent, while nothing happens."""
    resident: int | None
    requests: float
    """In a look at everything."""
    least: int
    lags: tuple[float, ...]
    """Seconds from a run's end until it was seen."""
    latencies: tuple[float, ...]
    """Seconds from a run's end until Slack took the message."""
    missing: int
    """Failures that nobody was told of in time."""
    connections: int
    taking_up: float
    """Seconds from the start of the process until every pipeline had been seen."""

    @property
    def per_watch(self) -> float | None:
        """Return the share of a core of one watched pipeline."""
        return None if self.share is None else self.share / self.count


@dataclass(kw_only=True)
class Rig:
    """Clouds, Slack and a store that is full of watches, before the bot is started."""

    clock: SystemClock
    clouds: Mapping[str, Cloud]
    arrivals: Mapping[str, Arrivals]
    counts: Mapping[str, int]
    slack: LocalSlack
    config: Path
    database: Path
    loud: Mapping[str, tuple[str, str]]
    """Channels with a pipeline of their own: its connection and its id."""
    ended: dict[str, datetime] = field(default_factory=dict)

    def fail(self, channel: str) -> None:
        """Have the pipeline of a channel fail soon."""
        connection, ident = self.loud[channel]
        run = self.clouds[connection].world.start(ident, Ending.FAILS)
        end = run.at(self.clock.now() + EVERY).finished_at
        assert end is not None
        self.ended[channel] = end

    def told(self) -> dict[str, datetime]:
        """Return when Slack took the first message of each channel."""
        found: dict[str, datetime] = {}
        for call in self.slack.called("chat.postMessage"):
            found.setdefault(str(call.args["channel"]), call.at)
        return found

    def ask(self, question: str) -> list[Any]:
        """Return what the bot's database holds, while the bot works on it."""
        url = f"file:{self.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(url, uri=True)) as file:
            return file.execute(question).fetchall()


async def watched(
    count: int,
    *,
    mix: Mix = FIVE_VENDORS,
    loud: int = 100,
    quiet: int = 3,
    patience: float = PATIENCE,
) -> Watched:
    """Watch so many pipelines, first while nothing happens, and then while some fail.

    Args:
        count: how many pipelines.
        mix: the share of each connection.
        loud: how many of them fail, each with a channel of its own.
        quiet: how many periods nothing happens for.
        patience: seconds until every pipeline must have been seen.

    Raises:
        TimeoutError: they were not.

    """
    chance = random.Random(count)  # noqa: S311 - repeatable on purpose
    async with _rig(count, mix, loud) as rig, _serving(rig) as served:
        started, every = time.perf_counter(), sum(rig.counts.values())
        await _until(lambda: rig.ask(_SEEN)[0][0] >= every, patience)
        taking_up = time.perf_counter() - started
        await rig.clock.sleep(SETTLED)
        begun, used = time.perf_counter(), cpu_seconds(served.pid)
        for arrivals in rig.arrivals.values():
            arrivals.times.clear()
        await rig.clock.sleep(PERIOD * quiet)
        took, after = time.perf_counter() - begun, cpu_seconds(served.pid)
        takes = {name: looks_in(a.times) for name, a in rig.arrivals.items()}
        for channel in rig.loud:
            rig.fail(channel)
            # On average they are spread over one period, as its looks are.
            await rig.clock.sleep(PERIOD * 2 * chance.random() / max(loud, 1))
        with contextlib.suppress(TimeoutError):
            await _until(lambda: rig.told().keys() >= rig.loud.keys(), PATIENCE)
        told, resident = rig.told(), resident_bytes(served.pid)
        lags = [_seconds(end, seen) for end, seen in rig.ask(_LAGS)]
    return Watched(
        count=every,
        share=None if used is None or after is None else (after - used) / took * 100,
        resident=resident,
        requests=sum(statistics.median(looks) for looks in takes.values() if looks),
        least=sum(math.ceil(n / vendor_of(c).batch) for c, n in rig.counts.items()),
        lags=tuple(lags),
        latencies=tuple(
            (told[c] - end).total_seconds() for c, end in rig.ended.items() if c in told
        ),
        missing=len(rig.ended.keys() - told.keys()),
        connections=len(rig.counts),
        taking_up=taking_up,
    )


_SEEN = "SELECT count(DISTINCT pipeline) FROM runs"
_LAGS = "SELECT at, seen_at FROM happenings WHERE event = 'broken'"


def _seconds(begin: str, end: str) -> float:
    took = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return took.total_seconds()


async def _until(is_so: Callable[[], bool], patience: float) -> None:
    async with asyncio.timeout(patience):
        while True:
            with contextlib.suppress(sqlite3.OperationalError):
                if is_so():
                    return
            await SystemClock().sleep(timedelta(seconds=0.5))


@asynccontextmanager
async def _rig(count: int, mix: Mix, loud: int) -> AsyncIterator[Rig]:
    clock = SystemClock()
    counts = {name: round(count * share) for name, share in mix.items()}
    clouds = {name: cloud_of(name, counts[name], clock) for name in counts}
    arrivals = {name: Arrivals() for name in counts}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls: dict[str, str] = {}
        for name, cloud in clouds.items():
            cloud.desk.seen = arrivals[name]
            server = LoopbackServer(cloud.app())
            urls[name] = (await stack.enter_async_context(server)).url
        slack = LocalSlack(
            clock,
            random.Random(1),  # noqa: S311 - repeatable on purpose
            signing_secret=SIGNING_SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
        )
        await stack.enter_async_context(slack)
        rest = slack.add_channel("rest", slack.bot).id
        refs = [(name, p.id) for name, c in clouds.items() for p in c.world.pipelines()]
        able = [ref for ref in refs if vendor_of(ref[0]).can_fail]
        chosen = able[:: max(len(able) // loud, 1)][:loud] if loud else []
        channels = {slack.add_channel("own", slack.bot).id: ref for ref in chosen}
        database = folder / "runbell.db"
        await _fill(database, clock, refs, rest, channels)
        yield Rig(
            clock=clock,
            clouds=clouds,
            arrivals=arrivals,
            counts=counts,
            slack=slack,
            config=_write(folder, slack, urls),
            database=database,
            loud=channels,
        )


async def _fill(
    database: Path,
    clock: SystemClock,
    refs: Sequence[tuple[str, str]],
    rest: str,
    channels: Mapping[str, tuple[str, str]],
) -> None:
    """Write a watch for each pipeline, as `/runs watch` does."""
    own = {ref: channel for channel, ref in channels.items()}
    async with (
        open_store(f"sqlite:///{database}", clock=clock) as store,
        store.write() as tx,
    ):
        watches = [
            Watch(
                id=f"w{number}",
                channel=own.get((connection, ident), rest),
                target=f"{connection}:{ident}",
                created_at=clock.now(),
            )
            for number, (connection, ident) in enumerate(refs)
        ]
        # One by one, as people add them, a hundred thousand would take minutes.
        await tx.watches._add(watches[1:])
        await tx.watches.add(watches[0])


def _write(folder: Path, slack: LocalSlack, urls: Mapping[str, str]) -> Path:
    seconds = int(PERIOD.total_seconds())
    document = {
        "slack": {"api_url": slack.api_url},
        "database": f"sqlite:///{folder / 'runbell.db'}",
        "watch": {"idle": seconds, "running": seconds},
        "connections": {
            name: {
                **vendor_of(name).said,
                "base_url": f"{url}{vendor_of(name).base}",
                "allow_http": True,
            }
            for name, url in urls.items()
        },
    }
    config = folder / "runbell.yml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return config


@asynccontextmanager
async def _serving(rig: Rig) -> AsyncIterator[Process]:
    served = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve", "-c", str(rig.config)),
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
        stderr=DEVNULL,
    )
    try:
        yield served
    finally:
        if served.returncode is None:
            served.terminate()
        await served.wait()
