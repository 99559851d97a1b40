"""Everything the local Slack remembers; nothing here talks to anybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from bot.demo.slack.changes import Changes
from bot.demo.slack.errors import ApiError
from bot.demo.slack.faults import Faults
from bot.demo.slack.limits import Limits
from bot.demo.slack.messages import Content, Message, Messages
from bot.demo.slack.tickets import Tickets
from bot.demo.slack.views import Views
from bot.demo.slack.workspace import Channel, User, Workspace
from providers.clock import Clock

SECRET_ARGUMENTS = frozenset({"token"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """The app's three secrets."""

    signing_secret: str
    bot_token: str
    app_token: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API; `error` is None for those that were accepted."""

    method: str
    args: Mapping[str, Any]
    at: datetime
    error: str | None = None


@dataclass(slots=True)
class Ledger:
    """Every call, in order: those that were carried out, and those that were not."""

    calls: list[Call] = field(default_factory=list)
    refused: list[Call] = field(default_factory=list)

    def note(self, call: Call) -> None:
        """Write a call down."""
        (self.calls if call.error is None else self.refused).append(call)


class State:
    """The workspace, what was said in it, and what is owed to the app."""

    def __init__(
        self, clock: Clock, random: Random, tokens: Tokens, scopes: Collection[str]
    ) -> None:
        self.clock = clock
        self.random = random
        self.tokens = tokens
        self.scopes = set(scopes)
        self.workspace = Workspace(clock, random)
        self.messages = Messages()
        self.views = Views(self.workspace)
        self.tickets = Tickets(self.workspace)
        self.ledger = Ledger()
        self.limits = Limits(clock)
        self.faults = Faults()
        self.changes = Changes()

    def say(
        self, channel: Channel, user: User, text: str, thread_ts: str | None = None
    ) -> Message:
        """Keep what a person says."""
        message = Message(
            channel,
            self.workspace.stamp(),
            user,
            Content(text),
            thread_ts=self.parent_of(channel, thread_ts),
        )
        return self._keep(message)

    def say_as_app(
        self,
        channel: Channel,
        content: Content,
        *,
        thread_ts: str | None = None,
        shown_to: User | None = None,
        is_broadcast: bool = False,
    ) -> Message:
        """Keep what the app says.

        Raises:
            ApiError: `thread_not_found`, when there is no such message to reply to.

        """
        workspace = self.workspace
        message = Message(
            channel,
            workspace.stamp(),
            workspace.bot,
            content,
            bot_id=workspace.bot_id,
            app_id=workspace.app_id,
            thread_ts=self.parent_of(channel, thread_ts),
            shown_to=shown_to,
            is_broadcast=is_broadcast,
        )
        return self._keep(message)

    def parent_of(self, channel: Channel, thread_ts: str | None) -> str | None:
        """Return the stamp of the message that leads a thread.

        Slack asks for the parent's own stamp; a reply's is refused here, so that a bot
        that mixes them up is found out.

        Raises:
            ApiError: `thread_not_found`.

        """
        if not thread_ts:
            return None
        parent = self.messages.find(channel, thread_ts)
        if parent is None or parent.is_reply:
            raise ApiError("thread_not_found")
        return thread_ts

    def _keep(self, message: Message) -> Message:
        self.messages.add(message)
        self.changes.announce()
        return message
