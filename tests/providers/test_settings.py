"""How a connection is described: what is refused, and what is never shown."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from providers.settings import Address, ConnectionSettings, Secret, TimeZone


class Nested(BaseModel):
    password: SecretStr
    url: str = ""


class Some(ConnectionSettings):
    """A kind of connection with everything in it."""

    kind: str = "some"
    token: Secret
    spare: Secret | None = None
    more: tuple[Secret, ...] = ()
    named: dict[str, Secret] = {}
    nested: Nested | None = None
    base_url: Address = "https://api.example.com"
    other_url: Address | None = None
    mirrors: list[str] = []
    zone_of_logs: TimeZone = "UTC"


def some(**fields: Any) -> Some:
    return Some.model_validate({"token": "CANARY-0", **fields})


# --- addresses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("https://api.example.com/v1//", "https://api.example.com/v1"),
        ("  https://api.example.com:8443/v1 ", "https://api.example.com:8443/v1"),
        ("HTTPS://api.example.com", "https://api.example.com"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://bücher.example", "https://bücher.example"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(written: str, kept: str) -> None:
    assert some(base_url=written).base_url == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https:///path",
        "https://api.example.com:99999",
        "https://api.example.com:0",
        "https://api.example.com:port",
        "https://[not-an-address",
        "https://api.example.com/?x=1",
        "https://api.example.com/?",
        "https://api.example.com/#x",
        "https://api.example.com#",
        "https://api exa.mple.com",
        "https://api.example.com/\nX-Evil: 1",
        "https://api.example.com\\@evil.example.com",
        "https://user@api.example.com",
    ],
)
def test_what_is_no_plain_address_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="address"):
        some(base_url=written)


def test_a_password_written_into_an_address_is_not_shown() -> None:
    for written in (
        "https://user:CANARY-pw@api.example.com",
        "user:CANARY-pw@api.example.com",
        "https://user:CANARY-pw@[bad",
    ):
        with pytest.raises(ValidationError) as caught:
            some(base_url=written)
        assert "CANARY" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    "fields",
    [
        {"base_url": "http://api.example.com"},
        {"base_url": "HTTP://api.example.com"},
        {"other_url": "http://api.example.com"},
        {"mirrors": ["https://a.example.com", "HTTP://b.example.com"]},
        {"nested": {"password": "CANARY-1", "url": "http://api.example.com"}},
    ],
)
def test_only_https_unless_the_connection_says_otherwise(
    fields: dict[str, Any],
) -> None:
    name = next(iter(fields))
    with pytest.raises(ValidationError, match=f"{name} must begin with https://"):
        some(**fields)

    assert some(**fields, allow_http=True).allow_http


# --- secrets ----------------------------------------------------------------------


def test_every_secret_is_known_wherever_it_stands() -> None:
    found = some(
        spare="CANARY-1",
        more=["CANARY-2", "CANARY-3"],
        named={"x": "CANARY-4"},
        nested={"password": "CANARY-5"},
    ).secrets()

    assert sorted(found) == [f"CANARY-{n}" for n in range(6)]


def test_a_secret_that_is_not_set_is_none() -> None:
    assert some().secrets() == ("CANARY-0",)


def test_line_ends_around_a_secret_are_dropped() -> None:
    """A secret read from a file ends in one, and no header may hold it."""
    assert some(token=" CANARY-0\r\n").secrets() == ("CANARY-0",)


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_secret_is_refused(empty: str) -> None:
    with pytest.raises(ValidationError, match="token"):
        some(token=empty)


def test_secrets_are_in_no_repr() -> None:
    settings = some(spare="CANARY-1", nested={"password": "CANARY-5"})

    assert "CANARY" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_what_was_written_is_not_in_the_error() -> None:
    """A secret in the place of another setting, or of the wrong type."""
    for fields in ({"timeout": "CANARY-1"}, {"token": ["CANARY-1"]}, {"CANARY": 1}):
        with pytest.raises(ValidationError) as caught:
            some(**fields)
        assert "CANARY-1" not in str(caught.value)


# --- the rest ---------------------------------------------------------------------


def test_a_zone_is_one_that_exists() -> None:
    assert some(timezone="Asia/Seoul").zone == ZoneInfo("Asia/Seoul")
    assert some().zone == ZoneInfo("UTC")
    for name in ("Mars/Olympus", "", "../etc/passwd", "/etc/passwd", "a\0b"):
        with pytest.raises(ValidationError, match="no such time zone"):
            some(timezone=name)


@pytest.mark.parametrize(
    "fields",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": 121},
        {"timeout": float("nan")},
        {"concurrency": 0},
        {"concurrency": 9},
        {"requests_per_hour": 0},
        {"max_answer_bytes": 1023},
        {"typo": 1},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        some(**fields)


def test_settings_cannot_be_changed_under_a_running_connection() -> None:
    settings = some()

    with pytest.raises(ValidationError, match="frozen"):
        settings.timeout = 1  # type: ignore[misc]
