"""Runs below the newest one: what goes on there, or is run again, is not missed."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records import DeliveryKind, Event
from bot.store import open_store
from bot.watch.below import AGAIN, MOST_AT_ONCE
from bot.watch.storm import is_storm
from providers.errors import BadAnswer, RateLimited, Unavailable
from providers.model import PipelineRef, Run, RunRef, State
from tests.bot.watch.tower import CHANNEL, MINUTE, RELEASE, Tower, put
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider

PASSED, FAILED, RUNNING = State.SUCCEEDED, State.FAILED, State.RUNNING
QUEUED, CANCELED = State.QUEUED, State.CANCELED
ERROR: dict[str, Any] = {"connection": "acme", "operation": "list_runs"}


def retried(tower: Tower, number: int, state: State, *, counted: bool = True) -> Run:
    """Have a run that has ended be run again; it keeps its place and its id."""
    runs = tower.providers["acme"].runs[RELEASE]
    [at] = [at for at, run in enumerate(runs) if run.number == number]
    ref = runs[at].ref
    runs[at] = replace(runs[at], ref=replace(ref, attempt=ref.attempt + counted))
    return tower.runs(number, state)


async def red_below_green(tower: Tower) -> None:
    """Run 2 of main is red; run 3, of a branch, is newer and good."""
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    await tower.pass_time()
    tower.runs(3, PASSED, branch="feature")
    await tower.pass_time()
    assert await tower.events() == [Event.BROKEN]


@pytest.mark.parametrize("counted", [True, False])
async def test_a_red_run_that_is_retried_good_below_a_newer_one_is_fixed(
    tower: Tower,
    counted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    await red_below_green(tower)
    retried(tower, 2, PASSED, counted=counted)

    await tower.pass_time(AGAIN + MINUTE)

    assert await tower.events(DeliveryKind.UPDATE) == [Event.FIXED]
    async with tower.store.read() as tx:
        assert await tx.incidents.open_in(CHANNEL) == []


async def test_a_retry_that_goes_on_below_a_newer_run_is_followed_to_its_end(
    tower: Tower,
) -> None:
    await red_below_green(tower)
    retried(tower, 2, RUNNING)
    await tower.pass_time(AGAIN + MINUTE)
    retried(tower, 2, PASSED, counted=False)

    await tower.pass_time()

    assert await tower.events(DeliveryKind.UPDATE) == [Event.FIXED]


async def test_a_canceled_run_after_a_red_one_that_is_run_again_counts_too(
    tower: Tower,
) -> None:
    await red_below_green(tower)
    tower.runs(4, CANCELED)
    await tower.pass_time()
    tower.runs(5, PASSED, branch="feature")
    await tower.pass_time()
    retried(tower, 4, PASSED)

    await tower.pass_time(AGAIN + MINUTE)

    assert await tower.events(DeliveryKind.UPDATE) == [Event.FIXED]


async def test_a_retry_is_found_after_a_restart_as_well(tower: Tower) -> None:
    await red_below_green(tower)
    retried(tower, 2, PASSED)

    await tower.again().pass_time()

    assert await tower.events(DeliveryKind.UPDATE) == [Event.FIXED]


async def test_what_is_red_below_is_asked_for_every_few_minutes_and_no_more(
    tower: Tower, provider: FakeProvider
) -> None:
    await red_below_green(tower)
    await tower.pass_time(AGAIN)
    provider.asked.clear()

    await tower.pass_time(4 * AGAIN)

    assert 3 <= provider.asked.count("list_runs") <= 4
    assert set(provider.asked) <= {"list_runs", "latest_runs", "list_pipelines"}


async def test_where_the_newest_run_is_the_red_one_no_list_is_read(
    tower: Tower, provider: FakeProvider
) -> None:
    await tower.watch()
    tower.runs(1, PASSED)
    await tower.pass_time()
    tower.runs(2, FAILED)
    await tower.pass_time()
    provider.asked.clear()

    await tower.pass_time(4 * AGAIN)

    assert "list_runs" not in provider.asked


async def test_a_red_run_that_is_gone_from_the_list_is_looked_for_once(
    tower: Tower, provider: FakeProvider
) -> None:
    await red_below_green(tower)
    provider.runs[RELEASE] = [r for r in provider.runs[RELEASE] if r.number != 2]
    await tower.pass_time(AGAIN)
    provider.asked.clear()

    await tower.pass_time(3 * AGAIN)

    assert "list_runs" not in provider.asked


async def test_a_list_that_tells_less_than_a_run_in_full_is_no_news_twice(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The end of a run in full is that of its last step, and seconds earlier.
    whole = provider.get_run

    async def get_run(ref: RunRef) -> Run:
        run = await whole(ref)
        ended = run.finished_at and run.finished_at - timedelta(seconds=3)
        return replace(run, finished_at=ended)

    monkeypatch.setattr(provider, "get_run", get_run)
    await red_below_green(tower)
    await tower.pass_time(2 * AGAIN)
    provider.asked.clear()

    await tower.pass_time(3 * AGAIN)

    assert "get_run" not in provider.asked
    assert await tower.kinds() == ["card"]


@pytest.mark.parametrize(
    "error", [Unavailable("503", **ERROR), BadAnswer("odd", **ERROR), KeyError("ours")]
)
async def test_a_list_that_cannot_be_read_is_read_at_the_next_turn(
    tower: Tower,
    provider: FakeProvider,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def list_runs(query: object) -> None:
        raise error

    await red_below_green(tower)
    retried(tower, 2, PASSED)
    with monkeypatch.context() as patch:
        patch.setattr(provider, "list_runs", list_runs)
        await tower.pass_time(AGAIN + MINUTE)
        assert await tower.events(DeliveryKind.UPDATE) == []

    await tower.pass_time(AGAIN + MINUTE)

    assert await tower.events(DeliveryKind.UPDATE) == [Event.FIXED]


async def test_a_limit_that_a_list_runs_into_slows_the_lane_down(
    tower: Tower, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_runs(query: object) -> None:
        raise RateLimited("429", **ERROR)

    await red_below_green(tower)
    monkeypatch.setattr(provider, "list_runs", list_runs)
    await tower.pass_time(AGAIN + MINUTE)

    async with tower.store.read() as tx:
        lane = await tx.lanes.get("acme")
    assert lane is not None
    assert lane.allowance is not None


@pytest.mark.parametrize("state", [QUEUED, RUNNING, State.WAITING])
async def test_a_run_under_way_below_the_newest_at_the_first_look_is_followed(
    tower: Tower, state: State
) -> None:
    tower.runs(1, PASSED)
    tower.runs(2, state)
    tower.runs(3, PASSED, branch="feature")
    await tower.watch()
    await tower.pass_time()
    tower.runs(2, FAILED)

    await tower.pass_time()

    assert await tower.events() == [Event.BROKEN]


async def test_what_ended_below_the_newest_before_the_first_look_is_not_told(
    tower: Tower,
) -> None:
    tower.runs(1, FAILED)
    tower.runs(2, RUNNING)
    tower.runs(3, PASSED, branch="feature")
    tower.clock.move(10 * MINUTE)
    await tower.watch(filters="branch:*", default_branch_only=False)
    await tower.pass_time(3 * MINUTE)
    tower.runs(2, PASSED)

    await tower.pass_time(3 * MINUTE)

    assert await tower.outbox() == []


async def test_a_run_that_has_been_queued_for_days_is_not_followed(
    tower: Tower, provider: FakeProvider
) -> None:
    tower.runs(1, QUEUED)
    tower.clock.move(timedelta(days=3))
    tower.runs(2, PASSED)
    await tower.watch()
    await tower.pass_time()
    provider.asked.clear()

    await tower.pass_time(5 * MINUTE)

    assert set(provider.asked) == {"latest_runs"}


async def test_the_first_lists_of_many_pipelines_are_read_a_few_at_a_time(
    tower: Tower, provider: FakeProvider, clock: FakeClock
) -> None:
    refs = [PipelineRef("acme", f"p{n}") for n in range(2 * MOST_AT_ONCE + 1)]
    for ref in refs:
        provider.runs[ref] = []
        put(clock, provider, ref, 2, RUNNING)
        put(clock, provider, ref, 3, PASSED, branch="feature")
    await tower.watch(target="acme:p*")
    await tower.poller.turns.due()
    counts = []
    for _ in range(4):
        provider.asked.clear()
        clock.move(2 * MINUTE)
        await tower.poller.look("acme")
        counts.append(provider.asked.count("list_runs"))
        clock.move(timedelta(seconds=1))
        for ref in refs:
            put(clock, provider, ref, 2, FAILED)
    await tower.pass_time(3 * MINUTE)

    assert counts[0] == MOST_AT_ONCE
    async with tower.store.read() as tx:
        told = [i for i in await tx.incidents.open_in(CHANNEL) if not is_storm(i)]
    assert {incident.lineage.pipeline for incident in told} == set(refs)


async def test_a_pipeline_that_has_run_once_hides_nothing(
    tower: Tower, provider: FakeProvider
) -> None:
    tower.runs(1, PASSED)
    await tower.watch()

    await tower.pass_time(2 * MINUTE)

    assert "list_runs" not in provider.asked


async def test_a_retry_that_goes_on_is_seen_with_any_new_run(tower: Tower) -> None:
    await tower.watch()
    for number in (1, 2, 3):
        tower.runs(number, PASSED)
        await tower.pass_time()
    retried(tower, 1, RUNNING)
    tower.runs(4, PASSED, branch="feature")
    await tower.pass_time()
    tower.runs(5, PASSED, branch="feature")
    await tower.pass_time()
    async with tower.store.read() as tx:
        [open_one] = await tx.runs.under_way([RELEASE], tower.clock.now() - AGAIN * 9)

    assert open_one.ref == RunRef(RELEASE, "1", 2)


Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "run main F",
                "run main F",
                "run main G",
                "run feature G",
                "run feature G",
                "begin main",
                "begin feature",
                "end F",
                "end G",
                "end C",
                "retry G",
                "retry G",
                "retry F",
                "retry r",
                "uncounted G",
                "uncounted r",
                "restart",
            ]
        ),
        st.integers(0, 9),
        st.sampled_from([0, 1, 1, 2, 6]),
    ),
    max_size=10,
)
"""What happens, to which run, and for how many minutes it is looked at then."""

LETTERS = {"F": FAILED, "G": PASSED, "C": CANCELED, "r": RUNNING}


class Vendor:
    """The true history of two branches, and how each of them stands."""

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.again: set[int | None] = set()

    @property
    def runs(self) -> list[Run]:
        return self.tower.providers["acme"].runs[RELEASE]

    @property
    def red(self) -> set[str]:
        """The branches whose last run that is decided failed, in the runs' order."""
        last = {r.branch: r.state for r in self.runs if r.state in {FAILED, PASSED}}
        return {f"branch:{branch}" for branch, state in last.items() if state is FAILED}

    def begin(self, branch: str, state: State = RUNNING) -> None:
        self.tower.runs(len(self.runs) + 1, state, branch=branch)

    def end(self, letter: str, which: int) -> None:
        going = [run.number for run in self.runs if not run.state.is_over]
        if going:
            number = going[which % len(going)]
            # A retry that is canceled leaves what failed before, seen or not.
            letter = "G" if letter == "C" and number in self.again else letter
            self.tower.runs(number or 0, LETTERS[letter])

    def retry(self, letter: str, which: int, *, counted: bool) -> None:
        failed = [run.number for run in self.runs if run.state is FAILED]
        if failed:
            number = failed[which % len(failed)] or 0
            self.again.add(number)
            retried(self.tower, number, LETTERS[letter], counted=counted)


