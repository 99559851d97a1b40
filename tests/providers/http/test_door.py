"""What the door makes of answers: data, errors, another attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from typing_extensions import override

from providers.answer import Answer, AuthFailed, Fault, fault_of_status
from providers.auth.token import HeaderToken
from providers.errors import (
    BadAnswer,
    Forbidden,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.http import Http
from providers.http.network import Exchange
from providers.http.patience import ATTEMPTS, LONGEST_WAIT
from providers.masking import Secrets
from providers.settings import ConnectionSettings
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Answering, Reply, ScriptedCloud
from tests.fakes.door import ONCE, READ, TOKEN, door, open_network

SECOND = timedelta(seconds=1)


def stale(answer: Answer) -> Fault | None:
    """Read every 401 as one that a fresh signature may cure."""
    fault = fault_of_status(answer)
    if fault and fault.kind is Unauthorized:
        return replace(fault, fresh_signature_may_help=True)
    return fault


# --- retries ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        Reply(b"", 408),
        Reply(b"", 425),
        Reply(b"", 429),
        Reply(b"", 500),
        Reply(b"", 502),
        Reply(b"", 503),
        Reply(b"", 504),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
    ids=lambda f: str(getattr(f, "status", type(f).__name__)),
)
async def test_what_only_reads_is_tried_again_after_what_may_pass(
    failure: Answering,
) -> None:
    cloud = ScriptedCloud({"*": [failure, failure, b"[]"]})

    answer = await door(open_network(cloud)).send(READ)

    assert answer.body == b"[]"
    assert len(cloud.requests) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    cloud = ScriptedCloud({"*": Reply(b"", status)})

    with pytest.raises(ProviderError):
        await door(open_network(cloud)).send(READ)

    assert len(cloud.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [Reply(b"", 503), Reply(b"", 429), Reply(b"", 401), httpx.ReadTimeout("slow")],
    ids=["503", "429", "401", "time-out"],
)
async def test_what_acts_is_sent_once_and_never_again(failure: Answering) -> None:
    cloud = ScriptedCloud({"*": failure})

    with pytest.raises(ProviderError):
        await door(open_network(cloud), read_fault=stale).send(ONCE)

    assert len(cloud.requests) == 1


async def test_a_post_is_repeated_only_where_it_says_that_it_reads() -> None:
    for repeatable, sent in ((True, ATTEMPTS), (False, 1)):
        cloud = ScriptedCloud({"*": Reply(b"", 503)})

        with pytest.raises(Unavailable):
            await door(open_network(cloud)).post("x", "/x", repeatable=repeatable)

        assert len(cloud.requests) == sent


async def test_the_last_failure_is_the_one_that_is_raised() -> None:
    cloud = ScriptedCloud({"*": [Reply(b"", 503), Reply(b"", 502), Reply(b"", 404)]})

    with pytest.raises(NotFound):
        await door(open_network(cloud)).send(READ)


async def test_the_pauses_between_attempts_grow_and_are_jittered() -> None:
    pauses: list[tuple[timedelta, ...]] = []
    for _ in range(20):
        clock = FakeClock()
        cloud = ScriptedCloud({"*": Reply(b"", 503)})
        network = open_network(cloud, clock)
        network.random.seed(len(pauses))
        with pytest.raises(Unavailable):
            await door(network).send(READ)
        pauses.append(tuple(clock.slept))

    assert all(0.25 * SECOND <= first <= 0.75 * SECOND for first, _ in pauses)
    assert all(0.5 * SECOND <= second <= 1.5 * SECOND for _, second in pauses)
    assert len(set(pauses)) == len(pauses)


RETRY_AFTER = [
    ("7", 7 * SECOND),
    ("Wed, 01 May 2024 12:00:04 GMT", 4 * SECOND),
    ("Wednesday, 01-May-24 12:00:04 GMT", 4 * SECOND),
]


@pytest.mark.parametrize(("header", "wait"), RETRY_AFTER, ids=["s", "date", "old"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_retry_waits_as_long_as_the_header_asks(
    header: str, wait: timedelta, status: int
) -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": [Reply(b"", status, {"Retry-After": header}), b"[]"]})

    await door(open_network(cloud, clock)).send(READ)

    assert clock.slept == [wait]


async def test_a_wait_found_in_the_vendors_words_wins_over_the_header() -> None:
    """Milliseconds, seconds in another header, words: each vendor's own affair."""

    def read(answer: Answer) -> Fault | None:
        fault = fault_of_status(answer)
        milliseconds = answer.headers.get("x-acs-retry-after")
        if not fault or not milliseconds:
            return fault
        return replace(fault, retry_after=timedelta(milliseconds=int(milliseconds)))

    headers = {"Retry-After": "9", "x-acs-retry-after": "2500"}
    clock = FakeClock()
    cloud = ScriptedCloud({"*": [Reply(b"", 429, headers), b"[]"]})

    await door(open_network(cloud, clock), read_fault=read).send(READ)

    assert clock.slept == [2.5 * SECOND]


