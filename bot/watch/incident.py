"""What a verdict does to a channel's incident, and what is delivered; pure.

One incident, one message: a card that is posted when a lineage breaks, follows what
becomes of it, and has its thread for what is said along the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts import Alert, Card, Update, pack
from bot.records import (
    FAILURES,
    Delivery,
    DeliveryKind,
    Event,
    Happening,
    Incident,
    Ruling,
    Style,
    Verdict,
    Watch,
)
from bot.watch.keys import key_of
from bot.watch.overdue import TIMED, is_usual, limit_of, overdue_lineage
from bot.watch.reasons import TRANSITIONS
from providers.model import Pipeline, Run

LATE = timedelta(minutes=10)
"""What is told later than this after it happened says when it happened."""

FOLLOWED: Mapping[Style, tuple[DeliveryKind, ...]] = {
    Style.EDIT: (DeliveryKind.UPDATE,),
    Style.THREAD: (DeliveryKind.REPLY,),
    Style.BOTH: (DeliveryKind.UPDATE, DeliveryKind.REPLY),
}
"""How what follows in an incident is told where it is to be rung."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be kept and sent."""

    incident: Incident | None = None
    """As it is to be saved; `None` where there is nothing to save."""
    deliveries: tuple[Delivery, ...] = ()


NOTHING = Told()
"""Nothing is said, and nothing changes."""


def tell(
    verdict: Verdict,
    happening: Happening,
    *,
    run: Run,
    pipeline: Pipeline,
    watch: Watch,
    incident: Incident | None,
    now: datetime,
    first_run: Run | None = None,
    muted_by: str | None = None,
    has_log: bool = True,
) -> Told:
    """Return what becomes of a channel's incident, and what is delivered.

    Args:
        verdict: the leading one of the channel (`decide_in_channel`).
        happening: what happened.
        run: the run that it is about.
        pipeline: the pipeline of that run.
        watch: the watch of the verdict; where an incident is open, that incident's,
            as long as there is one.
        incident: the open incident of this lineage in this channel.
        now: the time.
        first_run: the run that broke it, where it is another one and known.
        muted_by: who muted it, where the verdict is that it is muted.
        has_log: whether the run may have a log to show.

    """
    scene = _Scene(
        verdict, happening, run, pipeline, watch, now, first_run, muted_by, has_log
    )
    if happening.event not in TRANSITIONS:
        return _one_off(scene, incident)
    if incident is not None:
        return _follow(scene, incident)
    return _open(scene)


def event_of(verdict: Verdict, happening: Happening) -> Event:
    """Return what it is told as: what was not told before is told as broken."""
    return Event.BROKEN if verdict.rule == "unheard" else happening.event


@dataclass(frozen=True, slots=True)
class _Scene:
    """All that a message is made of."""

    verdict: Verdict
    happening: Happening
    run: Run
    pipeline: Pipeline
    watch: Watch
    now: datetime
    first_run: Run | None
    muted_by: str | None
    has_log: bool

    @property
    def rings(self) -> bool:
        return self.verdict.ruling is Ruling.RING

    @property
    def event(self) -> Event:
        """What the card is about."""
        return event_of(self.verdict, self.happening)

    def card(self, incident: Incident | None) -> Card:
        happening = self.happening
        is_late = self.now - happening.at > LATE
        first = self.first_run
        is_other = first is not None and first.ref.id != self.run.ref.id
        return Card(
            incident=incident.id if incident else "",
            watch=self.watch.id,
            event=self.event,
            pipeline=replace(self.pipeline, latest=None),
            run=self.run,
            red_since=happening.red_since,
            first_run=first if is_other else None,
            streak=happening.streak,
            acked_by=incident.acked_by if incident else None,
            muted_by=self.muted_by,
            mention=self.watch.mention if self.event is Event.BROKEN else None,
            late_since=happening.at if is_late else None,
            limit=limit_of(happening, self.run),
            is_usual=is_usual(happening),
            has_log=self.has_log,
        )

    def update(self) -> Update:
        return Update(
            event=self.happening.event,
            pipeline=replace(self.pipeline, latest=None),
            run=self.run,
            red_since=self.happening.red_since,
            streak=self.happening.streak,
            limit=limit_of(self.happening, self.run),
            is_usual=is_usual(self.happening),
        )

    def delivery(
        self, kind: DeliveryKind, alert: Alert, incident: Incident | None
    ) -> Delivery:
        channel = self.watch.channel
        is_failure = self.happening.event in FAILURES
        return Delivery(
            key=key_of(channel, self.happening.key, kind.value, self.watch.id),
            channel=channel,
            kind=kind,
            payload=pack(alert),
            incident=incident.id if incident else None,
            is_loud=is_failure and self.rings,
            created_at=self.now,
        )


