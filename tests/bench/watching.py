"""What it costs to watch thousands of pipelines on five vendors."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.bench.figure import Figure
from tests.bench.sampling import percentile
from tests.bench.watched import FIVE_VENDORS, PERIOD, Mix, Watched, times, watched

MOST_OF_A_CORE = 10.0
MOST_BYTES = 200_000_000
MOST_REQUESTS = 1.05
MOST_DEARER = 1.1

PATIENCE = 600.0
"""Seconds in which a hundred thousand pipelines must have been seen once."""


async def watching(
    *, few: int = 1000, many: int = 10_000, most: int = 100_000
) -> tuple[Figure, ...]:
    """Return the figures of watching few pipelines, many, and more than anybody has."""
    small, large = await watched(few), await watched(many)
    return (
        _cost(large),
        _requests(small, large),
        _latency(small, large),
        _growth(small, large),
        await _largest(most, TEN_TIMES),
    )


TEN_TIMES = times(10, FIVE_VENDORS)
"""As many pipelines a connection as of ten thousand: a project that lists twenty
thousand is not to be had, a company with seventy connections is."""


HOW = (
    "`runbell serve` in a process of its own, on SQLite, with the simulated clouds and "
    "the local Slack in another; a watch for each pipeline, in the store. Of all "
    "pipelines 40 % are CodeArts Pipeline's (100 in a call) and 40 % CodeArts Check's "
    "(200, with `api: v1`), two connections each; 8 % NSML's (100 in a call), "
    "10 % Yunxiao's and 2 % Northflank's (a call for each). Looks are 30 s apart."
)


def _cost(large: Watched) -> Figure:
    share, resident = large.share, large.resident
    is_met = (
        share is not None
        and resident is not None
        and share < MOST_OF_A_CORE
        and resident < MOST_BYTES
    )
    return Figure(
        title=f"Watching {large.count:,} pipelines, looked at every 30 s",
        goal=f"less than {MOST_OF_A_CORE:g} % of a core and {MOST_BYTES / 1e6:.0f} MB",
        measured=_usage(large),
        is_met=is_met,
        how=f"{HOW} Processor time while nothing happens; memory in the end.",
        details=(
            ("until every pipeline had been seen once", f"{large.taking_up:.0f} s"),
        ),
    )


def _requests(small: Watched, large: Watched) -> Figure:
    ratio = large.requests / large.least
    return Figure(
        title=f"Requests to look at {large.count:,} pipelines once",
        goal=f"at most {MOST_REQUESTS:g} × the least possible, ⌈N/B⌉ a connection",
        measured=f"{ratio:.3f} × ({large.requests:.0f} of {large.least})",
        is_met=ratio <= MOST_REQUESTS,
        how="Requests that came in one look, while nothing happens; B is the vendor's.",
        details=(
            (f"{small.count:,} pipelines", f"{small.requests:.0f} of {small.least}"),
        ),
    )


def _latency(small: Watched, large: Watched) -> Figure:
    most = PERIOD.total_seconds() + 1
    p99 = percentile(large.latencies, 99) if large.latencies else math.inf
    return Figure(
        title=f"From a failure to its message in Slack, {large.count:,} pipelines",
        goal=f"p99 at most {most:g} s, none missing",
        measured=_spread(large.latencies),
        is_met=p99 <= most and not large.missing,
        how=(
            "Runs of pipelines with a channel of their own fail one after the other; "
            "from the end of the run until Slack has taken the message. The lag is "
            "until it was seen."
        ),
        details=(
            ("never told", str(large.missing)),
            ("lag", _spread(large.lags)),
            (f"{small.count:,} pipelines", _spread(small.latencies)),
            (f"{small.count:,} pipelines, never told", str(small.missing)),
            (f"{small.count:,} pipelines, lag", _spread(small.lags)),
        ),
    )


async def _largest(count: int, mix: Mix) -> Figure:
    """Measure what has no goal; that it could not be measured is reported as well."""
    title = f"Watching {count:,} pipelines in one process"
    try:
        one = await watched(count, mix=mix, quiet=2, patience=PATIENCE)
    except TimeoutError:
        minutes = PATIENCE / 60
        return Figure(
            title=title,
            goal="none",
            measured=f"nothing: not all had been seen once after {minutes:.0f} minutes",
            is_met=None,
            how=MOST,
        )
    return Figure(
        title=title,
        goal="none",
        measured=_usage(one),
        is_met=None,
        how=MOST,
        details=(
            ("connections", str(one.connections)),
            ("until every pipeline had been seen once", f"{one.taking_up:.0f} s"),
            ("requests to look at all once", f"{one.requests:.0f} of {one.least}"),
            ("lag", _spread(one.lags)),
            ("from a failure to its message", _spread(one.latencies)),
            ("never told", str(one.missing)),
        ),
    )


MOST = (
    "The same, with each connection ten times over; no hourly budget is set. One of "
    "Northflank's tokens alone would bear eight pipelines at this pace, so these are "
    "what the process can do, not what vendors allow. The simulated clouds take a core "
    "of their own."
)


def _growth(small: Watched, large: Watched) -> Figure:
    ratio = None
    if small.per_watch and large.per_watch:
        ratio = large.per_watch / small.per_watch
    return Figure(
        title=f"Processor time per watch, {large.count:,} against {small.count:,}",
        goal=f"at most {MOST_DEARER:g} ×",
        measured="unknown" if ratio is None else f"{ratio:.2f} ×",
        is_met=ratio is not None and ratio <= MOST_DEARER,
        how="The same, divided by the number of pipelines.",
        details=((f"{small.count:,} pipelines", _usage(small)),),
    )


def _usage(one: Watched) -> str:
    share = "unknown" if one.share is None else f"{one.share:.1f} % of a core"
    held = "unknown" if one.resident is None else f"{one.resident / 1e6:.0f} MB"
    return f"{share}, {held}"


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    p50, p99 = (percentile(seconds, percent) for percent in (50, 99))
    return f"p50 {p50:.1f} s, p99 {p99:.1f} s, max {max(seconds):.1f} s"
