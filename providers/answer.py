"""What a vendor said: status, headers, bytes; and how to read data and faults in it.

Nothing here talks to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.problem import LONGEST_DETAIL, Problem, clip, find_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pydantic_core import ErrorDetails

__all__ = [
    "KIND_OF_STATUS",
    "LONGEST_DETAIL",
    "Answer",
    "AuthFailed",
    "Fault",
    "NoAnswer",
    "Problem",
    "Quota",
    "ReadFault",
    "ReadQuota",
    "clip",
    "fault_of",
    "fault_of_status",
    "find_problem",
    "kind_of_status",
    "retry_after",
]

T = TypeVar("T")

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a vendor says is wrong, before it becomes an error with a place."""

    kind: type[ProviderError]
    detail: str
    code: str | None = None
    request_id: str | None = None
    retry_after: timedelta | None = None
    advice: str | None = None
    fresh_signature_may_help: bool = False
    """The same request, signed anew, may pass: it is tried once more."""
    hold: timedelta | None = None
    """How long nothing more is sent with this credential, for fear of a lock."""


class NoAnswer(Exception):
    """There is no answer to a request, or none that can be read; stays inside."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class AuthFailed(NoAnswer):
    """A credential could not be turned into a token; raised inside an `httpx.Auth`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a vendor says of our budget."""

    remaining: int
    resets_in: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A vendor's answer to one operation."""

    connection: str
    operation: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name."""
    body: bytes = field(repr=False)
    mask: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Takes the connection's secrets out of a text."""

    @property
    def is_json(self) -> bool:
        """Whether the body looks like JSON, whatever its content type says."""
        return self.body.lstrip()[:1] in {b"{", b"["}

    def json(self) -> Any:
        """Return the body as JSON, or `None` where it is none; 7.0 and 7 are one."""
        try:
            return json.loads(self.body, parse_float=_number)
        except (ValueError, RecursionError):
            return None

    def decode(self, shape: TypeAdapter[T]) -> T:
        """Return the body in the vendor's shape.

        Raises:
            BadAnswer: it is not; says where in the JSON, never what stood there.

        """
        return self._decode(shape, None)

    def decode_list(self, shape: TypeAdapter[T]) -> tuple[T, int]:
        """Return the body in the vendor's shape, and how many `Items` were left out.

        Raises:
            BadAnswer: the body as a whole is not of that shape.

        """
        rejected: list[ValidationError] = []
        return self._decode(shape, {"rejected": rejected}), len(rejected)

    def _decode(self, shape: TypeAdapter[T], context: dict[str, Any] | None) -> T:
        """Read straight from the bytes; where that fails, once more, forgiving."""
        try:
            return shape.validate_json(self.body)
        except ValidationError as error:
            complaints = _complaints(error)
        if complaints[0]["type"] != "json_invalid":
            try:
                return shape.validate_python(self.json(), context=context)
            except ValidationError as error:
                unforgiven = {complaint["loc"] for complaint in _complaints(error)}
            # In the first reading's words: they speak of JSON, not of our classes.
            complaints = [c for c in complaints if c["loc"] in unforgiven] or complaints
        # Out here, since the cause holds the body, and would take it into the logs.
        raise self._misshapen(complaints[0])

    def _misshapen(self, complaint: ErrorDetails) -> BadAnswer:
        place = ".".join(_part(part) for part in complaint["loc"]) or "the whole answer"
        what = "odd" if complaint["type"] in _QUOTING else complaint["msg"]
        return self.bad(f"HTTP {self.status}, unexpected at {place}: {what}")

    def bad(self, detail: str) -> BadAnswer:
        """Return the error for an answer we cannot make sense of."""
        request_id = find_problem(self).request_id
        return BadAnswer(
            self.mask(detail),
            connection=self.connection,
            operation=self.operation,
            request_id=self.mask(request_id) if request_id else None,
        )


_QUOTING = frozenset(
    {"value_error", "assertion_error", "union_tag_invalid", "uuid_parsing"}
)
"""The kinds of complaint in which pydantic may quote what it found."""


def _number(text: str) -> float:
    """Return a number; a whole one as pydantic takes it in JSON, 7.0 as 7."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _complaints(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_input=False, include_context=False, include_url=False)


def _part(part: int | str) -> str:
    """Return a step into the JSON; what is no field's name (a key, say) is data."""
    return str(part) if re.fullmatch(r"[\w.-]{1,40}", str(part)) else "…"


ReadFault = Callable[[Answer], Fault | None]
"""Finds what a vendor says is wrong, in an answer of any status; 200s included."""

ReadQuota = Callable[[Answer], Quota | None]
"""Finds what a vendor says of our budget."""


KIND_OF_STATUS: Mapping[int, type[ProviderError]] = {
    400: Refused,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    409: Refused,
    410: NotFound,
    425: Unavailable,
    429: RateLimited,
}
"""What a status means where the vendor does not say otherwise."""


def kind_of_status(status: int) -> type[ProviderError] | None:
    """Return the kind of error of an HTTP status; `None` for a success."""
    if status in KIND_OF_STATUS:
        return KIND_OF_STATUS[status]
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes of status
        return Unavailable
    if status >= 400:  # noqa: PLR2004 - HTTP's own classes of status
        return Refused
    return BadAnswer if status >= 300 else None  # noqa: PLR2004 - a stray redirect


def fault_of(
    answer: Answer, kind: type[ProviderError], problem: Problem | None = None
) -> Fault:
    """Return a fault of a kind, in the vendor's own words; `http` adds Retry-After."""
    said = problem or find_problem(answer)
    words = said.message or ("an empty answer" if not answer.body else "no message")
    return Fault(
        kind=kind,
        detail=f"HTTP {answer.status}: {clip(words)}",
        code=said.code,
        request_id=said.request_id,
    )


def fault_of_status(answer: Answer) -> Fault | None:
    """Return what the HTTP status alone says is wrong; `None` for a success."""
    kind = kind_of_status(answer.status)
    return fault_of(answer, kind) if kind else None


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return what a Retry-After header says, seconds or date; a day at the most.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = headers.get("retry-after", "").strip()
    try:
        if text.isdecimal():
            wait = timedelta(seconds=int(text[:9]))
        else:
            moment = parsedate_to_datetime(text)
            wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), DAY)
