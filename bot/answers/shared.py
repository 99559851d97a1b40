"""What answers have in common: rows, parts, what can be pressed, pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from providers.errors import ProviderError
from providers.model import Pipeline, Run, State

ROWS_A_PAGE = 12
"""How many pipelines of each connection a page of `status` shows."""

WORST_FIRST = (
    State.FAILED,
    State.UNKNOWN,
    State.WAITING,
    State.RUNNING,
    State.QUEUED,
    State.CANCELED,
    State.SKIPPED,
    State.SUCCEEDED,
)
"""The order in which people want to hear of it."""

QUIET = frozenset({State.SUCCEEDED, State.SKIPPED, State.CANCELED})
"""What nobody has to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something to press: what it is for a person, and what it asks."""

    label: str
    command: str
    """As it would be typed, without the bot's name; empty for the bare command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why something could not be read, in words for a person."""

    what: str
    detail: str
    advice: str
    since: datetime | None = None
    """When it began, where the same trouble was met before."""
    code: str | None = None
    request_id: str | None = None
    is_pending: bool = False
    """Nothing is wrong yet: the answer has not come, and is being waited for."""

    @classmethod
    def of(
        cls,
        error: ProviderError,
        since: datetime | None = None,
        *,
        is_pending: bool = False,
    ) -> Trouble:
        """Return what an error of a provider means for a person."""
        return cls(
            what=error.what,
            detail=error.detail,
            advice=error.advice,
            since=since,
            code=error.code,
            request_id=error.request_id,
            is_pending=is_pending,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A pipeline and its latest run; both `None` where it has never run."""

    pipeline: Pipeline
    run: Run | None = None
    trouble: Trouble | None = None
    """Why this one pipeline could not be read."""
    opens: str | None = None
    """The command that shows the run in full, where the row itself is shown."""

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look: it is not over, or it did not go well."""
        return self.trouble is not None or (
            self.run is not None and self.run.state not in QUIET
        )

    @property
    def rank(self) -> tuple[int, str]:
        """Where it stands among others: worst first, then by name."""
        if self.trouble is not None:
            return -1, self.pipeline.name
        if self.run is None:
            return len(WORST_FIRST), self.pipeline.name
        return WORST_FIRST.index(self.run.state), self.pipeline.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one connection contributes to an answer."""

    connection: str
    title: str
    """The vendor's product."""
    rows: tuple[Row, ...] = ()
    """Worst first."""
    trouble: Trouble | None = None
    """Why this connection could not be read; the rows are then the last known ones."""
    as_of: datetime | None = None
    """When what is shown was read, where nothing newer could be."""
    more: bool = False
    """The connection has more pipelines than were looked at."""
    left_out: int = 0
    """How many entries of its list of pipelines could not be read."""

    @property
    def rank(self) -> int:
        """Where it stands among others: worst first; the silent ones before all."""
        worst = min((row.rank[0] for row in self.rows), default=len(WORST_FIRST))
        return worst if self.trouble is None else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What every answer knows: how it is asked for once more."""

    again: str | None = None
    """The command that gives this answer as it is then; `None` where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Again):
    """An answer of which one page is shown."""

    page: int = 1
    previous: str | None = None
    """The command for the page before this one; `None` on the first."""
    next: str | None = None
    """The command for the page after this one; `None` on the last."""
