"""Authentication by a fixed token in a header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Generator


class HeaderToken(httpx.Auth):
    """Puts a token into one header.

    Northflank takes `Authorization: Bearer <token>`
    (https://northflank.com/docs/v1/api/use-the-api), Yunxiao's newer API
    `x-yunxiao-token: pt-...`
    (https://help.aliyun.com/zh/yunxiao/developer-reference/obtain-personal-access-token).
    """

    def __init__(self, token: str, *, header: str = "Authorization") -> None:
        self._header = header
        self._token = token

    @classmethod
    def bearer(cls, token: str) -> HeaderToken:
        """Return the usual bearer scheme (https://www.rfc-editor.org/rfc/rfc6750)."""
        return cls(f"Bearer {token}")

    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._header] = self._token
        yield request
