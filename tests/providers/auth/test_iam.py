"""Huawei Cloud's tokens: fetched once, kept a day, renewed once, never in a loop."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from typing_extensions import override

from providers.answer import Answer
from providers.auth.iam import IamToken, Login, is_token_refusal
from providers.errors import (
    BadAnswer,
    Forbidden,
    ProviderError,
    Refused,
    Unauthorized,
    Unavailable,
)
from providers.gateways.huawei import read_fault
from providers.http import Http
from providers.masking import Secrets
from providers.settings import ConnectionSettings
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import Answering, Reply, Script, ScriptedCloud, network

LOGIN = Login(
    username="robot", password="CANARY-password", domain="acme", project="cn-north-4"
)
TOKENS = "POST /v3/auth/tokens?nocatalog=true"
DATA = "GET /data"


def token(value: str, expires_at: str | None = "2024-05-02T12:00:00.701000Z") -> Reply:
    body = {"token": {"expires_at": expires_at, "methods": ["password"]}}
    return Reply(json.dumps(body).encode(), 201, {"X-Subject-Token": value})


def refusal(code: str, message: str = "no") -> Reply:
    body = {"error_code": code, "error_msg": message, "request_id": "r-1"}
    return Reply(json.dumps(body).encode(), 401)


EXPIRED = refusal("APIGW.0307", "The token must be updated.")
WRONG_PASSWORD = Reply(
    b'{"error":{"code":401,"message":"The username or password is wrong.",'
    b'"title":"Unauthorized"}}',
    401,
)


class NotingCloud(ScriptedCloud):
    """Notes each token as it comes: a renewed one goes into the same request."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.tokens: list[str] = []

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/data":
            self.tokens.append(request.headers["x-auth-token"])
        return await super().handle_async_request(request)


class Door:
    """A connection with a login, its cloud and its clock."""

    def __init__(
        self,
        iam: Answering | list[Answering],
        data: Answering | list[Answering] = b"{}",
        login: Login = LOGIN,
    ) -> None:
        self.clock = FakeClock()
        self.cloud = NotingCloud({TOKENS: iam, DATA: data})
        self.secrets = Secrets([login.password])
        net = network(self.cloud, self.clock)
        auth = IamToken(
            client=net.client,
            url="https://iam.cn-north-4.myhuaweicloud.com",
            login=login,
            now=self.clock.now,
            secrets=self.secrets,
            headers={"X-Language": "en-us"},
        )
        self.http = Http(
            net,
            connection="main",
            base_url="https://service.example.com",
            settings=ConnectionSettings(kind="any"),
            auth=auth,
            secrets=self.secrets,
            read_fault=read_fault({}),
        )

    async def ask(self) -> Answer:
        return await self.http.get("ask", "/data")

    @property
    def logins(self) -> int:
        return self.cloud.asked.count(TOKENS)

    @property
    def tokens_used(self) -> list[str]:
        return self.cloud.tokens


async def test_a_token_is_fetched_once_and_put_into_every_request() -> None:
    door = Door(token("first"))

    await door.ask()
    await door.ask()

    assert door.cloud.asked == [TOKENS, DATA, DATA]
    assert door.tokens_used == ["first", "first"]
    assert door.cloud.requests[0].url.host == "iam.cn-north-4.myhuaweicloud.com"
    assert door.cloud.requests[1].headers["x-language"] == "en-us"


async def test_the_login_names_user_account_and_the_regions_project() -> None:
    door = Door(token("first"))

    await door.ask()

    assert json.loads(door.cloud.requests[0].content) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {
                        "name": "robot",
                        "password": "CANARY-password",
                        "domain": {"name": "acme"},
                    }
                },
            },
            "scope": {"project": {"name": "cn-north-4"}},
        }
    }


def test_a_project_id_wins_over_the_projects_name() -> None:
    login = Login(
        username="u", password="p", domain="d", project="n", project_id="0123"
    )

    assert json.loads(login.body())["auth"]["scope"] == {"project": {"id": "0123"}}


