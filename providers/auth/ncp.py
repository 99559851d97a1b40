"""Naver Cloud Platform's API Gateway signature, version 2.

https://api.ncloud-docs.com/docs/en/common-ncpapi
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

import httpx
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime


def signature(
    method: str, target: str, *, timestamp: str, access_key: str, secret_key: str
) -> str:
    """Return the value of `x-ncp-apigw-signature-v2`.

    Args:
        method: the HTTP method, in capitals.
        target: path and query exactly as sent, without the host.
        timestamp: milliseconds since the epoch, as sent in the header.
        access_key: the account's access key.
        secret_key: the account's secret key.

    """
    text = f"{method} {target}\n{timestamp}\n{access_key}"
    digest = hmac.digest(secret_key.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


class NcpSignature(httpx.Auth):
    """Signs method, path, query, time and access key; the body is not signed."""

    def __init__(
        self,
        *,
        access_key: str,
        secret_key: str,
        api_key: str,
        now: Callable[[], datetime],
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._api_key = api_key
        self._now = now

    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        timestamp = str(int(self._now().timestamp() * 1000))
        request.headers["x-ncp-apigw-timestamp"] = timestamp
        request.headers["x-ncp-iam-access-key"] = self._access_key
        request.headers["x-ncp-apigw-api-key"] = self._api_key
        request.headers["x-ncp-apigw-signature-v2"] = signature(
            request.method,
            request.url.raw_path.decode("ascii"),
            timestamp=timestamp,
            access_key=self._access_key,
            secret_key=self._secret_key,
        )
        yield request
