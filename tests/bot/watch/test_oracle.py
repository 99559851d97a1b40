"""Whatever is observed of a history, the channel is told what a plain reader says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.records import DeliveryKind, Event, Happening
from bot.watch.lineage import LineageState, pack, unpack
from bot.watch.streaks import streaks_of
from bot.watch.transitions import advance, look
from providers.model import Run, RunRef
from tests.bot.watch.histories import (
    LATER,
    Channel,
    history,
    run,
    taken,
    told,
    watch,
    watched,
)
from tests.fakes.provider import NOON

LETTERS = st.text("FGCUS?", max_size=12)
GREEN = run(0, "G")
RED = run(0, "F")


def reads(runs: Sequence[tuple[str, str]], *, is_red: bool = False) -> list[str]:
    """Say what happens, by going once through the true history, in its order."""
    said = []
    for name, letter in runs:
        if letter == "F":
            said.append(f"still-broken {name}" if is_red else f"broken {name}")
            is_red = True
        if letter == "G" and is_red:
            said.append(f"fixed {name}")
            is_red = False
    return said


def tip(letters: str) -> str:
    """Return the last letter that says how the lineage stands."""
    return next((letter for letter in reversed(letters) if letter in "FG"), "G")


@st.composite
def observations(draw: st.DrawFn) -> tuple[list[Run], list[tuple[str, str]]]:
    """Observe a history in its order: not all of it, some of it often, some early."""
    letters = draw(LETTERS)
    seen: list[Run] = []
    visible: list[tuple[str, str]] = []
    for number, letter in enumerate(letters, 1):
        if draw(st.booleans()) and draw(st.booleans()):
            continue
        seen += [run(number, early) for early in draw(st.text("qr?", max_size=2))]
        tries = draw(st.integers(1, 2)) if letter in "FG" else 1
        for attempt in range(1, tries + 1):
            outcome = letter if attempt == 1 else draw(st.sampled_from("FGC"))
            end = run(number, outcome, attempt=attempt)
            seen += [end] * draw(st.integers(1, 2))
            name = f"{number}@{attempt}" if attempt > 1 else str(number)
            visible.append((name, outcome))
        if draw(st.booleans()):
            seen.append(draw(st.sampled_from(seen)))
    return seen, visible


@given(observations(), st.booleans())
def test_what_is_visible_is_told_once_and_in_order(
    observed: tuple[list[Run], list[tuple[str, str]]],
    was_red: bool,  # noqa: FBT001 - drawn
) -> None:
    runs, visible = observed

    _, happenings = taken(watched(RED if was_red else GREEN), runs)

    assert told(happenings) == reads(visible, is_red=was_red)


@given(observations(), st.randoms(use_true_random=False))
def test_looks_that_show_many_runs_at_once_tell_the_same(
    observed: tuple[list[Run], list[tuple[str, str]]], chance: random.Random
) -> None:
    runs, visible = observed
    chance.shuffle(runs)
    step = look(watched(GREEN), runs, LATER)

    assert told(step.happenings) == reads(visible)


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[Run], list[tuple[str, str]]]:
    """Observe all ends of a history, in any order and any number of times."""
    true: list[tuple[Run, str]] = []
    for number, letter in enumerate(draw(LETTERS), 1):
        true.append((run(number, letter), letter))
        if letter in "FG" and draw(st.booleans()):
            other = draw(st.sampled_from("FGC"))
            true.append((run(number, other, attempt=2), other))
    ends = [end for end, _ in true]
    again = draw(st.lists(st.sampled_from(ends), max_size=4)) if ends else []
    visible = [(_name(end.ref), letter) for end, letter in true]
    return draw(st.permutations([*ends, *again])), visible


def _name(ref: RunRef) -> str:
    return f"{ref.id}@{ref.attempt}" if ref.attempt > 1 else ref.id


def stretches(visible: Sequence[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the runs of one outcome in a row, with the name of each."""
    found: list[tuple[str, list[str]]] = [("G", ["0"])]
    for name, letter in visible:
        if letter not in "FG":
            continue
        if found[-1][0] == letter:
            found[-1][1].append(name)
        else:
            found.append((letter, [name]))
    return found


@given(shuffled())
def test_in_any_order_each_red_stretch_is_told_once_and_each_fix_once(
    observed: tuple[list[Run], list[tuple[str, str]]],
) -> None:
    runs, visible = observed
    _, happenings = taken(watched(GREEN), runs)
    broken = [name.split()[1] for name in told(happenings, Event.BROKEN)]
    fixed = [name.split()[1] for name in told(happenings, Event.FIXED)]

    for (_, before), (letter, names) in pairwise([("", [""]), *stretches(visible)]):
        if letter == "F":
            assert len(set(names) & set(broken)) == 1, (names, broken)
            assert sum(broken.count(name) for name in names) == 1
        elif before != [""]:
            assert sum(fixed.count(name) for name in names) == 1, (names, fixed)
    assert len(broken) == sum(letter == "F" for letter, _ in stretches(visible))
    assert len(fixed) == sum(letter == "G" for letter, _ in stretches(visible)) - 1


def known(state: LineageState) -> object:
    """Return all that a state knows of its runs, and how they stand."""
    runs = [(seen.place, [end[:4] for end in seen.endings]) for seen in state.seen]
    standing = [(s.is_red, s.length, s.since) for s in streaks_of(None, state.seen)]
    return runs, standing


