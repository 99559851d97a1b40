"""The people and places of one workspace, and the ids and stamps it hands out."""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.demo.slack.errors import ApiError
from providers.clock import Clock

ALPHABET = string.ascii_uppercase + string.digits


@dataclass(eq=False, slots=True)
class User:
    """A person, or the bot."""

    id: str
    name: str
    tz: str = "UTC"
    is_bot: bool = False

    @property
    def email(self) -> str:
        """The address in the profile."""
        return f"{self.name}@example.com"


@dataclass(eq=False, slots=True)
class Channel:
    """A place to talk: a channel, or the two-person room of a direct message."""

    id: str
    name: str
    members: list[User] = field(default_factory=list)
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False


Who = User | str
"""A person, their id or their name."""
Where = Channel | str
"""A place, its id or its name, with or without the `#`."""


class Workspace:
    """One workspace with one app installed in it."""

    def __init__(self, clock: Clock, random: Random, *, domain: str = "demo") -> None:
        self.clock = clock
        self.random = random
        self.domain = domain
        self.team_id = self.new_id("T")
        self.app_id = self.new_id("A")
        self.bot_id = self.new_id("B")
        self.bot = User(self.new_id("U"), "runbell", is_bot=True)
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.channels: dict[str, Channel] = {}
        self._last_stamp = 0

    def new_id(self, prefix: str) -> str:
        """Return an id such as Slack's: a letter for its kind, then ten more."""
        return prefix + "".join(self.random.choices(ALPHABET, k=10))

    def stamp(self) -> str:
        """Return a `ts`: the time, made unique and later than all before it."""
        now = int(self.clock.now().timestamp()) * 1_000_000
        self._last_stamp = max(now, self._last_stamp + 1)
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"

    def add_user(self, name: str, *, tz: str = "UTC") -> User:
        """Add a person."""
        user = User(self.new_id("U"), name, tz=tz)
        self.users[user.id] = user
        return user

    def add_channel(
        self, name: str, *members: User, private: bool = False, archived: bool = False
    ) -> Channel:
        """Add a channel; the bot is only in it when it is one of the members."""
        channel = Channel(
            self.new_id("C"), name, [*members], is_private=private, is_archived=archived
        )
        self.channels[channel.id] = channel
        return channel

    def open_dm(self, user: User) -> Channel:
        """Return the room of this person and the bot, the same one every time."""
        for channel in self.channels.values():
            if channel.is_im and user in channel.members:
                return channel
        channel = Channel(
            self.new_id("D"), "directmessage", [user, self.bot], is_im=True
        )
        self.channels[channel.id] = channel
        return channel

    def user(self, who: Who) -> User:
        """Return a person by id or name.

        Raises:
            LookupError: there is no such person.

        """
        if isinstance(who, User):
            return who
        if who in self.users:
            return self.users[who]
        for user in self.users.values():
            if user.name == who:
                return user
        raise LookupError("nobody is called so", who)

    def channel(self, where: Where) -> Channel:
        """Return a place by id or name.

        Raises:
            LookupError: there is no such place.

        """
        if isinstance(where, Channel):
            return where
        if where in self.channels:
            return self.channels[where]
        for channel in self.channels.values():
            if not channel.is_im and channel.name == where.removeprefix("#"):
                return channel
        raise LookupError("no channel is called so", where)

    def seen_by_bot(self, where: str | None) -> Channel:
        """Return a place the bot may know of, from what it wrote as `channel`.

        A user's id means the direct messages with them.

        Raises:
            ApiError: `channel_not_found`, also for a private one it is not in.

        """
        if where in self.users and where != self.bot.id:
            return self.open_dm(self.users[str(where)])
        try:
            channel = self.channel(str(where))
        except LookupError:
            raise ApiError("channel_not_found") from None
        if channel.is_private and self.bot not in channel.members:
            raise ApiError("channel_not_found")
        return channel

    def known_user(self, user_id: str) -> User:
        """Return a person by id.

        Raises:
            ApiError: `user_not_found`.

        """
        if user_id not in self.users:
            raise ApiError("user_not_found")
        return self.users[user_id]

    def permalink(self, channel: Channel, ts: str, thread_ts: str | None) -> str:
        """Return the address of a message."""
        base = f"https://{self.domain}.slack.com/archives/{channel.id}"
        link = f"{base}/p{ts.replace('.', '')}"
        if thread_ts is None or thread_ts == ts:
            return link
        return f"{link}?thread_ts={thread_ts}&cid={channel.id}"

    def describe_user(self, user: User) -> dict[str, Any]:
        """Return a person as `users.info` does."""
        offset = self.clock.now().astimezone(ZoneInfo(user.tz)).utcoffset()
        return {
            "id": user.id,
            "team_id": self.team_id,
            "name": user.name,
            "deleted": False,
            "real_name": user.name.title(),
            "tz": user.tz,
            "tz_label": user.tz,
            "tz_offset": int((offset or timedelta()).total_seconds()),
            "profile": {
                "real_name": user.name.title(),
                "display_name": user.name,
                "email": user.email,
                "team": self.team_id,
            },
            "is_bot": user.is_bot,
            "is_app_user": False,
            "is_restricted": False,
        }

    def describe_channel(self, channel: Channel) -> dict[str, Any]:
        """Return a place as `conversations.info` does."""
        if channel.is_im:
            person = next(user for user in channel.members if not user.is_bot)
            return {
                "id": channel.id,
                "is_im": True,
                "user": person.id,
                "is_archived": False,
            }
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": not channel.is_private,
            "is_group": channel.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_member": self.bot in channel.members,
            "num_members": len(channel.members),
        }
