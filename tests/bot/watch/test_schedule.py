"""When a lane is looked at next, and when it is said that it cannot be seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Lane
from bot.watch import schedule
from bot.watch.schedule import News, Pace, Step
from providers.errors import (
    BadAnswer,
    Forbidden,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PACE = Pace()


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - no secret depends on it


names = st.text(min_size=1, max_size=20)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
randoms = st.integers(0, 2**32).map(chance)
spans = st.timedeltas(timedelta(), timedelta(days=400))
errors = st.sampled_from([Unauthorized, Forbidden, RateLimited, Unavailable, BadAnswer])


def error(
    kind: type[ProviderError] = Unavailable, retry_after: timedelta | None = None
) -> ProviderError:
    return kind("no", connection="acme", operation="list", retry_after=retry_after)


def lane(**known: object) -> Lane:
    fresh = Lane(connection="acme", due_at=NOW, looked_at=NOW - 15 * SECOND)
    return replace(fresh, **known)  # type: ignore[arg-type] # any field, by name


def look(
    before: Lane,
    *,
    now: datetime = NOW,
    is_busy: bool = False,
    calls: int = 1,
    pace: Pace = PACE,
    random: Random | None = None,
) -> Step:
    return schedule.looked(
        before,
        now=now,
        pace=pace,
        is_busy=is_busy,
        calls=calls,
        random=random or chance(7),
    )


def fail(
    before: Lane,
    what: Exception | None = None,
    *,
    now: datetime = NOW,
    calls: int = 1,
    random: Random | None = None,
) -> Step:
    return schedule.failed(
        before,
        what or error(),
        now=now,
        pace=PACE,
        calls=calls,
        random=random or chance(7),
    )


# The rhythm.


def test_phases_are_spread_evenly() -> None:
    tenths = Counter(
        int(schedule.phase(f"connection-{n}", PACE.idle) / PACE.idle * 10)
        for n in range(2000)
    )
    assert set(tenths) == set(range(10))
    assert min(tenths.values()) > 150
    assert max(tenths.values()) < 250


def test_a_phase_is_the_same_in_every_process() -> None:
    # Python's own hash of a text differs from process to process.
    assert schedule.phase("acme", 100 * SECOND) == timedelta(seconds=18.808506)


@given(names, st.timedeltas(SECOND, HOUR))
def test_a_phase_lies_within_its_period(name: str, period: timedelta) -> None:
    assert timedelta() <= schedule.phase(name, period) < period


@given(names, moments)
def test_a_new_lane_is_looked_at_soon(name: str, now: datetime) -> None:
    assert now <= schedule.first(name, now, PACE).due_at <= now + PACE.busy


@given(name=names, start=moments, random=randoms, is_busy=st.booleans())
def test_looks_that_are_in_time_are_a_period_apart_give_or_take_a_tenth(
    name: str, start: datetime, random: Random, *, is_busy: bool
) -> None:
    period = PACE.busy if is_busy else PACE.idle
    due = _looks(name, start, random, is_busy=is_busy, count=20)
    gaps = [later - earlier for earlier, later in pairwise(due[1:])]
    assert min(gaps) >= 0.9 * period - SECOND / 1000
    assert max(gaps) <= 1.1 * period + SECOND / 1000


@given(names, moments, randoms)
def test_a_lane_that_becomes_busy_is_looked_at_within_a_period_and_a_tenth(
    name: str, now: datetime, random: Random
) -> None:
    step = look(lane(connection=name), now=now, is_busy=True, random=random)
    assert now < step.lane.due_at <= now + 1.1 * PACE.busy


@pytest.mark.parametrize(
    "midnight",
    [
        datetime(2024, 3, 31, tzinfo=UTC),  # Berlin's clocks are set forward
        datetime(2024, 10, 27, tzinfo=UTC),  # and back
        datetime(2024, 7, 1, tzinfo=UTC),
    ],
)
def test_every_day_has_as_many_looks(midnight: datetime) -> None:
    due = _looks("acme", midnight, chance(3), is_busy=False, count=800)
    of_the_day = [at for at in due if at < midnight + 24 * HOUR]
    assert len(of_the_day) == pytest.approx(24 * HOUR / PACE.idle, abs=2)


def _looks(
    name: str, start: datetime, random: Random, *, is_busy: bool, count: int
) -> list[datetime]:
    """Return when a lane is looked at that is always looked at in time."""
    current, due = schedule.first(name, start, PACE), []
    for _ in range(count):
        due.append(current.due_at)
        step = look(current, now=current.due_at, is_busy=is_busy, random=random)
        current = step.lane
    return due


@given(moments, spans, randoms)
def test_a_look_that_is_long_overdue_is_one_look(
    due_at: datetime, late: timedelta, random: Random
) -> None:
    overdue = lane(due_at=due_at, looked_at=due_at - MINUTE)
    now = due_at + late
    assert schedule.is_due(overdue, now)
    after = look(overdue, now=now, random=random).lane
    assert not schedule.is_due(after, now + PACE.idle * 0.05)


# The clock is set back.


@given(moments, spans, st.timedeltas(SECOND, HOUR), randoms)
def test_a_clock_that_is_set_back_stops_nothing(
    now: datetime, back: timedelta, away: timedelta, random: Random
) -> None:
    limited = fail(lane(), error(RateLimited, away), now=now, random=random).lane
    right = schedule.set_right(limited, now - back)
    assert right.due_at - (now - back) == limited.due_at - now
    assert right.open_until is not None
    assert right.open_until - (now - back) >= away


def test_a_clock_that_was_not_set_back_changes_nothing() -> None:
    for same in (lane(), lane(looked_at=None), lane(looked_at=NOW)):
        assert schedule.set_right(same, NOW) is same


def test_how_long_it_is_blind_survives_a_clock_that_is_set_back() -> None:
    blind = fail(lane(blind_since=NOW - 9 * MINUTE)).lane
    right = schedule.set_right(blind, NOW - HOUR)
    assert right.blind_since == NOW - HOUR - 9 * MINUTE


# The breaker.


def test_the_first_four_failures_are_tried_again_at_the_quick_pace() -> None:
    current = lane()
    for failures in range(1, 5):
        current = fail(current).lane
        assert current.failures == failures
        assert current.open_until is None
        assert NOW < current.due_at <= NOW + 1.1 * PACE.busy


@pytest.mark.parametrize(
    ("failures", "longest"),
    [(4, 15), (5, 30), (6, 60), (7, 120), (8, 240), (9, 300), (10, 300), (999, 300)],
)
def test_from_the_fifth_failure_on_probes_become_ever_rarer(
    failures: int, longest: float
) -> None:
    waits = [
        fail(lane(failures=failures), random=chance(seed)).lane.due_at - NOW
        for seed in range(200)
    ]
    assert min(waits) >= SECOND
    assert max(waits) <= longest * SECOND
    mean = sum(waits, timedelta()) / len(waits)
    assert mean == pytest.approx(longest / 2 * SECOND, rel=0.2, abs=2 * SECOND)


@pytest.mark.parametrize("kind", [Unauthorized, Forbidden])
def test_a_refused_credential_opens_at_once_and_is_probed_rarely(
    kind: type[ProviderError],
) -> None:
    after = fail(lane(), error(kind)).lane
    assert after.open_until is not None
    assert after.due_at == after.open_until
    assert 9 * MINUTE <= after.open_until - NOW <= 11 * MINUTE


def test_a_look_that_goes_well_closes_the_breaker() -> None:
    opened = fail(lane(failures=30)).lane
    after = look(opened).lane
    assert (after.failures, after.open_until, after.blind_since) == (0, None, None)


@given(
    errors,
    st.timedeltas(timedelta(days=-9), timedelta(days=999_999)),
    st.integers(0, 50),
    st.integers(0, 500),
    st.none() | st.floats(0.2, 600),
    randoms,
)
def test_nothing_is_asked_before_the_vendor_wants_to_be_asked_again(
    kind: type[ProviderError],
    retry_after: timedelta,
    failures: int,
    calls: int,
    allowance: float | None,
    random: Random,
) -> None:
    before = lane(failures=failures, allowance=allowance)
    after = fail(before, error(kind, retry_after), calls=calls, random=random).lane
    assert after.due_at >= NOW + min(retry_after, timedelta(days=1))
    assert after.due_at >= (after.open_until or NOW)
    assert after.due_at <= NOW + timedelta(days=1)


def test_a_limit_without_a_word_of_how_long_is_given_a_minute() -> None:
    assert fail(lane(), error(RateLimited)).lane.due_at >= NOW + MINUTE


def test_a_limit_is_no_failure() -> None:
    assert fail(lane(failures=4), error(RateLimited)).lane.failures == 4


# The allowance.


def test_the_first_limit_halves_what_was_asked_for() -> None:
    before = lane(looked_at=NOW - MINUTE)
    assert fail(before, error(RateLimited), calls=40).lane.allowance == 20


def test_every_further_limit_halves_the_allowance_down_to_a_call_in_five_minutes() -> (
    None
):
    current, seen = lane(allowance=4.0, looked_at=NOW - MINUTE), []
    for _ in range(6):
        limited = fail(current, error(RateLimited), calls=40).lane
        seen.append(limited.allowance)
        current = replace(limited, looked_at=NOW - MINUTE)
    assert seen == [2, 1, 0.5, 0.25, 0.2, 0.2]


@pytest.mark.parametrize(
    ("clean", "allowance"),
    [
        (MINUTE, 3.0),
        (15 * SECOND, 2.25),
        (5 * HOUR, 12.0),  # for most of which nobody asked
        (-HOUR, 2.0),  # the clock was set back
    ],
)
def test_a_clean_minute_allows_a_call_a_minute_more(
    clean: timedelta, allowance: float
) -> None:
    before = lane(allowance=2.0, looked_at=NOW - clean)
    assert look(before).lane.allowance == pytest.approx(allowance)


def test_a_lane_that_was_never_limited_is_not_held_back() -> None:
    after = look(lane(looked_at=None), calls=10_000, is_busy=True).lane
    assert after.allowance is None
    assert after.due_at <= NOW + 1.1 * PACE.busy


def test_a_lane_is_held_back_no_more_once_it_bears_plenty() -> None:
    before = lane(allowance=599.5, looked_at=NOW - MINUTE)
    assert look(before).lane.allowance is None


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize(("allowance", "seconds"), [(None, 36.0), (10.0, 60.0)])
def test_a_fifth_of_an_hours_requests_is_kept_for_people(
    allowance: float | None, seconds: float, *, is_busy: bool
) -> None:
    """Eight calls a look, of a thousand an hour: 36 seconds apart, and not fifteen."""
    pace = Pace(idle=timedelta(seconds=15), busy=timedelta(seconds=15), per_hour=1000)
    before = lane(allowance=allowance, looked_at=None)

    step = look(before, pace=pace, calls=8, is_busy=is_busy)

    assert (step.lane.due_at - NOW).total_seconds() == pytest.approx(seconds)


def test_a_fifth_of_the_allowance_is_kept_for_people() -> None:
    before = lane(allowance=10.0, looked_at=None)
    after = look(before, calls=40, is_busy=True).lane
    # Ten a minute would be 40 in four minutes; of those ten, eight are ours.
    assert after.due_at == NOW + 5 * MINUTE


@given(st.integers(0, 10_000), st.floats(0.2, 599), randoms)
def test_a_look_is_never_put_off_for_ever(
    calls: int, allowance: float, random: Random
) -> None:
    after = look(lane(allowance=allowance), calls=calls, random=random).lane
    assert after.due_at <= NOW + HOUR


# What is said.


def test_ten_minutes_of_failures_are_said_once() -> None:
    current, said = lane(), []
    for minute in range(30):
        now = NOW + minute * MINUTE
        step = fail(current, now=now)
        current = step.lane
        if step.news:
            said.append((minute, step.news))
    reason = f"{Unavailable.what}. {Unavailable.default_advice}"
    assert said == [(10, News(is_over=False, since=NOW, reason=reason))]


def test_a_refused_credential_is_said_at_once_and_once() -> None:
    first = fail(lane(), error(Unauthorized))
    assert first.news is not None
    assert "credential was not accepted" in first.news.reason
    assert fail(first.lane, error(Unauthorized), now=NOW + HOUR).news is None


def test_a_refusal_after_a_failure_is_said_at_once() -> None:
    failing = fail(lane()).lane
    refused = fail(failing, error(Forbidden), now=NOW + MINUTE)
    assert refused.news == News(
        is_over=False,
        since=NOW,
        reason=f"{Forbidden.what}. {Forbidden.default_advice}",
    )


def test_that_it_is_over_is_said_once_where_it_was_said_that_it_began() -> None:
    blind = fail(lane(), error(Unauthorized)).lane
    over = look(blind, now=NOW + HOUR)
    assert over.news is not None
    assert (over.news.is_over, over.news.since) == (True, NOW)
    assert look(over.lane, now=NOW + 2 * HOUR).news is None


def test_what_was_never_said_is_not_said_to_be_over() -> None:
    assert look(fail(lane()).lane, now=NOW + 9 * MINUTE).news is None


def test_nothing_is_said_of_failures_that_looks_come_between() -> None:
    current = lane()
    for minute in range(60):
        now = NOW + minute * MINUTE
        step = fail(current, now=now) if minute % 7 else look(current, now=now)
        assert step.news is None
        current = step.lane


def test_a_lane_that_is_always_limited_is_blind_too() -> None:
    limited = fail(lane(), error(RateLimited)).lane
    assert fail(limited, error(RateLimited), now=NOW + 10 * MINUTE).news is not None


def test_the_sweep_says_it_where_the_next_probe_is_far_off() -> None:
    blind = fail(lane(), error(RateLimited, 5 * HOUR)).lane
    assert schedule.grown_blind(blind, NOW + 9 * MINUTE, PACE).news is None
    grown = schedule.grown_blind(blind, NOW + 10 * MINUTE, PACE)
    assert grown.news is not None
    assert grown.lane.due_at == blind.due_at
    assert schedule.grown_blind(grown.lane, NOW + HOUR, PACE).news is None


def test_the_sweep_says_nothing_of_a_lane_that_sees() -> None:
    assert schedule.grown_blind(look(lane()).lane, NOW + HOUR, PACE).news is None


def test_an_error_of_our_own_is_told_without_its_words() -> None:
    after = fail(lane(), ValueError("token=s3cret")).lane
    assert after.blind_reason is not None
    assert "s3cret" not in after.blind_reason
    assert after.failures == 1


@given(st.lists(st.tuples(st.none() | errors, st.integers(0, 900)), max_size=40))
def test_beginnings_and_ends_are_said_in_turn(
    looks: list[tuple[type[ProviderError] | None, int]],
) -> None:
    current, now, said = lane(), NOW, []
    for kind, later in looks:
        now += later * SECOND
        step = look(current, now=now) if kind is None else None
        step = step or fail(current, error(kind or Unavailable), now=now)
        current = step.lane
        said += [step.news.is_over] if step.news else []
    assert said == [n % 2 == 1 for n in range(len(said))]
    assert current.blind_told == (len(said) % 2 == 1)
