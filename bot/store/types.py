"""Column types: what a record holds ↔ what both databases can keep.

SQLite and PostgreSQL differ in what they bear: PostgreSQL's text holds no NUL, neither
takes half a surrogate pair or a whole number of any length, SQLite knows no time zone.
Whatever a vendor or a person sends reads back as it was written, on both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from bot.records import Event
from providers.refs import PipelineRef, RunRef

E = TypeVar("E", bound=StrEnum)

# The character "substitute", which no keyboard has, begins an escape.
_UNBEARABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")

_MICROSECOND = timedelta(microseconds=1)


def bearable(text: str) -> str:
    """Escape what a database cannot keep in a text; `unescaped` reads it back."""
    return _UNBEARABLE.sub(lambda found: f"\x1a{ord(found[0]):04x}", text)


def unescaped(text: str) -> str:
    """Read back what `bearable` wrote."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


class Plain(TypeDecorator[str]):
    """Any text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else bearable(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else unescaped(value)


class Moment(TypeDecorator[datetime]):
    """An aware time, to the microsecond; reads back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a time without a zone: {value}"
            raise ValueError(msg)
        return value.astimezone(UTC)

    @override
    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        # SQLite's has no zone; it was UTC when it was written.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


class Span(TypeDecorator[timedelta]):
    """How long something takes, as microseconds."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(
        self, value: timedelta | None, dialect: Dialect
    ) -> int | None:
        return None if value is None else value // _MICROSECOND

    @override
    def process_result_value(
        self, value: int | None, dialect: Dialect
    ) -> timedelta | None:
        return None if value is None else value * _MICROSECOND


class AnyWhole(TypeDecorator[int]):
    """A whole number of any length, for a vendor may count in hashes."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class Word(TypeDecorator[E], Generic[E]):
    """One of an enum's words."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__()
        self.enum = enum

    @override
    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.enum(value)


class Events(TypeDecorator[frozenset[Event]]):
    """What a watch rings on, as one would type it after `on:`."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(
        self, value: Iterable[Event] | None, dialect: Dialect
    ) -> str:
        return ",".join(sorted(value or ()))

    @override
    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> frozenset[Event]:
        return _events(value or "")


@lru_cache(maxsize=256)
def _events(text: str) -> frozenset[Event]:
    """Return the events of a text; thousands of watches share a few sets of them."""
    return frozenset(Event(word) for word in text.split(",") if word)


class PipelineAddress(TypeDecorator[PipelineRef]):
    """The address of a pipeline, as its text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(
        self, value: PipelineRef | None, dialect: Dialect
    ) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(
        self, value: Any | None, dialect: Dialect
    ) -> PipelineRef | None:
        return None if value is None else PipelineRef.parse(value)


class RunAddress(TypeDecorator[RunRef]):
    """The address of a run, attempt included, as its text."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: RunRef | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(
        self, value: Any | None, dialect: Dialect
    ) -> RunRef | None:
        return None if value is None else RunRef.parse(value)
