"""However many ask, a provider is asked once; if it fails, the last answer stands."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.reader import Reader
from bot.readings import Ages
from providers.contract import RunQuery
from providers.errors import Unauthorized, Unavailable
from providers.model import PipelineRef, RunRef, State
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider

RELEASE = PipelineRef("ci", "release")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider("ci", {"release": [State.SUCCEEDED]})


@pytest.fixture
def reader(provider: FakeProvider, clock: FakeClock) -> Reader:
    return Reader({"ci": provider}, clock=clock, ages=Ages())


async def test_a_hundred_who_ask_at_once_cost_one_call(
    reader: Reader, provider: FakeProvider
) -> None:
    readings = await asyncio.gather(*(reader.pipelines("ci") for _ in range(100)))

    assert provider.asked == ["list_pipelines"]
    assert len({id(r.value) for r in readings}) == 1


async def test_an_answer_is_remembered_until_it_is_too_old(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    await reader.latest("ci", [RELEASE])
    clock.move(timedelta(seconds=4))
    await reader.latest("ci", [RELEASE])
    assert provider.asked == ["latest_runs"]

    clock.move(timedelta(seconds=2))
    await reader.latest("ci", [RELEASE])
    assert provider.asked == ["latest_runs"] * 2


async def test_other_questions_are_not_answered_from_the_same_memory(
    reader: Reader, provider: FakeProvider
) -> None:
    await reader.runs(RunQuery(pipeline=RELEASE))
    await reader.runs(RunQuery(pipeline=RELEASE, branch="main"))
    await reader.run(RunRef(RELEASE, "1"))

    assert provider.asked == ["list_runs", "list_runs", "get_run"]


async def test_while_it_fails_the_last_known_answer_comes_with_its_age_and_the_error(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    good = await reader.latest("ci", [RELEASE])
    clock.move(timedelta(minutes=3))
    provider.failure = Unavailable("down", connection="ci", operation="latest_runs")

    first = await reader.latest("ci", [RELEASE])
    since = clock.now()
    clock.move(timedelta(minutes=1))
    second = await reader.latest("ci", [RELEASE])

    assert first.value == good.value
    assert first.read_at == good.read_at
    assert first.error is provider.failure
    assert first.failing_since == second.failing_since == since


async def test_what_is_too_old_is_not_shown_even_while_it_fails(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    await reader.latest("ci", [RELEASE])
    clock.move(timedelta(hours=2))
    provider.failure = Unavailable("down", connection="ci", operation="latest_runs")

    reading = await reader.latest("ci", [RELEASE])

    assert reading.value is None
    assert reading.read_at is None
    assert reading.error


async def test_other_trouble_than_before_begins_anew(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    provider.failure = Unavailable("down", connection="ci", operation="latest_runs")
    await reader.latest("ci", [RELEASE])
    clock.move(timedelta(hours=6))
    provider.failure = Unauthorized("no", connection="ci", operation="latest_runs")

    reading = await reader.latest("ci", [RELEASE])

    assert reading.failing_since == clock.now()


async def test_a_failure_is_not_remembered_once_it_is_over(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    provider.failure = Unauthorized("no", connection="ci", operation="latest_runs")
    assert (await reader.latest("ci", [RELEASE])).error
    provider.failure = None

    reading = await reader.latest("ci", [RELEASE])
    assert reading.error is None

    clock.move(timedelta(seconds=10))
    provider.failure = Unauthorized("no", connection="ci", operation="latest_runs")
    assert (await reader.latest("ci", [RELEASE])).failing_since == clock.now()


async def test_one_who_gives_up_does_not_spoil_it_for_the_others(
    reader: Reader, provider: FakeProvider
) -> None:
    provider.gate = asyncio.Event()
    impatient = asyncio.create_task(reader.pipelines("ci"))
    patient = asyncio.create_task(reader.pipelines("ci"))
    while not provider.asked:
        await asyncio.wait({impatient, patient}, timeout=0)
    impatient.cancel()
    provider.gate.set()

    reading = await patient

    assert reading.value is not None
    assert provider.asked == ["list_pipelines"]


async def test_a_provider_that_hangs_is_not_waited_for_longer_than_patience_allows(
    provider: FakeProvider, clock: FakeClock
) -> None:
    reader = Reader({"ci": provider}, clock=clock, patience=timedelta(milliseconds=10))
    provider.gate = asyncio.Event()

    reading = await reader.pipelines("ci")

    assert isinstance(reading.error, Unavailable)
    assert reading.error.connection == "ci"
    assert "still asking" in reading.error.detail
    await reader.close()


SOON = timedelta(milliseconds=10)


async def test_a_hurried_view_calls_what_is_late_pending_and_not_failing(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    known = await reader.pipelines("ci")
    clock.move(timedelta(minutes=10))
    provider.gate = asyncio.Event()
    hurried = reader.until(SOON)

    reading = await hurried.pipelines("ci")

    assert reading.is_pending
    assert reading.value == known.value
    assert reading.read_at == known.read_at
    assert reading.failing_since is None
    assert hurried.waiting_for == ("ci",)
    assert reader.waiting_for == ()
    # What fails later begins to fail then.
    provider.failure = Unauthorized("no", connection="ci", operation="list_pipelines")
    provider.gate.set()
    clock.move(timedelta(minutes=1))
    assert (await reader.pipelines("ci")).failing_since == clock.now()


async def test_the_hurry_is_for_the_whole_question(
    reader: Reader, provider: FakeProvider
) -> None:
    provider.gate = asyncio.Event()
    hurried = reader.until(SOON)
    await hurried.pipelines("ci")

    reading = await asyncio.wait_for(hurried.latest("ci", [RELEASE]), 5)

    assert reading.is_pending
    await reader.close()


async def test_lists_leave_time_for_what_is_asked_next(
    reader: Reader, provider: FakeProvider
) -> None:
    provider.gate = asyncio.Event()
    hurried = reader.until(timedelta(milliseconds=400))

    assert (await hurried.pipelines("ci")).is_pending

    assert 0 < hurried.time_left <= 0.2
    await reader.close()


async def test_put_again_patiently_a_question_is_answered_by_what_is_under_way(
    reader: Reader, provider: FakeProvider
) -> None:
    provider.gate = asyncio.Event()
    hurried = reader.until(SOON)
    await hurried.pipelines("ci")
    patient = asyncio.create_task(hurried.patiently().pipelines("ci"))
    provider.gate.set()

    reading = await patient

    assert reading.error is None
    assert provider.asked == ["list_pipelines"]


async def test_what_a_question_has_heard_stays_so_until_it_is_answered(
    reader: Reader, provider: FakeProvider, clock: FakeClock
) -> None:
    provider.failure = Unauthorized("no", connection="ci", operation="check")
    hurried = reader.until(timedelta(minutes=1))
    heard = await hurried.check("ci")
    provider.failure = None
    clock.move(timedelta(hours=1))

    assert await hurried.patiently().check("ci") is heard
    assert provider.asked == ["check"]
    assert (await reader.check("ci")).error is None


async def test_who_is_slower_than_all_patience_is_failing_even_in_a_hurry(
    provider: FakeProvider, clock: FakeClock
) -> None:
    reader = Reader({"ci": provider}, clock=clock, patience=SOON)
    provider.gate = asyncio.Event()

    reading = await reader.until(timedelta(minutes=1)).pipelines("ci")

    assert not reading.is_pending
    assert reading.failing_since == clock.now()
    await reader.close()
