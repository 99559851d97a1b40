"""Which run is newer, and where a reading of the listing goes on; pure.

The API documents no order of its listing. Its example is newest first, so a reading may
stop early, but only for as long as what was read bears that out.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

    from providers.model import Run

Age = tuple[datetime, int, str]
"""What runs are sorted by: when they appeared, their number, their name."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)
_MARK = "~"


def age(run: Run) -> Age:
    """Return what to sort runs by: text sorts "10" before "9", numbers do not."""
    return (run.created_at or _NO_TIME, run.number or 0, run.ref.id)


def newest_first(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the runs in the order that people expect."""
    return tuple(sorted(runs, key=age, reverse=True))


def is_newest_first(runs: Iterable[Run]) -> bool:
    """Return whether the runs are in that order; runs without a time prove nothing."""
    times = [run.created_at for run in runs]
    return all(a and b and a >= b for a, b in itertools.pairwise(times)) and all(times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One more page of the listing, and what is known of all that was read."""

    runs: tuple[Run, ...]
    token: str | None
    next: str | None
    pages: int
    read: int
    ordered: bool
    """Whether all that was read is newest first: what follows is only older then."""
    left_out: int

    def is_past(self, since: datetime | None) -> bool:
        """Return whether this and all that follows is older than `since`."""
        oldest = self.runs[-1].created_at if self.runs else None
        return bool(self.ordered and since and oldest and oldest < since)


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of the vendor's pages comes next, and how many entries came before it.

    The end is known by counting what came: no largest page size is documented, and a
    server that gives less than it is asked for must not cost the rest.
    """

    page: int = 1
    before: int = 0

    @classmethod
    def parse(cls, token: str | None) -> Turn:
        """Read back what `str()` wrote; `None` is the first page.

        Raises:
            ValueError: it is none of ours.

        """
        if token is None:
            return cls()
        page, before = token.split("+")
        return cls(int(page), int(before))

    @override
    def __str__(self) -> str:
        """Return what `parse` reads back."""
        return f"{self.page}+{self.before}"

    def following(self, *, got: int, size: int, total: int | None) -> str | None:
        """Return the page after this one, which held `got` entries; `None` at the end.

        The end is an empty page, or the one that reaches `total`; where there is no
        total, a page that holds less than the `size` asked for.
        """
        reached = self.before + got
        is_last = reached >= total if total else got < size
        return None if is_last or not got else str(Turn(self.page + 1, reached))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of ours ended: the vendor's page to go on with, the last run on it.

    Naming the run, not its place, skips none and repeats none when new ones appear.
    """

    token: str | None = None
    last: Age | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> Place:
        """Read back what `str()` wrote; `None` is the beginning.

        Raises:
            ValueError: it is none of ours.

        """
        if cursor is None:
            return cls()
        token, mark, rest = cursor.partition(_MARK)
        Turn.parse(token or None)
        if not mark:
            return cls(token or None)
        created_at, number, name = rest.split(_MARK, 2)
        moment = datetime.fromisoformat(created_at)
        if moment.tzinfo is None:
            msg = f"a time without a zone: {created_at}"
            raise ValueError(msg)
        return cls(token or None, (moment, int(number), name))

    @override
    def __str__(self) -> str:
        """Return what `parse` reads back."""
        if self.last is None:
            return self.token or ""
        created_at, number, name = self.last
        parts = (self.token or "", created_at.isoformat(), str(number), name)
        return _MARK.join(parts)

    def is_before(self, run: Run) -> bool:
        """Return whether the run comes after this place, newest first."""
        return self.last is None or age(run) < self.last
