"""What goes into the store comes out of it unchanged, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.records import (
    ChannelState,
    DeliveryKind,
    DeliveryState,
    Event,
    Follow,
    Lane,
    Lineage,
    Origin,
    Style,
)
from bot.store import Store
from bot.store.room import digest
from bot.store.types import bearable, unescaped
from providers.refs import PipelineRef, RunRef
from tests.bot.store.samples import (
    HOUR,
    MAIN,
    NIGHTLY,
    NOON,
    SHOP,
    a_delivery,
    a_happening,
    a_mute,
    a_run,
    a_verdict,
    a_watch,
    an_incident,
)

ODD = "夜间 🚨 ünï \x00 \x1a \x1a0041 \ud83d half, 'quoted\" \\ %s :x ;-- \u202e\r\n\t"
"""What PostgreSQL refuses, what UTF-8 cannot say, and what SQL might trip over."""


async def test_a_watch_reads_back_with_everything_that_was_said(store: Store) -> None:
    full = a_watch(
        filters="branch:release/* -actor:*[bot]",
        on=frozenset(Event),
        after=3,
        queued=timedelta(minutes=30),
        longer=timedelta(hours=1, microseconds=1),
        default_branch_only=False,
        mention="S0042",
        style=Style.THREAD,
        owner="U0001",
        origin=Origin.FILE,
    )
    bare = a_watch("w0002", on=frozenset())
    async with store.write() as tx:
        assert await tx.watches.add(full)
        assert await tx.watches.add(bare)
    async with store.read() as tx:
        assert await tx.watches.get("w7k3f") == full
        assert await tx.watches.get("w0002") == bare


async def test_a_mute_reads_back_with_everything_that_was_said(store: Store) -> None:
    full = a_mute(target="flow:*", watch="w7k3f", until=NOON + HOUR, until_fixed=True)
    async with store.write() as tx:
        assert await tx.mutes.add(full)
        assert await tx.mutes.get("m2p9q", NOON) == full


async def test_a_happening_and_its_verdict_read_back_the_same(store: Store) -> None:
    happening = a_happening(
        event=Event.STILL_BROKEN,
        run=RunRef(SHOP, "a/b#1@2", 3),
        streak=4,
        red_since=NOON - HOUR,
        lineage=Lineage(SHOP, ""),
    )
    async with store.write() as tx:
        await tx.happenings.add([happening])
        await tx.verdicts.add([a_verdict()])
        assert await tx.happenings.of_run(RunRef(SHOP, "a/b#1@2", 3)) == [happening]
        assert await tx.verdicts.of(["broken-1"]) == [a_verdict()]


async def test_an_incident_reads_back_the_same(store: Store) -> None:
    incident = an_incident(
        latest_run=RunRef(NIGHTLY, "9", 2),
        streak=7,
        acked_by="U0001",
        acked_at=NOON,
        closed_at=NOON + HOUR,
        ts="1714564800.000100",
    )
    async with store.write() as tx:
        await tx.incidents.save(incident)
        assert await tx.incidents.get("i1") == incident


async def test_a_delivery_reads_back_the_same_but_for_its_place(store: Store) -> None:
    delivery = a_delivery(
        kind=DeliveryKind.STORM,
        incident="i1",
        is_loud=True,
        tries=2,
        tried_at=NOON,
        state=DeliveryState.TRYING,
        ts="1.2",
        error="ratelimited",
        degraded=3,
    )
    async with store.write() as tx:
        await tx.outbox.add([delivery])
        (found,) = await tx.outbox.waiting("C0123", 10)
    assert found.id > 0
    assert replace(found, id=0) == delivery


async def test_a_channel_a_lane_and_a_follow_read_back_the_same(store: Store) -> None:
    channel = ChannelState(
        channel="C0123",
        parked="is_archived",
        parked_at=NOON,
        told=True,
        resume_at=NOON + HOUR,
        last_ts="1714564800.000100",
    )
    lane = Lane(
        connection="flow",
        due_at=NOON,
        allowance=12.5,
        failures=3,
        open_until=NOON + HOUR,
        blind_since=NOON,
        blind_reason="refused",
        blind_told=True,
        looked_at=NOON - HOUR,
        refused="1a2b",
    )
    follow = Follow(
        run=RunRef(SHOP, "1"), user="U0001", channel="C0123", ts="1.2", created_at=NOON
    )
    async with store.write() as tx:
        await tx.channels.save(channel)
        await tx.lanes.save(lane)
        await tx.follows.add(follow)
    async with store.read() as tx:
        assert await tx.channels.get("C0123") == channel
        assert await tx.lanes.get("flow") == lane
        assert await tx.follows.all() == [follow]


async def test_a_past_run_reads_back_the_same(store: Store) -> None:
    run = a_run(
        reason="unstable",
        native="SUCCESS_WITH_WARNINGS",
        number=10**40,
        actor="ann",
        trigger="push",
        title="Fix it",
        url="https://flow.example.com/runs/1",
    )
    bare = a_run("2", moment=None, started_at=None, finished_at=None, branch=None)
    async with store.write() as tx:
        await tx.runs.add([run, bare])
        assert await tx.runs.of(SHOP, NOON) == [run, bare]


async def test_odd_text_reads_back_as_it_was_written_everywhere(store: Store) -> None:
    pipeline = PipelineRef(ODD, ODD)
    lineage = Lineage(pipeline, ODD)
    watch = a_watch(ODD, channel=ODD, target=ODD, filters=ODD, owner=ODD)
    happening = a_happening(ODD, lineage=lineage, run=RunRef(pipeline, ODD), reason=ODD)
    run = a_run(ODD, pipeline, line=ODD, branch=ODD, title=ODD, native=ODD)
    async with store.write() as tx:
        await tx.watches.add(watch)
        await tx.lineages.save({lineage: ODD}, NOON)
        assert await tx.happenings.add([happening]) == {ODD}
        await tx.verdicts.add([a_verdict(ODD, watch=ODD)])
        await tx.outbox.add([a_delivery(ODD, channel=ODD, payload=ODD)])
        await tx.incidents.save(an_incident(ODD, channel=ODD, lineage=lineage))
        await tx.runs.add([run])
    async with store.read() as tx:
        assert await tx.watches.in_channel(ODD) == [watch]
        assert await tx.lineages.load([pipeline]) == {lineage: ODD}
        assert await tx.happenings.of_run(happening.run) == [happening]
        assert await tx.verdicts.of([ODD]) == [a_verdict(ODD, watch=ODD)]
        assert (await tx.outbox.waiting(ODD, 1))[0].payload == ODD
        incident = await tx.incidents.open_of(ODD, lineage)
        assert incident is not None
        assert incident.lineage == lineage
        assert await tx.runs.newest(pipeline) == run


async def test_a_branch_may_have_a_name_of_any_length(store: Store) -> None:
    # PostgreSQL refuses an index entry of more than 2,704 bytes; this one does not
    # compress below that.
    name = "".join(chr(0x4E00 + (n * n * 31) % 20000) for n in range(5000))
    lineage = Lineage(SHOP, f"branch:{name}")
    async with store.write() as tx:
        await tx.lineages.save({lineage: "{}"}, NOON)
        await tx.incidents.save(an_incident(lineage=lineage))
        await tx.happenings.add([a_happening(lineage=lineage)])
        await tx.runs.add([a_run(line=lineage.line, branch=name)])
        assert await tx.lineages.load([SHOP]) == {lineage: "{}"}
        assert await tx.runs.durations(SHOP, name, limit=1) == [timedelta(minutes=6)]


async def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    tokyo = datetime(2024, 5, 1, 21, 0, 0, 1, tzinfo=timezone(timedelta(hours=9)))
    lane = Lane(
        connection="flow", due_at=tokyo, looked_at=datetime.max.replace(tzinfo=UTC)
    )
    async with store.write() as tx:
        await tx.lanes.save(lane)
        found = await tx.lanes.get("flow")
    assert found == lane
    assert found is not None
    assert found.due_at.utcoffset() == timedelta()
    assert found.due_at.isoformat() == "2024-05-01T12:00:00.000001+00:00"


async def test_times_are_compared_as_times_not_as_they_are_written(
    store: Store,
) -> None:
    tokyo = timezone(timedelta(hours=9))
    async with store.write() as tx:
        await tx.mutes.add(a_mute(until=NOON.replace(microsecond=0)))
        half_past = NOON.replace(microsecond=500).astimezone(tokyo)
        assert await tx.mutes.all(half_past) == []
        before = (NOON.replace(microsecond=0) - timedelta(microseconds=1)).astimezone(
            tokyo
        )
        assert len(await tx.mutes.all(before)) == 1


async def test_a_time_without_a_zone_is_a_mistake_of_ours(store: Store) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Exception, match="a time without a zone"):
        async with store.write() as tx:
            await tx.lanes.save(Lane(connection="flow", due_at=naive))


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_every_text_is_made_bearable_and_read_back(text: str) -> None:
    kept = bearable(text)
    assert "\x00" not in kept
    kept.encode()
    assert unescaped(kept) == text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(
        st.datetimes(timezones=st.timezones()).filter(
            lambda moment: 2 < moment.year < 9998
        ),
        min_size=1,
        max_size=20,
    )
)
async def test_every_aware_time_keeps_its_moment(
    store: Store, moments: list[datetime]
) -> None:
    runs = [a_run(str(n), moment=moment) for n, moment in enumerate(moments)]
    async with store.write() as tx:
        await tx.runs.add(runs)
        found = await tx.runs.of(SHOP, datetime.min.replace(tzinfo=UTC))
    # Python holds times of the hour that comes twice for unequal in other zones.
    expected = {
        run.ref: moment.astimezone(UTC)
        for run, moment in zip(runs, moments, strict=True)
    }
    assert expected == {run.ref: run.moment for run in found if run.ref in expected}
    assert [run.moment for run in found] == sorted(
        run.moment for run in found if run.moment
    )


def test_lineages_are_told_apart_wherever_their_halves_meet() -> None:
    assert digest(MAIN) == digest(Lineage(SHOP, "branch:main"))
    assert digest(Lineage(PipelineRef("a", "b c"), "d")) != digest(
        Lineage(PipelineRef("a", "b"), "c d")
    )
