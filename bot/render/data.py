"""Answer → JSON, for programs; pure."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any

from providers.model import PipelineRef, RunRef

if TYPE_CHECKING:
    from bot.answers import Answer


def data(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON can hold it.

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
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {k: _plain(v) for k, v in fields.items() if v is not None}
    return value
