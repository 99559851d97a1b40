"""What a lineage remembers: the runs already taken in, and how it stood before them.

The memory is a set of what was observed, kept in the order of the runs; everything else
is worked out from it. So it does not matter in which order, or how often, the same
things are observed: a set does not know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import TypeAdapter

from bot.records import Lineage
from providers.model import Reason, Run, State

MOST_RUNS = 50
"""How many runs are remembered singly; older ones only by how they left the lineage."""

MOST_ENDINGS = 20
"""How many endings of one run are remembered: of its attempts, and as it was retried
without the vendor counting."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Outcome(StrEnum):
    """What the end of a run says about its lineage.

    In the order in which two endings that cannot be told apart in time are taken: a
    failure that was retried is far more common than a success that was taken back.
    """

    BAD = "bad"
    CANCELED = "canceled"
    OTHER = "other"
    """Skipped, or ended without anybody knowing how: neither breaks nor fixes."""
    GOOD = "good"

    @property
    def is_decided(self) -> bool:
        """Whether it says that the lineage is red, or that it is not."""
        return self in {Outcome.BAD, Outcome.GOOD}


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}

_OUTCOMES = {
    State.SUCCEEDED: Outcome.GOOD,
    State.FAILED: Outcome.BAD,
    State.CANCELED: Outcome.CANCELED,
    State.SKIPPED: Outcome.OTHER,
}


def outcome_of(run: Run) -> Outcome | None:
    """Return what a run's end says; `None` while it has not ended, or nobody knows.

    A run that ended without its vendor saying how well neither breaks nor fixes. One
    that its vendor calls passed but unstable is passed.
    """
    if run.state is State.SUCCEEDED and run.reason is Reason.UNVERIFIED:
        return Outcome.OTHER
    return _OUTCOMES.get(run.state)


def line_of(run: Run) -> str:
    """Return which line of its pipeline a run is of.

    The branch, else what sets such runs off, else the whole pipeline (empty).
    """
    if run.branch:
        return f"branch:{run.branch}"
    if run.trigger and run.trigger.kind:
        return f"trigger:{run.trigger.kind.value}"
    return ""


def lineage_of(run: Run) -> Lineage:
    """Return the lineage of a run."""
    return Lineage(run.ref.pipeline, line_of(run))


class Place(NamedTuple):
    """Where a run stands among the others: what runs are ordered by."""

    moment: datetime
    number: int
    id: str


class Ending(NamedTuple):
    """An end of a run that was observed."""

    attempt: int
    at: datetime | None
    """When it ended, by the vendor; `None` where it does not say."""
    outcome: Outcome
    is_old: bool = False
    """It was there at the first look: part of the baseline, and never told."""
    said: tuple[str, ...] = ()
    """The events that it was told as."""

    @property
    def turn(self) -> tuple[int, datetime, int]:
        """What the endings of one run are ordered by."""
        return (self.attempt, self.at or _NO_TIME, _RANK[self.outcome])


class Seen(NamedTuple):
    """A run, as it was observed so far."""

    place: Place
    endings: tuple[Ending, ...] = ()
    waited: tuple[int, ...] = ()
    """The attempts of which it was told that they wait."""


class Past(NamedTuple):
    """How the runs that are no longer remembered singly left the lineage."""

    place: Place
    """Of the newest of them; whatever is older is not taken in any more."""
    is_red: bool = False
    red_since: datetime | None = None
    streak: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageState:
    """What a lineage remembers.

    One that was just made has looked at nothing, and takes what it is first shown as a
    baseline. A lineage that appears in a pipeline which is being watched already (a new
    branch) is made with `since`, so that its very first failure counts.
    """

    since: datetime | None = None
    """When its pipeline was first looked at."""
    first: Place | None = None
    """The newest run that was there at that look."""
    seen: tuple[Seen, ...] = ()
    """The newest runs, in order."""
    past: Past | None = None

    def find(self, run_id: str) -> Seen | None:
        """Return what is remembered of a run."""
        return next((seen for seen in self.seen if seen.place.id == run_id), None)

    def with_seen(self, seen: Seen) -> LineageState:
        """Return the state with what is now known of one run."""
        others = [old for old in self.seen if old.place.id != seen.place.id]
        together = sorted([*others, seen], key=lambda seen: seen.place)
        return replace(self, seen=tuple(together))


def taken_in(known: Seen | None, run: Run, now: datetime, *, is_old: bool) -> Seen:
    """Return what is known of a run once this observation of it is added.

    A run stands where the earliest time that is known of it puts it, so that a retry
    stays in the place of its run. Where the vendor gives no time at all, that is when
    it was first seen.
    """
    place = _place(run, known, now)
    endings = known.endings if known else ()
    waited = known.waited if known else ()
    outcome = outcome_of(run)
    if outcome is not None:
        ending = Ending(run.ref.attempt, ended_at(run), outcome, is_old)
        if all(ending.turn != old.turn for old in endings):
            endings = tuple(sorted([*endings, ending], key=lambda e: e.turn))
    return Seen(place, _newest(endings), waited)


def _newest(endings: tuple[Ending, ...]) -> tuple[Ending, ...]:
    """Forget the oldest endings; what was told of one holds for the next like it."""
    for _ in range(len(endings) - MOST_ENDINGS):
        oldest, second, *rest = endings
        if (oldest.attempt, oldest.outcome) == (second.attempt, second.outcome):
            second = second._replace(
                is_old=oldest.is_old or second.is_old,
                said=tuple(dict.fromkeys((*oldest.said, *second.said))),
            )
        endings = (second, *rest)
    return endings


def ended_at(run: Run) -> datetime | None:
    """Return when a run that is over ended, as far as its vendor says."""
    return run.finished_at or run.updated_at


def _place(run: Run, known: Seen | None, now: datetime) -> Place:
    moments = [run.created_at, run.queued_at, run.started_at]
    times = [at for at in moments if at] or [ended_at(run) or now]
    if known is not None:
        times.append(known.place.moment)
    number = run.number if run.number is not None else -1
    return Place(
        min(times), max(number, known.place.number if known else -1), run.ref.id
    )


class _Packed(NamedTuple):
    """The state as it is kept: a list, since keys would double its size."""

    version: int
    since: datetime | None
    first: Place | None
    seen: tuple[Seen, ...]
    past: Past | None


_VERSION = 1
_PACKED = TypeAdapter(_Packed)


def pack(state: LineageState) -> str:
    """Return a state as the JSON that `unpack` reads back."""
    packed = _Packed(_VERSION, state.since, state.first, state.seen, state.past)
    # By way of `json`, which also writes text that is no Unicode, such as half a pair.
    return json.dumps(_PACKED.dump_python(packed, mode="json"), separators=(",", ":"))


def unpack(text: str) -> LineageState:
    """Return the state in a text; text that is none gives a fresh one, never an error.

    A fresh state takes its next look as a baseline: after such a loss nothing is rung
    twice, and a failure that comes after that look is rung as ever.
    """
    try:
        packed = _PACKED.validate_python(json.loads(text))
    except (ValueError, RecursionError):
        return LineageState()
    if packed.version != _VERSION:
        return LineageState()
    return LineageState(
        since=packed.since, first=packed.first, seen=packed.seen, past=packed.past
    )
