"""What is wrong, in the words of Huawei Cloud's gateway and of its CodeArts services.

https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from providers.answer import Problem, fault_of, find_problem, kind_of_status
from providers.auth.iam import gateway_code, is_token_refusal
from providers.errors import (
    BadAnswer,
    Forbidden,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.answer import Answer, Fault, ReadFault
    from providers.errors import ProviderError

GATEWAY: Mapping[str, type[ProviderError]] = {
    "APIGW.0101": BadAnswer,
    "APIGW.0301": Unauthorized,
    "APIGW.0303": Unauthorized,
    "APIGW.0305": Forbidden,
    "APIGW.0307": Unauthorized,
    "APIGW.0308": RateLimited,
    "APIGW.0310": Forbidden,
}
"""The gateway's codes; older gateways write APIG. for APIGW.

Those not here (APIGW.0201 and others) come with several statuses, which tell more.
"""

BUSY: Mapping[str, type[ProviderError]] = {
    # Sent as HTTP 500, though it means "too frequent".
    "COCT.0070003": RateLimited,
    "COCT.0070500": Unavailable,
    "DEVPIPE.00011127": Unavailable,
    "DEVCP.00010000": Unavailable,
    "DEVCP.00020500": Unavailable,
    # "The network is busy. Please try again later.", sent as HTTP 400.
    "CC.00000000": Unavailable,
    "CC.00050012": Unavailable,
    "PM.02175000": Unavailable,
}
"""The codes that mean "later", whatever their status; sister services share some."""

LOCK = timedelta(minutes=5)
"""More than five bad signatures in a row lock an access key for this long."""

PAUSE = timedelta(seconds=3)
"""How long to wait where a throttled answer does not say; 2 to 5 s are advised."""

LONGEST_WINDOW = timedelta(days=1)
"""No message, however odd, silences a connection for longer."""

ADVICE: Mapping[str, str] = {
    "APIGW.0101": (
        "Check region and base_url of this connection: the gateway there does not "
        "know this API."
    ),
    "APIGW.0303": (
        "Check the clock of the machine the bot runs on: signatures more than 15 "
        "minutes off are refused."
    ),
    "APIGW.0307": (
        "Check the region and iam_project of this connection: a new token was refused "
        "as well, so it is probably for another region than the service's address."
    ),
    "APIGW.0310": "Check that the account is in good standing and not in arrears.",
}

BAD_KEY = (
    "Check access_key and secret_key (or the login) of this connection, and the clock "
    "of the machine the bot runs on; after more than five refusals in a row a key is "
    "locked for five minutes."
)

_WINDOW = re.compile(r"\btime:\s*(\d{1,6})?\s*(second|minute|hour|day)", re.IGNORECASE)
_NO_CODE = frozenset({"", "0", "success", "null"})
_FINE = frozenset({"OK", "ACCEPTED"})
_WRAPPER = frozenset({"result", "error", "httpStatus"})
"""What stands beside `status` where that speaks of the call, not of a run."""
_STATUS_IN_CODE = re.compile(r"\.([45]\d\d)$")


def read_fault(codes: Mapping[str, type[ProviderError]]) -> ReadFault:
    """Return what finds errors in the answers of a service with these codes.

    The service's own codes win, then the gateway's, then those that mean "later", and
    last the HTTP status. Errors are found inside HTTP 200 as well; there, a code that
    nobody knows is a refusal.
    """
    known = {**BUSY, **GATEWAY, **codes}

    def read(answer: Answer) -> Fault | None:
        by_status = kind_of_status(answer.status)
        data = _json_object(answer)
        if by_status is None and not _is_error(data):
            return None
        problem = _problem(answer, data)
        code = gateway_code(problem.code)
        inside = _status_inside(code, data)
        kind = known.get(code) or by_status or kind_of_status(inside) or Refused
        return _dressed(answer, kind, problem, code)

    return read


def _json_object(answer: Answer) -> dict[str, Any]:
    """Return the body's JSON object; an empty one where it is none."""
    if answer.body.lstrip()[:1] != b"{":
        return {}
    data = answer.json()
    return data if isinstance(data, dict) else {}


def _problem(answer: Answer, data: dict[str, Any]) -> Problem:
    """Return the vendor's words; the wrapper of some APIs has them in `result`."""
    problem = find_problem(answer)
    result = data.get("result")
    if problem.code or problem.message or not result:
        return problem
    body = json.dumps({"error": result}).encode()
    inner = find_problem(replace(answer, body=body))
    return replace(problem, code=inner.code, message=inner.message)


def _status_inside(code: str, data: dict[str, Any]) -> int:
    """Return the HTTP status an answer names inside; 0 where it names none.

    Newer codes end in it (CC.10010204.400); the wrapper has its name in `httpStatus`.
    """
    if tail := _STATUS_IN_CODE.search(code):
        return int(tail[1])
    name = str(data.get("httpStatus")).upper()
    return HTTPStatus[name].value if name in HTTPStatus.__members__ else 0


def _dressed(
    answer: Answer, kind: type[ProviderError], problem: Problem, code: str
) -> Fault:
    """Return the fault with what only this cloud knows: waits, holds and advice."""
    fault = replace(fault_of(answer, kind, problem), advice=ADVICE.get(code))
    if kind is RateLimited:
        return replace(fault, retry_after=_wait(answer, problem))
    if kind is Unauthorized and not is_token_refusal(code, problem.message):
        return replace(fault, hold=LOCK, advice=fault.advice or BAD_KEY)
    return fault


def _wait(answer: Answer, problem: Problem) -> timedelta | None:
    """Return the window of "...ratelimit,limit:60,time:1 minute", else a pause.

    No Retry-After is documented; where one is sent, it is followed.
    """
    if window := _WINDOW.search(problem.message or ""):
        unit = timedelta(**{f"{window[2].lower()}s": 1})
        return min(unit * int(window[1] or 1), LONGEST_WINDOW)
    return None if "retry-after" in answer.headers else PAUSE


def _is_error(data: dict[str, Any]) -> bool:
    """Return whether an answer with a fine HTTP status carries an error after all.

    Each line is a shape of its own. None may be one that data can have: a run, too, has
    a `status`, and a log may hold anything.
    """
    return (
        _said(data.get("error_code") or data.get("errorCode"))
        or _said(data.get("error_msg") or data.get("errorMsg"))
        or _is_error_object(data.get("error"))
        or (data.get("status") == "error" and not data.keys().isdisjoint(_WRAPPER))
        or _is_bad_status(data.get("httpStatus"))
        or data.get("success") in (False, "false")
    )


def _said(value: object) -> bool:
    return isinstance(value, str | int) and str(value).lower() not in _NO_CODE


def _is_error_object(value: object) -> bool:
    if isinstance(value, dict):
        return any(_said(value.get(name)) for name in ("code", "message", "error_code"))
    return isinstance(value, str) and _said(value)


def _is_bad_status(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.upper() not in _FINE
