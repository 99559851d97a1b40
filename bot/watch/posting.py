"""What the courier needs of Slack: a port, and the values that it answers with.

`bot/slack/poster.py` implements the port; the tests play Slack with it. An answer is
always a value: nothing that Slack says, or fails to say, is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from bot.render.message import Message

REQUEST = timedelta(seconds=10)
"""How long a call may take, from the first byte of the connection to the last."""

SETTLE = REQUEST + timedelta(seconds=5)
"""How long after a try Slack may still take what it was handed, as far as we know."""


class Result(StrEnum):
    """What an answer of Slack's means for the message."""

    SENT = "sent"
    NOT_SENT = "not sent"
    """For sure: no byte was written, or Slack said that it took nothing."""
    UNKNOWN = "unknown"
    """It may be there or not; only a look at the channel tells."""
    BAD_MESSAGE = "bad message"
    """Refused for what it holds."""
    GONE = "gone"
    """The message to be edited or replied to is not there."""
    BAD_THREAD = "bad thread"
    """Nothing can be said in this thread, while the channel is open."""
    BAD_PLACE = "bad place"
    """Nothing can be posted to this channel."""
    BAD_INSTALL = "bad install"
    """Nothing can be posted anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call."""

    result: Result
    ts: str | None = None
    """Slack's id of the message, of one that was sent."""
    error: str | None = None
    """Slack's word, or the network's; never a secret."""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at a channel found."""

    ts: Mapping[str, str]
    """By key; what is not in here is not there, unless there was trouble."""
    trouble: Outcome | None = None
    """Why the look could not be finished."""


class UnknownOutcome(StrEnum):
    """What to do where nobody can say whether a message arrived."""

    LOOKUP = "lookup"
    """Look for it; where that is not allowed, send again, saying that it may repeat."""
    RESEND = "resend"
    """Send again without a look, saying that it may repeat."""
    HOLD = "hold"
    """Do not send again; it is shown as dead."""


class Counted(StrEnum):
    """What is weaker than promised, or worth a figure."""

    SENT = "sent"
    UNKNOWN = "unknown"
    FOUND = "found"
    """A look spared a duplicate."""
    RESENT = "resent"
    """Sent again after a look found nothing: double only if Slack was very late."""
    RESENT_BLIND = "resent_blind"
    """Sent again without a look: possibly a duplicate."""
    GUARDED = "guarded"
    """Not sent, since the process had stood still for too long."""
    OVERSLEPT = "overslept"
    """An answer came after the claim had run out: possibly a duplicate."""
    WAITED = "waited"
    """Slack asked to wait, or could not be reached."""
    DEGRADED = "degraded"
    """Sent with less, since Slack refused it as it was."""
    SWALLOWED = "swallowed"
    """Told by a storm, or overtaken."""
    PARKED = "parked"
    DEAD = "dead"


Count = Callable[[Counted], None]


class Poster(Protocol):
    """Slack, as somewhere to post to. Every call is made once, and never repeated."""

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        key: str,
        thread: str | None,
        with_metadata: bool,
    ) -> Outcome:
        """Post a message, in the thread of another where `thread` is that one's ts.

        With metadata, `find` knows it again by its key; without, by `mark(key)` where
        that stands in the message's text.
        """

    async def update(self, channel: str, ts: str, message: Message) -> Outcome:
        """Put a message in the place of a posted one; twice is as good as once."""

    async def find(
        self,
        channel: str,
        keys: Collection[str],
        *,
        oldest: str,
        thread: str | None,
    ) -> Found:
        """Return which of the keys were posted later than `oldest`, a ts of Slack's."""


def mark(key: str) -> str:
    """Return a short word made of a key, to know a text again without metadata."""
    return f"ref {hashlib.blake2b(key.encode(), digest_size=6).hexdigest()}"
