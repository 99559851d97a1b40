"""The composition root: settings → objects → run → close. The only place that wires.

`open_desk` is all that answering needs; `open_bot` puts Slack in front of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.catalog import Words
from bot.clock import SystemClock
from bot.commands.answering import answers
from bot.commands.gather import Desk
from bot.reader import Reader
from bot.readings import Ages
from bot.settings import Mode
from bot.slack.errands import Errands
from bot.slack.listeners import Listeners
from bot.slack.replies import Replies
from bot.slack.sender import Sender
from bot.slack.signature import Signatures
from bot.web.server import application
from bot.web.serving import Serving
from providers.http.network import Network
from providers.registry import kinds

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.answers import Said
    from bot.settings import Settings
    from providers.clock import Clock
    from providers.contract import Provider
    from providers.http.network import Exchange

log = structlog.get_logger(__name__)


# Slack's own client leaves time-outs to the session it is given.
PATIENCE = aiohttp.ClientTimeout(total=30)


HASTE = timedelta(seconds=2)
"""After this long, what is known is said, and the rest follows."""

IN_TROUBLE = 500
FOR_THE_BOT = "Take it from the app's page, OAuth & Permissions, and install the app."
FOR_THE_APP = "It needs the scope connections:write, and Socket Mode switched on."


class StartError(Exception):
    """The bot cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot that is running."""

    desk: Desk
    url: str | None
    """Where it listens in HTTP mode; `None` in Socket Mode."""
    errands: Errands
    """What it is still busy with."""


@asynccontextmanager
async def open_providers(
    settings: Settings, *, clock: Clock, random: Random
) -> AsyncIterator[Mapping[str, Provider]]:
    """Open a provider for every connection, by name, with a network that they share."""
    known = kinds()
    network = Network(clock=clock, random=random, observe=_observed)
    try:
        yield {
            name: known[connection.kind].connect(name, connection, network)
            for name, connection in settings.connections.items()
        }
    finally:
        await network.close()


@asynccontextmanager
async def open_desk(
    settings: Settings, *, clock: Clock | None = None, random: Random | None = None
) -> AsyncIterator[Desk]:
    """Open all that answering needs: the providers and the reader over them."""
    clock = clock or SystemClock()
    cache = settings.cache
    ages = Ages(
        pipelines=cache.pipelines,
        latest=cache.latest,
        runs=cache.runs,
        run=cache.run,
        stale=cache.stale,
    )
    words = Words(groups=settings.groups, aliases=settings.aliases)
    async with open_providers(
        settings, clock=clock, random=random or SystemRandom()
    ) as providers:
        reader = Reader(providers, clock=clock, ages=ages)
        try:
            yield Desk(
                reader=reader, words=words, clock=clock, command=settings.command
            )
        finally:
            await reader.close()


@asynccontextmanager
async def open_bot(
    settings: Settings,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    haste: timedelta = HASTE,
) -> AsyncIterator[Bot]:
    """Open the bot: answering, with Slack in front of it.

    Args:
        settings: what was configured.
        clock: what time it is.
        random: for the waits between attempts, and for nonces.
        haste: after how long what is known is said, before the rest.

    Raises:
        StartError: Slack does not accept the tokens, or the port is taken.

    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(
            open_desk(settings, clock=clock, random=random)
        )
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=PATIENCE)
        )
        client = _client(settings, session, _secret(settings.slack.bot_token))
        who = await _who(settings, client)
        # Bolt's own client has no token of its own: each request brings it.
        app = _bolt(_client(settings, session, None), who)
        errands = Errands()
        stack.push_async_callback(errands.close)

        def ask(text: str) -> AsyncIterator[Said]:
            return answers(desk, text, haste)

        replies = Replies(
            ask=ask,
            sender=Sender(session, client, clock),
            clock=clock,
            zone=ZoneInfo(settings.timezone),
        )
        Listeners(
            replies=replies, clock=clock, errands=errands, command=settings.command
        ).register(app)
        url = await _listen(settings, app, clock, stack)
        yield Bot(desk=desk, url=url, errands=errands)


