"""The rules by which a happening is rung in a channel, or is not; pure.

They are tried in the order of the table, and the first that applies decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.filters import Filters, read_filters
from bot.records import FAILURES, Event, Happening, Incident, Mute, Ruling, Watch
from bot.terms import Key
from bot.watch.overdue import overdue_key
from bot.watch.reasons import TRANSITIONS
from providers.model import Pipeline, Run

CLOCKS = timedelta(minutes=5)
"""What happened so shortly before a watch was made is told all the same: the vendor's
clock and ours may differ by as much, and a failure too many is better than one lost."""

_STRONGER = {
    Event.EVERY_FAILURE: frozenset({Event.BROKEN, Event.STILL_BROKEN}),
    Event.DONE: FAILURES | {Event.FIXED, Event.CANCELED},
}
"""What tells of the same end of a run already: one message for it is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision depends on beside the happening and the watch."""

    pipeline: Pipeline
    run: Run
    """The run the happening is about."""
    now: datetime
    incident: Incident | None = None
    """The open incident of this lineage in the watch's channel: it was told of it."""
    mutes: tuple[Mute, ...] = ()
    """Of this channel, for this pipeline or one of its watches."""
    rang: frozenset[Event] = frozenset()
    """What was rung in this channel of this very run."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule judges."""

    happening: Happening
    watch: Watch
    situation: Situation

    @property
    def event(self) -> Event:
        """What happened."""
        return self.happening.event

    @property
    def incident(self) -> Incident | None:
        """What the channel was told, and is not over."""
        return self.situation.incident

    @property
    def filters(self) -> Filters:
        """The filters of the watch."""
        return read_filters(self.watch.filters)

    @property
    def ends_ours(self) -> bool:
        """Whether it is the fix of what this watch told, which counts by anybody."""
        told_by = self.incident.watch if self.incident else None
        return self.event is Event.FIXED and told_by == self.watch.id

    @property
    def is_unheard(self) -> bool:
        """Whether it has been broken for a while, and should have been rung by now.

        The earlier failures were too few, muted or filtered out.
        """
        red_since = self.happening.red_since
        return (
            self.event is Event.STILL_BROKEN
            and Event.BROKEN in self.watch.on
            and self.incident is None
            and red_since is not None
            and not self.is_before_watch(red_since)
        )

    @property
    def mutes(self) -> tuple[Mute, ...]:
        """What keeps it silent."""
        situation = self.situation
        return mutes_of(self.watch, situation.mutes, self.happening, situation.now)

    def is_before_watch(self, moment: datetime) -> bool:
        """Return whether that was before the watch was made."""
        return moment < self.watch.created_at - CLOCKS


def mutes_of(
    watch: Watch, mutes: Iterable[Mute], happening: Happening, now: datetime
) -> tuple[Mute, ...]:
    """Return the mutes that keep a happening from being rung.

    A mute until fixed ends with the fix, which is told.
    """
    return tuple(
        mute
        for mute in mutes
        if mute.watch in {None, watch.id}
        and (mute.until is None or now < mute.until)
        and not is_lifted_by(mute, happening)
    )


