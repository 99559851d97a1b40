"""Whether a happening is told in a channel, and why; pure.

Filters choose what may open an incident. One that is open is told to its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.records import Happening, Ruling, Verdict, Watch
from bot.watch.rules import RULES, Case, Situation

_LOUDEST_FIRST = {Ruling.RING: 0, Ruling.MUTED: 1, Ruling.QUIET: 2}


def decide(happening: Happening, watch: Watch, situation: Situation) -> Verdict:
    """Return what becomes of a happening for one watch, by which rule, and why."""
    case = Case(happening, watch, situation)
    rule = next(rule for rule in RULES if rule.applies(case))
    return Verdict(
        happening=happening.key,
        watch=watch.id,
        ruling=rule.ruling,
        rule=rule.name,
        reason=rule.reason if isinstance(rule.reason, str) else rule.reason(case),
        at=situation.now,
    )


def decide_in_channel(
    happening: Happening, watches: Iterable[Watch], situation: Situation
) -> tuple[Verdict, ...]:
    """Return the verdicts for the watches of one channel, the leading one first.

    A happening that several watches would ring is told once, by the oldest of them. The
    leading verdict is the one to act on: what is rung, else what is muted, else what
    the watch of the open incident says.
    """
    verdicts: list[Verdict] = []
    leader: str | None = None
    for watch in sorted(watches, key=lambda watch: (watch.created_at, watch.id)):
        verdict = decide(happening, watch, situation)
        if verdict.ruling is Ruling.RING and leader is not None:
            verdict = _told_by(leader, verdict)
        elif verdict.ruling is Ruling.RING:
            leader = watch.id
        verdicts.append(verdict)
    told_by = situation.incident.watch if situation.incident else None
    return tuple(
        sorted(verdicts, key=lambda v: (_LOUDEST_FIRST[v.ruling], v.watch != told_by))
    )


def _told_by(leader: str, verdict: Verdict) -> Verdict:
    reason = f"Watch {leader}, which is older, tells it in this channel."
    return replace(verdict, ruling=Ruling.QUIET, rule="told-by-another", reason=reason)
