"""The gate in front of a simulated Huawei Cloud service: access keys and tokens.

Signatures are computed anew over the bytes that arrived. A key that is refused more
than five times in a row is locked for five minutes, as the real one is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from typing_extensions import override

from bot.demo.clouds.server import Cloud
from bot.demo.clouds.world import digits
from providers.auth.huawei import DATE, authorization

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.demo.clouds.server import Seen
    from bot.demo.clouds.world import World
    from providers.clock import Clock

LOGIN = "/v3/auth/tokens"
SKEW = timedelta(minutes=15)
LOCK = timedelta(minutes=5)
TRIES = 5
LIFETIME = timedelta(hours=24)

_AUTHORIZATION = re.compile(
    r"SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)


@dataclass(slots=True, kw_only=True)
class Gate:
    """Who may pass: one access key, and one user who can log in."""

    clock: Clock
    access_key: str
    secret_key: str
    domain: str = "acme"
    username: str = "runbell"
    password: str = "example-password"  # noqa: S105 - of a cloud that is not real
    logins: int = 0
    _failures: int = field(default=0, init=False)
    _locked_until: datetime | None = field(default=None, init=False)
    _tokens: dict[str, datetime] = field(default_factory=dict, init=False)

    def refuses(self, seen: Seen) -> Response | None:
        """Return the 401 of a request that may not pass."""
        if seen.target.partition("?")[0] == LOGIN:
            return None
        if "x-auth-token" in seen.headers:
            return self._refuses_token(seen.headers["x-auth-token"])
        return self._refuses_signature(seen)

    async def login(self, request: Request) -> Response:
        """Give a token to the one user there is, for the project that is asked for."""
        asked = json.loads(await request.body())["auth"]
        user = asked["identity"]["password"]["user"]
        given = (user["domain"]["name"], user["name"], user["password"])
        if given != (self.domain, self.username, self.password):
            text = "The username or password is wrong."
            body = {"error": {"code": 401, "message": text, "title": "Unauthorized"}}
            return JSONResponse(body, 401)
        self.logins += 1
        token = f"MII{digits(f'token {self.logins}')}"
        end = self.clock.now() + LIFETIME
        self._tokens[token] = end
        said: dict[str, Any] = {
            "token": {
                "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "project": asked["scope"]["project"],
            }
        }
        return JSONResponse(said, 201, headers={"X-Subject-Token": token})

    def revoke_tokens(self) -> None:
        """Make every token so far invalid, as a change of rights does."""
        self._tokens.clear()

    def unauthorized(self) -> Response:
        """Return what is said to a wrong signature."""
        return _iam("verify aksk signature fail")

    def _refuses_token(self, token: str) -> Response | None:
        if self._tokens.get(token, self.clock.now()) > self.clock.now():
            return None
        return error("APIGW.0307", "The token must be updated.", 401)

    def _refuses_signature(self, seen: Seen) -> Response | None:
        now = self.clock.now()
        if self._locked_until is not None and now < self._locked_until:
            return _iam("AK access failed to reach the limit,forbidden")
        said = _AUTHORIZATION.fullmatch(seen.headers.get("authorization", ""))
        if said is None or not self._is_ours(seen, said):
            self._failures += 1
            if self._failures > TRIES:
                self._locked_until = now + LOCK
            return self.unauthorized()
        self._failures = 0
        sent = datetime.strptime(seen.headers["x-sdk-date"], DATE).replace(tzinfo=UTC)
        if abs(now - sent) > SKEW:
            text = f"signature time: {sent}, server time: {now}"
            return error("APIGW.0303", f"Incorrect app authentication: {text}", 401)
        return None

    def _is_ours(self, seen: Seen, said: re.Match[str]) -> bool:
        names = said[2].split(";")
        if not {"host", "x-sdk-date"} <= set(names) <= seen.headers.keys():
            return False
        expected = authorization(
            seen.method,
            seen.target,
            {name: seen.headers[name] for name in names},
            seen.body,
            access_key=self.access_key,
            secret_key=self.secret_key,
        )
        return compare_digest(expected, said[0])


class HuaweiCloud(Cloud):
    """What every simulated service behind Huawei Cloud's gateway has in common."""

    def __init__(
        self, world: World, *, project_id: str, access_key: str, secret_key: str
    ) -> None:
        super().__init__(world)
        self.project_id = project_id
        self.gate = Gate(
            clock=world.clock, access_key=access_key, secret_key=secret_key
        )

    @override
    def refuses(self, seen: Seen) -> Response | None:
        return self.gate.refuses(seen)

    @override
    def unauthorized(self) -> Response:
        return self.gate.unauthorized()

    @override
    def throttled(self) -> Response:
        wait = self.trouble.retry_after or timedelta(seconds=1)
        window = f"limit:60,time:{int(wait.total_seconds())} second"
        text = f"The throttling threshold has been reached: {window}"
        return error("APIGW.0308", text, 429)

    @override
    def not_found(self) -> Response:
        return error("APIGW.0101", "The API does not exist", 404)


def error(code: str, message: str, status: int) -> Response:
    """Return an error in the flat envelope, which comes with status 200 as well."""
    body = {"error_code": code, "error_msg": message, "request_id": digits(message)}
    return JSONResponse(body, status, headers={"X-Request-Id": digits(message)})


def _iam(detail: str) -> Response:
    return error("APIGW.0301", f"Incorrect IAM authentication: {detail}", 401)