def is_lifted_by(mute: Mute, happening: Happening) -> bool:
    """Return whether a mute is over for good because of this happening."""
    return mute.until_fixed and happening.event is Event.FIXED and happening.streak > 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: its name, what it rules, when it applies, and why."""

    name: str
    ruling: Ruling
    applies: Callable[[Case], bool]
    reason: str | Callable[[Case], str]


def _has_other_measure(case: Case) -> bool:
    happening = case.happening
    if case.event not in {Event.STUCK, Event.SLOW}:
        return False
    key = overdue_key(happening.lineage, happening.run, case.event, case.watch)
    return happening.key != key


def _is_other_branch(case: Case) -> bool:
    names_branch = any(term.key is Key.BRANCH for term in case.filters.terms)
    if names_branch or case.ends_ours or not case.watch.default_branch_only:
        return False
    main, branch = case.situation.pipeline.default_branch, case.situation.run.branch
    return main is not None and branch is not None and branch != main


def _is_filtered(case: Case) -> bool:
    situation, filters = case.situation, case.filters
    is_wanted = filters.wants_pipeline(situation.pipeline)
    passes = is_wanted and filters.passes(situation.run, situation.now)
    return not passes and not case.ends_ours


def _is_not_yet(case: Case) -> bool:
    is_breaking = case.event is Event.BROKEN or case.is_unheard
    is_few = case.happening.streak < case.watch.after
    return is_breaking and is_few and case.incident is None


def _is_told(case: Case) -> bool:
    is_on_card = case.event is Event.BROKEN and case.incident is not None
    stronger = _STRONGER.get(case.event, frozenset())
    return is_on_card or bool(case.situation.rang & stronger)


def _not_asked_for(case: Case) -> str:
    said = f"This watch rings on {_words(case.watch.on)}, and not on {case.event.value}"
    is_on_card = case.incident is not None and case.event in TRANSITIONS
    return f"{said}; the card alone says it." if is_on_card else f"{said}."


def _words(events: Iterable[Event]) -> str:
    wanted = set(events)
    return ",".join(event.value for event in Event if event in wanted)


def _other_branch(case: Case) -> str:
    return (
        f"The run is of {case.situation.run.branch}; this watch is about the default"
        f" branch, {case.situation.pipeline.default_branch}, and names no other."
    )


def _muted(case: Case) -> str:
    mute = case.mutes[0]
    said = f"{mute.by} muted {mute.target or f'watch {case.watch.id}'}"
    until = f" until {mute.until:%Y-%m-%d %H:%M} UTC" if mute.until else ""
    return f"{said}{' until it is fixed' if mute.until_fixed else until}."


RULES: tuple[Rule, ...] = (
    Rule(
        "not-asked-for",
        Ruling.QUIET,
        lambda case: case.event not in case.watch.on and not case.is_unheard,
        _not_asked_for,
    ),
    Rule(
        "other-measure",
        Ruling.QUIET,
        _has_other_measure,
        "It is overdue by the measure of another watch.",
    ),
    Rule(
        "before-the-watch",
        Ruling.QUIET,
        lambda case: case.is_before_watch(case.happening.at) and not case.ends_ours,
        "It happened before this watch was made, which tells nothing old.",
    ),
    Rule("other-branch", Ruling.QUIET, _is_other_branch, _other_branch),
    Rule(
        "filtered",
        Ruling.QUIET,
        _is_filtered,
        lambda case: f"The run does not pass the filters: {case.watch.filters}",
    ),
    Rule(
        "overtaken",
        Ruling.QUIET,
        lambda case: case.event in TRANSITIONS and case.happening.streak == 0,
        "It was seen too late: a newer run had been told by then.",
    ),
    Rule(
        "not-yet",
        Ruling.QUIET,
        _is_not_yet,
        lambda case: (
            f"It is failure {case.happening.streak} in a row;"
            f" this watch rings after {case.watch.after}."
        ),
    ),
    Rule("muted", Ruling.MUTED, lambda case: bool(case.mutes), _muted),
    Rule(
        "never-told",
        Ruling.QUIET,
        lambda case: case.event is Event.FIXED and case.incident is None,
        "This channel was never told that it was broken.",
    ),
    Rule(
        "already-told", Ruling.QUIET, _is_told, "This channel was told of it already."
    ),
    Rule(
        "unheard",
        Ruling.RING,
        lambda case: case.is_unheard,
        lambda case: (
            f"It has been broken for {case.happening.streak} runs,"
            " and this channel has not been told yet."
        ),
    ),
    Rule(
        "asked-for",
        Ruling.RING,
        lambda _: True,
        lambda case: f"This watch rings on {case.event.value}.",
    ),
)
"""In order: the first that applies decides, and the last one always does."""
