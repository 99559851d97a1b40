"""What Huawei Cloud's services share: settings, credentials, errors and times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from providers.answer import Answer, Fault
from providers.auth.huawei import HuaweiSignature
from providers.auth.iam import IamToken
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
from providers.gateways.huawei import (
    HuaweiSettings,
    authentication,
    instant,
    read_fault,
)
from providers.http import Http
from providers.masking import Secrets
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Reply, ScriptedCloud, network

PROJECT = "54f90b75fc1447b1b65e8d3a9f77923d"
IAM_PROJECT = "0123456789abcdef0123456789abcdef"
PLACE = {"kind": "any", "region": "cn-north-4", "project_id": PROJECT}
KEYS = {"access_key": "CANARY-ak", "secret_key": "CANARY-sk"}
LOGIN = {"username": "robot", "password": "CANARY-pw", "domain_name": "acme"}


def settings(**values: Any) -> HuaweiSettings:
    return HuaweiSettings.model_validate({**PLACE, **values})


# --- settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        ({}, ["access_key and secret_key", "username, password and domain_name"]),
        ({"access_key": "CANARY"}, ["access_key alone", "add secret_key"]),
        ({"username": "u"}, ["username alone", "add password and domain_name"]),
        (
            {"username": "u", "password": "CANARY"},
            ["username and password alone", "add domain_name"],
        ),
        ({**KEYS, "username": "u"}, ["not both"]),
        ({**LOGIN, "security_token": "CANARY"}, ["security_token"]),
    ],
)
def test_exactly_one_whole_credential_is_asked_for(
    credential: dict[str, str], said: list[str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**credential)

    message = caught.value.errors(include_input=False)[0]["msg"]
    assert all(words in message for words in said), message
    assert "CANARY" not in message


def test_the_two_kinds_of_project_are_not_to_be_mixed_up() -> None:
    """Bite 6: one id is the CodeArts project's, the other the region's."""
    with pytest.raises(ValidationError, match="iam_project_id are the same"):
        settings(**KEYS, iam_project_id=PROJECT)


@pytest.mark.parametrize(
    "change",
    [
        {"region": "evil.example.com/"},
        {"region": "north"},
        {"project_id": "../.."},
        {"project_id": "short"},
        {"language": "klingon"},
        {"iam_url": "http://iam.example.com"},
    ],
    ids=str,
)
def test_what_would_become_part_of_an_address_is_looked_at(
    change: dict[str, str],
) -> None:
    with pytest.raises(ValidationError):
        settings(**{**KEYS, **change})


@pytest.mark.parametrize(
    ("change", "address"),
    [
        ({}, "https://iam.cn-north-4.myhuaweicloud.com"),
        ({"region": "eu-west-101"}, "https://iam.eu-west-101.myhuaweicloud.eu"),
        ({"iam_url": "https://iam.example.com/"}, "https://iam.example.com"),
    ],
    ids=str,
)
def test_iam_is_the_regions_own_where_nothing_else_is_set(
    change: dict[str, str], address: str
) -> None:
    assert settings(**{**LOGIN, **change}).iam_address == address


def test_no_secret_is_shown_and_each_is_masked() -> None:
    every = settings(**KEYS, security_token="CANARY-st")

    assert "CANARY" not in repr(every)
    assert set(every.secrets()) == {"CANARY-ak", "CANARY-sk", "CANARY-st"}


# --- credentials ----------------------------------------------------------------------


async def asked_with(**values: Any) -> list[Any]:
    """Return the requests of one question, logins among them."""
    token = Reply(b"{}", 201, {"X-Subject-Token": "fresh-token"})
    cloud = ScriptedCloud({"POST /v3/auth/tokens": token, "*": b"{}"})
    net = network(cloud)
    chosen = settings(**values)
    secrets = Secrets(chosen.secrets())
    auth = authentication(chosen, net, secrets)
    await net.client.get("https://service.example.com/x", auth=auth)
    assert secrets.mask("fresh-token") == (
        "•••" if isinstance(auth, IamToken) else "fresh-token"
    )
    return cloud.requests


async def test_an_access_key_signs_its_project_and_its_security_token_too() -> None:
    [request] = await asked_with(
        **KEYS, security_token="CANARY-st", iam_project_id=IAM_PROJECT
    )

    signed = "host;x-language;x-project-id;x-sdk-date;x-security-token"
    assert f"SignedHeaders={signed}," in request.headers["authorization"]
    assert request.headers["x-project-id"] == IAM_PROJECT
    assert request.headers["x-security-token"] == "CANARY-st"
    assert request.headers["x-sdk-date"] == "20240501T120000Z"
    assert request.headers["x-language"] == "en-us"


async def test_without_more_only_host_time_and_language_are_signed() -> None:
    [request] = await asked_with(**KEYS, language="zh-cn")

    assert (
        "SignedHeaders=host;x-language;x-sdk-date,"
        in (request.headers["authorization"])
    )
    assert request.headers["x-language"] == "zh-cn"


@pytest.mark.parametrize(
    ("change", "scope"),
    [
        ({}, {"name": "cn-north-4"}),
        ({"iam_project": "cn-north-4_team"}, {"name": "cn-north-4_team"}),
        ({"iam_project_id": IAM_PROJECT}, {"id": IAM_PROJECT}),
    ],
    ids=str,
)
async def test_a_login_is_for_the_regions_project_where_none_is_named(
    change: dict[str, str], scope: dict[str, str]
) -> None:
    login, request = await asked_with(**LOGIN, **change)

    assert json.loads(login.content)["auth"]["scope"] == {"project": scope}
    assert request.headers["x-auth-token"] == "fresh-token"
    assert "authorization" not in request.headers


def test_the_credential_decides_the_scheme() -> None:
    net = network(ScriptedCloud({}))

    assert isinstance(authentication(settings(**KEYS), net, Secrets()), HuaweiSignature)
    assert isinstance(authentication(settings(**LOGIN), net, Secrets()), IamToken)


# --- errors ---------------------------------------------------------------------------

OWN = {"DEVCP.00012002": NotFound, "APIGW.0305": Refused}


def fault_in(
    body: object, status: int = 200, headers: dict[str, str] | None = None
) -> Fault | None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(
        connection="main",
        operation="ask",
        status=status,
        headers=headers or {},
        body=data,
    )
    return read_fault(OWN)(answer)


def found(body: object, status: int = 200, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fault = fault_in(body, status, named)
    assert fault is not None
    return fault


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"error_code": "X.1", "error_msg": "no"}, Refused, "X.1"),
        ({"error_code": "DEVCP.00012002", "error_msg": "none"}, NotFound, None),
        ({"error": {"code": "DEVCP.00012002", "message": "none"}}, NotFound, None),
        ({"status": "error", "error": {"message": "no"}, "result": None}, Refused, ""),
        ({"status": "error", "result": "not there"}, Refused, ""),
        ({"httpStatus": "BAD_REQUEST", "result": {"code": "A"}}, Refused, "A"),
        ({"httpStatus": "NOT_FOUND", "status": "error"}, NotFound, ""),
        ({"httpStatus": "INTERNAL_SERVER_ERROR", "result": 0}, Unavailable, ""),
        ({"httpStatus": "TEA_TIME", "status": "error"}, Refused, ""),
        ({"success": False}, Refused, ""),
        ({"success": "false"}, Refused, ""),
        ({"pipeline_run_id": "", "error_msg": "limit"}, Refused, ""),
        ({"errorCode": "X", "errorMsg": "no"}, Refused, "X"),
        ({"error": "broken"}, Refused, ""),
        ({"error_code": "CC.10010204.404", "error_msg": "gone"}, NotFound, None),
        ({"error_code": "CC.1.500", "error_msg": "sorry"}, Unavailable, None),
    ],
    ids=str,
)
def test_an_error_inside_http_200_is_found(
    body: dict[str, Any], kind: type[ProviderError], code: str | None
) -> None:
    """Bite 1: both services document errors with status 200."""
    fault = found(body)

    assert fault.kind is kind
    if code is not None:
        assert (fault.code or "") == code


def test_the_words_in_the_wrapper_of_newer_apis_are_found() -> None:
    fault = found({"httpStatus": "BAD_REQUEST", "result": "task is running"})

    assert fault.detail == "HTTP 200: task is running"


@pytest.mark.parametrize(
    "body",
    [
        [{"pipeline_id": "p", "status": "FAILED"}],
        [],
        {},
        b"null",
        b"",
        b"[1,",
        b"{1",
        {"status": "FAILED", "id": "r"},
        {"status": "error", "id": "r", "run_number": 2},
        {"status": "success", "error": None, "result": [1]},
        {"status": "success", "error": {}, "result": {}},
        {"status": "success", "error": {"code": None, "message": ""}},
        {"httpStatus": "OK", "status": "success", "result": {"error_code": "x"}},
        {"httpStatus": "ACCEPTED", "result": {}},
        {"httpStatus": "", "result": {}},
        {"success": True},
        {"log": '{"error_code": "X"}', "has_more": False},
        {"error_code": "0", "error_msg": "success", "total": 1},
        {"error_code": None, "error_msg": "", "total": 1},
        {"error_code": False, "pipelines": []},
        {"total": 0, "pipelines": []},
    ],
    ids=str,
)
def test_data_is_never_taken_for_an_error(body: object) -> None:
    assert fault_in(body) is None


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "APIGW.0101", BadAnswer),
        (404, "APIG.0101", BadAnswer),
        (401, "APIGW.0301", Unauthorized),
        (401, "APIGW.0303", Unauthorized),
        (401, "APIGW.0307", Unauthorized),
        (429, "APIGW.0308", RateLimited),
        (429, "APIG.0308", RateLimited),
        (403, "APIGW.0310", Forbidden),
        # One code, several statuses.
        (400, "APIGW.0201", Refused),
        (413, "APIGW.0201", Refused),
        (502, "APIGW.0201", Unavailable),
        (504, "APIGW.0201", Unavailable),
        # "Busy", as 400 or 500.
        (400, "CC.00000000", Unavailable),
        (400, "PM.02175000", Unavailable),
        (200, "CC.00050012", Unavailable),
        (200, "DEVPIPE.00011127", Unavailable),
        (500, "DEVCP.00010000", Unavailable),
        (500, "DEVCP.00020500", Unavailable),
        (500, "COCT.0070500", Unavailable),
        (500, "COCT.0070003", RateLimited),
        # The service's own word wins over the gateway's.
        (403, "APIGW.0305", Refused),
        (500, "DEVCP.00012002", NotFound),
        # Nobody's code: the status.
        (403, "NEW.1", Forbidden),
        (401, "NEW.1", Unauthorized),
        (500, "NEW.1", Unavailable),
    ],
)
def test_a_code_says_more_than_a_status(
    status: int, code: str, kind: type[ProviderError]
) -> None:
    fault = found({"error_code": code, "error_msg": "m", "request_id": "r-1"}, status)

    assert fault.kind is kind
    assert fault.code == code
    assert fault.request_id == "r-1"
    assert fault.detail == f"HTTP {status}: m"


THROTTLED = "The throttling threshold has been reached: policy user over ratelimit,"


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        (f"{THROTTLED}limit:60,time:1 minute", timedelta(minutes=1)),
        (f"{THROTTLED}limit:200,time:1 second", timedelta(seconds=1)),
        (f"{THROTTLED}limit:5, time: 2 hours", timedelta(hours=2)),
        (f"{THROTTLED}limit:5,time:minute", timedelta(minutes=1)),
        (f"{THROTTLED}limit:5,time:999999 day", timedelta(days=1)),
        (f"{THROTTLED}limit:5,time:{10**30} day", timedelta(seconds=3)),
        ("slow down", timedelta(seconds=3)),
    ],
)
def test_a_throttled_answer_says_how_long_to_wait(
    message: str, wait: timedelta
) -> None:
    fault = found({"error_code": "APIGW.0308", "error_msg": message}, 429)

    assert fault.retry_after == wait


def test_a_retry_after_is_followed_where_one_is_sent() -> None:
    fault = found({"error_code": "APIGW.0308"}, 429, retry_after="9")

    assert fault.retry_after is None


@pytest.mark.parametrize(
    ("code", "message", "hold", "word"),
    [
        ("APIGW.0301", "verify aksk signature fail", 5, "secret_key"),
        ("APIGW.0301", "AK access failed to reach the limit,forbidden", 5, "locked"),
        ("APIGW.0303", "signature time: 1, server time: 2", 5, "clock"),
        ("APIGW.0307", "The token must be updated.", None, "region"),
        (None, "", 5, "access_key"),
    ],
)
def test_after_a_refused_signature_nothing_more_is_sent_for_five_minutes(
    code: str | None, message: str, hold: int | None, word: str
) -> None:
    """Bites 16, 17 and 18: lock, clock skew and wrong region each have their advice."""
    fault = found({"error_code": code, "error_msg": message}, 401)

    assert fault.hold == (timedelta(minutes=hold) if hold else None)
    assert word in (fault.advice or "")
    assert not fault.fresh_signature_may_help


async def test_a_bad_key_is_used_once_in_five_minutes_however_many_ask() -> None:
    """Bite 17: more than five refusals in a row lock the key."""
    clock = FakeClock()
    refusal = Reply(b'{"error_code":"APIGW.0301","error_msg":"bad signature"}', 401)
    cloud = ScriptedCloud({"*": refusal})
    net = network(cloud, clock)
    chosen = settings(**KEYS)
    http = Http(
        net,
        connection="main",
        base_url="https://service.example.com",
        settings=chosen,
        auth=authentication(chosen, net, Secrets()),
        secrets=Secrets(),
        read_fault=read_fault({}),
    )

    for _ in range(10):
        with pytest.raises(Unauthorized):
            await http.get("ask", "/x")
    assert len(cloud.requests) == 1

    clock.move(timedelta(minutes=5))
    with pytest.raises(Unauthorized):
        await http.get("ask", "/x")
    assert len(cloud.requests) == 2


# --- times ----------------------------------------------------------------------------

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2023, 3, 4, 8, 48, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1677919689000, START),
        ("1677919689000", START),
        (1677919689000.0, START),
        ("2023-03-04 16:48:09", START),
        (" 2023-03-04 16:48:09 ", START),
        ("2023-03-04T08:48:09Z", START),
        ("2023-03-04T16:48:09+08:00", START),
        (None, None),
        (0, None),
        ("0", None),
        ("", None),
        ("  ", None),
        ("soon", None),
        ("-", None),
        (10**18, None),
        ("9" * 40, None),
        ("9" * 5000, None),
        ("0001-01-01 00:00:00", None),
    ],
)
def test_every_form_of_a_time_is_read(value: Any, expected: datetime | None) -> None:
    """Bite 13: one answer mixes milliseconds with text in the server's zone."""
    found_at = instant(value, SHANGHAI)

    assert found_at == expected
    assert found_at is None or found_at.tzinfo is UTC
