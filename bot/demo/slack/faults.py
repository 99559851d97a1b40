"""Trouble on demand: what goes wrong with the next calls of a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.demo.slack.errors import ApiError

DROP_AFTER_ACCEPT: Final = "drop_after_accept"
"""The call is carried out, and the connection is closed without an answer."""
FAIL_AFTER_ACCEPT: Final = "fail_after_accept"
"""The call is carried out, and answered with status 500."""
HANG_AFTER_ACCEPT: Final = "hang_after_accept"
"""The call is carried out, and never answered."""
HANG: Final = "hang"
"""The call is not carried out, and never answered."""
RESPONSE_URL: Final = "response_url"
"""The name under which response URLs can be made to fail."""


OURS = frozenset({DROP_AFTER_ACCEPT, FAIL_AFTER_ACCEPT, HANG_AFTER_ACCEPT, HANG})
"""What no error of Slack's is called."""


@dataclass(slots=True)
class Fault:
    """What goes wrong: an error's name, an HTTP status, or one of the above."""

    what: str | int
    times: int
    retry_after: int | None

    def refuse(self) -> None:
        """Refuse the call, if this fault is Slack's own word for it.

        Raises:
            ApiError: the error asked for.

        """
        if isinstance(self.what, str) and self.what not in OURS:
            wait = self.retry_after
            if self.what == "ratelimited" and wait is None:
                wait = 1
            raise ApiError(self.what, retry_after=wait)


class Faults:
    """The faults that are still to come, in order, by method."""

    def __init__(self) -> None:
        self._coming: dict[str, list[Fault]] = {}

    def fail_next(
        self, method: str, what: str | int, *, times: int, retry_after: int | None
    ) -> None:
        """Let the next calls of a method fail; later faults come after earlier ones."""
        self._coming.setdefault(method, []).append(Fault(what, times, retry_after))

    def take(self, method: str) -> Fault | None:
        """Return the fault that meets the present call, and count it."""
        coming = self._coming.get(method)
        if not coming:
            return None
        fault = coming[0]
        fault.times -= 1
        if fault.times <= 0:
            coming.pop(0)
        return fault
