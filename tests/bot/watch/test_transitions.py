"""What an observation of a run means for its lineage, one sentence a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.records import Event, Lineage
from bot.watch.lineage import LineageState, line_of, lineage_of, pack, unpack
from bot.watch.overdue import overdue, usual_longest
from bot.watch.transitions import Step, advance, look
from providers.model import Reason, Run, State, Trigger, TriggerKind
from tests.bot.watch.histories import (
    LATER,
    REF,
    history,
    run,
    taken,
    told,
    watch,
    watched,
)
from tests.fakes.provider import NOON

GREEN = run(0, "G")
RED = run(0, "F")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("sentence", "letters", "said"),
    [
        ("a failure after a success breaks it", "GF", ["broken 2"]),
        (
            "a second failure is not a second alert",
            "FF",
            ["broken 1", "still-broken 2"],
        ),
        ("a success fixes it", "FFG", ["broken 1", "still-broken 2", "fixed 3"]),
        ("it can break again", "FGF", ["broken 1", "fixed 2", "broken 3"]),
        ("a success after a success is nothing", "GG", []),
        ("canceled and skipped break nothing", "CS", []),
        ("canceled and skipped fix nothing", "FCS", ["broken 1"]),
        ("they do not interrupt a streak", "FCSF", ["broken 1", "still-broken 4"]),
        ("an unknown word breaks nothing", "?", []),
        ("an unknown word fixes nothing", "F?", ["broken 1"]),
        ("an end that nobody verified breaks nothing", "U", []),
        (
            "an end that nobody verified fixes nothing",
            "FUF",
            ["broken 1", "still-broken 3"],
        ),
        ("what is under way says nothing yet", "Fqrw", ["broken 1"]),
    ],
)
def test_what_follows_from_runs_in_a_row(
    sentence: str, letters: str, said: list[str]
) -> None:
    _, happenings = taken(watched(GREEN), history(letters))

    assert told(happenings) == said, sentence


@pytest.mark.parametrize(
    ("sentence", "observed", "said"),
    [
        ("the same again", [run(1, "F"), run(1, "F")], ["broken 1"]),
        ("a stale look at it", [run(1, "F"), run(1, "r")], ["broken 1"]),
        (
            "a retry that turns good is fixed",
            [run(1, "F"), run(1, "q", attempt=2), run(1, "G", attempt=2)],
            ["broken 1", "fixed 1@2"],
        ),
        (
            "a retry that fails again is not a second alert",
            [run(1, "F"), run(1, "F", attempt=2)],
            ["broken 1", "still-broken 1@2"],
        ),
        (
            "a retry that fails breaks what was good",
            [run(1, "G"), run(1, "F", attempt=2)],
            ["broken 1@2"],
        ),
        (
            "a retry that is not counted, but ends later",
            [run(1, "F"), run(1, "G", finished_at=NOON + HOUR)],
            ["broken 1", "fixed 1"],
        ),
        (
            "with no times at all the better end is the later one",
            [
                replace(run(1, letter), finished_at=None, updated_at=None)
                for letter in "GF"
            ],
            ["broken 1", "fixed 1"],
        ),
        (
            "a known end after an unverified one",
            [run(1, "U"), run(1, "F")],
            ["broken 1"],
        ),
        (
            "an unverified one after a known end",
            [run(1, "F"), run(1, "U")],
            ["broken 1"],
        ),
        (
            "an older run that ends good later fixes nothing",
            [run(2, "F"), run(1, "G")],
            ["broken 2"],
        ),
        (
            "an older run that ends bad later is told with its fix",
            [run(2, "G"), run(1, "F")],
            ["broken 1", "fixed 2"],
        ),
        (
            "an older failure seen after a newer one",
            [run(2, "F"), run(1, "F")],
            ["broken 2", "still-broken 1"],
        ),
        (
            "a success between two failures, seen last",
            [run(1, "F"), run(3, "F"), run(2, "G")],
            ["broken 1", "still-broken 3", "fixed 2", "broken 3"],
        ),
    ],
)
def test_what_follows_from_looking_at_them_otherwise(
    sentence: str, observed: list[Run], said: list[str]
) -> None:
    _, happenings = taken(watched(GREEN), observed)

    assert told(happenings) == said, sentence


def test_the_first_look_is_a_baseline() -> None:
    step = look(LineageState(), history("GFFw"), NOON)

    assert not step.happenings
    assert taken(step.state, history("GFFw"))[1] == []


def test_a_single_run_can_be_the_first_look() -> None:
    step = advance(LineageState(), RED, NOON)

    assert step == Step(watched(RED))


def test_what_was_under_way_at_the_first_look_is_told_when_it_ends() -> None:
    _, happenings = taken(watched(run(1, "r")), [run(1, "F")])

    assert told(happenings) == ["broken 1"]


def test_a_clock_that_is_behind_ours_loses_no_failure() -> None:
    state = look(LineageState(), [GREEN], NOON + HOUR).state

    _, happenings = taken(state, [run(1, "F")])

    assert told(happenings) == ["broken 1"]


def test_runs_from_before_the_first_look_are_never_told() -> None:
    state = look(LineageState(), [run(3, "G")], NOON + HOUR).state

    assert told(taken(state, history("FG"))[1]) == []


def test_a_run_that_began_earlier_and_ended_after_the_first_look_is_told() -> None:
    state = look(LineageState(), [run(3, "F")], NOON).state
    slow = run(2, "F", finished_at=NOON + HOUR)

    (happening, *_) = taken(state, [slow])[1]

    assert (happening.event, happening.run.id) == (Event.STILL_BROKEN, "2")


def test_what_was_red_before_the_first_look_is_fixed_without_a_beginning() -> None:
    _, happenings = taken(watched(RED), history("FGF"))

    assert told(happenings) == ["still-broken 1", "fixed 2", "broken 3"]
    assert [h.red_since for h in happenings if h.event is Event.FIXED] == [None]
    assert "broken when it was first looked at" in happenings[0].reason


def test_the_old_end_of_a_baseline_is_the_same_when_it_is_dated_anew() -> None:
    dated = replace(RED, finished_at=None, updated_at=NOON + timedelta(seconds=1))
    again = replace(dated, updated_at=NOON + HOUR)

    state = look(LineageState(), [dated], NOON + HOUR / 2).state

    assert told(taken(state, [again])[1]) == []


@pytest.mark.parametrize("first", [GREEN, RED])
def test_an_end_that_is_dated_anew_at_every_look_is_told_once(first: Run) -> None:
    ends = [run(1, "F", finished_at=NOON + n * HOUR) for n in range(1, 40)]

    _, happenings = taken(watched(first), ends)

    said = "broken 1" if first is GREEN else "still-broken 1"
    assert told(happenings) == [said]
    assert told(happenings, Event.DONE) == ["done 1"]


def test_a_baseline_that_is_dated_anew_at_every_look_stays_one() -> None:
    ends = [run(0, "F", finished_at=NOON + n * HOUR) for n in range(1, 40)]

    assert taken(watched(RED), ends)[1] == []


def test_a_run_that_is_retried_for_ever_is_told_every_time() -> None:
    ends = [run(1, "FG"[n % 2], finished_at=NOON + n * HOUR) for n in range(40)]

    _, happenings = taken(watched(GREEN), ends)

    assert told(happenings) == ["broken 1", "fixed 1"] * 20
    first = [h.key for h in happenings[:20]]
    assert len(set(first)) == len(first)


def test_the_first_failure_of_a_new_branch_is_told() -> None:
    state = LineageState(since=NOON)

    assert told(taken(state, [run(1, "F")])[1]) == ["broken 1"]


def test_an_old_failure_of_a_branch_that_is_seen_late_is_not() -> None:
    state = LineageState(since=NOON + HOUR)

    assert told(taken(state, [run(1, "F")])[1]) == []


def test_without_any_time_a_run_stands_where_it_was_first_seen() -> None:
    bare = [
        Run(ref=run(number, "F").ref, state=state)
        for number, state in ((1, State.FAILED), (2, State.SUCCEEDED))
    ]
    state, happenings = taken(watched(GREEN), bare, NOON + HOUR)

    assert told(happenings) == ["broken 1", "fixed 2"]
    assert told(taken(state, bare)[1]) == []
    assert happenings[0].at == NOON + HOUR


def test_the_lengths_of_a_streak_count_runs_and_not_their_retries() -> None:
    runs = [run(1, "F"), run(2, "F"), run(2, "F", attempt=2), run(3, "F"), run(4, "G")]

    transitions = [h for h in taken(watched(GREEN), runs)[1] if told([h])]

    assert [h.streak for h in transitions] == [1, 2, 2, 3, 3]
    assert {h.red_since for h in transitions} == {runs[0].finished_at}


def test_a_streak_that_is_longer_than_the_memory_is_counted_in_full() -> None:
    runs = history("F" * 70 + "G")

    *_, fixed = [h for h in taken(watched(GREEN), runs)[1] if h.event is Event.FIXED]

    assert (fixed.streak, fixed.red_since) == (70, runs[0].finished_at)


def test_all_that_is_told_at_once_is_in_the_order_of_the_runs() -> None:
    late = advance(taken(watched(GREEN), [run(2, "G")])[0], run(1, "F"), LATER)

    assert told(late.happenings, *Event) == [
        "broken 1",
        "every-failure 1",
        "done 1",
        "fixed 2",
    ]


def test_a_retry_stays_in_the_place_of_its_run() -> None:
    retry = run(1, "G", attempt=2, created_at=NOON + HOUR, started_at=NOON + HOUR)

    state, happenings = taken(watched(GREEN), [*history("FF"), retry])

    assert told(happenings) == ["broken 1", "still-broken 2", "fixed 1@2", "broken 2"]
    assert [seen.place.id for seen in state.seen] == ["0", "1", "2"]


def test_an_end_is_dated_by_when_it_ended_and_not_by_when_it_was_touched() -> None:
    state, _ = taken(watched(GREEN), [run(1, "F")])

    assert advance(state, run(1, "F", updated_at=LATER), LATER) == Step(state)


def test_a_baseline_that_is_verified_later_was_over_all_the_same() -> None:
    assert told(taken(look(LineageState(), [run(0, "U")], LATER).state, [RED])[1]) == []


def test_a_retry_of_the_baseline_counts() -> None:
    retried = run(0, "G", finished_at=LATER)

    state = look(LineageState(), [RED], NOON + HOUR).state

    assert told(taken(state, [retried])[1]) == ["fixed 0"]


def test_what_came_too_late_says_so() -> None:
    runs = [run(5, "F"), run(1, "F"), run(2, "G")]

    late = next(h for h in taken(watched(GREEN), runs)[1] if h.run.id == "2")

    assert (late.event, late.streak, late.red_since) == (Event.FIXED, 0, None)
    assert "seen late" in late.reason


def test_what_is_older_than_the_memory_is_left_alone() -> None:
    state, _ = taken(watched(GREEN), history("G" * 60, start=10))

    assert advance(state, run(1, "F"), LATER) == Step(state)


@pytest.mark.parametrize(
    ("letters", "event", "said"),
    [
        ("FGF", Event.EVERY_FAILURE, ["every-failure 1", "every-failure 3"]),
        ("GFCSU", Event.DONE, [f"done {n}" for n in range(1, 6)]),
        ("?qr", Event.DONE, []),
        ("FCC", Event.CANCELED, ["canceled 2", "canceled 3"]),
        ("wF", Event.WAITING, ["waiting 1"]),
    ],
)
def test_what_is_told_of_runs_by_themselves(
    letters: str, event: Event, said: list[str]
) -> None:
    runs = history(letters)
    _, happenings = taken(watched(GREEN), [*runs, *runs])

    assert told(happenings, event) == said


@pytest.mark.parametrize(
    ("sentence", "observed", "said"),
    [
        (
            "each attempt",
            [run(1, "w"), run(1, "w", attempt=2)],
            ["waiting 1", "waiting 1@2"],
        ),
        ("seen after its end", [run(1, "F"), run(1, "w")], []),
        ("an earlier attempt", [run(1, "F", attempt=2), run(1, "w")], []),
        (
            "retried, and not counted",
            [run(1, "F"), run(1, "w", updated_at=NOON + HOUR)],
            ["waiting 1"],
        ),
    ],
)
def test_a_run_waits_once_an_attempt_unless_it_ended_since(
    sentence: str, observed: list[Run], said: list[str]
) -> None:
    happenings = taken(watched(GREEN), observed)[1]

    assert told(happenings, Event.WAITING) == said, sentence


def test_a_run_is_done_once_an_attempt_and_again_when_it_turns() -> None:
    runs = [run(1, "U"), run(1, "F"), run(1, "G", finished_at=NOON + HOUR)]
    happenings = taken(watched(GREEN), runs)[1]

    assert told(happenings, Event.DONE) == ["done 1", "done 1"]
    assert len({h.key for h in happenings}) == len(happenings)


def test_old_ends_are_never_done_nor_canceled() -> None:
    state = watched(run(1, "C"), run(2, "F"))

    assert taken(state, [run(1, "C"), run(2, "F")])[1] == []
    later = replace(run(1, "F"), finished_at=NOON + HOUR)
    assert told(taken(state, [later])[1], Event.CANCELED) == []


@pytest.mark.parametrize(
    ("observed", "sentence"),
    [
        ([run(4, "F")], "Run 4 failed; nothing before it is known to be failing."),
        (
            [run(3, "F"), run(4, "F")],
            (
                "Run 4 failed while it was broken already. That makes 2 failed runs in"
                " a row."
            ),
        ),
        ([run(3, "F"), run(4, "G")], "Run 4 passed. Before it, 1 run had failed."),
        (
            [run(3, "F"), run(4, "F"), run(5, "G")],
            "Run 5 passed. Before it, 2 runs in a row had failed.",
        ),
        (
            [run(4, "F"), run(4, "G", attempt=2)],
            "Run 4 passed on attempt 2. Before it, 1 run had failed.",
        ),
        (
            [run(4, "F"), run(4, "G", finished_at=LATER)],
            "Run 4 passed when it was tried again. Before it, 1 run had failed.",
        ),
        (
            [run(3, "F"), run(4, "G", reason=Reason.UNSTABLE)],
            (
                "Run 4 passed. Before it, 1 run had failed. Its vendor calls it passed,"
                " but unstable."
            ),
        ),
        (
            [replace(run(4, "F", reason=Reason.QUALITY_GATE), number=None)],
            (
                "Run 4 failed; nothing before it is known to be failing. It ran to its"
                " end, and failed its quality gate."
            ),
        ),
    ],
)
def test_every_happening_says_why_it_is_one(observed: list[Run], sentence: str) -> None:
    happenings = taken(watched(GREEN), observed)[1]

    assert [h.reason for h in happenings if told([h])][-1] == sentence


@pytest.mark.parametrize(
    ("observed", "line"),
    [
        (run(1, "G"), "branch:main"),
        (
            run(1, "G", branch=None, trigger=Trigger(kind=TriggerKind.SCHEDULE)),
            "trigger:schedule",
        ),
        (run(1, "G", branch=None), ""),
        (run(1, "G", branch=None, trigger=None), ""),
    ],
)
def test_a_line_is_a_branch_else_what_sets_runs_off(observed: Run, line: str) -> None:
    assert line_of(observed) == line
    assert lineage_of(observed) == Lineage(REF, line)


def test_what_is_kept_reads_back_the_same() -> None:
    odd = replace(run(3, "F"), ref=replace(run(3, "F").ref, id="half \ud800"))
    state, _ = taken(watched(GREEN), [*history("FwG"), odd, *history("F" * 60, 9)])

    assert unpack(pack(state)) == state


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", "[99,null,null,[],null]", "[" * 100_000, "\0"]
)
def test_what_cannot_be_read_back_is_a_fresh_baseline(text: str) -> None:
    assert unpack(text) == LineageState()


QUEUED = run(1, "q", queued_at=NOON)
RUNNING = run(1, "r", started_at=NOON)
STUCK = watch(on=frozenset({Event.STUCK}))
SLOW = watch(on=frozenset({Event.SLOW}))


@pytest.mark.parametrize(
    ("sentence", "observed", "asked", "after", "event"),
    [
        (
            "queued for longer than asked",
            QUEUED,
            replace(STUCK, queued=HOUR),
            61,
            Event.STUCK,
        ),
        ("not yet", QUEUED, replace(STUCK, queued=HOUR), 60, None),
        ("half an hour where nothing was said", QUEUED, STUCK, 31, Event.STUCK),
        (
            "the queue's time is when it was made",
            replace(QUEUED, queued_at=None, created_at=NOON),
            STUCK,
            31,
            Event.STUCK,
        ),
        (
            "since when is not known",
            replace(QUEUED, queued_at=None, created_at=None),
            STUCK,
            99,
            None,
        ),
        ("it was not asked for", QUEUED, SLOW, 99, None),
        ("longer than asked", RUNNING, replace(SLOW, longer=HOUR), 61, Event.SLOW),
        ("longer than usual", RUNNING, SLOW, 21, Event.SLOW),
        ("as long as usual", RUNNING, SLOW, 20, None),
        (
            "a run that waits for a person",
            replace(RUNNING, state=State.WAITING),
            SLOW,
            99,
            None,
        ),
        ("a run that is over", run(1, "F"), SLOW, 99, None),
    ],
)
def test_a_run_is_overdue_by_the_measure_of_a_watch(
    sentence: str, observed: Run, asked: object, after: int, event: Event | None
) -> None:
    assert isinstance(asked, type(STUCK))
    now = NOON + timedelta(minutes=after)

    happening = overdue(observed, asked, now, timedelta(minutes=20))

    assert (happening.event if happening else None) is event, sentence


def test_nothing_is_slow_without_enough_runs_to_go_by() -> None:
    assert usual_longest([HOUR] * 19) is None
    assert overdue(RUNNING, SLOW, LATER, None) is None


def test_the_usual_longest_is_the_95th_of_a_hundred() -> None:
    durations = [timedelta(minutes=n) for n in range(100, 0, -1)]

    assert usual_longest(durations) == timedelta(minutes=95)
    assert usual_longest(durations[:20]) == timedelta(minutes=99)


def test_an_overdue_run_is_the_same_at_every_look_whatever_is_usual_by_then() -> None:
    first = overdue(RUNNING, SLOW, NOON + HOUR, timedelta(minutes=20))
    second = overdue(RUNNING, SLOW, NOON + 3 * HOUR, timedelta(minutes=90))
    other = overdue(RUNNING, replace(SLOW, longer=HOUR), NOON + 3 * HOUR)

    assert first
    assert second
    assert other
    assert first.key == second.key != other.key
    assert first.at == NOON + timedelta(minutes=20)
    assert first.reason == (
        "Run 1 has been running for more than 20 min: 95 of 100 good runs take less."
    )
    assert other.reason == "Run 1 has been running for more than 1 h."
    short = overdue(RUNNING, replace(SLOW, longer=timedelta(seconds=1)), NOON + HOUR)
    assert short
    assert short.reason == "Run 1 has been running for more than 1 s."