@given(shuffled())
def test_the_order_of_looking_does_not_matter_in_the_end(
    observed: tuple[list[Run], list[tuple[str, str]]],
) -> None:
    runs, _ = observed
    in_order = sorted(runs, key=lambda r: (int(r.ref.id), r.ref.attempt))

    assert known(taken(watched(GREEN), runs)[0]) == known(
        taken(watched(GREEN), in_order)[0]
    )


@given(
    st.lists(st.text("FG", min_size=1, max_size=3), max_size=6),
    st.randoms(use_true_random=False),
)
def test_retries_that_the_vendor_does_not_count_are_told_apart_by_their_ends(
    retries: list[str], chance: random.Random
) -> None:
    ends = [
        run(number, letter, finished_at=NOON + timedelta(hours=number, minutes=turn))
        for number, letters in enumerate(retries, 1)
        for turn, letter in enumerate(letters)
    ]
    _, happenings = taken(watched(GREEN), ends)
    chance.shuffle(ends)
    state, late = taken(watched(GREEN), ends)
    said = reads([("", letter) for letters in retries for letter in letters])

    for event in (Event.BROKEN, Event.FIXED):
        count = sum(word.startswith(event.value) for word in said)
        assert len(told(happenings, event)) == count
        assert len(told(late, event)) == count
    assert known(state) == known(taken(watched(GREEN), sorted(ends, key=_end))[0])


def _end(end: Run) -> datetime:
    return end.finished_at or LATER


@given(shuffled(), st.integers(0, 30))
def test_a_restart_between_any_two_observations_changes_nothing(
    observed: tuple[list[Run], list[tuple[str, str]]], cut: int
) -> None:
    runs, _ = observed
    whole = taken(watched(GREEN), runs)
    state, first = taken(watched(GREEN), runs[:cut])
    state, second = taken(unpack(pack(state)), runs[cut:])

    assert (state, [*first, *second]) == whole
    assert len({h.key for h in whole[1]}) == len(whole[1])


@given(shuffled())
def test_the_card_is_red_exactly_while_the_lineage_is(
    observed: tuple[list[Run], list[tuple[str, str]]],
) -> None:
    runs, _ = observed
    state, channel = watched(GREEN), Channel()
    ends = {end.ref: end for end in runs}

    for observed_run in runs:
        step = advance(state, observed_run, LATER)
        state = step.state
        for happening in step.happenings:
            channel.hear(happening, ends[happening.run])
        stands = streaks_of(state.past, state.seen)
        assert (channel.incident is not None) == stands[-1].is_red

    keys = [delivery.key for delivery in channel.deliveries]
    assert len(set(keys)) == len(keys)


@given(LETTERS)
def test_in_order_there_is_one_card_for_each_red_stretch(letters: str) -> None:
    state, channel = watched(GREEN), Channel()
    runs = {end.ref: end for end in history(letters)}
    _, happenings = taken(state, runs.values())
    for happening in happenings:
        channel.hear(happening, runs[happening.run])

    said = reads([(str(n), letter) for n, letter in enumerate(letters, 1)])
    cards = [d for d in channel.deliveries if d.kind is DeliveryKind.CARD]
    replies = [d for d in channel.deliveries if d.kind is DeliveryKind.REPLY]
    updates = [d for d in channel.deliveries if d.kind is DeliveryKind.UPDATE]
    assert len(cards) == sum(word.startswith("broken") for word in said)
    assert len(replies) == sum(word.startswith("fixed") for word in said)
    assert len(updates) == len(said) - len(cards)
    assert (channel.incident is not None) == (tip(letters) == "F")


@given(st.text("FGCU", min_size=51, max_size=130), st.integers(1, 3))
def test_a_memory_that_is_full_forgets_nothing_that_matters(
    letters: str, times: int
) -> None:
    runs = history(letters)
    _, happenings = taken(watched(GREEN), [r for r in runs for _ in range(times)])
    said = reads([(str(n), letter) for n, letter in enumerate(letters, 1)])

    assert told(happenings) == said
    assert _streak_lengths(happenings) == _lengths(letters)


def _streak_lengths(happenings: Sequence[Happening]) -> list[int]:
    return [h.streak for h in happenings if h.event is Event.FIXED]


def _lengths(letters: str) -> list[int]:
    found, length = [], 0
    for letter in letters:
        if letter == "F":
            length += 1
        elif letter == "G" and length:
            found.append(length)
            length = 0
    return found


@given(st.integers(1, 5), observations())
def test_a_watch_after_several_failures_rings_once_a_streak(
    after: int, observed: tuple[list[Run], list[tuple[str, str]]]
) -> None:
    runs, visible = observed
    channel = Channel(watches=(watch(after=after),))
    ends = {end.ref: end for end in runs}
    for happening in taken(watched(GREEN), runs)[1]:
        channel.hear(happening, ends[happening.run])

    cards = [d for d in channel.deliveries if d.kind is DeliveryKind.CARD]
    red = [names for letter, names in stretches(visible) if letter == "F"]
    failed = [len({name.split("@")[0] for name in names}) for names in red]
    assert len(cards) == sum(count >= after for count in failed)
