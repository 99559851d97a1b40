"""`for 2h`, `until mon 09:00`, `until fixed`: text → an end, and back; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from typing_extensions import override

from bot.terms import LONGEST_LENGTH, length

LONGEST = LONGEST_LENGTH
"""Nothing is put off for longer than this: it would be forgotten."""

MORNING = time(9)
"""When a day begins that is named without a time."""

FIXED = "fixed"
TODAY, TOMORROW = "today", "tomorrow"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: Mapping[str, str] = {
    **{day: day[:3] for day in _WEEK},
    **{day[:3]: day[:3] for day in _WEEK},
    "tues": "tue",
    "weds": "wed",
    "thur": "thu",
    "thurs": "thu",
    TODAY: TODAY,
    TOMORROW: TOMORROW,
}
_TURN = {day[:3]: number for number, day in enumerate(_WEEK)}

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When something ends: after a while, at a moment, or once it is fixed."""

    span: timedelta | None = None
    day: str | None = None
    """`today`, `tomorrow`, `mon`, or a date such as `2026-12-24`."""
    clock: time | None = None
    is_fixed: bool = False

    @override
    def __str__(self) -> str:
        """Return it as it would be typed; `read_until` reads it back."""
        if self.is_fixed:
            return f"until {FIXED}"
        if self.span is not None:
            return f"for {spelled(self.span)}"
        clock = f"{self.clock:%H:%M}" if self.clock else None
        return " ".join(filter(None, ("until", self.day, clock)))

    def moment(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return the moment, in UTC, as the clocks on the walls of a zone show it.

        `None` where that is past, further away than `LONGEST`, or not known since it
        ends with a fix. A time that the clocks skip is the one they show instead; of
        one that they show twice, the next to come is meant.
        """
        if self.is_fixed:
            return None
        if self.span and self.span > LONGEST:
            return None
        found = now + self.span if self.span else self._on_the_wall(now, zone)
        return found if found is not None and now < found <= now + LONGEST else None

    def _on_the_wall(self, now: datetime, zone: tzinfo) -> datetime | None:
        today = now.astimezone(zone).date()
        days = self._days(today)
        found = [_at(day, clock, fold, zone) for day, clock in days for fold in (0, 1)]
        return next((moment for moment in found if moment > now), None)

    def _days(self, today: date) -> list[tuple[date, time]]:
        """Return the days it may mean, the nearest first, and the time of each."""
        clock = self.clock or MORNING
        ahead = [today + timedelta(days=n) for n in range(8)]
        if self.day is None:
            return [(day, clock) for day in ahead]
        if self.day == TODAY:
            # Without a time, the whole of it.
            return [(today, clock)] if self.clock else [(ahead[1], time())]
        if self.day == TOMORROW:
            return [(ahead[1], clock)]
        if self.day in _TURN:
            named = [day for day in ahead if day.weekday() == _TURN[self.day]]
            # On a Monday, `mon` alone is the one that comes.
            return [(d, clock) for d in named if self.clock or d != today]
        day = date.fromisoformat(self.day)
        return [(day, clock)] if today <= day <= today + LONGEST else []


def read_until(words: Sequence[str]) -> tuple[Until, int] | None:
    """Return the end that words begin with, and how many they are; `None` for none."""
    reads: Mapping[str, _Read] = {"for": _read_for, "until": _read_moment}
    read = reads.get(words[0].casefold()) if words else None
    return read([word.casefold() for word in words[1:3]]) if read else None


_Read = Callable[[Sequence[str]], "tuple[Until, int] | None"]


def spelled(span: timedelta) -> str:
    """Return a length of time in its largest whole unit, such as `90m`."""
    seconds = int(span.total_seconds())
    size, unit = next((s, u) for s, u in _UNITS if seconds % s == 0)
    return f"{seconds // size}{unit}"


def _read_for(words: Sequence[str]) -> tuple[Until, int] | None:
    span = length(words[0]) if words else None
    return (Until(span=span), 2) if span else None


def _read_moment(words: Sequence[str]) -> tuple[Until, int] | None:
    if not words:
        return None
    first, *rest = words
    if first == FIXED:
        return Until(is_fixed=True), 2
    if (clock := _clock(first)) is not None:
        return Until(clock=clock), 2
    day = _DAYS.get(first) or _date(first)
    if day is None:
        return None
    later = _clock(rest[0]) if rest else None
    return Until(day=day, clock=later), 2 + (later is not None)


def _clock(word: str) -> time | None:
    found = _CLOCK.fullmatch(word)
    return time(int(found[1]), int(found[2])) if found else None


def _date(word: str) -> str | None:
    if not _DATE.fullmatch(word):
        return None
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError:
        return None


def _at(day: date, clock: time, fold: int, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)
