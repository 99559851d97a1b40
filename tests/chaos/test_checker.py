"""The checker itself: in made-up ledgers it finds exactly what was put there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.checker import Found, compare
from tests.chaos.ledger import End, Form, Ledgers, News, Said, changes

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
CHANNELS = {"flow-0": "C0FLOW", "flow-1": "C0OTHER"}


def end(number: int, *, good: bool, pipeline: str = "flow-0") -> End:
    return End(pipeline, number, good, NOON + timedelta(minutes=number))


def said(form: Form, number: int, news: News | None, ts: str, late: int = 5) -> Said:
    return Said(
        channel="C0FLOW",
        ts=ts,
        at=NOON + timedelta(minutes=number, seconds=late),
        form=form,
        pipeline="flow-0",
        number=number,
        news=news,
        text=f"flow-0 #{number} {news}",
    )


ENDS = (
    end(1, good=True),
    end(2, good=False),
    end(3, good=False),
    end(4, good=True),
    end(5, good=False),
)
CARD = said(Form.POST, 2, News.BROKEN, "1.1")
RED = replace(said(Form.EDIT, 3, None, "1.1"), at=None)
GREEN = replace(said(Form.EDIT, 4, News.FIXED, "1.1"), at=None)
LOG = said(Form.LOG, 2, News.BROKEN, "1.2", late=6)
FIX = said(Form.REPLY, 4, News.FIXED, "1.3")
NEXT = said(Form.POST, 5, News.BROKEN, "1.4", late=65)
ALL = (CARD, RED, GREEN, LOG, FIX, NEXT)


def found(*told: Said, ends: tuple[End, ...] = ENDS) -> Found:
    return compare(Ledgers(ends, told, CHANNELS))


def wrong(found: Found) -> dict[str, int]:
    """Return how much is wrong, of what there is."""
    return {kind: len(what) for kind, what in found.kinds.items() if what}


def test_changes_are_what_turned_from_good_to_bad_or_back() -> None:
    assert [(c.number, c.news) for c in changes(reversed(ENDS))] == [
        (2, News.BROKEN),
        (4, News.FIXED),
        (5, News.BROKEN),
    ]


def test_nothing_is_wrong_where_each_change_was_told_once_and_in_order() -> None:
    right = found(*ALL)

    assert right.is_right
    assert right.expected == 3
    assert right.took == [timedelta(seconds=s) for s in (5, 5, 65)]


@pytest.mark.parametrize("missing", [CARD, FIX, NEXT], ids=lambda said: said.text)
def test_a_change_that_nobody_was_told_is_lost(missing: Said) -> None:
    told = [one for one in ALL if one is not missing]

    assert wrong(found(*told)) == {"lost": 1}


def test_a_card_that_stays_red_after_the_fix_is_lost_although_it_was_replied() -> None:
    assert wrong(found(CARD, RED, LOG, FIX, NEXT)) == {"lost": 1}


@pytest.mark.parametrize("twice", [CARD, LOG, FIX], ids=lambda said: said.form)
def test_what_is_there_twice_is_doubled(twice: Said) -> None:
    place = ALL.index(twice)
    again = replace(twice, ts="1.25")
    edits = (replace(GREEN, ts="1.25"),) if twice is CARD else ()
    told = (*ALL[: place + 1], again, *edits, *ALL[place + 1 :])

    assert wrong(found(*told)) == {"doubled": 1}


def test_an_edit_that_is_made_twice_is_no_double() -> None:
    assert found(CARD, RED, GREEN, GREEN, LOG, FIX, NEXT).is_right


def test_a_notice_that_is_there_twice_is_doubled() -> None:
    notice = Said(
        channel="C0FLOW", ts="2", at=NOON, form=Form.NOTICE, text="I cannot see flow"
    )

    assert found(*ALL, notice).is_right
    assert wrong(found(*ALL, notice, replace(notice, ts="3"))) == {"doubled": 1}


@pytest.mark.parametrize(
    "invented",
    [
        pytest.param(said(Form.POST, 6, News.BROKEN, "9"), id="a run there never was"),
        pytest.param(said(Form.REPLY, 6, News.FIXED, "9"), id="a fix there never was"),
        pytest.param(replace(NEXT, channel="C0OTHER"), id="somebody else's channel"),
        pytest.param(
            replace(said(Form.EDIT, 5, News.FIXED, "1.4"), at=None),
            id="an edit that calls a failure fixed",
        ),
        pytest.param(
            Said(channel="C0FLOW", ts="9", at=NOON, form=Form.STRANGE, text="boo"),
            id="what nobody can read",
        ),
    ],
)
def test_what_never_happened_is_invented(invented: Said) -> None:
    assert wrong(found(*ALL, invented)) == {"invented": 1}


def test_a_failure_that_broke_nothing_is_invented_as_news() -> None:
    still_red = said(Form.POST, 3, News.BROKEN, "1.15")

    assert "invented" in wrong(found(*ALL[:4], still_red, *ALL[4:]))


def test_what_is_told_after_something_newer_is_out_of_order() -> None:
    assert wrong(found(CARD, RED, GREEN, LOG, NEXT, FIX)) == {"out of order": 1}


def test_an_edit_to_something_older_is_out_of_order() -> None:
    # … and leaves the card red, which is what somebody sees.
    assert wrong(found(CARD, GREEN, RED, LOG, FIX, NEXT)) == {
        "lost": 1,
        "out of order": 1,
    }


def test_a_message_for_many_stands_for_all_up_to_the_run_that_it_names() -> None:
    listed = said(Form.LIST, 4, News.FIXED, "5")
    summed = found(listed, NEXT)

    assert summed.is_right
    assert (summed.expected, summed.summed) == (3, 2)
    assert wrong(found(listed)) == {"lost": 1}


def test_a_message_for_many_that_names_none_says_nothing_wrong() -> None:
    over = Said(channel="C0FLOW", ts="9", at=NOON, form=Form.LIST, text="over")

    assert found(*ALL, over).is_right
