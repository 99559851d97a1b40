"""What the sections of the settings are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T")

DAY = 24 * 60 * 60
"""In seconds, as lengths of time are written."""

_PLACE = re.compile(r"[CGDUW][A-Z0-9]{5,20}")


def _place(text: str) -> str:
    # chat.postMessage takes names as well, but of public channels only:
    # https://docs.slack.dev/reference/methods/chat.postMessage
    if not _PLACE.fullmatch(text):
        msg = (
            f"{text[:60]!r} is no id of a channel; write one such as C0123456789, "
            "which stands at the end of the channel's details in Slack"
        )
        raise ValueError(msg)
    return text


ChannelId = Annotated[str, AfterValidator(_place)]
"""Slack's id of a channel, or of a person for direct messages."""

Text = Annotated[str, Field(min_length=1, max_length=500)]
FrozenMap = Annotated[Mapping[str, T], AfterValidator(MappingProxyType)]


class Part(BaseModel):
    """A section: nothing in it that there is no setting for, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def nothing() -> Mapping[str, T]:
    """Return a mapping without entries, as the default of one."""
    return MappingProxyType({})


def seconds(most: int, *, least: int = 0) -> BeforeValidator:
    """Return what reads a number of seconds as a length of time."""

    def read(value: object) -> object:
        if isinstance(value, timedelta):
            return value
        try:
            number = float(value) if isinstance(value, str | int | float) else -1.0
        except (ValueError, OverflowError):
            number = -1.0
        if isinstance(value, bool) or not least <= number <= most:
            msg = (
                f"this is no number of seconds from {least} to {most}; "
                f"write one such as {max(least, 10)}"
            )
            raise ValueError(msg)
        return timedelta(seconds=number)

    return BeforeValidator(read)
