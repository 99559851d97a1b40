"""Looking at the local Slack: what is said and shown, and waiting for it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from random import Random
from typing import Final, TypeVar

from bot.demo.slack.delivery import Ack, Courier, Way
from bot.demo.slack.faults import Faults
from bot.demo.slack.limits import Limits
from bot.demo.slack.messages import Message
from bot.demo.slack.methods.table import ALL_SCOPES
from bot.demo.slack.state import Call, State, Tokens
from bot.demo.slack.views import View
from bot.demo.slack.workspace import Channel, User, Where, Who
from providers.clock import Clock

T = TypeVar("T")

GENEROUS: Final = 10.0
"""Seconds after which nothing is waited for any more."""


class Reading:
    """People, places and what can be seen of them."""

    def __init__(
        self,
        clock: Clock,
        random: Random,
        tokens: Tokens,
        scopes: Collection[str] = ALL_SCOPES,
    ) -> None:
        self._state = State(clock, random, tokens, scopes)
        self._courier = Courier(self._state, self._way)

    def _way(self) -> Way:
        raise NotImplementedError

    @property
    def team_id(self) -> str:
        """The workspace."""
        return self._state.workspace.team_id

    @property
    def bot(self) -> User:
        """The bot, as people see it."""
        return self._state.workspace.bot

    @property
    def bot_user_id(self) -> str:
        """The id by which the bot is mentioned."""
        return self.bot.id

    @property
    def scopes(self) -> set[str]:
        """What the app may do; change it to take something away."""
        return self._state.scopes

    @property
    def limits(self) -> Limits:
        """The rate limits, off until one is switched on."""
        return self._state.limits

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API that was accepted, in order."""
        return self._state.ledger.calls

    @property
    def refused(self) -> list[Call]:
        """Every call that was not, with the reason."""
        return self._state.ledger.refused

    @property
    def deliveries(self) -> list[Ack]:
        """Every attempt to tell the app something, in order."""
        return self._courier.attempts

    def called(self, method: str) -> list[Call]:
        """Return the accepted calls of one method."""
        return [call for call in self.calls if call.method == method]

    def fail_next(
        self,
        method: str,
        what: str | int,
        *,
        times: int = 1,
        retry_after: int | None = None,
    ) -> None:
        """Let the next calls of a method fail.

        `what` is an error's name, an HTTP status, `hang`, or, for what is carried out
        without the answer arriving, `drop_after_accept`, `hang_after_accept` or
        `fail_after_accept`; `method` may also be `response_url`.
        """
        faults: Faults = self._state.faults
        faults.fail_next(method, what, times=times, retry_after=retry_after)

    def add_user(self, name: str, *, tz: str = "UTC") -> User:
        """Add a person to the workspace."""
        return self._state.workspace.add_user(name, tz=tz)

    def add_channel(
        self,
        name: str,
        *members: Who,
        bot: bool = True,
        private: bool = False,
        archived: bool = False,
    ) -> Channel:
        """Add a channel with these people, and with the bot unless it is left out."""
        workspace = self._state.workspace
        people = [workspace.user(member) for member in members]
        everybody = [*people, workspace.bot] if bot else people
        return workspace.add_channel(
            name, *everybody, private=private, archived=archived
        )

    def open_dm(self, user: Who) -> Channel:
        """Return the room of a person and the bot."""
        return self._state.workspace.open_dm(self._state.workspace.user(user))

    def messages(
        self, channel: Where, thread_ts: str | None = None, viewer: Who | None = None
    ) -> list[Message]:
        """Return what a channel or a thread shows, oldest first.

        Ephemeral messages are only among them for the `viewer` they are for; without
        a viewer it is what everybody sees.
        """
        place, person = self._look(channel, viewer)
        if thread_ts is not None:
            return self._state.messages.in_thread(place, thread_ts, person)
        return self._state.messages.in_channel(place, person)

    def everything(self, channel: Where, viewer: Who | None = None) -> list[Message]:
        """Return what a channel shows and the replies in its threads, oldest first."""
        place, person = self._look(channel, viewer)
        return self._state.messages.everywhere_in(place, person)

    def view(self, user: Who) -> View | None:
        """Return the modal a person has before them, the one on top."""
        stack = self._state.views.stack(self._state.workspace.user(user))
        return stack[-1] if stack else None

    def home(self, user: Who) -> View | None:
        """Return what a person's Home tab shows, or None before it was published."""
        return self._state.views.home(self._state.workspace.user(user))

    async def wait_for(
        self, look: Callable[[], T | None], *, patience: float = GENEROUS
    ) -> T:
        """Return the first true answer of `look`, asked whenever anything changes.

        Raises:
            TimeoutError: nothing true within `patience` seconds.

        """
        return await self._state.changes.until(look, patience=patience)

    async def next_message(
        self,
        channel: Where,
        *,
        after: Message | Ack | str | None = None,
        viewer: Who | None = None,
        patience: float = GENEROUS,
    ) -> Message:
        """Return the first message in a channel, or in its threads, after another.

        `after` may be a message, the record of an act, or a stamp; without it, the
        first one that is said from now on. Only the app's messages count.

        Raises:
            TimeoutError: none within `patience` seconds.

        """
        place, person = self._look(channel, viewer)
        stamp = after if isinstance(after, str) else getattr(after, "ts", None)
        since = stamp or self._state.workspace.stamp()

        def look() -> Message | None:
            said = self._state.messages.everywhere_in(place, person)
            return next((m for m in said if m.ts > since and m.bot_id), None)

        return await self.wait_for(look, patience=patience)

    def _look(self, channel: Where, viewer: Who | None) -> tuple[Channel, User | None]:
        workspace = self._state.workspace
        person = None if viewer is None else workspace.user(viewer)
        return workspace.channel(channel), person
