"""One incident, one message: what is posted, what is edited, what is said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.alerts import Card, Storm, Update, unpack
from bot.records import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Event,
    Incident,
    Lineage,
    Mute,
    Style,
)
from bot.watch import storm as storms
from bot.watch.decide import decide
from bot.watch.incident import tell
from bot.watch.rules import Situation
from bot.watch.storm import (
    USUAL,
    Gale,
    Gathered,
    Member,
    caught_up,
    gather_storm,
    is_storm,
    storm_lineage,
)
from providers.model import Pipeline, PipelineRef, RunRef
from tests.bot.watch.histories import (
    LATER,
    RELEASE,
    Channel,
    history,
    run,
    taken,
    watch,
    watched,
)

GREEN, RED = run(0, "G"), run(0, "F")
MINUTE = timedelta(minutes=1)
EVERYTHING = frozenset(Event)


def heard(channel: Channel, letters: str, baseline: str = "G") -> Channel:
    """Let a channel hear of a history, each run right after it ended."""
    state = watched(run(0, baseline))
    for observed in history(letters):
        now = (observed.finished_at or LATER) + MINUTE
        state, happenings = taken(state, [observed], now)
        for happening in happenings:
            channel.hear(happening, observed, now)
    return channel


def kinds(channel: Channel) -> list[str]:
    """Return what is delivered, such as `card broken`."""
    return [
        f"{delivery.kind.value} {alert.event.value}"
        for delivery in channel.deliveries
        if isinstance(alert := unpack(delivery.payload), Card | Update)
    ]


@pytest.mark.parametrize(
    ("style", "letters", "said"),
    [
        (Style.BOTH, "F", ["card broken"]),
        (Style.BOTH, "FF", ["card broken", "update still-broken"]),
        (Style.BOTH, "FG", ["card broken", "update fixed", "reply fixed"]),
        (Style.EDIT, "FG", ["card broken", "update fixed"]),
        (Style.THREAD, "FFG", ["card broken", "reply fixed"]),
        (Style.BOTH, "GCSUG", []),
        (
            Style.BOTH,
            "FGF",
            ["card broken", "update fixed", "reply fixed", "card broken"],
        ),
    ],
)
def test_an_incident_is_told_in_its_style(
    style: Style, letters: str, said: list[str]
) -> None:
    channel = heard(Channel(watches=(watch(style=style),)), letters)

    assert kinds(channel) == said
    assert (channel.incident is not None) == (letters[-1] == "F")


def test_what_rings_after_two_failures_broke_and_is_not_still_red() -> None:
    asked = watch(on=frozenset({Event.BROKEN, Event.STILL_BROKEN}), after=2)

    told = kinds(heard(Channel(watches=(asked,)), "FFF"))

    assert told == ["card broken", "update still-broken", "reply still-broken"]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        (Style.BOTH, ["card broken", "update still-broken", "reply still-broken"]),
        (Style.EDIT, ["card broken", "update still-broken"]),
        (Style.THREAD, ["card broken", "reply still-broken"]),
    ],
)
def test_still_broken_is_rung_where_it_was_asked_for(
    style: Style, said: list[str]
) -> None:
    on = frozenset({Event.BROKEN, Event.STILL_BROKEN})

    assert kinds(heard(Channel(watches=(watch(style=style, on=on),)), "FF")) == said


def test_a_fix_nobody_asked_for_closes_the_card_without_a_word() -> None:
    for style in Style:
        asked = watch(on=frozenset({Event.BROKEN}), style=style)
        channel = heard(Channel(watches=(asked,)), "FG")

        assert kinds(channel) == ["card broken", "update fixed"]
        assert channel.incident is None


def test_the_card_has_all_that_is_known_of_the_incident() -> None:
    asked = watch(mention="U9")
    channel = heard(Channel(watches=(asked,)), "FF")
    broken, still = (unpack(d.payload) for d in channel.deliveries)

    assert channel.incident is not None
    assert broken == Card(
        incident=channel.incident.id,
        watch="w1",
        event=Event.BROKEN,
        pipeline=RELEASE,
        run=run(1, "F"),
        red_since=run(1, "F").finished_at,
        streak=1,
        mention="U9",
    )
    assert still == replace(
        broken, event=Event.STILL_BROKEN, run=run(2, "F"), streak=2, mention=None
    )
    assert channel.incident.first_run == run(1, "F").ref
    assert channel.incident.latest_run == run(2, "F").ref
    assert channel.incident.streak == 2


def test_only_what_fails_is_loud() -> None:
    channel = heard(Channel(watches=(watch(on=EVERYTHING),)), "FFG")

    loud = {
        w for w, d in zip(kinds(channel), channel.deliveries, strict=True) if d.is_loud
    }
    assert loud == {"card broken", "update still-broken", "reply still-broken"}
    assert [d.is_loud for d in heard(Channel(), "FF").deliveries] == [True, False]


def test_the_run_that_broke_it_stands_on_later_cards_and_acks_stay() -> None:
    channel = heard(Channel(), "F")
    assert channel.incident
    acked = replace(channel.incident, acked_by="U3")
    (still, _) = [
        h for h in taken(watched(GREEN), history("FF"))[1] if h.run.id == "2"
    ][:2]
    verdict = decide(
        still,
        watch(),
        Situation(pipeline=RELEASE, run=run(2, "F"), now=LATER, incident=acked),
    )

    told = tell(
        verdict,
        still,
        run=run(2, "F"),
        pipeline=replace(RELEASE, latest=GREEN),
        watch=watch(),
        incident=acked,
        now=LATER,
        first_run=run(1, "F"),
        muted_by="U5",
    )

    card = unpack(told.deliveries[0].payload)
    assert isinstance(card, Card)
    assert (card.first_run, card.acked_by, card.muted_by) == (run(1, "F"), "U3", "U5")
    assert card.pipeline.latest is None
    assert card.late_since == run(2, "F").finished_at


def test_muted_still_red_edits_the_card_and_posts_nothing_new() -> None:
    channel = heard(Channel(), "F")
    channel.mutes = (
        Mute(id="m1", channel="C1", target="release", by="U7", created_at=LATER),
    )
    state, _ = taken(watched(GREEN), history("F"))
    for observed in history("FG", start=2):
        state, happenings = taken(state, [observed])
        for happening in happenings:
            channel.hear(happening, observed)

    assert kinds(channel) == ["card broken", "update still-broken", "update fixed"]
    assert channel.incident is None


def test_what_broke_while_it_was_muted_is_told_by_the_next_failure() -> None:
    until = (run(1, "F").finished_at or LATER) + MINUTE
    mute = Mute(
        id="m1",
        channel="C1",
        target="release",
        until=until + MINUTE / 2,
        by="U7",
        created_at=LATER,
    )
    channel = heard(Channel(watches=(watch(mention="U9"),), mutes=(mute,)), "FFG")

    assert kinds(channel) == ["card broken", "update fixed", "reply fixed"]
    card = unpack(channel.deliveries[0].payload)
    assert isinstance(card, Card)
    assert (card.run, card.streak, card.mention) == (run(2, "F"), 2, "U9")
    assert card.red_since == run(1, "F").finished_at


def test_what_was_red_before_the_first_look_has_no_incident() -> None:
    asked = watch(on=frozenset({Event.STILL_BROKEN, Event.FIXED}))
    channel = heard(Channel(watches=(asked,)), "FG", baseline="F")

    assert kinds(channel) == ["notice still-broken"]
    assert channel.incident is None


@pytest.mark.parametrize(
    ("on", "style", "letters", "said"),
    [
        ({Event.WAITING}, Style.BOTH, "w", ["notice waiting"]),
        (
            {Event.BROKEN, Event.CANCELED},
            Style.BOTH,
            "FC",
            ["card broken", "reply canceled"],
        ),
        (
            {Event.BROKEN, Event.CANCELED},
            Style.EDIT,
            "FC",
            ["card broken", "notice canceled"],
        ),
        ({Event.DONE}, Style.BOTH, "GC", ["notice done", "notice done"]),
        (
            {Event.EVERY_FAILURE, Event.FIXED},
            Style.THREAD,
            "FFG",
            ["card every-failure", "reply every-failure", "reply fixed"],
        ),
        ({Event.DONE}, Style.BOTH, "r", []),
    ],
)
def test_what_is_about_one_run_is_said_in_the_thread_or_by_itself(
    on: set[Event], style: Style, letters: str, said: list[str]
) -> None:
    asked = watch(on=frozenset(on), style=style)

    assert kinds(heard(Channel(watches=(asked,)), letters)) == said


def test_every_failure_of_what_was_red_before_is_a_message_of_its_own() -> None:
    asked = watch(on=frozenset({Event.EVERY_FAILURE}))

    channel = heard(Channel(watches=(asked,)), "FF", baseline="F")

    assert kinds(channel) == ["notice every-failure"] * 2


def test_what_comes_too_late_changes_no_card() -> None:
    channel = Channel()
    runs = [run(5, "F"), run(1, "F"), run(2, "G")]
    _, happenings = taken(watched(GREEN), runs)
    by_ref = {observed.ref: observed for observed in runs}
    for happening in happenings:
        channel.hear(happening, by_ref[happening.run])

    assert kinds(channel) == ["card broken", "update still-broken"]
    assert channel.incident is not None


def test_keys_are_the_same_whenever_it_is_told() -> None:
    once, later = heard(Channel(), "FG"), Channel()
    runs = {observed.ref: observed for observed in history("FG")}
    for happening in taken(watched(GREEN), runs.values(), LATER)[1]:
        later.hear(happening, runs[happening.run], LATER + MINUTE)

    assert [d.key for d in once.deliveries] == [d.key for d in later.deliveries]
    other = heard(Channel(watches=(watch(channel="C2"),)), "FG")
    assert {d.key for d in once.deliveries}.isdisjoint(d.key for d in other.deliveries)


def member(
    number: int,
    opened: timedelta = timedelta(),
    state: DeliveryState = DeliveryState.PENDING,
    letters: str = "F",
) -> Member:
    """Return an incident of a pipeline of its own, with what is delivered of it."""
    ref = PipelineRef("shop", f"p{number}")
    pipeline = Pipeline(ref=ref, name=f"p{number}")
    channel, incident = Channel(pipeline=pipeline), None
    observed = [replace(r, ref=RunRef(ref, r.ref.id)) for r in history(letters)]
    for happening in taken(watched(replace(GREEN, ref=RunRef(ref, "0"))), observed)[1]:
        about = next(r for r in observed if r.ref == happening.run)
        channel.hear(happening, about)
        incident = channel.incident or incident
    assert incident is not None
    closed = None if channel.incident else LATER
    return Member(
        replace(incident, opened_at=LATER + opened, closed_at=closed),
        tuple(replace(d, state=state) for d in channel.deliveries),
    )


def gathered(
    members: Sequence[Member],
    storm: Incident | None = None,
    after: timedelta = MINUTE,
    style: Style = Style.BOTH,
) -> Gathered:
    said = storms.shown(BEGUN.deliveries) if storm else None
    now, before = LATER + after, said.lines if said else ()
    return gather_storm("C1", "shop", members, storm, now, before=before, style=style)


def shown(delivery: Delivery) -> Storm:
    alert = unpack(delivery.payload)
    assert isinstance(alert, Storm)
    return alert


def swallowed(member: Member) -> Member:
    rows = [replace(d, state=DeliveryState.SWALLOWED) for d in member.deliveries]
    return replace(member, deliveries=tuple(rows))


FIVE = [member(n) for n in range(USUAL.enough)]
BEGUN = gathered(FIVE)
STORM = BEGUN.storm
MEMBERS = [swallowed(m) for m in FIVE]


def test_five_cards_within_two_minutes_are_one_storm() -> None:
    result = gathered(FIVE)

    (message,) = result.deliveries
    assert message.kind is DeliveryKind.STORM
    assert message.is_loud
    assert result.swallowed == tuple(d for m in FIVE for d in m.deliveries)
    assert result.storm
    assert is_storm(result.storm)
    assert message.incident == result.storm.id
    alert = shown(message)
    assert (alert.count, alert.connection, alert.is_over) == (5, "shop", False)
    assert [line.pipeline.name for line in alert.lines] == [
        "p0",
        "p1",
        "p2",
        "p3",
        "p4",
    ]


@pytest.mark.parametrize(
    ("sentence", "members", "after"),
    [
        ("four are no storm", FIVE[:4], MINUTE),
        ("five over a longer time are none", FIVE, 3 * MINUTE),
        (
            "what was posted is not taken back",
            [member(n, state=DeliveryState.SENT) for n in range(5)],
            MINUTE,
        ),
        (
            "nor is what may have been",
            [member(n, state=DeliveryState.TRYING) for n in range(5)],
            MINUTE,
        ),
        (
            "nor is what follows a card that stands",
            [replace(m, incident=replace(m.incident, ts="1.2")) for m in FIVE],
            MINUTE,
        ),
    ],
)
def test_without_a_storm_nothing_is_swallowed(
    sentence: str, members: list[Member], after: timedelta
) -> None:
    assert gathered(members, after=after) == Gathered(), sentence


def test_how_many_in_how_long_are_a_storm_can_be_told() -> None:
    three, hour = Gale(3, USUAL.within), Gale(USUAL.enough, 60 * MINUTE)
    later = LATER + 3 * MINUTE

    def begins(members: Sequence[Member], now: datetime, gale: Gale) -> bool:
        return gather_storm("C1", "shop", members, None, now, gale).storm is not None

    assert begins(FIVE[:3], LATER, three)
    assert not begins(FIVE[:2], LATER, three)
    assert not begins(FIVE, later, USUAL)
    assert begins(FIVE, later, hour)


def test_the_fifth_card_makes_a_storm_though_four_were_posted() -> None:
    sent = [member(n, state=DeliveryState.SENT) for n in range(4)]

    result = gathered([*sent, member(4)])

    assert [line.pipeline.name for line in shown(result.deliveries[0]).lines] == ["p4"]
    assert shown(result.deliveries[0]).count == 1


def test_a_storm_that_goes_on_is_told_by_its_one_message() -> None:
    result = gathered([*MEMBERS, member(7, MINUTE)], STORM, 2 * MINUTE)

    (message,) = result.deliveries
    assert message.kind is DeliveryKind.UPDATE
    assert shown(message).count == 6
    assert len(shown(message).lines) == 6
    assert result.storm
    assert result.storm.streak == 6


def test_a_fix_of_what_a_storm_told_is_told_by_the_storm() -> None:
    broken, *fixing = member(0, letters="FG").deliveries
    one = replace(
        member(0, letters="FG"),
        deliveries=(replace(broken, state=DeliveryState.SWALLOWED), *fixing),
    )

    result = gathered([one, *MEMBERS[1:]], STORM)

    assert [d.kind.value for d in result.swallowed] == ["update", "reply"]
    fixed = shown(result.deliveries[0]).lines[0]
    assert (fixed.event, fixed.streak) == (Event.FIXED, 1)
    assert fixed.red_since == run(1, "F").finished_at
    assert shown(result.deliveries[0]).count == 5


def test_while_the_newest_card_is_young_a_storm_is_not_over() -> None:
    assert gathered(MEMBERS, STORM) == Gathered()


def test_a_storm_is_over_once_and_names_what_is_still_red() -> None:
    closed = replace(MEMBERS[0], incident=replace(FIVE[0].incident, closed_at=LATER))
    posted = member(9, state=DeliveryState.SENT)

    forgotten = Member(replace(posted.incident, ts="1.2"), ())

    result = gathered([closed, *MEMBERS[1:], posted, forgotten], STORM, 3 * MINUTE)
    again = gathered([closed, *MEMBERS[1:]], STORM, 9 * MINUTE)

    assert [d.kind.value for d in result.deliveries] == ["update", "reply"]
    assert [d.key for d in result.deliveries] == [d.key for d in again.deliveries]
    card, word = map(shown, result.deliveries)
    assert (card.is_over, card.count, card.red) == (True, 5, 4)
    assert [line.pipeline.name for line in card.lines] == ["p0", "p1", "p2", "p3", "p4"]
    assert word == replace(card, lines=()), "the list is not said twice"
    assert not any(message.is_loud for message in result.deliveries)
    assert result.storm
    assert result.storm.closed_at == LATER + 3 * MINUTE


def test_a_storm_is_over_when_all_of_it_is_fixed() -> None:
    fixed = [replace(m, incident=replace(m.incident, closed_at=LATER)) for m in MEMBERS]

    for members in (fixed, []):
        result = gathered(members, STORM)

        alert = shown(result.deliveries[0])
        assert (alert.is_over, alert.red, len(alert.lines)) == (True, 0, 5)


@pytest.mark.parametrize(
    ("style", "kinds"), [(Style.EDIT, ["update"]), (Style.THREAD, ["reply"])]
)
def test_a_storm_is_over_in_the_style_of_its_watch(
    style: Style, kinds: list[str]
) -> None:
    result = gathered(MEMBERS, STORM, 3 * MINUTE, style)

    assert [d.kind.value for d in result.deliveries] == kinds
    assert len(shown(result.deliveries[0]).lines) == 5


def test_a_storm_that_is_over_shows_what_is_fixed_later() -> None:
    over = gathered(MEMBERS, STORM, 3 * MINUTE)
    assert over.storm
    said = shown(over.deliveries[0])
    broken, *fixing = member(0, letters="FG").deliveries
    rows = (replace(broken, state=DeliveryState.SWALLOWED), *fixing)
    fixed = replace(member(0, letters="FG"), deliveries=rows)

    edit = caught_up(over.storm, said, [fixed, *MEMBERS[1:]], LATER + 9 * MINUTE)

    assert edit
    assert (edit.kind, edit.incident) == (DeliveryKind.UPDATE, over.storm.id)
    assert (said.red, shown(edit).red, len(shown(edit).lines)) == (5, 4, 5)
    assert shown(edit).lines[0].event is Event.FIXED
    assert shown(edit).is_over
    again = caught_up(over.storm, shown(edit), [fixed], LATER + 9 * MINUTE)
    assert again is None, "it was shown"
    assert caught_up(over.storm, said, MEMBERS, LATER) is None


def test_who_is_on_a_storm_stands_on_it_to_its_end() -> None:
    assert STORM
    acked = replace(STORM, acked_by="U3")

    for members, after in (([*MEMBERS, member(7)], MINUTE), (MEMBERS, 3 * MINUTE)):
        alert = shown(gathered(members, acked, after).deliveries[0])
        assert (alert.acked_by, alert.incident) == ("U3", STORM.id)


def test_a_delivery_that_cannot_be_read_costs_only_its_line() -> None:
    rows = tuple(replace(d, payload="?") for d in FIVE[0].deliveries)

    result = gathered([replace(FIVE[0], deliveries=rows), *FIVE[1:]])

    assert len(shown(result.deliveries[0]).lines) == 4
    assert shown(result.deliveries[0]).count == 5


def test_a_storm_is_kept_apart_from_every_pipeline() -> None:
    assert storm_lineage("shop") != storm_lineage("other")
    assert storm_lineage("shop") != Lineage(PipelineRef("shop", "*"), "branch:storm")
    assert not is_storm(FIVE[0].incident)
