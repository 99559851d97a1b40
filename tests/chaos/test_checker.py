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
LOG = replace(said(Form.LOG, 2, News.BROKEN, "1.2", late=6), thread="1.1")
FIX = replace(said(Form.REPLY, 4, News.FIXED, "1.3"), thread="1.1", runs=2)
NEXT = said(Form.POST, 5, News.BROKEN, "1.4", late=65)
ALL = (CARD, RED, GREEN, LOG, FIX, NEXT)


LISTED = said(Form.LIST, 4, News.FIXED, "5")


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
    if missing is CARD:  # and with it all that stood on it and in its thread
        told = [replace(FIX, thread="", form=Form.POST), NEXT]

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
    summed = found(LISTED, NEXT)

    assert summed.is_right
    assert (summed.expected, summed.summed) == (3, 2)
    assert wrong(found(LISTED)) == {"lost": 1}


def test_a_message_for_many_that_grows_tells_what_it_has_then() -> None:
    began = said(Form.LIST, 2, News.BROKEN, "5")
    grown = replace(said(Form.LIST, 5, News.BROKEN, "5"), at=None)

    right = found(began, replace(began, at=None), grown)

    assert right.is_right
    assert right.summed == 3


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((LISTED, replace(LISTED, ts="6"), NEXT), id="two lists"),
        pytest.param((LISTED, replace(FIX, thread=""), NEXT), id="listed and told"),
    ],
)
def test_what_is_in_two_lists_or_told_beside_its_list_is_doubled(
    told: tuple[Said, ...],
) -> None:
    assert wrong(found(*told)) == {"doubled": 1}


def test_the_end_of_a_message_for_many_that_is_said_twice_is_doubled() -> None:
    over = Said(
        channel="C0FLOW", ts="6", at=NOON, form=Form.OVER, thread="5", text="over"
    )

    assert found(LISTED, over, NEXT).is_right
    assert wrong(found(LISTED, over, replace(over, ts="7"), NEXT)) == {"doubled": 1}


def test_a_list_that_comes_after_something_newer_is_out_of_order() -> None:
    late = said(Form.LIST, 2, News.BROKEN, "9")
    told = (replace(FIX, thread=""), NEXT, late)

    assert wrong(found(*told)) == {"out of order": 1}


def test_a_message_for_many_that_names_none_says_nothing_wrong() -> None:
    over = Said(channel="C0FLOW", ts="9", at=NOON, form=Form.LIST, text="over")

    assert found(*ALL, over).is_right


BREAK = end(2, good=False)
RETRY_GOOD = replace(end(2, good=True), at=NOON + timedelta(minutes=3))
RETRY_BAD = replace(RETRY_GOOD, is_good=False)
HASTY = (replace(BREAK, is_hasty=True), RETRY_GOOD)
FIXED_BY_RETRY = replace(FIX, number=2, runs=1)
EDITED_BY_RETRY = replace(GREEN, number=2)


def test_a_retry_that_turns_good_is_a_fix_by_the_very_run_that_broke() -> None:
    ends = (BREAK, RETRY_GOOD)

    assert [(c.number, c.news) for c in changes(ends)] == [
        (2, News.BROKEN),
        (2, News.FIXED),
    ]
    assert found(CARD, EDITED_BY_RETRY, FIXED_BY_RETRY, ends=ends).is_right
    assert wrong(found(CARD, ends=ends)) == {"lost": 2}  # nor was the card edited
    assert wrong(found(ends=ends)) == {"lost": 2}


def test_a_retry_that_fails_again_is_no_second_alert() -> None:
    ends = (BREAK, RETRY_BAD)

    assert found(CARD, ends=ends).is_right
    assert wrong(found(CARD, replace(CARD, ts="1.2"), ends=ends)) == {"doubled": 1}


def test_a_break_after_its_own_fix_by_a_retry_is_out_of_order() -> None:
    early = replace(FIXED_BY_RETRY, thread="")
    told = (early, CARD, EDITED_BY_RETRY)

    assert wrong(found(*told, ends=(BREAK, RETRY_GOOD))) == {"out of order": 1}


