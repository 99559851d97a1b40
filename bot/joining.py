"""Joining Slack: its client, who we are to it, and how its requests reach us."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Mode
from bot.slack.signature import Signatures
from bot.web.server import Incoming, application
from bot.web.serving import Serving

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings
    from bot.watching import Watch
    from providers.clock import Clock

log = structlog.get_logger(__name__)

# Slack's own client leaves time-outs to the session it is given.
PATIENCE = aiohttp.ClientTimeout(total=30)


IN_TROUBLE = 500
FOR_THE_BOT = "Take it from the app's page, OAuth & Permissions, and install the app."
FOR_THE_APP = "It needs the scope connections:write, and Socket Mode switched on."


class StartError(Exception):
    """The bot cannot start; the message says why and what to do."""


def client_of(
    settings: Settings, session: aiohttp.ClientSession, token: str | None
) -> AsyncWebClient:
    """Return a client of Slack's Web API that sends nothing twice by itself."""
    return AsyncWebClient(
        token=token,
        base_url=settings.slack.api_url,
        session=session,
        # The default handler sends a post again after a dropped connection, and so
        # twice where the first one had arrived.
        retry_handlers=[],
    )


async def who_we_are(settings: Settings, client: AsyncWebClient) -> AuthorizeResult:
    """Return who we are to Slack, once it has accepted the bot's token.

    Raises:
        StartError: it has not, or cannot be reached.

    """
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


def bolt_of(client: AsyncWebClient, who: AuthorizeResult) -> AsyncApp:
    """Return the Bolt app to register listeners with."""

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


async def listen(
    settings: Settings,
    app: AsyncApp,
    clock: Clock,
    stack: AsyncExitStack,
    watch: Watch | None,
) -> str | None:
    """Begin to take Slack's requests; return where we listen, `None` for nowhere.

    Whoever asks whether we are ready hears no until Slack can reach us.

    Raises:
        StartError: the port is taken, or Slack does not accept the app's token.

    """
    ready = asyncio.Event()
    url = None
    if settings.slack.mode is Mode.HTTP:
        secret = secret_of(settings.slack.signing_secret) or ""
        slack = Incoming(
            AsyncSlackRequestHandler(app).handle, Signatures(secret, clock).is_genuine
        )
        url = await _serve(settings, slack, ready, stack, watch)
        log.info("listening", url=f"{url}/slack/events")
    else:
        if settings.http.in_socket_mode:
            url = await _serve(settings, None, ready, stack, watch)
            log.info("listening", url=url)
        await _connect(settings, app, stack)
    ready.set()
    stack.callback(ready.clear)
    return url


async def _connect(settings: Settings, app: AsyncApp, stack: AsyncExitStack) -> None:
    """Have Slack send its requests through a socket that we open."""
    app_token = secret_of(settings.slack.app_token) or ""
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


async def _serve(
    settings: Settings,
    slack: Incoming | None,
    ready: asyncio.Event,
    stack: AsyncExitStack,
    watch: Watch | None,
) -> str:
    """Begin to listen; return where."""
    web = application(
        slack=slack,
        is_ready=ready.is_set,
        vitals=watch.vitals if watch else None,
    )
    http = settings.http
    serving = Serving(web, host=http.host, port=http.port)
    try:
        await stack.enter_async_context(serving)
    except OSError as error:
        msg = f"cannot listen on {http.host}:{http.port}: {error.strerror}"
        raise StartError(msg) from None
    return serving.url


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


def secret_of(value: SecretStr | None) -> str | None:
    """Return what a secret holds; `None` where it is not set."""
    return value.get_secret_value() if value else None