async def test_a_short_wait_that_is_asked_for_does_not_shorten_our_own() -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": [Reply(b"", 503, {"Retry-After": "0"}), b"[]"]})

    await door(open_network(cloud, clock)).send(READ)

    assert clock.slept[0] >= 0.25 * SECOND


async def test_a_long_wait_is_left_to_the_one_who_asked() -> None:
    clock = FakeClock()
    cloud = ScriptedCloud({"*": Reply(b"", 429, {"Retry-After": "11"})})

    with pytest.raises(RateLimited) as caught:
        await door(open_network(cloud, clock)).send(READ)

    assert LONGEST_WAIT < 11 * SECOND
    assert caught.value.retry_after == 11 * SECOND
    assert len(cloud.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize(
    ("wait", "kept"),
    [(timedelta.max, timedelta(days=1)), (-SECOND, timedelta())],
)
async def test_a_nonsensical_wait_is_kept_within_reason(
    wait: timedelta, kept: timedelta
) -> None:
    def read(_: Answer) -> Fault:
        return Fault(kind=RateLimited, detail="no", retry_after=wait)

    with pytest.raises(RateLimited) as caught:
        await door(open_network(ScriptedCloud({"*": b""})), read_fault=read).send(ONCE)

    assert caught.value.retry_after == kept


# --- fresh signatures -------------------------------------------------------------


async def test_a_stale_signature_is_tried_exactly_once_more() -> None:
    cloud = ScriptedCloud({"*": Reply(b"", 401)})

    with pytest.raises(Unauthorized):
        await door(open_network(cloud), read_fault=stale).send(READ)

    assert len(cloud.requests) == 2


async def test_it_is_tried_once_more_even_where_a_refusal_holds_nothing() -> None:
    def read(answer: Answer) -> Fault | None:
        fault = stale(answer)
        return replace(fault, hold=timedelta()) if fault else None

    cloud = ScriptedCloud({"*": Reply(b"", 401)})

    with pytest.raises(Unauthorized):
        await door(open_network(cloud), read_fault=read).send(READ)

    assert len(cloud.requests) == 2


async def test_a_fresh_signature_that_passes_is_all_that_is_seen() -> None:
    cloud = ScriptedCloud({"*": [Reply(b"", 401), b"[]"]})
    http = door(open_network(cloud), read_fault=stale)

    assert (await http.send(READ)).body == b"[]"
    assert (await http.send(READ)).body == b"[]"


async def test_the_fresh_signature_is_apart_from_the_attempts() -> None:
    down, refused = Reply(b"", 503), Reply(b"", 401)
    cloud = ScriptedCloud({"*": [down, down, refused, b"[]"]})

    answer = await door(open_network(cloud), read_fault=stale).send(READ)

    assert answer.body == b"[]"


async def test_a_refusal_that_is_none_of_the_signature_is_final() -> None:
    cloud = ScriptedCloud({"*": Reply(b"", 401)})

    with pytest.raises(Unauthorized):
        await door(open_network(cloud)).send(READ)

    assert len(cloud.requests) == 1


# --- errors -----------------------------------------------------------------------


async def test_an_error_inside_a_success_is_an_error() -> None:
    def read(_: Answer) -> Fault | None:
        return Fault(kind=Forbidden, detail="no", code="X.1", request_id="r-1")

    with pytest.raises(Forbidden) as caught:
        await door(open_network(ScriptedCloud({"*": b"{}"})), read_fault=read).send(
            READ
        )

    assert str(caught.value) == "main: list_runs: no [X.1]"
    assert caught.value.request_id == "r-1"


async def test_a_failure_the_vendor_does_not_explain_is_still_one() -> None:
    cloud = ScriptedCloud({"*": Reply(b"", 418)})

    with pytest.raises(Refused, match="HTTP 418: an empty answer"):
        await door(open_network(cloud), read_fault=lambda _: None).send(READ)


async def test_the_advice_of_a_vendor_is_kept() -> None:
    fault = Fault(kind=Forbidden, detail="no", advice="Subscribe to the product.")
    cloud = ScriptedCloud({"*": b"{}"})

    with pytest.raises(Forbidden) as caught:
        await door(open_network(cloud), read_fault=lambda _: fault).send(READ)

    assert caught.value.advice == "Subscribe to the product."


LONG = "x" * 290


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"error_code": TOKEN, "message": TOKEN, "request_id": TOKEN}),
        json.dumps({"message": f"{LONG} {TOKEN}"}),
        f"{LONG} {TOKEN}",
        f"<html><title>{TOKEN}</title></html>",
    ],
    ids=["everywhere", "cut by the length", "text", "page"],
)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_no_error_holds_a_secret_not_even_half_of_one(
    body: str, status: int
) -> None:
    headers = {"x-request-id": TOKEN, "retry-after": "60"}
    cloud = ScriptedCloud({"*": Reply(body.encode(), status, headers)})

    with pytest.raises(ProviderError) as caught:
        await door(open_network(cloud)).send(READ)

    shown = f"{caught.value} {vars(caught.value)}"
    assert "CANARY" not in shown
    assert "•••" in shown


