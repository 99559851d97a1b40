"""What NSML and its API Gateway say is wrong.

https://api.ncloud-docs.com/docs/en/common-ncpapi (errors of the API Gateway)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from providers.answer import Fault, fault_of, find_problem, kind_of_status
from providers.errors import (
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.answer import Answer

QUOTA_EXCEEDED = "400"

GATEWAY: Mapping[tuple[int, str], type[ProviderError]] = {
    (400, "100"): Refused,
    (401, "200"): Unauthorized,
    (401, "210"): Forbidden,
    (404, "300"): NotFound,
    (413, "430"): Refused,
    # "Quota exceeded" is also said to who has not subscribed to the product: waiting
    # does not help, so it is not a RateLimited.
    (429, QUOTA_EXCEEDED): Forbidden,
    (429, "410"): RateLimited,
    (429, "420"): RateLimited,
    (503, "500"): Unavailable,
    (504, "510"): Unavailable,
    (500, "900"): Unavailable,
}
"""Status and errorCode of the API Gateway to what they mean."""

OF_CODE: Mapping[str, type[ProviderError]] = {
    code: k for (_, code), k in GATEWAY.items()
}
"""The same by errorCode alone, for an error that came with a success's status."""

ENVELOPES = ("error", "responseError")
"""Where an error stands in a body; `status` is not here, as successes have it too."""

NOT_SUBSCRIBED = (
    "Check that the API Gateway application of this api_key is subscribed to NSML and "
    "that its quota is not used up; waiting alone does not help."
)

NOT_ALLOWED = (
    "Check that the sub-account of this access_key may view CLOVA NSML, and that the "
    "API Gateway application of this api_key is subscribed to it."
)


def read_fault(answer: Answer) -> Fault | None:
    """Return what is wrong, in an answer of any status."""
    of_status = kind_of_status(answer.status)
    if of_status is None and not _holds_an_error(answer):
        return None
    problem = find_problem(answer)
    code = problem.code or ""
    kind = GATEWAY.get((answer.status, code)) or of_status or OF_CODE.get(code, Refused)
    fault = fault_of(answer, kind, problem)
    if kind is Forbidden:
        is_quota = code == QUOTA_EXCEEDED
        return replace(fault, advice=NOT_SUBSCRIBED if is_quota else NOT_ALLOWED)
    # A stale timestamp is refused like a wrong key: one fresh signature tells them
    # apart.
    return replace(fault, fresh_signature_may_help=kind is Unauthorized)


def _holds_an_error(answer: Answer) -> bool:
    """Return whether a success holds an error; most are not even parsed for it."""
    if not any(f'"{name}"'.encode() in answer.body for name in ENVELOPES):
        return False
    body = answer.json()
    return isinstance(body, dict) and any(body.get(name) for name in ENVELOPES)
