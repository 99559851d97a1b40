"""What the local Slack refuses, in the shape the real one has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """A call is refused: HTTP 200 with `ok: false`, but for `ratelimited` (429).

    https://docs.slack.dev/apis/web-api/#responses
    """

    def __init__(
        self,
        error: str,
        *,
        problems: Sequence[str] = (),
        retry_after: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.problems = tuple(problems)
        self.retry_after = retry_after
        self.more = more

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return 429 if self.error == "ratelimited" else 200

    @property
    def headers(self) -> dict[str, str]:
        """The headers the answer has besides the usual ones."""
        return (
            {} if self.retry_after is None else {"Retry-After": f"{self.retry_after}"}
        )

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.more}
        if self.problems:
            body["errors"] = list(self.problems)
            body["response_metadata"] = {
                "messages": [f"[ERROR] {problem}" for problem in self.problems]
            }
        return body


class NotPossible(Exception):
    """A person cannot do this: Slack's own client would not offer it."""