async def test_a_token_is_renewed_half_an_hour_before_it_ends() -> None:
    door = Door([token("first"), token("second", "2024-05-03T11:00:00Z")])
    await door.ask()

    door.clock.move(timedelta(hours=23, minutes=29))
    await door.ask()
    door.clock.move(timedelta(minutes=2))
    await door.ask()

    assert door.tokens_used == ["first", "first", "second"]


@pytest.mark.parametrize("said", [None, "soon", "", "2024-05-02T12:00:00"])
async def test_without_a_readable_end_a_token_is_kept_as_long_as_documented(
    said: str | None,
) -> None:
    door = Door([token("first", said), token("second")])
    await door.ask()

    door.clock.move(timedelta(hours=23, minutes=29))
    await door.ask()
    door.clock.move(timedelta(minutes=2))
    await door.ask()

    assert door.tokens_used == ["first", "first", "second"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"token": null}', b"<html>"])
async def test_the_body_of_the_login_is_not_needed(body: bytes) -> None:
    door = Door(Reply(body, 201, {"X-Subject-Token": "first"}))

    await door.ask()

    assert door.tokens_used == ["first"]


async def test_a_clock_that_is_far_off_costs_one_login_a_minute_at_most() -> None:
    door = Door(token("first", "2024-04-01T00:00:00Z"))

    await door.ask()
    await door.ask()
    door.clock.move(timedelta(seconds=61))
    await door.ask()

    assert door.logins == 2


class Gate(httpx.AsyncBaseTransport):
    """Holds logins back until it is opened; numbers the tokens."""

    def __init__(self, *, refuse_first: bool = False) -> None:
        self.open = asyncio.Event()
        self.logins = 0
        self.refuse_first = refuse_first
        self.asked = 0

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v3/auth/tokens":
            self.logins += 1
            await self.open.wait()
            value = f"token-{self.logins}"
            return httpx.Response(201, headers={"X-Subject-Token": value}, json={})
        self.asked += 1
        if self.refuse_first and request.headers["x-auth-token"] == "token-1":
            return httpx.Response(401, json={"error_code": "APIGW.0307"})
        return httpx.Response(200, json={})


@pytest.mark.parametrize("refuse_first", [False, True], ids=["at first", "on renewal"])
async def test_one_fetch_serves_all_who_wait(refuse_first: bool) -> None:  # noqa: FBT001
    gate = Gate(refuse_first=refuse_first)
    async with httpx.AsyncClient(transport=gate) as client:
        auth = IamToken(
            client=client,
            url="https://iam.example.com",
            login=LOGIN,
            now=FakeClock().now,
            secrets=Secrets(),
        )
        url = "https://service.example.com/data"
        asking = [asyncio.create_task(client.get(url, auth=auth)) for _ in range(5)]
        gate.open.set()
        answers = await asyncio.gather(*asking)

    assert [a.status_code for a in answers] == [200] * 5
    assert gate.logins == (2 if refuse_first else 1)


@pytest.mark.parametrize(
    "reply",
    [
        EXPIRED,
        refusal("APIG.0307", "The token must be updated."),
        refusal(
            "APIGW.0301",
            "Incorrect IAM authentication information: decrypt token fail",
        ),
        refusal("CC.00000003", "The authentication information has expired."),
        refusal("DEV.00000001", "user authentication information not recognized"),
    ],
    ids=["0307", "0307 of an older gateway", "0301 token", "Check's", "DevCloud's"],
)
async def test_a_refused_token_is_renewed_and_the_request_sent_again(
    reply: Reply,
) -> None:
    door = Door([token("first"), token("second")], [reply, b'{"ok": 1}'])

    answer = await door.ask()

    assert answer.json() == {"ok": 1}
    assert door.tokens_used == ["first", "second"]


