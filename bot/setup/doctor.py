"""`runbell doctor`: does everything it was given work, and if not, what to do.

All checks run side by side, each for a bounded time, and each is told as it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import open_providers
from bot.settings import Mode, Settings, SettingsError, load
from bot.settings.problems import ENVIRONMENT, Problem
from bot.setup import connections
from bot.setup.findings import Area, Finding, Grade
from bot.setup.manifest import PATH
from bot.web.serving import url_of
from providers.masking import Secrets
from providers.problem import clip
from providers.registry import kinds

if TYPE_CHECKING:
    from random import Random

    from pydantic import SecretStr

    from bot.settings import SlackSettings
    from providers.clock import Clock

PATIENCE = timedelta(seconds=15)
"""How long one check may take; whoever hangs holds up nobody else."""

LARGEST_SKEW = timedelta(minutes=1)
"""Slack and the clouds refuse signatures that are 5 to 15 minutes off."""

LONGEST_LINE = 600
"""Characters of what is found; a line of a vendor's has its own limit before."""

Tell = Callable[[Finding], None]
"""Takes each finding as soon as there is one."""

BOT_TOKEN, APP_TOKEN, REQUESTS = "bot token", "app token", "requests"

REINSTALL = (
    "Install the app again (its page at api.slack.com/apps, Install App) and take the "
    "new bot token, xoxb-…, from OAuth & Permissions."
)
MAKE_ANEW = (
    "Make an app token, xapp-…, with the scope connections:write (the app's page, "
    "Basic Information, App-Level Tokens), and switch Socket Mode on."
)
LATER = "Nothing to do: ask again in a minute."
LATER_ERRORS = frozenset({"ratelimited", "internal_error", "fatal_error"})
"""https://docs.slack.dev/reference/methods/auth.test"""


async def examine(
    config: Path,
    environ: Mapping[str, str],
    tell: Tell,
    *,
    scopes: Collection[str],
    clock: Clock,
    random: Random,
    patience: timedelta = PATIENCE,
) -> None:
    """Check the configuration, and all that it speaks of.

    Args:
        config: The configuration file.
        environ: The environment.
        tell: Told of each finding, in the order in which the checks end.
        scopes: The scopes that the app's manifest asks for.
        clock: What time it is.
        random: For the waits between attempts, and for nonces.
        patience: How long one check may take.

    """
    try:
        settings = load(config, environ, kinds())
    except SettingsError as error:
        for problem in error.problems:
            tell(_of_problem(problem, Area.CONFIGURATION))
        return
    count = len(settings.connections)
    noun = "connection" if count == 1 else "connections"
    tell(_fine(Area.CONFIGURATION, str(config), f"{count} {noun}, no problem"))
    ward = _Ward(tell, Secrets(settings.secrets()), patience)
    async with (
        open_providers(settings, clock=clock, random=random) as providers,
        asyncio.TaskGroup() as group,
    ):
        for name, check in _slack(settings, frozenset(scopes), clock, ward):
            group.create_task(ward.look(Area.SLACK, name, check))
        for provider in providers.values():
            check = connections.examine(provider, clock.now())
            name = connections.name_of(provider)
            group.create_task(ward.look(Area.CONNECTION, name, check))


