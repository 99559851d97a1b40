"""The courier in any history at all: whatever happens, each delivery is told once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from bot.alerts import Card, Said, Storm, Update, unpack
from bot.records import Delivery, DeliveryKind, DeliveryState, Event
from bot.render.message import Message
from bot.watch.posting import SETTLE, Outcome, Result
from providers.model import PipelineRef, RunRef
from tests.bot.watch.desk import ARCHIVED, LIMITED, OPS, REVOKED, Desk, a_watch, run
from tests.fakes.clock import FakeClock
from tests.fakes.slack_ledger import Act, Crash, Posted

NAMES = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")
MOMENTS = ("before commit", "after commit")


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens, each delivery is in Slack's ledger once, and in order."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.open: dict[str, Delivery] = {}

    @initialize()
    def somebody_watches(self) -> None:
        self.desk.store.kept.watches.rows = [a_watch("U0ANN")]

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def breaks(self, names: set[str]) -> None:
        for name in sorted(names - set(self.open)):
            self.open[name] = self.desk.break_(name)

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def stays_red(self, names: set[str]) -> None:
        for name in sorted(names & set(self.open)):
            self.desk.goes_on(self.open[name], name)

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=1))
    def is_fixed(self, names: set[str]) -> None:
        for name in sorted(names & set(self.open)):
            self.desk.fixed(self.open.pop(name), name)

    @rule()
    def something_is_said(self) -> None:
        self.desk.add(DeliveryKind.NOTICE, Said(what="ci cannot be read"))

    @rule(acts=st.lists(st.sampled_from(Act), min_size=1, max_size=6))
    def slack_will_behave(self, acts: list[Act]) -> None:
        self.desk.slack.script += acts

    @rule(trouble=st.sampled_from([LIMITED, Outcome(result=Result.UNKNOWN)]))
    def a_look_will_fail(self, trouble: Outcome) -> None:
        self.desk.slack.searches.append(trouble)

    @rule(skip=st.integers(0, 6), when=st.sampled_from(MOMENTS))
    def the_process_will_die(self, skip: int, when: str) -> None:
        left = [skip]

        def interrupt(moment: str) -> None:
            left[0] -= 1
            if left[0] < 0 and moment == when:
                self.desk.store.interrupt = lambda _: None
                raise Crash

        self.desk.store.interrupt = interrupt

    @rule(how=st.sampled_from([None, ARCHIVED, REVOKED]))
    def the_channel_is_archived_or_the_token_revoked_or_all_is_well_again(
        self, how: Outcome | None
    ) -> None:
        self.desk.slack.closed = {} if how is None else {OPS: how}

    @rule(seconds=st.integers(6, 40))
    def the_process_will_stand_still_right_after_a_claim(self, seconds: int) -> None:
        def interrupt(moment: str) -> None:
            rows = self.desk.store.outbox.values()
            is_claimed = any(
                row.state is DeliveryState.TRYING
                and row.tried_at == self.desk.clock.now()
                for row in rows
            )
            if moment == "after commit" and is_claimed:
                self.desk.store.interrupt = lambda _: None
                self.desk.clock.move(timedelta(seconds=seconds))

        self.desk.store.interrupt = interrupt

    @rule(wrong_by=st.sampled_from([-3600, -20, 0, 20, 3600]))
    def another_replica_will_drain_while_a_call_is_on_its_way(
        self, wrong_by: int
    ) -> None:
        desk = self.desk

        async def drain() -> None:
            desk.slack.meanwhile = None
            clock = FakeClock(desk.clock.now() + timedelta(seconds=wrong_by))
            await desk.new_courier(clock).drain(OPS)

        desk.slack.meanwhile = drain

    @rule(data=st.data())
    @precondition(lambda self: self.settled())
    def somebody_deletes_a_card(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.settled())).is_deleted = True

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        self.desk.clock.move(timedelta(seconds=seconds))

    @rule()
    def drains(self) -> None:
        self._drain(OPS)

    @rule()
    def another_replica_takes_over(self) -> None:
        self.desk.courier = self.desk.new_courier()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        keys = Counter(p.key for p in self.desk.slack.in_channel(OPS))
        assert all(n == 1 for n in keys.values())

    def settled(self) -> list[Posted]:
        """Return the messages that are known to have arrived."""
        known = {r.ts for r in self.desk.store.outbox.values() if r.ts}
        there = self.desk.slack.in_channel(OPS)
        return [p for p in there if p.ts in known and not p.is_deleted]

    @override
    def teardown(self) -> None:
        desk = self.desk
        desk.slack.script, desk.slack.searches, desk.slack.closed = [], [], {}
        desk.slack.meanwhile = None
        desk.store.interrupt = lambda _: None
        desk.clock.move(timedelta(hours=1, minutes=1))
        run(desk.drain_all())
        desk.clock.move(SETTLE)
        self.nothing_is_there_twice()
        rows = [r for r in desk.store.outbox.values() if r.channel == OPS]
        posted = {p.key: p for p in desk.slack.in_channel(OPS)}
        self._nothing_is_lost(rows, posted)
        self._all_is_in_order(rows, posted)

    def _nothing_is_lost(
        self, rows: Iterable[Delivery], posted: dict[str, Posted]
    ) -> None:
        told = Counter(
            (line.run.ref, line.event)
            for row in rows
            for line in storm_lines(row)
            if row.state is DeliveryState.SENT
        )
        is_cut = any(
            isinstance(alert := unpack(row.payload), Storm)
            and len(alert.lines) < alert.count
            for row in rows
        )
        refused = Counter(self.desk.slack.refusals)
        newest = {r.incident: r for r in rows if r.kind is DeliveryKind.UPDATE}
        for row in rows:
            match row.state:
                case DeliveryState.SENT:
                    edits = row.kind is DeliveryKind.UPDATE and row.key not in posted
                    assert edits or row.key in posted
                case DeliveryState.DEAD:
                    # After all that could be left out was; of a row or of its card.
                    assert refused.total() >= 3
                case DeliveryState.SWALLOWED:
                    # A storm of more than a hundred lines counts the others.
                    in_storm = is_cut or all(told[one] == 1 for one in news_of(row))
                    overtaken = newest.get(row.incident) is not row
                    idle = event_of(row) is Event.STILL_BROKEN
                    is_update = row.kind is DeliveryKind.UPDATE
                    # A reply below what says the very same as a message of its own.
                    above = newest.get(row.incident)
                    repeated = (
                        row.kind is DeliveryKind.REPLY
                        and above is not None
                        and event_of(above) is event_of(row)
                        and (above.key in posted or above.state is DeliveryState.DEAD)
                    )
                    assert in_storm or (is_update and (overtaken or idle)) or repeated
                case DeliveryState.PENDING | DeliveryState.TRYING:
                    pytest.fail(f"never delivered: {row}")

    def _all_is_in_order(
        self, rows: Iterable[Delivery], posted: dict[str, Posted]
    ) -> None:
        by_key = {row.key: row for row in rows}
        last: dict[PipelineRef, int] = {}
        for key in posted:
            row = by_key[key]
            alert = unpack(row.payload)
            runs = [line.run.ref for line in storm_lines(row)]
            if isinstance(alert, Card | Update):
                runs = [alert.run.ref]
            for ref in runs:
                assert int(ref.id) >= last.get(ref.pipeline, 0)
                last[ref.pipeline] = int(ref.id)
        for message in posted.values():
            numbers = [number_of(said) for said in message.said]
            assert numbers == sorted(numbers), "an older edit over a newer one"

    def _drain(self, channel: str) -> None:
        try:
            run(self.desk.drain(channel))
        except Crash:
            self.desk.courier = self.desk.new_courier()


def storm_lines(row: Delivery) -> Any:
    alert = unpack(row.payload)
    return alert.lines if isinstance(alert, Storm) else ()


def news_of(row: Delivery) -> list[tuple[RunRef, Event]]:
    """Return what a row tells: of one run, or of many where it is a storm."""
    alert = unpack(row.payload)
    if isinstance(alert, Card | Update):
        return [(alert.run.ref, alert.event)]
    return [(line.run.ref, line.event) for line in storm_lines(row)]


def event_of(row: Delivery) -> Event | None:
    alert = unpack(row.payload)
    return alert.event if isinstance(alert, Card | Update) else None


def number_of(said: Message) -> int:
    found = re.search(r"#(\d+)", said.text)
    return int(found.group(1)) if found else 0


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
