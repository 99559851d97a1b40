"""Who may go when: one connection's places, its budget, its pauses and its doubts.

Asking waits only for a place, never for time to pass: what may not be sent now is
refused at once, with the time from which on it may.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from providers.answer import Fault, Quota
from providers.errors import RateLimited, Unauthorized, Unavailable
from providers.http.budget import Budget, Standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from providers.clock import Clock


class Closed(Exception):
    """Nothing may be sent now; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class Gate:
    """Lets one connection's requests out.

    So many at once, and only one while the credential is unproven or in doubt: ten
    callers with a bad key then cost one bad call, not ten. Those who wait for that one
    learn from it: they are refused when it is, go on side by side when it is answered,
    and are told at once, in place of waiting one after another, when it gets no answer.
    """

    def __init__(self, *, clock: Clock, concurrency: int, per_hour: int | None) -> None:
        self._clock = clock
        self._side_by_side = asyncio.Semaphore(concurrency)
        self._one_by_one = asyncio.Lock()
        self._budget = Budget(per_hour)
        self._standing = Standing()
        self._paused_until: datetime | None = None
        self._silence: Fault | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """Wait for a place and hold it; yields what `learn` wants as `sent_at`.

        Raises:
            Closed: nothing may be sent now.

        """
        known = self._silence
        while True:
            door = self._door
            async with door:
                if door is not self._door:
                    continue  # the credential was proved or refused while we waited
                silence = self._silence
                if silence and silence is not known and door is self._one_by_one:
                    raise Closed(silence)  # whom we waited for got no answer either
                self._pass()
                yield self._standing.verdicts
                return

    def learn(self, fault: Fault | None, quota: Quota | None, *, sent_at: int) -> None:
        """Take from an answer what concerns the requests after it."""
        now = self._clock.now()
        if quota is not None:
            self._budget.correct(quota, now)
        if fault is None:
            self._standing.accepted(sent_at=sent_at)
        elif fault.kind is Unauthorized:
            self._standing.refused(fault, now, sent_at=sent_at)
        elif fault.kind is RateLimited and fault.retry_after:
            until = now + fault.retry_after
            self._paused_until = max(until, self._paused_until or until)

    def learn_of_silence(self, fault: Fault) -> None:
        """Tell those who wait for a first answer that none came."""
        if not self._standing.proven and fault.kind is Unavailable:
            self._silence = fault

    @property
    def _door(self) -> asyncio.Semaphore | asyncio.Lock:
        return self._side_by_side if self._standing.proven else self._one_by_one

    def _pass(self) -> None:
        """Take one request from the budget.

        Raises:
            Closed: the credential was refused, a pause holds, or the budget is spent.

        """
        now = self._clock.now()
        if refusal := self._standing.still_refused(now):
            until = self._standing.until or now
            raise Closed(
                replace(
                    refusal, retry_after=until - now, fresh_signature_may_help=False
                )
            )
        if self._paused_until is not None and now < self._paused_until:
            raise _not_asked("the provider asked us to wait", self._paused_until - now)
        if (wait := self._budget.spend(now)) is not None:
            raise _not_asked("nothing is left of this hour's budget", wait)


def _not_asked(why: str, wait: timedelta) -> Closed:
    detail = f"not asked: {why}"
    return Closed(Fault(kind=RateLimited, detail=detail, retry_after=wait))