async def plays(steps: Sequence[Step], *, begins_running: bool) -> None:
    clock, provider = FakeClock(), FakeProvider("acme", {"release": []})
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(f"sqlite:///{folder}/x.db", clock=clock) as store:
            tower = Tower(store, clock, [provider], random.Random(1))  # noqa: S311
            vendor = Vendor(tower)
            vendor.begin("main", PASSED)
            vendor.begin("main", RUNNING if begins_running else PASSED)
            vendor.begin("feature", PASSED)
            await tower.watch(filters="branch:*", default_branch_only=False)
            await tower.pass_time()
            for step, which, minutes in steps:
                clock.move(timedelta(seconds=1))
                match step.split():
                    case ["begin", branch]:
                        vendor.begin(branch)
                    case ["run", branch, letter]:
                        vendor.begin(branch, LETTERS[letter])
                    case ["end", letter]:
                        vendor.end(letter, which)
                    case ["restart"]:
                        tower = vendor.tower = tower.again()
                    case ["retry" | "uncounted" as how, letter]:
                        vendor.retry(letter, which, counted=how == "retry")
                    case _:
                        raise ValueError(step)
                await tower.pass_time(minutes * MINUTE, step=30)
            while any(not run.state.is_over for run in vendor.runs):
                await tower.pass_time(MINUTE, step=30)
                vendor.end("G", 0)
            await tower.pass_time(AGAIN + 2 * MINUTE, step=30)
            async with store.read() as tx:
                open_ones = await tx.incidents.open_in(CHANNEL)
            assert {one.lineage.line for one in open_ones} == vendor.red
            posted = [message.key for message in tower.slack.in_channel(CHANNEL)]
            assert len(posted) == len(set(posted))


@settings(max_examples=15)
@given(STEPS, st.booleans())
def test_whatever_goes_on_below_the_channel_ends_up_knowing_what_is_red(
    steps: list[Step],
    begins_running: bool,  # noqa: FBT001 - drawn
) -> None:
    asyncio.run(plays(steps, begins_running=begins_running))
