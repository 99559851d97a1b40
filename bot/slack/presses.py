"""What somebody pressed, read with care, and what each kind of press does.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.answers import Problem
from bot.commands.asker import Asker
from bot.render.actions import Press


class Deed(Enum):
    """What is done with the command of a press."""

    IN_PLACE = "its answer takes the place of the message"
    BELOW = "its answer stands below, for the one who pressed"
    SHARED = "its answer is said for everybody, and the private one is taken away"
    NOTHING = "Slack has done it: it has opened a link"


DEEDS: Mapping[Press, Deed] = {
    Press.REFRESH: Deed.IN_PLACE,
    Press.PREVIOUS: Deed.IN_PLACE,
    Press.NEXT: Deed.IN_PLACE,
    Press.CHOICE: Deed.IN_PLACE,
    Press.OPEN: Deed.BELOW,
    Press.LOG: Deed.BELOW,
    Press.ACK: Deed.BELOW,
    Press.MUTE: Deed.BELOW,
    Press.UNMUTE: Deed.BELOW,
    Press.MORE: Deed.BELOW,
    Press.SHARE: Deed.SHARED,
    Press.LINK: Deed.NOTHING,
}

NOT_KNOWN = Problem(
    what="I do not know this button: it may be of another version of me.",
    hint="Ask again, and press what the new answer has.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A press: what is asked, by whom, and where."""

    deed: Deed | None
    """`None` where nobody knows this button."""
    command: str
    """As it would be typed; it is read by the grammar, like all that is typed."""
    person: str
    url: str
    """The `response_url`."""
    message: tuple[str, str]
    """The channel and the stamp of the message that was pressed."""
    thread: str | None
    """The thread it stands in."""
    is_private: bool
    """Only this person sees the message."""
    trigger: str
    """Opens a modal, for three seconds; empty where there is none."""

    @property
    def asker(self) -> Asker:
        """Who pressed, and where."""
        channel, _ = self.message
        return Asker(
            user=self.person,
            channel=channel,
            thread=self.thread,
            is_direct=is_direct(channel),
        )

    @property
    def can_share(self) -> bool:
        """Whether there is somebody to share it with; in a direct message nobody."""
        channel, _ = self.message
        return not is_direct(channel)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Pressed | None:
        """Return what was pressed; `None` where it cannot be answered at all."""
        action = _first(body.get("actions"))
        where = _mapping(body.get("container"))
        url = body.get("response_url")
        if not isinstance(url, str) or not url:
            return None
        thread = where.get("thread_ts")
        return cls(
            deed=_deed(action.get("action_id")),
            command=_command(action),
            person=str(_mapping(body.get("user")).get("id", "")),
            url=url,
            message=(
                str(where.get("channel_id", "")),
                str(where.get("message_ts", "")),
            ),
            thread=thread if isinstance(thread, str) else None,
            is_private=where.get("is_ephemeral") is True,
            trigger=str(body.get("trigger_id") or ""),
        )


def is_direct(channel: str) -> bool:
    """Return whether a channel is a direct message: their ids begin with a D."""
    return channel.startswith("D")


def _deed(action_id: object) -> Deed | None:
    kind, _, number = str(action_id).partition(".")
    is_known = kind in set(Press) and (not number or number.isdecimal())
    return DEEDS[Press(kind)] if is_known else None


def _command(action: Mapping[str, Any]) -> str:
    """Return the command of a button or of what was chosen; none means the bare one."""
    chosen = _mapping(action.get("selected_option"))
    value = chosen.get("value", action.get("value", ""))
    return value if isinstance(value, str) else ""


def _first(value: object) -> Mapping[str, Any]:
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
