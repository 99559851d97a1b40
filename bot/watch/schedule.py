"""When a lane is looked at next, and when it is said that it cannot be seen.

Pure: a lane and what came of a look at it make the next lane. Everything counts from
the moment of the look, never from when it was due: a look that is hours late, since the
bot was down or its clock was set forward, is one look, not many.

Each lane has a phase of its own, which spreads them over the period; a little chance
keeps those apart that share one. The same is done in
https://github.com/prometheus/prometheus/blob/main/scrape/target.go
https://github.com/fluxcd/pkg/blob/main/runtime/jitter/interval.go
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random

from bot.records import Lane
from bot.watch.allowance import MINUTE, grown, halved, rate
from providers.errors import Forbidden, ProviderError, RateLimited, Unauthorized

NEVER_LATE = timedelta()

JITTER = 0.05
"""Of the period, to either side of the phase: so two looks are 90 to 110 % apart."""

FAILURES_TO_OPEN = 5
FIRST_PROBE, LONGEST_PROBE = timedelta(seconds=15), timedelta(minutes=5)
SHORTEST_PROBE = timedelta(seconds=1)
REFUSED_PROBE = timedelta(minutes=10)
"""A credential that was refused stays refused until a person does something."""

LONGEST_GAP = timedelta(hours=1)
LONGEST_RETRY_AFTER = timedelta(days=1)
"""A vendor that wants to be left alone for longer is asked after a day."""

OURS = 0.8
"""The share of all requests for looking; the rest is for people's own questions."""

BLIND_AFTER = timedelta(minutes=10)
"""How long nothing may be seen unsaid; a refused credential is said at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a lane is looked at."""

    idle: timedelta = timedelta(seconds=120)
    busy: timedelta = timedelta(seconds=15)
    """While something of the lane runs; after a failure, until the breaker opens."""
    blind_after: timedelta = BLIND_AFTER
    share: float = OURS
    """How much of what a connection may be asked is for looking."""
    per_hour: int | None = None
    """How often a connection may be asked in an hour; `None` for no limit of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is to be said of a lane, once: the record says already that it was."""

    is_over: bool
    since: datetime
    """Since when nothing was seen."""
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """The lane as it is now, to be kept in one transaction with telling the news."""

    lane: Lane
    news: News | None = None


def first(connection: str, now: datetime, pace: Pace) -> Lane:
    """Return the lane of a connection that was never looked at: due within `busy`."""
    return Lane(
        connection=connection, due_at=now + _until_phase(connection, now, pace.busy)
    )


def is_due(lane: Lane, now: datetime) -> bool:
    """Return whether to look at it now."""
    return lane.due_at <= now


def set_right(lane: Lane, now: datetime) -> Lane:
    """Return the lane after the clock was set back; itself where it was not.

    Its moments move back with the clock, as far as is certain: so nothing waits for the
    old time to come again, and what a vendor asked us to wait for is waited for.
    """
    if lane.looked_at is None or lane.looked_at <= now:
        return lane
    back = lane.looked_at - now
    return replace(
        lane,
        looked_at=now,
        due_at=lane.due_at - back,
        open_until=lane.open_until and lane.open_until - back,
        blind_since=lane.blind_since and lane.blind_since - back,
    )


def looked(
    lane: Lane, *, now: datetime, pace: Pace, is_busy: bool, calls: int, random: Random
) -> Step:
    """Return the lane after a look that went well.

    Args:
        lane: as it was.
        now: when the look ended.
        pace: how often to look.
        is_busy: whether something of the lane runs.
        calls: how many calls the look took, and the next one will take.
        random: for the jitter.

    """
    allowance = grown(lane, now)
    period = pace.busy if is_busy else pace.idle
    wait = max(
        _regular(lane.connection, now, period, random),
        _spacing(pace, allowance, calls),
    )
    news = None
    if lane.blind_told and lane.blind_since is not None:
        reason = lane.blind_reason or ""
        news = News(is_over=True, since=lane.blind_since, reason=reason)
    seeing = Lane(
        connection=lane.connection,
        due_at=now + wait,
        allowance=allowance,
        looked_at=now,
    )
    return Step(seeing, news)


