"""What the tests of the watch are made of: runs of one lineage, a watch, a channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.records import (
    Delivery,
    Event,
    Happening,
    Incident,
    Mute,
    Ruling,
    Verdict,
    Watch,
)
from bot.watch.decide import decide_in_channel
from bot.watch.incident import tell
from bot.watch.lineage import LineageState
from bot.watch.rules import Situation
from bot.watch.transitions import advance, look
from providers.model import Pipeline, PipelineRef, Reason, Run, RunRef, State
from tests.fakes.provider import NOON, make_run

REF = PipelineRef("shop", "release")
RELEASE = Pipeline(ref=REF, name="release", default_branch="main")
LATER = NOON + timedelta(days=1)
TRANSITIONS = (Event.BROKEN, Event.STILL_BROKEN, Event.FIXED)

WORDS: dict[str, dict[str, Any]] = {
    "F": {"state": State.FAILED},
    "G": {"state": State.SUCCEEDED},
    "U": {"state": State.SUCCEEDED, "reason": Reason.UNVERIFIED},
    "C": {"state": State.CANCELED},
    "S": {"state": State.SKIPPED},
    "?": {"state": State.UNKNOWN},
    "q": {"state": State.QUEUED, "started_at": None},
    "r": {"state": State.RUNNING},
    "w": {"state": State.WAITING},
}
"""The letters that histories are written in."""


def run(number: int, letter: str, *, attempt: int = 1, **more: Any) -> Run:
    """Return a run; its attempts keep its place and end an hour after each other."""
    made = make_run(REF, number, **{**WORDS[letter], **more})
    ref = RunRef(REF, str(number), attempt)
    later = timedelta(hours=attempt - 1)
    ended = made.finished_at and more.get("finished_at", made.finished_at + later)
    created = NOON + timedelta(minutes=number)
    known = {"ref": ref, "finished_at": ended, "created_at": created}
    fields = {name: getattr(made, name) for name in Run.__slots__}
    return Run(**{**fields, **known, **more})


def history(letters: str, start: int = 1) -> list[Run]:
    """Return runs in a row, one a letter."""
    return [run(number, letter) for number, letter in enumerate(letters, start)]


def watched(*baseline: Run) -> LineageState:
    """Return a lineage that was first looked at when these runs were there."""
    return look(LineageState(), baseline, NOON).state


def taken(
    state: LineageState, runs: Iterable[Run], now: datetime = LATER
) -> tuple[LineageState, list[Happening]]:
    """Take in one observation after the other."""
    happenings: list[Happening] = []
    for observed in runs:
        step = advance(state, observed, now)
        state = step.state
        happenings += step.happenings
    return state, happenings


def told(happenings: Iterable[Happening], *events: Event) -> list[str]:
    """Return what happened, such as `broken 3`, of these events or the transitions."""
    wanted = events or TRANSITIONS
    return [
        f"{h.event.value} {h.run.id}" + (f"@{h.run.attempt}" * (h.run.attempt > 1))
        for h in happenings
        if h.event in wanted
    ]


def watch(**more: Any) -> Watch:
    """Return a watch as it is made by default."""
    known: dict[str, Any] = {
        "id": "w1",
        "channel": "C1",
        "target": "release",
        "filters": "-actor:*[bot]",
        "created_at": NOON,
    }
    return Watch(**{**known, **more})


@dataclass
class Channel:
    """A channel with its watches: what it was told, and its open incident."""

    watches: tuple[Watch, ...] = (watch(),)
    mutes: tuple[Mute, ...] = ()
    pipeline: Pipeline = RELEASE
    incident: Incident | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    rang: dict[RunRef, frozenset[Event]] = field(default_factory=dict)
    """What was rung of each run."""

    def hear(self, happening: Happening, about: Run, now: datetime = LATER) -> Verdict:
        """Decide about a happening and act on it, as the intake does."""
        situation = Situation(
            pipeline=self.pipeline,
            run=about,
            now=now,
            incident=self.incident,
            mutes=self.mutes,
            rang=self.rang.get(happening.run, frozenset()),
        )
        leading, *others = decide_in_channel(happening, self.watches, situation)
        self.verdicts += [leading, *others]
        by_id = {watch.id: watch for watch in self.watches}
        outcome = tell(
            leading,
            happening,
            run=about,
            pipeline=self.pipeline,
            watch=by_id[self.incident.watch if self.incident else leading.watch],
            incident=self.incident,
            now=now,
        )
        if outcome.incident is not None:
            is_over = outcome.incident.closed_at is not None
            self.incident = None if is_over else outcome.incident
        self.deliveries += outcome.deliveries
        if leading.ruling is Ruling.RING:
            self.rang[happening.run] = situation.rang | {happening.event}
        return leading
