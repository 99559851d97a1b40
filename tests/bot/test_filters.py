"""Filters say which runs are wanted: here, and to the provider as far as it can."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.filters import Filters
from bot.terms import STATES, TRIGGERS, Bad, Key, Term, length, read_term
from providers.model import Pipeline, PipelineRef, State, Trigger, TriggerKind
from tests.fakes.provider import NOON, make_run

RELEASE = Pipeline(ref=PipelineRef("ci", "r"), name="Release")
NOW = NOON + timedelta(hours=2)
KIM = Trigger(kind=TriggerKind.PUSH, actor="Kim")
RUN = make_run(RELEASE.ref, 60, State.FAILED, trigger=KIM, branch="release/1")


def filters(*words: str) -> Filters:
    terms = [read_term(word) for word in words]
    assert all(isinstance(term, Term) for term in terms), terms
    return Filters(tuple(term for term in terms if isinstance(term, Term)))


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        (["is:red"], True),
        (["state:failed,running"], True),
        (["is:green"], False),
        (["-is:green"], True),
        (["is:over"], True),
        (["branch:release/*"], True),
        (["branch:main"], False),
        (["-branch:main"], True),
        (["actor:kim"], True),
        (["by:lee,k*"], True),
        (["trigger:push"], True),
        (["event:pr"], False),
        (["since:1h"], True),
        (["since:30m"], False),
        (["-since:30m"], True),
        (["longer:30s"], True),
        (["longer:1m"], False),
        (["is:red", "branch:main"], False),
        (["is:red", "branch:release/*", "-actor:*bot"], True),
        (["name:nothing"], True),
    ],
)
def test_a_run_passes_or_does_not(words: list[str], passes: bool) -> None:  # noqa: FBT001 - a table
    assert filters(*words).passes(RUN, NOW) is passes


def test_what_is_not_known_passes_no_filter_but_a_not() -> None:
    bare = make_run(RELEASE.ref, 1, branch=None, trigger=None, started_at=None)

    for word in ("branch:*", "actor:*", "trigger:push", "since:9w", "longer:1s"):
        assert not filters(word).passes(bare, NOW), word
        assert filters(f"-{word}").passes(bare, NOW), word


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("name:rel*", True),
        ("name:release", True),
        ("-name:rel*", False),
        ("connection:ci,other", True),
        ("connection:other", False),
        ("is:green", True),
    ],
)
def test_a_pipeline_is_meant_by_its_name_and_connection(
    word: str,
    wanted: bool,  # noqa: FBT001 - a table
) -> None:
    assert filters(word).wants_pipeline(RELEASE) is wanted


def test_a_provider_is_asked_for_what_one_question_can_hold() -> None:
    query = filters(
        "is:red,running", "branch:main", "actor:kim", "trigger:push,cron", "since:2h"
    ).query(RELEASE, limit=7, now=NOW)

    assert query.pipeline == RELEASE.ref
    assert query.limit == 7
    assert query.states == {State.FAILED, State.RUNNING}
    assert query.branch == "main"
    assert query.actor == "kim"
    assert query.triggers == {TriggerKind.PUSH, TriggerKind.SCHEDULE}
    assert query.since == NOW - timedelta(hours=2)


def test_what_a_question_cannot_hold_is_left_to_us() -> None:
    query = filters("-is:red", "branch:a,b", "-actor:kim", "longer:5m").query(
        RELEASE, limit=7, now=NOW
    )

    assert not query.asked


@pytest.mark.parametrize("word", ["release", "flow:release", "-x", "a:b:c", ":", "-:"])
def test_what_is_not_put_like_a_filter_is_none(word: str) -> None:
    assert read_term(word) is None


@pytest.mark.parametrize("word", ["is:", "state:purple", "since:soon", "longer:-1m"])
def test_a_filter_that_cannot_be_says_what_can(word: str) -> None:
    bad = read_term(word)

    assert isinstance(bad, Bad)
    for instead in bad.instead:
        assert isinstance(read_term(instead), Term)


@pytest.mark.parametrize(
    "word", ["page:0", "page:-1", "page:two", "page:1,2", "-page:2"]
)
def test_a_page_is_one_number_from_1_on(word: str) -> None:
    bad = read_term(word)

    assert isinstance(bad, Bad)
    assert bad.instead == ("page:2",)


def test_a_page_narrows_nothing() -> None:
    paged = filters("page:2", "page:3", "is:red")

    assert paged.page == 3
    assert paged.passes(RUN, NOW)
    assert paged.wants_pipeline(RELEASE)
    assert paged.query(RELEASE, limit=7, now=NOW) == filters("is:red").query(
        RELEASE, limit=7, now=NOW
    )


def test_another_page_is_asked_for_with_the_same_filters() -> None:
    paged = filters("page:2", "is:red")

    assert str(paged.at_page(12)) == "state:red page:12"
    assert str(paged.at_page(1)) == "state:red"
    assert not filters("page:2").at_page(1)
    assert filters("is:red").page == 1


def test_every_state_and_trigger_has_a_word() -> None:
    assert {s for states in STATES.values() for s in states} == set(State)
    assert set(TRIGGERS.values()) == set(TriggerKind)
    assert {
        term.key for term in map(read_term, ["is:red"]) if isinstance(term, Term)
    } == {Key.STATE}


def test_a_length_of_time_is_a_number_and_a_unit() -> None:
    assert length("90s") == timedelta(seconds=90)
    assert length("5min") == length("5m") == timedelta(minutes=5)
    assert length("2W") == timedelta(weeks=2)
    assert length("5") is None
    assert length("") is None
