"""How many requests are left, and what is known of a credential."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from providers.answer import Fault, Quota
from providers.errors import Unauthorized
from providers.http.budget import HOLD, HOUR, Budget, Standing

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REFUSAL = Fault(kind=Unauthorized, detail="no")
STALE = Fault(kind=Unauthorized, detail="no", fresh_signature_may_help=True)


def spend(budget: Budget, count: int, now: datetime = NOON) -> list[timedelta | None]:
    return [budget.spend(now) for _ in range(count)]


def quota(remaining: int, resets_in: timedelta) -> Quota:
    return Quota(remaining=remaining, resets_in=resets_in)


# --- budgets ----------------------------------------------------------------------


def test_no_budget_has_no_end() -> None:
    assert spend(Budget(None), 5000) == [None] * 5000


def test_an_hour_begins_with_the_first_request() -> None:
    budget = Budget(2)

    assert spend(budget, 1) == [None]
    assert spend(budget, 2, NOON + 50 * MINUTE) == [None, 10 * MINUTE]
    assert spend(budget, 3, NOON + HOUR) == [None, None, HOUR]


def test_what_the_vendor_says_is_left_lowers_our_count() -> None:
    """Others may use the same token."""
    budget = Budget(1000)
    budget.spend(NOON)

    budget.correct(quota(1, 20 * MINUTE), NOON)

    assert spend(budget, 2) == [None, 20 * MINUTE]
    assert spend(budget, 1, NOON + 20 * MINUTE) == [None]


def test_an_answer_that_comes_late_does_not_raise_the_count() -> None:
    budget = Budget(1000)
    budget.spend(NOON)
    budget.correct(quota(0, 20 * MINUTE), NOON)

    budget.correct(quota(5, 20 * MINUTE), NOON)

    assert spend(budget, 1) == [20 * MINUTE]


def test_the_vendor_never_raises_our_own_limit() -> None:
    budget = Budget(2)
    budget.spend(NOON)

    budget.correct(quota(999, 59 * MINUTE), NOON)
    assert spend(budget, 2) == [None, 59 * MINUTE]
    later = NOON + 30 * MINUTE
    budget.correct(quota(999, HOUR), later)
    assert spend(budget, 3, later) == [None, None, HOUR]


def test_a_window_the_vendor_begins_anew_begins_here_too() -> None:
    budget = Budget(1000)
    budget.spend(NOON)
    budget.correct(quota(0, MINUTE), NOON)
    later = NOON + 50 * timedelta(seconds=1)

    budget.correct(quota(1000, HOUR), later)

    assert spend(budget, 1000, later) == [None] * 1000


def test_a_vendor_may_have_a_budget_where_we_have_none() -> None:
    budget = Budget(None)
    budget.correct(quota(0, MINUTE), NOON)

    assert spend(budget, 1) == [MINUTE]
    assert spend(budget, 100, NOON + MINUTE) == [None] * 100


@pytest.mark.parametrize(
    ("resets_in", "wait"), [(timedelta.max, HOUR), (timedelta.min, None)]
)
def test_a_nonsensical_end_is_an_hour_at_the_most(
    resets_in: timedelta, wait: timedelta | None
) -> None:
    """A date where seconds were promised must not silence us for fifty years."""
    budget = Budget(None)

    budget.correct(quota(0, resets_in), NOON)

    assert spend(budget, 1) == [wait]


# --- standing ---------------------------------------------------------------------


def test_a_refusal_holds_for_a_while() -> None:
    standing = Standing()

    standing.refused(REFUSAL, NOON, sent_at=standing.verdicts)

    assert not standing.proven
    assert standing.still_refused(NOON + HOLD - MINUTE / 60) == REFUSAL
    assert standing.still_refused(NOON + HOLD) is None


def test_data_proves_it_and_lifts_the_refusal() -> None:
    standing = Standing()
    standing.refused(REFUSAL, NOON, sent_at=standing.verdicts)

    standing.accepted(sent_at=standing.verdicts)

    assert standing.proven
    assert standing.still_refused(NOON) is None


def test_the_first_stale_signature_holds_nothing_and_the_second_does() -> None:
    standing = Standing(proven=True)

    standing.refused(STALE, NOON, sent_at=standing.verdicts)
    assert standing.still_refused(NOON) is None
    assert not standing.proven
    standing.refused(STALE, NOON, sent_at=standing.verdicts)
    assert standing.still_refused(NOON) == STALE


def test_a_doubt_ends_with_time_and_with_data() -> None:
    standing = Standing()
    standing.refused(STALE, NOON, sent_at=standing.verdicts)
    standing.refused(STALE, NOON + HOLD, sent_at=standing.verdicts)
    assert standing.still_refused(NOON + HOLD) is None

    standing.accepted(sent_at=standing.verdicts)
    standing.refused(STALE, NOON + HOLD, sent_at=standing.verdicts)
    assert standing.still_refused(NOON + HOLD) is None


def test_answers_to_what_was_sent_before_the_verdict_change_nothing() -> None:
    standing = Standing(proven=True)
    before = standing.verdicts
    standing.refused(STALE, NOON, sent_at=before)

    standing.refused(STALE, NOON, sent_at=before)
    assert standing.still_refused(NOON) is None
    standing.accepted(sent_at=before)
    assert not standing.proven


@pytest.mark.parametrize("hold", [timedelta(minutes=15), timedelta()])
def test_the_vendors_own_hold_wins(hold: timedelta) -> None:
    standing = Standing()
    fault = Fault(kind=Unauthorized, detail="no", hold=hold)

    standing.refused(fault, NOON, sent_at=standing.verdicts)

    assert standing.until == NOON + hold
