"""The settings: what each is, its unit, its default, and how to switch it off.

The page for operators is docs/configuration.md; runbell.example.yml shows them all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from bot.settings import database as databases
from bot.settings.parts import DAY, FrozenMap, Part, Text, nothing, seconds
from bot.settings.problems import SettingsError
from bot.settings.slack import SlackSettings
from bot.settings.watch import WatchSettings
from bot.settings.watches import FiledWatch
from providers.settings import ConnectionSettings, TimeZone

LONGEST_COMMAND = 32


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


COMMAND = "/runs"
"""The slash command, unless the configuration gives it another name."""

Command = Annotated[str, AfterValidator(_command)]
"""The name of a slash command, as Slack accepts it."""

Age = Annotated[timedelta, seconds(DAY)]
Stale = Annotated[timedelta, seconds(30 * DAY)]


class HttpSettings(Part):
    """Where HTTP mode listens, and Socket Mode where that is asked for."""

    host: Text = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all, as in a container.

    Default: this machine only, since TLS is the business of a proxy in front.
    """

    port: int = Field(default=3000, ge=0, le=65535)
    """The port to listen on; 0 for any that is free. Default: Bolt's usual one."""

    in_socket_mode: bool = False
    """Listen in Socket Mode as well: for `/healthz`, `/readyz` and `/metrics`."""


class CacheSettings(Part):
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


class Settings(Part):
    """All of `runbell.yml`, with what the environment adds."""

    command: Command = COMMAND
    """The slash command's name, as in the Slack app's manifest."""

    timezone: TimeZone = "UTC"
    """The IANA name of the zone that times are shown in where no person's is known.

    Default: UTC, which is wrong for nobody in particular.
    """

    slack: SlackSettings = Field(default_factory=SlackSettings)
    """The Slack app; the terminal needs none of it."""

    http: HttpSettings = Field(default_factory=HttpSettings)
    """Where HTTP mode listens."""

    database: SecretStr
    """The URL of the store: an SQLite file, or a PostgreSQL that replicas share.

    Left out of the file: the environment's RUNBELL_DATABASE_URL, else runbell.db in the
    folder of the configuration. Settings made otherwise have to name it.
    """

    watch: WatchSettings = Field(default_factory=WatchSettings)
    """How pipelines are watched."""

    watches: tuple[FiledWatch, ...] = ()
    """The watches of the file; those made in Slack are in the store."""

    cache: CacheSettings = Field(default_factory=CacheSettings)
    """How old answers may be."""

    connections: FrozenMap[ConnectionSettings]
    """The providers to ask, by a name of your choice; each of the class of its kind."""

    groups: FrozenMap[tuple[Text, ...]] = Field(default_factory=nothing)
    """Words that stand for several targets."""

    aliases: FrozenMap[Text] = Field(default_factory=nothing)
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
        return (*self.slack.secrets(), *databases.secrets(self.database), *theirs)
