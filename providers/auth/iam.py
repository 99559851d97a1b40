"""Huawei Cloud's tokens: a user's name and password, exchanged at IAM for a day.

https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
from typing_extensions import override

from providers.answer import (
    Answer,
    AuthFailed,
    Fault,
    clip,
    fault_of_status,
    find_problem,
)
from providers.errors import BadAnswer, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from providers.masking import Secrets

PATH = "/v3/auth/tokens?nocatalog=true"
"""Without `nocatalog` the answer lists every service of every region."""

LIFETIME = timedelta(hours=24)
"""How long a token lives where the answer does not say it."""

EARLY = timedelta(minutes=30)
"""How long before its end a token is replaced."""

SHORTEST_USE = timedelta(minutes=1)
"""A token is kept this long at the least: our clock may be wrong, not IAM's load."""

HOLD = timedelta(minutes=15)
"""How long nobody logs in again after a refusal.

IAM locks a user for 15 minutes after five failures in 15 minutes, by default:
https://support.huaweicloud.com/intl/en-us/usermanual-iam/iam_01_0704.html
"""

WRONG_LOGIN = (
    "Check username, password, domain_name and iam_project of this connection. It must "
    "be an IAM user with programmatic access: a HUAWEI ID cannot log in this way."
)

TOKEN_CODES = frozenset({"APIGW.0307", "CC.00000003", "DEV.00000001"})
"""The codes that say of a 401: this token is expired, or of another region.

https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-errorcode.html
"""


def is_token_refusal(code: str | None, message: str | None) -> bool:
    """Return whether a 401 speaks of the token, so that a new one may help.

    APIGW.0301 stands for any credential: its message tells a token from a signature.
    Older gateways write APIG. for APIGW.
    """
    known = gateway_code(code)
    if known == "APIGW.0301":
        return "token" in (message or "").lower()
    return known in TOKEN_CODES


def gateway_code(code: str | None) -> str:
    """Return a code with the prefix that newer gateways write."""
    return f"APIGW.{code[5:]}" if code and code.startswith("APIG.") else code or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who logs in, and to what."""

    username: str
    password: str
    domain: str
    """The account's name."""
    project: str
    """The region's IAM project, by name."""
    project_id: str | None = None
    """The same by id; wins over the name."""

    def body(self) -> bytes:
        """Return the request for a token scoped to the project."""
        user = {
            "name": self.username,
            "password": self.password,
            "domain": {"name": self.domain},
        }
        scope = {"id": self.project_id} if self.project_id else {"name": self.project}
        identity = {"methods": ["password"], "password": {"user": user}}
        auth = {"identity": identity, "scope": {"project": scope}}
        return json.dumps({"auth": auth}, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    renew_at: datetime


class IamToken(httpx.Auth):
    """Puts a token into `X-Auth-Token`, and fetches one when it is needed.

    One fetch serves all who wait. A token that a service refuses is renewed once for
    that request, never in a loop: a token of the wrong region looks just like an
    expired one.

    Raises:
        AuthFailed: IAM gave no token; inside the request that wanted it.

    """

    def __init__(
        self,
        *,
        client: httpx.AsyncClient,
        url: str,
        login: Login,
        now: Callable[[], datetime],
        secrets: Secrets,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._client = client
        self._url = f"{url}{PATH}"
        self._login = login
        self._now = now
        self._secrets = secrets
        self._headers = dict(headers or {})
        self._lock = asyncio.Lock()
        self._kept: _Kept | None = None

    @override
    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._token()
        request.headers.update({**self._headers, "X-Auth-Token": token})
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            await response.aread()
            said = find_problem(_answer(response))
            if is_token_refusal(said.code, said.message):
                fresh = await self._token(refused=token)
                request.headers["X-Auth-Token"] = fresh
                yield request

    async def _token(self, refused: str | None = None) -> str:
        """Return a token that is good for a while, and not the refused one."""
        async with self._lock:
            kept = self._kept
            if kept and kept.token != refused and self._now() < kept.renew_at:
                return kept.token
            self._kept = await self._fetch()
            return self._kept.token

    async def _fetch(self) -> _Kept:
        try:
            response = await self._client.post(
                self._url,
                content=self._login.body(),
                headers={"Content-Type": "application/json;charset=utf8"},
                timeout=None,  # the request that waits for this has one for both
            )
        except httpx.HTTPError as error:
            detail = f"IAM cannot be reached: {type(error).__name__}: "
            words = clip(str(error)) or "no details"
            fault = Fault(kind=Unavailable, detail=f"{detail}{words}")
            raise AuthFailed(fault) from None
        token = response.headers.get("x-subject-token")
        answer = _answer(response)
        if fault_found := fault_of_status(answer):
            raise AuthFailed(_login_fault(fault_found))
        if not token:
            detail = f"IAM answered HTTP {answer.status} without X-Subject-Token"
            raise AuthFailed(Fault(kind=BadAnswer, detail=detail))
        self._secrets.add(token)
        now = self._now()
        renew_at = (_expiry(answer) or now + LIFETIME) - EARLY
        return _Kept(token, max(renew_at, now + SHORTEST_USE))


def _login_fault(fault: Fault) -> Fault:
    said = replace(fault, detail=f"IAM login: {fault.detail}")
    if fault.kind is not Unauthorized:
        return said
    return replace(said, advice=WRONG_LOGIN, hold=HOLD)


def _answer(response: httpx.Response) -> Answer:
    return Answer(
        connection="",
        operation="",
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=response.content,
    )


def _expiry(answer: Answer) -> datetime | None:
    """Return `token.expires_at`: ISO 8601 in UTC, with microseconds."""
    data = answer.json()
    token = data.get("token") if isinstance(data, dict) else None
    text = token.get("expires_at") if isinstance(token, dict) else None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
