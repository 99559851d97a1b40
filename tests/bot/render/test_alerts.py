"""Alerts as messages: failure is louder than success, and Slack takes every one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import Alert, Card, Said, Storm, StormLine, Update, pack, unpack
from bot.demo.slack.blocks.check import check_blocks
from bot.records import Event
from bot.render.alert.drawing import draw
from bot.render.alert.wording import NOTES, SHORT
from bot.render.message import MOST_BLOCKS, Message
from bot.render.terminal import terminal
from providers.model import Pipeline, PipelineRef, Run, RunRef, State, Trigger
from tests.bot.render.anything import MOMENT, PIPELINES, TEXT, runs
from tests.bot.render.drawn import tree
from tests.fakes.provider import NOON, make_run

NOW = NOON + timedelta(hours=3)
RELEASE = Pipeline(
    ref=PipelineRef("ci", "release"), name="release", url="https://ci.example/release"
)
BROKEN = Card(
    incident="4f2a9c",
    watch="w7k3f",
    event=Event.BROKEN,
    pipeline=RELEASE,
    run=make_run(
        RELEASE.ref,
        12,
        State.FAILED,
        url="https://ci.example/release/12",
        tasks=tuple(replace(stage, log=stage.name) for stage in tree()),
    ),
    red_since=NOON + timedelta(minutes=13),
    streak=1,
)
FIXED = replace(
    BROKEN,
    event=Event.FIXED,
    run=make_run(RELEASE.ref, 160, url="https://ci.example/release/160"),
    streak=4,
)


def shown(alert: Alert, **more: Any) -> str:
    """Return what a reader sees, without what is pressed."""
    message = draw(alert, NOW, **more)
    blocks = tuple(b for b in message.blocks if b["type"] != "actions")
    return terminal(Message(message.text, blocks), NOW).plain


def pressed(alert: Alert) -> dict[str, str]:
    """Return what can be pressed, with the command that it gives."""
    found = {}
    for element in _elements(draw(alert, NOW)):
        for option in element.get("options", [element]):
            found[option["text"]["text"]] = option["value"]
    return found


def elements(alert: Alert, kind: str) -> list[dict[str, Any]]:
    """Return the elements of rich text of a kind."""
    return [e for e in _all(draw(alert, NOW).blocks) if e.get("type") == kind]


def _elements(message: Message) -> list[dict[str, Any]]:
    actions = (b for b in message.blocks if b["type"] == "actions")
    return [element for block in actions for element in block["elements"]]


def _all(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _all(inner)


def test_a_break_is_a_heading_with_all_one_needs_to_act() -> None:
    assert shown(BROKEN) == (
        "❌ release #12 failed\n"
        "\n"
        "Open · main · kim · 1 min · 2 h ago\n"
        "Failed in Test / unit / pytest\n"
        "3 failed\n"
    )
    assert draw(BROKEN, NOW).text == (
        "release #12 failed on main in Test / unit / pytest: 3 failed"
    )


def test_while_it_lasts_the_card_says_how_long_and_since_which_run() -> None:
    first = make_run(RELEASE.ref, 9, State.FAILED)
    text = shown(replace(BROKEN, event=Event.STILL_BROKEN, streak=4, first_run=first))

    assert "Red for 2 h 47 min, 4 runs, since release #9\n" in text


def test_a_fix_is_one_short_line() -> None:
    assert shown(FIXED) == (
        "✅ fixed after 2 h 28 min, 4 runs  "
        "release #160 · main · kim · 1 min · 20 min ago\n"
    )
    assert pressed(FIXED) == {}
    assert draw(FIXED, NOW).text == (
        "release #160 fixed after 2 h 28 min, 4 runs on main"
    )


def test_a_fix_told_late_was_no_longer_red_for_it() -> None:
    later = NOW + timedelta(days=3)

    assert "fixed after 2 h 28 min" in draw(FIXED, later).text


@pytest.mark.parametrize(
    ("red_since", "streak", "said"),
    [
        (None, 0, "✅ fixed  release"),
        (None, 2, "✅ fixed after 2 runs  release"),
        (NOON, 0, "✅ fixed after 2 h 41 min  release"),
        (NOW + timedelta(days=1), 1, "✅ fixed after 0 s, 1 run  release"),
    ],
)
def test_of_a_fix_no_more_is_said_than_is_known(
    red_since: datetime | None, streak: int, said: str
) -> None:
    assert shown(replace(FIXED, red_since=red_since, streak=streak)).startswith(said)


def test_who_is_on_it_and_who_silenced_it_stand_on_the_card() -> None:
    alert = replace(BROKEN, acked_by="U0ANN", muted_by="U0BOB")

    users = elements(alert, "user")

    assert [user["user_id"] for user in users] == ["U0ANN", "U0BOB"]
    assert "👀 acknowledged by" in shown(alert)
    assert "🔕 muted by" in shown(alert)


@pytest.mark.parametrize(
    ("ident", "element"),
    [
        ("U0ANN", {"type": "user", "user_id": "U0ANN"}),
        ("W0ANN", {"type": "user", "user_id": "W0ANN"}),
        ("S0OPS", {"type": "usergroup", "usergroup_id": "S0OPS"}),
    ],
)
def test_a_break_mentions_whom_the_watch_names(
    ident: str, element: dict[str, str]
) -> None:
    assert element in elements(replace(BROKEN, mention=ident), element["type"])


@pytest.mark.parametrize("event", [e for e in Event if e is not Event.BROKEN])
def test_nothing_but_a_break_mentions_anybody(event: Event) -> None:
    alert = replace(BROKEN, event=event, mention="U0ANN")

    assert elements(alert, "user") == []


@pytest.mark.parametrize("ident", ["!channel", "here", "U0 ANN", "<@U1>", "C0OPS", "é"])
def test_what_is_no_person_is_mentioned_as_text_only(ident: str) -> None:
    alert = replace(BROKEN, mention=ident)

    assert elements(alert, "user") == elements(alert, "usergroup") == []
    assert elements(alert, "broadcast") == []
    assert ident in shown(alert)


def test_a_press_is_a_command_one_could_type() -> None:
    assert pressed(BROKEN) == {
        "Ack": "ack 4f2a9c",
        "Mute": "mute 4f2a9c until fixed",
        "Log": "log ci:release #12",
        "Show the run": "show ci:release #12",
        "Why this alert": "why ci:release #12",
        "Mute for 1 h": "mute 4f2a9c for 1h",
        "Mute for today": "mute 4f2a9c until tomorrow",
    }


def test_there_are_three_buttons_at_most_and_each_has_its_own_id() -> None:
    found = _elements(draw(BROKEN, NOW))

    assert [e["type"] for e in found] == ["button", "button", "button", "overflow"]
    assert len({e["action_id"] for e in found}) == len(found)


def test_what_was_done_is_not_offered_again() -> None:
    found = pressed(replace(BROKEN, acked_by="U0ANN", muted_by="U0BOB"))

    assert "Ack" not in found
    assert found["Unmute"] == "unmute 4f2a9c"


def test_what_is_pressed_does_no_two_things_and_nothing_twice() -> None:
    commands = list(pressed(BROKEN).values())

    assert len(set(commands)) == len(commands)


def test_a_log_is_offered_only_where_there_may_be_one() -> None:
    in_full, in_short = replace(BROKEN.run, tasks=tree()), BROKEN.run
    in_short = replace(in_short, tasks=None)

    assert "Log" not in pressed(replace(BROKEN, run=in_full))
    assert "Log" in pressed(replace(BROKEN, run=in_short))
    assert "Log" not in pressed(replace(BROKEN, run=in_short, has_log=False))


@pytest.mark.parametrize(
    ("actor", "is_shown"),
    [
        ("1234567890123456789", False),
        ("0b3a5f9c2d1e4f60718293a4b5c6d7e8", False),
        ("kim", True),
        ("kim@example.com", True),
        ("12345", True),
    ],
)
def test_a_key_of_the_vendors_is_no_name(actor: str, is_shown: bool) -> None:  # noqa: FBT001 - drawn from the table
    run = replace(BROKEN.run, trigger=Trigger(actor=actor))

    assert (actor in shown(replace(BROKEN, run=run))) == is_shown


def test_a_message_of_its_own_has_nothing_to_acknowledge() -> None:
    found = pressed(replace(BROKEN, event=Event.EVERY_FAILURE, incident=""))

    assert list(found) == ["Log", "Show the run", "Why this alert"]


def test_a_name_with_spaces_is_quoted_and_one_that_cannot_be_typed_left_out() -> None:
    spaced = PipelineRef("ci", "my release")
    odd = PipelineRef("ci", 'a "b" #c')
    run = replace(BROKEN.run, ref=RunRef(spaced, "12"))

    assert pressed(replace(BROKEN, run=run))["Log"] == 'log "ci:my release" #12'
    for ref in (RunRef(odd, "12"), RunRef(spaced, "1 2"), RunRef(spaced, "<1>")):
        found = pressed(replace(BROKEN, run=replace(run, ref=ref)))
        assert "Log" not in found
        assert "Ack" in found


def test_a_command_that_is_too_long_for_slack_is_left_out() -> None:
    long = RunRef(PipelineRef("ci", "x" * 200), "12")
    longer = RunRef(PipelineRef("ci", "x" * 3000), "12")

    found = pressed(replace(BROKEN, run=replace(BROKEN.run, ref=long)))
    assert "Log" in found
    assert "Show the run" not in found
    found = pressed(replace(BROKEN, run=replace(BROKEN.run, ref=longer), incident=""))
    assert found == {}


@pytest.mark.parametrize(
    ("event", "state", "said"),
    [
        (Event.WAITING, State.WAITING, "✋ waits for somebody  release #12"),
        (Event.STUCK, State.QUEUED, "⏳ stuck in the queue  release #12"),
        (Event.SLOW, State.RUNNING, "🔄 slow  release #12"),
        (Event.CANCELED, State.CANCELED, "🚫 canceled  release #12"),
        (Event.DONE, State.SUCCEEDED, "✅ ended  release #12"),
        (Event.DONE, State.FAILED, "❌ release #12 failed"),
        (Event.EVERY_FAILURE, State.FAILED, "❌ release #12 failed"),
    ],
)
def test_only_a_failure_has_a_heading(event: Event, state: State, said: str) -> None:
    alert = replace(BROKEN, event=event, run=make_run(RELEASE.ref, 12, state))

    message = draw(alert, NOW)

    assert shown(alert).startswith(said)
    has_heading = message.blocks[0]["type"] == "header"
    assert has_heading == (state is State.FAILED)


def test_every_event_has_its_words() -> None:
    assert set(SHORT) == set(Event)
    assert set(NOTES) <= set(Event)


def test_what_is_told_late_says_so_and_what_may_repeat_says_that() -> None:
    since = NOW - timedelta(minutes=35)

    assert "Told late: it happened 35 min ago" in shown(BROKEN, late_since=since)
    own = replace(BROKEN, late_since=NOW - timedelta(hours=2))
    assert "it happened 2 h ago" in shown(own, late_since=since)
    assert "may be a repeat" in shown(BROKEN, may_repeat=True)
    assert "late" not in shown(BROKEN)


def update(event: Event, **more: Any) -> Update:
    known: dict[str, Any] = {"pipeline": RELEASE, "run": BROKEN.run, **more}
    return Update(event=event, **known)


def test_in_the_thread_stands_the_end_of_the_log() -> None:
    alert = update(Event.BROKEN, log="one\n<!channel>\n", log_of="Test / unit")

    text = shown(alert)

    assert text.startswith("❌ broke  release #12 · main · kim · 1 min · 2 h ago\n")
    assert "Failed in Test / unit / pytest\n3 failed\n" in text
    assert "Log of Test / unit\n\none\n<!channel>\n" in text
    assert "<" not in draw(alert, NOW).text


def test_in_the_thread_progress_and_the_end_are_a_line() -> None:
    still = update(Event.STILL_BROKEN, red_since=NOON, streak=3)
    fixed = update(Event.FIXED, run=FIXED.run, red_since=NOON, streak=3)

    assert "still red, for 3 h, 3 runs  release #12" in shown(still)
    assert shown(fixed).startswith("✅ fixed after 2 h 41 min, 3 runs  release #160")
    assert "still red  release" in shown(update(Event.STILL_BROKEN))
    stuck = update(Event.STUCK, limit=timedelta(minutes=30))
    assert "It has been queued for over 30 min.\n" in shown(stuck)
    again = update(Event.BROKEN, red_since=NOON, streak=2)
    assert "❌ broke, 2 failures in a row  release #12" in shown(again)
    assert "canceled  release" in shown(update(Event.CANCELED))


def test_in_the_thread_nothing_is_pressed_and_nobody_rung() -> None:
    alert = update(Event.BROKEN, log=" ")

    assert [block["type"] for block in draw(alert, NOW).blocks] == ["rich_text"]


def test_a_notice_says_what_since_when_and_what_to_do() -> None:
    alert = Said(what="ci cannot be read", advice="Renew its token.", since=NOON)

    assert shown(alert) == "⚠️ ci cannot be read since 3 h ago\nRenew its token.\n"
    assert draw(alert, NOW).text == "⚠️ ci cannot be read. Renew its token."
    over = replace(alert, what="ci can be read again", advice=None, is_over=True)
    assert shown(over) == "✅ ci can be read again after trouble since 3 h ago\n"


def test_a_notice_names_a_channel_as_slack_does() -> None:
    said = Said(what="Slack takes no alerts for", channel="C0OPS")

    assert elements(said, "channel") == [{"type": "channel", "channel_id": "C0OPS"}]
    assert "U0ANN" in shown(replace(said, channel="U0ANN"))


def storm(listed: int, **more: Any) -> Storm:
    lines = []
    for n in range(listed):
        pipeline = Pipeline(ref=PipelineRef("ci", f"p{n}"), name=f"p{n}")
        run = make_run(pipeline.ref, 12, State.FAILED)
        lines.append(StormLine(pipeline=pipeline, run=run, event=Event.BROKEN))
    known = {"lines": tuple(lines), "count": listed, "connection": "ci", **more}
    return Storm(**known)


def test_a_storm_lists_what_it_swallowed_and_counts_the_rest() -> None:
    text = shown(storm(30))

    assert text.startswith("🌩️ 30 alerts at once in ci\n")
    assert "❌ broke  p0 #12 · main · kim" in text
    assert "p19 #12" in text
    assert "p20 #12" not in text
    assert "… and 10 more" in text
    assert draw(storm(30), NOW).text.startswith(
        "30 alerts at once in ci: p0 #12 broke; p1 #12 broke"
    )


def test_of_a_storm_one_can_say_that_one_is_on_it_and_have_an_hour_of_peace() -> None:
    one = storm(5, incident="5t0rm")

    assert pressed(one) == {
        "Ack": "ack 5t0rm",
        "Mute for 1 h": "mute ci:* for 1h",
        "Show how they are": "status ci:*",
        "Mute for today": "mute ci:* until tomorrow",
    }
    acked = replace(one, acked_by="U0ANN")
    assert "Ack" not in pressed(acked)
    assert "👀 acknowledged by U0ANN" in shown(acked)
    assert pressed(replace(one, is_over=True)) == {}, "nothing of it is red"
    assert pressed(replace(one, is_over=True, red=2)) == pressed(one)
    beside = replace(one, is_over=True, red=2, lines=())
    assert pressed(beside) == {}, "they stand on the message itself"
    assert pressed(storm(5, connection=None)) == {}
    assert list(pressed(storm(5, connection="a b"))) == []


def test_a_storm_that_is_over_still_lists_what_it_was_and_how_that_ended() -> None:
    red, first, *_ = storm(2).lines
    fixed = replace(
        first,
        event=Event.FIXED,
        run=FIXED.run,
        red_since=NOON + timedelta(minutes=13),
        streak=4,
    )
    still = replace(red, event=Event.STILL_BROKEN, red_since=NOON, streak=2)
    one = storm(2, lines=(still, fixed), red=1, is_over=True)

    assert shown(one) == (
        "❌ The storm in ci is over: 1 of 2 still red\n"
        "❌ still red, for 3 h, 2 runs  p0 #12 · main · kim · 1 min · 2 h ago\n"
        "✅ fixed after 2 h 28 min, 4 runs  p1 #160 · main · kim · 1 min · 20 min ago\n"
    )
    assert draw(one, NOW).text == (
        "The storm in ci is over: 1 of 2 still red: p0 #12 still red; p1 #160 fixed"
    )
    beside = replace(one, lines=(), red=2)
    assert shown(beside) == "❌ The storm in ci is over: all of it is still red\n"
    assert shown(storm(0, is_over=True, connection=None)) == (
        "✅ The storm is over: nothing of it is red any more\n"
    )
    assert shown(storm(0, count=3)) == "🌩️ 3 alerts at once in ci\n"


@pytest.mark.parametrize(
    ("event", "more", "run", "text"),
    [
        (
            Event.SLOW,
            {"limit": timedelta(hours=1)},
            {"state": State.RUNNING},
            (
                "🔄 slow  release #12 · main · kim · 2 h 48 min · 2 h ago\n"
                "It has been running for over 1 h.\n"
            ),
        ),
        (
            Event.SLOW,
            {"limit": timedelta(minutes=14), "is_usual": True},
            {"state": State.RUNNING},
            (
                "🔄 slow  release #12 · main · kim · 2 h 48 min · 2 h ago\n"
                "It has been running for over 14 min; 95 of 100 good runs take less.\n"
            ),
        ),
        (
            Event.SLOW,
            {"limit": timedelta(seconds=30)},
            {"state": State.SUCCEEDED},
            (
                "✅ ended after 1 min: passed  "
                "release #12 · main · kim · 1 min · 2 h ago\n"
                "That is over 30 s.\n"
            ),
        ),
        (
            Event.SLOW,
            {"limit": timedelta(seconds=30), "has_alert": True},
            {"state": State.FAILED},
            (
                "❌ ended after 1 min: failed  "
                "release #12 · main · kim · 1 min · 2 h ago\n"
                "That is over 30 s. Its failure has an alert of its own.\n"
            ),
        ),
        (
            Event.STUCK,
            {"limit": timedelta(minutes=5)},
            {"state": State.RUNNING, "queued_at": NOON},
            (
                "🔄 started after 12 min in the queue  "
                "release #12 · main · kim · 2 h 48 min · 2 h ago\n"
                "That is over 5 min.\n"
            ),
        ),
        (
            Event.STUCK,
            {"limit": timedelta(minutes=5)},
            {
                "state": State.CANCELED,
                "started_at": None,
                "queued_at": NOON,
                "finished_at": NOON + timedelta(minutes=7),
            },
            (
                "🚫 ended after 7 min: canceled  release #12 · main · kim · 3 h ago\n"
                "That is over 5 min.\n"
            ),
        ),
    ],
)
def test_what_is_overdue_names_the_limit_and_then_how_it_went_on(
    event: Event, more: dict[str, Any], run: dict[str, Any], text: str
) -> None:
    about = make_run(RELEASE.ref, 12, run["state"])
    about = replace(about, **{k: v for k, v in run.items() if k != "state"})

    alert = replace(BROKEN, event=event, run=about, **more)
    assert shown(alert) == text
    assert bool(pressed(alert)) == text.startswith("🔄 slow")


def test_what_does_not_print_reaches_nobody() -> None:
    evil = "main\x1b]0;pwned\x07\u202etxt.exe\ud800\nnext"
    message = draw(replace(BROKEN, run=replace(BROKEN.run, branch=evil)), NOW)

    assert "on main]0;pwnedtxt.exe next" in message.text
    message.text.encode()
    json.dumps(message.blocks, ensure_ascii=False).encode()


def test_text_from_outside_can_ring_nobody_and_hide_no_link() -> None:
    evil = "<!channel> <https://evil.example|your bank> *b* & `x`"
    pipeline = Pipeline(ref=PipelineRef("ci", "x"), name=evil, url="javascript:x")
    run = make_run(pipeline.ref, 1, State.FAILED, branch=evil, url="javascript:y")
    alerts: list[Alert] = [
        replace(BROKEN, pipeline=pipeline, run=run),
        replace(FIXED, pipeline=pipeline, run=run),
        update(Event.BROKEN, pipeline=pipeline, run=run, log=evil, log_of=evil),
        Said(what=evil, advice=evil),
        Storm(
            lines=(StormLine(pipeline=pipeline, run=run, event=Event.BROKEN),),
            count=1,
            connection=evil,
        ),
    ]
    for alert in alerts:
        message = draw(alert, NOW)
        assert "<" not in message.text
        assert "javascript:" not in json.dumps(message.blocks)
        assert '"mrkdwn"' not in json.dumps(message.blocks)


# --- Slack's limits, whatever is in the alert -------------------------------------

IDENT = st.one_of(TEXT, st.sampled_from(["U0ANN", "S0OPS", "W1", "C0OPS", ""]))
RED = {"red_since": st.none() | MOMENT, "streak": st.integers(0, 10**6)}
EVENTS = st.sampled_from(Event)
LIMITS = st.none() | st.timedeltas(timedelta(), timedelta(days=400))


@st.composite
def of_runs(draw: st.DrawFn) -> tuple[Pipeline, Run]:
    pipeline = draw(PIPELINES)
    run = draw(runs(pipeline))
    ident = draw(TEXT | st.just("12"))
    return pipeline, replace(run, ref=RunRef(pipeline.ref, ident))


CARDS = of_runs().flatmap(
    lambda of: st.builds(
        Card,
        incident=IDENT,
        watch=IDENT,
        event=EVENTS,
        pipeline=st.just(of[0]),
        run=st.just(of[1]),
        first_run=st.none() | runs(of[0]),
        acked_by=st.none() | IDENT,
        muted_by=st.none() | IDENT,
        mention=st.none() | IDENT,
        late_since=st.none() | MOMENT,
        limit=LIMITS,
        is_usual=st.booleans(),
        has_alert=st.booleans(),
        has_log=st.booleans(),
        **RED,
    )
)
UPDATES = of_runs().flatmap(
    lambda of: st.builds(
        Update,
        event=EVENTS,
        pipeline=st.just(of[0]),
        run=st.just(of[1]),
        log=st.none() | TEXT,
        log_of=st.none() | TEXT,
        limit=LIMITS,
        is_usual=st.booleans(),
        **RED,
    )
)
STORM_LINES = of_runs().flatmap(
    lambda of: st.builds(
        StormLine,
        pipeline=st.just(of[0]),
        run=st.just(of[1]),
        event=EVENTS,
        incident=IDENT,
        **RED,
    )
)
ALERTS: st.SearchStrategy[Alert] = st.one_of(
    CARDS,
    UPDATES,
    st.builds(
        Said,
        what=TEXT,
        channel=st.none() | IDENT,
        advice=st.none() | TEXT,
        since=st.none() | MOMENT,
        is_over=st.booleans(),
    ),
    st.builds(
        Storm,
        lines=st.lists(STORM_LINES, max_size=3).flatmap(
            lambda some: st.sampled_from([1, 30]).map(lambda n: tuple(some * n))
        ),
        count=st.integers(0, 10**6),
        red=st.integers(0, 10**6),
        incident=IDENT,
        acked_by=st.none() | IDENT,
        connection=st.none() | TEXT,
        is_over=st.booleans(),
    ),
)


@given(ALERTS, st.none() | MOMENT, st.booleans())
@settings(max_examples=200, deadline=None)
def test_slack_would_take_every_alert(
    alert: Alert,
    late_since: datetime | None,
    may_repeat: bool,  # noqa: FBT001 - drawn by chance
) -> None:
    message = draw(alert, NOW, late_since=late_since, may_repeat=may_repeat)

    assert 1 <= len(message.text) <= 3000  # an edit refuses more than 4,000
    assert 1 <= len(message.blocks) <= MOST_BLOCKS
    # The local Slack's rules, which know every limit that Slack's own models leave out.
    assert check_blocks(list(message.blocks)) == []
    buttons = [e for e in _elements(message) if e["type"] == "button"]
    assert len(buttons) <= 3
    json.dumps(message.blocks).encode()
    message.text.encode()


@given(ALERTS)
@settings(max_examples=50, deadline=None)
def test_an_alert_comes_out_of_the_outbox_as_it_went_in(alert: Alert) -> None:
    packed = pack(alert)

    assert draw(unpack(packed), NOW) == draw(alert, NOW)


def test_the_ends_of_the_calendar_are_no_crash() -> None:
    edges = (datetime(9999, 12, 31, 23, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC))
    for edge in edges:
        alert = replace(BROKEN, red_since=edge, late_since=edge, streak=3)
        assert draw(alert, NOW).blocks


def storm_line(number: int, event: Event, name: str) -> StormLine:
    pipeline = Pipeline(ref=PipelineRef("ci", name), name=name)
    return StormLine(pipeline=pipeline, run=make_run(pipeline.ref, number), event=event)


def test_a_storm_too_long_to_list_says_how_each_pipeline_stands_by_now() -> None:
    flapping = [
        storm_line(number, (Event.BROKEN, Event.FIXED)[number % 2], f"p{number % 2}")
        for number in range(1, 23)
    ]
    red = storm_line(23, Event.BROKEN, "release")

    text = shown(Storm(lines=(*flapping, red), count=23))

    assert "p1 #21" in text
    assert "p0 #22" in text
    assert "release #23" in text
    assert "p1 #19" not in text
    assert "… and 20 more" in text


def test_where_even_that_is_too_much_what_is_red_is_named_before_what_is_fixed() -> (
    None
):
    fixed = [storm_line(number, Event.FIXED, f"f{number}") for number in range(19)]
    red = [storm_line(number, Event.BROKEN, f"r{number}") for number in range(5)]

    text = shown(Storm(lines=(*fixed, *red), count=24))

    assert all(f"r{number} #{number} " in text for number in range(5))
    assert "f14 #14 " in text
    assert "f15 #15 " not in text
    assert "… and 4 more" in text