def _open(scene: _Scene) -> Told:
    """Post a card, where a failure is rung; else there is nothing to go on with.

    What was red before it was watched, or is over by now, has a message of its own and
    no incident: nothing would ever close it.
    """
    if not scene.rings:
        return NOTHING
    happening = scene.happening
    if happening.red_since is None:
        return _notice(scene)
    incident = Incident(
        id=key_of(scene.watch.channel, happening.key)[:12],
        channel=scene.watch.channel,
        lineage=happening.lineage,
        watch=scene.watch.id,
        opened_at=scene.now,
        first_run=happening.run,
        latest_run=happening.run,
        streak=happening.streak,
    )
    card = scene.delivery(DeliveryKind.CARD, scene.card(incident), incident)
    return Told(incident, (card,))


def _follow(scene: _Scene, incident: Incident) -> Told:
    """Go on with an open incident: quietly on its card, or as its style says."""
    happening = scene.happening
    if happening.streak == 0:  # overtaken: the card says something newer
        return NOTHING
    is_over = happening.event is Event.FIXED
    incident = replace(
        incident,
        latest_run=happening.run,
        streak=happening.streak,
        closed_at=scene.now if is_over else None,
    )
    kinds = FOLLOWED[scene.watch.style]
    if not scene.rings:
        # Nothing new is posted. In a thread alone only the end is worth an edit: a
        # card must not stay red for ever.
        may_edit = DeliveryKind.UPDATE in kinds or is_over
        kinds = (DeliveryKind.UPDATE,) if may_edit else ()
    alerts: Mapping[DeliveryKind, Alert] = {
        DeliveryKind.UPDATE: scene.card(incident),
        DeliveryKind.REPLY: scene.update(),
    }
    return Told(
        incident, tuple(scene.delivery(kind, alerts[kind], incident) for kind in kinds)
    )


def _one_off(scene: _Scene, incident: Incident | None) -> Told:
    """Tell of a run by itself: in the thread where there is one, else on its own."""
    if not scene.rings:
        return NOTHING
    is_failure = scene.happening.event is Event.EVERY_FAILURE
    if incident is None and is_failure and scene.happening.red_since is not None:
        return _open(scene)
    if incident is None or scene.watch.style is Style.EDIT:
        is_timed = scene.happening.event in TIMED
        return _overdue(scene) if is_timed else _notice(scene)
    reply = scene.delivery(DeliveryKind.REPLY, scene.update(), incident)
    return Told(None, (reply,))


def _overdue(scene: _Scene) -> Told:
    """Post a card that follows a stuck or slow run until it moves on."""
    happening = scene.happening
    incident = Incident(
        id=key_of(scene.watch.channel, happening.key)[:12],
        channel=scene.watch.channel,
        lineage=overdue_lineage(happening),
        watch=scene.watch.id,
        opened_at=scene.now,
        first_run=happening.run,
        latest_run=happening.run,
    )
    card = scene.delivery(DeliveryKind.CARD, scene.card(None), incident)
    return Told(incident, (card,))


def _notice(scene: _Scene) -> Told:
    return Told(None, (scene.delivery(DeliveryKind.NOTICE, scene.card(None), None),))
