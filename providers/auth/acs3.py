"""Alibaba Cloud's request signature, version 3 (ACS3-HMAC-SHA256).

https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx
from typing_extensions import override

from providers.target import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import datetime

ALGORITHM = "ACS3-HMAC-SHA256"

ACTION = "x-acs-action"
"""The header in which every request names its operation."""


def canonical_query(query: str) -> str:
    """Return a query, as it went on the wire, the way it is signed.

    Sorted by name, each name and value escaped by RFC 3986 alone; a `+` on the wire is
    a space and is signed as `%20`, a parameter without `=` is one with an empty value.
    """
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{escape(name)}={escape(value)}" for name, value in pairs)


def canonical_request(
    method: str, target: str, *, headers: Mapping[str, str], content_sha256: str
) -> str:
    """Return the text whose hash is signed.

    Args:
        method: the HTTP method, in capitals.
        target: path and query exactly as sent, without the host.
        headers: the headers to sign, all of them: which ones is the caller's choice.
        content_sha256: the hexadecimal SHA-256 of the body's bytes.

    """
    path, _, query = target.partition("?")
    lines = {name.lower(): value.strip() for name, value in headers.items()}
    names = sorted(lines)
    return "\n".join(
        (
            method,
            path,
            canonical_query(query),
            *(f"{name}:{lines[name]}" for name in names),
            "",
            ";".join(names),
            content_sha256,
        )
    )


def signature(canonical: str, *, secret_key: str) -> str:
    """Return the hexadecimal signature of a canonical request."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{digest}"
    return hmac.digest(secret_key.encode(), text.encode(), hashlib.sha256).hex()


def is_signed(name: str) -> bool:
    """Return whether the header of this name has to be part of the signature."""
    name = name.lower()
    return name in {"host", "content-type"} or name.startswith("x-acs-")


class Acs3Signature(httpx.Auth):
    """Signs method, path, query, body and the headers that matter.

    Date and nonce are new each time, so a request that is sent again is signed anew: a
    nonce that was used before is refused. The request itself brings `x-acs-action`.
    """

    requires_request_body = True

    def __init__(
        self,
        *,
        access_key_id: str,
        access_key_secret: str,
        version: str,
        now: Callable[[], datetime],
        nonce: Callable[[], str],
        security_token: str | None = None,
    ) -> None:
        self._access_key_id = access_key_id
        self._access_key_secret = access_key_secret
        self._version = version
        self._now = now
        self._nonce = nonce
        self._security_token = security_token

    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        content_sha256 = hashlib.sha256(request.content).hexdigest()
        moment = self._now().astimezone(UTC)
        request.headers["x-acs-version"] = self._version
        request.headers["x-acs-date"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        request.headers["x-acs-signature-nonce"] = self._nonce()
        request.headers["x-acs-content-sha256"] = content_sha256
        if self._security_token is not None:
            request.headers["x-acs-accesskey-id"] = self._access_key_id
            request.headers["x-acs-security-token"] = self._security_token
        signed = {n.lower(): v for n, v in request.headers.items() if is_signed(n)}
        canonical = canonical_request(
            request.method,
            request.url.raw_path.decode("ascii"),
            headers=signed,
            content_sha256=content_sha256,
        )
        request.headers["authorization"] = (
            f"{ALGORITHM} Credential={self._access_key_id},"
            f"SignedHeaders={';'.join(sorted(signed))},"
            f"Signature={signature(canonical, secret_key=self._access_key_secret)}"
        )
        yield request
