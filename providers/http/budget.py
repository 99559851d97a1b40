"""How much we may still ask of a vendor, and how our credential stands with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from providers.answer import Fault, Quota

HOUR = timedelta(hours=1)

SAME_WINDOW = timedelta(minutes=1)
"""How far apart two answers may put the end of one and the same window."""

HOLD = timedelta(seconds=60)
"""How long nothing is sent with a credential that was refused."""


@dataclass(slots=True)
class Budget:
    """So many requests in an hour, counted as vendors count: from the first request on.

    What the vendor says is left (`correct`) lowers our own count, and a window that it
    has begun anew begins here as well; it never raises the count above `per_hour`.
    """

    per_hour: int | None
    _left: int | None = field(default=None, init=False)
    _resets_at: datetime | None = field(default=None, init=False)

    def spend(self, now: datetime) -> timedelta | None:
        """Take one request; or return how long to wait, where none is left."""
        if self._resets_at is None or now >= self._resets_at:
            self._left = self.per_hour
            self._resets_at = now + HOUR
        if self._left is None:
            return None
        if self._left <= 0:
            return self._resets_at - now
        self._left -= 1
        return None

    def correct(self, quota: Quota, now: datetime) -> None:
        """Take over what the vendor says is left and when that ends.

        An end further off than an hour (a date in place of seconds, say) is taken for
        an hour: then the vendor is asked again, and says it again if it meant it.
        """
        resets_at = now + min(max(quota.resets_in, timedelta()), HOUR)
        is_new = self._resets_at is None or resets_at > self._resets_at + SAME_WINDOW
        own = self.per_hour if is_new else self._left
        self._left = quota.remaining if own is None else min(own, quota.remaining)
        self._resets_at = resets_at


@dataclass(slots=True)
class Standing:
    """How our credential stands with the vendor.

    Until a successful answer has proved it, requests go one at a time, and once it is
    refused nothing is sent for a while: some vendors lock a key after a few bad calls
    (Huawei Cloud: more than five in a row lock it for five minutes).
    """

    proven: bool = False
    verdicts: int = 0
    """How often it was accepted anew or refused.

    An answer to what was sent before the latest verdict says nothing new.
    """
    doubted_until: datetime | None = None
    """Refused in a way that a fresh signature may cure: one more try is free."""
    refusal: Fault | None = None
    until: datetime | None = None

    def refused(self, fault: Fault, now: datetime, *, sent_at: int) -> None:
        """Note that the vendor did not accept the credential.

        Args:
            fault: what it said.
            now: the time.
            sent_at: `verdicts` as it was when the request went out.

        """
        if sent_at != self.verdicts:
            return
        self.verdicts += 1
        self.proven = False
        until = now + (HOLD if fault.hold is None else fault.hold)
        is_doubted = self.doubted_until is not None and now < self.doubted_until
        if fault.fresh_signature_may_help and not is_doubted:
            self.doubted_until = until
        else:
            self.refusal, self.until, self.doubted_until = fault, until, None

    def accepted(self, *, sent_at: int) -> None:
        """Note that the vendor answered with data."""
        if sent_at != self.verdicts or self.proven:
            return
        self.verdicts += 1
        self.proven = True
        self.refusal = self.until = self.doubted_until = None

    def still_refused(self, now: datetime) -> Fault | None:
        """Return the refusal that still holds, if one does."""
        return self.refusal if self.until is not None and now < self.until else None
