"""Who asks, and where."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A person in a channel or a direct message."""

    user: str
    """Slack's id of the person."""
    channel: str
    """Slack's id of where they ask."""
    thread: str | None = None
    """Slack's id of the message whose thread they ask in."""
    zone: ZoneInfo | None = None
    """Where they are, if that is known."""
    is_direct: bool = False
    """Nobody else is there."""

    @property
    def place(self) -> str:
        """What is posted to for them: the channel, or the person.

        To post to a person opens our own direct message with them:
        https://docs.slack.dev/reference/methods/chat.postMessage#channels
        """
        return self.user if self.is_direct else self.channel
