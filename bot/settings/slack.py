"""The Slack part: tokens, and by which of Slack's two ways requests arrive.

The terminal needs none of it, so that it is checked apart: `SlackSettings.problems()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bot.settings.problems import ENVIRONMENT, Problem
from providers.settings import Address

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Mode(StrEnum):
    """By which way Slack's requests arrive."""

    SOCKET = "socket"
    """Over a connection that Runbell opens: no address of its own is needed."""
    HTTP = "http"
    """To an address of Runbell's that Slack can reach."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token was written, for problems."""

    file: str
    line: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the tokens came from."""

    places: Mapping[str, Place] = field(default_factory=dict)
    """By field; a token that is not here comes from the environment."""
    unset: Mapping[str, Problem] = field(default_factory=dict)
    """Why a token is missing although the file refers to it, by field."""


def _with_slash(url: str) -> str:
    return f"{url}/"


def _stripped(secret: SecretStr) -> SecretStr:
    return SecretStr(secret.get_secret_value().strip())


Token = Annotated[SecretStr, AfterValidator(_stripped)]


class SlackSettings(BaseModel):
    """The Slack app that Runbell is."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    bot_token: Token | None = None
    """What Runbell speaks with: `xoxb-…`, from the app's page, OAuth & Permissions.

    Default: the environment's SLACK_BOT_TOKEN. Needed in both modes.
    """

    app_token: Token | None = None
    """What opens the connection of Socket Mode: `xapp-…`, scope connections:write.

    Default: the environment's SLACK_APP_TOKEN. Unused where a signing secret is set.
    """

    signing_secret: Token | None = None
    """What proves that a request is Slack's; setting it switches to HTTP mode.

    Default: the environment's SLACK_SIGNING_SECRET. Leave it out for Socket Mode,
    which is the default way, since it needs no address that Slack can reach.
    """

    api_url: Annotated[Address, AfterValidator(_with_slash)] = "https://slack.com/api/"
    """The address of Slack's API; another one only in closed test set-ups."""

    allow_http: bool = False
    """Allow an `api_url` without TLS on another machine; for closed networks only.

    An address on this machine (127.0.0.1) is always allowed.
    """

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def mode(self) -> Mode | None:
        """HTTP with a signing secret, else Socket Mode with an app token, else none."""
        if self.signing_secret:
            return Mode.HTTP
        return Mode.SOCKET if self.app_token else None

    def remember(self, origin: Origin) -> None:
        """Keep where the tokens came from, for `problems`."""
        self._origin = origin

    def problems(self) -> tuple[Problem, ...]:
        """Return all that keeps Runbell from talking to Slack; shows no token."""
        found = list(self._origin.unset.values())
        for name in self._needed():
            token = getattr(self, name)
            if token is None and name not in self._origin.unset:
                found.append(self._problem(name, *MISSING[name]))
            elif token is not None:
                found += self._mistaken(name, token.get_secret_value())
        return tuple(found)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, so that it can be masked."""
        tokens = (self.bot_token, self.app_token, self.signing_secret)
        return tuple(token.get_secret_value() for token in tokens if token)

    def _needed(self) -> tuple[str, ...]:
        if self.mode is Mode.HTTP or "signing_secret" in self._origin.unset:
            return ("bot_token", "signing_secret")
        return ("bot_token", "app_token")

    def _mistaken(self, name: str, token: str) -> list[Problem]:
        prefix = PREFIX.get(name)
        known = (what for sign, what in TOKENS.items() if token.startswith(sign))
        kind = next(known, None)
        # A signing secret has no form of its own, but it is none of Slack's tokens.
        is_right = token.startswith(prefix) if prefix else kind is None
        if is_right:
            return []
        wanted = f"one that begins with {prefix}" if prefix else "the signing secret"
        what = f"this is {kind or 'another token'}, not {wanted}"
        return [self._problem(name, what, MISSING[name][1])]

    def _problem(self, name: str, what: str, instead: str) -> Problem:
        written = Place(ENVIRONMENT, None, VARIABLES[name])
        at = self._origin.places.get(name, written)
        return Problem(at.file, at.line, at.name, what, instead)

    @model_validator(mode="after")
    def _only_https(self) -> SlackSettings:
        url = urlsplit(self.api_url)
        if url.scheme == "https" or url.hostname in LOOPBACK or self.allow_http:
            return self
        msg = (
            "api_url sends the tokens in clear text; write an https:// address "
            "(or set allow_http: true, for a closed network only)"
        )
        raise ValueError(msg)


VARIABLES = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
}
"""The variable of the environment that each token is taken from by default."""

PREFIX = {"bot_token": "xoxb-", "app_token": "xapp-"}

# https://docs.slack.dev/authentication/tokens
TOKENS = {
    "xoxb-": "a bot token",
    "xapp-": "an app token",
    "xoxp-": "a user token",
    "xoxe": "a token of rotating tokens",
}

BASIC = "Basic Information"
APP_PAGE = "from the app's page at api.slack.com/apps"

MISSING = {
    "bot_token": (
        "there is no bot token",
        f"export SLACK_BOT_TOKEN=xoxb-… {APP_PAGE}, OAuth & Permissions",
    ),
    "app_token": (
        "there is neither an app token (Socket Mode) nor a signing secret (HTTP mode)",
        f"export SLACK_APP_TOKEN=xapp-… (or SLACK_SIGNING_SECRET) {APP_PAGE}, {BASIC}",
    ),
    "signing_secret": (
        "there is no signing secret",
        f"export SLACK_SIGNING_SECRET=… {APP_PAGE}, {BASIC}",
    ),
}
"""Why each token is asked for, and where it is to be had."""


class _Variables(BaseSettings):
    """The part of the environment that is Slack's."""

    model_config = SettingsConfigDict(env_prefix="SLACK_")

    bot_token: str | None = None
    app_token: str | None = None
    signing_secret: str | None = None


class _Given(EnvSettingsSource):
    """Reads the environment that is handed in, not the process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(_Variables)
        wanted = {name: environ.get(name) for name in VARIABLES.values()}
        self.env_vars = {name.lower(): value for name, value in wanted.items() if value}


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the tokens that the environment holds, by field; empty ones are none."""
    return dict(_Given(environ)())
