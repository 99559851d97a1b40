"""The composition root: settings → objects → run → close. The only place that wires.

`open_desk` is all that answering needs; `open_bot` puts Slack in front of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random, SystemRandom
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from bot.catalog import Words
from bot.clock import SystemClock
from bot.commands.answering import answers
from bot.commands.gather import Desk
from bot.commands.suggesting import suggest
from bot.joining import (
    PATIENCE,
    StartError,
    bolt_of,
    client_of,
    listen,
    secret_of,
    who_we_are,
)
from bot.metrics import Metrics
from bot.reader import Reader
from bot.readings import Ages
from bot.slack.dialogs import Dialogs
from bot.slack.errands import Errands
from bot.slack.listeners import Listeners
from bot.slack.membership import is_member
from bot.slack.replies import Replies
from bot.slack.sender import Sender
from bot.store import Store, StoreError, open_store
from bot.watching import Watch, open_watch
from providers.http.network import Network
from providers.registry import kinds

if TYPE_CHECKING:
    from bot.answers import Said
    from bot.commands.asker import Asker
    from bot.settings import Settings
    from bot.work.port import Engine
    from providers.clock import Clock
    from providers.contract import Provider
    from providers.http.network import Exchange

log = structlog.get_logger(__name__)

__all__ = ["HASTE", "Bot", "StartError", "open_bot", "open_desk", "open_providers"]

T = TypeVar("T")

HASTE = timedelta(seconds=2)
"""After this long, what is known is said, and the rest follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot that is running."""

    desk: Desk
    url: str | None
    """Where it listens; `None` where it need not, in Socket Mode."""
    errands: Errands
    """What it is still busy with."""
    watch: Watch | None
    """The watch; `None` where it is switched off."""


@asynccontextmanager
async def open_providers(
    settings: Settings,
    *,
    clock: Clock,
    random: Random,
    observe: Callable[[Exchange], None] = lambda _: None,
) -> AsyncIterator[Mapping[str, Provider]]:
    """Open a provider for every connection, by name, with a network that they share."""
    known = kinds()

    def observed(exchange: Exchange) -> None:
        _observed(exchange)
        observe(exchange)

    network = Network(clock=clock, random=random, observe=observed)
    try:
        yield {
            name: known[connection.kind].connect(name, connection, network)
            for name, connection in settings.connections.items()
        }
    finally:
        await network.close()


@asynccontextmanager
async def open_desk(
    settings: Settings,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    store: Store | None = None,
    observe: Callable[[Exchange], None] = lambda _: None,
) -> AsyncIterator[Desk]:
    """Open all that answering needs: the providers and the reader over them.

    Args:
        settings: what was configured.
        clock: what time it is.
        random: for the waits between attempts, for nonces, and for ids.
        store: what the watch remembers; `None` where nothing is watched.
        observe: told of every request to a provider.

    """
    clock = clock or SystemClock()
    random = random or SystemRandom()
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
        settings, clock=clock, random=random, observe=observe
    ) as providers:
        reader = Reader(providers, clock=clock, ages=ages)
        try:
            yield Desk(
                reader=reader,
                words=words,
                clock=clock,
                command=settings.command,
                store=store,
                random=random,
                zone=ZoneInfo(settings.timezone),
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
    engine: Engine | None = None,
) -> AsyncIterator[Bot]:
    """Open the bot: answering and watching, with Slack in front of it.

    Args:
        settings: what was configured.
        clock: what time it is.
        random: for the waits between attempts, and for nonces.
        haste: after how long what is known is said, before the rest.
        engine: works on the watch; by default the one that its store calls for.

    Raises:
        StartError: Slack does not accept the tokens, the store cannot be opened, or
            the port is taken.

    """
    clock, random = clock or SystemClock(), random or SystemRandom()
    requests: Counter[str] = Counter()
    metrics = Metrics()

    def observe(exchange: Exchange) -> None:
        requests[exchange.connection] += 1
        metrics.asked(exchange.connection, is_failed=exchange.error is not None)

    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=PATIENCE)
        )
        client = client_of(settings, session, secret_of(settings.slack.bot_token))
        who = await who_we_are(settings, client)
        store = await stack.enter_async_context(_store(settings, clock))
        desk = await stack.enter_async_context(
            open_desk(
                settings, clock=clock, random=random, store=store, observe=observe
            )
        )
        desk = replace(desk, is_member=partial(is_member, client))
        # Bolt's own client has no token of its own: each request brings it.
        app = bolt_of(client_of(settings, session, None), who)
        errands = Errands()
        stack.push_async_callback(errands.close)

        def ask(text: str, asker: Asker) -> AsyncIterator[Said]:
            return answers(desk, text, haste, asker)

        replies = Replies(
            ask=ask,
            sender=Sender(session, client, clock),
            clock=clock,
            zone=ZoneInfo(settings.timezone),
        )
        dialogs = Dialogs(
            client=client,
            ask=ask,
            suggest=partial(suggest, desk),
            command=settings.command,
        )
        Listeners(
            replies=replies,
            dialogs=dialogs,
            clock=clock,
            errands=errands,
            command=settings.command,
        ).register(app)
        watch: Watch | None = None
        if store is not None:
            opening = open_watch(
                settings,
                desk.reader.providers,
                store,
                locate=desk.locate,
                clock=clock,
                random=random,
                calls=requests.__getitem__,
                metrics=metrics,
                engine=engine,
            )
            watch = await stack.enter_async_context(_explained(opening))
            watching = watch.watching
            desk = replace(desk, look_now=watching.look_now)
            desk.reader.listen(
                lambda name, looks: errands.run(watching.saw(name, looks))
            )
        url = await listen(settings, app, clock, stack, watch)
        yield Bot(desk=desk, url=url, errands=errands, watch=watch)


def _store(
    settings: Settings, clock: Clock
) -> AbstractAsyncContextManager[Store | None]:
    """Return the opening of the store; of none, where nothing is to be watched."""
    if not settings.watch.enabled:
        return nullcontext()
    url = settings.database.get_secret_value()
    # That it is away is nobody's mistake: a bot waits for as long as it takes.
    return _explained(open_store(url, clock=clock, patience=None))


@asynccontextmanager
async def _explained(opening: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Open something that needs the store; what goes wrong then is why we cannot start.

    Raises:
        StartError: it cannot be opened.

    """
    async with AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(opening)
        except StoreError as error:
            msg = f"{error}. Without the store nothing can be watched."
            raise StartError(msg) from None
        yield opened


def _observed(exchange: Exchange) -> None:
    log.debug(
        "provider asked",
        connection=exchange.connection,
        operation=exchange.operation,
        status=exchange.status,
        error=exchange.error,
        seconds=exchange.took.total_seconds(),
    )