def test_a_list_that_names_a_break_does_not_tell_its_fix_by_a_retry() -> None:
    listed = said(Form.LIST, 2, News.BROKEN, "5")

    assert wrong(found(listed, ends=(BREAK, RETRY_GOOD))) == {"lost": 1}


def test_what_was_retried_in_haste_is_told_to_both_ends_or_not_at_all() -> None:
    unseen = found(ends=HASTY)
    seen = found(CARD, EDITED_BY_RETRY, FIXED_BY_RETRY, ends=HASTY)

    assert unseen.is_right
    assert (unseen.expected, unseen.unseen) == (0, 1)
    assert seen.is_right
    assert (seen.expected, seen.unseen) == (2, 0)


def test_one_end_of_it_without_the_other_is_lost() -> None:
    fix_alone = replace(FIXED_BY_RETRY, thread="")

    assert wrong(found(fix_alone, ends=HASTY)) == {"lost": 1}
    assert wrong(found(CARD, EDITED_BY_RETRY, ends=HASTY)) == {"lost": 1}


def test_haste_excuses_nothing_where_another_run_was_red_too() -> None:
    hasty = replace(end(3, good=False), is_hasty=True)
    good = replace(end(3, good=True), at=NOON + timedelta(minutes=4))
    ends = (BREAK, hasty, good)
    fix = replace(FIX, number=3)

    assert wrong(found(ends=ends)) == {"lost": 2}
    # Whoever did not see the second one fail counts one run less.
    for runs in (1, 2):
        told = (CARD, replace(GREEN, number=3), replace(fix, runs=runs))
        assert found(*told, ends=ends).is_right


@pytest.mark.parametrize(
    "misplaced",
    [
        pytest.param(replace(NEXT, pipeline="flow-9"), id="a name there never was"),
        pytest.param(replace(NEXT, pipeline="flow-1"), id="another pipeline's name"),
        pytest.param(
            replace(said(Form.EDIT, 4, News.FIXED, "1.4"), at=None),
            id="a card that says how another one ended",
        ),
        pytest.param(
            replace(said(Form.EDIT, 4, News.FIXED, "1.3"), at=None),
            id="an edit of what is no card",
        ),
        pytest.param(
            replace(said(Form.LIST, 2, None, "1.3"), at=None),
            id="a reply that became a message for many",
        ),
    ],
)
def test_what_stands_in_the_wrong_place_is_invented(misplaced: Said) -> None:
    assert wrong(found(*ALL, misplaced)) == {"invented": 1}


@pytest.mark.parametrize("one", [LOG, FIX], ids=lambda said: said.form)
def test_what_is_said_in_another_cards_thread_is_invented(one: Said) -> None:
    elsewhere = [replace(s, thread="1.4") if s is one else s for s in ALL]

    assert wrong(found(*elsewhere)) == {"invented": 1}


def test_a_break_that_is_told_in_a_thread_alone_is_lost_since_it_rings_nobody() -> None:
    hidden = replace(NEXT, form=Form.REPLY, thread="1.1")

    assert wrong(found(*ALL[:-1], hidden)) == {"lost": 1, "invented": 1}


def test_a_wrong_number_of_red_runs_is_invented() -> None:
    told = [replace(one, runs=3) if one is FIX else one for one in ALL]

    assert wrong(found(*told)) == {"invented": 1}


def test_a_notice_that_is_never_taken_back_is_left_standing() -> None:
    blind = Said(
        channel="C0FLOW",
        ts="2",
        at=NOON,
        form=Form.NOTICE,
        pipeline="flow",
        news=News.BROKEN,
        text="I cannot see flow",
    )
    back = replace(blind, ts="3", news=News.FIXED, text="I can see flow again")

    assert wrong(found(*ALL, blind)) == {"lost": 1}
    assert found(*ALL, blind, back).is_right
