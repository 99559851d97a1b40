"""What is to be done to the bot, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.chaos.checker import Found
from tests.fakes.postgres import Postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done to the bot."""

    name: str
    cycles: int
    """How many lives are ended by a kill."""
    seed: int
    folder: Path
    """For configuration, database and logs; kept where something was wrong."""
    postgres: Postgres | None = None
    """Where the store is; `None` for SQLite in the folder."""
    replicas: int = 1
    longest: float = 2.5
    """Seconds that a life lasts at the most."""
    pauses: int = 0
    """How often a replica stands still for longer than its lease, instead of dying."""
    each: int = 6
    """Pipelines in each cloud; every one has a channel of its own, but for the last
    ones of all clouds, which share one."""
    patience: timedelta = timedelta(minutes=10)
    """How long all may take to be told in the end."""
    quiet: timedelta = timedelta(seconds=17)
    """How long nothing may come any more until it is believed to be over."""
    say: Callable[[str], None] = lambda _: None
    """Told now and then how far it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    plan: Plan
    found: Found
    kills: int
    died_at: Counter[str]
    """How many lives ended at which named point, and how many anywhere."""
    pauses: int
    trouble: Counter[str]
    retries: Counter[str]
    """Failed runs that were retried under their id, by how that came."""
    notices: int
    in_vain: int
    """Starts that failed, saying why, and would be tried again by whatever starts it:
    the database went away in the middle of one."""
    crashes: tuple[int, ...]
    """The exit codes of other bots that ended without having been killed."""
    recoveries: tuple[timedelta, ...]
    """From the first kill that met a change until it was told."""
    took: timedelta
    is_whole: bool
    """Whether the database says of itself that it is."""

    @property
    def is_right(self) -> bool:
        """Whether every promise was kept."""
        doubles = len(self.found.doubled)
        may_double = self.found.is_right or (
            doubles * 5 <= self.pauses
            and not self.found.lost
            and not self.found.invented
            and not self.found.out_of_order
        )
        # A file is never away: only a server can be, in the middle of a start.
        may_fail = self.plan.postgres is not None or not self.in_vain
        return may_double and may_fail and not self.crashes and self.is_whole
