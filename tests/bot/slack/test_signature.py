"""Only what Slack signed, and signed just now, is Slack's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.slack.signature import Signatures
from tests.fakes.clock import FakeClock

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SENT = datetime.fromtimestamp(1531420618, tz=UTC)
BODY = b"token=x&command=%2Fruns&text=status"


def headers(timestamp: str = "1531420618", body: bytes = BODY) -> dict[str, str]:
    signature = SignatureVerifier(SECRET).generate_signature(
        timestamp=timestamp, body=body
    )
    return {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": signature or "",
    }


@pytest.mark.parametrize(
    "off", [timedelta(0), timedelta(minutes=4), -timedelta(minutes=4)]
)
def test_a_signed_request_is_genuine_for_five_minutes(off: timedelta) -> None:
    signatures = Signatures(SECRET, FakeClock(SENT + off))

    assert signatures.is_genuine(BODY, headers())


@pytest.mark.parametrize("off", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_an_old_request_is_not_taken_again(off: timedelta) -> None:
    signatures = Signatures(SECRET, FakeClock(SENT + off))

    assert not signatures.is_genuine(BODY, headers())


def test_another_body_or_another_secret_is_not_slacks() -> None:
    clock = FakeClock(SENT)

    assert not Signatures(SECRET, clock).is_genuine(BODY + b"!", headers())
    assert not Signatures("another", clock).is_genuine(BODY, headers())
    assert not Signatures(SECRET, clock).is_genuine(b"", headers())


@pytest.mark.parametrize(
    "timestamp", ["", "soon", "1e9", "-5", "１７", "1 2", "9" * 400]
)
def test_a_malformed_timestamp_is_refused_without_a_traceback(timestamp: str) -> None:
    signatures = Signatures(SECRET, FakeClock(SENT))
    given = {"x-slack-request-timestamp": timestamp, "x-slack-signature": "v0=00"}

    assert not signatures.is_genuine(BODY, given)


def test_without_headers_nothing_is_genuine() -> None:
    assert not Signatures(SECRET, FakeClock(SENT)).is_genuine(BODY, {})
