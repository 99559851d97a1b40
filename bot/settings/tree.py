"""The settings: what each is, its unit, its default, and how to switch it off.

The page for operators is docs/configuration.md; runbell.example.yml shows them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bot.settings.problems import SettingsError
from bot.settings.slack import SlackSettings
from providers.settings import ConnectionSettings, TimeZone

T = TypeVar("T")

LONGEST_COMMAND = 32
LONGEST_AGE = 24 * 60 * 60
LONGEST_STALE = 30 * LONGEST_AGE


def _command(name: str) -> str:
    # https://docs.slack.dev/reference/app-manifest: 2 to 32 characters, "/" first.
    rest = name.removeprefix("/")
    legal = (
        name.startswith("/")
        and 1 <= len(rest) < LONGEST_COMMAND
        and rest.replace("-", "").replace("_", "").isalnum()
        and rest == rest.lower()
    )
    if not legal:
        msg = (
            f"{name!r} is no slash command that Slack accepts; write / and 1 to 31 "
            "lower-case letters, digits, - or _, such as /runs"
        )
        raise ValueError(msg)
    return name


def _seconds(most: int) -> BeforeValidator:
    def read(value: object) -> object:
        if isinstance(value, timedelta):
            return value
        try:
            seconds = float(value) if isinstance(value, str | int | float) else -1.0
        except (ValueError, OverflowError):
            seconds = -1.0
        if isinstance(value, bool) or not 0 <= seconds <= most:
            msg = f"this is no number of seconds from 0 to {most}; write one such as 10"
            raise ValueError(msg)
        return timedelta(seconds=seconds)

    return BeforeValidator(read)


Age = Annotated[timedelta, _seconds(LONGEST_AGE)]
Stale = Annotated[timedelta, _seconds(LONGEST_STALE)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
FrozenMap = Annotated[Mapping[str, T], AfterValidator(MappingProxyType)]


def _nothing() -> Mapping[str, T]:
    return MappingProxyType({})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class HttpSettings(_Part):
    """Where HTTP mode listens; unused in Socket Mode."""

    host: Text = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all, as in a container.

    Default: this machine only, since TLS is the business of a proxy in front.
    """

    port: int = Field(default=3000, ge=0, le=65535)
    """The port to listen on; 0 for any that is free. Default: Bolt's usual one."""


class CacheSettings(_Part):
    """How old an answer may be before the provider is asked again, in seconds.

    However many people ask, a provider is asked once in that time. 0 asks every time.
    """

    latest: Age = timedelta(seconds=5)
    """The latest run of each pipeline, as `status` shows it."""

    runs: Age = timedelta(seconds=10)
    """The runs of a pipeline, as `list` shows them."""

    run: Age = timedelta(seconds=5)
    """One run in full."""

    pipelines: Age = timedelta(seconds=300)
    """Which pipelines there are; they come and go rarely, and lists cost many calls."""

    stale: Stale = timedelta(seconds=3600)
    """How long the last known answer is shown, with its age, while a provider is down.

    0 shows none. Default: an hour, since an older state helps nobody in an outage.
    """


class Settings(_Part):
    """All of `runbell.yml`, with what the environment adds."""

    command: Annotated[str, AfterValidator(_command)] = "/runs"
    """The slash command's name, as in the Slack app's manifest."""

    timezone: TimeZone = "UTC"
    """The IANA name of the zone that times are shown in where no person's is known.

    Default: UTC, which is wrong for nobody in particular.
    """

    slack: SlackSettings = Field(default_factory=SlackSettings)
    """The Slack app; the terminal needs none of it."""

    http: HttpSettings = Field(default_factory=HttpSettings)
    """Where HTTP mode listens."""

    cache: CacheSettings = Field(default_factory=CacheSettings)
    """How old answers may be."""

    connections: FrozenMap[ConnectionSettings]
    """The providers to ask, by a name of your choice; each of the class of its kind."""

    groups: FrozenMap[tuple[Text, ...]] = Field(default_factory=_nothing)
    """Words that stand for several targets."""

    aliases: FrozenMap[Text] = Field(default_factory=_nothing)
    """Words that stand for one target."""

    def require_slack(self) -> None:
        """Do nothing if Runbell can talk to Slack with this.

        Raises:
            SettingsError: it cannot; the problems say why.

        """
        if problems := self.slack.problems():
            raise SettingsError(problems)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, so that it can be masked."""
        connections = self.connections.values()
        theirs = (value for connection in connections for value in connection.secrets())
        return (*self.slack.secrets(), *theirs)
