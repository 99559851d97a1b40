"""What one look shows: read once, read back over a gap, and no more than is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from bot.catalog import Words
from bot.records import Watch
from bot.store import Store
from bot.watch.catching_up import CatchingUp
from bot.watch.covering import LIST_AGE
from bot.watch.known import NEVER_SEEN, Known
from bot.watch.looking import Looking
from bot.watch.past import past_of
from bot.watch.targets import Targets
from providers.contract import Page, RunQuery
from providers.errors import BadAnswer, Unavailable
from providers.model import Pipeline, Run, RunRef, State
from tests.bot.watch.tower import RELEASE
from tests.fakes.clock import FakeClock
from tests.fakes.provider import NOON, FakeProvider, make_run

ERROR: dict[str, Any] = {"connection": "acme", "operation": "latest_runs"}


def runs(count: int, state: State = State.SUCCEEDED) -> list[Run]:
    return [
        make_run(RELEASE, n, state, created_at=NOON + timedelta(minutes=n))
        for n in range(1, count + 1)
    ]


class Paged(FakeProvider):
    """Its list has cursors."""

    @override
    async def list_runs(self, query: RunQuery) -> Page[Run]:
        await self._asked("list_runs")
        start = int(query.cursor or 0)
        found = self.runs[RELEASE][::-1][start : start + query.limit]
        end = start + len(found)
        more = str(end) if end < len(self.runs[RELEASE]) else None
        return Page(items=tuple(found), next=more)


@pytest.fixture
def paged() -> Paged:
    return Paged("acme", {"release": []})


async def caught_up(paged: Paged, known: Known, newest: Run) -> list[str]:
    found = await CatchingUp(paged).runs(known, newest)
    return [run.ref.id for run in found]


async def test_the_first_look_reads_no_list(paged: Paged) -> None:
    paged.runs[RELEASE] = runs(3)

    assert await caught_up(paged, NEVER_SEEN, runs(3)[-1]) == ["3"]
    assert paged.asked == []


async def test_a_gap_is_read_back_page_by_page_to_the_last_run_seen(
    paged: Paged,
) -> None:
    every = paged.runs[RELEASE] = runs(60)

    found = await caught_up(paged, Known.of(every[9], [every[9]]), every[-1])

    assert found == [str(number) for number in range(10, 61)]
    assert len(paged.asked) == 3


async def test_what_is_older_than_the_last_run_seen_is_left_out(paged: Paged) -> None:
    every = paged.runs[RELEASE] = runs(15)

    found = await caught_up(paged, Known.of(every[12], [every[12]]), every[-1])

    assert found == ["13", "14", "15"]


async def test_a_last_run_that_is_gone_is_not_looked_for_without_end(
    paged: Paged,
) -> None:
    every = paged.runs[RELEASE] = runs(500)
    gone = make_run(RELEASE, 1000)

    found = await caught_up(paged, Known.of(gone, [gone]), every[-1])

    assert len(found) == 100
    assert len(paged.asked) == 5


async def test_the_same_run_gone_on_needs_no_list(paged: Paged) -> None:
    before = make_run(RELEASE, 1, State.RUNNING)

    assert await caught_up(paged, Known.of(before, [before]), runs(1)[0]) == ["1"]
    assert paged.asked == []


async def test_a_run_that_says_not_when_it_began_stands_alone(paged: Paged) -> None:
    # CodeArts Check's newer list names a scan by another time than its history does.
    every = paged.runs[RELEASE] = runs(3)
    newest = replace(
        every[-1],
        ref=RunRef(RELEASE, "20240501T1203Z"),
        started_at=None,
        created_at=None,
    )

    found = await caught_up(paged, Known.of(every[0], [every[0]]), newest)

    assert found == ["20240501T1203Z"]
    assert paged.asked == []


async def test_the_lists_answer_is_newer_and_the_looks_may_say_more(
    paged: Paged,
) -> None:
    every = paged.runs[RELEASE] = runs(2)
    paged.runs[RELEASE][1] = replace(every[1], branch=None, state=State.FAILED)

    found = await CatchingUp(paged).runs(
        Known.of(every[0], [every[0]]), replace(make_run(RELEASE, 2), created_at=NOON)
    )

    assert (found[-1].state, found[-1].branch) == (State.FAILED, "main")


@pytest.mark.parametrize(
    "error", [BadAnswer("odd", **ERROR), ZeroDivisionError("ours")]
)
async def test_a_list_that_cannot_be_read_leaves_the_newest_run(
    paged: Paged, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_runs(query: RunQuery) -> Page[Run]:
        raise error

    monkeypatch.setattr(paged, "list_runs", list_runs)
    first, newest = runs(2)

    assert await caught_up(paged, Known.of(first, [first]), newest) == ["2"]


async def test_a_list_that_may_be_read_later_is_waited_for(
    paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def list_runs(query: RunQuery) -> Page[Run]:
        raise Unavailable("503", **ERROR)

    monkeypatch.setattr(paged, "list_runs", list_runs)
    first, newest = runs(2)

    with pytest.raises(Unavailable):
        await caught_up(paged, Known.of(first, [first]), newest)


def test_what_is_known_of_a_run_is_the_same_from_the_store() -> None:
    for state in State:
        run = make_run(RELEASE, 1, state)

        assert Known.of_past(past_of(run, NOON)).has(run)


def test_runs_from_the_oldest_that_has_not_ended_are_remembered() -> None:
    first, second, third = runs(3)
    known = Known.of(third, [first, replace(second, state=State.WAITING), third])

    assert known.under_way == {"2"}
    assert known.has(third)
    assert not known.has(first)


class Listing(FakeProvider):
    """Its list carries the latest runs, as CodeArts Pipeline's does."""

    @override
    async def list_pipelines(
        self, search: str = "", *, limit: int = 500
    ) -> Page[Pipeline]:
        page = await super().list_pipelines(search, limit=limit)
        items = (replace(p, latest=self.runs[p.ref][-1]) for p in page.items)
        return replace(page, items=tuple(items))


async def test_a_list_in_which_only_the_latest_runs_differ_is_the_same_list(
    store: Store, clock: FakeClock
) -> None:
    vendor = Listing("acme", {"release": [State.SUCCEEDED]})
    targets = Targets(Words({}, {}), ("acme",), lambda _: ())
    looking = Looking(vendor, store, clock, targets)
    watches = (Watch(id="w1", channel="C1", target="acme:", created_at=NOON),)
    (first,) = (await looking.look(watches)).sightings
    vendor.runs[RELEASE].append(make_run(RELEASE, 2, State.FAILED))
    clock.move(LIST_AGE)
    (second,) = (await looking.look(watches)).sightings

    assert vendor.asked.count("list_pipelines") == 2
    assert first.watched.pipeline.latest is None
    assert second.watched.among is first.watched.among
