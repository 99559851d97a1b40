"""Who is in a channel, as far as Slack lets us know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.slack.outcomes import ask
from bot.watch.posting import Outcome

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger(__name__)

PAGE = 999
MOST_PAGES = 20
"""How many people of a channel are looked through: about 20,000."""


async def is_member(client: AsyncWebClient, user: str, channel: str) -> bool | None:
    """Return whether a person is in a channel; `None` where Slack does not tell.

    It tells nothing of a channel that the bot cannot see, nor without the scopes
    `channels:read` and, for private channels, `groups:read`.
    https://docs.slack.dev/reference/methods/conversations.members
    """
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        body = await ask(
            client.conversations_members(channel=channel, limit=PAGE, cursor=cursor)
        )
        if isinstance(body, Outcome):
            log.info("slack does not tell who is in a channel", error=body.error)
            return None
        members = body.get("members")
        if not isinstance(members, list):
            return None
        if user in members:
            return True
        more = body.get("response_metadata")
        cursor = more.get("next_cursor") if isinstance(more, dict) else None
        if not cursor:
            return False
    return None