Check = Awaitable[tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class _Ward:
    """What holds for every check: it ends, it stays alone, it tells no secret."""

    tell_raw: Tell
    secrets: Secrets
    patience: timedelta

    def tell(self, finding: Finding) -> None:
        """Hand a finding on, without secrets and what does not print."""
        fix = finding.fix and self._clean(finding.fix)
        what = self._clean(finding.what)
        self.tell_raw(replace(finding, what=what, fix=fix))

    def _clean(self, text: str) -> str:
        return clip(self.secrets.mask(text), LONGEST_LINE)

    async def look(self, area: Area, name: str, check: Check) -> None:
        """Tell what a check finds, or that it came to no end."""
        seconds = self.patience.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                found = await check
        except TimeoutError:
            what = f"no answer within {seconds:g} s"
            fix = "Check the network, and the address if the configuration has one."
            found = (_failed(area, name, what, fix),)
        except Exception as error:  # noqa: BLE001 - a failing check stops no other
            what = f"the check itself failed ({type(error).__name__})"
            fix = "Please report this: it is a mistake of Runbell's or of a plug-in's."
            found = (_failed(area, name, what, fix),)
        for finding in found:
            self.tell(finding)


def _slack(
    settings: Settings, scopes: frozenset[str], clock: Clock, ward: _Ward
) -> list[tuple[str, Check]]:
    """Return the checks of Slack's tokens, after telling what needs no asking."""
    slack = settings.slack
    if problems := slack.problems():
        for finding in _unfit(slack, problems):
            ward.tell(finding)
        return []
    checks: list[tuple[str, Check]]
    checks = [(BOT_TOKEN, _bot_token(slack, scopes, clock, ward.patience))]
    if slack.mode is Mode.SOCKET:
        checks.append((APP_TOKEN, _app_token(slack, ward.patience)))
    else:
        ward.tell(_expected_requests(settings))
    return checks


def _unfit(slack: SlackSettings, problems: tuple[Problem, ...]) -> tuple[Finding, ...]:
    """Return what keeps Slack out; with no token anywhere, it was not tried yet."""
    nobody_tried = not (slack.secrets() or any(p.file != ENVIRONMENT for p in problems))
    grade = Grade.WARNING if nobody_tried else Grade.FAILED
    found = (_of_problem(problem, Area.SLACK) for problem in problems)
    return tuple(replace(finding, grade=grade) for finding in found)


def _expected_requests(settings: Settings) -> Finding:
    here = url_of(settings.http.host, settings.http.port)
    what = (
        f"HTTP mode: Slack has to send to https://<your address>{PATH}, which a proxy "
        f"with TLS hands on to {here}{PATH}; "
        "`runbell manifest --url https://<your address>` writes it into the manifest"
    )
    return _fine(Area.SLACK, REQUESTS, what)


async def _bot_token(
    slack: SlackSettings, scopes: frozenset[str], clock: Clock, patience: timedelta
) -> tuple[Finding, ...]:
    """Ask Slack whose the bot token is, and what it may do."""
    client = _client(slack, slack.bot_token, patience)
    try:
        answer = await client.auth_test()
    except (SlackApiError, aiohttp.ClientError) as error:
        return (_refused(BOT_TOKEN, slack, error, REINSTALL),)
    who = f"{answer.get('user')} in {answer.get('team')}"
    header = answer.headers.get("x-oauth-scopes")
    return (
        _scoped(who, header, scopes),
        *_skew(answer.headers.get("Date"), clock.now()),
    )


def _scoped(who: str, header: str | None, wanted: frozenset[str]) -> Finding:
    """Return whether a token has the scopes the manifest asks for."""
    if header is None:
        what = f"{who}; Slack did not say which scopes it has"
        return _of_slack(BOT_TOKEN, Grade.WARNING, what)
    missing = sorted(wanted - {scope.strip() for scope in header.split(",")})
    if not missing:
        count = f"{len(wanted)} scope{'' if len(wanted) == 1 else 's'}"
        return _fine(Area.SLACK, BOT_TOKEN, f"{who}, with the {count} it needs")
    what = f"{who}, without {', '.join(missing)}"
    fix = f"Add the missing scopes (OAuth & Permissions, Bot Token Scopes). {REINSTALL}"
    return _failed(Area.SLACK, BOT_TOKEN, what, fix)


async def _app_token(slack: SlackSettings, patience: timedelta) -> tuple[Finding, ...]:
    """Ask Slack for a socket, which is then left alone."""
    client = _client(slack, None, patience)
    token = slack.app_token.get_secret_value() if slack.app_token else ""
    try:
        await client.apps_connections_open(app_token=token)
    except (SlackApiError, aiohttp.ClientError) as error:
        return (_refused(APP_TOKEN, slack, error, MAKE_ANEW),)
    return (_fine(Area.SLACK, APP_TOKEN, "Socket Mode opens"),)


def _client(
    slack: SlackSettings, token: SecretStr | None, patience: timedelta
) -> AsyncWebClient:
    return AsyncWebClient(
        token=token.get_secret_value() if token else None,
        base_url=slack.api_url,
        # The ward's own patience is the one that counts.
        timeout=int(patience.total_seconds()) + 1,
        retry_handlers=[],
    )


def _refused(
    name: str, slack: SlackSettings, error: Exception, usual_fix: str
) -> Finding:
    if not isinstance(error, SlackApiError):
        what = f"Slack cannot be reached at {slack.api_url} ({error})"
        fix = "Check the network, and slack.api_url if the configuration has it."
        return _failed(Area.SLACK, name, what, fix)
    data = getattr(error.response, "data", None)
    word = data.get("error") if isinstance(data, dict) else None
    if word is None:
        status = getattr(error.response, "status_code", None)
        what = f"Slack is in trouble (HTTP {status})" if status else "an odd answer"
        return _failed(Area.SLACK, name, what, LATER)
    what = f"Slack does not accept it ({word})"
    if word in LATER_ERRORS:
        return _failed(Area.SLACK, name, f"Slack did not answer ({word})", LATER)
    return _failed(Area.SLACK, name, what, usual_fix)


def _skew(date: str | None, now: datetime) -> tuple[Finding, ...]:
    """Return how far our clock is from Slack's, where that is too far."""
    try:
        theirs = parsedate_to_datetime(date or "")
        off = now - theirs
    except (ValueError, TypeError, OverflowError):
        return ()
    if abs(off) <= LARGEST_SKEW:
        return ()
    way = "ahead of" if off > timedelta() else "behind"
    minutes = round(abs(off).total_seconds() / 60)
    what = f"this machine's clock is {minutes} min {way} Slack's"
    fix = "Set it right (NTP): signatures made by a wrong clock are refused."
    return (_of_slack("clock", Grade.WARNING, what, fix),)


def _of_problem(problem: Problem, area: Area) -> Finding:
    where = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    what = f"{problem.place}: {problem.what}" if problem.place else problem.what
    return _failed(area, where, what, problem.instead)


def _fine(area: Area, name: str, what: str) -> Finding:
    return Finding(area=area, name=name, grade=Grade.OK, what=what)


def _failed(area: Area, name: str, what: str, fix: str) -> Finding:
    return Finding(area=area, name=name, grade=Grade.FAILED, what=what, fix=fix or None)


def _of_slack(name: str, grade: Grade, what: str, fix: str | None = None) -> Finding:
    return Finding(area=Area.SLACK, name=name, grade=grade, what=what, fix=fix)
