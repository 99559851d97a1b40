"""The watch as a whole: how often it looks, how long it remembers, how it tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.settings.parts import DAY, ChannelId, Part, nothing, seconds

SHORTEST = 5
"""Seconds between two looks: less would only cost, as answers are kept for as long."""

Pause = Annotated[timedelta, seconds(3600, least=SHORTEST)]


class ChannelSettings(Part):
    """What is otherwise in one channel; what is left out is as everywhere."""

    log_in_thread: bool | None = None
    """Whether the end of the log is said in the thread of a failure."""


Channels = Annotated[
    Mapping[ChannelId, ChannelSettings], AfterValidator(MappingProxyType)
]


class WatchSettings(Part):
    """How pipelines are watched; which ones, the watches say."""

    enabled: bool = True
    """Whether anything is watched; without it, Runbell only answers questions."""

    idle: Pause = timedelta(seconds=120)
    """Seconds between two looks at a connection while nothing of it runs."""

    running: Pause = timedelta(seconds=15)
    """The same while something of it runs."""

    kept_for_people: int = Field(default=20, ge=0, le=90)
    """Percent of a connection's requests that looking leaves for people's questions.

    Of its `requests_per_hour`, and of what the vendor bears once it has limited us.
    """

    blind_after: Annotated[timedelta, seconds(DAY, least=30)] = timedelta(seconds=600)
    """Seconds after which channels are told that a connection cannot be seen.

    A credential that is refused is said at once.
    """

    history_days: int = Field(default=30, ge=1, le=3650)
    """Days that runs, events and messages are remembered for."""

    unknown_outcome: Literal["lookup", "resend", "hold"] = "lookup"
    """What to do where nobody can say whether Slack took a message.

    Look for it in the channel first, send it again with a note that it may repeat, or
    do not send it again. Looking needs the history scopes of the manifest.
    """

    storm: int = Field(default=5, ge=2, le=1000)
    """How many failures of one connection become one message in a channel."""

    storm_within: Annotated[timedelta, seconds(3600, least=10)] = timedelta(seconds=120)
    """Seconds within which they happen; the storm is over when none did for as long."""

    log_in_thread: bool = True
    """Whether the end of the log is said in the thread of a failure."""

    channels: Channels = Field(default_factory=nothing)
    """What is otherwise in single channels, by their ids."""

    def shows_log(self, channel: str) -> bool:
        """Return whether a channel gets the end of the log in a failure's thread."""
        own = self.channels.get(channel, ChannelSettings()).log_in_thread
        return self.log_in_thread if own is None else own

    @model_validator(mode="after")
    def _is_faster_while_running(self) -> Self:
        if self.running > self.idle:
            is_running_written = "running" in self.model_fields_set
            said = ("running", "longer", "idle", "smaller")
            other = ("idle", "shorter", "running", "larger")
            this, how, that, wanted = said if is_running_written else other
            msg = (
                f"{this} is {how} than {that}, so that what runs would be looked at "
                f"less often than what does not; write a {wanted} number of seconds"
            )
            raise ValueError(msg)
        return self
