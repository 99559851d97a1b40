"""Whether a happening is rung, and by which rule: one sentence a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.filters import Filters, read_filters
from bot.records import Event, Happening, Incident, Mute, Ruling
from bot.terms import Key, Term
from bot.watch.decide import decide, decide_in_channel
from bot.watch.lineage import lineage_of
from bot.watch.overdue import overdue
from bot.watch.rules import RULES, Situation, is_lifted_by
from providers.model import Trigger
from tests.bot.watch.histories import LATER, RELEASE, run, watch

HOUR = timedelta(hours=1)
FAILED = run(90, "F")
BOT = Trigger(actor="renovate[bot]")
EVERYTHING = frozenset(Event)


def happening(event: Event = Event.BROKEN, **more: Any) -> Happening:
    known: dict[str, Any] = {
        "key": "k1",
        "lineage": lineage_of(FAILED),
        "run": FAILED.ref,
        "event": event,
        "at": LATER - HOUR,
        "seen_at": LATER,
        "reason": "Run 90 failed.",
        "streak": 1,
        "red_since": LATER - HOUR,
    }
    return Happening(**{**known, **more})


INCIDENT = Incident(
    id="i1",
    channel="C1",
    lineage=lineage_of(FAILED),
    watch="w1",
    opened_at=LATER,
    first_run=FAILED.ref,
    latest_run=FAILED.ref,
)


def mute(**more: Any) -> Mute:
    known: dict[str, Any] = {
        "id": "m1",
        "channel": "C1",
        "target": "release",
        "by": "U7",
        "created_at": LATER,
    }
    return Mute(**{**known, **more})


def situation(**more: Any) -> Situation:
    known: dict[str, Any] = {"pipeline": RELEASE, "run": FAILED, "now": LATER}
    return Situation(**{**known, **more})


STILL = happening(Event.STILL_BROKEN, streak=3)
FIXED = happening(Event.FIXED, streak=3)
TOLD = situation(incident=INCIDENT)
ON_BRANCH = situation(run=run(90, "F", branch="topic"))
BY_BOT = situation(run=run(90, "F", trigger=BOT))


@pytest.mark.parametrize(
    ("sentence", "what", "asked", "when", "rule"),
    [
        ("what breaks rings", happening(), watch(), situation(), "asked-for"),
        ("what is fixed rings", FIXED, watch(), TOLD, "asked-for"),
        ("still broken is quiet by default", STILL, watch(), TOLD, "not-asked-for"),
        ("and rings when asked for", STILL, watch(on=EVERYTHING), TOLD, "asked-for"),
        (
            "a fix that was not asked for",
            FIXED,
            watch(on=frozenset({Event.BROKEN})),
            TOLD,
            "not-asked-for",
        ),
        (
            "other events ring when asked for",
            happening(Event.WAITING),
            watch(on=EVERYTHING),
            situation(),
            "asked-for",
        ),
        (
            "and not otherwise",
            happening(Event.WAITING),
            watch(),
            situation(),
            "not-asked-for",
        ),
        (
            "nothing old",
            happening(at=LATER - 3 * HOUR),
            watch(created_at=LATER),
            situation(),
            "before-the-watch",
        ),
        (
            "clocks differ a little",
            happening(at=LATER - HOUR / 20),
            watch(created_at=LATER),
            situation(),
            "asked-for",
        ),
        ("another branch", happening(), watch(), ON_BRANCH, "other-branch"),
        (
            "another branch that a filter names",
            happening(),
            watch(filters="branch:top*"),
            ON_BRANCH,
            "asked-for",
        ),
        (
            "another branch, and all are wanted",
            happening(),
            watch(default_branch_only=False),
            ON_BRANCH,
            "asked-for",
        ),
        (
            "the default branch is not known",
            happening(),
            watch(),
            replace(ON_BRANCH, pipeline=replace(RELEASE, default_branch=None)),
            "asked-for",
        ),
        (
            "the run's branch is not known",
            happening(),
            watch(),
            situation(run=run(90, "F", branch=None)),
            "asked-for",
        ),
        ("a bot's run", happening(), watch(), BY_BOT, "filtered"),
        (
            "a bot's run, and bots are wanted",
            happening(),
            watch(filters=""),
            BY_BOT,
            "asked-for",
        ),
        (
            "another pipeline",
            happening(),
            watch(filters="name:other"),
            situation(),
            "filtered",
        ),
        (
            "a bot's fix of what was told",
            FIXED,
            watch(),
            replace(BY_BOT, incident=INCIDENT),
            "asked-for",
        ),
        (
            "a bot's fix of what another watch told",
            FIXED,
            watch(id="w2"),
            replace(BY_BOT, incident=INCIDENT),
            "filtered",
        ),
        (
            "seen too late",
            happening(streak=0, red_since=None),
            watch(),
            situation(),
            "overtaken",
        ),
        ("too few failures yet", happening(), watch(after=3), situation(), "not-yet"),
        (
            "too few failures, while it is told as broken",
            happening(),
            watch(after=3),
            TOLD,
            "already-told",
        ),
        (
            "still too few",
            replace(STILL, streak=2),
            watch(after=3),
            situation(),
            "not-yet",
        ),
        ("enough failures", STILL, watch(after=3), situation(), "unheard"),
        (
            "more than enough, and told",
            replace(STILL, streak=4),
            watch(after=3),
            TOLD,
            "not-asked-for",
        ),
        (
            "the earlier ones were filtered or muted",
            STILL,
            watch(),
            situation(),
            "unheard",
        ),
        (
            "it broke before the watch was made",
            STILL,
            watch(created_at=LATER),
            situation(),
            "not-asked-for",
        ),
        (
            "it broke before anybody looked",
            replace(STILL, red_since=None),
            watch(),
            situation(),
            "not-asked-for",
        ),
        ("a fix of what was never told", FIXED, watch(), situation(), "never-told"),
        (
            "a fix of what broke before anybody looked",
            replace(FIXED, red_since=None),
            watch(),
            situation(),
            "never-told",
        ),
        (
            "broken again while it is told as broken",
            happening(),
            watch(),
            TOLD,
            "already-told",
        ),
        (
            "a failure that rang as broken",
            happening(Event.EVERY_FAILURE),
            watch(on=EVERYTHING),
            situation(rang=frozenset({Event.BROKEN})),
            "already-told",
        ),
        (
            "an end that rang as fixed",
            happening(Event.DONE),
            watch(on=EVERYTHING),
            situation(rang=frozenset({Event.FIXED})),
            "already-told",
        ),
        (
            "every failure, if asked for",
            happening(Event.EVERY_FAILURE),
            watch(on=EVERYTHING),
            TOLD,
            "asked-for",
        ),
        ("muted", happening(), watch(), situation(mutes=(mute(),)), "muted"),
        (
            "muted for now",
            happening(),
            watch(),
            situation(mutes=(mute(until=LATER + HOUR),)),
            "muted",
        ),
        (
            "no longer muted",
            happening(),
            watch(),
            situation(mutes=(mute(until=LATER),)),
            "asked-for",
        ),
        (
            "this watch is muted",
            happening(),
            watch(),
            situation(mutes=(mute(watch="w1", target=None),)),
            "muted",
        ),
        (
            "another watch is muted",
            happening(),
            watch(),
            situation(mutes=(mute(watch="w2"),)),
            "asked-for",
        ),
        (
            "muted until it is fixed",
            happening(),
            watch(),
            situation(mutes=(mute(until_fixed=True),)),
            "muted",
        ),
        (
            "the fix that ends the mute",
            FIXED,
            watch(),
            replace(TOLD, mutes=(mute(until_fixed=True),)),
            "asked-for",
        ),
        (
            "a fix while it is muted",
            FIXED,
            watch(),
            replace(TOLD, mutes=(mute(),)),
            "muted",
        ),
    ],
)
def test_the_first_rule_that_applies_decides(
    sentence: str, what: Happening, asked: Any, when: Situation, rule: str
) -> None:
    verdict = decide(what, asked, when)

    assert verdict.rule == rule, sentence
    assert verdict.ruling is {r.name: r.ruling for r in RULES}[rule]
    assert (verdict.happening, verdict.watch, verdict.at) == ("k1", asked.id, LATER)
    assert verdict.reason.endswith(".") or rule == "filtered"


@pytest.mark.parametrize(
    ("what", "asked", "when", "reason"),
    [
        (
            STILL,
            watch(),
            TOLD,
            (
                "This watch rings on broken,fixed, and not on still-broken; the card"
                " alone says it."
            ),
        ),
        (
            happening(),
            watch(),
            ON_BRANCH,
            (
                "The run is of topic; this watch is about the default branch, main, and"
                " names no other."
            ),
        ),
        (
            happening(),
            watch(),
            BY_BOT,
            "The run does not pass the filters: -actor:*[bot]",
        ),
        (
            happening(),
            watch(after=3),
            situation(),
            "It is failure 1 in a row; this watch rings after 3.",
        ),
        (
            happening(),
            watch(),
            situation(
                mutes=(mute(until=datetime(2024, 5, 3, 9, tzinfo=LATER.tzinfo)),)
            ),
            "U7 muted release until 2024-05-03 09:00 UTC.",
        ),
        (
            happening(),
            watch(),
            situation(mutes=(mute(until_fixed=True),)),
            "U7 muted release until it is fixed.",
        ),
        (
            happening(),
            watch(),
            situation(mutes=(mute(target=None, watch="w1"),)),
            "U7 muted watch w1.",
        ),
        (
            STILL,
            watch(),
            situation(),
            "It has been broken for 3 runs, and this channel has not been told yet.",
        ),
        (happening(), watch(), situation(), "This watch rings on broken."),
    ],
)
def test_a_verdict_says_why(
    what: Happening, asked: Any, when: Situation, reason: str
) -> None:
    assert decide(what, asked, when).reason == reason


def test_a_run_is_overdue_only_for_watches_with_that_measure() -> None:
    slow = watch(on=frozenset({Event.SLOW}), longer=HOUR)
    same, other = replace(slow, id="w2"), replace(slow, id="w3", longer=2 * HOUR)
    late = overdue(run(90, "r", started_at=LATER - 3 * HOUR), slow, LATER)

    assert late
    verdicts = [decide(late, asked, situation()) for asked in (slow, same, other)]
    assert [v.rule for v in verdicts] == ["asked-for", "asked-for", "other-measure"]


def test_two_watches_of_a_channel_tell_it_once_by_the_older_one() -> None:
    older, newer = watch(id="w9"), watch(id="w1", created_at=LATER - 2 * HOUR)

    verdicts = decide_in_channel(happening(), [newer, older], situation())

    assert [(v.watch, v.ruling, v.rule) for v in verdicts] == [
        ("w9", Ruling.RING, "asked-for"),
        ("w1", Ruling.QUIET, "told-by-another"),
    ]
    assert verdicts[1].reason == "Watch w9, which is older, tells it in this channel."


@pytest.mark.parametrize(
    ("sentence", "when", "asked", "leader"),
    [
        (
            "what is rung leads what is muted",
            situation(mutes=(mute(watch="w1"),)),
            [watch(), watch(id="w2")],
            "w2",
        ),
        (
            "what is muted leads what is quiet",
            situation(mutes=(mute(watch="w2"),)),
            [watch(on=frozenset({Event.DONE})), watch(id="w2")],
            "w2",
        ),
        (
            "else the watch of the incident leads",
            situation(incident=replace(INCIDENT, watch="w2")),
            [watch(), watch(id="w2")],
            "w2",
        ),
    ],
)
def test_one_verdict_leads(
    sentence: str, when: Situation, asked: list[Any], leader: str
) -> None:
    assert decide_in_channel(happening(), asked, when)[0].watch == leader, sentence


def test_a_channel_without_watches_hears_nothing() -> None:
    assert decide_in_channel(happening(), [], situation()) == ()


def test_a_mute_until_fixed_ends_with_the_fix_and_not_with_one_seen_late() -> None:
    until_fixed = mute(until_fixed=True)

    assert is_lifted_by(until_fixed, FIXED)
    assert not is_lifted_by(until_fixed, replace(FIXED, streak=0))
    assert not is_lifted_by(until_fixed, STILL)
    assert not is_lifted_by(mute(), FIXED)


def test_filters_are_read_as_they_are_written() -> None:
    filters = Filters(
        (
            Term(Key.ACTOR, ("*[bot]",), is_not=True),
            Term(Key.NAME, ("Build & Test",)),
            Term(Key.BRANCH, ("main", "release/*")),
        )
    )

    assert read_filters(str(filters)) == filters


def test_a_filter_that_cannot_be_read_silences_nothing() -> None:
    assert read_filters("nonsense state:purple -is:green") == Filters(
        (Term(Key.STATE, ("green",), is_not=True),)
    )
