"""How a connection is described: what every kind of provider has in its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = f"no such time zone: {name!r}; write one like Asia/Seoul or UTC"
        raise ValueError(msg) from None
    return name


def _address(url: str) -> str:
    # The messages do not quote the address: it may hold a password by mistake.
    try:
        parts = urlsplit(url)
        is_one = bool(parts.hostname) and parts.port != 0 and _is_clean(url)
    except ValueError:
        parts, is_one = urlsplit(""), False
    scheme = parts.scheme.lower()
    if not is_one or scheme not in {"https", "http"}:
        raise ValueError("not an address; write one like https://api.example.com")
    if parts.username or parts.password or "?" in url or "#" in url:
        msg = "an address without user, password, ?query or #fragment is needed here"
        raise ValueError(msg)
    return f"{scheme}{url[len(scheme) :]}".rstrip("/")


def _is_clean(url: str) -> bool:
    return not any(c.isspace() or not c.isprintable() or c == "\\" for c in url)


TimeZone = Annotated[str, AfterValidator(_zone)]
"""The IANA name of a time zone."""

Address = Annotated[str, AfterValidator(_address)]
"""An http(s) address without a trailing slash, user, query or fragment."""

Secret = Annotated[SecretStr, Field(min_length=1)]
"""A value that is never shown: not in logs, errors or reprs."""


class ConnectionSettings(BaseModel):
    """What every connection has; each kind adds its own.

    Each field is documented in runbell.example.yml, which a test holds against this.
    """

    # Errors do not quote what was written: it may be a secret in the wrong place.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    kind: str = ""
    """Which kind of provider this is; each kind has its own word."""

    timezone: TimeZone = "UTC"
    """The zone of vendor times that carry none."""

    timeout: float = Field(default=20, gt=0, le=120)
    """Seconds one request may take from first byte out to last byte in."""

    concurrency: int = Field(default=4, ge=1, le=8)
    """Requests under way at once."""

    requests_per_hour: int | None = Field(default=None, ge=1)
    """The most requests in an hour; `null` for no budget of our own."""

    max_answer_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    """The largest answer that is read, in bytes after decompression."""

    allow_http: bool = False
    """Allow addresses without TLS; for tests and closed networks only."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of vendor times that carry none."""
        return ZoneInfo(self.timezone)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value of this connection, so that it can be masked."""
        values = _inside(getattr(self, name) for name in type(self).model_fields)
        return tuple(v.get_secret_value() for v in values if isinstance(v, SecretStr))

    @model_validator(mode="after")
    def _only_https(self) -> ConnectionSettings:
        if self.allow_http:
            return self
        for name in type(self).model_fields:
            values = _inside([getattr(self, name)])
            if any(isinstance(v, str) and _is_http(v) for v in values):
                msg = (
                    f"{name} must begin with https:// (or set allow_http: true, "
                    "for a closed network only)"
                )
                raise ValueError(msg)
        return self


def _inside(values: Iterable[object]) -> Iterator[object]:
    """Yield the values, and those in lists, mappings and models among them."""
    for value in values:
        yield value
        if isinstance(value, BaseModel):
            yield from _inside(getattr(value, n) for n in type(value).model_fields)
        elif isinstance(value, Mapping):
            yield from _inside(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            yield from _inside(value)


def _is_http(text: str) -> bool:
    return text.lower().startswith("http://")
