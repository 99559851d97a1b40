"""An end that was typed, as the clocks on the walls of a zone show it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.commands.times import Until, read_until, spelled

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2024, 5, 1, 12, tzinfo=UTC)  # 14:00 in Berlin, 21:00 in Seoul


def moment(text: str, now: datetime = WEDNESDAY, zone: ZoneInfo = BERLIN) -> str | None:
    read = read_until(text.split())
    assert read is not None
    found = read[0].moment(now, zone)
    assert found is None or found.tzinfo is UTC
    return f"{found.astimezone(zone):%a %Y-%m-%d %H:%M}" if found else None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("for 2h", "Wed 2024-05-01 16:00"),
        ("until 17:30", "Wed 2024-05-01 17:30"),
        ("until 9:00", "Thu 2024-05-02 09:00"),
        ("until today", "Thu 2024-05-02 00:00"),
        ("until tomorrow", "Thu 2024-05-02 09:00"),
        ("until tomorrow 12:15", "Thu 2024-05-02 12:15"),
        ("until mon", "Mon 2024-05-06 09:00"),
        ("until Monday 07:00", "Mon 2024-05-06 07:00"),
        ("until wed 15:00", "Wed 2024-05-01 15:00"),
        ("until wed 13:00", "Wed 2024-05-08 13:00"),
        ("until wed", "Wed 2024-05-08 09:00"),
        ("until 2024-12-24", "Tue 2024-12-24 09:00"),
    ],
)
def test_the_next_moment_that_fits_is_meant(text: str, end: str) -> None:
    assert moment(text) == end


def test_a_day_is_a_day_where_the_person_is() -> None:
    late = datetime(2024, 5, 1, 20, tzinfo=UTC)

    assert moment("until tomorrow", late, SEOUL) == "Fri 2024-05-03 09:00"
    assert moment("until tomorrow", late, BERLIN) == "Thu 2024-05-02 09:00"


def test_a_day_over_which_the_clocks_change_ends_when_they_say_so() -> None:
    saturday = datetime(2024, 3, 30, 12, tzinfo=UTC)
    found = Until(day="tomorrow").moment(saturday, BERLIN)

    assert found == datetime(2024, 3, 31, 7, tzinfo=UTC)  # 09:00, in summer by then


def test_a_time_that_the_clocks_skip_is_the_one_they_show_instead() -> None:
    before = datetime(2024, 3, 31, 0, 30, tzinfo=UTC)

    assert moment("until 02:30", before) == "Sun 2024-03-31 03:30"


def test_of_a_time_that_is_shown_twice_the_next_is_meant() -> None:
    first, second = (datetime(2024, 10, 27, h, 30, tzinfo=UTC) for h in (0, 1))

    assert Until(clock=time(2, 30)).moment(first - timedelta(hours=1), BERLIN) == first
    assert Until(clock=time(2, 30)).moment(first, BERLIN) == second


@pytest.mark.parametrize(
    "text",
    ["until fixed", "until today 09:00", "until 2023-01-01", "for 999999w", "for 53w"],
)
def test_what_is_past_or_too_far_away_is_no_moment(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "until", "until soon", "for", "for ever", "until 2024-02-31", "by 9:00"],
)
def test_what_is_no_end_is_not_read_as_one(text: str) -> None:
    assert read_until(text.split()) is None


def test_a_length_is_spelled_in_its_largest_whole_unit() -> None:
    lengths = (timedelta(minutes=90), timedelta(hours=48), timedelta(seconds=61))

    assert [spelled(one) for one in lengths] == ["90m", "2d", "61s"]
