"""What was read, how old it may be, and what one question has heard so far."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.answers import Trouble

if TYPE_CHECKING:
    from providers.errors import ProviderError

Key = tuple[Hashable, ...]
"""What is asked, of which connection, and what else the answer depends on."""

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old an answer may be before the provider is asked again."""

    pipelines: timedelta = timedelta(minutes=5)
    latest: timedelta = timedelta(seconds=5)
    runs: timedelta = timedelta(seconds=10)
    run: timedelta = timedelta(seconds=5)
    stale: timedelta = timedelta(hours=1)
    """How long the last known answer is shown while a provider fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[T_co]):
    """What was read, or what was last read and why nothing newer could be.

    With an `error`, `value` is the last known one (`None` where there is none) and
    `failing_since` says when the error was first met.
    """

    value: T_co | None
    read_at: datetime | None
    error: ProviderError | None = None
    failing_since: datetime | None = None
    is_pending: bool = False
    """Nothing failed: the answer was not there in time, and is still waited for."""

    @property
    def trouble(self) -> Trouble | None:
        """Why it could not be read just now, where it could not."""
        if self.error is None:
            return None
        return Trouble.of(self.error, self.failing_since, is_pending=self.is_pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, which may be put twice: in a hurry, and then patiently."""

    heard: dict[Key, Reading[Any]] | None
    """What was answered, so that it stays so; `None` where nothing is put twice."""
    missed: dict[str, None] = field(default_factory=dict)
    """The connections that did not answer in time, in that order."""
    deadline: float | None = None
    """By the loop's time; `None` without a hurry."""
