"""Opening the watch: settings and store → lanes, courier and engine at work → closed.

SQLite goes with an engine in this process. With PostgreSQL any number of replicas share
the work, and any of them may be killed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.catalog import Locate, Words
from bot.slack.poster import open_poster
from bot.store import Store, once_it_answers
from bot.watch import filed
from bot.watch.courier import Courier
from bot.watch.letting_go import let_go
from bot.watch.poller import Account, Looked, Poller
from bot.watch.posting import Counted, UnknownOutcome
from bot.watch.schedule import Pace
from bot.watch.service import Watching
from bot.watch.storm import Gale
from bot.watch.targets import Targets
from bot.watch.vitals import Vitals
from bot.work.memory import MemoryPlace
from bot.work.pgqueuer import PgQueuerEngine

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.settings import Settings
    from bot.work.port import Engine
    from providers.clock import Clock
    from providers.contract import Provider
    from providers.settings import ConnectionSettings

GRACE = timedelta(seconds=5)
"""How long what is under way may go on when the bot ends; then it is cut short, and
found again by the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The watch, at work."""

    watching: Watching
    targets: Targets
    vitals: Vitals


@asynccontextmanager
async def open_watch(
    settings: Settings,
    providers: Mapping[str, Provider],
    store: Store,
    *,
    locate: Locate,
    clock: Clock,
    random: Random,
    calls: Callable[[str], int],
    metrics: Metrics,
    engine: Engine | None = None,
    steady: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Watch]:
    """Open the watch, for as long as the context lasts.

    A database that went away since the store was opened is waited for.

    Args:
        settings: what was configured.
        providers: by the names of their connections.
        store: what is remembered.
        locate: where a pasted address leads.
        clock: what time it is.
        random: for the jitter.
        calls: how many requests were made so far of a connection.
        metrics: what is told of all that is done.
        engine: the work engine; by default the one that the store calls for.
        steady: seconds of a clock that nobody sets.

    Raises:
        StoreError: the watches of the file could not be kept.

    """
    said = settings.watch
    targets = Targets(
        Words(groups=settings.groups, aliases=settings.aliases),
        tuple(providers),
        locate,
    )
    await once_it_answers(
        partial(_take_up_the_file, settings, store, targets, clock),
        clock=clock,
        place=store.place,
    )
    engine = engine or _engine(store, clock)
    token = settings.slack.bot_token
    async with open_poster(
        token.get_secret_value() if token else "", base_url=settings.slack.api_url
    ) as poster:

        def count(what: Counted) -> None:
            metrics.counted(what.value)

        watching = Watching(
            engine=engine,
            store=store,
            poller=Poller(
                providers,
                store,
                clock=clock,
                random=random,
                targets=targets,
                pace=Pace(
                    idle=said.idle,
                    busy=said.running,
                    blind_after=said.blind_after,
                    share=1 - said.kept_for_people / 100,
                ),
                calls=calls,
                shows_log=said.shows_log,
                gale=Gale(said.storm, said.storm_within),
                accounts={
                    name: Account(
                        credential=fingerprint(connection),
                        per_hour=connection.requests_per_hour,
                    )
                    for name, connection in settings.connections.items()
                },
            ),
            courier=Courier(
                store,
                poster,
                clock,
                steady=steady,
                zone=ZoneInfo(settings.timezone),
                unknown_outcome=UnknownOutcome(said.unknown_outcome),
                count=count,
                told=metrics.alerted,
            ),
            history=timedelta(days=said.history_days),
            looked=lambda looked: _measure(looked, metrics),
        )
        working = asyncio.create_task(engine.run())
        try:
            yield Watch(
                watching=watching,
                targets=targets,
                vitals=Vitals(store, engine, clock, metrics),
            )
        finally:
            await engine.stop(GRACE)
            await working


def fingerprint(connection: ConnectionSettings) -> str:
    """Return a word that is another one where a connection is configured otherwise.

    It tells a renewed credential from the one that was refused, and is kept: so it is
    too short for anybody to find out from it what the credential was.
    """
    said = (connection.model_dump_json(), *connection.secrets())
    text = "\0".join(said).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=2).hexdigest()


def _engine(store: Store, clock: Clock) -> Engine:
    if store.shared_url is None:
        return PgQueuerEngine(MemoryPlace(), clock)
    # Who keeps a file needs no driver of PostgreSQL's in memory.
    from bot.work.postgres import PostgresPlace  # noqa: PLC0415

    return PgQueuerEngine(PostgresPlace(store.shared_url), clock)


async def _take_up_the_file(
    settings: Settings, store: Store, targets: Targets, clock: Clock
) -> None:
    """Make the store hold the file's watches; what is red of those gone is let go."""
    now = clock.now()
    async with store.write() as tx:
        if store.shared_url is None:
            # Nobody else has this file open, so what is claimed was a dead process's.
            await tx.lanes.release_all()
        changes = await filed.reconcile(tx, settings.watches, now)
        for watch in changes.gone:
            await let_go(tx, watch, targets, now)


def _measure(looked: Looked, metrics: Metrics) -> None:
    name = looked.connection
    metrics.looked(name, is_blind=looked.is_blind)
    for happening in looked.happened:
        metrics.observed(name, happening.seen_at - happening.at)
