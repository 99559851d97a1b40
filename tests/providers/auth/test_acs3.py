"""Alibaba Cloud's signature, against published and independently computed vectors."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from providers.auth.acs3 import (
    Acs3Signature,
    canonical_query,
    canonical_request,
    is_signed,
    signature,
)
from providers.http import Http, Request
from providers.masking import Secrets
from providers.settings import ConnectionSettings
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, ScriptedCloud, network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
NONCE = "0123456789abcdef0123456789abcdef"
HOST = "devops.cn-hangzhou.aliyuncs.com"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
RUNS = "/organization/5ebbc0228123212b59xxxxx/pipelines/1233/pipelineRuns"
QUERY = "maxResults=20&nextToken=a%20b%2Bc%2Fd%3D&status=FAIL&triggerMode=1"


class Vector(NamedTuple):
    """A request, and what the vendor's own signer makes of it."""

    name: str
    method: str
    url: str
    action: str
    signature: str
    canonical_sha256: str | None = None
    body: bytes = b""
    content_type: str | None = None
    security_token: str | None = None
    access_key_id: str = "testAccessKeyId"
    access_key_secret: str = "testAccessKeySecret"
    version: str = "2021-06-25"
    now: datetime = NOW
    nonce: str = NONCE


VECTORS = [
    Vector(
        name="a list with a token that needs escaping",
        method="GET",
        url=f"https://{HOST}{RUNS}?{QUERY}",
        action="ListPipelineRuns",
        canonical_sha256=(
            "a1fad8104f629301d6e598a7d18c66e51e74f6d5762b2c9e4df92026fc05c701"
        ),
        signature="7058edba47380e83eb170a7ee1fc148983620449e9e87f04817a28f649048af0",
    ),
    Vector(
        name="the same with a temporary credential",
        method="GET",
        url=f"https://{HOST}{RUNS}?{QUERY}",
        action="ListPipelineRuns",
        security_token="testSecurityToken",
        canonical_sha256=(
            "b6c1205e24256ad7c2ae68b00562b6b7cd32125cd61d0df34e2525d9c520eca6"
        ),
        signature="fbee0fd6968bef7750962bdc6ea95089d97acfc4c99dafda99db925555ccabec",
    ),
    Vector(
        name="a form whose bytes are signed",
        method="POST",
        url=(
            f"https://{HOST}/organizations/5ebbc0228123212b59xxxxx/pipelines/1233/run"
        ),
        action="StartPipelineRun",
        body=b"params=%7B%22envs%22%3A%7B%22k1%22%3A%22v1%22%7D%7D",
        content_type="application/x-www-form-urlencoded",
        canonical_sha256=(
            "d3e2867669c19da639274b985f007ec7b6691f1f0005d3ce4dcd3e4cab24a82e"
        ),
        signature="71faf990cdfefb9a033bad56466a74dd8f12892ec631a62c251ecd5c3315f2d5",
    ),
    Vector(
        name="a PUT with neither query nor body",
        method="PUT",
        url=f"https://{HOST}{RUNS}/11/stop",
        action="StopPipelineRun",
        signature="66b0d6a39e362634f4682d097f7e1600fe6bbb4c1f37a92b6102fe05e522aa47",
    ),
    # https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
    Vector(
        name="Alibaba's published example",
        method="POST",
        url=(
            "https://ecs.cn-shanghai.aliyuncs.com/"
            "?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
            "&RegionId=cn-shanghai"
        ),
        action="RunInstances",
        version="2014-05-26",
        access_key_id="YourAccessKeyId",
        access_key_secret="YourAccessKeySecret",
        now=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
        canonical_sha256=(
            "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
        ),
        signature="06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
    ),
]


def signed(vector: Vector) -> httpx.Request:
    """Return the vector's request as it would be sent."""
    headers = {"x-acs-action": vector.action, "User-Agent": "runbell"}
    if vector.content_type:
        headers["Content-Type"] = vector.content_type
    request = httpx.Request(
        vector.method, vector.url, content=vector.body or None, headers=headers
    )
    auth = Acs3Signature(
        access_key_id=vector.access_key_id,
        access_key_secret=vector.access_key_secret,
        security_token=vector.security_token,
        version=vector.version,
        now=lambda: vector.now,
        nonce=lambda: vector.nonce,
    )
    return next(auth.sync_auth_flow(request))


def sent_headers(request: httpx.Request) -> Mapping[str, str]:
    """Return the headers that the request says it signed."""
    names = request.headers["authorization"].partition("SignedHeaders=")[2]
    return {n: request.headers[n] for n in names.partition(",")[0].split(";")}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v.name)
