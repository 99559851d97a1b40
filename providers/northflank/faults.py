"""What Northflank says is wrong, and what it says of our budget.

https://northflank.com/docs/v1/api/use-the-api (rate limiting). The body of an error is
`{"error": {"status", "message", "id", "details"}}`, as the vendor's own clients read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from providers.answer import Quota, clip, fault_of, find_problem, kind_of_status
from providers.errors import Forbidden, RateLimited, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.answer import Answer, Fault
    from providers.errors import ProviderError

WINDOW = timedelta(hours=1)
"""A budget ends an hour after its first request, so no wait is longer."""

_DIGITS = 18
"""What is longer is no count of requests."""

PERMISSIONS = (
    "Give the role of this connection's token General > Read on Pipelines, Services "
    "and Jobs (for logs: Deployment > View Instance Logs), or leave what it may not "
    "read out of `include`; the message names what is missing."
)


def read_fault(answer: Answer) -> Fault | None:
    """Return what is wrong, in an answer of any status."""
    said = _error(answer)
    kind = kind_of_status(answer.status) or _kind_inside(said)
    if kind is None:
        return None
    problem = find_problem(answer)
    if said:
        words = [str(said.get("message") or "no message"), _details(said)]
        problem = replace(
            problem,
            message=clip(": ".join(w for w in words if w)),
            request_id=_text(said.get("id")) or problem.request_id,
        )
    fault = fault_of(answer, kind, problem)
    if kind is Forbidden:
        return replace(fault, advice=PERMISSIONS)
    if kind is RateLimited:
        return replace(fault, retry_after=_seconds(answer.headers, "x-ratelimit-reset"))
    return fault


def read_quota(answer: Answer) -> Quota | None:
    """Return what the headers of every answer say of our budget."""
    remaining = answer.headers.get("x-ratelimit-remaining", "").strip()
    # Seconds from now, not an epoch.
    resets_in = _seconds(answer.headers, "x-ratelimit-reset")
    if not remaining.isdecimal() or len(remaining) > _DIGITS or resets_in is None:
        return None
    return Quota(remaining=int(remaining), resets_in=resets_in)


def _error(answer: Answer) -> dict[str, Any] | None:
    """Return the vendor's error, which may also come with a status of 200."""
    data = answer.json() if answer.is_json else None
    error = data.get("error") if isinstance(data, dict) else None
    return error if isinstance(error, dict) else None


def _kind_inside(said: dict[str, Any] | None) -> type[ProviderError] | None:
    if said is None:
        return None
    status = said.get("status")
    return (kind_of_status(status) if isinstance(status, int) else None) or Refused


def _details(said: dict[str, Any]) -> str:
    details = said.get("details")
    if not details or isinstance(details, str):
        return details or ""
    return json.dumps(details, ensure_ascii=False)


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value else None


def _seconds(headers: Mapping[str, str], name: str) -> timedelta | None:
    try:
        seconds = float(headers.get(name, ""))
    except ValueError:
        return None
    if not 0 <= seconds < float("inf"):
        return None
    return timedelta(seconds=min(seconds, WINDOW.total_seconds()))