def failed(
    lane: Lane,
    error: Exception,
    *,
    now: datetime,
    pace: Pace,
    calls: int,
    random: Random,
    credential: str = "",
) -> Step:
    """Return the lane after a look that did not go well.

    It is looked at again no earlier than the vendor asked for. Other trouble than
    limits opens the breaker: the fifth time in a row, or at once where the credential
    was refused; while it is open, only probes go through, ever less often.

    Args:
        lane: as it was.
        error: what went wrong.
        now: when the look ended.
        pace: how often to look.
        calls: how many calls the look took, and the next one will take.
        random: for the jitter.
        credential: the fingerprint of what the vendor was shown.

    """
    allowance, failures = lane.allowance, lane.failures
    if isinstance(error, RateLimited):
        allowance = halved(lane, now, pace.busy, calls)
    else:
        failures += 1
    is_refused = isinstance(error, (Unauthorized, Forbidden))
    closed_for = max(
        _asked_for(error), _breaker(failures, random, is_refused=is_refused)
    )
    wait = max(
        closed_for,
        NEVER_LATE if closed_for else _regular(lane.connection, now, pace.busy, random),
        _spacing(pace, allowance, calls),
    )
    blind = replace(
        lane,
        due_at=now + wait,
        allowance=allowance,
        failures=failures,
        open_until=now + closed_for if closed_for else None,
        blind_since=lane.blind_since or now,
        blind_reason=reason_of(error),
        looked_at=now,
        refused=credential if is_refused and not _asked_for(error) else None,
    )
    return _told(blind) if is_refused else grown_blind(blind, now, pace)


def reopened(lane: Lane, now: datetime) -> Lane:
    """Return a lane whose credential was refused, to be looked at now.

    For when there is reason to think that it is not refused any more.
    """
    return replace(lane, due_at=min(lane.due_at, now), open_until=None, refused=None)


def grown_blind(lane: Lane, now: datetime, pace: Pace) -> Step:
    """Return the lane, and the news where nothing was seen of it for too long.

    For the sweep, too: probes may be further apart than the time within which it has
    to be said.
    """
    if lane.blind_since is None or now - lane.blind_since < pace.blind_after:
        return Step(lane)
    return _told(lane)


def _told(lane: Lane) -> Step:
    if lane.blind_told or lane.blind_since is None:
        return Step(lane)
    news = News(is_over=False, since=lane.blind_since, reason=lane.blind_reason or "")
    return Step(replace(lane, blind_told=True), news)


def reason_of(error: Exception) -> str:
    """Return what to tell people; nothing that an unknown error may hold."""
    if isinstance(error, ProviderError):
        return f"{error.what}. {error.advice}"
    return "something unexpected went wrong. Look at the bot's log for the details."


def phase(name: str, period: timedelta) -> timedelta:
    """Return when in a period it is this lane's turn: the same everywhere, for ever."""
    # Names from a file may hold half a pair, which is no UTF-8.
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return period * (int.from_bytes(digest) / 2**64)


def _until_phase(name: str, now: datetime, period: timedelta) -> timedelta:
    at = timedelta(seconds=now.timestamp())
    return (phase(name, period) - at) % period


def _regular(name: str, now: datetime, period: timedelta, random: Random) -> timedelta:
    """Return how long until the lane's next turn.

    A look that came a little before its turn was the look of that turn.
    """
    wait = _until_phase(name, now, period)
    if wait < 2 * JITTER * period:
        wait += period
    jitter = random.uniform(-JITTER, JITTER) * period
    return min(wait + jitter, (1 + 2 * JITTER) * period)


def _breaker(failures: int, random: Random, *, is_refused: bool) -> timedelta:
    """Return for how long only the next probe goes through; zero while closed.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    if is_refused:
        return REFUSED_PROBE * random.uniform(1 - 2 * JITTER, 1 + 2 * JITTER)
    if failures < FAILURES_TO_OPEN:
        return timedelta()
    doublings = min(failures - FAILURES_TO_OPEN, 10)
    longest = min(FIRST_PROBE * float(2**doublings), LONGEST_PROBE)
    return max(longest * random.uniform(0, 1), SHORTEST_PROBE)


def _asked_for(error: Exception) -> timedelta:
    """Return how long the vendor wants to be left alone."""
    if not isinstance(error, ProviderError):
        return timedelta()
    unsaid = MINUTE if isinstance(error, RateLimited) else timedelta()
    asked = unsaid if error.retry_after is None else error.retry_after
    return min(max(asked, timedelta()), LONGEST_RETRY_AFTER)


def _spacing(pace: Pace, allowance: float | None, calls: int) -> timedelta:
    """Return how far apart looks of so many calls have to be."""
    allowed = rate(allowance, pace.per_hour)
    if allowed is None:
        return timedelta()
    return min(MINUTE * (calls / (allowed * pace.share)), LONGEST_GAP)
