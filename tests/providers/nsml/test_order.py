"""Which run is newer, and where a reading of the listing goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from providers.model import PipelineRef, Run, RunRef, State
from providers.nsml.order import Part, Place, Turn, age, is_newest_first

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def run(name: str, created_at: datetime | None = NOON) -> Run:
    ref = RunRef(PipelineRef("main", "p"), name)
    number = int(name) if name.isdecimal() else None
    return Run(ref=ref, state=State.RUNNING, number=number, created_at=created_at)


def test_newest_first_is_told_by_the_times() -> None:
    assert is_newest_first([])
    assert is_newest_first([run("1")])
    assert is_newest_first([run("1"), run("2"), run("3", NOON - MINUTE)])
    assert not is_newest_first([run("1", NOON - MINUTE), run("2")])


def test_a_run_without_a_time_proves_no_order() -> None:
    assert not is_newest_first([run("9", None)])
    assert not is_newest_first([run("9"), run("8", None)])


def test_runs_of_one_second_are_told_apart_by_number_then_name() -> None:
    assert age(run("10")) > age(run("9"))
    assert age(run("b")) > age(run("a"))
    assert age(run("1")) > age(run("99", None))


@pytest.mark.parametrize("turn", [Turn(), Turn(7, 600)])
def test_a_turn_survives_text(turn: Turn) -> None:
    assert Turn.parse(str(turn)) == turn


def test_the_first_turn_has_page_1() -> None:
    """Pitfall 3: the table says 1; only one example says 0."""
    assert Turn.parse(None) == Turn(page=1, before=0)


@pytest.mark.parametrize(
    ("turn", "got", "total", "following"),
    [
        (Turn(), 100, 200, "2+100"),
        (Turn(2, 100), 100, 200, None),
        (Turn(2, 100), 40, 140, None),
        (Turn(), 100, None, "2+100"),
        (Turn(), 99, None, None),
        (Turn(), 0, None, None),
        (Turn(3, 200), 0, 500, None),
        (Turn(), 50, 200, "2+50"),
        (Turn(4, 150), 50, 200, None),
        (Turn(), 100, 0, "2+100"),
    ],
    ids=[
        "more are left",
        "the total is reached",
        "the total is reached by a short page",
        "a full page without a total",
        "a short page without a total",
        "an empty page",
        "an empty page in spite of the total",
        "a server that gives less than it is asked for",
        "its last page",
        "a total that cannot be",
    ],
)
def test_the_end_of_the_listing(
    turn: Turn, got: int, total: int | None, following: str | None
) -> None:
    assert turn.following(got=got, size=100, total=total) == following


@pytest.mark.parametrize(
    "place",
    [
        Place(),
        Place("2+100"),
        Place("2+100", age(run("7"))),
        Place(None, age(run("a~b"))),
        Place(None, age(run("7", None))),
    ],
)
def test_a_place_survives_text(place: Place) -> None:
    assert Place.parse(str(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1~2",
        "2+1~yesterday~1~1",
        "~2024-05-01T12:00:00+00:00~x~1",
        "~2024-05-01T12:00:00~1~1",
        "1+2+3",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Place.parse(text)


def test_a_place_is_before_what_is_older_than_its_last_run() -> None:
    place = Place(None, age(run("7")))

    assert place.is_before(run("6"))
    assert not place.is_before(run("7"))
    assert not place.is_before(run("8"))
    assert Place().is_before(run("8"))


def part(*runs: Run, ordered: bool = True) -> Part:
    return Part(
        runs=runs, token=None, next="2+1", pages=1, read=1, ordered=ordered, left_out=0
    )


def test_a_part_is_past_a_time_only_when_all_that_follows_is_older() -> None:
    later = NOON + MINUTE

    assert part(run("1")).is_past(later)
    assert not part(run("1")).is_past(NOON)
    assert not part(run("1")).is_past(None)
    assert not part().is_past(later)
    assert not part(run("1"), ordered=False).is_past(later)