def _client(
    settings: Settings, session: aiohttp.ClientSession, token: str | None
) -> AsyncWebClient:
    return AsyncWebClient(
        token=token,
        base_url=settings.slack.api_url,
        session=session,
        # The default handler sends a post again after a dropped connection, and so
        # twice where the first one had arrived.
        retry_handlers=[],
    )


async def _who(settings: Settings, client: AsyncWebClient) -> AuthorizeResult:
    """Return who we are to Slack, once it has accepted the bot's token."""
    try:
        who = await client.auth_test()
    except SlackApiError as error:
        raise _refused(error, "the bot token", FOR_THE_BOT) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        msg = f"Slack cannot be reached at {settings.slack.api_url}: {error}"
        raise StartError(msg) from None
    log.info("slack knows us", team=who.get("team"), user=who.get("user"))
    return AuthorizeResult.from_auth_test_response(
        bot_token=client.token, auth_test_response=who
    )


def _bolt(client: AsyncWebClient, who: AuthorizeResult) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        # Bolt would ask Slack once more, before its first acknowledgement.
        return who

    return AsyncApp(
        client=client,
        authorize=authorize,
        # Done before Bolt, by our clock, in `web`; sockets need none.
        request_verification_enabled=False,
        process_before_response=True,
    )


async def _listen(
    settings: Settings, app: AsyncApp, clock: Clock, stack: AsyncExitStack
) -> str | None:
    """Begin to take Slack's requests; return where, in HTTP mode."""
    if settings.slack.mode is Mode.HTTP:
        ready = asyncio.Event()
        signatures = Signatures(_secret(settings.slack.signing_secret) or "", clock)
        web = application(
            slack=AsyncSlackRequestHandler(app).handle,
            is_genuine=signatures.is_genuine,
            is_ready=ready.is_set,
        )
        http = settings.http
        serving = Serving(web, host=http.host, port=http.port)
        try:
            await stack.enter_async_context(serving)
        except OSError as error:
            msg = f"cannot listen on {http.host}:{http.port}: {error.strerror}"
            raise StartError(msg) from None
        stack.callback(ready.clear)
        ready.set()
        log.info("listening", url=f"{serving.url}/slack/events")
        return serving.url
    app_token = _secret(settings.slack.app_token) or ""
    handler = AsyncSocketModeHandler(app, app_token)
    stack.push_async_callback(handler.close_async)
    try:
        # Asked here first: the handler tries a token for ever, whatever Slack says.
        await app.client.apps_connections_open(app_token=app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own
    except (aiohttp.ClientError, TimeoutError) as error:
        msg = f"Slack cannot be reached at {settings.slack.api_url}: {error}"
        raise StartError(msg) from None
    except SlackApiError as error:
        raise _refused(error, "the app token", FOR_THE_APP) from None
    log.info("connected by Socket Mode")
    return None


def _refused(error: SlackApiError, what: str, advice: str) -> StartError:
    """Return why Slack does not let us in; only a refusal is blamed on the token."""
    data = getattr(error.response, "data", error.response)
    word = data.get("error") if isinstance(data, dict) else None
    status = getattr(error.response, "status_code", 0)
    if status >= IN_TROUBLE or word in {None, "internal_error", "ratelimited"}:
        return StartError(
            f"Slack is in trouble (HTTP {status}, {word}): try again later."
        )
    return StartError(f"Slack does not accept {what} ({word}). {advice}")


def _secret(value: SecretStr | None) -> str | None:
    """Return what a secret holds; `None` where it is not set."""
    return value.get_secret_value() if value else None


def _observed(exchange: Exchange) -> None:
    log.debug(
        "provider asked",
        connection=exchange.connection,
        operation=exchange.operation,
        status=exchange.status,
        error=exchange.error,
        seconds=exchange.took.total_seconds(),
    )
