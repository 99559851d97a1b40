"""NCP's API Gateway signature: worked examples, and what is signed on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from providers.auth.ncp import NcpSignature, signature
from providers.errors import Unauthorized
from providers.http import Http
from providers.masking import Secrets
from providers.nsml.faults import read_fault
from providers.settings import ConnectionSettings
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, ScriptedCloud, network

if TYPE_CHECKING:
    from tests.fakes.cloud import Script

ACCESS_KEY = "testAccessKey"
SECRET_KEY = "testSecretKey"
API_KEY = "testApiKey"
TIMESTAMP = "1700000000000"

# Computed with the signer of Naver's own ncloud-sdk
# (https://github.com/NaverCloudPlatform/ncloud-sdk-python), and once more by hand from
# https://api.ncloud-docs.com/docs/en/common-ncpapi.
EXAMPLES = [
    (
        "GET",
        "/nsml/v1/projects/runs?page=1&pageSize=10",
        "xOfCcUgNiRo/xN//aqJ9wsEy6rBGisVR50sYY2Czp+0=",
    ),
    (
        "GET",
        "/nsml/v1/projects/runs",
        "zq6D3DbDdMZ0V7jZRgRRE6XAM/aCILG7eT0o+Y2SERA=",
    ),
    (
        "GET",
        "/nsml/v1/projects/2mdnduoena36ekcv4v7/runs/3",
        "fbhz1uzIslL3KfewS5NZ55MjkMGNaS4kAVyfdusIi5M=",
    ),
    (
        "POST",
        "/nsml/v1/projects/2mdnduoena36ekcv4v7/runs",
        "Imgnr996ZasgXHtp2qb7OaEFi4rq/Sltiu4A4pyu/XU=",
    ),
]


def sign(method: str, target: str, timestamp: str = TIMESTAMP) -> str:
    return signature(
        method,
        target,
        timestamp=timestamp,
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
    )


def open_http(script: Script, clock: FakeClock) -> tuple[Http, ScriptedCloud]:
    cloud = ScriptedCloud(script)
    auth = NcpSignature(
        access_key=ACCESS_KEY, secret_key=SECRET_KEY, api_key=API_KEY, now=clock.now
    )
    http = Http(
        network(cloud, clock),
        connection="main",
        base_url="https://nsml.apigw.ntruss.com/nsml/v1",
        settings=ConnectionSettings(kind="nsml"),
        auth=auth,
        secrets=Secrets(),
        read_fault=read_fault,
    )
    return http, cloud


def assert_is_signed_as_sent(request: httpx.Request) -> None:
    timestamp = request.headers["x-ncp-apigw-timestamp"]
    target = request.url.raw_path.decode("ascii")
    expected = sign(request.method, target, timestamp)
    assert request.headers["x-ncp-apigw-signature-v2"] == expected


@pytest.mark.parametrize(("method", "target", "expected"), EXAMPLES)
def test_the_worked_examples_byte_for_byte(
    method: str, target: str, expected: str
) -> None:
    assert sign(method, target) == expected


@pytest.mark.parametrize(("method", "target", "expected"), EXAMPLES)
async def test_the_worked_examples_on_the_wire(
    method: str, target: str, expected: str
) -> None:
    clock = FakeClock(datetime.fromtimestamp(int(TIMESTAMP) / 1000, tz=UTC))
    http, cloud = open_http({"*": b"{}"}, clock)

    if method == "GET":
        path, _, query = target.removeprefix("/nsml/v1").partition("?")
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        await http.get("list_runs", path, query=pairs)
    else:
        path = target.removeprefix("/nsml/v1")
        await http.post("start", path, json={}, repeatable=False)

    [request] = cloud.requests
    assert request.url.raw_path.decode() == target
    assert request.headers["x-ncp-apigw-signature-v2"] == expected


async def test_the_headers_are_those_of_version_2() -> None:
    """Pitfall 8: Naver's own client names its header v1; a direct call says v2."""
    clock = FakeClock(datetime(2024, 5, 1, 12, 0, 0, 789_000, tzinfo=UTC))
    http, cloud = open_http({"*": b"{}"}, clock)

    await http.get("check", "/projects")

    [request] = cloud.requests
    ours = {k: v for k, v in request.headers.items() if k.startswith("x-ncp")}
    assert ours == {
        "x-ncp-apigw-timestamp": "1714564800789",
        "x-ncp-iam-access-key": ACCESS_KEY,
        "x-ncp-apigw-api-key": API_KEY,
        "x-ncp-apigw-signature-v2": sign("GET", "/nsml/v1/projects", "1714564800789"),
    }


async def test_the_query_is_signed_encoded_as_it_is_sent() -> None:
    http, cloud = open_http({"*": b"{}"}, FakeClock())

    await http.get(
        "list_runs",
        "/projects/{}/runs",
        "a/b c%",
        query={"name": "a b+c/d&e=é", "page": 1},
    )

    [request] = cloud.requests
    assert request.url.raw_path == (
        b"/nsml/v1/projects/a%2Fb%20c%25/runs?name=a%20b%2Bc%2Fd%26e%3D%C3%A9&page=1"
    )
    assert_is_signed_as_sent(request)


async def test_every_retry_is_signed_anew_with_a_fresh_timestamp() -> None:
    clock = FakeClock()
    began = clock.now()
    http, cloud = open_http({"*": [Reply(b"", 503), Reply(b"{}")]}, clock)

    await http.get("list_runs", "/projects/runs")

    stamps = [int(r.headers["x-ncp-apigw-timestamp"]) for r in cloud.requests]
    [slept] = clock.slept
    first = int(began.timestamp() * 1000)
    assert stamps == [first, int((began + slept).timestamp() * 1000)]
    assert stamps[1] > stamps[0]
    for request in cloud.requests:
        assert_is_signed_as_sent(request)


async def test_a_refused_signature_is_tried_once_more_and_no_oftener() -> None:
    """A timestamp more than five minutes off is refused just like a wrong key."""
    refusal = Reply(b'{"error":{"errorCode":"200","message":"no"}}', 401)
    clock = FakeClock()
    cured, cloud = open_http({"*": [refusal, Reply(b"{}")]}, clock)
    await cured.get("check", "/projects")
    assert len(cloud.requests) == 2
    assert_is_signed_as_sent(cloud.requests[1])

    hopeless, cloud = open_http({"*": refusal}, clock)
    with pytest.raises(Unauthorized):
        await hopeless.get("check", "/projects")
    assert len(cloud.requests) == 2


async def test_the_secret_key_itself_is_never_sent() -> None:
    http, cloud = open_http({"*": b"{}"}, FakeClock())

    await http.post("start", "/projects", json={"a": 1}, repeatable=False)

    [request] = cloud.requests
    sent = (str(request.url), str(request.headers), request.content.decode())
    assert not any(SECRET_KEY in text for text in sent)


async def test_the_clock_is_the_one_handed_in() -> None:
    clock = FakeClock()
    http, cloud = open_http({"*": b"{}"}, clock)

    await http.get("check", "/projects")
    clock.move(timedelta(hours=1))
    await http.get("check", "/projects")

    stamps = [int(r.headers["x-ncp-apigw-timestamp"]) for r in cloud.requests]
    assert stamps[1] - stamps[0] == 3_600_000