async def test_a_token_of_the_wrong_region_is_renewed_once_and_then_named() -> None:
    """Bite 16: it looks like an expired one for ever."""
    door = Door([token("first"), token("second"), token("third")], EXPIRED)

    with pytest.raises(Unauthorized) as caught:
        await door.ask()

    assert door.tokens_used == ["first", "second"]
    assert door.logins == 2
    assert "region" in caught.value.advice


@pytest.mark.parametrize(
    "reply",
    [
        refusal("DEVCP.00021018", "no permission"),
        refusal("APIGW.0301", "verify aksk signature fail"),
        refusal("APIGW.0303", "signature expired"),
        Reply(b"", 401),
        Reply(b"<html>no</html>", 401),
    ],
    ids=["no permission as 401", "signature", "clock", "empty", "a proxy"],
)
async def test_another_refusal_does_not_cost_the_token(reply: Reply) -> None:
    door = Door([token("first"), token("second")], reply)

    with pytest.raises(ProviderError):
        await door.ask()

    assert door.logins == 1
    assert door.tokens_used == ["first"]


async def test_after_a_refused_login_nobody_logs_in_for_a_quarter_of_an_hour() -> None:
    """IAM locks a user who fails five times within fifteen minutes."""
    door = Door(WRONG_PASSWORD)
    for _ in range(3):
        with pytest.raises(Unauthorized) as caught:
            await door.ask()
        assert "username" in caught.value.advice
        assert "IAM login: HTTP 401: The username or password is wrong." in str(
            caught.value
        )
        door.clock.move(timedelta(minutes=4, seconds=59))

    assert door.logins == 1
    door.clock.move(timedelta(seconds=4))
    with pytest.raises(Unauthorized):
        await door.ask()
    assert door.logins == 2


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (httpx.ConnectError("refused"), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
        (httpx.RemoteProtocolError(""), Unavailable),
        (Reply(b"<h1>Bad Gateway</h1>", 502), Unavailable),
        (Reply(b'{"error":{"code":400,"message":"no such project"}}', 400), Refused),
        (Reply(b'{"error":{"code":403,"message":"forbidden"}}', 403), Forbidden),
        (Reply(b"{}", 201), BadAnswer),
        (Reply(b"<h1>Hello</h1>", 200), BadAnswer),
    ],
)
async def test_what_goes_wrong_at_iam_says_that_it_was_iam(
    said: Any, kind: type[ProviderError]
) -> None:
    door = Door(said)

    with pytest.raises(kind) as caught:
        await door.ask()

    assert type(caught.value) is kind
    assert "IAM" in str(caught.value)
    assert not door.tokens_used


async def test_the_token_is_masked_wherever_it_is_echoed() -> None:
    door = Door(
        token("MIIC-secret-token"),
        Reply(b'{"error_code":"X","error_msg":"bad MIIC-secret-token"}', 400),
    )

    with pytest.raises(Refused) as caught:
        await door.ask()

    assert "MIIC" not in repr(vars(caught.value))
    assert "•••" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message", "is_token"),
    [
        ("APIGW.0307", None, True),
        ("APIG.0301", "x-auth-token not found", True),
        ("APIGW.0301", "token expires, expires_at: 2020", True),
        ("APIGW.0301", "Get secretKey failed,ak:x,err:ak not exist", False),
        ("APIGW.0301", "AK access failed to reach the limit,forbidden", False),
        ("APIGW.0301", None, False),
        ("DEVCP.00021018", "token", False),
        (None, "token", False),
    ],
)
def test_a_401_speaks_of_the_token_or_of_something_else(
    code: str | None, message: str | None, *, is_token: bool
) -> None:
    assert is_token_refusal(code, message) is is_token


async def test_ends_are_read_with_their_zone() -> None:
    door = Door(token("first", "2024-05-01T22:00:00+08:00"))
    await door.ask()

    door.clock.move(timedelta(hours=1, minutes=31))
    await door.ask()

    assert door.logins == 2
