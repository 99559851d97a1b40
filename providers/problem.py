"""A vendor's own words for what is wrong: code, message, request id.

Every cloud puts the three somewhere else; all places known are looked into, whatever
the vendor, so that an answer of a gateway, a proxy or a neighbour service says as much
as it can. What it *means* is each provider's `faults.py`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LONGEST_DETAIL = 300
"""How much of a vendor's message goes into an error, in characters."""

_MOST_MARKUP = 8_000
"""How much of a page is searched: its title stands near the top."""

_FIRST_FAILURE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A vendor's own words for what is wrong."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


# The names under which clouds put these three: Alibaba Cloud (Code, Message, RequestId;
# errorCode, errorMessage), Huawei Cloud (error_code, error_msg, request_id; error{code,
# message}; errorCode, errorMsg), Naver Cloud (error{errorCode, message, details};
# status{code, message}; responseError{returnCode, returnMessage}), Northflank
# (error{status, message, id}), and RFC 9457 (title, detail).
_CODES = ("error_code", "errorCode", "Code", "code", "returnCode")
_MESSAGES = (
    *("error_msg", "errorMsg", "errorMessage", "Message", "message"),
    *("errorDescription", "returnMessage", "title", "Description", "details"),
    *("detail", "Detail"),
)
_REQUEST_IDS = ("request_id", "requestId", "RequestId")
_NESTED = ("error", "Error", "status", "responseError")
_REQUEST_ID_HEADERS = (
    *("x-request-id", "x-acs-request-id", "x-iam-trace-id", "x-amzn-requestid"),
)


class Said(Protocol):
    """What of an answer is looked at; `answer.Answer` has all of it."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by lower-case name."""

    @property
    def body(self) -> bytes:
        """The bytes."""

    @property
    def is_json(self) -> bool:
        """Whether the body looks like JSON."""

    def json(self) -> Any:
        """Return the body as JSON, or `None` where it is none."""


def find_problem(answer: Said) -> Problem:
    """Return the vendor's code, message and request id, as far as any is found."""
    header = next(
        (answer.headers[h] for h in _REQUEST_ID_HEADERS if h in answer.headers), None
    )
    data = answer.json()
    if isinstance(data, dict):
        return _in_json(data, header, is_failure=answer.status >= _FIRST_FAILURE)
    if isinstance(data, list) or (data is None and answer.is_json):
        return Problem(request_id=header)
    text = answer.body[:_MOST_MARKUP].decode("utf-8", "replace").strip()
    if isinstance(data, str):
        text = data.strip()
    if text.startswith("<"):
        return _in_markup(text, header)
    return Problem(message=None if text in {"", "null"} else text, request_id=header)


def clip(text: str, longest: int = LONGEST_DETAIL) -> str:
    """Return the text on one line, cut to a length that fits an error.

    What does not print (control characters, changes of direction) is left out.
    """
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _in_json(data: dict[str, Any], header: str | None, *, is_failure: bool) -> Problem:
    levels = [data, *(v for k in _NESTED if isinstance(v := data.get(k), dict))]
    if is_failure:
        # Some nest the three under a name of their own. Only an answer that is a
        # failure by its status is searched so: in others these names are data.
        levels += [v for v in data.values() if isinstance(v, dict) and v not in levels]
    return Problem(
        code=_first(levels, _CODES),
        message=_first(levels, _MESSAGES) or _text(data.get("error")),
        request_id=_first(levels, _REQUEST_IDS) or header,
    )


def _in_markup(text: str, header: str | None) -> Problem:
    words = (_element(text, name) for name in ("Message", "title", "h1"))
    return Problem(
        code=_element(text, "Code"),
        message=next((found for found in words if found), None),
        request_id=_element(text, "RequestId") or header,
    )


def _first(levels: list[dict[str, Any]], names: tuple[str, ...]) -> str | None:
    for level in levels:
        for name in names:
            if text := _text(level.get(name)):
                return text
    return None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _element(text: str, name: str) -> str | None:
    found = re.search(
        rf"<{name}\b[^>]*>(.*?)</{name}>", text, re.DOTALL | re.IGNORECASE
    )
    bare = re.sub(r"<[^>]+>", " ", found.group(1)) if found else ""
    return " ".join(html.unescape(bare).split()) or None
