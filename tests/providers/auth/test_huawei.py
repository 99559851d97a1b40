"""Huawei Cloud's signature, held against worked examples of the vendor's own signer.

Algorithm: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from providers.auth.huawei import (
    HuaweiSignature,
    authorization,
    canonical_query,
    canonical_request,
    canonical_uri,
    signature,
    string_to_sign,
)

ACCESS = "AKIDEXAMPLE0000000001"
SECRET = "SKSecretExample/0000000000000000000000+1"
DATE = "20260102T030405Z"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"


@dataclass(frozen=True, kw_only=True)
class Example:
    name: str
    method: str
    host: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    signed: str
    canonical_sha256: str
    signature: str


EXAMPLES = [
    Example(
        name="A: GET with a query and no body",
        method="GET",
        host="codearts-check.cn-north-4.myhuaweicloud.com",
        target=f"/v2/{PROJECT}/tasks?offset=0&limit=100",
        signed="host;x-sdk-date",
        canonical_sha256="e92cbb4d24a87f17388f8e03a32292f10b39efedd64dce88c81da45fb0315441",
        signature="98ae3c59e73ddfdd041eddbff06927ed113a8252b2e52a592820f9c55236d359",
    ),
    Example(
        name="B: POST of a JSON array, with a project id",
        method="POST",
        host="cloudpipeline-ext.cn-north-4.myhuaweicloud.com",
        target=f"/v5/{PROJECT}/api/pipelines/status",
        headers={
            "Content-Type": "application/json;charset=UTF-8",
            "X-Project-Id": "0123456789abcdef0123456789abcdef",
        },
        body=b'["d19799d619424b2bb2625ec2d93ea087"]',
        signed="content-type;host;x-project-id;x-sdk-date",
        canonical_sha256="13bcab006dac38b2cdd464878a94607f6999844500be5c5b07b6738d578c52fb",
        signature="56a6e8e95707569264a5cd0e10257beca3f0e602a785eef5db10315eaf290f7e",
    ),
    Example(
        name="C: awkward query, temporary credential, empty body",
        method="POST",
        host="cloudpipeline-ext.cn-north-4.myhuaweicloud.com",
        target=(
            f"/v5/{PROJECT}/api/pipelines/p1/pipeline-runs/r1/jobs/j1/steps/s1/pass"
            "?approval_description=looks%20good%20~%20ok%2F%E9%80%9A%E8%BF%87"
            "&a=true&A=1&list=b&list=a"
        ),
        headers={
            "Content-Type": "application/json",
            "X-Security-Token": "TOKENEXAMPLE==",
        },
        signed="content-type;host;x-sdk-date;x-security-token",
        canonical_sha256="26a89286b8a3d0bb0bc0dbfdf6c303783d10bb9f0d506476d1499d3c794e0658",
        signature="edd7f645ce53d828dccd7b8a5b47850d89d51165ff2b53cfad2af166eb055773",
    ),
    Example(
        name="D: path with escapes, port in the host, header with an underscore",
        method="GET",
        host="127.0.0.1:8080",
        target="/v2/a%20b/%E4%B8%AD+x/",
        headers={
            "Content-Type": "text/plain",
            "X_Under": "skip",
            "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD",
        },
        signed="content-type;host;x-sdk-content-sha256;x-sdk-date",
        canonical_sha256="7516019bfd8f26511687fac21c59e9065f36e8b0eb38b2033561392400d7f385",
        signature="23771a9242702c4a6885c943903598b2babb38e6e281be4b2a63ee52209d24b6",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_a_worked_example_is_signed_byte_for_byte(example: Example) -> None:
    headers = {"Host": example.host, "X-Sdk-Date": DATE, **example.headers}

    canonical = canonical_request(example.method, example.target, headers, example.body)

    assert hashlib.sha256(canonical.encode()).hexdigest() == example.canonical_sha256
    assert signature(string_to_sign(canonical, DATE), SECRET) == example.signature
    assert authorization(
        example.method,
        example.target,
        headers,
        example.body,
        access_key=ACCESS,
        secret_key=SECRET,
    ) == (
        f"SDK-HMAC-SHA256 Access={ACCESS}, SignedHeaders={example.signed}, "
        f"Signature={example.signature}"
    )


def flow(
    request: httpx.Request, headers: dict[str, str] | None = None
) -> httpx.Request:
    """Return the request as it goes out."""
    auth = HuaweiSignature(
        access_key=ACCESS, secret_key=SECRET, now=lambda: NOW, headers=headers
    )
    return next(auth.sync_auth_flow(request))


@pytest.mark.parametrize(
    ("example", "added"),
    [
        (EXAMPLES[0], {}),
        (EXAMPLES[1], {"X-Project-Id": "0123456789abcdef0123456789abcdef"}),
        (EXAMPLES[2], {"X-Security-Token": "TOKENEXAMPLE=="}),
    ],
    ids=["A", "B, its project id signed", "C, its security token signed"],
)
def test_a_request_of_httpx_is_signed_as_the_example_is(
    example: Example, added: dict[str, str]
) -> None:
    own = {k: v for k, v in example.headers.items() if k not in added}
    request = httpx.Request(
        example.method,
        f"https://{example.host}{example.target}",
        headers=own,
        content=example.body,
    )

    sent = flow(request, added)

    assert sent.headers["X-Sdk-Date"] == DATE
    assert sent.headers["Authorization"].endswith(f"Signature={example.signature}")
    assert f"SignedHeaders={example.signed}," in sent.headers["Authorization"]
    assert all(sent.headers[name] == value for name, value in added.items())


def test_the_port_of_the_host_is_signed_where_it_is_sent() -> None:
    sent = flow(httpx.Request("GET", "http://127.0.0.1:8080/v2"))

    expected = authorization(
        "GET",
        "/v2",
        {"Host": "127.0.0.1:8080", "X-Sdk-Date": DATE},
        b"",
        access_key=ACCESS,
        secret_key=SECRET,
    )
    assert sent.headers["Authorization"] == expected


def test_each_attempt_is_signed_with_the_time_of_the_attempt() -> None:
    times = iter([NOW, NOW.replace(minute=59)])
    auth = HuaweiSignature(
        access_key=ACCESS, secret_key=SECRET, now=lambda: next(times)
    )
    request = httpx.Request("GET", "https://example.com/")

    first = dict(next(auth.sync_auth_flow(request)).headers)
    second = dict(next(auth.sync_auth_flow(request)).headers)

    assert (first["x-sdk-date"], second["x-sdk-date"]) == (DATE, "20260102T035905Z")
    assert first["authorization"] != second["authorization"]


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("", "/"),
        ("/v2/a", "/v2/a/"),
        ("/v2/a/", "/v2/a/"),
        ("/a~b-c_d.e", "/a~b-c_d.e/"),
        ("/a%7eb", "/a~b/"),
        ("/a:b", "/a%3Ab/"),
    ],
)
def test_a_path_is_encoded_anew_and_ends_in_a_slash(path: str, canonical: str) -> None:
    assert canonical_uri(path) == canonical


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        ("b=2&a=1", "a=1&b=2"),
        ("a=1&A=2", "A=2&a=1"),
        ("flag", "flag="),
        ("list=b&list=a", "list=a&list=b"),
        ("x=a%2Fb%20c", "x=a%2Fb%20c"),
        ("x=a=b", "x=a%3Db"),
    ],
)
def test_a_query_is_sorted_and_encoded_anew(query: str, canonical: str) -> None:
    assert canonical_query(query) == canonical
