"""Answers about watching, and how the watch stands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from bot.answers import (
    Health,
    MuteRow,
    Mutes,
    Offer,
    PublicLine,
    Pulse,
    Reasoning,
    Rehearsal,
    Ringing,
    Standing,
    Watches,
    WatchRow,
    Why,
    Wrote,
)
from bot.records import (
    ChannelState,
    Event,
    Happening,
    Lane,
    Lineage,
    Mute,
    Origin,
    Ruling,
    Unreadable,
    Verdict,
    Watch,
)
from bot.render.rendering import render
from bot.render.watching import public_line
from providers.model import (
    Identity,
    PipelineRef,
    RunRef,
    State,
)
from tests.bot.render.anything import check_limits
from tests.bot.render.drawn import (
    NOW,
    RELEASE,
    TROUBLE,
    pressable,
    shown,
)
from tests.fakes.provider import NOON, make_run


def test_health_is_a_line_a_connection() -> None:
    who = Identity(name="bot", detail="3 pipelines", expires_at=NOON)
    answer = Health(
        pulses=(
            Pulse(connection="ci", title="Fake CI", identity=who),
            Pulse(connection="ml", title="Fake ML", trouble=TROUBLE),
        )
    )

    text = shown(answer)

    assert text.startswith("1 of 2 connections well\n")
    assert "✅ ci · Fake CI · bot · 3 pipelines · credential until 2024-05-01" in text
    assert "ml  Fake ML\n⚠️ the credential was not accepted" in text
    assert "ml: the credential" in render(answer, NOW).text
    assert "no connections" in shown(Health(pulses=()))


def test_health_says_what_the_watch_cannot_see_and_where_it_cannot_post() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(
        connection="ci", due_at=NOW, blind_since=at, blind_reason="it is down."
    )
    parked = ChannelState(channel="C0GONE", parked="is_archived", parked_at=at)
    web = Unreadable(
        pipeline=PipelineRef("ci", "42"), name="web", since=at, reason="it is gone."
    )
    standing = Standing(
        blind=(blind,),
        unreadable=(web,) * 12,
        parked=(parked,),
        waiting=3,
        waiting_since=at,
        dead=1,
    )

    text = shown(Health(pulses=(), watch=standing))

    assert "⚠️ sees nothing of ci since 20 min ago: it is down." in text
    assert "⚠️ cannot read web (ci) since 20 min ago: it is gone." in text
    assert "⚠️ cannot read 2 pipelines more" in text
    assert "⚠️ cannot post to C0GONE since 20 min ago: it is archived" in text
    assert "⚠️ 1 message refused by Slack" in text
    assert "3 messages on the way to Slack, since 20 min ago" in text
    assert "reaches every channel" in shown(Health(pulses=(), watch=Standing()))
    alone = shown(Health(pulses=(), watch=Standing(unreadable=(web,))))
    assert "cannot read web (ci)" in alone
    assert "sees every connection" not in alone
    lost = Standing(trouble="the store did not answer")
    assert "⚠️ Watch  the store did not answer" in shown(Health(pulses=(), watch=lost))


def test_health_says_once_what_is_wrong_with_a_connection() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(connection="ci", due_at=NOW, blind_since=at, blind_reason="refused.")
    trouble = replace(TROUBLE, since=NOW - timedelta(minutes=2))
    pulse = Pulse(connection="ci", title="Fake CI", trouble=trouble)

    text = shown(Health(pulses=(pulse,), watch=Standing(blind=(blind,))))

    assert text.count("since") == 1
    assert "refused." not in text
    assert "Watch  sees nothing of 1 connection above\n" in text


def test_health_calls_nothing_well_of_which_the_watch_sees_nothing() -> None:
    at = NOW - timedelta(minutes=20)
    blind = Lane(
        connection="ci",
        due_at=NOW - timedelta(minutes=9),
        open_until=NOW + timedelta(minutes=8),
        blind_since=at,
        blind_reason="the credential was refused.",
    )
    pulses = tuple(
        Pulse(connection=name, title="CI", identity=Identity(name="bot"))
        for name in ("ci", "ml")
    )
    text = shown(Health(pulses=pulses, watch=Standing(blind=(blind,))))
    due = replace(blind, open_until=None)

    assert text.startswith("1 of 2 connections well\n")
    assert (
        "ci  CI\n"
        "⚠️ It answers you, but the watch has seen nothing of it since 20 min ago: "
        "the credential was refused.\n"
        "It looks again in 8 min.\n"
    ) in text
    again = shown(Health(pulses=pulses, watch=Standing(blind=(due,))))
    assert "It looks again now.\n" in again


def test_a_word_of_slacks_that_nobody_knows_is_shown_as_it_came() -> None:
    parked = ChannelState(channel="C0GONE", parked="new_word", parked_at=NOW)

    text = shown(Health(pulses=(), watch=Standing(parked=(parked,))))

    assert ": Slack says new_word" in text


NIGHTLY = Watch(id="w7k3f", channel="C0CI", target="ci:nightly", created_at=NOON)


def test_what_was_changed_is_repeated_and_can_be_undone() -> None:
    wrote = Wrote(
        sentence="I watch nightly (ci), as w7k3f: when it breaks.",
        typed="watch ci:nightly on:broken",
        notes=("In the last 7 days it would have rung once.",),
        undo="unwatch w7k3f",
        offers=(Offer(label="Show them", command="test w7k3f"),),
    )

    assert shown(wrote).splitlines() == [
        "I watch nightly (ci), as w7k3f: when it breaks.",
        "The same, typed: watch ci:nightly on:broken",
        "In the last 7 days it would have rung once.",
    ]
    undo, look = pressable(wrote, is_private=True)
    assert (undo["action_id"], undo["value"]) == ("choice.0", "unwatch w7k3f")
    assert (look["action_id"], look["value"]) == ("open.0", "test w7k3f")


def test_a_change_is_told_to_all_with_who_made_it_and_rings_nobody_else() -> None:
    line = PublicLine(by="U0KIM", did="muted <!channel> release.", channel="C0CI")
    message = public_line(line)

    [block] = message.blocks
    who, *rest = block["elements"][0]["elements"]
    assert who == {"type": "user", "user_id": "U0KIM"}
    assert "".join(e["text"] for e in rest) == " muted <!channel> release."
    assert message.text == "Somebody muted &lt;!channel&gt; release."
    check_limits(message)


def test_each_watch_has_a_menu_and_says_where_it_is_written() -> None:
    offers = (Offer(label="Remove", command="unwatch w7k3f"),)
    answer = Watches(
        scope="in all channels",
        rows=(
            WatchRow(
                watch=NIGHTLY, name="nightly (ci)", what="when it breaks", offers=offers
            ),
            WatchRow(
                watch=replace(NIGHTLY, id="f1", origin=Origin.FILE),
                name="ci:nightly",
                what="when it breaks",
                muted_until="until it is fixed",
            ),
        ),
        count=2,
    )

    assert shown(answer).splitlines() == [
        "2 watches in all channels",
        "",
        "In C0CI",
        "",
        "w7k3f · nightly (ci)",
        "when it breaks",
        "",
        "f1 · ci:nightly · in runbell.yml, and changed there · muted until it is fixed",
        "when it breaks",
    ]
    first, second = render(answer, NOW).blocks[2:]
    [option] = first["accessory"]["options"]
    assert (option["text"]["text"], option["value"]) == ("Remove", "unwatch w7k3f")
    assert "accessory" not in second


def test_a_rehearsal_lists_what_would_have_rung() -> None:
    ringing = Ringing(
        pipeline=RELEASE,
        run=make_run(RELEASE.ref, 12, State.FAILED),
        event=Event.BROKEN,
        at=NOON,
    )
    answer = Rehearsal(
        watch=NIGHTLY, what="when it breaks", ringings=(ringing,) * 11, since=NOON
    )

    text = shown(answer)
    assert text.startswith("w7k3f would have rung 11 times\n")
    assert "broken  ❌ failed  release #12 · main · kim" in text
    assert "… and 1 more before" in text
    nothing = replace(answer, ringings=())
    assert shown(nothing).startswith("w7k3f: silent\n")
    assert shown(replace(nothing, is_known=False)).startswith("w7k3f: not known\n")


def test_why_shows_each_rule_with_its_reason() -> None:
    happening = Happening(
        key="h",
        lineage=Lineage(RELEASE.ref, "branch:main"),
        run=RunRef(RELEASE.ref, "12"),
        event=Event.BROKEN,
        at=NOON,
        seen_at=NOON,
        reason="Run 12 failed.",
    )
    verdict = Verdict(
        happening="h",
        watch="w7k3f",
        ruling=Ruling.QUIET,
        rule="other-branch",
        reason="The run is of dev.",
        at=NOON,
    )
    muted = replace(
        verdict, ruling=Ruling.MUTED, rule="muted", reason="U0KIM muted release."
    )
    answer = Why(
        about="release #12",
        url=None,
        reasonings=(Reasoning(happening=happening, verdicts=(verdict, muted)),),
        elsewhere=2,
    )

    assert shown(answer).splitlines() == [
        "Why: release #12",
        "",
        "broken  Run 12 failed. 1 h ago",
        "· quiet  w7k3f  The run is of dev. Rule: other branch",
        "🔕 muted  w7k3f  U0KIM muted release. Rule: muted",
        "",
        "2 watches in other channels had a say as well.",
    ]
    said = json.dumps(render(answer, NOW).blocks)
    assert '{"type": "user", "user_id": "U0KIM"}' in said


def test_what_is_muted_can_be_heard_again_by_a_press() -> None:
    mute = Mute(
        id="m2p9q", channel="C0CI", target="ci:release", by="U0KIM", created_at=NOON
    )
    answer = Mutes(
        rows=(MuteRow(mute=mute, what="ci:release for ever", unmute="unmute m2p9q"),)
    )

    assert "m2p9q · ci:release for ever, by U0KIM" in shown(answer)
    [unmute] = pressable(answer)
    assert (unmute["action_id"], unmute["value"]) == ("unmute.0", "unmute m2p9q")
