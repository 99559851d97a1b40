"""What the last look at a pipeline showed: enough to tell what is news; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import dropwhile

from bot.records import PastRun
from providers.contract import Look
from providers.model import Run, RunRef, State

LONGEST_RUN = timedelta(days=2)
"""A run that was under way longer ago than this is not followed any more."""

_OPEN = frozenset(state.value for state in State if state.is_under_way)

Gist = tuple[RunRef, str, str | None, datetime | None, str | None]
"""What makes a run another sight than before."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pipeline's newest run, and of those that have not ended."""

    newest: str | None
    """The id of the newest run, empty where there was none; `None` where the pipeline
    was never looked at."""
    gists: Mapping[str, Gist] = field(default_factory=dict)
    """By the ids of the runs: from the oldest that has not ended to the newest."""

    @classmethod
    def of(cls, newest: Look, runs: Sequence[Run]) -> Known:
        """Return what is known once these runs were seen, the oldest first."""
        ident = newest.ref.id if isinstance(newest, Run) else ""
        gists = {run.ref.id: gist_of(run) for run in runs}
        kept = dropwhile(lambda g: g[0] != ident and not _is_open(g[1]), gists.items())
        return cls(ident, dict(kept))

    @classmethod
    def of_past(cls, past: PastRun) -> Known:
        """Return what is known of a pipeline whose newest run is this one."""
        gist = (past.ref, past.state, past.reason, past.finished_at, past.branch)
        return cls(past.ref.id, {past.ref.id: gist})

    def with_open(self, others: Iterable[Known]) -> Known:
        """Return it with runs that had not ended either."""
        gists = {i: g for other in others for i, g in other.gists.items()}
        return replace(self, gists={**gists, **self.gists})

    @property
    def is_seen(self) -> bool:
        """Whether the pipeline was looked at."""
        return self.newest is not None

    @property
    def under_way(self) -> frozenset[str]:
        """The ids of the runs that had not ended."""
        return frozenset(i for i, gist in self.gists.items() if _is_open(gist))

    def has(self, run: Run) -> bool:
        """Return whether a run was seen just so."""
        return self.gists.get(run.ref.id) == gist_of(run)

    def is_news(self, run: Run) -> bool:
        """Return whether a run may have ended since; nothing is news at first sight."""
        return self.is_seen and not self.has(run)


NEVER_SEEN = Known(None)


def gist_of(run: Run) -> Gist:
    """Return what makes a run another sight than before."""
    reason = run.reason.value if run.reason else None
    return run.ref, run.state.value, reason, run.finished_at, run.branch


def _is_open(gist: Gist) -> bool:
    return gist[1] in _OPEN
