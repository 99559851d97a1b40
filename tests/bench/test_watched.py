"""What the bench of the watch counts with; and one small go of it."""

from __future__ import annotations

import pytest

from tests.bench import watched as bench
from tests.bench import watching
from tests.bench.sampling import percentile
from tests.bench.watched import FIVE_VENDORS, Watched, looks_in, times
from tests.bench.watching import _cost, _growth, _largest, _latency, _requests


def one(count: int, share: float | None, *, missing: int = 0) -> Watched:
    return Watched(
        count=count,
        share=share,
        resident=150_000_000,
        requests=count / 100,
        least=count // 100,
        lags=(1.0, 20.0),
        latencies=(2.0, 21.0),
        missing=missing,
        connections=7,
        taking_up=30.0,
    )


def test_looks_are_told_apart_by_the_gaps_between_them() -> None:
    three = [0.0, 0.1, 30.0, 30.2, 30.4, 60.0]

    assert looks_in(three) == [3]
    assert looks_in([]) == looks_in([1.0]) == looks_in([1.0, 31.0]) == []


def test_goals_are_met_or_missed_by_what_was_measured() -> None:
    small, large = one(1000, 1.0), one(10_000, 9.0)

    assert _cost(large).is_met
    assert _requests(small, large).is_met
    assert _latency(small, large).is_met
    assert _growth(small, large).is_met
    assert not _cost(one(10_000, 10.5)).is_met
    assert not _growth(small, one(10_000, 11.5)).is_met
    assert not _latency(small, one(10_000, 9.0, missing=1)).is_met


def test_what_a_system_does_not_tell_meets_no_goal() -> None:
    unknown = one(10_000, None)

    assert not _cost(unknown).is_met
    assert not _growth(one(1000, 1.0), unknown).is_met
    assert "unknown" in _cost(unknown).measured


def test_ten_times_the_connections_hold_as_much_in_all() -> None:
    mix = times(10, FIVE_VENDORS)

    assert len(mix) == 10 * len(FIVE_VENDORS) == 70
    assert sum(mix.values()) == pytest.approx(sum(FIVE_VENDORS.values()))
    assert mix["check-2-0"] == pytest.approx(FIVE_VENDORS["check-2"] / 10)


async def test_what_has_no_goal_is_reported_whatever_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def measured(count: int, **_: object) -> Watched:
        return one(count, 80.0)

    monkeypatch.setattr(watching, "watched", measured)
    figure = await _largest(100_000, FIVE_VENDORS)

    assert figure.verdict == "reported"
    assert figure.measured == "80.0 % of a core, 150 MB"
    assert ("never told", "0") in figure.details


async def test_that_there_is_no_figure_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def too_slow(count: int, **_: object) -> Watched:
        raise TimeoutError

    monkeypatch.setattr(watching, "watched", too_slow)
    figure = await _largest(100_000, FIVE_VENDORS)

    assert figure.verdict == "reported"
    assert figure.measured == "nothing: not all had been seen once after 10 minutes"


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (99, 4.0)])
def test_percentiles_are_values_that_occurred(percent: int, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected


@pytest.mark.timeout(120)  # a real process looks at real sockets, more than once
async def test_pipelines_of_five_vendors_are_watched_and_their_failures_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "PERIOD", bench.PERIOD / 6)
    monkeypatch.setattr(bench, "GAP", 1.0)

    seen = await bench.watched(50, loud=3, quiet=3)

    assert seen.count == 50
    assert seen.missing == 0
    assert len(seen.latencies) == len(seen.lags) == 3
    assert seen.requests >= seen.least > 0