async def test_an_answer_of_the_wrong_shape_does_not_show_a_secret_either() -> None:
    body = json.dumps({"request_id": TOKEN}).encode()
    cloud = ScriptedCloud({"*": body})

    answer = await door(open_network(cloud)).send(READ)
    error = answer.bad(f"odd: {TOKEN}")

    assert "CANARY" not in f"{error} {vars(error)} {answer!r}"


@pytest.mark.parametrize("ident", ["", ".", ".."])
async def test_an_id_that_would_change_the_path_is_refused_unsent(ident: str) -> None:
    cloud = ScriptedCloud({"*": b"{}"})

    with pytest.raises(Refused, match="not an id"):
        await door(open_network(cloud)).get("get_run", "/runs/{}", ident)

    assert cloud.requests == []


async def test_text_that_cannot_be_written_is_refused_unsent() -> None:
    lone = "\ud800"
    cloud = ScriptedCloud({"*": b"{}"})
    http = door(open_network(cloud))

    for asking in (
        http.get("x", "/{}", lone),
        http.get("x", "/", query={"q": lone}),
        http.post("x", "/", json={"q": lone}, repeatable=True),
    ):
        with pytest.raises(Refused, match="not text"):
            await asking

    assert cloud.requests == []


async def test_a_refusal_before_sending_shows_no_secret() -> None:
    with pytest.raises(Refused) as caught:
        await door(open_network(ScriptedCloud({}))).get("x", "/{}/{}", TOKEN, "..")

    assert "CANARY" not in str(caught.value)


def test_only_https_unless_the_connection_says_otherwise() -> None:
    network = open_network(ScriptedCloud({}))

    for url in ("http://vendor.test", "HTTP://vendor.test", "vendor.test"):
        with pytest.raises(ValueError, match="must be https"):
            door(network, url, allow_http=False)
    assert door(network, "https://vendor.test/", allow_http=False).base_url == (
        "https://vendor.test"
    )


def test_the_least_that_is_said_is_enough_to_open_a_door() -> None:
    http = Http(
        open_network(ScriptedCloud({})),
        connection="main",
        base_url="https://vendor.test",
        settings=ConnectionSettings(kind="test"),
        auth=HeaderToken("x"),
        secrets=Secrets(),
    )

    assert http.connection == "main"


# --- what is seen of it -----------------------------------------------------------


class FailsToLogIn(httpx.Auth):
    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        raise AuthFailed(Fault(kind=Forbidden, detail="no"))
        yield request


async def test_each_request_is_observed_once_and_without_secrets() -> None:
    seen: list[Exchange] = []
    clock = FakeClock()

    def slowly(_: httpx.Request) -> Reply:
        clock.move(2 * SECOND)
        return Reply(TOKEN.encode(), 503)

    cloud = ScriptedCloud({"*": [slowly, httpx.ConnectError(TOKEN), b"[]"]})
    await door(open_network(cloud, clock, seen.append)).send(READ)

    assert [(e.status, e.error) for e in seen] == [
        (503, "Unavailable"),
        (None, "Unavailable"),
        (200, None),
    ]
    assert [e.took for e in seen] == [2 * SECOND, timedelta(), timedelta()]
    assert {(e.connection, e.operation) for e in seen} == {("main", "list_runs")}
    assert "CANARY" not in repr(seen)


async def test_a_login_that_fails_is_observed_as_the_error_it_is() -> None:
    seen: list[Exchange] = []
    network = open_network(ScriptedCloud({"*": b""}), observe=seen.append)

    with pytest.raises(Forbidden):
        await door(network, auth=FailsToLogIn()).send(READ)

    assert [(e.status, e.error) for e in seen] == [(None, "Forbidden")]


async def test_a_mistake_of_our_own_is_observed_and_not_hidden() -> None:
    seen: list[Exchange] = []
    network = open_network(ScriptedCloud({"*": b""}), observe=seen.append)

    def broken(_: Answer) -> Fault | None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await door(network, read_fault=broken).send(READ)

    assert [(e.status, e.error) for e in seen] == [(200, "ZeroDivisionError")]


@pytest.mark.parametrize("kind", [BadAnswer, Refused, NotFound])
async def test_the_kind_of_a_fault_is_the_kind_of_the_error(
    kind: type[ProviderError],
) -> None:
    reader: Callable[[Answer], Fault] = lambda _: Fault(kind=kind, detail="no")  # noqa: E731
    cloud = ScriptedCloud({"*": b""})

    with pytest.raises(kind):
        await door(open_network(cloud), read_fault=reader).send(READ)
