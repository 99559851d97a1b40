"""What is due → a happening, with the sentence that says why it is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.records import FAILURES, Event, Happening
from bot.watch.keys import happening_key
from bot.watch.lineage import lineage_of
from bot.watch.streaks import Due
from providers.model import Reason, Run, RunRef

_NOTES: Mapping[Reason, str] = {
    Reason.UNSTABLE: "Its vendor calls it passed, but unstable.",
    Reason.PARTIAL: "Its vendor calls it partly passed.",
    Reason.QUALITY_GATE: "It ran to its end, and failed its quality gate.",
}
"""What is worth saying beside the bare outcome."""


def tell(due: Due, run: Run, now: datetime) -> Happening:
    """Return a happening that follows from observing `run`, which may be another's."""
    lineage = lineage_of(run)
    ref = RunRef(lineage.pipeline, due.seen.place.id, due.attempt)
    return Happening(
        key=happening_key(lineage, ref, due.event, due.turn),
        lineage=lineage,
        run=ref,
        event=due.event,
        at=due.at or now,
        seen_at=now,
        reason=_reason(due, ref, run),
        streak=due.streak,
        red_since=due.red_since,
    )


def _reason(due: Due, ref: RunRef, run: Run) -> str:
    number = due.seen.place.number
    name = f"Run {number if number >= 0 else ref.id}"
    said = _SENTENCES[due.event].format(run=name, again=_again(due))
    is_transition = due.event in TRANSITIONS
    sentences = [said]
    if is_transition and due.streak == 0:
        sentences.append("It was seen late: what came after it was told before.")
    elif is_transition and due.red_since is None:
        sentences.append("It was broken when it was first looked at.")
    elif due.event in FAILURES and due.streak > 1:
        sentences.append(f"That makes {due.streak} failed runs in a row.")
    elif due.event is Event.FIXED:
        were = "1 run" if due.streak == 1 else f"{due.streak} runs in a row"
        sentences.append(f"Before it, {were} had failed.")
    note = _NOTES.get(run.reason) if run.reason else None
    if note and ref == run.ref and due.event in TRANSITIONS:
        sentences.append(note)
    return " ".join(sentences)


TRANSITIONS = frozenset({Event.BROKEN, Event.STILL_BROKEN, Event.FIXED})
"""The events that are about the lineage and not about one run."""


_SENTENCES: Mapping[Event, str] = {
    Event.BROKEN: "{run} failed{again}; nothing before it is known to be failing.",
    Event.STILL_BROKEN: "{run} failed{again} while it was broken already.",
    Event.FIXED: "{run} passed{again}.",
    Event.EVERY_FAILURE: "{run} failed{again}.",
    Event.WAITING: "{run} waits for somebody to act.",
    Event.CANCELED: "{run} was canceled; that neither breaks nor fixes anything.",
    Event.DONE: "{run} is over.",
}


def _again(due: Due) -> str:
    if due.attempt > 1:
        return f" on attempt {due.attempt}"
    outcomes = {e.outcome for e in due.seen.endings if e.outcome.is_decided}
    is_retry = due.turn or len(outcomes) > 1
    return " when it was tried again" if is_retry else ""
