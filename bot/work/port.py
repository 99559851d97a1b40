"""What the bot asks of a work engine: five calls, and no word of how it works.

The queue behind them holds no truth. What is to be done stands in the store; a job is
only the hint that there is something to do for a key. So a queue may be dropped at any
time, and whoever registers kinds also registers an `every` that looks into the store
and nudges whatever has work: that sweep is what every promise below rests on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

Handler = Callable[[str], Awaitable[None]]
"""Does the work of one key. It may be called for nothing, and twice for the same."""

Periodic = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the engine is; what cannot be known right now is `None`."""

    lag: timedelta | None
    """How long the job that waits longest has waited; zero where none waits."""
    last_tick: datetime | None
    """When this engine last found out whether something periodic was its turn."""
    workers: int | None
    """How many engines work on the queue, this one included."""
    failures: int
    """How many times a handler raised here since the start."""
    trouble: str | None
    """Why nothing is worked on, such as that the database is out of reach."""


class Engine(Protocol):
    """Wakes handlers, one at a time for a key, over all replicas."""

    def on(self, kind: str, handler: Handler, parallel: int) -> None:
        """Have `handler` called with the key of every nudge of this kind.

        At least once for a nudge: work that a killed replica had begun is begun anew by
        another one. One at a time for a key, over all replicas, except while a replica
        that was frozen for longer than the heartbeat does not know yet that it was
        replaced. At most `parallel` keys of the kind at a time, over all replicas,
        which must agree on the number.

        What a handler raises is logged and counted, and stops nothing; it is not tried
        again until the next nudge.

        Raises:
            ValueError: the kind has a handler already, or `parallel` is less than one.
            RuntimeError: the engine is running.

        """

    def every(self, name: str, period: timedelta, fn: Periodic) -> None:
        """Have `fn` called once in every period, by one of the replicas.

        The first time is as soon as the engine runs. Periods follow the queue's clock:
        a stretch of time that was missed is not made up for, and a clock that jumps
        costs at most one period. A replica never overlaps itself, but one whose `fn`
        takes longer than the period may be overlapped by another. What `fn` raises is
        logged and counted.

        Raises:
            ValueError: the name is taken, or the period is not positive.
            RuntimeError: the engine is running.

        """

    async def nudge(self, kind: str, key: str, conn: object | None = None) -> None:
        """Have the handler of `kind` called for `key`, soon.

        A nudge of a key that waits already changes nothing. A nudge of a key that is
        being worked on in this process has it worked on again afterwards; where it is
        being worked on by another replica, the sweep has to notice.

        Args:
            kind: one that has a handler.
            key: whose work it is; text of any kind but NUL.
            conn: the database driver's own connection, in whose open transaction the
                nudge then takes part: it is heard after the commit, or never. Several
                of them in one transaction have to come in sorted order, since two
                transactions wait for each other's keys. The engine in memory cannot
                take part and hears it at once: there, nudge after the commit.

        Raises:
            ValueError: the kind has no handler.
            Exception: whatever the driver says of `conn`, whose transaction is lost
                anyway. Without `conn` nothing is raised: a nudge that could not be
                left is logged, and left to the sweep.

        """

    async def run(self) -> None:
        """Work until `stop` is called; a lost database is waited for.

        Raises:
            RuntimeError: it ran before.

        """

    async def stop(self, grace: timedelta) -> None:
        """Begin nothing more, let what runs finish, and return when `run` has ended.

        What is not finished after `grace` is cancelled, and its keys are nudged again
        for the other replicas.
        """

    async def health(self) -> Health:
        """Return how the engine is; never raises."""
