"""Telling Slack's requests from anybody else's, before anything else reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from typing_extensions import override

if TYPE_CHECKING:
    from providers.clock import Clock


LONGEST_TIMESTAMP = 12
"""Digits of seconds since the epoch; enough for 30,000 years."""


class _OurClock(SdkClock):
    """Our clock, as Slack's verifier wants one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @override
    def now(self) -> float:
        return self._clock.now().timestamp()


class Signatures:
    """Checks the signature and the age of a request.

    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """

    def __init__(self, signing_secret: str, clock: Clock) -> None:
        self._verifier = SignatureVerifier(signing_secret, clock=_OurClock(clock))

    def is_genuine(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Return whether Slack sent this body, within the last five minutes.

        Args:
            body: the bytes as they arrived.
            headers: by lower-case name.

        """
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        # The verifier reads the time with int(): words would be a traceback.
        is_time = timestamp.isascii() and timestamp.isdecimal()
        if not is_time or len(timestamp) > LONGEST_TIMESTAMP or not signature:
            return False
        return bool(self._verifier.is_valid(body, timestamp, signature))
