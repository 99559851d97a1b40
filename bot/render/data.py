"""Answer → JSON, for programs; pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.answers import Again, Entry, Problem, Row, Show, Status, Trouble
from providers.model import Pipeline, PipelineRef, RunRef, Task

if TYPE_CHECKING:
    from bot.answers import Answer

LEFT_OUT: Mapping[type, frozenset[str]] = {
    # What the vendor's list said of the latest run; the answer has read it itself.
    Pipeline: frozenset({"latest"}),
    # Commands to press, which a program makes of the references.
    Again: frozenset({"again", "previous", "next"}),
    Row: frozenset({"opens"}),
    Entry: frozenset({"opens"}),
    Show: frozenset({"log"}),
    Problem: frozenset({"command"}),
    # Every row is there, whatever page was asked for.
    Status: frozenset({"page"}),
    # A program is told when all have answered.
    Trouble: frozenset({"is_pending"}),
    # What the provider finds the log by.
    Task: frozenset({"log"}),
}
"""The fields that say nothing to a program, by what they are of."""


def data(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON can hold it; docs/terminal.md has its fields.

    References are text (`connection:pipeline#run`), times are ISO 8601 in UTC, what is
    not known is left out. `answer` says which sort of answer it is.
    """
    return {"answer": type(answer).__name__.lower(), **_plain(answer)}


def _plain(value: Any) -> Any:
    if isinstance(value, PipelineRef | RunRef):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, frozenset):
        return sorted(_plain(v) for v in value)
    if dataclasses.is_dataclass(value):
        fields = {name: getattr(value, name) for name in names_of(type(value))}
        return {k: _plain(v) for k, v in fields.items() if v is not None}
    return value


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """Return which fields of a dataclass the JSON has."""
    hidden = [names for each, names in LEFT_OUT.items() if issubclass(kind, each)]
    names = (field.name for field in dataclasses.fields(kind))
    return tuple(name for name in names if not any(name in each for each in hidden))
