"""Who may go when: places, pauses, budgets, and credentials in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from typing_extensions import override

from providers.answer import Answer, Fault, Quota, fault_of_status
from providers.errors import (
    NotFound,
    ProviderError,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from providers.http import Http
from providers.http.budget import HOLD
from providers.http.patience import ATTEMPTS
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, ScriptedCloud
from tests.fakes.door import ONCE, READ, door, open_network
from tests.fakes.wire import Wire, hang, said

SECOND = timedelta(seconds=1)


class HeldCloud(httpx.AsyncBaseTransport):
    """Answers nothing until it is told to, request by request."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[Reply]] = []
        self.taken = 0
        self.most_at_once = 0

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self.taken += 1
        self.most_at_once = max(self.most_at_once, len(self.waiting))
        try:
            reply = await future
        finally:
            self.waiting.remove(future)
        return httpx.Response(
            reply.status, content=reply.body, headers=dict(reply.headers)
        )

    async def answer(self, *replies: Reply) -> None:
        """Answer the oldest requests, and let all that follows from it happen."""
        for future, reply in zip(tuple(self.waiting), replies, strict=False):
            future.set_result(reply)
        await settled()


async def settled() -> None:
    """Let every task go as far as it can."""
    loop = asyncio.get_running_loop()
    for _ in range(100):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


async def start(http: Http, count: int) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(http.send(READ)) for _ in range(count)]
    await settled()
    return tasks


