"""Where jobs wait and turns are taken: what the two places have in common.

PgQueuer's `dedupe_key` covers a job from the nudge until its row is gone, which is what
gives one flight for a key over all replicas. It also swallows a nudge that comes while
the job runs; `Jobs` remembers those, and leaves a new job once the row is gone.
https://pgqueuer.readthedocs.io/en/latest/guides/reliability/
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import NamedTuple, Protocol

from pgqueuer.domain.models import Job, QueueAgeStats
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports import RepositoryPort
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

ALWAYS_DUE = timedelta(days=-3650)
"""A job is due from long ago, so that a clock that is set back does not put it off."""

LetGo = Callable[[Iterable[Job]], Awaitable[None]]


class Repository(RepositoryPort, Protocol):
    """PgQueuer's queries: those a worker needs, and two for those who look after it."""

    async def queue_age(self) -> list[QueueAgeStats]:
        """Return the age of the waiting jobs of each kind that has some."""

    async def clear_queue_log(self, entrypoint: str | list[str] | None = None) -> None:
        """Throw away the log of finished jobs."""


class Names(DBSettings):
    """The names of the queue's tables; the environment has no say in them."""

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return what is given in the code, and nothing else."""
        return (init_settings,)


# Volatile: the tables are not written to the database's journal. They hold no truth,
# and a database that crashed comes back with empty ones, which the sweep fills again.
# https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED
NAMES = Names(prefix="runbell_", durability=Durability.volatile)


class Turn(NamedTuple):
    """Whose turn it is to do what is done once in a period."""

    is_ours: bool
    rest: timedelta
    """Until the next period begins."""


class Jobs(ABC):
    """The jobs that wait, and the turns that were taken."""

    channel = Channel(NAMES.channel)

    def __init__(self) -> None:
        self._under_way: set[tuple[str, str]] = set()
        self._again: set[tuple[str, str]] = set()

    @property
    @abstractmethod
    def repository(self) -> Repository:
        """PgQueuer's queries, for this place."""

    @abstractmethod
    async def take_turn(self, name: str, period: timedelta) -> Turn:
        """Take the turn of the present period, unless somebody has taken it."""

    @abstractmethod
    async def workers(self) -> int:
        """Return how many engines work here."""

    async def nudge(self, kind: str, key: str) -> None:
        """Leave a job unless one waits; where one is under way, leave it afterwards."""
        if not await leave(self.repository, kind, key):
            self.missed(kind, key)

    def missed(self, kind: str, key: str) -> None:
        """Note that a nudge found its key taken: by a job that waits, or that runs."""
        if (kind, key) in self._under_way:
            self._again.add((kind, key))

    def begin(self, kind: str, key: str) -> None:
        """Note that a job is under way: what was nudged before is being done now."""
        self._under_way.add((kind, key))
        self._again.discard((kind, key))

    def cut_short(self, kind: str, key: str) -> None:
        """Note that a job was cancelled: somebody else has to do it."""
        self._again.add((kind, key))

    async def let_go(self, jobs: Iterable[Job]) -> None:
        """Note that the rows of these jobs are gone; leave new ones where asked for."""
        for job in jobs:
            whose = (job.entrypoint, key_of(job))
            self._under_way.discard(whose)
            if whose in self._again:
                await leave(self.repository, *whose)
                self._again.discard(whose)

    async def lag(self) -> timedelta:
        """Return how long the job that waits longest has waited."""
        ages = [kind.oldest_age_seconds for kind in await self.repository.queue_age()]
        return timedelta(seconds=max([0.0, *ages]))

    async def forget_log(self) -> None:
        """Throw away PgQueuer's log of finished jobs, which grows and serves nobody."""
        await self.repository.clear_queue_log()


class Place(Protocol):
    """Opens the jobs, as often as the connection to them is lost."""

    def open(self) -> AbstractAsyncContextManager[Jobs]:
        """Connect and prepare what is missing."""

    async def nudge_within(self, conn: object, kind: str, key: str) -> bool:
        """Leave a job as part of a transaction; `False` where its key is taken."""


def key_of(job: Job) -> str:
    """Return whose job it is."""
    return (job.payload or b"").decode()


async def leave(repository: RepositoryPort, kind: str, key: str) -> bool:
    """Leave a job; `False` where one of the same kind and key waits or runs."""
    (job,) = await repository.enqueue(
        kind,
        key.encode(),
        execute_after=ALWAYS_DUE,
        dedupe_key=f"{kind}:{key}",
        on_conflict="skip",
    )
    return job is not None
