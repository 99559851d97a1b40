"""When one request is sent again, and when not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from providers.errors import ProviderError

if TYPE_CHECKING:
    from random import Random

    from tenacity import RetryCallState

ATTEMPTS = 3
FIRST_BACKOFF = timedelta(seconds=0.5)
LONGEST_WAIT = timedelta(seconds=10)
"""A retry that would have to wait longer than this is left to the one who asked."""


class Patience:
    """What one request has left: attempts, and one fresh signature.

    Only what is repeatable is ever sent again.
    """

    def __init__(self, random: Random, *, is_repeatable: bool) -> None:
        self._is_repeatable = is_repeatable
        self._random = random
        self._failures = 0
        self._was_signed_anew = False

    def is_worth_another(self, state: RetryCallState) -> bool:
        """Return whether to try again; asked once after each attempt."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, ProviderError) or not self._is_repeatable:
            return False
        if error.fresh_signature_may_help:
            is_first, self._was_signed_anew = not self._was_signed_anew, True
            return is_first
        self._failures += 1
        if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
            return False
        return error.transient and self._failures < ATTEMPTS

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds until the next attempt: the vendor's word, or jitter."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, ProviderError) else None
        backoff = FIRST_BACKOFF * float(2 ** (state.attempt_number - 1))
        jittered = backoff * self._random.uniform(0.5, 1.5)
        return max(asked or timedelta(), jittered).total_seconds()
