"""What each room of a transaction promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.records import (
    ChannelState,
    DeliveryKind,
    DeliveryState,
    Follow,
    Lane,
    Lineage,
)
from bot.store import Store, StoreError
from providers.refs import PipelineRef, RunRef
from tests.bot.store.samples import (
    DAY,
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

MINUTE = timedelta(minutes=1)


class TestWatches:
    async def test_an_id_is_given_once(self, store: Store) -> None:
        async with store.write() as tx:
            assert await tx.watches.add(a_watch())
            assert not await tx.watches.add(a_watch(target="another"))
            assert await tx.watches.all() == [a_watch()]

    async def test_a_removed_watch_is_gone_and_its_id_stays_taken(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
            assert await tx.watches.remove("w7k3f", by="U0001", at=NOON)
            assert not await tx.watches.remove("w7k3f", by="U0002", at=NOON)
            assert await tx.watches.get("w7k3f") is None
            assert await tx.watches.all() == []
            assert not await tx.watches.add(a_watch())

    async def test_a_removed_watch_can_be_put_back(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch())
            await tx.watches.remove("w7k3f", by="U0001", at=NOON)
            await tx.watches.replace(a_watch())
            assert await tx.watches.all() == [a_watch()]

    async def test_a_watch_is_replaced_as_a_whole(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.watches.add(a_watch(mention="U0001", after=2))
            await tx.watches.replace(a_watch(after=3))
            assert await tx.watches.get("w7k3f") == a_watch(after=3)

    async def test_watches_come_the_oldest_first_by_channel_and_in_all(
        self, store: Store
    ) -> None:
        young = a_watch("a", created_at=NOON + HOUR)
        old = a_watch("z")
        other = a_watch("m", channel="C9999")
        async with store.write() as tx:
            for watch in (young, old, other):
                await tx.watches.add(watch)
            assert await tx.watches.in_channel("C0123") == [old, young]
            assert await tx.watches.all() == [other, old, young]


class TestMutes:
    async def test_a_mute_lasts_until_its_moment_and_not_longer(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            await tx.mutes.add(a_mute(until=NOON + HOUR))
            assert await tx.mutes.all(NOON + HOUR - MINUTE) != []
            assert await tx.mutes.all(NOON + HOUR) == []
            assert await tx.mutes.in_channel("C0123", NOON + HOUR) == []
            assert await tx.mutes.get("m2p9q", NOON + HOUR) is None

    async def test_a_mute_until_fixed_lasts_until_it_is_lifted(
        self, store: Store
    ) -> None:
        mute = a_mute(until_fixed=True)
        async with store.write() as tx:
            assert await tx.mutes.add(mute)
            assert not await tx.mutes.add(mute)
            assert await tx.mutes.in_channel("C0123", NOON + 1000 * DAY) == [mute]
            assert await tx.mutes.in_channel("C9999", NOON) == []
            assert await tx.mutes.lift("m2p9q")
            assert not await tx.mutes.lift("m2p9q")
            assert await tx.mutes.all(NOON) == []


class TestLineages:
    async def test_only_the_lineages_of_the_pipelines_asked_for_come(
        self, store: Store
    ) -> None:
        pull = Lineage(SHOP, "branch:pull")
        other = Lineage(NIGHTLY, "trigger:schedule")
        async with store.write() as tx:
            await tx.lineages.save({MAIN: "1", pull: "2", other: "3"}, NOON)
            assert await tx.lineages.load([SHOP]) == {MAIN: "1", pull: "2"}
            assert await tx.lineages.load([]) == {}
            assert await tx.lineages.load([SHOP, SHOP, NIGHTLY]) == {
                MAIN: "1",
                pull: "2",
                other: "3",
            }

    async def test_the_last_state_is_the_one_that_is_kept(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.lineages.save({MAIN: "1"}, NOON)
            await tx.lineages.save({MAIN: "2"}, NOON + HOUR)
            await tx.lineages.save({}, NOON)
        async with store.read() as tx:
            assert await tx.lineages.load([SHOP]) == {MAIN: "2"}

    async def test_ten_thousand_lineages_are_saved_and_loaded(
        self, store: Store
    ) -> None:
        pipelines = [PipelineRef("flow", f"team/{n}") for n in range(10_000)]
        states = {
            Lineage(pipeline, "branch:main"): f'{{"last": {n}}}'
            for n, pipeline in enumerate(pipelines)
        }
        async with store.write() as tx:
            await tx.lineages.save(states, NOON)
        async with store.read() as tx:
            assert await tx.lineages.load(pipelines) == states


class TestHappenings:
    async def test_the_same_happening_is_new_once(self, store: Store) -> None:
        first, second = a_happening("a"), a_happening("b")
        async with store.write() as tx:
            assert await tx.happenings.add([first, first]) == {"a"}
        async with store.write() as tx:
            changed = replace(first, reason="told anew")
            assert await tx.happenings.add([changed, second]) == {"b"}
            assert await tx.happenings.add([]) == frozenset()
            assert await tx.happenings.of_run(RunRef(SHOP, "1")) == [first, second]

    async def test_attempts_of_a_run_are_runs_of_their_own(self, store: Store) -> None:
        again = a_happening("again", run=RunRef(SHOP, "1", 2))
        async with store.write() as tx:
            await tx.happenings.add([a_happening(), again])
            assert await tx.happenings.of_run(RunRef(SHOP, "1", 2)) == [again]

    async def test_those_since_a_moment_come_the_oldest_first(
        self, store: Store
    ) -> None:
        late = a_happening("late", at=NOON, seen_at=NOON + DAY)
        nightly = a_happening(
            "nightly", at=NOON + HOUR, lineage=Lineage(NIGHTLY, "branch:main")
        )
        early = a_happening("early", at=NOON - MINUTE)
        async with store.write() as tx:
            await tx.happenings.add([nightly, late, early])
            assert await tx.happenings.since(NOON) == [late, nightly]
            assert await tx.happenings.since(NOON, [NIGHTLY]) == [nightly]
            assert await tx.happenings.since(NOON, [NIGHTLY, SHOP]) == [late, nightly]
            assert await tx.happenings.since(NOON, []) == []


class TestVerdicts:
    async def test_the_first_verdict_of_a_watch_stands(self, store: Store) -> None:
        other = a_verdict(watch="w0002")
        async with store.write() as tx:
            await tx.happenings.add([a_happening()])
            await tx.verdicts.add([a_verdict()])
            await tx.verdicts.add([a_verdict(rule="muted"), other])
            await tx.verdicts.add([])
            found = await tx.verdicts.of(["broken-1", "unknown"])
        assert sorted(found, key=lambda one: one.watch) == [other, a_verdict()]

    async def test_a_verdict_on_nothing_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError, match=r"(?i)foreign key"):
            async with store.write() as tx:
                await tx.verdicts.add([a_verdict("never happened")])


class TestIncidents:
    async def test_a_lineage_has_one_open_incident_in_a_channel(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            await tx.incidents.save(an_incident("i1"))
        with pytest.raises(StoreError, match=r"(?i)unique"):
            async with store.write() as tx:
                await tx.incidents.save(an_incident("i2"))
        async with store.read() as tx:
            assert await tx.incidents.open_in("C0123") == [an_incident("i1")]

    async def test_after_one_is_closed_another_can_be_open(self, store: Store) -> None:
        closed = an_incident("i1", closed_at=NOON + HOUR, ts="1.1")
        again = an_incident("i2", opened_at=NOON + DAY)
        elsewhere = an_incident("i3", channel="C9999")
        async with store.write() as tx:
            await tx.incidents.save(an_incident("i1"))
            await tx.incidents.save(closed)
            await tx.incidents.save(again)
            await tx.incidents.save(elsewhere)
            assert await tx.incidents.open_of("C0123", MAIN) == again
            assert await tx.incidents.open_in("C0123") == [again]
            assert await tx.incidents.get("i1") == closed
            assert await tx.incidents.at("C0123", "1.1") == closed
            assert await tx.incidents.at("C9999", "1.1") is None
            assert await tx.incidents.open_of("C9999", Lineage(SHOP, "")) is None


class TestOutbox:
    async def test_a_key_is_taken_once_and_the_order_is_kept(
        self, store: Store
    ) -> None:
        keys = [f"k{n}" for n in range(1500)]
        async with store.write() as tx:
            added = await tx.outbox.add([a_delivery(key) for key in keys])
            assert added == frozenset(keys)
            assert await tx.outbox.add([a_delivery("k7"), a_delivery("new")]) == {"new"}
            assert await tx.outbox.add([]) == frozenset()
            waiting = await tx.outbox.waiting("C0123", 2000)
            assert [one.key for one in waiting] == [*keys, "new"]
            assert len(await tx.outbox.waiting("C0123", 5)) == 5
            assert await tx.outbox.waiting("C9999", 5) == []

    async def test_of_two_who_saw_the_same_row_one_gets_it(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.outbox.add([a_delivery()])
            (seen,) = await tx.outbox.waiting("C0123", 1)
            assert await tx.outbox.claim(seen.id, seen.tries, NOON)
            assert not await tx.outbox.claim(seen.id, seen.tries, NOON)
            (tried,) = await tx.outbox.waiting("C0123", 1)
            assert (tried.state, tried.tries, tried.tried_at) == (
                DeliveryState.TRYING,
                1,
                NOON,
            )
            assert await tx.outbox.claim(tried.id, 1, NOON + HOUR)
            assert not await tx.outbox.claim(99, 0, NOON)

    async def test_what_is_settled_is_neither_claimed_nor_unsettled(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            await tx.outbox.add([a_delivery()])
            (row,) = await tx.outbox.waiting("C0123", 1)
            assert await tx.outbox.settle(row.id, DeliveryState.SENT, ts="1.1")
            assert not await tx.outbox.settle(row.id, DeliveryState.PENDING)
            assert not await tx.outbox.claim(row.id, 0, NOON)
            assert await tx.outbox.swallow([row.id]) == 0
            assert await tx.outbox.waiting("C0123", 1) == []
            sent = await tx.outbox.get(row.id)
        assert sent == replace(row, state=DeliveryState.SENT, ts="1.1")

    async def test_a_try_that_others_have_overtaken_settles_nothing(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            await tx.outbox.add([a_delivery()])
            (row,) = await tx.outbox.waiting("C0123", 1)
            await tx.outbox.claim(row.id, 0, NOON)
            await tx.outbox.claim(row.id, 1, NOON + HOUR)
            outdated = await tx.outbox.settle(row.id, DeliveryState.PENDING, tries=1)
            assert not outdated
            assert await tx.outbox.settle(row.id, DeliveryState.PENDING, tries=2)

    async def test_all_that_was_and_will_be_said_of_incidents_is_found(
        self, store: Store
    ) -> None:
        incidents = ["i1", "i2", "i1", None, "i3"]
        async with store.write() as tx:
            await tx.outbox.add(
                [a_delivery(str(n), incident=one) for n, one in enumerate(incidents)]
            )
            await tx.outbox.settle(1, DeliveryState.SENT, ts="1.1")
            found = await tx.outbox.of_incidents(["i1", "i2"])
            assert await tx.outbox.of_incidents([]) == []
        assert [one.key for one in found] == ["0", "1", "2"]

    async def test_settling_keeps_what_it_does_not_speak_of(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.outbox.add([a_delivery()])
            (row,) = await tx.outbox.waiting("C0123", 1)
            await tx.outbox.settle(
                row.id, DeliveryState.PENDING, ts="1.1", error="no_text", degraded=2
            )
            await tx.outbox.settle(row.id, DeliveryState.PENDING)
            (kept,) = await tx.outbox.waiting("C0123", 1)
        assert (kept.ts, kept.error, kept.degraded) == ("1.1", None, 2)

    async def test_those_told_by_another_wait_no_more(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.outbox.add([a_delivery(str(n)) for n in range(3)])
            ids = [row.id for row in await tx.outbox.waiting("C0123", 3)]
            assert await tx.outbox.swallow(ids[:2]) == 2
            assert await tx.outbox.swallow([]) == 0
            (left,) = await tx.outbox.waiting("C0123", 3)
        assert left.id == ids[2]

    async def test_channels_that_can_be_posted_to_come_the_longest_waiting_first(
        self, store: Store
    ) -> None:
        paused = ChannelState(channel="C_PAUSED", resume_at=NOON + MINUTE)
        parked = ChannelState(
            channel="C_PARKED",
            parked="is_archived",
            parked_at=NOON,
            resume_at=NOON + HOUR,
        )
        names = ["C_PAUSED", "C_OLD", "C_PARKED", "C_NEW", "C_OLD", "C_SENT"]
        async with store.write() as tx:
            await tx.outbox.add(
                [a_delivery(str(n), channel=name) for n, name in enumerate(names)]
            )
            (sent,) = await tx.outbox.waiting("C_SENT", 1)
            await tx.outbox.settle(sent.id, DeliveryState.SENT, ts="1.1")
            await tx.channels.save(paused)
            await tx.channels.save(parked)
            await tx.channels.save(ChannelState(channel="C_NEW", last_ts="1.1"))
            waiting = partial(tx.outbox.channels_waiting, longest_pause=HOUR)
            assert await waiting(NOON) == ["C_OLD", "C_NEW"]
            assert await waiting(NOON + MINUTE) == ["C_PAUSED", "C_OLD", "C_NEW"]
            all_of_them = ["C_PAUSED", "C_OLD", "C_PARKED", "C_NEW"]
            assert await waiting(NOON + HOUR) == all_of_them
            # A rest longer than any: the clock was set back.
            assert await waiting(NOON - 2 * HOUR) == all_of_them
            assert await tx.channels.parked() == [parked]

    async def test_the_backlog_is_counted_with_its_age(self, store: Store) -> None:
        async with store.write() as tx:
            assert await tx.outbox.backlog() == (0, None)
            await tx.outbox.add(
                [a_delivery("a", created_at=NOON + HOUR), a_delivery("b")]
            )
            assert await tx.outbox.backlog() == (2, NOON)

    async def test_what_waited_too_long_is_given_up_visibly(self, store: Store) -> None:
        days = [a_delivery(str(n), created_at=NOON + n * DAY) for n in range(4)]
        async with store.write() as tx:
            await tx.outbox.add(days)
            before = NOON + 3 * DAY
            assert await tx.outbox.give_up(before, error="too old", limit=2) == 2
            assert await tx.outbox.give_up(before, error="too old", limit=2) == 1
            assert await tx.outbox.give_up(before, error="too old", limit=2) == 0
            dead = await tx.outbox.dead(2)
            assert [one.key for one in dead] == ["2", "1"]
            assert {one.error for one in dead} == {"too old"}
            assert [one.key for one in await tx.outbox.waiting("C0123", 9)] == ["3"]

    async def test_a_message_is_found_by_where_it_stands(self, store: Store) -> None:
        kinds = [DeliveryKind.CARD, DeliveryKind.REPLY, DeliveryKind.UPDATE]
        async with store.write() as tx:
            await tx.outbox.add([a_delivery(kind.value, kind=kind) for kind in kinds])
            card, reply, update = await tx.outbox.waiting("C0123", 3)
            for row, ts in ((card, "1714564800.1"), (reply, "1714564900.1")):
                await tx.outbox.settle(row.id, DeliveryState.SENT, ts=ts)
            await tx.outbox.settle(update.id, DeliveryState.SENT, ts="1714564800.1")
            found = await tx.outbox.at("C0123", "1714564800.1")
            assert await tx.outbox.at("C0123", "1714564800.2") is None
        assert found is not None
        assert found.id == card.id


class TestLanes:
    async def test_one_replica_has_a_lane_at_a_time(self, store: Store) -> None:
        async with store.write() as tx:
            lanes = tx.lanes
            assert not await lanes.claim("flow", "a", now=NOON, hold=MINUTE)
            await lanes.save(Lane(connection="flow", due_at=NOON))
            assert await lanes.claim("flow", "a", now=NOON, hold=MINUTE)
            assert not await lanes.claim("flow", "b", now=NOON, hold=MINUTE)
            await lanes.save(Lane(connection="flow", due_at=NOON + HOUR))
            assert not await lanes.claim("flow", "b", now=NOON, hold=MINUTE)
            assert await lanes.holds("flow", "a")
            assert not await lanes.release("flow", "b")
            assert await lanes.release("flow", "a")
            assert not await lanes.holds("flow", "a")
            assert await lanes.claim("flow", "b", now=NOON, hold=MINUTE)

    async def test_a_claim_that_runs_out_is_taken_over_and_then_lost(
        self, store: Store
    ) -> None:
        async with store.write() as tx:
            lanes = tx.lanes
            await lanes.save(Lane(connection="flow", due_at=NOON))
            assert await lanes.claim("flow", "a", now=NOON, hold=-MINUTE)
            assert await lanes.extend("flow", "a", now=NOON, hold=MINUTE)
            assert not await lanes.claim("flow", "b", now=NOON, hold=MINUTE)
            assert await lanes.extend("flow", "a", now=NOON, hold=-MINUTE)
            assert await lanes.claim("flow", "b", now=NOON, hold=MINUTE)
            assert not await lanes.extend("flow", "a", now=NOON, hold=MINUTE)
            assert not await lanes.release("flow", "a")
            assert await lanes.holds("flow", "b")

    async def test_who_is_known_to_be_gone_holds_no_lane(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.lanes.save(Lane(connection="flow", due_at=NOON))
            assert await tx.lanes.claim("flow", "a", now=NOON, hold=MINUTE)
            await tx.lanes.release_all()
            assert await tx.lanes.claim("flow", "b", now=NOON, hold=MINUTE)

    async def test_lanes_come_by_when_they_are_due(self, store: Store) -> None:
        late = Lane(connection="a", due_at=NOON + HOUR)
        soon = Lane(connection="b", due_at=NOON)
        async with store.write() as tx:
            await tx.lanes.save(late)
            await tx.lanes.save(soon)
            assert await tx.lanes.all() == [soon, late]
            assert await tx.lanes.remove("b")
            assert not await tx.lanes.remove("b")
            assert await tx.lanes.get("b") is None


class TestRuns:
    async def test_what_is_known_last_of_an_attempt_is_kept(self, store: Store) -> None:
        running = a_run(state="running", finished_at=None)
        again = a_run(ref=RunRef(SHOP, "1", 2), moment=NOON + HOUR)
        async with store.write() as tx:
            await tx.runs.add([running])
            await tx.runs.add([running, a_run(), again])
            await tx.runs.add([])
            assert await tx.runs.of(SHOP, NOON) == [a_run(), again]
            assert await tx.runs.of(SHOP, NOON + MINUTE) == [again]
            assert await tx.runs.newest(SHOP) == again
            assert await tx.runs.newest(NIGHTLY) is None

    async def test_a_run_without_a_time_is_placed_by_when_it_was_seen(
        self, store: Store
    ) -> None:
        timeless = a_run("2", moment=None, seen_at=NOON + DAY)
        async with store.write() as tx:
            await tx.runs.add([timeless, a_run()])
            assert await tx.runs.newest(SHOP) == timeless

    async def test_only_good_runs_of_the_branch_are_timed(self, store: Store) -> None:
        took = [timedelta(minutes=n + 1) for n in range(3)]
        good = [
            a_run(
                str(n),
                moment=NOON + n * HOUR,
                started_at=NOON + n * HOUR,
                finished_at=NOON + n * HOUR + time,
            )
            for n, time in enumerate(took)
        ]
        others = [
            a_run("failed", state="failed"),
            a_run("unverified", reason="unverified"),
            a_run("running", state="running", finished_at=None),
            a_run("never started", started_at=None),
            a_run("backwards", finished_at=NOON - HOUR),
            a_run("elsewhere", branch="pull"),
            a_run("other", NIGHTLY),
        ]
        nowhere = a_run("nowhere", branch=None, reason="unstable")
        async with store.write() as tx:
            await tx.runs.add([*good, *others, nowhere])
            assert await tx.runs.durations(SHOP, "main", limit=10) == took[::-1]
            assert await tx.runs.durations(SHOP, "main", limit=1) == [took[2]]
            assert await tx.runs.durations(SHOP, None, limit=10) == [
                timedelta(minutes=6)
            ]

    async def test_the_newest_run_of_each_pipeline_is_found_at_once(
        self, store: Store
    ) -> None:
        twins = [a_run("1", NIGHTLY), a_run("2", NIGHTLY)]
        last = a_run("1", moment=NOON + HOUR)
        async with store.write() as tx:
            await tx.runs.add([a_run("9"), last, *twins])
            assert await tx.runs.newest_of([SHOP, NIGHTLY, PipelineRef("a", "b")]) == {
                SHOP: last,
                NIGHTLY: twins[1],
            }
            assert await tx.runs.newest_of([]) == {}
            assert await tx.runs.get(last.ref) == last
            assert await tx.runs.get(RunRef(SHOP, "1", 2)) is None

    async def test_runs_that_had_not_ended_are_found_to_be_looked_at_again(
        self, store: Store
    ) -> None:
        states = ["queued", "running", "waiting", "succeeded", "unknown", "failed"]
        runs = [a_run(state, state=state) for state in states]
        old = a_run("old", state="running", moment=NOON - DAY)
        async with store.write() as tx:
            await tx.runs.add([*runs, old])
            found = await tx.runs.under_way([SHOP, NIGHTLY], NOON)
            assert {run.state for run in found} == {"queued", "running", "waiting"}
            assert await tx.runs.under_way([NIGHTLY], NOON) == []
            assert len(await tx.runs.under_way([SHOP], NOON - DAY)) == 4

    async def test_runs_of_many_pipelines_come_at_once(self, store: Store) -> None:
        pipelines = [PipelineRef("flow", f"p{n:04}") for n in range(1200)]
        runs = [a_run("1", pipeline) for pipeline in pipelines]
        async with store.write() as tx:
            await tx.runs.add(runs)
            assert await tx.runs.of_pipelines(pipelines, NOON) == runs
            assert await tx.runs.of_pipelines(pipelines[:1], NOON) == runs[:1]


class TestFollows:
    async def test_a_person_follows_a_run_once(self, store: Store) -> None:
        mine = Follow(run=RunRef(SHOP, "1"), user="U0001", created_at=NOON)
        yours = replace(mine, user="U0002", created_at=NOON + HOUR)
        carded = replace(mine, channel="C0123", ts="1.1")
        async with store.write() as tx:
            await tx.follows.add(mine)
            await tx.follows.add(yours)
            await tx.follows.add(carded)
            assert await tx.follows.all() == [carded, yours]
            assert await tx.follows.of_user("U0002") == [yours]
            assert await tx.follows.remove(RunRef(SHOP, "1"), "U0001")
            assert not await tx.follows.remove(RunRef(SHOP, "1"), "U0001")
            assert await tx.follows.all() == [yours]
