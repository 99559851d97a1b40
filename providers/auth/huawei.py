"""Huawei Cloud's request signature by access key: SDK-HMAC-SHA256.

https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

import httpx
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import datetime

ALGORITHM = "SDK-HMAC-SHA256"

DATE = "%Y%m%dT%H%M%SZ"
"""How `X-Sdk-Date` is written, in UTC; more than 15 minutes off is refused."""

_UNRESERVED = "-_.~"


def canonical_uri(path: str) -> str:
    """Return the path, each segment encoded anew, with a slash at the end.

    The slash is part of the signature only: the request goes out without it.
    """
    encoded = quote(unquote_to_bytes(path), safe=f"/{_UNRESERVED}")
    return encoded if encoded.endswith("/") else f"{encoded}/"


def canonical_query(query: str) -> str:
    """Return the query sorted by name, then value; a name alone gets its `=`."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    decoded = sorted((unquote_to_bytes(n), unquote_to_bytes(v)) for n, _, v in pairs)
    return "&".join(
        f"{quote(name, safe=_UNRESERVED)}={quote(value, safe=_UNRESERVED)}"
        for name, value in decoded
    )


def headers_to_sign(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by lower-case name, sorted; names with `_` never are signed.

    Gateways drop or rewrite headers with an underscore on the way.
    """
    trimmed = {name.lower(): value.strip() for name, value in headers.items()}
    return {name: trimmed[name] for name in sorted(trimmed) if "_" not in name}


def canonical_request(
    method: str, target: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Return the text whose hash is signed.

    Args:
        method: the HTTP method, in capitals.
        target: path and query exactly as sent, without the host.
        headers: the headers to sign, with their values; `Host` and `X-Sdk-Date` must
            be among them.
        body: the bytes that are sent.

    """
    path, _, query = target.partition("?")
    signed = headers_to_sign(headers)
    block = "".join(f"{name}:{value}\n" for name, value in signed.items())
    return "\n".join(
        [
            method,
            canonical_uri(path),
            canonical_query(query),
            block,
            ";".join(signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )


def string_to_sign(canonical: str, date: str) -> str:
    """Return what the key is applied to; `date` is the value of `X-Sdk-Date`."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{date}\n{digest}"


def signature(text: str, secret_key: str) -> str:
    """Return the signature in hexadecimal; the secret key is used as it is."""
    return hmac.digest(secret_key.encode(), text.encode(), hashlib.sha256).hex()


def authorization(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    access_key: str,
    secret_key: str,
) -> str:
    """Return the value of `Authorization`; the arguments are `canonical_request`'s."""
    signed = headers_to_sign(headers)
    canonical = canonical_request(method, target, signed, body)
    signed_text = string_to_sign(canonical, signed["x-sdk-date"])
    return (
        f"{ALGORITHM} Access={access_key}, SignedHeaders={';'.join(signed)}, "
        f"Signature={signature(signed_text, secret_key)}"
    )


class HuaweiSignature(httpx.Auth):
    """Signs method, path, query, host, time, type, body and the headers it adds."""

    requires_request_body = True

    def __init__(
        self,
        *,
        access_key: str,
        secret_key: str,
        now: Callable[[], datetime],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._now = now
        self._headers = dict(headers or {})
        """Added to every request and signed: `X-Security-Token`, `X-Project-Id`."""

    @override
    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        # The network's clock is aware and in UTC, as all times here are.
        added = {**self._headers, "X-Sdk-Date": self._now().strftime(DATE)}
        request.headers.update(added)
        names = ("Host", "Content-Type", *added)
        request.headers["Authorization"] = authorization(
            request.method,
            request.url.raw_path.decode("ascii"),
            {n: request.headers[n] for n in names if n in request.headers},
            request.content,
            access_key=self._access_key,
            secret_key=self._secret_key,
        )
        yield request