def test_a_request_is_signed_as_the_vendor_signs_it(vector: Vector) -> None:
    request = signed(vector)

    scheme, _, rest = request.headers["authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    assert scheme == "ACS3-HMAC-SHA256"
    assert parts["Credential"] == vector.access_key_id
    assert parts["Signature"] == vector.signature


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v.canonical_sha256], ids=lambda v: v.name
)
def test_the_text_that_is_signed_is_the_vendors_byte_for_byte(vector: Vector) -> None:
    request = signed(vector)

    canonical = canonical_request(
        vector.method,
        request.url.raw_path.decode("ascii"),
        headers=sent_headers(request),
        content_sha256=hashlib.sha256(vector.body).hexdigest(),
    )

    assert hashlib.sha256(canonical.encode()).hexdigest() == vector.canonical_sha256
    assert signature(canonical, secret_key=vector.access_key_secret) == vector.signature


def test_the_canonical_request_reads_as_documented() -> None:
    canonical = canonical_request(
        "GET",
        f"{RUNS}?{QUERY}",
        headers=sent_headers(signed(VECTORS[0])),
        content_sha256=EMPTY,
    )

    assert len(canonical) == 553
    assert canonical.splitlines() == [
        "GET",
        RUNS,
        QUERY,
        f"host:{HOST}",
        "x-acs-action:ListPipelineRuns",
        f"x-acs-content-sha256:{EMPTY}",
        "x-acs-date:2024-01-02T03:04:05Z",
        f"x-acs-signature-nonce:{NONCE}",
        "x-acs-version:2021-06-25",
        "",
        (
            "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;"
            "x-acs-version"
        ),
        EMPTY,
    ]


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("nextToken=", "nextToken="),
        ("nextToken", "nextToken="),
        ("q=a+b", "q=a%20b"),
        ("q=a%2bb", "q=a%2Bb"),
        ("q=%E6%B5%81~*", "q=%E6%B5%81~%2A"),
    ],
)
def test_a_query_is_signed_the_way_the_server_reads_it(
    sent: str, canonical: str
) -> None:
    assert canonical_query(sent) == canonical


def test_header_values_are_trimmed_and_names_lowered() -> None:
    loud = canonical_request(
        "GET", "/", headers={"X-Acs-Date": "  now "}, content_sha256=EMPTY
    )

    assert "\nx-acs-date:now\n" in loud


def test_only_the_headers_that_matter_are_signed() -> None:
    assert is_signed("Host")
    assert is_signed("Content-Type")
    assert is_signed("X-Acs-Anything")
    assert not is_signed("accept")
    assert not is_signed("user-agent")


def test_the_port_is_part_of_the_signed_host() -> None:
    request = signed(VECTORS[0]._replace(url="http://127.0.0.1:8301/organization/x"))

    assert sent_headers(request)["host"] == "127.0.0.1:8301"


def test_the_date_is_utc_whatever_zone_the_clock_is_in() -> None:
    shanghai = datetime.fromisoformat("2024-01-02T11:04:05+08:00")
    request = signed(VECTORS[0]._replace(now=shanghai))

    assert request.headers["x-acs-date"] == "2024-01-02T03:04:05Z"


async def test_a_retry_is_signed_anew_with_another_nonce_and_date() -> None:
    """A nonce that was used before is refused (SignatureNonceUsed)."""
    cloud = ScriptedCloud({"GET /x": [Reply(b"{}", 503), Reply(b'{"ok": 1}')]})
    clock = FakeClock(NOW)
    net = network(cloud, clock)
    nonces: Iterator[str] = iter(["first", "second"])
    auth = Acs3Signature(
        access_key_id="testAccessKeyId",
        access_key_secret="testAccessKeySecret",
        version="2021-06-25",
        now=clock.now,
        nonce=lambda: next(nonces),
    )
    http = Http(
        net,
        connection="main",
        base_url=f"https://{HOST}",
        settings=ConnectionSettings(),
        auth=auth,
        secrets=Secrets(),
    )
    clock.move(timedelta(milliseconds=900))

    await http.send(
        Request(
            operation="check",
            method="GET",
            target="/x",
            headers={"x-acs-action": "GetUserInfo"},
            repeatable=True,
        )
    )

    first, second = cloud.requests
    assert first.headers["x-acs-signature-nonce"] == "first"
    assert second.headers["x-acs-signature-nonce"] == "second"
    assert first.headers["x-acs-date"] == "2024-01-02T03:04:05Z"
    assert second.headers["x-acs-date"] == "2024-01-02T03:04:06Z"
    assert first.headers["authorization"] != second.headers["authorization"]
    assert second.headers["x-acs-action"] == "GetUserInfo"
