"""What an interaction may do afterwards: open one view, and answer five times.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.demo.slack.errors import ApiError
from bot.demo.slack.workspace import Channel, User, Workspace

if TYPE_CHECKING:
    from bot.demo.slack.messages import Message

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE = timedelta(minutes=30)
RESPONSE_USES = 5


@dataclass(slots=True)
class Trigger:
    """The right to open a view for the one who has just done something."""

    user: User
    until: datetime
    view_id: str | None
    """The modal it was done in: only then may a view be pushed on it."""
    is_used: bool = False


@dataclass(slots=True)
class Response:
    """The right to answer an interaction, posting permissions or not."""

    user: User
    channel: Channel
    until: datetime
    original: Message | None
    """What `replace_original` means: the message that was pressed, or, after a slash
    command, the answer given last."""
    is_command: bool
    uses: int = 0


class Tickets:
    """Hands out trigger ids and response URLs, and takes them back."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, Response] = {}

    def trigger(self, user: User, view_id: str | None = None) -> str:
        """Return a trigger id: good for three seconds, once."""
        workspace = self._workspace
        stamp = workspace.stamp().replace(".", "")
        trigger_id = f"{stamp}.{stamp[::-1]}.{workspace.random.getrandbits(128):032x}"
        until = workspace.clock.now() + TRIGGER_LIFE
        self._triggers[trigger_id] = Trigger(user, until, view_id)
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Take a trigger id back.

        Raises:
            ApiError: `invalid_trigger_id`, `expired_trigger_id` or
                `exchanged_trigger_id`; the names are those of views.open,
                https://docs.slack.dev/reference/methods/views.open#errors

        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.is_used:
            raise ApiError("exchanged_trigger_id")
        if self._workspace.clock.now() > trigger.until:
            raise ApiError("expired_trigger_id")
        trigger.is_used = True
        return trigger

    def response(
        self, user: User, channel: Channel, original: Message | None = None
    ) -> str:
        """Return the path of a response URL: good for half an hour, five times."""
        workspace = self._workspace
        kind = "commands" if original is None else "actions"
        secret = f"{workspace.random.getrandbits(96):024x}"
        path = f"/{kind}/{workspace.team_id}/{secret}"
        self._responses[path] = Response(
            user,
            channel,
            workspace.clock.now() + RESPONSE_LIFE,
            original,
            is_command=original is None,
        )
        return path

    def open_response(self, path: str) -> Response:
        """Return what a response URL stands for; using it up is the caller's part.

        Raises:
            ApiError: `invalid_url`, `expired_url` or `used_url`.

        """
        response = self._responses.get(path)
        if response is None:
            raise ApiError("invalid_url")
        if self._workspace.clock.now() > response.until:
            raise ApiError("expired_url")
        if response.uses >= RESPONSE_USES:
            raise ApiError("used_url")
        return response
