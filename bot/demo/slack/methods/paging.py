"""Cursor paging, as all of Slack's lists have it.

https://docs.slack.dev/apis/web-api/pagination
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

from bot.demo.slack.arguments import Args
from bot.demo.slack.errors import ApiError

T = TypeVar("T")


def page(
    args: Args, everything: Sequence[T], *, most: int = 1000
) -> tuple[Sequence[T], dict[str, Any]]:
    """Return one page of a list, and the part of the answer that names the next.

    Raises:
        ApiError: `invalid_cursor`.

    """
    limit = args.number("limit", 100, most=most)
    start = _offset(args.text("cursor"))
    end = start + limit
    cursor = _cursor(end) if end < len(everything) else ""
    return everything[start:end], {"response_metadata": {"next_cursor": cursor}}


def _cursor(offset: int) -> str:
    return base64.b64encode(f"next:{offset}".encode()).decode()


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        word, _, offset = (
            base64.b64decode(cursor, validate=True).decode().partition(":")
        )
        if word == "next":
            return int(offset)
    except ValueError:
        pass
    raise ApiError("invalid_cursor")