async def ends(tasks: Sequence[asyncio.Task[Answer]]) -> list[str]:
    """Return how each ended: the status of its answer, or the name of its error."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [str(f.status) if isinstance(f, Answer) else type(f).__name__ for f in found]


OK = Reply(b"[]")
REFUSED = Reply(b"", 401)


def stale(answer: Answer) -> Fault | None:
    fault = fault_of_status(answer)
    if fault and fault.kind is Unauthorized:
        return replace(fault, fresh_signature_may_help=True)
    return fault


# --- places -----------------------------------------------------------------------


async def test_no_more_go_at_once_than_the_connection_allows() -> None:
    async with Wire(said(b"[]")) as wire:
        network = open_network()
        http = door(network, wire.url, concurrency=3)
        await http.send(READ)

        wire.script = (hang,)
        tasks = await start(http, 20)
        await wire.arrived(4)
        await settled()
        at_once = wire.under_way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await network.close()

    assert at_once == wire.most_under_way == 3


async def test_all_get_their_turn() -> None:
    async with Wire() as wire:
        network = open_network()
        http = door(network, wire.url, concurrency=2)

        found = await asyncio.gather(*(http.send(READ) for _ in range(50)))
        await network.close()

    assert len(found) == len(wire.requests) == 50
    assert wire.most_under_way <= 2


async def test_a_pause_between_attempts_holds_no_place() -> None:
    cloud = HeldCloud()

    class PatientClock(FakeClock):
        @override
        async def sleep(self, duration: timedelta) -> None:
            await asyncio.Event().wait()

    http = door(open_network(cloud, PatientClock()), concurrency=1)
    tasks = await start(http, 2)
    await cloud.answer(Reply(b"", 503))
    await cloud.answer(OK)

    assert tasks[1].result().body == b"[]"
    tasks[0].cancel()
    assert await ends(tasks) == ["CancelledError", "200"]


@pytest.mark.parametrize("is_proven", [True, False], ids=["proven", "unproven"])
async def test_cancelling_a_caller_leaves_no_place_taken(is_proven: bool) -> None:  # noqa: FBT001
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=2)
    if is_proven:
        first = await start(http, 1)
        await cloud.answer(OK)
        assert await ends(first) == ["200"]

    for _ in range(5):
        tasks = await start(http, 6)
        for task in tasks:  # those under way and those that wait for a place
            task.cancel()
        assert set(await ends(tasks)) == {"CancelledError"}
        assert cloud.waiting == []

    tasks = await start(http, 3)
    for _ in tasks:
        await cloud.answer(OK, OK)
    assert await ends(tasks) == ["200"] * 3


async def test_cancelling_in_the_middle_of_a_real_answer_leaves_no_line_taken() -> None:
    async with Wire(said(b"[]"), hang) as wire:
        network = open_network()
        http = door(network, wire.url, concurrency=8)
        await http.send(READ)
        for rounds in range(3):
            tasks = await start(http, 8)
            await wire.arrived(1 + 8 * (rounds + 1))
            for task in tasks:
                task.cancel()
            assert set(await ends(tasks)) == {"CancelledError"}

        wire.script = (said(b"[]"),)
        found = await asyncio.gather(*(http.send(READ) for _ in range(10)))
        await network.close()

    assert len(found) == 10


# --- pauses -----------------------------------------------------------------------


async def test_a_pause_asked_for_holds_back_all_of_the_connection_and_no_other() -> (
    None
):
    clock = FakeClock()
    limited = Reply(b"", 429, {"retry-after": "60"})
    cloud = ScriptedCloud({"*": [limited, b"[]"]})
    network = open_network(cloud, clock)
    one, other = door(network), door(network, connection="other")

    with pytest.raises(RateLimited):
        await one.send(READ)
    clock.move(20 * SECOND)
    with pytest.raises(RateLimited, match="not asked: the provider") as caught:
        await one.send(READ)
    sent_before = len(cloud.requests)
    await other.send(READ)

    assert caught.value.retry_after == 40 * SECOND
    assert sent_before == 1

    clock.move(40 * SECOND)
    assert (await one.send(READ)).status == 200


async def test_a_pause_stops_those_who_already_wait_for_a_place() -> None:
    clock = FakeClock()
    cloud = HeldCloud()
    http = door(open_network(cloud, clock), concurrency=1)
    tasks = await start(http, 1)
    await cloud.answer(OK)
    tasks = await start(http, 5)

    await cloud.answer(Reply(b"", 429, {"retry-after": "60"}))

    assert await ends(tasks) == ["RateLimited"] * 5
    assert cloud.taken == 2


async def test_a_short_pause_is_waited_for_by_all_it_holds_back() -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": [Reply(b"", 429, {"retry-after": "5"}), b"[]"]})
    http = door(open_network(cloud, clock))
    with pytest.raises(RateLimited):
        await http.send(ONCE)

    await http.send(READ)

    assert clock.slept == [5 * SECOND]
    assert len(cloud.requests) == 2


async def test_a_later_and_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = FakeClock()
    cloud = HeldCloud()
    http = door(open_network(cloud, clock), concurrency=3)
    first = await start(http, 1)
    await cloud.answer(OK)
    tasks = await start(http, 3)

    await cloud.answer(
        Reply(b"", 429, {"retry-after": "90"}),
        Reply(b"", 429, {"retry-after": "30"}),
        Reply(b"", 429),
    )

    assert await ends([*first, *tasks]) == ["200", *["RateLimited"] * 3]
    clock.move(40 * SECOND)
    with pytest.raises(RateLimited, match="not asked") as caught:
        await http.send(ONCE)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 40 * SECOND


# --- budgets ----------------------------------------------------------------------


async def test_a_spent_budget_refuses_at_once_and_says_until_when() -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": b"[]"})
    http = door(open_network(cloud, clock), requests_per_hour=3)

    for _ in range(3):
        await http.send(READ)
        clock.move(60 * SECOND)
    with pytest.raises(RateLimited, match="hour's budget") as caught:
        await http.send(READ)

    assert caught.value.retry_after == timedelta(minutes=57)
    assert len(cloud.requests) == 3
    assert clock.slept == []

    clock.move(timedelta(minutes=57))
    await http.send(READ)


async def test_attempts_count_as_the_vendor_counts_them() -> None:
    cloud = ScriptedCloud({"*": Reply(b"", 503)})
    http = door(open_network(cloud), requests_per_hour=2)

    with pytest.raises(RateLimited):
        await http.send(READ)

    assert len(cloud.requests) == 2


async def test_what_the_vendor_says_is_left_counts() -> None:
    def quota(answer: Answer) -> Quota | None:
        left = answer.headers.get("x-left")
        return Quota(remaining=int(left), resets_in=30 * SECOND) if left else None

    cloud = ScriptedCloud({"*": [Reply(b"", 404, {"x-left": "0"}), b"[]"]})
    clock = FakeClock()
    http = door(open_network(cloud, clock), read_quota=quota)

    with pytest.raises(NotFound):
        await http.send(READ)
    with pytest.raises(RateLimited) as caught:
        await http.send(READ)
    clock.move(30 * SECOND)

    assert caught.value.retry_after == 30 * SECOND
    assert (await http.send(READ)).status == 200


# --- credentials in doubt ---------------------------------------------------------


async def test_ten_callers_with_a_bad_key_cost_one_bad_call() -> None:
    """Huawei Cloud locks a key after more than five bad calls in a row."""
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=8)
    tasks = await start(http, 10)

    await cloud.answer(REFUSED)

    assert await ends(tasks) == ["Unauthorized"] * 10
    assert cloud.taken == 1


async def test_ten_callers_with_a_stale_signature_cost_two_bad_calls() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=8, read_fault=stale)
    tasks = await start(http, 10)

    await cloud.answer(REFUSED)
    await cloud.answer(REFUSED)

    assert await ends(tasks) == ["Unauthorized"] * 10
    assert cloud.taken == 2


async def test_ten_callers_with_a_good_key_go_side_by_side_after_the_first() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=4)
    tasks = await start(http, 10)
    assert cloud.taken == 1

    await cloud.answer(OK)
    assert len(cloud.waiting) == 4
    while cloud.waiting:
        await cloud.answer(*[OK] * 4)

    assert await ends(tasks) == ["200"] * 10


async def test_only_data_proves_a_credential() -> None:
    """A proxy's 502 and a gateway's 404 come before anybody has looked at the key."""
    for status in (404, 429, 500, 502):
        cloud = HeldCloud()
        http = door(open_network(cloud), concurrency=4)
        tasks = [asyncio.create_task(http.send(ONCE)) for _ in range(6)]
        await settled()

        await cloud.answer(Reply(b"", status))
        await cloud.answer(REFUSED)

        assert set((await ends(tasks))[1:]) == {"Unauthorized"}, status
        assert cloud.taken == 2


async def test_a_vendor_that_hangs_makes_nobody_wait_in_line() -> None:
    async with Wire(hang) as wire:
        network = open_network()
        http = door(network, wire.url, timeout=0.1)

        async with asyncio.timeout(3):
            tasks = [asyncio.create_task(http.send(READ)) for _ in range(10)]
            found = await ends(tasks)
        await network.close()

    assert found == ["Unavailable"] * 10
    assert len(wire.requests) == ATTEMPTS


async def test_who_did_not_wait_for_a_silent_vendor_asks_it_anew() -> None:
    cloud = ScriptedCloud({"*": [httpx.ReadTimeout("slow"), b"[]"]})
    http = door(open_network(cloud))

    with pytest.raises(Unavailable):
        await http.send(ONCE)

    assert (await http.send(ONCE)).status == 200


async def test_when_the_first_caller_is_cancelled_the_next_one_asks() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud))
    tasks = await start(http, 3)

    tasks[0].cancel()
    await settled()
    await cloud.answer(OK)
    await cloud.answer(OK)

    assert await ends(tasks) == ["CancelledError", "200", "200"]


async def test_a_refused_credential_is_held_back_and_then_tried_by_one() -> None:
    clock = FakeClock()
    cloud = HeldCloud()
    http = door(open_network(cloud, clock), concurrency=4)
    tasks = await start(http, 1)
    await cloud.answer(REFUSED)
    assert await ends(tasks) == ["Unauthorized"]

    clock.move(HOLD - SECOND)
    with pytest.raises(Unauthorized) as caught:
        await http.send(READ)
    assert caught.value.retry_after == SECOND
    assert cloud.taken == 1

    clock.move(SECOND)
    tasks = await start(http, 6)
    assert cloud.taken == 2
    await cloud.answer(OK)
    await cloud.answer(*[OK] * 4)
    await cloud.answer(OK)
    assert await ends(tasks) == ["200"] * 6


async def test_the_vendor_may_be_known_to_want_a_longer_hold() -> None:
    def read(answer: Answer) -> Fault | None:
        fault = fault_of_status(answer)
        return replace(fault, hold=timedelta(minutes=15)) if fault else None

    clock = FakeClock()
    cloud = ScriptedCloud({"*": REFUSED})
    http = door(open_network(cloud, clock), read_fault=read)

    for _ in range(14):
        with pytest.raises(Unauthorized):
            await http.send(READ)
        clock.move(timedelta(minutes=1))

    assert len(cloud.requests) == 1


async def test_a_key_that_is_revoked_stops_those_who_wait_for_a_place() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=2)
    tasks = await start(http, 1)
    await cloud.answer(OK)
    tasks = await start(http, 10)

    await cloud.answer(REFUSED, REFUSED)

    assert await ends(tasks) == ["Unauthorized"] * 10
    assert cloud.taken == 3


async def test_a_key_that_goes_stale_under_many_costs_one_more_bad_call() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=4, read_fault=stale)
    tasks = await start(http, 1)
    await cloud.answer(OK)
    tasks = await start(http, 10)

    await cloud.answer(*[REFUSED] * 4)
    await cloud.answer(REFUSED)

    assert await ends(tasks) == ["Unauthorized"] * 10
    assert cloud.taken == 1 + 4 + 1


async def test_an_older_answer_does_not_lift_a_refusal() -> None:
    cloud = HeldCloud()
    http = door(open_network(cloud), concurrency=4)
    tasks = await start(http, 1)
    await cloud.answer(OK)
    tasks = await start(http, 2)

    await cloud.answer(REFUSED)
    await cloud.answer(OK)

    assert await ends(tasks) == ["Unauthorized", "200"]
    with pytest.raises(Unauthorized):
        await http.send(READ)
    assert cloud.taken == 3


async def test_an_old_doubt_does_not_cost_a_later_request_its_second_try() -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": [REFUSED, REFUSED, OK]})
    http = door(open_network(cloud, clock), read_fault=stale)
    with pytest.raises(Unauthorized):
        await http.send(ONCE)
    clock.move(HOLD)

    assert (await http.send(READ)).status == 200


async def test_one_connections_bad_key_stops_no_other() -> None:
    cloud = ScriptedCloud({"*": [REFUSED, OK]})
    network = open_network(cloud)

    with pytest.raises(Unauthorized):
        await door(network).send(READ)

    assert (await door(network, connection="other").send(READ)).status == 200


async def test_what_is_held_back_says_what_the_vendor_said() -> None:
    said_once = Reply(b'{"error_code": "APIGW.0301", "error_msg": "bad key"}', 401)
    http = door(open_network(ScriptedCloud({"*": said_once})))
    errors: list[ProviderError] = []
    for request in (READ, replace(READ, operation="get_run")):
        with pytest.raises(Unauthorized, match="bad key") as caught:
            await http.send(request)
        errors.append(caught.value)

    assert [e.operation for e in errors] == ["list_runs", "get_run"]
    assert [e.code for e in errors] == ["APIGW.0301"] * 2
