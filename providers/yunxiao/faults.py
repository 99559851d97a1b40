"""What Yunxiao, and Alibaba Cloud's gateway before it, say is wrong.

https://help.aliyun.com/document_detail/460566.html (codes of the signed API)
https://help.aliyun.com/zh/lingma/developer-reference/error-code-center (of the newer
    API's gateway, as a sister product lists them)
https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from providers.answer import Problem, fault_of, find_problem, kind_of_status
from providers.errors import (
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.yunxiao.words import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.answer import Answer, Fault

CODES: Mapping[str, type[ProviderError]] = {
    # Yunxiao's own, signed API; some come inside an HTTP 200.
    "InvalidParam.ParamNotPresent": Refused,
    "InvalidUser.NotFound": Forbidden,
    "Forbidden.UserNotInCurrentOrganization": Forbidden,
    "InvalidOrganization.NotFound": NotFound,
    "InvalidPipeline.NotFound": NotFound,
    "InvalidPipelineRun.NotFound": NotFound,
    # The gateway's.
    "SignatureDoesNotMatch": Unauthorized,
    "IncompleteSignature": Unauthorized,
    "InvalidAccessKeyId.NotFound": Unauthorized,
    "InvalidAccessKeyId.Inactive": Unauthorized,
    "InvalidSecurityToken.Expired": Unauthorized,
    "InvalidSecurityToken.Malformed": Unauthorized,
    "InvalidSecurityToken.MismatchWithAccessKey": Unauthorized,
    "SignatureNonceUsed": Unauthorized,
    "InvalidTimeStamp.Expired": Unauthorized,
    "NoPermission": Forbidden,
    "Throttling": RateLimited,
    "Throttling.User": RateLimited,
    "Throttling.Api": RateLimited,
    "ServiceUnavailable": Unavailable,
    "InternalError": Unavailable,
    # The newer API's.
    "ExpiredTokenError": Unauthorized,
    "InvalidTokenError": Unauthorized,
    "Unauthorized": Unauthorized,
    "UnsupportedCurrentTokenType": Unauthorized,
    "Forbidden": Forbidden,
    "Forbidden.InvalidUser.UserNotInCurrentOrganization": Forbidden,
    "Forbidden.InvalidOrganizationMember": Forbidden,
    "TooManyRequests": RateLimited,
    "InternalServerError": Unavailable,
}

SIGN_AGAIN = frozenset({"SignatureNonceUsed", "InvalidTimeStamp.Expired"})
"""Refusals of one signature, not of the key: a fresh date and nonce may pass."""

NOT_A_MEMBER = (
    "Let the owner of this connection's AccessKey sign in to Yunxiao once and add them "
    "to the organization: a RAM user is not a member by itself."
)

ADVICE: Mapping[str, str] = {
    "InvalidUser.NotFound": NOT_A_MEMBER,
    "Forbidden.UserNotInCurrentOrganization": NOT_A_MEMBER,
    "InvalidOrganization.NotFound": "Check this connection's `organization`: it is the "
    "id in https://devops.aliyun.com/organization/{id}.",
    "UnsupportedCurrentTokenType": "Give this connection a personal access token "
    "(pt-...) of a member.",
}

QUIET = timedelta(seconds=60)
"""How long the newer API is left alone after a 429 that names no time, as Alibaba's own
client does (https://github.com/aliyun/alibabacloud-devops-mcp-server)."""


def read_fault(answer: Answer) -> Fault | None:
    """Return what is wrong, in an answer of any status."""
    by_status = kind_of_status(answer.status)
    if by_status is None and answer.body.lstrip()[:1] == b"[":
        # A bare list is data: reading it twice would be half of all the work.
        return None
    if by_status is None and not _is_failure(answer):
        return None
    problem = _problem(answer)
    code = problem.code or ""
    is_throttled = code.startswith("Throttling")
    kind = RateLimited if is_throttled else CODES.get(code) or by_status or Refused
    fault = fault_of(answer, kind, problem)
    wait = _wait(answer, is_throttled=is_throttled) if kind is RateLimited else None
    return replace(
        fault,
        advice=ADVICE.get(code),
        retry_after=wait,
        fresh_signature_may_help=code in SIGN_AGAIN,
    )


def _is_failure(answer: Answer) -> bool:
    """Return whether an HTTP 200 carries a failure: `success` decides where it is."""
    data = answer.json() if answer.is_json else None
    if not isinstance(data, dict):
        return False
    if "success" in data:
        return data["success"] in (False, "false")
    return "errorCode" in data and _problem(answer).code is not None


def _problem(answer: Answer) -> Problem:
    """Return the vendor's words; a text of nothing but quotes is no word."""
    said = find_problem(answer)
    return Problem(
        code=_word(said.code), message=_word(said.message), request_id=said.request_id
    )


def _word(text: str | None) -> str | None:
    return text if text and text.strip("\"'”“ ") else None


def _wait(answer: Answer, *, is_throttled: bool) -> timedelta | None:
    """Return how long to wait; `None` leaves it to Retry-After."""
    if milliseconds := whole(answer.headers.get("x-acs-retry-after")):
        return timedelta(milliseconds=min(milliseconds, 86_400_000))
    if is_throttled or "retry-after" in answer.headers:
        return None
    return QUIET
